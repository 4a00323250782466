"""Runs programs that a model wrote, each in a separate interpreter and process.

The interpreter is `pydantic-monty`, an optional package: a subset of Python that knows no files, no
network, no other processes and no clock. Time, memory and output are bounded. Each program gets a
fresh process, so none leaves anything behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from smartplay.core import printable
from smartplay.core.errors import MissingPackageError

MEMORY = 64 * 2**20  # bytes
DEPTH = 500  # calls within calls
COLLECTED = 100_000  # bytes a program may print
SHOWN = 2000  # characters of that which are shown, and of an error or a value
NOTHING = "(the program printed nothing)"
CUT = "\n(the rest is left out)"
KNOWN = (
    "re, json, math, random, collections, itertools, functools, copy, bisect and datetime can be "
    "imported; classes cannot inherit, and there is no yield, no del and no other module"
)
"""What a model must know of the interpreter."""


def check_sandbox() -> None:
    """Make sure that programs can be run.

    Raises:
        MissingPackageError: If the package is not installed.
    """
    if find_spec("pydantic_monty") is None:
        raise MissingPackageError(
            'running a model\'s programs needs the package "pydantic-monty": '
            'pip install "smartplay[code]"'
        )


async def run_program(
    program: str, values: Mapping[str, Any], seconds: float, before: Sequence[str] = ()
) -> tuple[bool, str]:
    """Run a program apart from this process.

    Args:
        program: The program.
        values: Plain data it finds under these names.
        seconds: Time each program may compute; longer ones are stopped.
        before: Programs that ran well and are run again first, for what they defined.

    Returns:
        Whether it succeeded, and its output or error. Running it again gives the same, except for
        programs that take nearly all the time they may.
    """
    return await asyncio.to_thread(_run, program, dict(values), seconds, list(before))


def _run(
    program: str, values: dict[str, Any], seconds: float, before: list[str]
) -> tuple[bool, str]:
    from pydantic_monty import CollectString, Monty, MontyError, MontySyntaxError

    output, error = CollectString(max_bytes=COLLECTED), ""
    result = None
    try:
        # The parent kills a process that does not keep to the limits itself.
        pool = Monty(max_processes=1, request_timeout=seconds + 5.0)
        limits: Any = {
            "max_feed_duration_secs": seconds,
            "max_memory": MEMORY,
            "max_recursion_depth": DEPTH,
        }
        policy: Any = {
            "datetime": datetime(2000, 1, 1, tzinfo=UTC),
            "sleep": "zero",
            "random_start": {"seed": 0},
        }
        with pool, pool.checkout(limits=limits, os_policy=policy) as session:
            for number, each in enumerate([*before, program]):
                collector = output if number == len(before) else CollectString(COLLECTED)
                result = session.feed_run(
                    each, inputs=values if number == 0 else None, print_callback=collector
                )
    except MontySyntaxError as failure:
        error = f"SyntaxError: {failure}"
    except MontyError as failure:
        error = str(failure)
    if "TimeoutError" in error or "request timeout" in error:  # it stopped itself, or was killed
        return False, f"(stopped after {seconds:g} seconds)"
    parts = [output.output, error or _shown(result)]
    said = [_cut(printable.block(part.strip())) for part in parts if part.strip()]
    return not error, "\n".join(said) or NOTHING


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + CUT


def _shown(result: Any) -> str:
    """The value of a program's last line, as a notebook shows it."""
    if result is None:
        return ""
    try:
        return repr(result)[: 2 * SHOWN]
    except (ValueError, RecursionError):  # a number of too many digits, a list within itself
        return "(a value that cannot be shown)"
