from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OversightConfig(AppConfig):
    name = "oversight"
    verbose_name = _("监管")

    def ready(self) -> None:
        from bidding.domain import eligibility
        from oversight.domain import recusal

        eligibility.register(recusal.tied_by_graph)
        eligibility.register(recusal.reviews_own_report)
        eligibility.register(recusal.recused_by_decision)
        eligibility.register_before_award(recusal.tied_by_graph)
        eligibility.register_before_award(recusal.recused_by_decision)
