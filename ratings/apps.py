from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RatingsConfig(AppConfig):
    name = "ratings"
    verbose_name = _("评价")

    def ready(self) -> None:
        from bidding.domain import credit, eligibility
        from ratings.domain import keeping_out, lists, marking, standings

        marking.follow_all()
        credit.register(standings.credit_at)
        eligibility.register(keeping_out.in_grade_d)
        lists.register(standings.for_red_list)
