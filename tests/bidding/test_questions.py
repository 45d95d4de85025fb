"""Questions to a round: whose they are is nobody's to know, answers come before the deadline, addenda move it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Kind, Role
from bidding.domain import questions
from bidding.models import Entry, Policy, Question, Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue
from ledger.models import QueuedEntry
from market.models import Firm
from protocol import canonical
from tests import market_place as market
from tests.bidding.browse import acting, outsiders, steady
from tests.bidding.discussion import answers, asks, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return market.place(notice_minimum=60)


@pytest.fixture
def round_(where):
    return market.announced(where)


def page(client, round_, name="round"):
    return client.get(reverse(f"bidding:{name}", args=[round_.code])).content.decode()


def post(client, round_, question, **form):
    return client.post(reverse("bidding:answer", args=[round_.code, question.number]), form)


def logged(round_, type):
    return [
        canonical.decode(bytes(each.entry))["data"]
        for each in QueuedEntry.objects.filter(subject=round_.subject, type=type).order_by("id")
    ]


# Who may not


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.FIRM])
def test_who_is_no_firm_asks_nothing(round_, kind):
    with pytest.raises(NotAllowed):
        questions.ask(round_id=round_.pk, text="？", by=market.member_of(market.organisation(kind)))
    assert not Question.objects.exists()


@pytest.mark.parametrize("status", ["applying", "delisted"])
def test_a_firm_that_is_not_listed_asks_nothing(where, round_, status):
    firm = market.firm(where)
    Firm.objects.filter(pk=firm.pk).update(status=status)
    with pytest.raises(NotAllowed):
        asks(round_, firm)
    assert acting(member(firm)).get(reverse("bidding:ask", args=[round_.code])).status_code == 404


def test_who_only_looks_asks_nothing(where, round_):
    with pytest.raises(NotAllowed):
        questions.ask(round_id=round_.pk, text="？", by=member(market.firm(where), role=Role.VIEWER))


def test_nobody_answers_but_the_owner_and_the_service_centre(where, round_):
    firm = market.firm(where)
    question = asks(round_, firm)
    strangers = [market.member_of(market.organisation(kind)) for kind in Kind if kind != Kind.OPERATOR]
    for stranger in [*strangers, member(firm), market.member_of(round_.owner, role=Role.VIEWER)]:
        with pytest.raises(NotAllowed):
            answers(round_, question, stranger)
        refused = post(acting(stranger), round_, question, answer="x", publish="1")
        assert refused.status_code == (403 if stranger.role == Role.VIEWER else 404)
    assert not Question.objects.exclude(answered_at=None).exists()


# Whose a question is


def test_nobody_but_the_asker_reads_whose_a_question_is(where, round_):
    asker, other = market.firm(where), market.firm(where)
    clients = outsiders(round_)
    clients["the service centre"] = acting(where.operator)
    clients["another firm"] = acting(member(other))
    answers(round_, asks(round_, asker), where.owner)
    asks(round_, asker, "要不要现场踏勘？")
    told = {asker.organisation.name, asker.uscc, asker.organisation.contact_name} - {""}
    names = ["round", "live", "questions", "record", "notice", "owner_round", "check", "ask"]
    addresses = [reverse(f"bidding:{name}", args=[round_.code]) for name in names]
    for who, client in clients.items():
        for address in [*addresses, reverse("bidding:answer", args=[round_.code, 2]), "/desk/", "/ledger/"]:
            text = client.get(address, follow=True).content.decode()
            assert not any(each in text for each in told), (who, address)
            assert "这是贵机构提的" not in text, (who, address)
    assert page(acting(member(asker)), round_).count("这是贵机构提的") == 2


def test_no_page_differs_by_who_of_the_others_asked(where, round_):
    """Two firms, one question each in the same words: read by everybody else, the pages are the same."""
    first, second = market.firm(where), market.firm(where)
    clients = outsiders(round_)
    moment = clock.now()
    read = []
    for asker in (first, second):
        with transaction.atomic(), clock.travelling(moment):
            asks(round_, asker)
            read.append({who: steady(client.get(f"/rounds/{round_.code}/live/")) for who, client in clients.items()})
            transaction.set_rollback(True)
    assert read[0] == read[1]


def test_the_log_has_neither_asker_nor_words(where, round_):
    asker = market.firm(where)
    asks(round_, asker, "绝密问题")
    answers(round_, Question.objects.get(), where.owner, "绝密答复")
    written = b"".join(bytes(each.entry) for each in QueuedEntry.objects.all())
    for secret in ("绝密问题", "绝密答复", asker.uscc, asker.organisation.name):
        assert secret.encode() not in written
    (data,) = logged(round_, "round.answered")
    assert data["number"] == 1 and {len(data["question"]), len(data["answer"])} == {64}


@pytest.mark.parametrize("secret", ["name", "uscc"])
def test_a_question_that_names_its_asker_is_refused(where, round_, secret):
    asker = market.firm(where)
    told = asker.organisation.name if secret == "name" else asker.uscc.lower()
    with pytest.raises(DomainError) as refused:
        asks(round_, asker, f"我们{told}想问")
    assert refused.value.code == "names_asker"


def test_questions_tell_nothing_of_entries(where, round_):
    """Who asked may enter or not: nothing on the page changes with it but on the firm's own."""
    firm, visitor = market.firm(where), Client()
    asks(round_, firm)
    before = steady(visitor.get(f"/rounds/{round_.code}/questions/"))
    market.enters(round_, firm, "50000.00")
    assert steady(visitor.get(f"/rounds/{round_.code}/questions/")) == before


