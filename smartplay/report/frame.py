"""Episodes as a pandas data frame."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from smartplay.core.loading import optional
from smartplay.games.registry import find_card
from smartplay.records import EpisodeRecord, RunHeader

if TYPE_CHECKING:
    import pandas

COLUMNS = (
    dict.fromkeys(("agent", "game"), "object")
    | dict.fromkeys(("episode", "repeat", "seed", "agent_seed"), "int64")
    | dict.fromkeys(("status", "error"), "object")
    | dict.fromkeys(("score", "normalized", "return"), "float64")
    | dict.fromkeys(("completed", "terminated", "truncated"), "bool")
    | dict.fromkeys(("steps", "invalid", "rejected", "calls"), "int64")
    | {f"{kind}_tokens": "int64" for kind in ("prompt", "cached", "completion", "reasoning")}
    | {"reused_tokens": "int64", "seconds": "float64", "engine": "object", "traceback": "object"}
)
"""The columns of a frame that are always there, with their types."""


def frame_of(header: RunHeader, records: Iterable[EpisodeRecord]) -> pandas.DataFrame:
    """One row per episode; see `smartplay.Run.to_frame`.

    Raises:
        MissingPackageError: If pandas is not installed.
    """
    made = optional("pandas", 'a data frame needs the package "pandas": pip install pandas')
    rows = [
        row_of(header, record)
        | {f"scores.{name}": value for name, value in record.scores.items()}
        | {f"unlocked.{name}": value for name, value in record.unlocked.items()}
        for record in records
    ]
    types = COLUMNS | {
        name: "float64" if name.startswith("scores.") else "boolean"
        for name in chain(*rows)
        if name not in COLUMNS
    }
    frame: pandas.DataFrame = made.DataFrame(rows, columns=list(types)).astype(types)
    return frame


def row_of(header: RunHeader, record: EpisodeRecord) -> dict[str, Any]:
    """An episode as a row of `COLUMNS`."""
    card, plan, score = find_card(record.game), header.games[record.game], record.score
    scale = card and card.as_played(plan.steps, plan.settings)
    told = msgspec.to_builtins(record)
    return {name: told[name] for name in COLUMNS if name in told} | {
        "agent": header.agent,
        "normalized": None if scale is None or score is None else scale.normalized(score),
        "invalid": sum(record.invalid.values()),
        "rejected": sum(record.rejected.values()),
        "prompt_tokens": record.usage.prompt,
        "cached_tokens": record.usage.cached,
        "completion_tokens": record.usage.completion,
        "reasoning_tokens": record.usage.reasoning,
        "reused_tokens": record.reused.total,
    }
