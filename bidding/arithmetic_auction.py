"""How an auction came to its result, as a person would say it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bidding.models import Auction
from core.templatetags.mx import exact, money


def auction_sentences(case: Any) -> list[str]:
    """How many offers there were, when it ended and why then, and whose last offer was the lowest. `case`: sentences.Case."""
    auction, winner = Auction.objects.get(lot=case.lot), case.winner
    counted = ngettext(
        "竞价从 %(start)s 开始，共收到 %(count)s 次出价。",
        "竞价从 %(start)s 开始，共收到 %(count)s 次出价。",
        auction.count,
    )
    said = [counted % {"start": exact(auction.starts_at)[:19], "count": auction.count}]
    if auction.extensions:
        moved = ngettext(
            "公布的结束时间是 %(planned)s，临近结束的出价使它顺延 %(times)s 次。",
            "公布的结束时间是 %(planned)s，临近结束的出价使它顺延 %(times)s 次。",
            auction.extensions,
        )
        said.append(moved % {"planned": exact(auction.planned_end)[:19], "times": auction.extensions})
    said.append(_("%(end)s 结束，之后没有收下任何出价。") % {"end": exact(auction.ends_at)})
    said.append(
        _("最后的最低价是 %(name)s 的 %(amount)s，因此中选。") % {"name": winner.name, "amount": money(winner.amount)}
    )
    return said
