"""A person of the graph is planted, tied and stopping a round; then every address is read as everybody outside the desk."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client

from accounts.models import Kind, Role
from bidding.models import Stop
from ledger.models import QueuedEntry
from market.models import Firm
from oversight.domain import marketplace, scanning, stopping
from oversight.domain.describing import id_hash
from oversight.domain.registers import import_list
from oversight.models import Tie
from tests import market_place as market
from tests.bidding.browse import acting
from tests.oversight.place import id_number, practitioner, regulator
from tests.oversight.test_graph_pages import today
from tests.oversight.test_stopping import Status
from tests.portal.test_outsiders import TABLE, World, world

__all__ = ["world"]
pytestmark = pytest.mark.django_db
NAME, PHONE = "欧阳安娜", "13957412345"
FROM_OUTSIDE = (Kind.OWNER, Kind.FIRM, Kind.DEPARTMENT, Kind.OPERATOR)


@pytest.fixture
def planted(world: World, tmp_path) -> tuple[World, list[bytes]]:
    number = id_number()
    firm = Firm.objects.get(pk=world.firm.pk)
    practitioner(firm, number, NAME)
    staff = tmp_path / "staff.csv"
    staff.write_text(f"部门,姓名,身份证号\n{world.place.department.code},{NAME},{number}\n", encoding="utf-8")
    register = tmp_path / "register.csv"
    register.write_text(
        f"名称,统一社会信用代码,法定代表人,法定代表人身份证号,联系电话\n{firm.organisation.name},{firm.uscc},{NAME},{number},{PHONE}\n",
        encoding="utf-8",
    )
    marketplace.import_everything()
    import_list("staff", staff, source="编办", day=today())
    import_list("register", register, source="工商", day=today())
    Stop.objects.all().delete()
    scanning.scan_everything()
    stopping.after_scan()
    digest = id_hash(number)
    secrets = [NAME.encode(), PHONE.encode(), number.encode(), digest.hex().encode(), base64.b64encode(digest)]
    return world, secrets


def read(client: Client, address: str) -> bytes:
    answer: Any = client.get(address)
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_nothing_outside_the_desk_names_a_person_of_the_graph(planted):
    world, secrets = planted
    stop = Stop.objects.pending().get(round__status=Status.CANDIDATE, firm=world.firm)
    assert Tie.objects.standing().filter(firm=world.firm, rule="RH3").exists()
    assert stop.reasons[0]["detail"].startswith("RH3")
    world.values["bidding:stop"] = {"pk": stop.pk}
    world.values["bidding:round"] = {"code": stop.round.code}
    clients = {kind.value: acting(market.member_of(market.organisation(kind))) for kind in FROM_OUTSIDE}
    clients |= {"visitor": Client(), "viewer": acting(regulator(role=Role.VIEWER))}
    clients["the firm"] = acting(market.member_of(world.firm.organisation))
    own = {"market:admission", "market:admission_add", "market:firm"}  # a firm's own material names its own people
    gets = [name for name, door in TABLE.items() if door.method == "get"]
    for who, client in clients.items():
        for name in gets:
            if who == "the firm" and name in own:
                continue
            told = read(client, world.address(name))
            assert not any(secret in told for secret in secrets), (who, name)
    for entry in QueuedEntry.objects.all():
        assert not any(secret in bytes(entry.entry) for secret in secrets)
    assert NAME.encode() not in str(stop.reasons).encode()


def test_everybody_reads_the_rule_and_only_whom_it_concerns_the_path(planted):
    world, _secrets = planted
    stop = Stop.objects.pending().get(round__status=Status.CANDIDATE, firm=world.firm)
    address = f"/rounds/{stop.round.code}/"
    public = Client().get(address).content.decode()
    assert "RH3" in public and "自然人甲" not in public
    for member in (market.member_of(world.firm.organisation), regulator()):
        assert "自然人甲" in acting(member).get(address).content.decode()
