"""What scores can tell apart, what ablations do to them, and how retention is reported."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import smartplay
from smartplay.agents.ablations import ABLATIONS, FIRST_WORDS, NINE, find_ablation
from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Observation, Reply
from smartplay.agents.wrappers import Filter, make_filtered
from smartplay.cards.bounds import Bounds
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.cards.published import published_table
from smartplay.cli import main
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.games.registry import cards, get_card
from smartplay.records import EpisodeRecord
from smartplay.runner.episode import play_episode
from smartplay.runner.jobs import Job
from smartplay.runner.worker import play_by_name
from smartplay.scores.contrasts import ContrastScore, score_contrasts
from smartplay.scores.scoring import score_game
from smartplay.validity.degrees import study_degrees, study_table
from smartplay.validity.matrix import KEPT, LOST, ablation_matrix, classic_ablations
from smartplay.validity.study import contrast_cards, study_ablations, study_classic
from tests.lent import context, lend

SEEDS = 14
NAMES = [str(capability) for capability in Capability]


# Degrees and the published table


def test_the_published_scores_are_nearly_one_number() -> None:
    found = study_table(published_table(), "shipped")
    assert found.models == 8
    assert found.rank == 7
    assert found.lowest == pytest.approx(0.92, abs=0.005)
    assert found.median == pytest.approx(0.98, abs=0.005)
    assert found.component == pytest.approx(0.98, abs=0.005)
    planning, reasoning = NAMES.index("Planning"), NAMES.index("Reasoning")
    assert found.correlations[planning][reasoning] == pytest.approx(1)
    assert study_table(published_table(), "paper").lowest > found.lowest


def test_core_cards_have_the_published_degrees() -> None:
    table = published_table()
    for card in (card for card in cards() if card.core):
        place = table.games.index(card.name)
        assert card.degrees == {key: row[place] for key, row in table.degrees.items()}, card.id


def test_what_the_degrees_of_the_core_cannot_tell_apart() -> None:
    core = [card for card in cards() if card.core]
    found = study_degrees(core, "shipped")
    assert found.rank == len(found.singular_values) == 7
    assert ["Reasoning", "Planning"] in found.groups
    assert {"Reasoning", "Planning"} <= set(found.determined)
    assert found.condition is not None
    assert found.condition >= 1


def test_a_single_game_has_one_direction() -> None:
    found = study_degrees([get_card("Hanoi3Disk")], "shipped")
    assert found.rank == 1
    assert found.condition == pytest.approx(1)
    assert "Spatial Reasoning" in found.uncovered


# Retention


def record(card: str, episode: int, score: float | None) -> EpisodeRecord:
    return EpisodeRecord(
        game=get_card(card).id,
        episode=episode,
        seed=episode,
        agent_seed=0,
        status="unscored" if score is None else "scored",
        score=score,
    )


def contrasts(
    pair: Sequence[GameCard], easy: Sequence[float | None], hard: Sequence[float | None]
) -> dict[str, ContrastScore]:
    records = {
        card.id: [record(card.name, k, score) for k, score in enumerate(own)]
        for card, own in zip(pair, (easy, hard), strict=True)
    }
    played = {
        card.id: score_game(card, own, len(own), card.steps)
        for card, own in zip(pair, records.values(), strict=True)
    }
    return {score.capability: score for score in score_contrasts(pair, played, records)}


REASONING = contrast_cards()[NAMES.index("Reasoning")]


def test_retention_is_the_ratio_of_the_two_settings() -> None:
    found = contrasts(REASONING, [12.0, 12.0, 11.0, 12.0], [12.0, 9.0, None])
    assert list(found) == NAMES
    reasoning = found["Reasoning"]
    assert reasoning.pairs == 2
    assert reasoning.easy
    assert reasoning.hard
    assert reasoning.retention
    assert reasoning.retention.mean == pytest.approx(reasoning.hard.mean / reasoning.easy.mean)
    assert reasoning.reason == ""
    assert found["Planning"].reason == "its two settings were not both played"
    assert score_contrasts([get_card("Hanoi3Disk")], {}, {}) == []


def test_the_pairs_of_a_contrast_are_episodes_and_not_plays() -> None:
    records = {card.id: [record(card.name, 0, 12.0), record(card.name, 1, 9.0)]
               for card in REASONING}  # fmt: skip
    twice = {
        game: [*own, *(msgspec.structs.replace(each, repeat=1) for each in own)]
        for game, own in records.items()
    }
    scores = {card.id: score_game(card, twice[card.id], 4, card.steps) for card in REASONING}
    (found,) = (each for each in score_contrasts(REASONING, scores, twice) if each.easy)
    assert found.pairs == 2


@pytest.mark.parametrize("easy", [[12.0], [4.0, 2.0, 3.0, 3.0], [5.0, 1.0, 5.0]])
def test_retention_is_not_measurable_where_easy_may_be_chance(easy: list[float]) -> None:
    found = contrasts(REASONING, easy, [5.0] * 5)["Reasoning"]
    assert found.retention is None
    assert found.reason == "the easy score is not surely above chance"
    assert found.easy


def test_the_report_holds_contrasts_beside_the_classic_scores(tmp_path: Path) -> None:
    games = "ContrastReasoningEasy,ContrastReasoningHard,Hanoi3Disk"
    played = smartplay.run(
        "reference", games, episodes=4, out=tmp_path / "run", progress=False,
        agent_settings={"ablation": "one-inference"},
    )  # fmt: skip
    report = played.report()
    reasoning = next(score for score in report.contrasts if score.capability == "Reasoning")
    assert reasoning.retention
    assert reasoning.retention.mean <= LOST
    by_name = {score.capability: score for score in report.capabilities}
    assert by_name["Reasoning"].scores["shipped"], "the classic score comes from Hanoi"
    assert by_name["Reasoning"].covers == {"smartplay/Hanoi3Disk-v0": 2}
    data = json.loads((played.path / "report.json").read_text())
    assert len(data["contrasts"]) == 9
    assert "## Contrasts" in (played.path / "report.md").read_text()
    assert report.agent == "reference (ablation: one-inference)"
    assert data["run"]["agent_settings"] == {"ablation": ["one-inference"]}


# The ablation matrix


@pytest.fixture(scope="module")
def matrix() -> Any:
    return study_ablations(SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize("row", range(len(NINE)), ids=[ablation.name for ablation in NINE])
def test_each_ablation_costs_its_own_contrast_and_no_other(matrix: Any, row: int) -> None:
    kept = [value for k, value in enumerate(matrix.retention[row]) if k != row]
    assert None not in matrix.retention[row]
    assert matrix.retention[row][row] <= LOST
    assert matrix.high[row][row] <= LOST
    assert min(kept) >= KEPT
    assert min(value for k, value in enumerate(matrix.low[row]) if k != row) > LOST
    assert matrix.clean[row]
    assert min(matrix.easy[row]) >= 0.95, "an ablation costs nothing where nothing is demanded"


def test_the_nine_stand_for_the_nine_capabilities() -> None:
    assert [str(ablation.capability) for ablation in NINE] == NAMES
    assert len({ablation.name for ablation in ABLATIONS}) == len(ABLATIONS)
    for ablation in ABLATIONS:
        assert bool(ablation.filter) != bool(ablation.faculty), ablation.name


def test_a_row_that_is_not_clean_is_called_so() -> None:
    easy = np.ones((9, 9, 4))
    hard = np.ones((9, 9, 4))
    hard[np.arange(9), np.arange(9)] = 0.0
    hard[3, 4] = 0.5
    easy[5, 6] = 0.1
    found = ablation_matrix([ablation.name for ablation in NINE], easy, hard, Bounds(-0.5, 1))
    assert found.clean == [True, True, True, False, True, False, True, True, True]
    assert found.retention[5][6] is None


@pytest.mark.slow
def test_the_command_prints_the_matrix_as_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / "matrix.svg"
    arguments = ["validity", "--ablations", "--seeds", "2", "--svg", str(picture), "--json"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["capabilities"] == NAMES
    for key in ("retention", "low", "high"):
        assert [len(row) for row in found[key]] == [9] * 9
    assert found["published"]["shipped"]["rank"] == 7
    assert picture.read_text().startswith("<svg")


@pytest.mark.parametrize(
    "arguments",
    [["--seeds", "1"], ["--seeds", "9"], ["--svg", "x.svg"], ["--classic"], ["--games", "nothing"]],
)
def test_the_command_refuses(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validity", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# The classic scoring


@pytest.mark.slow
def test_classic_scores_do_not_tell_the_ablations() -> None:
    found = study_classic(4, "shipped")
    assert len(found.lost) == len(found.drops) == len(found.told) == 9
    assert min(found.whole) > 0.5
    assert not all(found.told), "then the contrasts would not be needed"
    planning = NAMES.index("Planning")
    assert found.drops[planning][planning] == found.drops[planning][NAMES.index("Reasoning")]


def test_the_suspect_is_the_score_that_falls_most() -> None:
    games = [get_card("Hanoi3Disk"), get_card("RockPaperScissorBasic")]
    ablated: list[list[float | None]] = [[None, 1.0]] * 9
    ablated[0] = [1.0, 0.2]
    found = classic_ablations(games, [1.0, 1.0], ablated, "shipped")
    assert found.suspected[0] == [
        "Generalization",
        "Understanding the Odds",
        "Learning from Interactions",
    ]
    assert found.suspected[1] == []
    assert found.told == [False] * 9
    assert found.lost[1] == [None, 0.0]


# Ablations as options of any agent


class Echo:
    """Replies with what it was shown."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self.manual, self.actions, self.seen = manual, actions, 0

    def act(self, observation: Observation) -> Any:
        self.seen += 1
        return Reply(
            f"{self.manual}|{self.actions}|{observation.text}|{observation.history}|"
            f"{observation.complaint}|{self.seen}"
        )


