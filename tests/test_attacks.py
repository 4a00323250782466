"""Attacks on the contrasts: no shortcut and no shallow learner plays a hard setting."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.cli import main
from smartplay.validity import attacks
from smartplay.validity.attacks import (
    BOUND_OF_LEARNERS,
    BOUND_OF_SHORTCUTS,
    Attack,
    Episodes,
    attack,
    stored_attacks,
)
from smartplay.validity.population import dial_cards
from smartplay.validity.study import contrast_cards
from smartplay.validity.views import View

PAIRS = dict(zip(Capability, contrast_cards(), strict=True))
ODDS = Capability.UNDERSTANDING_THE_ODDS
REPORTED = (ODDS, Capability.SPATIAL_REASONING)
EPISODES, TRAINING = 16, 24


def surely(found: Attack) -> float:
    """What is left of a score when the luck of the best of many in few episodes is taken off."""
    assert found.score.low is not None
    return found.score.mean - 2 * (found.score.mean - found.score.low)


@pytest.mark.slow
@pytest.mark.parametrize("capability", Capability, ids=lambda each: each.key)
def test_a_hard_setting_withstands_every_attack(capability: Capability) -> None:
    found = attack(capability, PAIRS[capability][1], EPISODES, TRAINING)
    assert surely(found.shortcut) <= BOUND_OF_SHORTCUTS, found.shortcut
    assert found.learner
    assert surely(found.learner) <= BOUND_OF_LEARNERS, found.learner
    assert (found.reported is not None) == (capability in REPORTED)


@pytest.mark.slow
@pytest.mark.parametrize(
    "capability",
    [Capability.REASONING, Capability.PLANNING, Capability.GENERALIZATION,
     Capability.INSTRUCTION_FOLLOWING, ODDS, Capability.LONG_TEXT_UNDERSTANDING],
    ids=lambda each: each.key,
)  # fmt: skip
def test_simple_agents_play_an_easy_setting(capability: Capability) -> None:
    """So the attackers are no straw men: what can be had by a shortcut, they have."""
    found = attack(capability, PAIRS[capability][0], EPISODES, training=0)
    assert found.shortcut.score.mean > 0.5, found.shortcut


@pytest.mark.slow
def test_learners_find_what_a_text_gives_away() -> None:
    easy = PAIRS[Capability.REASONING][0]
    found = attack(Capability.REASONING, easy, EPISODES, TRAINING)
    assert found.learner
    assert found.learner.score.mean > 0.3


def test_the_stored_figures_keep_the_bounds() -> None:
    found = stored_attacks()
    assert [each.capability for each in found] == 2 * [str(each) for each in Capability]
    games = [*(hard for _, hard in PAIRS.values()), *dial_cards("harbor")]
    for each, card in zip(found, games, strict=True):
        assert each.game == card.id
        assert each.shortcut.score.mean <= BOUND_OF_SHORTCUTS, each.shortcut
        assert each.learner
        assert each.learner.score.mean <= BOUND_OF_LEARNERS, each.learner
    beside = {each.capability for each in found[: len(Capability)] if each.reported}
    assert beside == {str(each) for each in REPORTED}


@pytest.mark.slow
def test_validity_quotes_the_worst_attacks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["validity"]) == 0
    told = capsys.readouterr().out
    assert "worst attacks" in told
    assert stored_attacks()[0].shortcut.name.split()[0] in told
    asked: list[int] = []

    def few(capability: Capability, card: Any, seeds: int) -> attacks.Attacks:
        asked.append(seeds)
        return attack(capability, card, seeds=2, training=0)

    monkeypatch.setattr(attacks, "attack", few)
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # what is patched here is so in no other process
    assert main(["validity", "--attack", "--seeds", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["attacks"]
    assert asked == [3] * 18
    assert [each["capability"] for each in found] == 2 * [str(each) for each in Capability]


@pytest.mark.parametrize("card", dial_cards("harbor"), ids=lambda card: card.name)
def test_harbor_days_is_attacked_by_the_first_move_of_each_round(card: GameCard) -> None:
    found = Episodes(card, range(2))
    assert len(found.views) == len(found.right) == 24
    assert not any(re.match(r".{0,4}move \d", view.text) for view in found.views)
    assert max(found.right) < len(found.views[0].doors) in (5, 6)
    if "Practice" not in found.views[0].past:
        return
    assert "Your move was" in found.views[0].past, "what came of practice is told"


@pytest.mark.slow
def test_learners_find_what_an_easy_move_gives_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attacks, "LEVEL", 1)
    card = dial_cards("harbor")[7]
    found = attack(Capability.ERROR_HANDLING, card, EPISODES, TRAINING)
    assert found.shortcut.score.mean > 0.1


def test_attackers_know_neither_the_game_nor_its_reference_agent() -> None:
    for module in ("attacks", "shortcuts", "tricks", "views", "learners"):
        code = Path(attacks.__file__).with_name(f"{module}.py").read_text()
        assert "games.contrast" not in code
        assert "reference" not in code


def test_a_view_finds_words_to_search_for() -> None:
    manual = "The toad hangs at the red door. The owl hangs at the blue door."
    view = View(manual, "", "The sign shows the owl.", ("red", "green", "blue"), 0)
    assert view.keys[0] == "owl"
    assert view.doors_in(view.whole) == [0, 2]
