"""What a round may announce as the parameters of its method, and what is wrong with all else."""

from __future__ import annotations

import pytest

from protocol.methods import METHODS
from tests.protocol.tables import TABLES

SIXTY = {"price": "60", "quality": "30", "record": "10"}


@pytest.mark.parametrize(
    ("method", "parameters", "problems"),
    [
        ("draw", {}, ["price required"]),
        ("draw", {"price": "0.00"}, ["price not_positive"]),
        ("draw", {"price": "48,000"}, ["price not_an_amount"]),
        ("draw", {"price": 48000}, ["price not_an_amount"]),
        ("draw", {"price": "48000.00", "upper": "1.00"}, ["upper unknown"]),
        ("lowest", {"bribe": "1.00"}, ["bribe unknown"]),
        ("lowest", {"upper": "1.00", "lower": "2.00"}, ["upper below_lower"]),
        ("lowest", {"upper": "1.00", "lower": "1.00"}, []),
        ("lowest", {"upper": ""}, []),
        ("lowest_draw", {}, ["k required"]),
        ("lowest_draw", {"k": ""}, ["k required"]),
        *(
            ("lowest_draw", {"k": k}, ["k not_a_count"])
            for k in ("0", "-1", "1.0", "03", "三", "٣", "1\n", "1000000", 3)
        ),
        ("mean", {}, []),
        ("mean", {"coefficients": ["0.50", "1.00", "0.9625"], "trim_over": "5"}, []),
        *(
            ("mean", {"coefficients": wrong}, ["coefficients not_coefficients"])
            for wrong in (["0.49"], ["1.01"], ["0.9"], [".95"], ["0.95\n"], [0.95], [], "0.95", ["0.95"] * 21)
        ),
        ("mean", {"coefficients": ["0.95", "0.95"]}, ["coefficients repeated"]),
        ("mean", {"coefficients": ["0.95", "0.950"]}, ["coefficients repeated"]),
        ("mean", {"trim_over": "0"}, ["trim_over not_a_count"]),
        ("credit_draw", {}, ["price required", "long_list required", "short_list required"]),
        ("credit_draw", {"price": "1.00", "long_list": "3", "short_list": "4"}, ["short_list beyond_long_list"]),
        ("credit_draw", {"price": "1.00", "long_list": "10", "short_list": "9"}, []),
        ("scored", {}, ["weights required"]),
        ("scored", {"weights": SIXTY}, []),
        ("scored", {"weights": {"price": "33.34", "quality": "33.33", "record": "33.33"}}, []),
        ("scored", {"weights": {"price": "100", "quality": "0", "record": "0.00"}}, []),
        ("scored", {"weights": {**SIXTY, "record": "10.01"}}, ["weights not_hundred"]),
        *(
            ("scored", {"weights": wrong}, ["weights not_weights"])
            for wrong in (
                "60",
                {"price": "100"},
                {**SIXTY, "price": 60},
                {**SIXTY, "extra": "0"},
                {**SIXTY, "record": "-1"},
            )
        ),
        ("auction", {}, ["step required", "extend_within_s required", "extend_by_s required"]),
        (
            "auction",
            {"step": "0.00", "extend_within_s": "60", "extend_by_s": "1.5"},
            ["step not_positive", "extend_by_s not_a_count"],
        ),
        ("direct", {}, ["price required", "ground required"]),
        ("direct", {"price": "1.00", "ground": "  "}, ["ground required"]),
        ("direct", {"price": "1.00", "ground": "长" * 201}, ["ground too_long"]),
    ],
)
def test_what_is_wrong_with_parameters(method, parameters, problems):
    found = METHODS[method].check_parameters(parameters)
    assert [f"{each.field} {each.code}" for each in found] == problems


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.what)
def test_what_the_tables_use_may_be_announced(table):
    assert METHODS[table.method].check_parameters(table.parameters) == []
