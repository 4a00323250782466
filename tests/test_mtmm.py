"""The multitrait-multimethod matrix on made-up data, and the population that plays for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from smartplay.agents.reference import reference_class
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import Dial
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.scores.statistics import Floats
from smartplay.validity import attacks, population
from smartplay.validity import study as studies
from smartplay.validity.minds import ARCHITECTURES
from smartplay.validity.mtmm import Mtmm, correlation, mtmm
from smartplay.validity.population import (
    METHODS,
    Population,
    Synthetic,
    dial_cards,
    draw_population,
    level_at,
    matrix_of,
    measure,
    store_population,
    study_population,
)
from tools.population import bias_table, table

NAMES = [str(capability) for capability in Capability]
HARBOR = ("harbor",)


def made_up(noise: float, agents: int = 2000) -> tuple[Floats, Floats]:
    """True traits and two measurements of each, with errors of a known size."""
    rng = np.random.default_rng(3)
    true = rng.normal(size=(agents, 9))
    return true, true + noise * rng.normal(size=(2, agents, 9))


def study(true: Floats, measured: Floats) -> Mtmm:
    return mtmm(NAMES, ["one", "other"], true, measured)


def test_correlations_are_those_that_the_errors_leave() -> None:
    true, measured = made_up(noise=0.3)
    found = study(true, measured)
    for trait in found.traits:
        assert trait.agree.mean == pytest.approx(1 / 1.09, abs=0.015)
        assert all(r.mean == pytest.approx(1.09**-0.5, abs=0.01) for r in trait.true)
        assert trait.agree.low is not None
        assert trait.agree.low < trait.agree.mean
        assert abs(trait.rival.mean) < 0.1
        assert not trait.failures
    assert not found.failing
    assert np.array([[c.mean for c in row] for row in found.matrix]).shape == (18, 18)
    assert found.matrix[2][11] == found.traits[2].agree


def test_intervals_are_fishers() -> None:
    found = correlation(0.5, 103)
    assert (found.low, found.high) == pytest.approx((0.339, 0.632), abs=5e-4)
    on_a_line = correlation(1.0, 10)
    assert (on_a_line.mean, on_a_line.low, on_a_line.high) == (1, None, None)


def test_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        x = rng.normal(size=40)
        y = 0.6 * x + 0.8 * rng.normal(size=40)
        found = correlation(float(np.corrcoef(x, y)[0, 1]), 40)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.6 <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_a_trait_that_is_measured_badly_by_one_method_is_named() -> None:
    true, measured = made_up(noise=0.2)
    measured[1, :, 4] += 2 * np.random.default_rng(1).normal(size=len(true))
    found = study(true, measured)
    assert list(found.failing) == [NAMES[4]]
    reasons = " ".join(found.failing[NAMES[4]])
    assert "the two methods agree by 0.4" in reasons
    assert "other agrees with the truth by 0.4" in reasons
    assert "one agrees" not in reasons


def test_measurements_that_go_along_with_another_trait_are_named() -> None:
    true, measured = made_up(noise=0.1)
    measured[0, :, 1] += 0.4 * true[:, 7]
    found = study(true, measured)
    assert set(found.failing) == {NAMES[1], NAMES[7]}
    assert found.traits[1].stray.mean == pytest.approx(0.37, abs=0.03)
    assert abs(found.traits[7].stray.mean) < 0.1
    assert found.traits[7].rival.mean == found.traits[1].rival.mean


def test_a_method_that_swaps_two_traits_fails_by_its_rivals() -> None:
    true, measured = made_up(noise=0.1)
    measured[1][:, [2, 5]] = measured[1][:, [5, 2]]
    failing = study(true, measured).failing
    assert set(failing) == {NAMES[2], NAMES[5]}
    assert any("more with another trait" in reason for reason in failing[NAMES[2]])


# The population


def test_agents_are_drawn_independently_and_of_every_architecture() -> None:
    agents = draw_population(400, seed=1)
    assert agents == draw_population(400, seed=1)
    assert agents != draw_population(400, seed=2)
    places = np.array([agent.places for agent in agents])
    between = np.corrcoef(places, rowvar=False)[np.triu_indices(9, 1)]
    assert abs(between).max() < 0.2
    assert places.min() < 0.02
    assert places.max() > 0.98
    assert {agent.architecture for agent in agents} == set(ARCHITECTURES)
    assert len({agent.seed for agent in agents}) == 400


def test_a_place_is_the_same_share_of_every_dial() -> None:
    for card in dial_cards("harbor"):
        assert card.dial
        assert level_at(0, card) == 1
        assert level_at(1, card) == len(card.dial.values)


def test_a_family_without_dials_is_no_method() -> None:
    with pytest.raises(UsageError, match="hanoi has no dial for long_text_understanding"):
        dial_cards("hanoi")


@pytest.mark.slow
def test_measured_places_are_near_the_true_ones() -> None:
    agents = draw_population(6, seed=5)
    found = study_population(agents, HARBOR, episodes=6)
    true = np.array([agent.places for agent in agents])
    off = np.array(found.measured[0]) - true
    assert np.sqrt((off**2).mean()) < 0.1, off
    assert found.games == {card.id: card.digest for card in dial_cards("harbor")}


@pytest.mark.slow
def test_workers_change_nothing() -> None:
    agents = draw_population(2, seed=8)
    alone = study_population(agents, HARBOR, episodes=1)
    assert study_population(agents, HARBOR, episodes=1, workers=2) == alone


@pytest.mark.slow
def test_an_agent_beyond_the_range_is_at_its_end() -> None:
    able = Synthetic("graded", 1, [2.0] * 9, [0.3] * 9, 0.0)
    unable = msgspec.structs.replace(able, places=[-2.0] * 9)
    assert min(measure(able, HARBOR, 4)[0]) > 0.9
    assert max(measure(unable, HARBOR, 4)[0]) < 0.1


def alike(near: float = 0.02) -> Population:
    """Twelve agents as measured by two methods that are `near` the truth."""
    agents = draw_population(12)
    true = np.array([agent.places for agent in agents])
    found = np.clip(true + np.random.default_rng(1).normal(0, near, (2, *true.shape)), 0, 1)
    return Population(
        methods=["harbor", "harbor"],
        games={card.id: card.digest for card in dial_cards("harbor")},
        episodes=8,
        agents=agents,
        measured=found.tolist(),
    )


def test_the_stored_figures_are_shown_and_stale_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(population, "METHODS", ("harbor", "harbor"))
    monkeypatch.setattr(population, "STORED", tmp_path / "population.json")
    assert main(["validity", "--mtmm"]) != 0
    assert "smartplay validity --all" in capsys.readouterr().err
    assert main(["validity", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mtmm"] is None
    assert main(["validity"]) == 0
    assert "measure them: smartplay validity --all." in capsys.readouterr().out
    found = alike()
    store_population(found, population.STORED)
    assert population.stored_population() == found
    assert main(["validity", "--mtmm", "--json"]) == 0
    shown: Any = json.loads(capsys.readouterr().out)["mtmm"]
    assert shown == json.loads(msgspec.json.encode(matrix_of(found)))
    assert main(["validity"]) == 0
    printed = capsys.readouterr().out
    assert "over 12 synthetic agents" in printed
    for capability, failures in matrix_of(found).failing.items():
        assert f"{capability}: {'; '.join(failures)}." in printed
    assert population.failing_capabilities() == matrix_of(found).failing
    old = msgspec.structs.replace(found, games=dict.fromkeys(found.games, "older"))
    store_population(old, population.STORED)
    with pytest.raises(UsageError, match="present games"):
        population.stored_population()
    assert population.failing_capabilities() == {}
    agents = [msgspec.structs.replace(agent, architecture="former") for agent in found.agents]
    store_population(msgspec.structs.replace(found, agents=agents), population.STORED)
    with pytest.raises(UsageError, match="present games"):
        population.stored_population()


@pytest.mark.slow
def test_all_computes_every_figure_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where all is stored: the ablations, both scorings, the attacks and the population."""
    asked: list[str] = []

    def again(module: Any, name: str, found: Callable[..., Any]) -> None:
        def study(*given: Any, **named: Any) -> Any:
            asked.append(f"{name} {given[0] if isinstance(given[0], int) else len(given[0])}")
            return found(*given)

        monkeypatch.setattr(module, name, study)

    again(population, "study_population", lambda agents: alike())
    again(attacks, "study_attacks", lambda seeds: attacks.stored_attacks()[:1])
    ablated = partial(studies.study_ablations, 2)
    classic = partial(studies.study_classic, 1)
    again(studies, "study_ablations", lambda seeds: ablated())
    again(studies, "study_classic", lambda episodes, weights: classic(weights))
    assert main(["validity", "--all", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted(asked) == [
        "study_ablations 100", "study_attacks 200", "study_classic 20", "study_classic 20",
        "study_population 400",
    ]  # fmt: skip
    assert found["mtmm"] == json.loads(msgspec.json.encode(matrix_of(alike())))
    assert len(found["attacks"]) == 1
    assert set(found["classic"]) == {"shipped", "paper"}
    assert len(found["retention"]) == 9


@pytest.mark.parametrize("asked", ["--ablations", "--attack", "--all"])
def test_the_help_says_how_long_it_takes(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["validity", "--help"])
    options = capsys.readouterr().out.split("\n  --")
    (about,) = [each for each in options if f"--{each}".startswith(asked)]
    assert re.search(r"minute|hour", about), about


def test_the_methods_have_reference_agents() -> None:
    assert METHODS == ("contrast", "harbor")
    for title in ("Four Doors", "Harbor Days"):
        assert reference_class(title)
    assert isinstance(dial_cards("harbor")[0].dial, Dial)


def test_the_table_of_the_docs_says_which_traits_fail() -> None:
    true, measured = made_up(0.1)
    measured[1][:, 3] = np.random.default_rng(5).normal(size=len(true))
    lines = table(study(true, measured)).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert [line.endswith(" - |") for line in lines[2:]] == [k != 3 for k in range(9)]
    assert "the two methods agree by" in lines[5]


def test_the_bias_of_each_architecture_is_told_in_levels() -> None:
    found = alike(near=0)
    found.measured[0] = [[place + 0.1 for place in agent.places] for agent in found.agents]
    lines = bias_table(found).splitlines()[2:]
    assert len(lines) == 2 * len(ARCHITECTURES)
    first, second = lines[0].split(" | "), lines[1].split(" | ")
    assert first[2:] == ["+1.1 ± 0.0"] * 8 + ["+1.1 ± 0.0 |"]
    assert all(cell.startswith(("+0.0", "-0.0")) for cell in second[2:])
