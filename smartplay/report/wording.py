"""Formats numbers and names for people; shared by every form of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from smartplay.cards.anchors import Anchors, Measured
from smartplay.core import printable
from smartplay.records.prices import money
from smartplay.report.content import Report, agent_name, invalid_causes
from smartplay.report.costs import Cost, Efficiency, ModelUse
from smartplay.report.repeats import repeat_tables
from smartplay.report.tables import NONE, Table
from smartplay.scores.comparison import HUMAN
from smartplay.scores.contrasts import ContrastScore
from smartplay.scores.intervals import Interval
from smartplay.scores.scoring import GameScore
from smartplay.scores.thresholds import Threshold


def interval(value: Interval | None) -> str:
    """A mean with its interval, such as `0.912 [0.853, 0.974]`; `-` if there is none."""
    return NONE if value is None else str(value)


def level(value: Measured | None, score: Interval | None) -> str:
    """An anchor of a score, such as `16.7`, with no more digits than the score has."""
    if value is None:
        return NONE
    own = Interval(value.mean, value.low, value.high).shown_mean
    return own if score is None else min(own, score.like_mean(value.mean), key=len)


def share(value: float | None) -> str:
    """A share as a percentage."""
    return NONE if value is None else f"{100 * value:.1f} %"


def causes(rates: Mapping[str, float]) -> str:
    """Shares of steps by why they had no valid answer, such as `truncated 2.5 %`."""
    return ", ".join(f"{cause} {share(rate)}" for cause, rate in rates.items())


def name(game: str) -> str:
    """An id without its namespace."""
    return game.split("/")[-1]


def episodes(game: GameScore) -> str:
    """Scored episodes of those planned."""
    return f"{game.episodes}/{game.planned}"


GAMES = (
    "Means over the scored episodes with 95 % intervals. Random: uniformly random play. Trivial: "
    "the best policy that needs no understanding, such as always the same action. Normalised: 0 "
    "is the game's minimum, 1 the human score. Over chance: 0 is random play, 1 the best possible "
    "(or, where that is not known, the human) score. Invalid: steps without a valid answer, played "
    "by the game's fallback action. Causes: why these had none. Read, written: tokens."
)
CAPABILITIES = (
    "Weighted means of the normalised game scores. Each game has a degree from 1 to 4 that says "
    "how much it demands a capability. Its weight is the degree minus one, as in the code of the "
    "original benchmark; the paper weights by the degree itself."
)
CONTRASTS = (
    "Each capability by itself. A contrast is a pair of settings of one game: the hard "
    "one demands the capability, the easy one does not, and nothing else differs. Both are scores "
    "over chance (0 is random play, 1 the best possible). Retention is the hard score divided by "
    "the easy one: at 1 the agent loses nothing when the capability is demanded. It cannot be "
    "measured where the interval of the easy score reaches down to chance."
)

THRESHOLDS = (
    "Each game has a dial that demands more of one capability at every level. The threshold is the "
    "level at which the share of right rounds has fallen half-way from its best to chance, in the "
    "unit of the dial and in levels, with its 95 % interval. Lapses: the share of rounds that go "
    "wrong however easy the level is. After each episode the level of the next was chosen from the "
    "records alone. Of agents each of whose steps may fail, thresholds come out too high: in "
    "simulation by one level on average. Rounds count as independent and alike: of an agent "
    "that learns within an episode the threshold is that of an average round, and of one that "
    "plays some whole episodes well and others badly neither threshold nor interval means anything."
)
EFFICIENCY = (
    "What the scored episodes took. Steps: mean steps to the goal with its 95 % interval, over the "
    "solved episodes alone, beside those of the shipped scripted agent (reference) and of people, "
    "where they were measured. Calls, tokens (read and written) and price are means per episode. "
    "Price per solved episode: the price of all episodes divided by the number solved."
)
BLOCKS = " ▁▂▃▄▅▆▇█"
UNPLAYED = "·"


def levels(value: Threshold) -> tuple[str, str]:
    """A threshold in levels, and its interval; an end beyond the range is left open."""
    mean, *ends = (
        NONE if each is None else f"{each:.1f}"
        for each in (value.level.mean, value.level.low, value.level.high)
    )
    beyond = {"below": "< 1", "beyond": f"> {len(value.dial.values)}"}
    return beyond.get(value.beyond, mean), f"[{', '.join(ends)}]"


def signed(value: Interval) -> str:
    """A difference with its interval; an end that is not known is left open."""
    return format(value, "+")


def blocks(shares: Iterable[float | None]) -> str:
    """Shares as one bar per level."""
    return "".join(UNPLAYED if each is None else BLOCKS[round(8 * each)] for each in shares)


def right_by_level(threshold: Threshold) -> list[float | None]:
    """The share of right rounds at each level; None where none was played."""
    found = {each.level: each.right / each.played for each in threshold.data}
    return [found.get(level) for level in range(1, len(threshold.dial.values) + 1)]


def retention(score: ContrastScore) -> str:
    """The retention with its interval, or that there is none."""
    if score.retention is not None:
        return interval(score.retention)
    return "not measurable" if score.pairs else NONE


def tables(report: Report) -> list[Table]:
    """The tables that every form of the report has."""
    columns = (
        "Game,Score,Random,Trivial,Invalid,Normalised,Episodes,Over chance,Causes,Goal reached,"
        "Calls,Read,Written"
    )
    names = ("Capability", "Score", "By the paper's weights", "Random play", "Games with weights")
    sides = ("Capability", "Easy", "Hard", "Retention", "Pairs")
    reach = "Capability,Threshold,Lapses,Rounds,Tokens,Cost,Right by level,Fit,Levels"
    contrasts = [
        (
            each.capability,
            interval(each.easy),
            interval(each.hard),
            retention(each),
            str(each.pairs),
        )
        for each in report.contrasts
        if each.easy or each.hard
    ]
    found = [
        Table("Thresholds", THRESHOLDS, reach.split(","), list(_thresholds(report)), 8),
        Table("Games", GAMES, columns.split(","), _games(report), 8),
        Table("Capabilities", CAPABILITIES, names, _capabilities(report), 4),
        Table("Contrasts", CONTRASTS, sides, contrasts),
        efficiency_table([report]),
    ]
    found += repeat_tables(report.repeats)
    return [table for table in found if table.rows]


def efficiency_table(reports: Sequence[Report], names: Sequence[str] = ()) -> Table:
    """What the games of one report or several cost; several have their names in a column.

    The table has no rows if no goal was reached and no model asked.
    """
    found = [each for report in reports for each in report.efficiency]
    says = any(each.solved or each.calls for each in found)
    games = dict.fromkeys(each.game for each in found if says)
    rows = [
        (name(game), *names[place : place + 1], *_efficiency(each, report.cost))
        for game in games
        for place, report in enumerate(reports)
        for each in report.efficiency
        if each.game == game and each.episodes
    ]
    columns = ("Solved", "Steps", "Reference", "Human", "Calls", "Tokens", "Price")
    header = ["Game", *(["Run"] if names else []), *columns, "Price per solved"]
    return Table("Efficiency", EFFICIENCY, header, rows).filled()


def _efficiency(each: Efficiency, cost: Cost | None) -> tuple[str, ...]:
    def amount(value: float | None, form: str = ".0f") -> str:
        return NONE if value is None else format(value, form)

    return (
        NONE if each.solved is None else f"{each.solved}/{each.episodes}",
        interval(each.steps),
        amount(each.reference.mean if each.reference else None, ".1f"),
        amount(each.human.mean if each.human else None, ".1f"),
        amount(each.calls or None, ".1f"),
        amount(each.tokens if each.calls else None),
        _money(each.cost, cost),
        _money(each.cost_solved, cost),
    )


def _money(amount: float | None, cost: Cost | None) -> str:
    return NONE if amount is None or cost is None else money(amount, cost.currency)


def _thresholds(report: Report) -> Iterator[tuple[str, ...]]:
    tokens = {game.game: game.usage.total for game in report.games}
    costs = report.cost.games if report.cost else {}
    for each in report.thresholds:
        yield (
            each.capability,
            each.sentence,
            interval(each.lapse),
            str(each.rounds),
            str(tokens[each.game]),
            _money(costs.get(each.game), report.cost),
            blocks(right_by_level(each)),
            blocks(each.curve),
            f"{' '.join(levels(each))} of {len(each.dial.values)}",
        )


def _games(report: Report) -> list[tuple[str, ...]]:
    anchors = {detail.game: detail.anchors for detail in report.details}
    return [_game(game, anchors.get(game.game, Anchors())) for game in report.games]


def _game(game: GameScore, anchors: Anchors) -> tuple[str, ...]:
    return (
        name(game.game) + (f" ({game.engine})" if game.engine else ""),
        interval(game.score),
        level(anchors.random, game.score),
        level(anchors.trivial, game.score),
        share(game.invalid_rate),
        interval(game.normalized),
        episodes(game),
        interval(game.corrected),
        causes(game.invalid) or NONE,
        share(game.completed),
        *map(str, (game.calls, game.usage.prompt, game.usage.completion)),
    )


def _capabilities(report: Report) -> list[tuple[str, ...]]:
    rows = []
    for score in report.capabilities if measured(report) else ():
        chance = report.chance["shipped"].get(score.capability)
        found = score.scores["shipped"]
        both = (interval(score.scores[weights]) for weights in ("shipped", "paper"))
        covers = ", ".join(f"{name(game)} x {weight}" for game, weight in score.covers.items())
        random = NONE if chance is None or found is None else found.like_mean(chance)
        rows.append((score.capability, *both, random, covers or NONE))
    return rows


def headline(report: Report) -> list[str]:
    """What the run played and how much of it counts, one fact per line."""
    lines = [
        f"Agent: {agent_name(report)}",
        f"Episodes scored: {report.episodes} of {report.planned}"
        + (f" ({report.missing} still to be played)" if report.missing else ""),
        f"Steps without a valid answer: {share(report.invalid)}",
    ]
    if report.invalid:
        lines.append(f"Causes of these: {causes(invalid_causes(report))}")
    if report.overall is not None:
        lines.append(
            f"Mean normalised score, each game alike and none above 1: {_headline(report.overall)}"
        )
        if report.uncapped != report.overall:
            lines.append(f"The same without that cap: {interval(report.uncapped)}")
    if report.calls:
        usage = report.usage
        lines.append(
            f"Calls: {report.calls}; tokens: {usage.prompt} read ({usage.cached} cached), "
            f"{usage.completion} written ({usage.reasoning} reasoning)"
        )
    if len(report.models) > 1 or report.cost:
        lines += [_use(use, report.cost) for use in report.models]
    lines += [f"Unscored: {count} x {cause}" for cause, count in report.unscored.items()]
    return [printable.line(text, printable.TEXT) for text in lines]


def _headline(value: Interval) -> str:
    surely = value.low is None and value.mean == HUMAN
    return f"{HUMAN:g} (every game is at or above the human score)" if surely else str(value)


def _use(use: ModelUse, cost: Cost | None) -> str:
    """What one role took."""
    role = f"{use.role}, " if use.role else ""
    paid = f", {money(use.cost, cost.currency)}" if cost and use.cost is not None else ""
    tokens = f"{use.usage.prompt} tokens read, {use.usage.completion} written"
    return f"  {role}{use.model}: {printable.plural(use.calls, 'call')}, {tokens}{paid}"


def cautions(report: Report) -> list[str]:
    """What a reader must know before quoting a number."""
    lines = list(report.notes)
    found = report.separability["shipped"]
    if measured(report):
        directions = "direction" if found.rank == 1 else "directions"
        lines.append(
            f"The {len(report.capabilities)} capability scores are weighted means over the same "
            f"games and have only {found.rank} independent {directions}: they are not separate "
            "measurements."
        )
        apart = (" and ".join(group) for group in found.groups)
        lines += [f"These games cannot tell apart: {names}." for names in apart]
    if measured(report) or (report.episodes and not report.contrasts and not report.thresholds):
        lines += unmeasured(report)
    return [printable.line(text, printable.TEXT) for text in lines]


def measured(report: Report) -> bool:
    """Whether any capability has a score."""
    return any(not score.reason for score in report.capabilities)


def unmeasured(report: Report) -> list[str]:
    """The capabilities without a score, one line per reason."""
    names: dict[str, list[str]] = {}
    for score in report.capabilities:
        if score.reason:
            names.setdefault(score.reason, []).append(score.capability)
    if len(names) == 1 and not measured(report):
        return [f"No capability has a score, because {next(iter(names))}."]
    return [
        f"Not measured, because {reason}: {', '.join(found)}." for reason, found in names.items()
    ]
