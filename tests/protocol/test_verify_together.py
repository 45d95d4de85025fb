"""The services that one firm does together, both verifiers check against the announcement."""

from __future__ import annotations

import pytest

from protocol.record import BadRecord, read_record
from tests import market_place as market
from tests import together
from tests.protocol.test_verify import record_of
from tests.protocol.test_verify_javascript import agree, both_find

pytestmark = pytest.mark.django_db

CHANGES = {
    "a service left out": lambda record: record["services"].pop(),
    "another service": lambda record: record["services"][1].update(service="S999"),
    "another department": lambda record: record["services"][2].update(department="D0"),
    "another order": lambda record: record["services"].reverse(),
    "none at all": lambda record: record.pop("services"),
}


def test_both_find_every_change_to_the_services(ask):
    both_find(ask, record_of(together.lived(together.places())), CHANGES)


def test_services_that_were_not_announced(ask):
    record = record_of(market.lived(market.place(), amounts=["50000.00"]))
    record["services"] = [{"department": "D1", "item": "I1", "service": "S1"}]
    (found,) = agree(ask, [record])
    assert found


@pytest.mark.parametrize(
    ("services", "where"),
    [(None, "services"), ([3], "services.0"), ([{"department": "D", "item": "I"}], "services.0.service")],
)
def test_what_is_no_list_of_services_is_said_where(services, where):
    record = record_of(market.lived(market.place(), amounts=["50000.00"]))
    record["services"] = services
    import json

    with pytest.raises(BadRecord) as refused:
        read_record(json.dumps(record))
    assert refused.value.where == where
