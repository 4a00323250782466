"""Studies: arms and their controls play the same episodes under a plan fixed beforehand."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from smartplay.runner.budget import Limits
from smartplay.runner.plan import slug
from smartplay.studies.file import read_study
from smartplay.studies.playing import Opened, open_study, play_study
from smartplay.studies.result import StudyResult, result_of
from smartplay.studies.showing import write_study

__all__ = ["StudyResult", "find_study", "study"]


def find_study(path: str | Path, out: str | Path | None = None) -> Opened:
    """Read a study, and make sure that it can be played in its folder.

    Args:
        path: The file.
        out: The folder; by default one under `runs/` that is called as the file.

    Raises:
        UsageError: If the file, an arm or a setting is wrong.
        RunFolderError: If the folder holds another study; the message says what differs.
    """
    file = Path(path)
    folder = Path(out) if out is not None else Path("runs") / f"study-{slug(file.stem)}"
    return open_study(read_study(file), folder)


def study(
    path: str | Path,
    *,
    out: str | Path | None = None,
    concurrency: int | None = None,
    limits: Limits | None = None,
    episode_seconds: float | None = None,
    cache: str | Path | None = None,
    cluster: str | None = None,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> StudyResult:
    """Play a study, or what is missing of it, and say what it found.

    Args:
        path: The file, as `smartplay.studies.file` describes it.
        out: Its folder; by default one under `runs/` that is called as the file. Each arm is a run
            in it, under `arms/`.
        concurrency: As for `run`; likewise the others.
        limits: What the study may cost, over all its arms.
        episode_seconds: As for `run`.
        cache: As for `run`.
        cluster: As for `run`.
        executor: As for `run`.
        progress: As for `run`.

    Returns:
        What it found; `study.json`, `study.md` and `study.html` in the folder hold the same.

    Raises:
        UsageError: If the file, an arm or a setting is wrong; then nothing is played.
        RunFolderError: If the folder holds another study, or cannot be written.
    """
    opened = find_study(path, out)
    return carry_out(
        opened, limits=limits, concurrency=concurrency, episode_seconds=episode_seconds,
        cache=cache, cluster=cluster, executor=executor, progress=progress,
    )  # fmt: skip


def carry_out(opened: Opened, **options: Any) -> StudyResult:
    """Play a study from `find_study` and write its results; options as for `study`."""
    result = result_of(opened, *play_study(opened, **options))
    write_study(result, opened.folder)
    return result
