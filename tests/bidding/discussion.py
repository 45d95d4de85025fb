"""What people say about rounds, for tests: questions, answers, objections with their files."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Kind, Membership, Role
from bidding.domain import objections, questions
from bidding.models import Objection, Question, Round
from core import clock
from market.models import Firm
from tests import market_place as market

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20 + b"IEND\xaeB`\x82"


def pdf(name: str = "evidence.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def member(who: Firm, *, role: str = Role.HANDLER) -> Membership:
    return market.member_of(who.organisation, role=role)


def asks(round_: Round, who: Firm, text: str = "报告书要几份？") -> Question:
    return questions.ask(round_id=round_.pk, text=text, by=member(who))


def answers(
    round_: Round, question: Question, by: Membership, text: str = "五份。", *, changes: bool = False
) -> Question:
    return questions.answer(round_id=round_.pk, number=question.number, text=text, changes=changes, by=by)


def with_candidate(where: market.Place, *bidders: Firm, amounts: tuple[str, ...] = ("48000.00", "49000.00")) -> Round:
    """A round of these firms whose candidate is on public notice for another ten minutes; the first one is it."""
    round_ = market.announced(where)
    for each, amount in zip(bidders, amounts, strict=False):
        market.enters(round_, each, amount)
    market.closed_and_evaluated(round_)
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() + timedelta(minutes=10))
    return Round.objects.get(pk=round_.pk)


def notice_ends(round_: Round) -> None:
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() - timedelta(seconds=1))


def objects(round_: Round, by: Membership, text: str = "中选机构的资质已过期。", *, files: int = 0) -> Objection:
    given = [pdf(f"{number}.pdf") for number in range(files)]
    return objections.file_objection(round_id=round_.pk, text=text, files=given, by=by)


def settles(
    objection: Objection, by: Membership, outcome: str = "rejected", text: str = "资质在有效期内。"
) -> Objection:
    return objections.answer_objection(objection_id=objection.pk, outcome=Objection.Status(outcome), text=text, by=by)


def escalates(objection: Objection, by: Membership, text: str = "答复没有回答问题。") -> Objection:
    return objections.escalate_objection(objection_id=objection.pk, text=text, by=by)


def decides(objection: Objection, decision: str, text: str = "经查，投诉不成立。") -> Objection:
    return objections.decide_objection(
        objection_id=objection.pk, decision=objections.Decision(decision), text=text, by=regulator()
    )


def regulator() -> Membership:
    return market.member_of(market.organisation(Kind.REGULATOR))
