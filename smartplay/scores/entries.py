"""Runs as a comparison sees them: what they share, what is left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import msgspec

from smartplay.cards.bounds import Bounds
from smartplay.scores.thresholds import Threshold

NAMED = 4  # runs that a note names

Samples = dict[str, dict[int, float]]
"""Values by game and seed."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A run, as far as a comparison needs it.

    Attributes:
        name: What to call it.
        normalized: Scores on the scale where 1 is human, by game and seed; only games with such a
            scale.
        scores: Scores by game and seed.
        conditions: By game and name, the conditions that must be equal for scores to be compared;
            None for one that cannot have mattered in this run.
        units: By game, the points of its score per unit of its scale; only games with a scale.
        bounds: By game, the scores that an episode can end with, where they are known.
        weights: By capability, the weights of the games in its score.
        overall: The run's mean normalised score.
        cost: What it cost; None where that is not known.
        agent: Who played, where the same agent played more than once.
        suite: The hash of the private suite it was played on; empty for a public one.
        thresholds: The thresholds of its capabilities, where they were measured.
    """

    name: str
    normalized: dict[str, dict[int, float]]
    scores: dict[str, dict[int, float]] = {}
    conditions: dict[str, dict[str, str | None]] = {}
    units: dict[str, float] = {}
    bounds: dict[str, Bounds] = {}
    weights: dict[str, dict[str, int]] = {}
    overall: float | None = None
    cost: float | None = None
    agent: str = ""
    suite: str = ""
    thresholds: list[Threshold] = []


def alike(a: Entry, b: Entry, game: str) -> bool:
    """Whether two runs played a game under conditions that let its scores be compared."""
    return not _unlike(a, b, game)


def _unlike(a: Entry, b: Entry, game: str) -> list[str]:
    """The conditions that differ."""
    first, second = a.conditions.get(game, {}), b.conditions.get(game, {})
    return [
        name
        for name in first | second
        if first.get(name) != second.get(name) and None not in (first.get(name), second.get(name))
    ]


def paired(a: Entry, b: Entry, field: str) -> Samples:
    """Score differences on common seeds, by game; games without a pair are left out."""
    own: Mapping[str, Mapping[int, float]] = getattr(a, field)
    others: Mapping[str, Mapping[int, float]] = getattr(b, field)
    found = {
        game: {s: scores[s] - others[game][s] for s in sorted(scores.keys() & others[game].keys())}
        for game, scores in own.items()
        if game in others and alike(a, b, game)
    }
    return {game: differences for game, differences in found.items() if differences}


def notes_on(
    entries: Sequence[Entry],
    games: Sequence[str],
    common: Sequence[Samples],
    normalized: Sequence[Samples],
) -> list[str]:
    """What is left out of a comparison, and why.

    Args:
        entries: The runs.
        games: All that they played.
        common: The paired differences of each pair of runs.
        normalized: Those of them that are of normalised scores.
    """
    found = []
    plain = set().union(*common).difference(*normalized)
    if plain and any(normalized):
        names = some_of([game.split("/")[-1] for game in games if game in plain])
        found.append(
            f"The overall difference and those of capabilities leave out {names}: as played, there "
            "is no normalised score."
        )
    if len({frozenset(samples) for samples in normalized}) > 1:
        found.append(
            "Not all pairs of runs have the same games in common: the overall difference of a pair "
            "is the mean over its own. Compare pairs with one another game by game."
        )
    suites: dict[str, list[str]] = {}
    for entry in entries:
        suite = f"private {entry.suite[:8]}" if entry.suite else "public"
        suites.setdefault(suite, []).append(entry.name)
    if len(suites) > 1:
        told = "; ".join(f"{suite} ({some_of(names)})" for suite, names in suites.items())
        found.append(f"Runs on other suites met other episodes and have no pairs: {told}.")
    for game in games:
        found += _game_notes(entries, game)
    return found


def _game_notes(entries: Sequence[Entry], game: str) -> list[str]:
    players = [entry for entry in entries if game in entry.scores]
    name, notes = game.split("/")[-1], []
    if len(players) < len(entries):
        missing = [entry.name for entry in entries if game not in entry.scores]
        notes.append(f"{name} was not played by {some_of(missing)}.")
    unlike = {each for a, b in combinations(players, 2) for each in _unlike(a, b, game)}
    if unlike:
        notes.append(
            f"{name} was not played alike, and only runs that agree in all of this are compared on "
            f"it: {'; '.join(_ways(players, game, each) for each in sorted(unlike))}."
        )
    played = [entry for entry in players if entry.scores[game]]
    by_suite: dict[str, list[Entry]] = {}
    for entry in played:
        by_suite.setdefault(entry.suite, []).append(entry)
    for group in by_suite.values():
        notes += _seed_notes(group, game, name)
    return notes


def _ways(players: Sequence[Entry], game: str, condition: str) -> str:
    """What a condition was in which runs, such as `steps 10 (a, b), 20 (c)`."""
    found: dict[str, list[str]] = {}
    for entry in players:
        value = entry.conditions.get(game, {}).get(condition)
        if value is not None:
            found.setdefault(value or "none", []).append(entry.name)
    told = [f"{value} ({some_of(names)})" for value, names in found.items()]
    return f"{condition} {', '.join(told)}"


def _seed_notes(group: Sequence[Entry], game: str, name: str) -> list[str]:
    """Episodes without a partner, in runs of one suite."""
    times = Counter(seed for entry in group for seed in entry.scores[game])
    if len(group) < 2 or all(number == len(group) for number in times.values()):
        return []
    if max(times.values()) == 1:
        return [f"{name}: no two runs have a seed in common; play them with the same --seed."]
    shared = [seed for seed, number in times.items() if number > 1]
    lacking = {entry.name: sum(s not in entry.scores[game] for s in shared) for entry in group}
    told = [f"{who} lacks {number}" for who, number in lacking.items() if number]
    single = len(times) - len(shared)
    told += (
        [f"{single} {'was' if single == 1 else 'were'} scored in one run only"] if single else []
    )
    return [
        f"{name}: two runs are compared on the episodes that both have a score of. Of "
        f"{len(times)} episodes {some_of(told)}."
    ]


def some_of(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
