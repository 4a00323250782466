"""A study as tables, as Markdown and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from smartplay.core.errors import RunFolderError
from smartplay.core.printable import plural
from smartplay.core.whole_files import write_atomically, writing
from smartplay.records.encoding import pretty
from smartplay.report import wording
from smartplay.report.comparison import p_value
from smartplay.report.figures import scatter
from smartplay.report.html.page import render_tables
from smartplay.report.markdown import bullets, escape, table_lines
from smartplay.report.repeats import RELIABILITY, repeat_tables
from smartplay.report.svg import short
from smartplay.report.tables import NONE, Table
from smartplay.scores.comparison import Comparison, CostPoint
from smartplay.scores.intervals import Interval
from smartplay.studies.result import ArmResult, StudyResult

ABOUT_SCORES = (
    "The score is the mean over the games, 0 to 1 on each game's scale. The difference is to the "
    "baseline, on the episodes that both have a score of; its interval is made to hold together "
    "with those of the other arms in 95 of 100 studies. p is corrected likewise. What an oracle is "
    "told no player can know, so it is not ranked."
)
ABOUT_COSTS = (
    "Calls and tokens are those of a step; once: tokens if the prompt of several samples is billed "
    "once. The ratio is the cost of the same episodes over that of the baseline, with a 95 % "
    "bootstrap interval. Front: no other arm is both cheaper and better."
)
ABOUT_VOTES = (
    "Beside each arm that asks models, the vote of as many calls and that of as many tokens, per "
    "step. A vote that takes 5 % more or less is unmatched."
)
ABOUT_RIGHT = (
    "Shares of steps, held against the game's truth. First: the first answer of a step. Flips: the "
    "first answer against the action played. Agreement: the share of samples that name the winner; "
    "what it exceeds the share of right votes by is the gap."
)


def facts(result: StudyResult) -> list[str]:
    """The facts that a reader needs first, one sentence each."""
    games = ", ".join(f"{wording.name(game)} ({scale})" for game, scale in result.games.items())
    arms, base = {arm.name: arm for arm in result.arms}, result.baseline
    told = [
        f"Games, with the scale of their scores: {games or 'none played yet'}.",
        f"Fixed before anything was played (digest {result.digest}): the baseline {base}, the "
        f"margin {result.margin:g}"
        + (f", the primary arm {result.primary}." if result.primary else "."),
    ]
    primary = arms.get(result.primary)
    if primary and (own := primary.difference) and own.mean:
        told.append(
            f"The primary comparison, alone: {primary.name} minus {base} is "
            f"{wording.signed(own.mean)}, p {p_value(own.p)}."
        )
    if result.cheapest == base:
        told.append(f"No arm cheaper than {base} is surely within the margin of it.")
    elif result.cheapest:
        ratio = arms[result.cheapest].ratio
        more = f", {_twice(ratio)} times its cost" if ratio else ""
        told.append(
            f"The cheapest arm that is surely within the margin of {base}: {result.cheapest}{more}."
        )
    if result.stopped:
        told.append(f"The study is unfinished: {result.stopped}.")
    return told + result.notes


def tables(result: StudyResult) -> list[Table]:
    """The tables of a study."""
    header = ("Arm", "Why", "Episodes", "Score", "Difference", "p", "Finding")
    found = [
        Table("Scores", ABOUT_SCORES, header, [_score(arm, result) for arm in result.arms]),
        Table(
            "Costs", ABOUT_COSTS,
            ("Arm", "Calls", "Read", "Cached", "Written", "Once", f"Cost ({result.unit}/episode)",
             "Ratio", "Front"),
            [_cost(arm) for arm in result.arms if arm.calls is not None],
        ),
        Table(
            "Votes that take as much", ABOUT_VOTES,
            ("Arm", "Of equal", "Vote", "Took", "Arm - vote"), list(_votes(result)),
        ),
        Table(
            "What answers say", ABOUT_RIGHT,
            ("Arm", "Expected", "Right", "First right", "Right to wrong", "Wrong to right",
             "Agreement", "Gap", "Calls by role"),
            [row for arm in result.arms for row in _evidence(arm)],
        ),
        Table(
            "Tries at the same episode", RELIABILITY,
            ("Arm", "k", "pass^k", "pass@k", "Episodes"),
            [(_within(arm, game, arm.repeats), *row) for arm in result.arms
             for game, *row in repeat_tables(arm.repeats)[0].rows],
        ),
    ]  # fmt: skip
    if result.by_game and len(result.by_game.games) > 1:
        found.insert(1, _games(result.by_game))
    return [table for table in found if table.rows]


def _score(arm: ArmResult, result: StudyResult) -> tuple[str, ...]:
    why = {"control": "control of ", "matched": "matches "}.get(arm.kind, "")
    if arm.name == result.baseline:
        why = "baseline"
    elif why:
        why += "; ".join(arm.of)
    gap = NONE if arm.corrected is None else wording.signed(arm.corrected)
    p = None if arm.difference is None or arm.oracle else arm.difference.corrected
    return (
        arm.name + (" (oracle)" if arm.oracle else ""),
        why or NONE,
        f"{arm.episodes} of {arm.planned}",
        wording.interval(arm.score),
        gap,
        p_value(p),
        _finding(arm, result),
    )


def _finding(arm: ArmResult, result: StudyResult) -> str:
    own = arm.difference
    if arm.problem:
        return "could not be played"
    if arm.oracle or own is None or own.mean is None:
        return "not ranked" if arm.oracle else NONE
    within = (
        f"within {result.margin:g}" if arm.non_inferior else f"not surely within {result.margin:g}"
    )
    if own.apart:
        return "higher" if own.mean.mean > 0 else f"lower, {within}"
    more = ""
    if own.needed:
        each = " of each game" if len(result.games) > 1 else ""
        more = f"; to tell {result.margin:g} takes about {plural(own.needed, 'episode')}{each}"
    return f"not told apart, {within}{more}"


def _cost(arm: ArmResult) -> tuple[str, ...]:
    steps = (arm.calls, arm.read, arm.cached, arm.written, arm.billed_once, arm.cost)
    told = [NONE if value is None else short(value) for value in steps]
    ratio = NONE if arm.ratio is None else _twice(arm.ratio)
    return (arm.name, *told, ratio, "front" if arm.front else "")


def _twice(ratio: Interval) -> str:
    """A ratio in two decimals; if it is the same in every episode, without an interval."""
    return f"{ratio.mean:.2f}" if ratio.low is None else format(ratio, ".2f")


def _votes(result: StudyResult) -> Iterator[tuple[str, ...]]:
    by_name = {arm.name: arm for arm in result.arms}
    for arm in result.arms:
        if arm.kind == "arm" and arm.calls and arm.episodes < arm.planned:
            yield arm.name, NONE, NONE, "unmatched: not all episodes have a score", NONE
        for match in arm.matches:
            vote = by_name[match.vote]
            took = "not finished" if match.ratio is None else f"{match.ratio:.2f}"
            if match.ratio is not None and not match.matched:
                took += ", unmatched"
            lead = NONE
            if vote is not arm and arm.score and vote.score:
                lead = f"{arm.score.mean - vote.score.mean:+.2f}"
            yield arm.name, match.budget, "itself" if vote is arm else vote.name, took, lead


def _evidence(arm: ArmResult) -> Iterator[tuple[str, ...]]:
    roles = ", ".join(f"{role or 'own'} {short(calls)}" for role, calls in arm.roles.items())
    for game in arm.evidence:
        if game.right is None:
            continue
        flips, agreed = game.flips, game.agreement
        flipped = [NONE] * 2
        if flips:
            counts = (flips.right_right, flips.right_wrong, flips.wrong_right, flips.wrong_wrong)
            flipped = [f"{counts[place] / sum(counts):.3f}" for place in (1, 2)]
        yield (
            _within(arm, game.game, arm.evidence),
            NONE if arm.expected is None else f"{arm.expected:.4f}",
            wording.interval(game.right.share),
            wording.interval(game.right.first),
            *flipped,
            NONE if agreed is None else f"{agreed.agreement:.3f}",
            NONE if agreed is None else f"{agreed.gap:+.3f}",
            roles,
        )


def _within(arm: ArmResult, game: str, games: Sequence[object]) -> str:
    """An arm in one of its games; of a single one it goes without saying."""
    return arm.name if len(games) == 1 else f"{arm.name}, {wording.name(game)}"


def _games(comparison: Comparison) -> Table:
    rows = [
        (comparison.runs[each.first], wording.name(game.name),
         NONE if each.mean is None else wording.signed(each.mean), str(each.pairs),
         p_value(each.corrected))
        for game in comparison.games for each in game.differences
    ]  # fmt: skip
    about = (
        "Each arm minus the baseline, in the game's own points; 95 % intervals, each by itself; p "
        "is corrected for all comparisons of the table."
    )
    return Table("Games", about, ("Arm", "Game", "Difference", "Pairs", "p"), rows)


def to_markdown(result: StudyResult) -> str:
    """The whole study; the page has its picture."""
    parts = [f"# Study: {escape(result.title)}", bullets(facts(result))]
    for table in tables(result):
        parts += [f"## {table.title}", table_lines(table.header, table.rows), escape(table.about)]
    return "\n\n".join(parts) + "\n"


def to_html(result: StudyResult) -> str:
    """The page: the plane of score and cost, and the tables."""
    shown = [arm for arm in result.arms if arm.cost is not None and arm.score and not arm.oracle]
    points = [
        CostPoint(run=place, cost=arm.cost or 0.0, score=arm.score.mean, front=arm.front)
        for place, arm in enumerate(shown)
        if arm.score
    ]
    names = {place: arm.name for place, arm in enumerate(shown)}
    paid = any(point.cost for point in points)
    plane = scatter(points, names, f"cost per episode in {result.unit}") if paid else None
    return render_tables(result.title, facts(result), plane, tables(result))


def write_study(result: StudyResult, folder: Path) -> None:
    """Write `study.json`, `study.md` and `study.html` into a study's folder.

    Raises:
        RunFolderError: If it cannot be written.
    """
    files = {
        "study.json": pretty(result),
        "study.md": to_markdown(result).encode("utf-8", "backslashreplace"),
        "study.html": to_html(result).encode("utf-8", "backslashreplace"),
    }
    with writing(folder, RunFolderError):
        for name, data in files.items():
            write_atomically(folder / name, data)
