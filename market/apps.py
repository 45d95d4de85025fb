from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketConfig(AppConfig):
    name = "market"
    verbose_name = _("市场")

    def ready(self) -> None:
        from django.urls import reverse

        from approvals.domain import materials, projects
        from market.domain import reuse
        from market.domain.projects import own_projects

        def url(reference: str) -> str:
            return reverse("market:regional_file", args=[reference.removeprefix("regional/")])

        projects.register(own_projects)
        materials.register("regional/", known_to=reuse.known_to, url=url)
