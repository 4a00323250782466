"""Samples of the hostile suites: folders of strangers, and disks that fail."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.disk_faults import FAULTS, Fault, meet
from tests.strangers import CHANGES, KINDS, make_valid, try_strangers

SAMPLE = [k + len(CHANGES) * (k % len(KINDS)) for k in range(len(CHANGES))]
"""One folder of each change, each kind of folder among them."""


@pytest.mark.slow
def test_a_sample_of_strangers_does_no_harm() -> None:
    tried = list(try_strangers(SAMPLE, short=True))
    assert [f"{each.name}: {fault}" for each in tried for fault in each.faults] == []
    assert {each.name.split()[2] for each in tried} == {change.__name__ for change in CHANGES}
    codes = Counter(code for each in tried for code in each.codes)
    assert codes[0] > 10, "nothing went well any more"
    assert codes[1] > len(tried) / 2, "too few were found out"


def test_valid_folders_are_valid(tmp_path: Path) -> None:
    """What is refused of a stranger's folder is refused for its change."""
    from smartplay.leaderboard import verify_run

    make_valid(tmp_path)
    assert all(verify_run(tmp_path / kind).verified for kind in KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS[1::6], ids=lambda fault: fault.name)
def test_a_run_survives_a_failing_disk(fault: Fault, tmp_path: Path) -> None:
    assert meet(fault, tmp_path).faults == []
