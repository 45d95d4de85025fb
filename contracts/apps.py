from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "contracts"
    verbose_name = _("合同")

    def ready(self) -> None:
        from django.urls import reverse

        from approvals.domain import materials
        from contracts.domain import handing
        from contracts.models import REFERENCE
        from market.domain import reuse

        def url(reference: str) -> str:
            return reverse("contracts:deliverable", args=[reference.removeprefix(REFERENCE)])

        materials.register(REFERENCE, known_to=handing.known_to, url=url)
        reuse.register(handing.existing)
