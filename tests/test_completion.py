"""What a shell completes is what the parsers know."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from smartplay.cli import main
from smartplay.cli.commands.completion import SHELLS

pytest.importorskip("shtab")
BASH = shutil.which("bash")


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "smartplay.bash"
    with pytest.MonkeyPatch.context() as patch, path.open("w") as file:
        patch.setattr("sys.stdout", file)
        assert main(["completion", "bash"]) == 0
    return path


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["ver"], {"verify"}),
        (["run", "ref"], {"reference"}),
        (["run", "random", "--games", "Hanoi3"], {"Hanoi3Disk"}),
        (["run", "random", "--method", "maj"], {"majority"}),
        (["run", "random", "--abl"], {"--ablation"}),
        (["report", "a-fold"], {"a-folder"}),
    ],
)
def test_bash_completes(script: Path, tmp_path: Path, typed: list[str], offered: set[str]) -> None:
    (tmp_path / "a-folder").mkdir()
    code = (
        'source "$0"; COMP_WORDS=(smartplay "$@"); COMP_CWORD=$#; '
        "$(complete -p smartplay | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    told = subprocess.run(
        [str(BASH), "--norc", "-c", code, str(script), *typed],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    assert {*told.stdout.split()} == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script_of_all_commands(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("leaderboard", "MessengerL1", "majority"))


def test_without_the_package_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert 'pip install "smartplay[completion]"' in capsys.readouterr().err
