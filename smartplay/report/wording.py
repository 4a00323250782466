"""Numbers and names as people read them; shared by every form of the report."""

from __future__ import annotations

from smartplay import printable
from smartplay.contrast_scores import ContrastScore
from smartplay.report.build import Report
from smartplay.report.costs import Cost, ModelUse
from smartplay.scoring import CapabilityScore, GameScore, Separability
from smartplay.statistics import MASTERED, Interval

NONE = "-"


def interval(value: Interval | None, digits: int = 2) -> str:
    """A mean with its interval, such as `0.91 [0.85, 0.97]`; `-` if there is none."""
    if value is None:
        return NONE
    if value.low is None or value.high is None:
        return f"{value.mean:.{digits}f}"
    return f"{value.mean:.{digits}f} [{value.low:.{digits}f}, {value.high:.{digits}f}]"


def share(value: float | None) -> str:
    """A share as a percentage."""
    return NONE if value is None else f"{100 * value:.1f} %"


def invalid(game: GameScore) -> str:
    """The rate of invalid answers, with its causes."""
    causes = ", ".join(f"{cause} {share(rate)}" for cause, rate in game.invalid.items())
    return share(game.invalid_rate) + (f" ({causes})" if causes else "")


def played(game: GameScore) -> str:
    """A game with the engine it was played on, where there is more than one."""
    return name(game.game) + (f" ({game.engine})" if game.engine else "")


def name(game: str) -> str:
    """An id without its namespace."""
    return game.split("/")[-1]


def episodes(game: GameScore) -> str:
    """Scored episodes of those planned."""
    return f"{game.episodes}/{game.planned}"


CONTRASTS = (
    "Each capability measured by itself: the hard setting of a contrast demands it, the easy one "
    "does not, and nothing else differs. Both are scores over chance (0 is random play, 1 the best "
    "possible). Retention is hard over easy: 1 means that nothing is lost when the capability is "
    f"demanded. It is not measurable where the easy score is below {MASTERED}."
)


def retention(score: ContrastScore) -> str:
    """The retention with its interval, or that there is none."""
    if score.retention is not None:
        return interval(score.retention)
    return "not measurable" if score.pairs else NONE


def capability(report: Report, score: CapabilityScore) -> tuple[str, ...]:
    """A row of a table: a capability, its two scores and what random play would get."""
    chance = report.chance["shipped"].get(score.capability)
    return (
        score.capability,
        interval(score.scores["shipped"]),
        interval(score.scores["paper"]),
        NONE if chance is None else f"{chance:.2f}",
    )


def contrast(score: ContrastScore) -> tuple[str, ...]:
    """A row of a table: a capability, the scores of its contrast and what is left."""
    return (
        score.capability,
        interval(score.easy),
        interval(score.hard),
        retention(score),
        str(score.pairs),
    )


def headline(report: Report) -> list[str]:
    """What was played and how much of it counts, one fact per line."""
    lines = [
        f"Agent: {report.agent}",
        f"Episodes scored: {report.episodes} of {report.planned}"
        + (f" ({report.missing} not played yet)" if report.missing else ""),
        f"Steps without a valid answer: {share(report.invalid)}",
    ]
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


def _use(use: ModelUse, cost: Cost | None) -> str:
    """What one role took."""
    role = f"{use.role}, " if use.role else ""
    money = f", {use.cost:.4g} {cost.currency}" if cost and use.cost is not None else ""
    tokens = f"{use.usage.prompt} tokens read, {use.usage.completion} written"
    return f"  {role}{use.model}: {use.calls} calls, {tokens}{money}"


def cautions(report: Report) -> list[str]:
    """What a reader must know before quoting a number."""
    lines = list(report.notes)
    shipped = report.separability["shipped"]
    if shipped.rank:
        lines.append(_rank(shipped, len(report.capabilities)))
    lines += [f"These games cannot tell apart: {' and '.join(group)}." for group in shipped.groups]
    lines += [
        f"{score.capability} is not measured: {score.reason}."
        for score in report.capabilities
        if score.reason
    ]
    return [printable.line(text, printable.TEXT) for text in lines]


def _rank(found: Separability, capabilities: int) -> str:
    return (
        f"The {capabilities} capability scores are weighted means over the same games and have "
        f"only {found.rank} independent direction{'s' if found.rank != 1 else ''}: they are not "
        "separate measurements."
    )
