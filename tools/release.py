"""Says whether a tag may be released: `python -m tools.release v0.2.0`.

The tag names the version of the package, and so do the citation and the newest heading of the
changelog, which no longer says that it is not released.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = {
    "smartplay/core/version.py": r'^__version__ = "(.+)"$',
    "CITATION.cff": r"^version: (.+)$",
    "CHANGELOG.md": r"^## (.+)$",
}


def problems(tag: str, root: Path = ROOT) -> Iterator[str]:
    """Where the repository does not say that it is the version of a tag."""
    for name, pattern in PLACES.items():
        said = re.search(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)
        found = said[1] if said else "nothing"
        if f"v{found}" != tag:
            yield f"{name} says {found}, the tag {tag}"


if __name__ == "__main__":
    sys.exit("\n".join(problems(sys.argv[1])) or None)
