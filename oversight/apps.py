from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OversightConfig(AppConfig):
    name = "oversight"
    verbose_name = _("监管")

    def ready(self) -> None:
        from bidding.domain import access, eligibility, experts
        from oversight.domain import handling, recusal

        eligibility.register(recusal.tied_by_graph)
        eligibility.register(recusal.reviews_own_report)
        eligibility.register(recusal.recused_by_decision)
        for rule in (recusal.tied_by_graph, recusal.reviews_own_report, recusal.recused_by_decision):
            eligibility.register_after_closing(rule)
        experts.register(handling.experts_tied)
        access.register(handling.people_tied)
