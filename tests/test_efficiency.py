"""Steps to the goal, calls, tokens and prices in one table; what is missing is missing."""

from __future__ import annotations

import shutil
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from smartplay.cli import main
from smartplay.leaderboard import verify_run
from smartplay.records.prices import Price, Prices
from smartplay.report import build_report, keep_report
from smartplay.report.content import names_of
from smartplay.report.markdown import to_markdown
from smartplay.report.wording import efficiency_table
from tests.chatty import Chatty
from tests.folders import BANDIT, HANOI, play
from tests.report_runs import page_of
from tests.tampering import change_records


@pytest.fixture(scope="module")
def chatted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four episodes of Hanoi of which two reach the goal, after 7 and 9 steps."""
    run = play(tmp_path_factory.mktemp("chatted") / "run", partial(Chatty), games=[HANOI, BANDIT],
               episodes=4, steps=None).path  # fmt: skip

    def change(records: list[dict[str, Any]]) -> None:
        hanoi = [record for record in records if HANOI in record["game"]]
        for place, record in enumerate(hanoi):
            record.update(completed=place < 2)
        for record, steps in zip(hanoi, (7, 9), strict=False):
            record["steps"] = steps

    change_records(run, change)
    return run


def prices(run: Path) -> Prices:
    (model,) = {use.model for use in build_report(run).models}
    return Prices("EUR", date(2026, 11, 1), {model: Price(prompt=10, completion=1000)})


def test_steps_are_of_solved_episodes_beside_the_anchors(chatted: Path) -> None:
    hanoi, bandit = build_report(chatted).efficiency
    assert (hanoi.solved, hanoi.episodes) == (2, 4)
    assert hanoi.steps is not None
    assert hanoi.steps.mean == 8
    assert hanoi.reference is not None
    assert hanoi.reference.mean == 7
    assert hanoi.human is None
    assert (bandit.solved, bandit.steps) == (None, None), "a bandit has no goal"


def test_prices_are_per_episode_and_per_solved_episode(chatted: Path) -> None:
    report = build_report(chatted, prices(chatted))
    hanoi, bandit = report.efficiency
    assert report.cost is not None
    spent = report.cost.games[f"smartplay/{HANOI}-v0"]
    assert hanoi.cost == pytest.approx(spent / 4)
    assert hanoi.cost_solved == pytest.approx(spent / 2)
    assert bandit.cost is not None
    assert bandit.cost_solved is None
    total = sum(each.cost * each.episodes for each in report.efficiency if each.cost)
    assert total == pytest.approx(report.cost.total)


def test_none_solved_has_no_price_per_solved_episode(chatted: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(chatted, tmp_path / "run"))
    change_records(run, lambda records: [record.update(completed=False) for record in records])
    hanoi, _ = build_report(run, prices(run)).efficiency
    assert (hanoi.solved, hanoi.steps, hanoi.cost_solved) == (0, None, None)
    assert hanoi.cost


def test_unknown_prices_and_tokens_are_missing(chatted: Path, tmp_path: Path) -> None:
    hanoi, _ = build_report(chatted).efficiency
    assert (hanoi.cost, hanoi.cost_solved) == (None, None)
    assert hanoi.tokens
    run = Path(shutil.copytree(chatted, tmp_path / "run"))
    change_records(run, lambda records: [record.update(usage={}, roles={}) for record in records])
    report = build_report(run, prices(chatted))
    assert report.cost is None
    assert [(each.tokens, each.cost) for each in report.efficiency] == [(None, None)] * 2
    assert any("their tokens and cost are not known" in note for note in report.notes)


def test_unscored_episodes_are_left_out(chatted: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(chatted, tmp_path / "run"))

    def fail(records: list[dict[str, Any]]) -> None:
        next(r for r in records if r["completed"]).update(status="unscored", error="x", score=None)

    change_records(run, fail)
    hanoi, _ = build_report(run).efficiency
    assert (hanoi.solved, hanoi.episodes) == (1, 3)
    change_records(run, lambda records: records.clear())
    empty, _ = build_report(run).efficiency
    assert (empty.episodes, empty.solved, empty.calls, empty.tokens) == (0, 0, None, None)
    assert efficiency_table([build_report(run)]).rows == []


def test_a_run_with_other_settings_has_no_anchors(tmp_path: Path) -> None:
    run = play(tmp_path / "run", "reference", games=HANOI, steps=9).path
    (hanoi,) = build_report(run).efficiency
    assert hanoi.solved == 3
    assert hanoi.reference is None


def test_the_table_is_in_every_form_of_the_report(
    chatted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(chatted, tmp_path / "run"))
    other = play(tmp_path / "other", "reference", games=HANOI, steps=None).path
    report = build_report(run, prices(run))
    (row, _) = efficiency_table([report]).rows
    assert row[:3] == (f"{HANOI}-v0", "2/4", str(report.efficiency[0].steps))
    assert report.efficiency[0].steps is not None
    assert (report.efficiency[0].steps.low or 0) >= 0
    assert "## Efficiency" in to_markdown(report)
    page, reports = page_of([run, other], tmp_path / "page.html", prices(run))
    table = efficiency_table(reports, names_of(reports))
    assert [len(line) for line in table.rows] == [len(table.header)] * 3
    assert [line[:2] for line in table.rows[:2]] == [
        (f"{HANOI}-v0", name) for name in names_of(reports)
    ]
    for cell in row[1:]:
        assert f">{cell}<" in page
    assert 'id="efficiency"' in page
    assert main(["report", str(run), str(other)]) == 0
    assert "Efficiency of 2 runs" in capsys.readouterr().out


def test_a_report_with_prices_verifies(tmp_path: Path) -> None:
    run = play(tmp_path / "run", partial(Chatty)).path
    for given in (prices(run), Prices("EUR", date(2026, 1, 1), {"nobody": Price(1, 1)})):
        keep_report(build_report(run, given), run)
        assert verify_run(run).problems == []