# Asking


def test_a_question_is_there_for_everybody_and_waits(where, round_):
    client = acting(member(market.firm(where)))
    answer = client.post(reverse("bidding:ask", args=[round_.code]), {"text": "  要不要现场踏勘？ "})
    assert answer.status_code == 302 and answer["Location"].endswith("#questions")
    text = page(Client(), round_)
    assert "要不要现场踏勘？" in text and "待答复" in text and "1 问待答复" in text
    assert page(acting(where.owner), round_, "owner_round").count("要不要现场踏勘？") == 1
    assert "1 个提问待答复" in acting(where.owner).get("/desk/owner/").content.decode()
    assert "要不要现场踏勘？" in acting(where.operator).get("/desk/operator/").content.decode()


def test_the_same_question_of_the_same_firm_is_there_once(where, round_):
    firm = market.firm(where)
    assert asks(round_, firm).pk == asks(round_, firm).pk
    assert asks(round_, market.firm(where)).number == 2


def test_a_firm_asks_at_most_twenty(where, round_):
    firm = market.firm(where)
    for number in range(20):
        asks(round_, firm, f"问题 {number}")
    with pytest.raises(Conflict):
        asks(round_, firm, "再问一个")
    client = acting(member(firm))
    assert "次数已经用完" in page(client, round_, "ask")
    assert client.post(reverse("bidding:ask", args=[round_.code]), {"text": "再问"}).status_code == 409
    assert asks(round_, market.firm(where)).number == 21


@pytest.mark.parametrize(
    ("text", "told"), [("", "请写明问题"), ("   ", "请写明问题"), ("x" * 501, "最多 500 个字"), ("a\0b", "")]
)
def test_a_text_that_is_none_is_told_at_the_field(where, round_, text, told):
    client = acting(member(market.firm(where)))
    answer = client.post(reverse("bidding:ask", args=[round_.code]), {"text": text})
    assert answer.status_code == 422 and told in answer.content.decode()
    assert not Question.objects.exists()


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(microseconds=1), timedelta(days=1)])
def test_asking_and_answering_end_at_the_deadline(where, round_, late_by):
    firm = market.firm(where)
    question = asks(round_, firm)
    Round.objects.filter(pk=round_.pk).update(closes_at=clock.now() - late_by)
    with pytest.raises(NotDue):
        asks(round_, firm, "还来得及吗？")
    for by in (where.owner, where.operator):
        with pytest.raises(NotDue):
            answers(round_, question, by)
    answer = acting(member(firm)).post(reverse("bidding:ask", args=[round_.code]), {"text": "还来得及吗？"})
    assert answer.status_code == 409 and "还来得及吗？" in answer.content.decode()
    answer = post(acting(where.owner), round_, question, answer="写好的答复", publish="1")
    assert answer.status_code == 409 and "写好的答复" in answer.content.decode()
    assert "截止前没有答复" in page(Client(), round_)


