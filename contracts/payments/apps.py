from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "contracts.payments"
    label = "payments"
    verbose_name = _("付款")

    def ready(self) -> None:
        from contracts.domain import changing
        from contracts.payments import checks  # noqa: F401  registers what it says
        from contracts.payments.domain.requests import asked_milestones

        changing.register(asked_milestones)
