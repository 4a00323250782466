"""Human runs become a human score; reports say which score they used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smartplay.cards.anchors import Played
from smartplay.cards.bounds import Bounds
from smartplay.cards.card import GameCard
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.games import registry
from smartplay.games.registry import get_card
from smartplay.original import normalize_score
from smartplay.play.baseline import (
    FILE,
    HumanEpisode,
    card_line,
    human_episodes,
    keep,
    played,
    read,
)
from smartplay.play.human import TEXT
from smartplay.play.journal import JOURNAL
from smartplay.records.folder import RunFolder
from smartplay.report import build_report
from smartplay.scores.intervals import mean_interval
from tests.games import write_game
from tests.golden import GAMES, all_cards
from tests.players import play, recorded_run
from tests.tampering import change_header
from tests.test_play import hanoi_keys

KEYS = ["enter", *hanoi_keys(), "enter"]


def episode(player: str, score: float, number: int = 0, shown: str = TEXT) -> HumanEpisode:
    card = get_card("Hanoi3Disk")
    return HumanEpisode(
        game=card.id, player=player, shown=shown, suite_seed=0, episode=number, seed=1,
        score=score, steps=7, seconds=9.0, digest=card.digest,
    )  # fmt: skip


@pytest.mark.parametrize("card", all_cards(), ids=lambda card: card.name)
def test_cards_say_what_their_records_say(card: GameCard) -> None:
    lines = read(GAMES / card.family / FILE)
    mine = [e for e in lines if (e.game, e.shown, e.digest) == (card.id, TEXT, card.digest)]
    expected = played(mine) if mine else None
    assert card.anchors.baseline == expected, "run `smartplay baseline` and copy its line"


def test_a_run_becomes_lines_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(tmp_path / "run", KEYS)
    (tmp_path / "games" / "hanoi").mkdir(parents=True)
    command = ["baseline", str(tmp_path / "run"), "--games", str(tmp_path / "games")]
    for _ in range(2):
        assert main(command) == 0
    (line,) = read(tmp_path / "games" / "hanoi" / FILE)
    assert (line.player, line.score, line.steps, line.shown) == ("ann", 3.0, 7, TEXT)
    assert "baseline = { mean = 3.0, players = 1, episodes = 1 }" in capsys.readouterr().out


def test_people_have_a_score_at_a_game_of_ones_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card, run = write_game(tmp_path, steps=2), tmp_path / "run"
    play(run, ["enter", "1", "1", "enter"], game=str(card))
    (tmp_path / "games" / "ticks").mkdir(parents=True)
    monkeypatch.setattr(registry, "_cards", {})
    command = ["baseline", str(run), "--games", str(tmp_path / "games")]
    assert main(command) == 2
    assert main([*command, "--card", str(card)]) == 0
    assert "baseline = { mean = 2.0, players = 1, episodes = 1 }" in capsys.readouterr().out


def test_who_leaves_between_episodes_counts_as_far_as_they_played(tmp_path: Path) -> None:
    play(tmp_path / "run", [*KEYS[:-1], "escape"], episodes=2)
    assert len(RunFolder(tmp_path / "run").lines()) == 1
    counting, left_out = human_episodes(tmp_path / "run")
    assert ([line.score for line in counting], left_out) == ([3.0], {})


def test_every_player_counts_alike() -> None:
    lines = [episode("ann", 3), episode("ann", 1, 1), episode("bob", 1), episode("cyd", 0)]
    interval = mean_interval([2.0, 1.0, 0.0], Bounds(0, 3))
    score = played(lines)
    assert (score.mean, score.players, score.episodes) == (1.0, 3, 4)
    assert score.low == pytest.approx(interval.low, abs=1e-3)
    assert score.high == pytest.approx(interval.high, abs=1e-3)


def test_one_player_has_no_interval() -> None:
    score = played([episode("ann", 3), episode("ann", 1, 1)])
    assert (score.mean, score.low, score.high) == (2.0, None, None)
    assert card_line(score) == "baseline = { mean = 2.0, players = 1, episodes = 2 }"


@pytest.mark.parametrize(
    ("keys", "planned", "reason"),
    [
        (["enter", "1", "escape"], {}, "not played to the end"),
        (KEYS, {"score": True}, "the score shown"),
        (KEYS, {"steps": 20}, "20 steps, not 30"),
    ],
)
def test_what_does_not_count(
    tmp_path: Path, keys: list[str], planned: dict[str, int], reason: str
) -> None:
    play(tmp_path / "run", keys, **planned)  # type: ignore[arg-type]
    counting, left_out = human_episodes(tmp_path / "run")
    assert not counting
    assert [reason in why for why in left_out] == [True]


def test_agents_are_no_people(tmp_path: Path) -> None:
    recorded_run(tmp_path / "run")
    with pytest.raises(UsageError, match="played by reference"):
        human_episodes(tmp_path / "run")


def forged(run: Path, journal: str) -> Path:
    """A random run dressed as a person's, as far as its header goes."""
    recorded_run(run, agent="random", steps=None)
    change_header(
        run,
        lambda header: header.update(
            agent="human:bob", agent_settings={"shown": "text", "score": False}, retries=0
        ),
    )
    if journal:
        (run / JOURNAL).write_text(journal)
    return run


