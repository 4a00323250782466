"""What commands print, and their exit codes."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from smartplay.core import printable
from smartplay.records.prices import money

if TYPE_CHECKING:
    from smartplay.cards.card import Human
    from smartplay.records.prices import Prices
    from smartplay.report import Report
    from smartplay.report.estimate import Range, Use
    from smartplay.report.plan import GamePlan, Plan
    from smartplay.scores.comparison import Comparison
    from smartplay.studies.playing import Expected

    Reckoned = Use | Plan | GamePlan | Expected

OK, FAILED, BAD_USAGE, SOME_UNSCORED, STOPPED, INTERRUPTED = 0, 1, 2, 3, 4, 130

PIPED_WIDTH = 140
NARROW = 80
GAP, LONGEST_WORD = 2, 20
"""Characters between a table's columns, and the longest word that is not folded."""
WORD = re.compile(r"\[[^\]]*\]|\S+")
"""A word, or an interval."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line, which knows the exit code."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output; wide if it is no terminal, so that no name is cut."""
    return _Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)


def open_closed_streams() -> None:
    """Give a process that started without standard streams ones that lead nowhere.

    Otherwise the first files it opens would take the streams' places.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open(encoding="utf-8")
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, nowhere.open("w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def forget_output() -> None:
    """Go on after the reader of standard output has left."""
    with suppress(OSError, ValueError, io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def quiet_output(quiet: bool = True) -> Iterator[None]:
    """In the block, send what agents, games and packages print to standard error."""
    if not quiet:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    sys.stdout.write("".join(map(_escaped, text)) + "\n")
    sys.stdout.flush()


def _escaped(c: str) -> str:
    """A character of JSON, escaped if a terminal might obey it or cannot show it."""
    coding = getattr(sys.stdout, "encoding", None) or "utf-8"
    can_be_written = c.isascii() or bool(c.encode(coding, "ignore"))
    return c if c == "\n" or (printable.is_seen(c) and can_be_written) else json.dumps(c)[1:-1]


def complain(text: str) -> None:
    """Print one line on standard error; no control character reaches the terminal."""
    print(f"smartplay: {printable.line(text, printable.TEXT)}", file=sys.stderr)


def say(text: str) -> None:
    """Print one line, parts of which, such as a folder's name, may come from outside."""
    print(printable.line(text, printable.TEXT))


def print_table(
    title: str, header: Sequence[str], rows: Iterable[Iterable[object]], digits: str = "g"
) -> None:
    """Print as much of a table as there is room for, with the first column and words whole.

    Columns without room are left out from the right, and a line says so. A table without rows is
    not shown.

    Args:
        title: Its heading.
        header: The names of its columns.
        rows: Its cells; None is shown as `-`.
        digits: How numbers with a fraction are written.
    """
    cells = [[_cell(value, digits) for value in row] for row in rows]
    if not cells:
        return
    cells = [row + [""] * (len(header) - len(row)) for row in cells]
    widths = _widths(header, cells, console().width)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column, width in zip(header, widths, strict=False):
        table.add_column(column, width=width, overflow="fold")
    for row in cells:
        table.add_row(
            *(Text(_broken(cell, width)) for cell, width in zip(row, widths, strict=False))
        )
    console().print(table)
    if len(widths) < len(header):
        console().print(Text(f"No room here for: {', '.join(header[len(widths) :])}"))


def shown_number(value: float | None) -> str | None:
    """A whole number, or one with a unit: `850`, `12k`, `3.4M`."""
    if value is None:
        return None
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / min(size, 1e3 if unit == 'k' else size):.3g}{unit}"
    return f"{value:.0f}"


def shown_span(
    span: Range | None, shown: Callable[[float], str | None] = shown_number
) -> str | None:
    """A number known only within bounds: `850`, `12k to 3.4M`, `12k+`."""
    if span is None:
        return None
    least, most = (None if end is None else shown(end) for end in (span.least, span.most))
    return least if least == most else f"{least}+" if most is None else f"{least} to {most}"


def use_header(currency: str) -> list[str]:
    """The headings of the columns of `use_cells`."""
    cost = [f"Cost ({currency})"] if currency else []
    return ["Calls", "Read", "Cached", "Written", *cost]


