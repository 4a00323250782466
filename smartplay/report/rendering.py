"""Templates of pages and pictures that need no network and treat all they show as plain text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from smartplay.core import printable


@lru_cache
def templates(package: str, autoescape: bool = True) -> Environment:
    """A package's templates; they show any text as a printable line."""
    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=shown,
    )


def shown(value: Any) -> Any:
    """A value as a page shows it: text as a printable line, SmartPlay's own markup unchanged."""
    return printable.line(value, printable.TEXT) if type(value) is str else value
