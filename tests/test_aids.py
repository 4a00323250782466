"""Aids: what each tells is true, comes from the text alone, and reaches any agent."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import pytest

import smartplay
from smartplay.agents.aids import AIDS, PLACEBO, find_aid
from smartplay.agents.aids.notes import Notes
from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Observation
from smartplay.agents.reference.hanoi import HanoiReference
from smartplay.agents.reference.hints import take_hints
from smartplay.cards.capabilities import Capability
from smartplay.core.errors import RunFolderError, UnknownNameError
from smartplay.games.crafter import rules
from tests.lent import context

LAKE = Path(__file__).parents[1] / "games" / "frozen_lake" / "frozen_lake.toml"
CLASSICS = ("BanditTwoArmedHighLowFixed", "RockPaperScissorBasic", "Hanoi3Disk", "MessengerL1",
            "MessengerL2", "MessengerL3", "Crafter", "MinedojoCreative1")  # fmt: skip


class Moment(NamedTuple):
    """A step of a random game: what an aid has read, the truth, and the actions."""

    notes: Notes
    state: dict[str, Any]
    actions: list[str]


def moments(game: str, seed: int = 0, steps: int = 60, **settings: Any) -> Iterator[Moment]:
    """A random game, step by step."""
    env: Any = gym.make(f"smartplay/{game}-v0", disable_env_checker=True, **settings)
    rng = random.Random(seed)
    text, info = env.reset(seed=seed)
    notes = Notes(info["manual"], info["actions"])
    for _ in range(steps):
        notes.add(text)
        yield Moment(notes, info["state"], list(info["actions"]))
        text, _, over, cut, info = env.step(rng.randrange(len(info["actions"])))
        if over or cut:
            break
    env.close()


def tell(aid: str, moment: Moment) -> str:
    return find_aid(aid).tell(moment.notes)


def test_there_is_one_aid_per_capability_and_a_placebo() -> None:
    assert [aid.capability for aid in AIDS] == list(Capability)
    assert PLACEBO.capability is None
    with pytest.raises(UnknownNameError, match="did you mean map"):
        find_aid("mapp")


@pytest.mark.parametrize("game", CLASSICS)
def test_several_aids_have_something_to_say_on_every_game(game: str) -> None:
    said = {aid.name for moment in moments(game, steps=8) for aid in AIDS if aid.tell(moment.notes)}
    assert len(said) >= 4, said


@pytest.mark.parametrize("seed", range(3))
def test_the_map_of_crafter_is_true(seed: int) -> None:
    names = rules.NAMES
    told = 0
    for moment in moments("Crafter", seed, 150):
        hint = tell("map", moment)
        x, y = moment.state["player_pos"]
        if moment.notes.seen[1:] == []:
            start = x, y
        away = re.search(r"you are: (.+?)\.", hint)
        assert away
        assert (x - start[0], y - start[1]) == offset(away[1])
        for kind, place in re.findall(r"[:;] ([a-z]+) (\d+ \w+(?:, \d+ \w+)?)", hint):
            dx, dy = offset(place)
            there = names[moment.state["semantic"][x + dx, y + dy]]
            told += 1
            assert kind in (there, "plant", "sapling"), (kind, there)
    assert told > 100


def offset(place: str) -> tuple[int, int]:
    ways = {"west": (-1, 0), "east": (1, 0), "north": (0, -1), "south": (0, 1)}
    parts = [(int(n), ways[way]) for n, way in re.findall(r"(\d+) (\w+)", place)]
    return sum(n * way[0] for n, way in parts), sum(n * way[1] for n, way in parts)


def test_the_rules_of_crafter_name_what_is_missing_beside_the_player() -> None:
    manual = next(moments("Crafter")).notes.manual
    seen = "You carry: 1 wood.\n- table: {}\nYou face south; in front of you: grass."
    for place, missing in (
        ("3 steps away (3 east)", True),
        ("2 steps away (1 east, 1 north)", False),
    ):
        notes = Notes(manual, [])
        notes.add(seen.format(place))
        told = find_aid("rules").tell(notes)
        assert ("Make Wood Pickaxe needs a table" in told) == missing
        assert "Stone" not in told, "it cannot be afforded anyway"


def test_the_digest_of_crafter_lists_what_was_unlocked() -> None:
    last = list(moments("Crafter", 4, 400))[-1]
    names = [name.replace("_", " ") for name in last.state["unlocked"]]
    assert names
    assert f"unlocked: {', '.join(names)}." in tell("digest", last)


@pytest.mark.parametrize("disks", [2, 3, 4, 5])
def test_whoever_follows_the_subgoals_solves_hanoi(disks: int) -> None:
    env: Any = gym.make("smartplay/Hanoi-v0", disks=disks, max_episode_steps=2**disks - 1)
    text, info = env.reset(seed=0)
    notes, over = Notes(info["manual"], info["actions"]), False
    while not over:
        notes.add(text)
        found = re.search(r"bring disk (\d+) to rod (.)\.$", find_aid("subgoal").tell(notes))
        assert found
        rod = next(r for r, stack in info["state"]["rods"].items() if int(found[1]) in stack)
        move = f"Move the top disk of rod {rod} to rod {found[2]}"
        text, _, over, _, info = env.step(info["actions"].index(move))
    assert info["completed"]


def test_the_rules_of_hanoi_forbid_just_what_the_game_refuses() -> None:
    for moment in moments("Hanoi3Disk", 5, 30):
        told = tell("rules", moment)
        rods = moment.state["rods"]
        for source in "ABC":
            for target in set("ABC") - {source}:
                onto_smaller = bool(rods[source] and rods[target]) and (
                    rods[source][-1] > rods[target][-1]
                )
                assert (f"rod {source} to rod {target}" in told) == onto_smaller
            assert (f"taken from rod {source}" in told) == (not rods[source])


@pytest.mark.parametrize("seed", range(12))
def test_what_is_told_of_messenger_is_true(seed: int) -> None:
    for moment in moments("MessengerL3", seed, 6):
        x, y = moment.state["cells"]["agent"]
        assert f"you are in column {x + 1}, row {y + 1}." in tell("map", moment)
    first = next(moments("MessengerL3", seed))
    told = tell("conclusions", first)
    assert f"the {first.state['roles']['enemy']} is there once" in told
    for report in re.findall(r'The report "(.+?)" is false', told):
        assert report in first.notes.manual
    looks = {name.removesuffix(" decoy") for name in first.state["roles"].values()}
    words = dict(re.findall(r'"(.+?)" means ([\w ]+)', tell("glossary", first)))
    plain = set(words.values()) - {"the message", "the goal", "the enemy"}
    assert {word for word in plain if not word.startswith("that it")} <= looks


def test_the_excerpt_of_messenger_is_the_reports_word_for_word() -> None:
    first = next(moments("MessengerL2", 3))
    quoted = re.findall(r'"(.+?)"', tell("excerpt", first))
    assert quoted == re.findall(r"^- (.+)$", first.notes.manual.partition("Reports:")[2], re.M)


def test_odds_and_digest_agree_with_the_rounds() -> None:
    for moment in moments("BanditTwoArmedHighLowFixed", 2, 50):
        rounds = "\n".join(moment.notes.seen)
        won, lost = (
            len(re.findall(f"slot machine 2 and {end}", rounds)) for end in ("won", "lost")
        )
        chance = f"{100 * (won + 1) / (won + lost + 2):.0f} percent"
        assert f"slot machine 2 wins with a chance of about {chance}" in tell("odds", moment)
        if len(moment.notes.seen) > 1:
            assert f"slot machine 2 won {won} and lost {lost} times" in tell("digest", moment)
    for moment in moments("RockPaperScissorBasic", 2, 50):
        shares = [int(n) for n in re.findall(r"(\d+) percent", tell("odds", moment))]
        assert len(shares) == 3
        assert sum(shares) in (99, 100, 101)


def test_the_aids_of_frozen_lake_know_its_map() -> None:
    smartplay.register_cards(LAKE)
    for moment in moments("FrozenLakeSlippery", 3, 80):
        row, column = moment.state["row"] + 1, moment.state["column"] + 1
        assert f"{4 - column} east" in tell("map", moment) or column == 4
        risk = re.findall(r"Move (\w+) (\d+) percent", tell("odds", moment))
        assert len(risk) == 4
        if (row, column) == (2, 3):
            assert dict(risk) == {"Left": "33", "Down": "67", "Right": "33", "Up": "67"}
    first = next(moments("FrozenLake"))
    assert tell("subgoal", first).endswith("row 2, column 1.")
    assert not tell("odds", first)


def test_the_check_tells_failures_from_successes() -> None:
    verdicts = set()
    for moment in moments("Hanoi3Disk", 1, 30, noise=0.3):
        if told := tell("check", moment):
            worked = told.endswith("had its effect.")
            assert worked != bool(re.search("slipped|not allowed", moment.notes.now))
            verdicts.add(worked)
    assert verdicts == {True, False}


def test_biome_aids_compare_climates_and_remember_places() -> None:
    first = next(moments("MinedojoCreative1", 0, 1))
    notes = Notes(first.notes.manual, first.actions)
    notes.add(
        "You are at x = 0.00, y = 70.00, z = 0.00, facing north.\n"
        "- aloe: 10.0 blocks east; 1 together\n- dead bush: 3.0 blocks south; 1 together"
    )
    assert (
        find_aid("conclusions").tell(notes)
        == "your goal has a colder and wetter climate than here."
    )
    notes.add("You moved south for 50 ticks and got 1.0 blocks south.\n"
              "You are at x = 0.00, y = 70.00, z = 5.00, facing south.")  # fmt: skip
    assert "aloe 10 east, 5 north" in find_aid("map").tell(notes)
    assert "was stopped" in find_aid("check").tell(notes)


class Diary:
    """Keeps what it reads."""

    read: list[Any] = []

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self.read.append(manual)
        self.actions = actions

    def act(self, observation: Observation) -> str:
        self.read.append(observation)
        return self.actions[0]


MANUAL = "Tower of Hanoi\n\nA disk may never lie on a smaller one."
SEEN = Observation("Rod A, from bottom to top: 2, 1\nRod B: empty\nRod C: empty", ["before"],
                   image="picture")  # fmt: skip


def shown(settings: dict[str, Any], *seen: Observation) -> list[Observation]:
    """What an agent with these settings reads."""
    Diary.read = []
    agent = find_agent(Diary, settings).make(context(MANUAL, ["Move A", "Move B"]))
    for each in seen:
        agent.act(each)
    return [each for each in Diary.read if isinstance(each, Observation)]


def test_a_hint_ends_the_observation_and_leaves_all_else() -> None:
    (read,) = shown({"aid": "subgoal"}, SEEN)
    assert read.text.startswith(f"{SEEN.text}\nHint (subgoal): your next subgoal: bring disk 2")
    assert (read.history, read.image) == (["before"], "picture")
    assert shown({"aid": "map"}, SEEN) == [SEEN], "an aid with nothing to say adds nothing"


def test_an_invalid_reply_brings_the_same_hint_again() -> None:
    again = Observation(SEEN.text, SEEN.history, "No such action.")
    first, second = shown({"aid": ["digest", "subgoal"]}, SEEN, again)
    assert second.text == first.text
    assert str(second).endswith("\n\nNo such action.")


def test_several_aids_read_the_game_and_not_each_other() -> None:
    (read,) = shown({"aid": ["subgoal", "rules", "placebo"]}, SEEN)
    (alone,) = shown({"aid": "rules"}, SEEN)
    assert re.findall(r"^Hint \((\w+)\)", read, re.M) == ["subgoal", "rules", "placebo"]
    assert alone.text.splitlines()[-1] in read.text.splitlines()


def test_an_ablation_takes_from_hints_too() -> None:
    (read,) = shown({"aid": "subgoal", "ablation": "mask-numbers"}, SEEN)
    assert "bring disk # to rod C" in read
    (read,) = shown({"aid": "subgoal", "ablation": "no-observation"}, SEEN)
    assert "Hint" not in read


def test_an_aid_remembers_for_an_agent_that_forgets() -> None:
    now = Observation("You chose: Move A. It moved.")
    read = shown({"aid": "digest", "ablation": "no-history"}, SEEN, now, now)
    assert "Move A, 2 times" in read[-1]


def test_aids_are_part_of_what_a_run_is(tmp_path: Path) -> None:
    play: dict[str, Any] = {"games": "Hanoi3Disk", "episodes": 1, "out": tmp_path / "run",
                            "progress": False}  # fmt: skip
    run = smartplay.run("reference", agent_settings={"aid": "map"}, **play)
    assert run.header.agent == "reference (aid: map)"
    assert run.header.agent_settings == {"aid": ["map"]}
    with pytest.raises(RunFolderError, match="agent_settings aid differs"):
        smartplay.run("reference", agent_settings={"aid": ["rules"]}, **play)
    definition = tmp_path / "helped.toml"
    definition.write_text('agent = "reference"\n[settings]\naid = "map"\nablation = "one-move"\n')
    source = find_agent(str(definition), {})
    assert source.name == "helped (aid: map; ablation: one-move)"
    assert source.reference == ("reference", {"aid": ["map"], "ablation": ["one-move"]})


def test_a_reference_agent_reads_hints_apart_from_the_game() -> None:
    text, hints = take_hints("You see.\nHint (map): from.\nHint (odds): 3 percent.\n\nNo.")
    assert hints == {"map": "from.", "odds": "3 percent."}
    assert "Hint" not in text
    assert hints["check"] == ""


def test_an_agent_that_does_not_check_moves_disks_from_where_it_believes_them() -> None:
    slipped = "Rod A, from bottom to top: 2\nRod B, from bottom to top: 1\nRod C: empty"
    agent = HanoiReference("", [], 0, without="checking")
    assert agent.act(SEEN.text) == "Move the top disk of rod A to rod B"
    assert agent.act(SEEN.text) == "Move the top disk of rod A to rod C"
    told = f"{slipped}\nHint (check): your last action, x, did not have its effect: y"
    assert agent.act(told) == "Move the top disk of rod A to rod C"
    assert agent.act(told) == "Move the top disk of rod A to rod C"
