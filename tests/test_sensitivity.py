"""Variants of the prompt tell the same, and how much of a score they are is measured right."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartplay import load_run
from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Observation, Reply
from smartplay.agents.methods.turn import ROLE
from smartplay.agents.prompts import PLAIN, VARIANTS, FunctionAgent, Variant, find_variant
from smartplay.cli import main
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.models.base import Settings
from smartplay.models.pace import Pace
from smartplay.records import Call
from smartplay.validity.sensitivity import first_named, prompt_share, study_prompts
from tests.lent import context, lend

MANUAL, ACTIONS = "The Game\n\nThere are rules.", ["go north", "go south", "wait"]
SEEN = Observation("You are here.", ["You were there."])
each_variant = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)


@each_variant
def test_a_prompt_of_any_variant_holds_all_parts(variant: Variant) -> None:
    text = variant.style.prompt(MANUAL, ACTIONS, SEEN, 1)
    for part in (MANUAL, *ACTIONS, SEEN.text, *SEEN.history):
        assert text.count(part) == 1, f"{part!r} in {text!r}"
    assert (text == PLAIN.prompt(MANUAL, ACTIONS, SEEN, 1)) == (variant.name == "plain")


@each_variant
def test_a_filter_of_any_variant_passes_the_action_on(variant: Variant) -> None:
    read: list[str] = []

    class South:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None:
            read.append(manual)
            self._name = next(name for name in actions if name.endswith("go south"))
            self._place = actions.index(self._name)

        def act(self, observation: Observation) -> Any:
            read.append(str(observation))
            return self._name if "You are" in observation else self._place

    source = find_agent(South, {} if variant.name == "plain" else {"prompt": variant.name})
    agent = source.make(context(MANUAL, ACTIONS))
    assert agent.act(SEEN) == "go south"
    assert agent.act(Observation("Far off.")) == 1
    assert MANUAL in read[0]
    assert SEEN.text in read[1]


def test_there_are_enough_kinds_of_variants() -> None:
    assert len(VARIANTS) >= 7
    kinds = {variant.summary.split(":")[0] for variant in VARIANTS}
    assert {"order", "numbering", "wording", "protocol"} <= kinds
    with pytest.raises(UnknownNameError):
        find_variant("shouted")


class Parrot:
    """A model that keeps what it was sent."""

    name, concurrency, pace = "parrot", 1, Pace()
    notes: list[str] = []
    settings = Settings()

    def __init__(self) -> None:
        self.sent: list[list[dict[str, Any]]] = []

    async def chat(self, messages: list[dict[str, Any]], **_: Any) -> list[Call]:
        self.sent.append([dict(message) for message in messages])
        return [Call(messages, "Answer: wait")]

    async def aclose(self) -> None:
        pass


def asked(variant: str) -> tuple[Reply, list[str], dict[str, Any]]:
    """What a model replies and is sent, as one text per call; and the agent's settings."""
    model = Parrot()
    own = {} if variant == "plain" else {"prompt": variant}
    source = find_agent("openai:fake", {"base_url": "http://127.0.0.1:9/v1"} | own)
    assert list(source.models) == [ROLE]
    agent: Any = source.make(context(MANUAL, ACTIONS, models=lend(model)))
    reply = asyncio.run(agent.act(SEEN))
    texts = ["\n".join(message["content"] for message in sent) for sent in model.sent]
    return reply, texts, source.settings


@each_variant
def test_language_models_get_the_variant(variant: Variant) -> None:
    reply, texts, settings = asked(variant.name)
    assert reply.text == "Answer: wait"
    assert len(texts) == (2 if variant.other_protocol else 1)
    for part in (MANUAL, *ACTIONS, SEEN.text):
        assert texts[0].count(part) == 1, f"{part!r} in {texts[0]!r}"
    _, plain, plain_settings = asked("plain")
    assert "prompt" not in plain_settings
    if variant.name != "plain":
        assert settings["prompt"] == variant.name
        assert texts[0] != plain[0]


def test_functions_get_the_variant() -> None:
    prompts: list[str] = []

    def keep(prompt: str) -> str:
        prompts.append(prompt)
        return "wait"

    agent = find_agent(keep, {"prompt": "lettered"}).make(context(MANUAL, ACTIONS))
    assert isinstance(agent, FunctionAgent)
    agent.act(SEEN)
    assert "b) go south" in prompts[0]


