"""方案择优: the owner compares priced proposals and picks one, with reasons for every firm (PROTOCOL §4)."""

from collections.abc import Sequence
from typing import ClassVar

from protocol.methods.base import Bid, Choice, Method, Orders, Outcome, usccs
from protocol.parameters import Parameters


class Proposal(Method):
    """Every valid firm may be picked; behind the one that is, the others stand in the draw's order."""

    code: ClassVar[str] = "proposal"
    priced: ClassVar[bool] = True
    picked: ClassVar[bool] = True
    blind: ClassVar[bool] = True
    proposals: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("upper", "lower", "ground")

    def rank(self, valid: Sequence[Bid], *, orders: Orders, parameters: Parameters) -> Outcome:
        return Outcome(ranking=usccs(valid), short_list=usccs(valid))

    def demand_reasons(self, choice: Choice, outcome: Outcome) -> None:
        super().demand_reasons(choice, outcome)
        if without := [uscc for uscc in outcome.short_list if not choice.reasons.get(uscc, "").strip()]:
            raise ValueError(f"the owner's choice needs a reason for every firm: {', '.join(without)}")
        if strange := sorted(set(choice.reasons) - set(outcome.short_list)):
            raise ValueError(f"reasons for firms that are not to be picked from: {', '.join(strange)}")


METHOD = Proposal()
