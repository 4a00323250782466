"""The least version of each core dependency: `python -m tools.least_versions > constraints.txt`.

Read from `setup.cfg`, so that what is tested is what is admitted:
`pip install -c constraints.txt -e ".[test]"` makes the environment. Extras are left as they come.
"""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

CONFIG = Path(__file__).parents[1] / "setup.cfg"


def least_versions(config: str) -> list[str]:
    """A constraint such as `numpy==1.25` per core dependency.

    Args:
        config: What `setup.cfg` holds.

    Raises:
        ValueError: If a dependency names no least version, as in `numpy>=1.25`.
    """
    parser = ConfigParser()
    parser.read_string(config)
    return [_pinned(line) for line in parser["options"]["install_requires"].split("\n") if line]


def _pinned(requirement: str) -> str:
    found = re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement)
    if found is None:
        raise ValueError(f"{requirement} names no least version; write it as numpy>=1.25")
    return f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    print(*least_versions(CONFIG.read_text(encoding="utf-8")), sep="\n")
