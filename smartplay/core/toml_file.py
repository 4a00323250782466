"""Reads TOML files that people write, and says in words what is wrong with them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smartplay.core.errors import UsageError
from smartplay.core.untrusted import HEADER_LIMIT, MEGABYTE


def read_toml(
    path: Path, called: str, error_class: type[UsageError] = UsageError
) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: The file.
        called: What to call it in a message, such as `"card"`.
        error_class: What to raise.

    Raises:
        UsageError: If it cannot be read or is not TOML; of `error_class`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(HEADER_LIMIT + 1)
        if len(data) > HEADER_LIMIT:
            raise error_class(
                f"{called} {path} is larger than {HEADER_LIMIT // MEGABYTE} MB: refused"
            )
        return tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise error_class(f"cannot read {called} {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        raise error_class(f"{called} {path} is not valid TOML: {error}") from error


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables laid over others, key by key, tables within them likewise."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, dict) and isinstance(value, dict)
        merged[key] = overlay(under, value) if both else value  # type: ignore[arg-type]
    return merged


def nested(path: str, value: Any) -> dict[str, Any]:
    """Tables with a value at the end of a path such as `models.judge.temperature`."""
    first, dot, rest = path.partition(".")
    return {first: nested(rest, value) if dot else value}
