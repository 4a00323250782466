"""Compiled kernels, where numba is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smartplay.games.fast import kernels_of

KERNELS = """
from smartplay.games.fast import compile_kernel
from rules import HEIGHT

@compile_kernel
def height():
    return HEIGHT
"""


def test_a_package_without_kernels_has_none() -> None:
    assert kernels_of("smartplay.games.contrast") is None


@pytest.mark.slow
def test_kernels_do_not_outlive_the_constants_beside_them(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    (tmp_path / "kernels.py").write_text(KERNELS)
    command = [sys.executable, "-B", "-c", "from kernels import height; print(height())"]
    for height in (3, 3, 5):
        (tmp_path / "rules.py").write_text(f"HEIGHT = {height}\n")
        told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert told.stdout == f"{height}\n"
    assert list(tmp_path.glob("**/*.nbi")), "they are kept"
