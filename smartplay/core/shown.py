"""How a result shows itself: one line as text, tables in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatch
from html import escape
from typing import Any, ClassVar

from smartplay.core import printable


class Shown:
    """Makes a `msgspec.Struct` that has a one-line `__str__` fit to be looked at."""

    __slots__ = ()
    __struct_fields__: ClassVar[tuple[str, ...]]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {printable.line(str(self))}>"

    def _repr_html_(self) -> str:
        return as_html(self)


@singledispatch
def as_html(value: Shown) -> str:
    """Its fields, without the empty ones, as a notebook shows them."""
    fields = [(name.strip("_"), getattr(value, name)) for name in value.__struct_fields__]
    return html_table((), [(n, _value(v)) for n, v in fields if v not in (None, "", [], {})])


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells show any text as it is; the first cell of a row names it."""
    head = f"<thead>{_row('th', header)}</thead>" if header else ""
    body = "".join(_row("td", row) for row in rows)
    return f'<table style="text-align: left">{head}<tbody>{body}</tbody></table>'


def html_list(lines: Iterable[str]) -> str:
    """A list of lines, each shown as it is; empty if there are none."""
    items = "".join(f"<li>{_cell(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _row(tag: str, cells: Sequence[str]) -> str:
    left = ' style="text-align: left"'
    return "<tr>" + "".join(f"<{tag}{left}>{_cell(cell)}</{tag}>" for cell in cells) + "</tr>"


def _cell(text: str) -> str:
    return escape(printable.line(text, printable.TEXT))


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_value(each)}" for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_value, value))
    return str(value)
