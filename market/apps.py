from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketConfig(AppConfig):
    name = "market"
    verbose_name = _("市场")

    def ready(self) -> None:
        from approvals.domain import projects
        from market.domain.projects import own_projects

        projects.register(own_projects)
