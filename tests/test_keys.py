"""Keys follow from the actions' names."""

from __future__ import annotations

import string

import gymnasium as gym
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.cards.card import GameCard
from smartplay.play.keys import DIGITS, Controls, bindings
from smartplay.play.view import HELP, QUIT, SCROLLING
from tests.golden import all_cards

NAMES = st.lists(
    st.text(string.ascii_letters + " ", min_size=1, max_size=12), min_size=1, max_size=60
)


def actions_of(card: GameCard) -> list[str]:
    env = gym.make(card.id, disable_env_checker=True)
    actions: list[str] = env.reset(seed=0)[1]["actions"]
    env.close()
    return actions


@pytest.mark.parametrize("card", all_cards(), ids=lambda card: card.name)
def test_every_action_of_every_game_has_its_key(card: GameCard) -> None:
    actions = actions_of(card)
    controls = Controls(actions)
    for place, key in enumerate(bindings(actions)):
        key = key or str(place + 1)
        assert controls.press(key) == place, f"{key!r} does not take {actions[place]!r}"


def test_the_common_keys() -> None:
    names = ["Noop", "Move West", "Move East", "Move North", "Move South", "Do", "Sleep"]
    assert bindings(names) == [".", "left", "right", "up", "down", "space", ""]
    assert bindings(["Move Left", "Move Down", "Move Right", "Move Up"]) == [
        "left", "down", "right", "up",
    ]  # fmt: skip
    assert bindings(["Do Nothing", "Wait"]) == [".", ""]
    assert bindings(["Turn Left", "Look Up", "Move the top disk of rod A to rod B"]) == [
        "left", "", "",
    ]  # fmt: skip


@given(NAMES)
def test_no_key_is_given_twice_or_taken_from_the_display(names: list[str]) -> None:
    keys = [key for key in bindings(names) if key]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & {HELP, QUIT, "tab", "enter", "backspace", *SCROLLING, *string.digits}


@given(NAMES)
def test_every_action_can_be_typed_as_its_number(names: list[str]) -> None:
    controls = Controls(names)
    for number in range(1, len(names) + 1):
        taken = [controls.press(key) for key in [*str(number), "enter"]]
        assert [place for place in taken if place is not None] == [number - 1]
        assert controls.typed == ""


def test_up_to_nine_actions_need_no_enter() -> None:
    controls = Controls([f"x{k}" for k in range(DIGITS)])
    assert [controls.press(str(k + 1)) for k in range(DIGITS)] == list(range(DIGITS))


def test_wrong_numbers_take_nothing() -> None:
    controls = Controls([f"x{k}" for k in range(17)])
    assert controls.press("0") is None
    assert controls.press("1") is None
    assert controls.typed == "1"
    assert controls.press("8") is None
    assert controls.typed == ""
    assert controls.press("1") is None
    assert controls.press("backspace") is None
    assert controls.typed == ""
    assert controls.press("enter") is None
