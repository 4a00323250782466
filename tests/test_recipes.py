"""Code that README.md and docs/ show does what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SRUN = """#!/bin/sh
case "$*" in
*"dask scheduler"*) sleep 0.5; echo '{"address": "tcp://new:1"}' > "$FOLDER/scheduler.json" ;;
esac
"""


def code(document: str, containing: str) -> str:
    """The one block of code in a document that contains a text."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", (ROOT / document).read_text(), re.M | re.S)
    (found,) = [block for block in blocks if containing in block]
    return str(found)


def test_groups_of_a_vector_start_alike() -> None:
    names: dict[str, Any] = {}
    exec(
        "import gymnasium as gym\nimport smartplay\n" + code("docs/environments.md", "make_vec"),
        names,
    )
    texts = names["texts"]
    names["envs"].close()
    assert len(texts) == 16
    assert len(set(texts[:8])) == len(set(texts[8:])) == 1


@pytest.mark.skipif(not shutil.which("bash"), reason="the recipe is for bash")
def test_the_job_waits_for_the_scheduler_of_its_own(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("srun", SRUN), ("smartplay", '#!/bin/sh\necho "$@"\n')):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (tmp_path / "scheduler.json").write_text('{"address": "tcp://old:1"}')
    script = code("docs/cluster.md", "srun").replace("/shared", str(tmp_path))
    script = f"export FOLDER={tmp_path} PATH={programs}:$PATH SLURM_NTASKS=4\n{script}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "run my_agent.py:MyAgent --cluster tcp://new:1\n", done.stderr
