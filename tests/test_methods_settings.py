"""Methods by name: what they take, what they refuse, and what a run says of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import smartplay
from smartplay.agents.catalog import PLAYING_KEYS, find_agent, known_agents
from smartplay.agents.context import Context, Observation
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS, PROTOCOLS
from smartplay.agents.methods.direct import Direct
from smartplay.agents.methods.fresh import Fresh
from smartplay.agents.methods.method import make_method, settings_of
from smartplay.cli import main
from smartplay.core.errors import AgentError, UnknownNameError, UsageError
from smartplay.leaderboard.tracks import track_of
from smartplay.parsing import parse_action
from tests.fake_server import FakeServer
from tests.lent import context, lend
from tests.test_llm_agent import Scripted

AGENTS = Path(smartplay.__file__).parents[1] / "agents"
DSPY = pytest.mark.skipif(not find_spec("dspy"), reason="DSPy is an extra")


def installed(names: Iterable[str]) -> list[Any]:
    return [pytest.param(name, marks=[DSPY] if name == "dspy" else []) for name in names]


OWN_MODELS = installed(
    name for name, kind in METHODS.items() if name != "eco" and all([*kind.roles.values()][1:])
)
URL = "http://127.0.0.1:9/v1"
PLAYABLE = [card for card in smartplay.cards() if card.playable and card.family != "minedojo"]


def find(agent: str, **settings: Any) -> Any:
    return find_agent(agent, {"base_url": URL} | settings)


# What a run says


@pytest.mark.parametrize("method", OWN_MODELS)
def test_a_model_is_asked_by_any_method(method: str) -> None:
    source = find("openai:small", method=method)
    kept = source.settings
    assert kept["model"] == "openai:small"
    if method in PROTOCOLS:
        assert (source.name, kept["protocol"]) == ("openai:small", method)
        assert "method" not in kept
    else:
        assert (source.name, kept["method"]) == (f"{method}(openai:small)", method)
        assert "protocol" not in kept
    for name, value in settings_of(METHODS[method]).items():
        assert kept.get(name, value) == value
    assert {model.name for model in source.models.values()} == {"openai:small"}
    again = find_agent(*source.reference)
    assert (again.name, again.settings) == (source.name, source.settings)


@pytest.mark.parametrize(
    ("method", "temperature"),
    [("direct", 0.0), ("majority", 0.7), ("debate", 0.7), ("correct", 0.0), ("heap", 0.0)],
)
def test_samples_differ_by_default(method: str, temperature: float) -> None:
    assert find("openai:small", method=method).settings["temperature"] == temperature
    assert find("openai:small", method=method, temperature=0.2).settings["temperature"] == 0.2


def test_a_service_that_takes_no_temperature_is_left_alone(monkeypatch: Any) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-none")
    source = find_agent("anthropic:x", {"method": "majority"})
    assert source.settings["temperature"] is None


def test_equal_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="would all be the same reply"):
        smartplay.run(
            "openai:small", "BanditTwoArmedHighLowFixed", out=tmp_path / "run", progress=False,
            agent_settings={"base_url": URL, "method": "majority", "temperature": 0},
        )  # fmt: skip


def test_two_models_by_their_roles() -> None:
    source = find("openai:small", method="cascade", models={"strong": {"agent": "openai:large"}})
    assert source.name == "cascade(openai:small, openai:large)"
    kept = source.settings["models"]
    assert {role: table["model"] for role, table in kept.items()} == {
        "weak": "openai:small", "strong": "openai:large"
    }  # fmt: skip
    assert kept["strong"]["temperature"] == kept["weak"]["temperature"] == 0.4
    assert kept["strong"]["base_url"] == URL, "what is no setting of the method is for all models"
    assert "model" not in source.settings


def test_a_role_without_a_model_is_the_players() -> None:
    source = find("openai:small", method="correct")
    assert source.models["player"] is source.models["reviewer"]
    other = find("openai:small", method="correct", models={"reviewer": {"agent": "openai:b"}})
    assert other.models["reviewer"].name == "openai:b"


def test_a_model_of_ones_role_may_have_settings_of_its_own() -> None:
    tables = {"weak": {"temperature": 0.9}, "strong": {"agent": "openai:b"}}
    source = find("openai:a", method="cascade", models=tables)
    assert source.settings["models"]["weak"]["temperature"] == 0.9


@pytest.mark.parametrize("path", sorted(AGENTS.glob("*.toml")), ids=lambda path: path.stem)
def test_definitions_are_ready(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{service}_API_KEY", "sk-none")
    if path.stem in ("local", "think") or (path.stem == "dspy" and not find_spec("dspy")):
        pytest.skip("needs the weights, or an extra")
    source = find_agent(str(path), {})
    assert source.name == path.stem
    if path.stem in METHODS:
        kept = source.settings
        assert kept.get("method", kept.get("protocol")) == path.stem


def test_each_method_has_a_definition() -> None:
    assert set(METHODS) - {path.stem for path in AGENTS.glob("*.toml")} == {"direct"}


def test_methods_are_among_the_agents() -> None:
    assert set(METHODS) <= set(known_agents())
    assert all(METHODS[name].summary for name in METHODS)


def test_a_track_names_the_method_and_its_settings(tmp_path: Path) -> None:
    with FakeServer() as server:
        settings = {"base_url": server.url, "method": "majority", "samples": 3}
        run = smartplay.run(
            "openai:fake", "BanditTwoArmedHighLowFixed", episodes=1, steps=1, out=tmp_path / "run",
            progress=False, agent_settings=settings,
        )  # fmt: skip
    assert track_of(run.header).method == "majority method (samples 3)"
    assert run.header.agent == "majority(openai:fake)"


# What is refused


@pytest.mark.parametrize(
    ("agent", "settings", "told"),
    [
        ("openai:x", {"method": "majorty"}, r"unknown method 'majorty'; did you mean majority"),
        ("openai:x", {"protocol": "shout"}, "unknown protocol 'shout'; known: direct, think"),
        ("openai:x", {"method": "majority", "sampels": 3}, "'sampels'; did you mean samples"),
        ("openai:x", {"method": "majority", "samples": 1}, "samples takes .* of 2 or more"),
        ("openai:x", {"method": "correct", "by": "luck"},
         "unknown by of the method correct 'luck'; known: review, again, oracle"),
        ("openai:x", {"method": "correct", "_judge": 1}, "unknown setting '_judge'"),
        ("openai:x", {"method": "cascade"}, "role strong; name one with --model strong="),
        ("openai:x", {"method": "majority", "models": {"judge": {"agent": "openai:y"}}},
         "takes no models"),
        ("openai:x", {"method": "correct", "models": {"judge": {"agent": "openai:y"}}},
         "role of the method correct 'judge'"),
        ("majority", {}, "role player; name one with --model player="),
        ("majority", {"method": "debate"}, "is a method itself"),
        ("cascade", {"samples": 3, "agree": 4}, "only 3 samples"),
        ("random", {"method": "majority"}, "method"),
    ],
)  # fmt: skip
def test_what_is_refused(agent: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        find_agent(agent, ({"base_url": URL} if ":" in agent else {}) | settings)


@pytest.mark.parametrize(
    ("role", "told"), [("judge", "role of the .* 'judge'"), ("reviewer", "role player;")]
)
def test_roles_are_checked_before_keys(role: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        find_agent("correct", {"models": {role: {"agent": "openai:y"}}})


@pytest.mark.parametrize("command", ["run", "sensitivity"])
def test_the_command_line_knows_methods(command: str, capsys: Any, tmp_path: Path) -> None:
    code = main([command, "openai:x", "--method", "majorty", "--out", str(tmp_path / "run")])
    assert code == 2
    assert "unknown method 'majorty'; did you mean majority?" in capsys.readouterr().err


def test_the_command_line_plays(capsys: Any, tmp_path: Path) -> None:
    with FakeServer() as server:
        server.answer(lambda request: "Answer: 2")
        code = main([
            "run", "openai:small", "--method", "majority", "--set", "samples=3", "--base-url",
            server.url, "--games", "RockPaperScissorBasic", "--episodes", "1", "--steps", "2",
            "--out", str(tmp_path / "run"),
        ])  # fmt: skip
        assert (code, len(server.requests)) == (0, 6)
        seeds = {request["temperature"] for request in server.requests}
    assert seeds == {0.7}
    assert main(["verify", str(tmp_path / "run")]) == 0


# What methods rest on


@pytest.mark.parametrize("card", PLAYABLE, ids=lambda card: card.name)
def test_a_vote_is_understood_in_every_game(card: smartplay.GameCard) -> None:
    env = gym.make(card.id, disable_env_checker=True)
    actions = env.reset(seed=0)[1]["actions"]
    env.close()
    for place, name in enumerate(actions):
        assert parse_action(f"Answer: {name}", actions).action == place


@pytest.mark.parametrize("method", installed(METHODS))
def test_controls_are_arms_that_can_be_played(method: str) -> None:
    kind = METHODS[method]
    arms = kind().controls()
    assert arms or method == "direct"
    assert len({arm.name for arm in arms}) == len(arms)
    for arm in arms:
        other = METHODS[arm.method]
        own = {key: value for key, value in arm.settings.items() if key not in PLAYING_KEYS}
        if own != arm.settings:
            assert arm.method == method or "attempts" in arm.settings
        made = make_method(arm.method, other, own)
        played = dict(arm.settings) != own  # otherwise, if not asked otherwise
        assert (arm.method, made) != (method, kind()) or played, "a control that is the method"
        assert not arm.role or arm.role in kind.roles
        named = {role: {"agent": "openai:x"} for role in other.roles}
        models = {role: table | dict(arm.models) for role, table in named.items()}
        find_agent(arm.method, {"base_url": URL, **arm.settings, "models": models})


def test_words_of_a_method_stand_before_the_question() -> None:
    model = Scripted()
    agent = LLMAgent(context(models=lend(model)), Direct(words="Mind the dog."))
    asyncio.run(agent.act(Observation("Go.")))
    assert model.heard[0][1]["content"] == "Step 0:\nGo.\n\nMind the dog.\n\nWhat is your answer?"


def test_an_oracle_needs_a_reference_agent() -> None:
    agent = LLMAgent(context(models=both(Scripted())), METHODS["correct"](by="oracle"))
    with pytest.raises(AgentError, match="no reference agent"):
        asyncio.run(agent.act(Observation("Go.")))


def both(model: Scripted) -> Any:
    """One model in the roles of a review."""
    lent = lend(model)
    return {"player": lent["player"], "reviewer": lent["player"]}


# Dated notices

NOTICES = """Which door is right?
- 2024-03-01 Ann: it is the red door.
- undated, a wall: it is the blue door.
- 2024-05-31 Bob: it is the green door.
* 2023-12-24 Eve: it is the yellow door."""


@pytest.mark.parametrize(
    ("settings", "doors"),
    [
        ({}, ["blue", "yellow", "red", "green"]),
        ({"keep": 2}, ["red", "green"]),
        ({"keep": 1}, ["green"]),
        ({"order": "descending"}, ["green", "red", "yellow", "blue"]),
        ({"order": "descending", "keep": 3}, ["green", "red", "yellow"]),
        ({"order": "given", "keep": 3}, ["red", "green", "yellow"]),
    ],
)
def test_notices_are_sorted_and_cut(settings: dict[str, Any], doors: list[str]) -> None:
    """The newest are kept, those without a date are the oldest."""
    found = Fresh(**settings).sorted(NOTICES)
    assert [notice.split()[-2] for notice in found] == doors


def test_dates_may_be_in_words() -> None:
    board = (
        "Today is 3 March 1850.\n- 31 January 1849, a: x.\n- no date, b: y.\n- 2 March 1850, c: z."
        "\n- 12 December 1848, d: w."
    )
    assert [each[-2] for each in Fresh().sorted(board)] == ["y", "w", "x", "z"]


def test_the_newest_notice_stands_next_to_the_question() -> None:
    model = Scripted()
    asyncio.run(LLMAgent(context(models=lend(model)), Fresh(keep=2)).act(Observation(NOTICES)))
    page = model.heard[0][1]["content"]
    assert page.endswith("Bob: it is the green door.\n\nWhat is your answer?")
    assert page.startswith(f"Step 0:\n{NOTICES}\n\n")


def test_without_notices_it_asks_as_direct_and_says_so() -> None:
    plain, fresh = Scripted(), Scripted()
    told = Observation("Round 3. The score is 2024.")
    asyncio.run(LLMAgent(context(models=lend(plain)), Direct()).act(told))
    reply = asyncio.run(LLMAgent(context(models=lend(fresh)), Fresh()).act(told))
    assert fresh.heard == plain.heard
    assert "asked as direct" in reply.reasoning


# Plans


def trace(*replies: str, steps: int = 3, **settings: Any) -> tuple[list[str], Scripted]:
    """The replies of a planner and its policies, turn by turn."""
    model = Scripted(*replies)
    lent = lend(model)
    agent = LLMAgent(
        Context(manual="Rules.", actions=["Rock", "Paper"], seed=1,
                models={"player": lent["player"], "planner": lent["player"]}),
        METHODS["heap"](**settings),
    )  # fmt: skip

    async def play() -> list[str]:
        return [(await agent.act(Observation("Go."))).text for _ in range(steps)]

    return asyncio.run(play()), model


def test_policies_act_until_they_are_done() -> None:
    said, model = trace(
        "reach: the key\nuse: the key", "Answer: Rock", "Answer: DONE", "Answer: Paper",
        "Answer: DONE", "avoid: the dog", "Answer: Rock",
    )  # fmt: skip
    assert said == ["Answer: Rock", "Answer: Paper", "Answer: Rock"]
    assert "Your actions under it so far: Rock." in model.heard[2][1]["content"]
    assert "the policy use" in model.heard[3][1]["content"]


def test_a_policy_that_is_never_done_ends_at_its_bound() -> None:
    said, model = trace(
        "reach: the key", "Answer: Rock", "Answer: Rock", "use: the key", "Answer: Paper",
        patience=2,
    )  # fmt: skip
    assert said == ["Answer: Rock", "Answer: Rock", "Answer: Paper"]
    assert len(model.heard) == 5


def test_an_empty_plan_is_asked_for_once_more_and_then_done_without() -> None:
    said, model = trace("", "nothing", "Answer: Rock", steps=1)
    assert said == ["Answer: Rock"]
    assert model.heard[0] == model.heard[1]
    assert model.heard[2][1]["content"].endswith("Go.\n\nWhat is your answer?")


def test_without_replanning_there_is_one_plan() -> None:
    said, model = trace("reach: it", "Answer: DONE", "Answer: Rock", "Answer: Paper",
                        steps=2, replan=False)  # fmt: skip
    assert said == ["Answer: Rock", "Answer: Paper"]
    assert len(model.heard) == 4


def test_unknown_names_are_usage_errors() -> None:
    with pytest.raises(UnknownNameError, match="known: rounds, by"):
        make_method("correct", METHODS["correct"], {"zzz": 1})


FAMILIES = list({card.family: card.name for card in PLAYABLE}.values())
"""A game of each family."""


@pytest.mark.parametrize("method", installed(METHODS))
def test_a_method_plays_every_family(method: str, tmp_path: Path) -> None:
    kind = METHODS[method]
    needed = {role: {"agent": "openai:other"} for role in [*kind.roles][1:] if not kind.roles[role]}
    with FakeServer() as server:
        server.answer(lambda request: "## Choice\nAnswer: 1")
        run = smartplay.run(
            "openai:fake", FAMILIES, episodes=1, steps=2, out=tmp_path / "run", progress=False,
            agent_settings={"base_url": server.url, "method": method}
            | ({"models": needed} if needed else {}),
        )  # fmt: skip
    assert [record.error for record in run.episodes] == [None] * len(FAMILIES)
    assert not any(record.invalid for record in run.episodes)
