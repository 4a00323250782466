"""A handful of the kills that `python -m tests.killing` has fifty of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.killing import language_model, scripted

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
    pytest.mark.timeout(120),
]
KILLS, SEED = 5, 9293  # the first kill comes early, the others while something is played


@pytest.mark.slow
def test_a_scripted_agent_in_threads_and_worker_processes(tmp_path: Path) -> None:
    assert scripted(tmp_path, KILLS, seed=SEED, episodes=15).kills > 0


@pytest.mark.slow
def test_a_language_model(tmp_path: Path) -> None:
    assert language_model(tmp_path, KILLS, seed=SEED, episodes=12)[0].kills > 0
