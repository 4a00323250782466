"""What packages weigh: `python -m tools.weight . textarena reasoning-gym inspect-ai=inspect_ai`.

Each is installed by pip into a fresh environment: `.` is this clone, `NAME=MODULE` a package whose
module has another name. The table gives what the installation brought (bytes on the disk without
compiled Python, and distributions, itself included), the processor time of the first import, with
nothing compiled yet, and the median of `AGAIN` later ones, each in a new process and less what
starting Python alone takes. Of a package that brings Gymnasium a line below the table says how many
times as long as `import gymnasium` its import takes, in the same environment and by turns.
Processor time is that of user and system together. It is not known on Windows.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import NamedTuple

AGAIN = 11


class Weight(NamedTuple):
    """What an installation brought, and how long imports took.

    Attributes:
        version: Its version.
        size: Bytes.
        distributions: Distributions.
        first: Processor seconds of the first import.
        again: The median of later ones.
        times: How many times that of Gymnasium; None without it.
    """

    version: str
    size: int
    distributions: int
    first: float
    again: float
    times: float | None


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
        first = seconds(python, f"import {module}")
        codes = ["pass", f"import {module}"]
        if with_gymnasium := any(packages.glob("gymnasium-*.dist-info")):
            codes.append("import gymnasium")
        rounds = [[seconds(python, code) for code in codes] for _ in range(AGAIN)]
        alone, *medians = map(statistics.median, zip(*rounds, strict=True))
        again = medians[0] - alone
        times = again / (medians[1] - alone) if with_gymnasium else None
        name = module if package == "." else package
        version = run(
            str(python), "-c", f"from importlib.metadata import *; print(version({name!r}))"
        )
        return Weight(version.strip(), size, len(found), first - alone, again, times)


def seconds(python: Path, code: str) -> float:
    """The processor time of a new process that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(str(python), "-c", code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
    beside = []
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
        if found.times is not None and module != "gymnasium":
            beside.append(f"import {module} takes {found.times:.2f} times import gymnasium")
    print("", *beside, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
