"""Disks that fail while a run is played: what is left, and whether the same command goes on.

`python -m tests.disk_faults` tries all and prints what became of them. Asked of each: the command
ends with a documented exit code and a line that says what is wrong, without a traceback; afterwards
the same command without the fault completes the run, which then verifies, every episode scored
once, and no result that was on record is played again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from smartplay.leaderboard import verify_run
from smartplay.records import EpisodeRecord
from smartplay.records.folder import RunFolder

ROOT = Path(__file__).parents[1]
CODES = {1, 2, 3, 4}
EPISODES = 12

FAKE = """
import builtins, errno, io, os, pathlib, resource, shutil, signal, sys
count = 0
def fail(number, after, on=lambda *arguments: True):
    def wrap(function):
        def failing(*arguments, **options):
            global count
            if on(*arguments):
                count += 1
                if count > after:
                    raise OSError(number, os.strerror(number))
            return function(*arguments, **options)
        return failing
    return wrap
def on_write(path, mode="r", *more, **options):
    return any(c in mode for c in "wax")
"""
PLAY = "from smartplay.cli import main\nsys.exit(main(sys.argv[1:]))\n"


class Fault(NamedTuple):
    """A disk that fails.

    Attributes:
        name: What is wrong with it.
        code: What makes it so, in the process that plays, once the program is loaded.
        out: The run folder.
        lasting: Whether no run can be in such a folder, with the fault or without.
    """

    name: str
    code: str
    out: str = "run"
    lasting: bool = False


def full(size: int) -> str:
    return f"""
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""


def opening(number: str, after: int) -> str:
    return f"pathlib.Path.open = fail(errno.{number}, {after}, on_write)(pathlib.Path.open)"


VANISHING = """
add = RunFolder.add
def vanish(self, record, trace):
    add(self, record, trace)
    if record.episode == 5:
        shutil.rmtree(self.path / "steps")
        (self.path / "steps").write_text("no folder")
RunFolder.add = vanish
"""
HALF = """
add = RunFolder.add
def half(self, record, trace):
    if record.episode == 5:
        with (self.path / "episodes.jsonl").open("ab") as file:
            file.write(b'{"game":"smart')
        raise RunFolderError(f"cannot write {self.path}: {os.strerror(errno.EIO)}")
    add(self, record, trace)
RunFolder.add = half
"""
HALF_STEPS = """
from smartplay.records.members import Members
append = Members.append
def half(self, name, packed, force=False):
    append(self, name, packed, force)
    if name == "00005.jsonl":
        os.truncate(self.path, self.path.stat().st_size - 40)
        raise OSError(errno.EIO, os.strerror(errno.EIO))
Members.append = half
"""
FAULTS = (
    Fault("a full disk at the first byte", full(0)),
    Fault("a full disk in the middle", full(3000)),
    Fault("a full disk just before the header is whole", full(300)),
    Fault("no space left", opening("ENOSPC", 9)),
    Fault("a quota that is used up", opening("EDQUOT", 6)),
    Fault("a disk that became read-only", opening("EROFS", 5)),
    Fault("an error of the disk as data is forced onto it",
          "os.fsync = fail(errno.EIO, 0)(os.fsync)"),
    Fault("an error of the disk as a file gets its name",
          "pathlib.Path.replace = fail(errno.EIO, 0)(pathlib.Path.replace)"),
    Fault("an error of the disk in the middle of a line", HALF),
    Fault("an error of the disk in the middle of an episode's steps", HALF_STEPS),
    Fault("too many open files", opening("EMFILE", 7)),
    Fault("a file in the place of the steps", VANISHING, lasting=True),
    Fault("a folder where no files can be", "", "/proc/smartplay-run", lasting=True),
    Fault("a name that is too long", "", "x" * 300, lasting=True),
    Fault("a file in the folder's place", "pathlib.Path('run').write_text('x')", lasting=True),
)  # fmt: skip


class Met(NamedTuple):
    """What became of a run.

    Attributes:
        code: The exit code under the fault.
        told: What it said.
        faults: What should not have been.
    """

    code: int
    told: str
    faults: list[str]


def meet(fault: Fault, folder: Path) -> Met:
    """Play under a fault, then without."""
    done = command(fault, folder, fault.code)
    told = done.stderr.strip()
    faults = [] if done.returncode in CODES else [f"exit code {done.returncode}"]
    if "Traceback" in told or "--debug shows" in told or not told:
        faults.append(f"it said {told[-300:]!r}")
    run = folder / fault.out
    if fault.lasting:
        return Met(done.returncode, told, faults)
    before = scored(run)
    again = command(fault, folder, "")
    if again.returncode:
        faults.append(f"it does not go on: {again.stderr.strip()[-300:]}")
        return Met(done.returncode, told, faults)
    after = scored(run)
    found = verify_run(run)
    if not (found.verified and found.complete and len(after) == EPISODES):
        faults.append(f"the run is not whole: {found}")
    if after[: len(before)] != before:
        faults.append("what was on record was played again")
    return Met(done.returncode, told, faults)


def command(fault: Fault, folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    load = "from smartplay.records.folder import RunFolder, RunFolderError\nimport smartplay\n"
    options = ["--games", "Hanoi3Disk", "--episodes", str(EPISODES), "--steps", "5"]
    return subprocess.run(
        [sys.executable, "-c", FAKE + load + code + "\n" + PLAY, "run", "random", *options,
         "--concurrency", "1", "--out", fault.out],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def scored(run: Path) -> list[EpisodeRecord]:
    if not (run / "run.json").exists():
        return []
    return [record for record in RunFolder(run).lines() if record.status == "scored"]


def report() -> int:
    faulty = 0
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            met = meet(fault, Path(folder))
        faulty += bool(met.faults)
        print(f"{fault.name}: exit code {met.code}: {'; '.join(met.faults) or met.told[-90:]}")
    print(f"{len(FAULTS)} faults of a disk, {faulty} not survived")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(report())
