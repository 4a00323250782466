"""Reports a run for people: in the terminal, as Markdown, JSON and a picture."""

from __future__ import annotations

from pathlib import Path

from smartplay.core.errors import RunFolderError
from smartplay.core.whole_files import write_atomically, writing
from smartplay.records.folder import pretty
from smartplay.report.build import build_report
from smartplay.report.content import Report
from smartplay.report.markdown import to_markdown
from smartplay.report.notebook import Scores
from smartplay.report.radar import radar_svg
from smartplay.report.thresholds import thresholds_svg

__all__ = ["Report", "Scores", "build_report", "keep_report"]


def keep_report(report: Report, path: str | Path) -> None:
    """Write `report.json`, `report.md` and the pictures into a run folder.

    Raises:
        RunFolderError: If it cannot be written.
    """
    files: dict[str, bytes] = {
        "report.json": pretty(report),
        "report.md": to_markdown(report).encode(),
        "radar.svg": radar_svg(report).encode(),
    }
    if report.thresholds:
        files["thresholds.svg"] = thresholds_svg(report.thresholds).encode()
    with writing(f"a report into {path}", RunFolderError):
        for name, data in files.items():
            write_atomically(Path(path) / name, data)