def test_a_draft_has_no_questions(where):
    firm, drafted = market.firm(where), market.submitted(where)
    with pytest.raises(NotDue):
        asks(drafted, firm)
    for name in ("questions", "ask"):
        assert acting(member(firm)).get(reverse(f"bidding:{name}", args=[drafted.code])).status_code == 404


def test_many_questions_stand_on_pages_and_none_says_so(where, round_):
    assert "还没有人提问" in page(Client(), round_)
    assert "还没有人提问" in page(Client(), round_, "questions")
    for firm in (market.firm(where), market.firm(where)):
        for number in range(18):
            asks(round_, firm, f"问题 {number}")
    text = page(Client(), round_)
    assert text.count('id="question-') == 5 and "全部 36 问" in text
    first = page(Client(), round_, "questions")
    assert first.count('id="question-') == 30 and "?page=2" in first


def test_who_answers_sees_what_waits_first(where, round_):
    firm = market.firm(where)
    asked = [asks(round_, firm, f"问题 {number}") for number in range(8)]
    for question in asked[1:7]:
        answers(round_, question, where.owner)
    text = page(acting(where.owner), round_, "owner_round")
    assert text.index("问题 0") < text.index("问题 7") < text.index("问题 6")
    assert "问题 0" not in page(Client(), round_)


def test_what_is_asked_is_shown_as_words(where, round_):
    asks(round_, market.firm(where), "<script>alert(1)</script>")
    for name in ("round", "questions", "live"):
        assert "<script>alert" not in page(Client(), round_, name)


# Answering


@pytest.mark.parametrize("who", ["owner", "operator"])
def test_an_answer_is_read_once_more_and_published(where, round_, who):
    question = asks(round_, market.firm(where))
    client = acting(getattr(where, who))
    review = post(client, round_, question, answer="五份。")
    assert review.status_code == 200 and "截止时间不变" in review.content.decode()
    assert Question.objects.waiting().exists()
    changed = post(client, round_, question, answer="五份。", change="1").content.decode()
    assert "五份。</textarea>" in changed
    assert post(client, round_, question, answer="五份。", publish="1").status_code == 302
    text = page(Client(), round_)
    assert "五份。" in text and ("业主答复" if who == "owner" else "服务中心答复") in text
    assert Round.objects.get(pk=round_.pk).closes_at == round_.closes_at


def test_an_answer_stands_once(where, round_):
    question = asks(round_, market.firm(where))
    answers(round_, question, where.owner)
    assert answers(round_, question, where.operator).answered_by == where.owner.organisation
    with pytest.raises(Conflict):
        answers(round_, question, where.owner, "六份。")
    with pytest.raises(Conflict):
        answers(round_, question, where.owner, changes=True)
    assert len(logged(round_, "round.answered")) == 1
    answer = post(acting(where.owner), round_, question, answer="六份。", publish="1")
    assert answer.status_code == 409 and "六份。" in answer.content.decode()


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001])
def test_an_answer_that_is_none_is_told_at_the_field(where, round_, text):
    question = asks(round_, market.firm(where))
    for step in ({}, {"publish": "1"}):
        assert post(acting(where.owner), round_, question, answer=text, **step).status_code == 422
    with pytest.raises(DomainError):
        answers(round_, question, where.owner, text)


@pytest.mark.parametrize("number", ["0", "7", "99999999999999999999"])
def test_a_question_that_is_not_there(where, round_, number):
    assert acting(where.owner).get(f"/desk/rounds/{round_.code}/questions/{number}/").status_code == 404


# Addenda


def test_an_addendum_moves_the_deadline_to_the_shortest_notice_from_it(where, round_):
    Round.objects.filter(pk=round_.pk).update(closes_at=clock.now() + timedelta(minutes=1))
    before = Round.objects.get(pk=round_.pk).closes_at
    question = answers(round_, asks(round_, market.firm(where)), where.owner, "改为六份。", changes=True)
    moved = Round.objects.get(pk=round_.pk).closes_at
    assert moved == question.answered_at + timedelta(minutes=60) == question.closes_at
    assert (question.addendum, question.closed_before) == (1, before)
    (data,) = logged(round_, "round.addendum")
    assert (data["number"], data["closes_at"]) == (1, canonical.timestamp(moved)) and len(data["text"]) == 64
    assert not logged(round_, "round.answered")