@pytest.mark.parametrize("journal", ["", "{}\n", "\xff\n", "[" * 10**5 + "\n"])
def test_a_renamed_run_is_no_baseline(
    tmp_path: Path, journal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = forged(tmp_path / "run", journal)
    (tmp_path / "games" / "hanoi").mkdir(parents=True)
    code = main(["baseline", str(run), "--games", str(tmp_path / "games")])
    told = capsys.readouterr()
    assert "journal" in told.out + told.err
    assert code in (0, 2)
    assert list((tmp_path / "games" / "hanoi").iterdir()) == []


def test_a_run_of_the_usual_retries_is_no_persons(tmp_path: Path) -> None:
    run = forged(tmp_path / "run", "")
    change_header(run, lambda header: header.update(retries=1))
    with pytest.raises(UsageError, match="not played with smartplay play"):
        human_episodes(run)


@pytest.mark.parametrize(
    "change",
    [
        lambda moves: moves.pop(3),
        lambda moves: moves[3].update(action=moves[3]["action"] - 1),
        lambda moves: moves[3].update(seconds=1e6),
        lambda moves: moves[3].update(seconds=0.0),
        lambda moves: moves[3].update(step=7),
        lambda moves: moves.append(moves[-1]),
        lambda moves: moves.insert(2, dict(moves[0], step=1)),
        lambda moves: moves.clear(),
    ],
)
def test_a_journal_that_tells_of_another_play_is_no_evidence(tmp_path: Path, change: Any) -> None:
    play(tmp_path / "run", KEYS)
    path = tmp_path / "run" / JOURNAL
    moves = [json.loads(line) for line in path.read_text().splitlines()]
    assert [move["action"] is None for move in moves] == [True, *[False] * 7]
    change(moves)
    path.write_text("".join(json.dumps(move) + "\n" for move in moves))
    counting, left_out = human_episodes(tmp_path / "run")
    assert not counting
    assert sum(left_out.values()) == 1


def test_a_game_with_a_break_counts_and_says_so(tmp_path: Path) -> None:
    play(tmp_path / "run", [*KEYS[:4], "escape"])
    play(tmp_path / "run", ["enter", *KEYS[4:]])
    ((line,), left_out) = human_episodes(tmp_path / "run")
    assert (line.sittings, line.steps) == (2, 7)
    assert not left_out


def test_the_first_play_of_an_episode_counts(tmp_path: Path) -> None:
    (tmp_path / "hanoi").mkdir()
    keep(tmp_path, [episode("ann", 1)])
    keep(tmp_path, [episode("ann", 3), episode("ann", 3, 1)])
    assert [line.score for line in read(tmp_path / "hanoi" / FILE)] == [1, 3]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--games"):
        keep(tmp_path, [episode("ann", 3)])


def with_baseline(monkeypatch: pytest.MonkeyPatch) -> GameCard:
    card = get_card("Hanoi3Disk")
    anchors = msgspec.structs.replace(
        card.anchors, baseline=Played(mean=2.0, low=1.0, high=3.0, players=4, episodes=9)
    )
    changed = msgspec.structs.replace(card, anchors=anchors)
    monkeypatch.setitem(registry._cards, card.id, changed)
    return changed


def test_the_published_score_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    card = with_baseline(monkeypatch)
    assert card.anchors.human is not None
    assert normalize_score("Hanoi3Disk", card.anchors.human) == 1.0
    assert normalize_score("Hanoi3Disk", 2.0, "baseline") == 1.0
    assert card.held_to("baseline").digest == card.digest
    without = get_card("Hanoi4Disk")
    assert without.held_to("baseline") is without


def test_the_report_says_which_it_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_baseline(monkeypatch)
    recorded_run(tmp_path / "run", "Hanoi3Disk,RockPaperScissorBasic", steps=None)
    published = build_report(tmp_path / "run")
    own = build_report(tmp_path / "run", human="baseline")
    assert (published.human, own.human) == ("published", "baseline")
    assert any(
        note.startswith("Human scores of Hanoi3Disk, RockPaperScissorBasic: SmartPlay")
        for note in published.notes
    )
    assert "Human scores of Hanoi3Disk: recorded here: 4 players, 9 episodes." in own.notes
    assert any(
        note.startswith("Human scores of RockPaperScissorBasic: SmartPlay") for note in own.notes
    )
    before, after = published.games[0].normalized, own.games[0].normalized
    assert before is not None
    assert after is not None
    assert (before.mean, after.mean) == (1.0, 1.5)


def test_the_choice_is_open_on_the_command_line(tmp_path: Path) -> None:
    recorded_run(tmp_path / "run")
    assert main(["report", str(tmp_path / "run"), "--human", "baseline", "--json"]) == 0
