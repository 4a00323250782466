"""A person plays through the runner; stopping and going on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import smartplay
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.play import human
from smartplay.play.keys import bindings
from smartplay.play.session import HELP_TEXT
from smartplay.play.view import HELP, displayed, wrapped
from smartplay.records.folder import RunFolder
from smartplay.runner.episode import judge
from tests.golden import all_cards
from tests.players import play
from tests.test_keys import actions_of

HANOI = "smartplay/Hanoi3Disk-v0"


def hanoi_keys() -> list[str]:
    """The numbers that solve three disks, found by playing them."""
    moves = ["A C", "A B", "C B", "A C", "B A", "B C", "A C"]
    order = ["A B", "A C", "B A", "B C", "C A", "C B"]
    return [str(order.index(move) + 1) for move in moves]


def test_a_game_is_played_recorded_and_reported(tmp_path: Path) -> None:
    display, finished = play(tmp_path / "run", ["enter", *hanoi_keys(), "enter"])
    assert finished
    folder = RunFolder(tmp_path / "run")
    header = folder.header()
    assert header.agent == "human:ann"
    assert header.agent_settings == {"shown": "text", "score": False}
    (record,) = folder.episodes()
    assert (record.status, record.score, record.steps) == ("scored", 3.0, 7)
    _, steps = folder.steps(HANOI, 0)
    assert all(step.seconds > 0 for step in steps), "the time of an action is missing"
    assert "Your score (" in display.views[-1].text
    assert main(["report", str(tmp_path / "run"), "--json"]) == 0


def test_what_is_read_is_what_agents_read(tmp_path: Path) -> None:
    prompts: list[str] = []
    keys = hanoi_keys()

    def agent(prompt: str) -> int:
        prompts.append(prompt)
        return int(keys[len(prompts) - 1]) - 1

    smartplay.run(agent, "Hanoi3Disk", episodes=1, out=tmp_path / "agent", progress=False)
    display, _ = play(tmp_path / "person", ["enter", *keys, "enter"])
    assert [view.text for view in display.views[1:-1]] == prompts
    assert display.views[0].text == prompts[0].split("\n\nYour actions:")[0]


def test_the_score_is_not_told_while_playing(tmp_path: Path) -> None:
    display, _ = play(
        tmp_path / "run", ["enter", "1", "2", "enter"], "BanditTwoArmedHighLowFixed", steps=2
    )
    for view in display.views[:-1]:
        assert not any("score" in fact for fact in view.status)
    assert [view.status[1] for view in display.views[:3]] == ["2 left", "2 left", "1 left"]


def test_the_score_is_told_if_asked_for(tmp_path: Path) -> None:
    display, _ = play(tmp_path / "run", ["enter", "2", "escape"], score=True)
    assert display.views[2].status == ["step 1", "29 left", "score 1"]


def test_help_is_one_key_away_and_takes_no_step(tmp_path: Path) -> None:
    display, _ = play(tmp_path / "run", ["enter", HELP, "enter", "x", "escape"])
    assert HELP_TEXT in [view.text for view in display.views]
    assert RunFolder(tmp_path / "run").episodes()[0].steps == 0


def test_stopping_keeps_the_steps_and_the_next_session_goes_on(tmp_path: Path) -> None:
    keys = hanoi_keys()
    _, finished = play(tmp_path / "run", ["enter", *keys[:3], "escape"], episodes=2)
    folder = RunFolder(tmp_path / "run")
    assert not finished
    (record,) = folder.episodes()
    assert record.status == "unscored", "a broken-off episode must not count"
    assert "the player stopped" in (record.error or "")
    before = folder.steps(HANOI, 0)[1]

    display, finished = play(
        tmp_path / "run", ["enter", *keys[3:], "enter", "enter", "1", "escape"], episodes=2
    )
    assert not finished
    assert display.views[1].status[0] == "step 3", "it does not go on where it was left"
    first, second = sorted(folder.episodes(), key=lambda r: r.episode)
    assert (first.status, first.score, first.steps) == ("scored", 3.0, 7)
    assert (second.status, second.steps) == ("unscored", 1)
    after = folder.steps(HANOI, 0)[1]
    assert [step.observation for step in after[:3]] == [step.observation for step in before]
    note = re.fullmatch(r"Taken before a break, after (.*) s\.", after[0].attempts[0].reasoning)
    assert note is not None
    assert float(note[1]) == pytest.approx(before[0].seconds, abs=0.5)


def test_leaving_between_episodes_begins_no_other(tmp_path: Path) -> None:
    _, finished = play(tmp_path / "run", ["enter", *hanoi_keys(), "escape"], episodes=2)
    assert not finished
    assert [r.status for r in RunFolder(tmp_path / "run").episodes()] == ["scored"]


def test_a_finished_run_is_followed_by_the_next_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keys = ["enter", *hanoi_keys(), "enter"]
    player = human.source("ann")
    seeds = []
    for _ in range(2):
        header, path = human.plan("Hanoi3Disk", player, None, 1, None, None)
        seeds.append(header.seed)
        play(path, keys, seed=header.seed)
    assert seeds == [0, 1]


@pytest.mark.parametrize("name", ["", "../x", "a\nb", "x" * 41, " a"])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="not a name for a player"):
        human.source(name)


def test_no_name_is_taken_from_the_system() -> None:
    from smartplay.cli import parser

    assert parser().parse_args(["play", "Hanoi3Disk"]).name == "anonymous"


@pytest.mark.parametrize("card", all_cards(), ids=lambda card: card.name)
def test_every_action_can_be_named_as_it_is(card: smartplay.GameCard) -> None:
    actions = actions_of(card)
    assert [judge(name, actions)[0] for name in actions] == list(range(len(actions)))
    assert len(bindings(actions)) == len(actions)


def test_control_characters_are_written_out() -> None:
    hostile = "a\x1b[2Jb\x07\x9b31m\u202ec\r\n\td\x00"
    assert displayed(hostile) == "a<001B>[2Jb<0007><009B>31m<202E>c<000D>\n    d<0000>"


def test_lines_fit_whatever_they_hold() -> None:
    from rich.cells import cell_len

    text = "one two three\n" + "x" * 50 + "\n" + "\u6f22" * 30
    for width in range(2, 30):
        lines = list(wrapped(text, width, cell_len))
        assert max(map(cell_len, lines)) <= width
        joined = "".join(lines).replace(" ", "")
        assert joined == text.replace(" ", "").replace("\n", "")
