"""Questions to a round while it takes entries, their answers, and the addenda that move its deadline."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Membership
from bidding.domain import live, timetable
from bidding.domain.access import demand_operator, demand_owner
from bidding.models import Entry, Question, Round
from bidding.models.questions import ANSWER_LENGTH, QUESTION_LENGTH
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue
from core.texts import visible
from ledger import domain as ledger
from market.models import Firm
from protocol.canonical import timestamp

PER_FIRM = 20
"""Questions of one firm to one round."""


def ask(*, round_id: int, text: str, by: Membership) -> Question:
    """Put a listed firm's question to a round; everybody will read it, nobody whose it is.

    The same words of the same firm again give the question that is there. Raises NotAllowed for anybody but a listed firm,
    NotDue unless the round takes entries, Conflict beyond 20 questions, DomainError for a text that is none or names the firm.
    """
    asker = _asker(by)
    with transaction.atomic():
        round_, now = _taking_questions(round_id, _("提问只在接受报名期间进行，这个问题没有收下。"))
        text = _demand_text(text, asker)
        own = Question.objects.filter(round=round_, asker=asker)
        if (same := own.filter(text=text).first()) is not None:
            return same
        if own.count() >= PER_FIRM:
            raise Conflict(_("每家机构对一次比选最多提 %(most)d 个问题。") % {"most": PER_FIRM})
        last = round_.questions.aggregate(last=Max("number"))["last"] or 0
        question = Question.objects.create(round=round_, number=last + 1, asker=asker, asked_at=now, text=text)
        transaction.on_commit(partial(live.changed, round_))
    return question


def answer(*, round_id: int, number: int, text: str, changes: bool, by: Membership) -> Question:
    """Answer a question before the deadline, for its owner or the service centre; `changes` makes the answer an addendum.

    An addendum gets a number and moves the deadline to the policy's shortest notice counted from now, never earlier than it
    is; entries that have come stay valid. The same answer again changes nothing; another one raises Conflict. Raises
    NotDue from the deadline on.
    """
    with transaction.atomic():
        round_, now = _taking_questions(round_id, _("已过截止时间，不能再答复。"))
        demand_answering(round_, by)
        question = Question.objects.select_for_update(of=["self"]).get(round=round_, number=number)
        text = _said(text, ANSWER_LENGTH, _("请写明答复。"))
        if question.answered_at is not None:
            if (question.answer, question.addendum is not None) != (text, changes):
                raise Conflict(_("这个问题已经答复，答复公开后不能更改。"))
            return question
        question.answer, question.answered_at, question.answered_by = text, now, by.organisation
        if changes:
            _move_deadline(round_, question, at=now)
        question.save()
        _log(round_, question, at=now)
        transaction.on_commit(partial(live.changed, round_))
    return question


def demand_answering(round_: Round, by: Membership) -> None:
    """Raise NotAllowed unless `by` may answer: the owner, or the service centre in its place."""
    if by.organisation_id == round_.owner_id:
        demand_owner(round_, by)
    else:
        demand_operator(by)


def closing_after_addendum(round_: Round, *, at: datetime) -> datetime:
    """When a round closes if its requirement changes at `at`: the shortest notice from then, or later as it stands."""
    assert round_.policy is not None
    assert round_.closes_at is not None
    notice = timetable.closing_of(round_.policy, round_.policy.notice_minimum, announced_at=at)
    return max(round_.closes_at, notice)


def next_addendum(round_: Round) -> int:
    return (round_.questions.aggregate(last=Max("addendum"))["last"] or 0) + 1


def addenda_since(entry: Entry) -> list[Question]:
    """The addenda that came after a firm's entry: it stays valid, but its firm should look at it again."""
    return list(Question.objects.addenda().filter(round=entry.lot.round_id, answered_at__gt=entry.received_at))


def overtaken(entries: Iterable[Entry]) -> set[int]:
    """Which of these entries an addendum has come after, in one query: their primary keys."""
    later = Question.objects.addenda().filter(round=OuterRef("lot__round"), answered_at__gt=OuterRef("received_at"))
    listed = Entry.objects.live().filter(pk__in=[each.pk for each in entries])
    return set(listed.filter(Exists(later)).values_list("pk", flat=True))


def left_to_ask(round_: Round, firm: Firm) -> int:
    """How many questions a firm may still put to a round."""
    return max(0, PER_FIRM - Question.objects.filter(round=round_, asker=firm).count())


def _move_deadline(round_: Round, question: Question, *, at: datetime) -> None:
    question.addendum = next_addendum(round_)
    question.closed_before = round_.closes_at
    round_.closes_at = question.closes_at = closing_after_addendum(round_, at=at)
    round_.save(update_fields=["closes_at"])


def _log(round_: Round, question: Question, *, at: datetime) -> None:
    answered = ledger.blinded(question.answer, subject=round_.subject)
    if question.addendum is not None:
        assert question.closes_at is not None
        data = {"closes_at": timestamp(question.closes_at), "number": question.addendum, "text": answered}
        ledger.append("round.addendum", round_.subject, data, at=at)
        return
    asked = ledger.blinded(question.text, subject=round_.subject)
    data = {"answer": answered, "number": question.number, "question": asked}
    ledger.append("round.answered", round_.subject, data, at=at)


def _asker(by: Membership) -> Firm:
    firm = Firm.objects.listed().select_related("organisation").filter(organisation=by.organisation_id).first()
    if firm is None or by.role not in WRITERS:
        raise NotAllowed(_("只有已入驻的中介机构可以提问。"))
    return firm


def _taking_questions(round_id: int, late: str) -> tuple[Round, datetime]:
    # FOR UPDATE, though a question moves nothing: it takes the round's next number, and a firm's are counted.
    round_ = Round.objects.select_for_update(of=["self"]).select_related("policy").get(pk=round_id)
    now = clock.now()
    if not round_.takes_entries_at(now):
        raise NotDue(late)
    return round_, now


def _demand_text(text: str, asker: Firm) -> str:
    said = _said(text, QUESTION_LENGTH, _("请写明问题。"))
    organisation = asker.organisation
    if organisation.name in said or (organisation.uscc and organisation.uscc in said.upper()):
        raise DomainError(_("问题对所有人公开，请不要写出贵机构的名称或代码。"), code="names_asker")
    return said


def _said(text: str, length: int, missing: str) -> str:
    said = visible(text)
    if not said:
        raise DomainError(missing, code="text")
    if len(said) > length:
        raise DomainError(_("最多 %(length)d 个字。") % {"length": length}, code="text")
    return said
