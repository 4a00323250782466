"""The catalog: agents by name, by file, by definition and as Python objects."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.agents.catalog import AgentSource, find_agent, known_agents, read_definition
from smartplay.agents.context import Observation, Reply
from smartplay.agents.prompts import PLAIN
from smartplay.agents.reference import reference
from smartplay.agents.simple import ConstantAgent, RandomAgent
from smartplay.core.errors import AgentError, UnknownNameError, UsageError
from tests.lent import context

ACTIONS = ["Move Left", "Move Right", "Jump"]

FILE = """
import asyncio

class Own:
    def __init__(self, manual, actions, seed, greed=1, name="x"):
        self.told = (manual, tuple(actions), seed, greed, name)
        self.actions = actions

    def act(self, observation):
        return self.actions[1]

class Waiting(Own):
    async def act(self, observation):
        await asyncio.sleep(0)
        return self.actions[1]

class Needs:
    def __init__(self, manual, actions, seed, model):
        pass

    def act(self, observation):
        return "x"

class Bare:
    def act(self, observation):
        return "x"

class NoAct:
    def __init__(self, manual, actions, seed):
        pass

def function(prompt):
    return "Move Right"

async def waiting(prompt):
    await asyncio.sleep(0)
    return "Move Right"

def factory(manual, actions, seed, greed=1):
    return Own(manual, actions, seed, greed)

def anything(**given):
    return Own(given["manual"], given["actions"], given["seed"], given.get("greed", 1))

