"""What computes in several processes ends with the command, however that is ended. Linux only."""

from __future__ import annotations

import signal
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.killing import left_over, start

STUDY = """
import time
from pathlib import Path

from smartplay.validity.study import in_processes

def compute(place):
    Path(place).touch()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass

if __name__ == "__main__":
    in_processes(compute, ["one", "two", "three", "four"], workers=2)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_command(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "study.py").write_text(STUDY)
    mark = uuid.uuid4().hex
    process = start([sys.executable, "study.py"], mark, tmp_path)
    while not ((tmp_path / "one").exists() and (tmp_path / "two").exists()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(number)
    ended = time.monotonic()
    process.communicate(timeout=30)
    while left := left_over(mark):
        assert time.monotonic() < ended + 10, f"processes outlive their command: {left}"
        time.sleep(0.02)
    assert not (tmp_path / "four").exists(), "what had not begun is not begun"