def filtered(agent: Any, kind: type[Filter], manual: str, actions: list[str]) -> Any:
    """An agent behind a filter."""
    return make_filtered(find_agent(agent, {}).make, [kind], context(manual, actions))


def shown(ablation: str, texts: list[str], actions: list[str] | None = None) -> list[str]:
    kind = find_ablation(ablation).filter
    assert kind
    manual = "Title\n" + " ".join(f"word{k}" for k in range(100))
    actions = actions or ["go north", "go south"]
    agent: Any = filtered(Echo, kind, manual, actions)
    return [agent.act(Observation(text, ["earlier 1"])).text for text in texts]


def test_truncated_manual() -> None:
    [text] = shown("truncate-manual", ["now"])
    assert len(text.split("|")[0].split()) == FIRST_WORDS
    assert text.startswith("Title\nword0")


def test_no_manual() -> None:
    assert shown("no-manual", ["now"])[0].startswith("Title|")


def test_no_history_forgets_all() -> None:
    first, second = shown("no-history", ["now", "then"])
    assert first.endswith("|now|()||1")
    assert second.endswith("|then|()||1"), "the agent was not made anew"


def test_late_observation() -> None:
    texts = shown("late-observation", ["a", "b", "c"])
    assert [text.split("|")[2] for text in texts] == ["a", "a", "b"]


