"""Writes results for other places: Hugging Face's `.eval_results`, a model card, a bibliography.

Each value comes with its interval, its track and the version that played it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from smartplay.cards.anchors import Anchors
from smartplay.core.errors import UsageError
from smartplay.core.printable import line
from smartplay.core.whole_files import write_atomically, writing
from smartplay.leaderboard.tracks import track_of
from smartplay.report import Report, build_report
from smartplay.report.markdown import escape
from smartplay.report.wording import interval, share
from smartplay.scores.intervals import Interval

DATASET = re.compile(r"[\w.-]+/[\w.-]+")
PAPER = """\
@inproceedings{smartplay-paper,
  title = {{SmartPlay}: A Benchmark for {LLMs} as Intelligent Agents},
  author = {Wu, Yue and Tang, Xuan and Mitchell, Tom M. and Li, Yuanzhi},
  booktitle = {International Conference on Learning Representations},
  year = {2024},
  url = {https://arxiv.org/abs/2310.01557},
}
"""


def publish(run: Path, to: str, out: Path, dataset: str = "", source: str = "") -> Path:
    """Write a run's results in the form of another place.

    Args:
        run: The run folder.
        to: One of `FORMS`.
        out: The folder for the file.
        dataset: For `eval-results`, the benchmark's data set on the Hub, `OWNER/NAME`.
        source: For `eval-results`, the address where others can get the run folder, if anywhere.

    Returns:
        The file.

    Raises:
        UsageError: If the data set is missing or no valid name, or the file cannot be written.
        RunFolderError: If the run cannot be read.
    """
    report = build_report(run)
    name, make = FORMS[to]
    if to != "eval-results":
        text = make(report)
    elif DATASET.fullmatch(dataset):
        text = make(report, dataset, source)
    else:
        raise UsageError("name the benchmark's data set on the Hub: --dataset OWNER/NAME")
    path = out / name
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    return path


def eval_results(report: Report, dataset: str, source: str = "") -> str:
    """Results as YAML for a model repository's `.eval_results/` on the Hub.

    One entry per task: `overall`, if there is a headline, and each game that has a score, in the
    game's own unit. The Hub has no field for an interval, so the notes hold it.

    Args:
        report: The run's.
        dataset: The benchmark's data set.
        source: The address of the run folder; empty for none.
    """
    about = f"{_track(report)}; SmartPlay {report.run.versions.get('smartplay', 'unknown')}"
    lines: list[str] = []
    for task, value, counts in _values(report):
        low, high = ("unknown" if end is None else f"{end:.6g}" for end in (value.low, value.high))
        notes = f"{counts}; 95 % interval {low} to {high}; {about}; agent {line(report.agent)}"
        entry: list[tuple[str, Any]] = [
            ("- dataset", None), ("    id", dataset), ("    task_id", task),
            ("  value", float(f"{value.mean:.6g}")), ("  date", report.run.started[:10]),
        ]  # fmt: skip
        if source:
            entry += [("  source", None), ("    url", source), ("    name", "SmartPlay run folder")]
        for key, content in [*entry, ("  notes", notes)]:
            lines.append(f"{key}:" if content is None else f"{key}: {json.dumps(content)}")
    if not lines:
        raise UsageError("the run has no score yet; there is nothing to publish")
    return "\n".join(lines) + "\n"


def model_card(report: Report) -> str:
    """A section for a model card, as Markdown."""
    rows = ["| game | score | normalised | random | steps without a valid answer |",
            "| --- | --- | --- | --- | --- |"]  # fmt: skip
    anchors = {detail.game: detail.anchors for detail in report.details}
    for game in report.games:
        known = anchors.get(game.game, Anchors()).random
        random = "-" if known is None else f"{known.mean:.4g}"
        cells = [_name(game.game), interval(game.score), interval(game.normalized), random]
        rows.append(f"| {' | '.join([*cells, share(game.invalid_rate)])} |")
    overall = "" if report.overall is None else (
        f"Mean normalised score, each game alike and none above 1: {report.overall}.\n"
    )  # fmt: skip
    notes = "".join(f"- {escape(note)}\n" for note in report.notes)
    return (
        "## SmartPlay\n\n"
        f"Agent: {escape(report.agent)}. Track: {escape(_track(report))}. "
        f"SmartPlay {report.run.versions.get('smartplay', 'unknown')}, "
        f"{report.run.started[:10]}. {report.episodes} of {report.planned} episodes were scored. "
        "Brackets hold 95 % intervals.\n\n"
        + "\n".join(rows)
        + f"\n\n{overall}{notes}\nAnyone can check the run folder: `smartplay verify RUN`.\n"
    )


def bibtex(report: Report) -> str:
    """What to cite: this result, the software and the paper that it builds on."""
    version = report.run.versions.get("smartplay", "unknown")
    year = report.run.started[:4]
    score = "" if report.overall is None else f" Overall {report.overall}."
    result = {
        "title": f"Results of {report.agent} on SmartPlay",
        "year": year,
        "note": f"{_track(report)}. SmartPlay {version}.{score}",
    }
    software = {
        "title": "SmartPlay",
        "author": "{The SmartPlay developers}",
        "version": version,
        "year": year,
    }
    return "\n".join([
        _entry("misc", "smartplay-result", {k: _latex(v) for k, v in result.items()}),
        _entry("software", "smartplay", software),
        PAPER,
    ])  # fmt: skip


FORMS: dict[str, tuple[str, Callable[..., str]]] = {
    "eval-results": (".eval_results/smartplay.yaml", eval_results),
    "model-card": ("model_card.md", model_card),
    "bibtex": ("smartplay.bib", bibtex),
}
"""The forms of results: each with its file's name and the function that makes it."""


def _values(report: Report) -> Iterator[tuple[str, Interval, str]]:
    if report.overall is not None:
        yield "overall", report.overall, "mean normalised score, each game at most 1"
    for game in report.games:
        if game.score is not None:
            yield _name(game.game), game.score, line(game.counts)


def _name(game: str) -> str:
    return game.removeprefix("smartplay/")


def _track(report: Report) -> str:
    return track_of(report.run, calls=bool(report.calls)).title


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = (f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@{kind}{{{key},\n{''.join(lines)}}}\n"


_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}  # fmt: skip


def _latex(text: str) -> str:
    """A text with LaTeX's special characters escaped."""
    return "".join(_LATEX.get(c, c) for c in line(text))
