"""The page that tells strangers what stands in the log tells of every type that the code writes, and of no other."""

from __future__ import annotations

from tests import log_page


def test_every_type_that_the_code_writes_is_on_the_page():
    written = log_page.written()
    assert {
        "round.announced",
        "round.void",
        "draw.asked",
        "contract.unblocked",
        "payment.returned",
        "sealed",
    } <= written
    assert log_page.documented().keys() == written
