"""Reads the token counts that services report; no malformed count may lose the reply."""

from __future__ import annotations

from math import inf
from typing import Any

import msgspec

from smartplay.records import LONGEST, Call, Usage


def tokens(reported: Any) -> int:
    """A number of tokens; 0 if the service reports none, or a number that counts nothing."""
    if type(reported) not in (int, float) or not 0 <= reported < inf:
        return 0
    return int(reported)


def make_usage(
    prompt: Any, completion: Any, cached: Any = None, reasoning: Any = None, total: Any = None
) -> Usage | None:
    """The tokens of a call; all billed as output count as `completion`.

    None if none are told, or such as no call uses: part of a usage would be an invented one.

    Some services leave reasoning out of what they call completion. Then the total shows it, or the
    reasoning does, which is part of the completion here.
    """
    read, written, whole = tokens(prompt), tokens(completion), tokens(total)
    thought = tokens(reasoning)
    if not read and whole > written > 0:
        read = whole - written
    elif whole > read + written:
        untold = whole - read - written
        if written:
            thought = max(thought, untold)
        written += untold
    if thought > written:
        written += thought
    usage = Usage(read, min(tokens(cached), read), written, thought)
    return usage if (read or written) and usage.is_plausible() else None


def counted(call: Call) -> Call:
    """A model's call; tokens and seconds that no call takes are 0, for checks refuse them."""
    usage = call.usage if call.usage.is_plausible() else Usage()
    seconds = call.seconds if 0 <= call.seconds <= LONGEST else 0.0
    return msgspec.structs.replace(call, usage=usage, seconds=seconds)


def first(table: Any, *names: str) -> Any:
    """The first of these fields that a table has; None if `table` is no table."""
    if isinstance(table, dict):
        for name in names:
            if table.get(name) is not None:
                return table[name]
    return None
