"""What the bench needs: a city with many firms, an open round that all of them may enter, and a session for each."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db import connection, reset_queries, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Kind, Membership
from bench.load import Call
from bidding.domain import rounds
from bidding.models import Entry, Round
from ledger.models import QueuedEntry
from market.domain import projects
from market.models import Firm, Need, Offering, Project, Service
from portal.seed.build import Size, build
from portal.seed.custody import attendance
from protocol.seal import Sealed, seal_bid

SERVICE = "S019"
NOTICE = 20_000


def written(path: str, sent: dict[str, str], *, session: str, refused: int = 0) -> Call:
    """What a page of the signed-in sends through the API."""
    token = secrets.token_hex(16)
    return Call(
        method="POST",
        path=path,
        body=json.dumps(sent),
        headers={
            "Content-Type": "application/json",
            "Idempotency-Key": token,
            "X-CSRFToken": token,
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
        },
        expect=201,
        refused=refused,
    )


@dataclass(frozen=True, kw_only=True)
class Market:
    """The round, the cookies of the firms' people, and their bids as their browsers have sealed them."""

    round: Round
    sessions: list[str]
    users: list[int]
    bids: list[Sealed]

    def entry(self, number: int) -> Call:
        """The request by which a firm's page submits its sealed bid."""
        bid = self.bids[number]
        sent = {"envelope": base64.b64encode(bid.envelope).decode(), "token_sha256": bid.token_sha256}
        return written(f"/api/v1/rounds/{self.round.code}/envelopes", sent, session=self.sessions[number])

    def forget_entries(self) -> None:
        """Back to before the first entry."""
        Entry.objects.filter(lot__round=self.round).delete()
        with connection.cursor() as cursor:  # the log forgets nothing, except in a bench
            cursor.execute("SET session_replication_role = replica")
            QueuedEntry.objects.filter(sealed_for=self.round.subject).delete()
            cursor.execute("SET session_replication_role = DEFAULT")


def prepare(*, firms: int) -> Market:
    """Build the city and open the round."""
    build(size=Size(firms=firms, awarded=1, every=5), seed=36)
    service = Service.objects.get(code=SERVICE)
    offering = Offering.objects.filter(service=service).values("admission")
    listed = Firm.objects.listed().exclude(current__in=offering).select_related("current")
    Offering.objects.bulk_create(
        Offering(admission=firm.current, service=service, promised_days=20) for firm in listed if firm.current
    )
    able = Firm.objects.listed().filter(suspensions=None).order_by("id").values("organisation")
    people = Membership.objects.filter(organisation__in=able).select_related("user", "organisation").order_by("id")
    round_ = open_round(service)
    return Market(
        round=round_,
        sessions=[_session(each) for each in people],
        users=[each.user_id for each in people],
        bids=[_sealed(round_, str(each.organisation.uscc)) for each in people],
    )


def _sealed(round_: Round, uscc: str) -> Sealed:
    keys = {"platform": round_.platform_public, "custodian": round_.custodian_public}
    return seal_bid(round=round_.code, lot="1", uscc=uscc, amount=Decimal("20000.00"), days=15, **keys)  # type: ignore[arg-type]


def open_round(service: Service, *, method: str = "lowest", parameters: dict[str, str] | None = None) -> Round:
    """Announce a round for a service of the city, by the steps of people."""
    owner = Membership.objects.filter(organisation__kind=Kind.OWNER).select_related("organisation").first()
    operator = Membership.objects.select_related("organisation").filter(organisation__kind=Kind.OPERATOR).first()
    assert owner is not None
    assert operator is not None
    other = Project.objects.all()[0]
    project = Project(name="基准项目", district=other.district, address="—", funding=Project.Funding.PRIVATE)
    projects.save_project(by=owner, project=project)
    item = service.versions.order_by("-number")[0].items.all()[0]
    terms = {"title": "基准", "requirement": "编制报告书", "budget": Decimal(30_000), "days": 20}
    need = Need(project=project, service=service, item=item, **terms)
    projects.save_need(by=owner, need=need, qualifications=[])
    draft = rounds.draft_round(need=need, by=owner)
    rounds.edit_round(
        round_id=draft.pk, by=owner, method=method, parameters=parameters or {"upper": "30000.00"}, notice_length=NOTICE
    )
    rounds.submit_round(round_id=draft.pk, by=owner)
    with attendance(os.urandom) as attend:
        attend()  # it registers keys
        return rounds.announce_round(round_id=draft.pk, by=operator)


def _session(membership: Membership) -> str:
    client = Client()
    client.force_login(membership.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def capture(market: Market, path: Path) -> int:
    """Write down what statements each firm's entry takes; give how many there are in one. Savepoints are left out."""
    found = []
    for number in range(len(market.sessions)):
        call, client = market.entry(number), Client(enforce_csrf_checks=False)
        client.cookies[settings.SESSION_COOKIE_NAME] = market.sessions[number]
        reset_queries()  # Django remembers the last 9,000 only
        with CaptureQueriesContext(connection) as seen, transaction.atomic():
            answer = client.post(call.path, call.body, content_type=call.headers["Content-Type"])
            assert answer.status_code == call.expect, answer.content.decode()[:2000]
            transaction.set_rollback(True)
        ours = [each["sql"] for each in seen.captured_queries]
        statements = [sql for sql in ours if sql.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")]
        sent = json.loads(str(call.body))
        plan = {"user": market.users[number], "round": market.round.code, **sent}
        found.append({**plan, "statements": statements})
    path.write_text(json.dumps(found), encoding="utf-8")
    return len(statements)