NUMBER = 3
instance = Own("", [], 0)
"""


def first(source: AgentSource) -> Any:
    reply: Any = source.make(context("M", ACTIONS, 5)).act(Observation("here"))
    return asyncio.run(reply) if asyncio.iscoroutine(reply) else reply


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def define(tmp_path: Path, text: str, name: str = "mine.toml") -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


# Shipped


def test_random_is_even_and_seeded() -> None:
    agents = [RandomAgent("", ACTIONS, seed) for seed in (1, 1, 2)]
    played = [[agent.act("") for _ in range(3000)] for agent in agents]
    assert played[0] == played[1] != played[2]
    counts = Counter(played[0])
    assert set(counts) == set(ACTIONS)
    assert all(abs(count - 1000) < 130 for count in counts.values())


@pytest.mark.parametrize(
    ("name", "settings", "action"),
    [
        ("constant", {}, "Move Left"),
        ("constant:1", {}, "Move Left"),
        ("constant:3", {}, "Jump"),
        ("constant:Move Right", {}, "Move Right"),
        ("constant", {"action": 2}, "Move Right"),
        ("constant:2", {"action": "Jump"}, "Jump"),
    ],
)
def test_constant(name: str, settings: dict[str, Any], action: str) -> None:
    assert first(find_agent(name, settings)) == action


@pytest.mark.parametrize("action", [0, -1, 4, "Fly", "", True])
def test_constant_without_such_an_action(action: Any) -> None:
    with pytest.raises(UsageError, match="the actions are: Move Left, Move Right, Jump"):
        ConstantAgent("", ACTIONS, 0, action)


def test_reference_by_the_title_of_the_manual() -> None:
    agent = reference("Tower of Hanoi\n\nRules.", ["a"], 0)
    assert type(agent).__name__ == "HanoiReference"
    with pytest.raises(AgentError, match="no reference agent for 'Chess'; there is one for: "):
        reference("Chess\n\nRules.", ["a"], 0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "unknown agent ''"),
        ("randm", "did you mean random"),
        ("mine", "unknown agent"),
        ("mine.py", "name the class or function in it: mine.py:Name"),
        ("random:3", "random takes no"),
        ("reference:x", "reference takes no"),
        ("openi:gpt", "no module named"),
        ("no/such.py:X", "no file"),
        ("no/such.toml", "cannot read agent definition"),
    ],
)
def test_there_is_no_such_agent(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        find_agent(name, {})


@pytest.mark.parametrize("number", ["\u00b2", "\u0663", "-1", "x"])
def test_odd_numbers_are_names_that_are_not_there(number: str) -> None:
    source = find_agent(f"constant:{number}", {})
    if number == "\u0663":
        assert first(source) == "Jump"
        return
    with pytest.raises(UsageError, match="no action"):
        first(source)


def test_every_kind_is_listed() -> None:
    told = " ".join(known_agents())
    for name in ("random", "constant", "reference", "local", "openai", "anthropic", ".py", ".toml"):
        assert name in told


# Files and objects


@pytest.mark.parametrize(
    ("name", "asynchronous"),
    [
        ("Own", False),
        ("Waiting", True),
        ("function", False),
        ("waiting", True),
        ("factory", False),
        ("anything", False),
    ],
)
def test_agents_in_a_file(name: str, asynchronous: bool, file: Path) -> None:
    source = find_agent(f"{file}:{name}", {})
    assert first(source) == "Move Right"
    assert source.asynchronous == asynchronous
    assert source.name == f"{file}:{name}"
    assert source.reference == (f"{file}:{name}", {})


def test_a_factory_is_given_what_it_needs(file: Path) -> None:
    for name in ("Own", "factory", "anything"):
        source = find_agent(f"{file}:{name}", {"greed": 7})
        agent: Any = source.make(context("M", ACTIONS, 5))
        assert agent.told == ("M", tuple(ACTIONS), 5, 7, "x")
        assert source.settings == {"greed": 7}


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("NUMBER", {}, "neither a class nor a function"),
        ("instance", {}, "neither a class nor a function"),
        ("Missing", {}, "unknown name"),
        ("Own", {"gred": 1}, "did you mean greed"),
        ("Own", {"seed": 1}, "unknown setting"),
        ("anything", {"seed": 1}, "unknown setting"),
        ("function", {"greed": 1}, "there are none"),
        ("Needs", {}, "'model'"),
        ("Bare", {}, "manual, actions and seed"),
        ("NoAct", {}, "no method act"),
    ],
)
def test_what_cannot_be_an_agent(
    name: str, settings: dict[str, Any], words: str, file: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        find_agent(f"{file}:{name}", settings)


def test_python_objects() -> None:
    class Mine:
        def __init__(self, manual: str, actions: list[str], seed: int, bold: bool = False) -> None:
            self.bold = bold

        def act(self, observation: str) -> int:
            return 2 if self.bold else 1

    assert first(find_agent(Mine, {})) == 1
    assert first(find_agent(Mine, {"bold": True})) == 2
    assert first(find_agent(functools.partial(Mine, bold=True), {})) == 2
    assert first(find_agent(lambda prompt: prompt[:1], {})) == "M"
    assert find_agent(Mine, {}).reference is None
    assert find_agent(Mine, {}).name.endswith("Mine")


class Prompted:
    def __call__(self, prompt: str) -> str:
        return prompt[:1]

    async def waits(self, prompt: str) -> str:
        return prompt[:1]


def test_callables_of_every_kind() -> None:
    assert first(find_agent(Prompted(), {})) == "M"
    assert first(find_agent(Prompted().waits, {})) == "M"
    assert find_agent(Prompted().waits, {}).asynchronous
    assert first(find_agent(str.upper, {})).startswith("M\n\nYOUR ACTIONS")


def test_async_agents_of_every_kind_play(tmp_path: Path, file: Path) -> None:
    for name in ("Waiting", "waiting", "Own", "function"):
        run = smartplay.run(
            f"{file}:{name}", "Hanoi3Disk", episodes=1, steps=2, out=tmp_path / name, progress=False
        )
        assert not run.unscored, run.unscored[0].error


# Definitions


def test_a_definition(tmp_path: Path, file: Path) -> None:
    path = define(tmp_path, f'agent = "{file.name}:Own"\n[settings]\ngreed = 2\nname = "y"\n')
    source = find_agent(path, {"greed": 9})
    agent: Any = source.make(context("M", ACTIONS, 5))
    assert agent.told[3:] == (9, "y")
    assert source.name == "mine"
    assert source.settings == {"greed": 9, "name": "y"}
    assert source.reference is not None
    assert find_agent(*source.reference).settings == source.settings


def test_a_definition_of_a_shipped_agent(tmp_path: Path) -> None:
    path = define(tmp_path, 'agent = "constant"\nsettings = { action = 3 }\n', "jumper.toml")
    source = find_agent(path, {})
    assert first(source) == "Jump"
    assert source.name == "jumper"


def test_a_definition_of_a_definition(tmp_path: Path) -> None:
    path = define(tmp_path, 'agent = "mine.toml"\n')
    with pytest.raises(UsageError, match="names another definition"):
        find_agent(path, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must hold agent"),
        ("agent = 3", "must hold agent"),
        ("[agent]", "must hold agent"),
        ('agent = "random"\nsettings = 3', "must hold agent"),
        ('agent = "random"\nspeed = 3', "unknown: speed"),
        ('agent = "random"\n[settings]\nx = 1', "unknown setting of agent random 'x'"),
        ('agent = "randm"', "did you mean random"),
        ('agent = "gone.py:X"', "no file"),
        ("agent = ", "not valid TOML"),
        ("\udcff", "not valid TOML"),
        ("a = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_a_broken_definition(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=words) as caught:
        find_agent(str(path), {})
    assert "\n" not in str(caught.value)


def test_a_definition_as_some_editors_save_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbfagent = 'random'\r\n[settings]\r\n")
    assert read_definition(path)[0] == "random"


def test_a_file_in_a_definition_is_beside_it(tmp_path: Path, file: Path) -> None:
    path = define(tmp_path, 'agent = "mine.py:Own"')
    assert read_definition(Path(path))[0] == f"{tmp_path / 'mine.py'}:Own"


# What agents read


def test_an_observation_is_its_text_and_the_complaint() -> None:
    plain = Observation("here", ["a", "b"])
    assert plain == plain.text == "here"
    assert plain.history == ["a", "b"]
    assert plain.complaint == ""
    again = Observation("here", ["a"], "Speak up.")
    assert again == "here\n\nSpeak up."
    assert (again.text, again.complaint) == ("here", "Speak up.")


def test_a_prompt_has_all_an_agent_reads() -> None:
    told = PLAIN.prompt("Manual.", ACTIONS, Observation("now", ["a", "b"], "Speak up."), 7)
    assert told == (
        "Manual.\n\nYour actions:\n1. Move Left\n2. Move Right\n3. Jump\n\n"
        "Step 5:\na\n\nStep 6:\nb\n\nStep 7:\nnow\n\nSpeak up."
    )


def test_replies_compare_by_what_they_say() -> None:
    assert Reply("x") == Reply("x", "", False, [])
    assert issubclass(UnknownNameError, UsageError)


def test_a_heading_is_left_out_where_the_text_opens_with_it() -> None:
    texts = ["Step 1 of 4. You moved.", "Step 30 of 40.", "Step 3"]
    told = PLAIN.prompt("Manual.", ACTIONS, Observation(texts[-1], texts[:-1]), 3)
    assert told.endswith("\n\nStep 1 of 4. You moved.\n\nStep 2:\nStep 30 of 40.\n\nStep 3")
    told = PLAIN.prompt("Manual.", ACTIONS, Observation("Step 10 of 40."), 1)
    assert told.endswith("\n\nStep 1:\nStep 10 of 40.")
