"""`smartplay serve` before anything is served; the servers have tests of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from smartplay.cli import main
from smartplay.cli.output import BAD_USAGE


@pytest.mark.parametrize(("kind", "extra"), [("--openenv", "openenv"), ("--mcp", "mcp")])
def test_it_says_how_to_get_what_is_missing(
    kind: str, extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith(f"smartplay.adapters.{extra}")]:
        monkeypatch.delitem(sys.modules, name)
    for package in ("fastapi", "mcp", "mcp.server", "openenv"):
        monkeypatch.setitem(sys.modules, package, None)
    assert main(["serve", kind, "--port", "0"]) == BAD_USAGE
    assert f'pip install "smartplay[{extra}]"' in capsys.readouterr().err


def test_it_says_how_to_get_the_browser_app(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("smartplay.web")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    assert main(["serve", "--port", "0"]) == BAD_USAGE
    assert 'pip install "smartplay[web]"' in capsys.readouterr().err


def test_it_serves_one_thing_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    for given in (
        ["--openenv", "--mcp"],
        ["--mcp", "--experiment", "x.toml"],
        ["--experiment", "x.toml", "--export", "x.csv", "--delete", "all"],
    ):
        with pytest.raises(SystemExit):
            main(["serve", *given])
        assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["--openenv", "--mcp"])
def test_a_folder_that_is_in_use_is_refused_at_once(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "notes.txt"):
        assert main(["serve", kind, "--out", str(place)]) == BAD_USAGE
        assert "choose a new folder with --out" in capsys.readouterr().err


def test_options_that_do_not_fit_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--export", "x.csv"], ["--delete", "all"]):
        assert main(["serve", *option]) == BAD_USAGE
        assert "--experiment" in capsys.readouterr().err
    assert main(["serve", "--experiment", "nowhere.toml"]) == BAD_USAGE
    assert "cannot read experiment nowhere.toml" in capsys.readouterr().err
    for option in (["--out", "x"], ["--split", "dev"], ["--steps", "3"]):
        assert main(["serve", *option]) == BAD_USAGE
        assert option[0] in capsys.readouterr().err
    assert main(["serve", "--openenv", "--sessions", "0"]) == BAD_USAGE
    assert "sessions must be 1 or more" in capsys.readouterr().err
    assert main(["serve", "--openenv", "--http"]) == BAD_USAGE
    assert "--http goes with --mcp" in capsys.readouterr().err


def test_a_file_in_place_of_a_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "towers"  # its folder would be called so too
    file.write_text('title = "T"\nconsent = "c"\ninstructions = "i"\ngames = ["Hanoi3Disk"]\n')
    for given in (["--runs", str(file)], ["--experiment", str(file)]):
        assert main(["serve", *given]) == BAD_USAGE
        assert f"{file} is a file; name a folder" in capsys.readouterr().err


def test_nobody_is_deleted_by_an_empty_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "towers.toml"
    file.write_text('title = "T"\nconsent = "c"\ninstructions = "i"\ngames = ["Hanoi3Disk"]\n')
    assert main(["serve", "--experiment", str(file), "--delete", ""]) == BAD_USAGE
    assert "has no participant ''" in capsys.readouterr().err
