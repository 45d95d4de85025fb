"""The public score files: not there for what is not public, verified by the verifier, and read again only when they changed."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from market.models import Firm
from protocol import verify_score
from protocol.verify import main
from ratings.models import FirmScore
from tests import market_place as market
from tests.contracts import place
from tests.ratings import scores as city

pytestmark = pytest.mark.django_db


def lived_city(where):
    """Two lines that are over, one with returns, and one that runs."""
    first, case = city.decided(where, returned=1, corrected=1)
    city.spread(first, case)
    second, other = city.decided(where)
    city.spread(second, other, days=2)
    place.running(where)
    city.scored()
    return first, case


def test_there_is_no_file_of_what_is_not_public(client, where):
    applicant = Firm.objects.create(organisation=market.organisation("firm"))
    assert client.get(f"/firms/{applicant.uscc}/score.json").status_code == 404
    assert client.get("/firms/91330200000000000X/score.json").status_code == 404
    assert client.get("/departments/nowhere/score.json").status_code == 404
    assert client.post(f"/firms/{market.firm(where).uscc}/score.json").status_code == 405


@pytest.mark.parametrize("whose", ["firm", "department"])
def test_the_verifier_computes_a_lived_file_again(client, where, tmp_path, capsys, whose):
    contract, case = lived_city(where)
    address = f"/firms/{contract.firm.uscc}" if whose == "firm" else f"/departments/{where.department.code}"
    response = client.get(f"{address}/score.json")
    assert response.status_code == 200 and response["Content-Type"] == "application/json"
    told = json.loads(response.content)
    assert told["v"] == 1 and told["overall"] is not None
    part = told["services" if whose == "firm" else "items"][0]
    inside = [line["case"] for line in part["lines" if whose == "firm" else "cases"]]
    assert case.code in inside
    assert [str(check.what) for check in verify_score.verify(response.content) if not check.holds] == []
    file = tmp_path / "score.json"
    file.write_bytes(response.content)
    assert main([str(file)]) == 0, capsys.readouterr().out
    told["overall"]["score"] = "99.99"
    file.write_text(json.dumps(told))
    assert main([str(file)]) != 0


def test_a_firm_without_a_line_has_an_empty_file_that_verifies(client, where):
    response = client.get(f"/firms/{market.firm(where).uscc}/score.json")
    told = json.loads(response.content)
    assert (told["services"], told["overall"], told["standing"]["grade"]) == ([], None, "B")
    assert all(check.holds for check in verify_score.verify(response.content))


def test_the_file_says_what_the_kept_score_says(client, where):
    contract, _case = lived_city(where)
    kept = FirmScore.objects.get(firm=contract.firm, service=where.service, district=None, month=None)
    (part,) = json.loads(client.get(f"/firms/{contract.firm.uscc}/score.json").content)["services"]
    assert part["score"] == f"{kept.score / 100:.2f}" and part["n"] == kept.n
    assert part["interval"] == [f"{kept.low / 100:.2f}", f"{kept.high / 100:.2f}"]


def test_nothing_is_sent_or_computed_twice(client, where):
    contract, _case = lived_city(where)
    address = f"/firms/{contract.firm.uscc}/score.json"
    first = client.get(address)
    with CaptureQueriesContext(connection) as asked:
        again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304 and not again.content
    assert len(asked) <= 7
    city.decided(where)
    city.scored()
    assert client.get(address)["ETag"] != first["ETag"]
