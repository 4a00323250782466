"""A few of the signals that `python -m tools.hostile` sends at every kind of place."""

from __future__ import annotations

import sys

import pytest

from tests.signals import PLACES, SENT, SIGNALS, meet_all

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.timeout(180),
]
SAMPLE = SENT[2::17]


def test_every_signal_is_sent_at_every_place() -> None:
    assert len(SIGNALS) == 26
    assert {(sent.number, sent.place) for sent in SENT} == {(n, p) for n in SIGNALS for p in PLACES}
    assert {sent.place for sent in SAMPLE} == set(PLACES)


@pytest.mark.slow
def test_a_signalled_run_goes_on() -> None:
    assert [f"{name}: {wrong}" for name, wrong in meet_all(SAMPLE) if wrong] == []