def use_cells(use: Reckoned | None, currency: str) -> list[str | None]:
    """What episodes cost, as cells of a table: calls, tokens, and price if there is a currency."""
    if use is None or use.calls is None:
        return [None] * len(use_header(currency))
    cost = [shown_span(use.cost, money) or "unknown"] if currency else []
    numbers = map(shown_number, (use.calls, use.read, use.cached))
    return [*numbers, shown_span(use.written), *cost]


def _widths(header: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """The widths of the columns that fit into `room`, words whole, the first ones unfolded."""
    columns = [[name, *(row[k] for row in rows)] for k, name in enumerate(header)]
    whole = [max(map(_longest_line, column)) for column in columns]
    least = [max(map(_longest_word, column)) for column in columns]
    least[0] = min(whole[0], room)
    while len(least) > 1 and sum(least) + GAP * (len(least) - 1) > room:
        least.pop()
    spare = room - sum(least) - GAP * (len(least) - 1)
    for place, width in enumerate(least):
        least[place] += (more := min(spare, whole[place] - width))
        spare -= more
    return least


def _longest_line(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))


def _longest_word(cell: str) -> int:
    return min(LONGEST_WORD, max(map(cell_len, WORD.findall(cell)), default=0))


def _broken(cell: str, width: int) -> str:
    """A cell whose interval stands below its mean where there is no room beside it."""
    return cell if _longest_line(cell) <= width else cell.replace(" [", "\n[")


def print_narrow(header: Sequence[str], rows: Iterable[Iterable[str]], whole: int) -> None:
    """Print a table of one line per row, at most `NARROW` columns wide.

    Args:
        header: The names of its columns.
        rows: Its cells.
        whole: How many of the last columns are never cut; the others share what is left.
    """
    table = Table(box=None, pad_edge=False)
    for place, column in enumerate(header):
        table.add_column(column, no_wrap=place >= len(header) - whole)
    for row in rows:
        texts = (Text(printable.line(c), no_wrap=True, overflow="ellipsis") for c in row)
        table.add_row(*texts)
    _Console(width=NARROW).print(table)


def _cell(value: object, digits: str) -> str:
    if isinstance(value, float):
        return format(value, digits)
    return "-" if value is None else printable.line(str(value), printable.TEXT)


def print_report(report: Report) -> None:
    """Print a report: headline, tables, cautions."""
    from smartplay.report import wording

    for line in wording.headline(report):
        console().print(Text(line))
    for table in wording.tables(report):
        shown = table.filled()
        narrow = slice(shown.narrow)
        rows = [row[narrow] for row in shown.rows]
        print_table(f"\n{table.title}", shown.header[narrow], rows)
    for line in wording.cautions(report):
        console().print(Text(f"Note: {line}"))


def print_comparison(comparison: Comparison) -> None:
    """Print a comparison: who is told apart from whom, and what was left out."""
    from smartplay.report.comparison import comparison_tables

    for table in comparison_tables(comparison):
        print_table(f"\n{table.title}", table.header, table.rows)
    for line in comparison.notes:
        console().print(Text(f"Note: {printable.line(line, printable.TEXT)}"))


def show_reports(
    paths: Sequence[Path],
    as_json: bool,
    prices: Prices | None = None,
    human: Human = "published",
    own_cards: Sequence[Path] = (),
) -> list[Report]:
    """Score runs, write their reports into their folders, print and return them.

    A report that cannot be kept, as in a read-only folder, is printed all the same.
    """
    from smartplay.core.errors import RunFolderError
    from smartplay.report import build_report, keep_report

    reports = [build_report(path, prices, human, own_cards) for path in paths]
    for report, path in zip(reports, paths, strict=True):
        try:
            keep_report(report, path)
        except RunFolderError as error:
            complain(f"the report is shown but not kept: {error}")
    try:
        if as_json:
            print_json(reports[0] if len(reports) == 1 else reports)
            return reports
        for report in reports:
            print_report(report)
        sys.stdout.flush()
    except BrokenPipeError:
        forget_output()
    return reports