def test_no_observation() -> None:
    assert "now" not in shown("no-observation", ["now"])[0]


def test_masked_numbers() -> None:
    assert "|# of #.|['earlier #']" in shown("mask-numbers", ["12 of 3.5."])[0]


def test_renamed_words_are_renamed_back() -> None:
    class Tells:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None:
            self.told = actions

        def act(self, observation: Observation) -> str:
            assert "north" not in observation.lower()
            assert "Go " in self.told[0]
            return self.told[0]

    kind = find_ablation("rename").filter
    assert kind
    agent = filtered(Tells, kind, "T\nNorth is up.", ["Go north", "Go south"])
    assert agent.act(Observation("North of you.")) == "Go north"


def test_an_asynchronous_agent_is_waited_for() -> None:
    class Slow:
        async def act(self, observation: Observation) -> str:
            return "go north"

    kind = find_ablation("no-history").filter
    assert kind
    agent = filtered(lambda **_: Slow(), kind, "T", ["go north"])
    assert asyncio.run(agent.act(Observation("x"))) == "go north"


def test_ablations_are_part_of_what_is_played() -> None:
    source = find_agent("reference", {"ablation": "one-axis"})
    assert source.name == "reference (ablation: one-axis)"
    assert source.settings == {"ablation": ["one-axis"]}
    two = find_agent("random", {"ablation": ["no-history", "rename"]})
    assert two.settings == {"ablation": ["no-history", "rename"]}
    assert find_agent("random", {}).settings == {}


def test_a_ablated_agent_can_be_built_again_elsewhere() -> None:
    source = find_agent("reference", {"ablation": ["one-inference"]})
    assert source.reference
    card = get_card("ContrastReasoningHard")
    job = Job(
        game=card.id, card="", settings={}, steps=12, episode=0, seed=5, agent_seed=5, retries=0
    )
    here = asyncio.run(play_episode(job, source.make, lend())).record
    there = play_by_name(job, source.reference).record
    assert here.score == there.score
    assert here.score is not None
    assert here.score < 12


@pytest.mark.parametrize(
    ("agent", "ablation", "error"),
    [
        ("random", "one-move", UsageError),
        ("reference", ["one-move", "one-axis"], UsageError),
        ("reference", "no-brain", UnknownNameError),
    ],
)
def test_impossible_ablations(agent: str, ablation: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        find_agent(agent, {"ablation": ablation})
