from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RatingsConfig(AppConfig):
    name = "ratings"
    verbose_name = _("评价")

    def ready(self) -> None:
        from ratings.domain import marking

        marking.follow_all()
