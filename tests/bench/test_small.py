"""The benches whose sums and rows are checked against ours, at a size of nothing: that they still run, and still agree."""

from __future__ import annotations

import pytest

from bench import lines, opening
from tests import market_place as market
from tests.contracts import place
from tests.seed.conftest import in_folder

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_sums_of_lines_are_those_by_hand_beside_the_lines_of_the_city(monkeypatch, capsys):
    place.running(market.place())
    for name, size in {"LINES": 60, "FEW": 20, "REFRESHES": 1}.items():
        monkeypatch.setattr(lines, name, size)
    lines.computed_anew()
    assert "the same sums" in capsys.readouterr().out


def test_every_envelope_of_the_bench_is_opened_in_every_pass(tmp_path, settings, monkeypatch, capsys):
    in_folder(settings, tmp_path)
    where = market.place()
    for _number in range(2):
        market.member_of(market.firm(where).organisation)
    for name, value in {"ENVELOPES": 4, "SERVICE": where.service.code}.items():
        monkeypatch.setattr(opening, name, value)
    market.need(where)
    opening.opened()
    assert "envelopes opened per second" in capsys.readouterr().out
