"""What packages weigh: `python -m tools.weight . textarena reasoning-gym inspect-ai=inspect_ai`.

Each is installed by pip into a fresh environment: `.` is this clone, `NAME=MODULE` a package whose
module has another name. The table gives what the installation brought (bytes on the disk without
compiled Python, and distributions, itself included), the processor time of the first import, with
nothing compiled yet, and the median of `AGAIN` later ones, each in a new process and less what
starting Python alone takes. Processor time is that of user and system together; a busy machine
hardly changes it. It is not known on Windows.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import NamedTuple

AGAIN = 7


class Weight(NamedTuple):
    """What an installation brought, and how long imports took.

    Attributes:
        version: Its version.
        size: Bytes.
        distributions: Distributions.
        first: Processor seconds of the first import.
        again: The median of later ones.
    """

    version: str
    size: int
    distributions: int
    first: float
    again: float


def weigh(package: str, module: str) -> Weight:
    """Install a package into a fresh environment and import its module there.

    Args:
        package: What pip installs: a name, a requirement, or a folder.
        module: What is imported.

    Raises:
        subprocess.CalledProcessError: If it cannot be installed or imported.
    """
    with tempfile.TemporaryDirectory() as scratch:
        venv.create(scratch, symlinks=True)
        python = next(Path(scratch).glob("[bS]*in*/python*"))
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet"]
        run(*pip, "install", "--no-compile", "--disable-pip-version-check", package)
        (packages,) = Path(scratch).rglob("site-packages")
        size = sum(path.lstat().st_size for path in packages.rglob("*") if path.is_file())
        found = list(packages.glob("*.dist-info"))
        first, *later = (seconds(python, f"import {module}") for _ in range(1 + AGAIN))
        alone = statistics.median(seconds(python, "pass") for _ in range(AGAIN))
        again = statistics.median(later) - alone
        name = module if package == "." else package
        version = run(
            str(python), "-c", f"from importlib.metadata import *; print(version({name!r}))"
        )
        return Weight(version.strip(), size, len(found), first - alone, again)


def seconds(python: Path, code: str) -> float:
    """The processor time of a new process that runs some code."""
    before = os.times()
    run(str(python), "-c", code)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def run(*command: str) -> str:
    """What a command prints; what it complains of is shown if it fails."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    told = subprocess.run(command, capture_output=True, text=True, check=False, env=kept)
    if told.returncode:
        sys.stderr.write(told.stderr[-2000:])
    told.check_returncode()
    return told.stdout


def main(packages: list[str]) -> None:
    """Weigh packages and print a table."""
    print("| package | version | MB | distributions | first import, s | later imports, s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for each in packages:
        package, _, module = each.partition("=")
        module = module or ("smartplay" if package == "." else package.replace("-", "_"))
        try:
            found = weigh(package, module)
        except subprocess.CalledProcessError:
            print(f"| {package} | cannot be installed or imported | | | | |", flush=True)
            continue
        name = "smartplay" if package == "." else package
        print(
            f"| {name} | {found.version} | {found.size / 1e6:.0f} | {found.distributions} "
            f"| {found.first:.1f} | {found.again:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
