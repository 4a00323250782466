"""Programs that a model wrote stay where they are run, whatever they do."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from smartplay.agents.methods import sandbox
from smartplay.agents.methods.code import program_in
from smartplay.core.errors import MissingPackageError

pytest.importorskip("pydantic_monty")

VALUES = {"observation": "Go.", "history": ["Before."], "actions": ["Rock", "Paper"]}


def run(program: str, seconds: float = 1.0, before: Sequence[str] = ()) -> tuple[bool, str]:
    return asyncio.run(sandbox.run_program(program, VALUES, seconds, before))


@pytest.mark.parametrize(
    ("program", "output"),
    [
        ("print(actions[1], observation, history)", "Paper Go. ['Before.']"),
        ("1 + 1", "2"),
        ("print(1)\n2", "1\n2"),
        ("x = 3", sandbox.NOTHING),
        ("import re, json\nprint(json.dumps(re.findall('R.', actions[0])))", '["Ro"]'),
        ("print('\\x1b[2J')", "⟨001B⟩[2J"),
    ],
)
def test_programs_that_do_their_work(program: str, output: str) -> None:
    assert run(program) == (True, output)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("open('/etc/passwd').read()", "PermissionError"),
        ("open('/tmp/x', 'w').write('x')", "Error"),
        ("from pathlib import Path\nprint(Path('/etc/hosts').read_text())", "Error"),
        ("import os\nos.listdir('/')", "PermissionError"),
        ("import os\nprint(os.environ)", "Error"),
        ("import os\nos.system('true')", "Error"),
        ("import socket", "ModuleNotFoundError"),
        ("import urllib.request", "ModuleNotFoundError"),
        ("import subprocess", "ModuleNotFoundError"),
        ("import ctypes", "ModuleNotFoundError"),
        ("import smartplay", "ModuleNotFoundError"),
        ("__import__('os')", "NameError"),
        ("(lambda: 0).__globals__", "AttributeError"),
        ("''.__class__.__mro__[1].__subclasses__()", "AttributeError"),
        ("import sys\nsys.exit(0)", "Error"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise SystemExit", "SystemExit"),
        ("def f():\n    return f()\nf()", "RecursionError"),
        ("x = [0]\nwhile True:\n    x += x", "MemoryError"),
        ("'a' * 10**10", "MemoryError"),
        ("10 ** 10 ** 9", "MemoryError"),
        ("list(range(10 ** 9))", "MemoryError"),
        ("while True:\n    print('x' * 1000)", "MemoryError"),
        ("while True:\n    pass", "(stopped after 0.5 seconds)"),
        ("(10 ** 100000) ** 400", "(stopped after 0.5 seconds)"),
        ("import re\nre.match('(a+)+$', 'a' * 60 + 'b')", ""),
        ("1 / 0", "ZeroDivisionError"),
        ("this is no program", "SyntaxError"),
    ],
)
def test_programs_that_do_harm(program: str, told: str) -> None:
    well, output = run(program, seconds=0.5 if "stopped" in told else 30.0)
    assert told in output
    assert len(output) <= 2 * (sandbox.SHOWN + len(sandbox.CUT)) + 1
    assert not well or not told


def test_an_endless_program_ends_soon() -> None:
    began = time.monotonic()
    assert run("while True:\n    print('x')", seconds=0.2)[0] is False
    assert time.monotonic() - began < 8, "a loaded machine takes its time, but not for ever"


def test_nothing_is_written(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    run(f"open({str(target)!r}, 'w').write('x')")
    assert list(tmp_path.iterdir()) == []


def test_clock_sleep_and_chance_repeat() -> None:
    program = "import random, datetime, time\ntime.sleep(3)\n"
    program += "print(random.random(), datetime.datetime.now())"
    began = time.monotonic()
    first, second = run(program), run(program)
    assert first == second
    assert "2000-01-01" in first[1]
    assert time.monotonic() - began < 5, "sleeping takes no time"


def test_programs_of_a_step_build_on_each_other_and_no_others() -> None:
    kept = ["print('said before')\nx = 20", "def double(n):\n    return 2 * n"]
    assert run("print(double(x) + 2)", before=kept) == (True, "42")
    assert run("print(x)")[1].startswith("NameError")
    run("actions.append('Dynamite')")
    assert VALUES["actions"] == ["Rock", "Paper"]


def test_a_program_does_not_hold_up_others() -> None:
    threads = threading.active_count()

    async def both() -> float:
        endless = asyncio.create_task(sandbox.run_program("while True:\n    pass", VALUES, 1.0))
        await asyncio.sleep(0)
        began = time.monotonic()
        await asyncio.sleep(0.01)
        waited = time.monotonic() - began
        await endless
        return waited

    assert asyncio.run(both()) < 0.5
    assert threading.active_count() - threads < 10


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"smartplay\[code\]"):
        sandbox.check_sandbox()


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("So:\n```python\nprint(1)\n```\nthen", "print(1)\n"),
        ("```py\nprint(1)", "print(1)"),
        ("```\nRock\n```", None),
        ("```python\n\n```", None),
        ("Answer: Rock", None),
    ],
)
def test_where_a_program_is(text: str, program: str | None) -> None:
    assert program_in(text) == program
