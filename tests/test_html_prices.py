"""Prices of tokens, and the details a page is drawn from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

import smartplay
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.records import Usage
from smartplay.records.prices import Price, Prices, money, read_prices
from smartplay.report import build_report
from smartplay.report.details import _curve
from smartplay.report.svg import Scale, short
from tests.chatty import Chatty
from tests.report_runs import page_of, play

FILE = """
currency = "EUR"
date = 2026-11-01
source = "https://example.com/prices"

[models.Chatty]
prompt = 2.0
cached = 0.5
completion = 10
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "prices.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("amount", "told"),
    [(0, "0"), (0.0034, "0.0034"), (0.00996, "0.010"), (0.999, "1.0"), (1.234, "1.2"),
     (12.6, "13"), (123.4, "123")],
)  # fmt: skip
def test_amounts_have_two_significant_digits(amount: float, told: str) -> None:
    assert money(amount) == told
    assert money(amount, "EUR") == f"{told} EUR"


def test_cached_tokens_and_reasoning_are_counted_once() -> None:
    usage = Usage(prompt=3_000_000, cached=1_000_000, completion=100_000, reasoning=60_000)
    assert Price(2.0, 10.0, 0.5).of(usage) == pytest.approx(2 * 2.0 + 0.5 + 1.0)
    assert Price(2.0, 10.0).of(usage) == pytest.approx(3 * 2.0 + 1.0)


def test_a_model_is_found_by_agent_and_by_model(tmp_path: Path) -> None:
    prices = read_prices(written(tmp_path, FILE))
    assert prices.date == date(2026, 11, 1)
    for agent, settings in (("Chatty", {}), ("openai:Chatty", {}), ("mine", {"model": "Chatty"})):
        assert prices.find(agent, settings) == Price(2.0, 10.0, 0.5), agent
    assert prices.find("chatty", {}) is None
    assert Prices("EUR", date(2026, 1, 1), {}).find("a:b", {"model": ["odd"]}) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "currency = 'EUR'",
        FILE + "surprise = 1",
        FILE.replace("2.0", "-2.0"),
        FILE.replace("2.0", "'two'"),
        FILE.replace("2.0", "inf"),
        FILE.replace('"EUR"', '""'),
        FILE.replace("2026-11-01", "'soon'"),
        "currency = [",
        "currency = " + "[" * 5000,
    ],
)
def test_a_broken_file_of_prices_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="prices"):
        read_prices(written(tmp_path, text))


def test_costs_are_in_the_report_and_on_the_page(tmp_path: Path) -> None:
    prices = read_prices(written(tmp_path, FILE))
    folder = play(tmp_path / "run", Chatty, "Hanoi3Disk", 1)
    report = build_report(folder, prices)
    assert report.cost is not None
    assert report.cost.total == pytest.approx(Price(2.0, 10.0, 0.5).of(report.usage))
    assert sum(report.cost.games.values()) == pytest.approx(report.cost.total)
    assert build_report(folder).cost is None
    other = Prices("EUR", date(2026, 1, 1), {"someone": Price(1, 1)})
    assert "name no price for Chatty" in " ".join(build_report(folder, other).notes)
    html, _ = page_of([folder], tmp_path / "page.html")
    assert "EUR per million" not in html
    html, _ = page_of([folder], tmp_path / "page.html", prices)
    assert "of 2026-11-01, EUR per million tokens: " in html
    assert "<code>Chatty</code> read 2.0, cached 0.5, written 10.0" in html


def test_calls_of_all_episodes_cost_and_games_that_were_not_played_cost_nothing(
    tmp_path: Path,
) -> None:
    smartplay.run(
        Chatty,
        "Hanoi3Disk,MessengerL1",
        episodes=2,
        repeats=2,
        out=tmp_path / "run",
        progress=False,
    )
    path = tmp_path / "run" / "episodes.jsonl"
    records = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    records = [record for record in records if "Hanoi" in record["game"]]
    records[0] |= {"status": "unscored", "error": "lost", "score": None}
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    prices = read_prices(written(tmp_path, FILE))
    _, [report] = page_of([tmp_path / "run"], tmp_path / "page.html", prices)
    [use] = report.models
    assert (use.calls, use.usage) == (report.calls, report.usage)
    assert report.cost is not None
    assert report.cost.total == use.cost == pytest.approx(Price(2.0, 10.0, 0.5).of(report.usage))
    assert report.cost.games["smartplay/MessengerL1-v0"] == 0
    hanoi = report.efficiency[0]
    assert (hanoi.episodes, hanoi.cost is not None) == (3, True)
    assert 3 * (hanoi.cost or 0) < report.cost.total, "an episode's price is that of a scored one"
    assert [each.game for each in report.repeats] == ["smartplay/Hanoi3Disk-v0"]


def test_a_curve_by_hand() -> None:
    card = get_card("Crafter")
    curve = _curve([[[1.0, 1.0, 2.0, 2.0]], [[0.0, 4.0]]], card)
    assert curve is not None
    assert curve.steps == [1, 2, 3, 4]
    assert [point.mean for point in curve.score] == [0.5, 2.5, 3.0, 3.0]
    assert [point.mean for point in curve.gain] == [0.5, 2.0, 1.0, 0.0]
    assert curve.gain[2].low is None, "one episode was still on, so there is no interval"
    assert _curve([], card) is None
    long = _curve([[list(range(1, 1001))]], card)
    assert long is not None
    assert len(long.steps) == 25
    assert long.steps[-1] == 1000
    assert all(point.mean == pytest.approx(1.0) for point in long.gain)


def test_scales_have_round_ticks_and_keep_what_is_outside_at_the_edge() -> None:
    assert Scale(0, 50, 0, 100).ticks() == [0, 10, 20, 30, 40, 50]
    assert Scale(-1, 1, 0, 100).ticks(4) == [-1, -0.5, 0, 0.5, 1]
    assert Scale(0, 1, 0, 100)(7) == 100
    assert Scale(3, 3, 0, 100)(3) == 0
    assert [short(v) for v in (0.5, 12, 2680, 12345678, -0.25)] == [
        "0.5",
        "12",
        "2 680",
        "1.2e+07",
        "-0.25",
    ]
