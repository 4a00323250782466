"""The report as one HTML file that needs no network and opens from disk.

Numbers come from `Report` and `Comparison` alone. Whatever an agent wrote or a run folder holds is
taken for hostile: templates escape it, data goes into the page as JSON or base64 that cannot end
its element, control characters are made visible, and a content security policy lets nothing run
but the page's own script.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from smartplay.core.errors import RunFolderError
from smartplay.core.whole_files import write_atomically, writing
from smartplay.records.folder import pretty
from smartplay.report.content import Report, entries_of
from smartplay.report.html.page import render_index, render_page
from smartplay.report.html.traces import collect_traces
from smartplay.report.listing import Listed
from smartplay.scores.comparison import Comparison, compare

__all__ = ["write_html", "write_index"]

PAGE = "report.html"


def write_html(
    reports: Sequence[Report],
    folders: Sequence[Path],
    out: Path,
    comparison: Comparison | None = None,
) -> Path:
    """Write the page of one run or several.

    Two runs or more are compared, and the comparison's numbers go into a `.comparison.json` beside
    the page. Episodes that find no room in the page go into files in a `.steps` folder beside it.

    Args:
        reports: A report per run.
        folders: The run folders, in the same order.
        out: The HTML file.
        comparison: That of several runs, if it has been made already.

    Returns:
        The file.

    Raises:
        RunFolderError: If the file cannot be written.
    """
    entries = entries_of(reports)
    if comparison is None and len(reports) > 1:
        comparison = compare(entries)
    aside = out.with_suffix(".steps")
    with writing(out, RunFolderError):
        out.parent.mkdir(parents=True, exist_ok=True)
        traces = collect_traces(reports, folders, aside)
        names = [entry.name for entry in entries]
        parts = render_page(reports, names, comparison, traces)
        write_atomically(out, (part.encode("utf-8", "backslashreplace") for part in parts))
        if comparison is not None:
            write_atomically(out.with_suffix(".comparison.json"), pretty(comparison))
    return out


def write_index(listed: Sequence[Listed], pages: Sequence[Path | None], out: Path) -> Path:
    """Write a page that lists runs and leads to the page of each.

    Args:
        listed: The runs, and what is none with the reason.
        pages: The page of each, where it has one.
        out: The HTML file.

    Raises:
        RunFolderError: If it cannot be written.
    """
    base = out.absolute().parent

    def place(path: Path) -> str:
        return Path(os.path.relpath(path.absolute(), base)).as_posix()

    found = [(place(Path(each.path)), each, page) for each, page in zip(listed, pages, strict=True)]
    runs = [
        (name, quote(place(page)) if page else "", each)
        for name, each, page in found
        if not each.problem
    ]
    others = [(name, each.problem) for name, each, _ in found if each.problem]
    with writing(out, RunFolderError):
        write_atomically(out, render_index(runs, others).encode("utf-8", "backslashreplace"))
    return out