# The share of the prompt


def test_prompt_share_of_made_up_scores() -> None:
    rng = np.random.default_rng(0)
    episodes = rng.normal(0, 0.3, 400)
    noise = rng.normal(0, 0.1, (5, 400))
    shift = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    moved = prompt_share({f"{k}": 0.5 + shift[k] + episodes + noise[k] for k in range(5)})
    assert moved.deviation == pytest.approx(shift.std(ddof=1), abs=0.02)
    assert moved.spread == pytest.approx(0.4, abs=0.03)
    assert moved.share == pytest.approx(0.025 / (0.025 + 0.09 + 0.01), abs=0.04)
    still = prompt_share({f"{k}": 0.5 + episodes + noise[k] for k in range(5)})
    assert still.deviation < 0.02
    assert still.share < 0.01


def test_equal_scores_have_no_share() -> None:
    found = prompt_share({"a": [1.0, 1.0], "b": [1.0, 1.0]})
    assert (found.share, found.deviation, found.spread) == (0, 0, 0)


@pytest.mark.parametrize(
    ("reply", "action"),
    [("I wait", 2), ("not go north but go south", 0), ("nothing", 0), ("GO SOUTH", 1)],
)
def test_the_originals_parser(reply: str, action: int) -> None:
    assert first_named(reply, ACTIONS) == action


def letters_only(prompt: str) -> str:
    """Is right if the list has letters; else takes the first action that is listed."""
    points = re.search(r"points to the (\w+) door", prompt.rpartition("Round ")[2])
    if "a) " in prompt and points:
        return f"Choose the {points[1]} door"
    return str(re.search(r"Choose the \w+ door", prompt)[0])  # type: ignore[index]


def test_a_study_finds_the_prompt_in_the_score(tmp_path: Path) -> None:
    found = study_prompts(
        letters_only, ["plain", "lettered", "bulleted", "reversed"],
        "ContrastLearningFromInteractionsEasy", tmp_path, {}, episodes=3, progress=False,
    )  # fmt: skip
    assert found.overall.variants["lettered"].mean == pytest.approx(1, abs=0.01)
    assert found.overall.variants["plain"].mean < 0.5
    assert found.overall.share > 0.3
    assert found.overall.spread > 0.5
    assert found.episodes == 3
    assert found.parsing.replies == 4 * 3 * 19
    assert found.parsing.otherwise == 0
    assert set(found.runs) == {"plain", "lettered", "bulleted", "reversed"}


def test_every_play_of_an_episode_counts(tmp_path: Path) -> None:
    games = "ContrastReasoningHard,ContrastPlanningEasy"
    study = study_prompts(
        "random", ["plain", "lettered"], games, tmp_path, {}, episodes=3, repeats=3, progress=False
    )
    records = [record for name in study.runs for record in load_run(study.runs[name]).episodes]
    assert {record.repeat for record in records} == {0, 1, 2}
    assert study.episodes == 6
    assert study.parsing.replies == sum(record.steps for record in records)
    plain = load_run(study.runs["plain"]).report(keep=False)
    means = [game.corrected.mean for game in plain.games if game.corrected]
    assert study.overall.variants["plain"].mean == pytest.approx(np.mean(means))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sensitivity", "reference", "--games", "ContrastReasoningHard"]
    arguments += ["--episodes", "2", "--out", str(tmp_path)]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["overall"]["mean"] == pytest.approx(1, abs=0.01)
    assert found["overall"]["spread"] == 0
    assert len(found["variants"]) == len(VARIANTS)
    assert main(arguments) == 0
    assert "standard deviation between variants" in capsys.readouterr().out.replace("\n", " ")


def test_plain_is_plain_whatever_prompt_the_agent_is_given(tmp_path: Path) -> None:
    games = "ContrastReasoningHard"
    found = study_prompts("random", ["plain", "reversed"], games, tmp_path, {"prompt": "lettered"},
                          episodes=2, progress=False)  # fmt: skip
    assert "prompt" not in load_run(found.runs["plain"]).header.agent_settings
    ends = [each.low for each in found.overall.variants.values()]
    assert all(low is not None and low >= -0.5 for low in ends), "no score is less"


def test_a_single_variant_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two variants"):
        study_prompts("random", ["plain"], "contrast", tmp_path, {})
