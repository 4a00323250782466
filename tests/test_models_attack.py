"""Services that misbehave: each gives a reply or one clear sentence, never a key, never a flood."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.raw_server import RawServer
from tests.rude_services import CASES, FLOODS, KEY, Case, complaint, flood

AT_ONCE, MEGABYTES = 16, 150


@pytest.fixture(scope="module")
def rude() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def test_there_are_many() -> None:
    assert len(CASES) >= 100


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_reply_or_one_sentence(rude: RawServer, case: Case) -> None:
    assert not complaint(rude, case)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FLOODS)
def test_memory_stays_flat_at_many_at_once(rude: RawServer, kind: str) -> None:
    assert flood(rude, FLOODS[kind], AT_ONCE) < MEGABYTES