def test_an_addendum_never_makes_it_earlier(where, round_):
    later = clock.now() + timedelta(days=30)
    Round.objects.filter(pk=round_.pk).update(closes_at=later)
    question = answers(round_, asks(round_, market.firm(where)), where.owner, changes=True)
    assert Round.objects.get(pk=round_.pk).closes_at == later == question.closes_at
    assert "截止时间不变" in page(Client(), round_)


def test_in_working_days_it_closes_as_an_announcement_would():
    """Friday 2026-03-13: three working days end with Wednesday, and the round closes on Thursday at the policy's hour."""
    where = market.place(unit=Policy.Unit.WORKING_DAYS, notice_minimum=3)
    round_ = market.announced(where)
    friday = datetime(2026, 3, 13, 15, tzinfo=clock.LOCAL)
    Round.objects.filter(pk=round_.pk).update(
        announced_at=friday - timedelta(days=3), closes_at=friday + timedelta(hours=1)
    )
    with clock.travelling(friday):
        answers(round_, asks(round_, market.firm(where)), where.owner, changes=True)
    assert Round.objects.get(pk=round_.pk).closes_at == datetime(2026, 3, 19, 16, tzinfo=clock.LOCAL)


def test_addenda_are_numbered_for_themselves(where, round_):
    firm = market.firm(where)
    answers(round_, asks(round_, firm, "一"), where.owner)
    numbers = [
        answers(round_, asks(round_, firm, text), where.owner, text * 2, changes=True).addendum for text in ("二", "三")
    ]
    assert numbers == [1, 2]
    for text in (page(Client(), round_), page(Client(), round_, "notice")):
        assert "补遗第 1 号" in text and "补遗第 2 号" in text and "二二" in text
    assert "一。" not in page(Client(), round_, "notice")


def test_an_entry_before_an_addendum_stays_and_its_firm_is_told(where, round_):
    early, late = market.firm(where), market.firm(where)
    market.enters(round_, early, "50000.00")
    answers(round_, asks(round_, late), where.owner, "改为六份。", changes=True)
    market.enters(round_, late, "51000.00")
    for firm, told in ((early, True), (late, False)):
        client = acting(member(firm))
        for name in ("round", "receipt"):
            assert ("报名以后有新的补遗" in page(client, round_, name)) is told, (firm, name)
        assert ("有新补遗" in client.get("/desk/firm/entries/").content.decode()) is told
        assert "改为" in page(client, round_, "enter")
    assert "报名以后有新的补遗" not in page(Client(), round_)
    done = market.closed_and_evaluated(round_)
    assert done.lots.get().winner == early and Entry.objects.filter(valid=True).count() == 2


def test_the_form_says_what_an_addendum_does_to_the_deadline(where, round_):
    Round.objects.filter(pk=round_.pk).update(closes_at=clock.now() + timedelta(minutes=1))
    question = asks(round_, market.firm(where))
    review = post(acting(where.owner), round_, question, answer="改为六份。", changes="on").content.decode()
    assert "补遗第 1 号" in review and "延至" in review and "公布补遗，移动截止时间" in review
    assert not Question.objects.addenda().exists()


def test_rows_that_would_lie_are_refused_by_the_database(where, round_):
    question = asks(round_, market.firm(where))
    for wrong in (
        {"text": ""},
        {"answer": "x"},
        {"answered_at": clock.now()},
        {"addendum": 1},
        {"closes_at": clock.now()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Question.objects.filter(pk=question.pk).update(**wrong)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bidding_question")
        assert cursor.fetchone() == (1,)


def test_a_firm_does_not_sign_its_question_between_the_lines():
    where = market.place()
    round_, asker = market.announced(where), market.firm(where)
    name = asker.organisation.name
    with pytest.raises(DomainError) as refused:
        questions.ask(
            round_id=round_.pk, text=f"我们{name[:2]}\u200b{name[2:]}想问", by=market.member_of(asker.organisation)
        )
    assert refused.value.code == "names_asker"
