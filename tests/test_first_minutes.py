"""What a newcomer types first: `smartplay` alone, `doctor` and `demo`."""

from __future__ import annotations

import json
import re
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from smartplay.cli import main
from smartplay.cli.commands.doctor import ASKED, EXTRAS
from tests.fake_server import FakeServer

FOR_DEVELOPERS = {"docs", "test"}


def test_alone_it_says_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for command in ("demo", "play", "doctor", "run", "--help"):
        assert f"smartplay {command}" in shown


def test_doctor_knows_what_each_extra_is_for() -> None:
    setup = ConfigParser()
    setup.read(Path(__file__).parents[1] / "setup.cfg", encoding="utf-8")
    extras = setup["options.extras_require"]
    assert set(EXTRAS) == {name for name in extras if extras[name]} - FOR_DEVELOPERS


def test_doctor_writes_nothing_and_shows_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-to-be-shown-0123456789")
    assert main(["doctor", "--json"]) == 0
    shown = capsys.readouterr().out
    found = {each["what"]: each["found"] for each in json.loads(shown)}
    assert found["OPENAI_API_KEY"] == "set"
    assert found["ANTHROPIC_API_KEY"] == "not set"
    assert found["gymnasium"][0].isdigit()
    assert "not-to-be-shown" not in shown
    assert not list(tmp_path.iterdir())


def without(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str | None]) -> None:
    """Let packages have other versions than they have, or be missing."""

    def version(name: str) -> str:
        found = versions.get(name, "9999.0")
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr("smartplay.cli.commands.doctor.version", version)


def test_doctor_says_what_is_missing_for_which_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without(monkeypatch, {"duckdb": None, "imageio-ffmpeg": None})
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out.partition("All that SmartPlay needs is here.")[2]
    assert 'export --to parquet: pip install "smartplay[export]"' in shown
    assert 'watch --out film.mp4: pip install "smartplay[film]"' in shown
    assert "run openai:MODEL: set the environment variable OPENAI_API_KEY" in shown
    assert "run --cluster" not in shown


@pytest.mark.parametrize(("found", "told"), [(None, "missing"), ("1.24.4", "1.25 or newer")])
def test_doctor_fails_without_what_everything_needs(
    found: str | None,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without(monkeypatch, {"numpy": found})
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert told in shown
    assert re.search(r'Something is wrong:\n  numpy: pip install "?smartplay', shown)


def test_doctor_fetches_no_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMARTPLAY_CACHE", str(tmp_path / "cache"))
    assert main(["doctor", "local"]) == 1
    assert "local: smartplay run local --quick fetches its weights" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_doctor_asks_a_service_the_same_ten_times(
    server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "openai:fake", "--base-url", server.url, "--json"]) == 0
    service = json.loads(capsys.readouterr().out)[-1]
    assert f"{ASKED} of {ASKED} replies" in service["found"]
    assert len(server.requests) == ASKED


@pytest.mark.slow
def test_doctor_fails_for_a_service_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "openai:fake", "--base-url", "http://127.0.0.1:9/v1"]) == 1
    assert "cannot reach the service" in capsys.readouterr().out


@pytest.mark.slow
def test_demo_plays_and_writes_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "demo")
    assert main(["demo", "--games", "hanoi", "--out", out, "--no-browser"]) == 0
    assert (tmp_path / "demo" / "report.html").is_file()
    assert "smartplay run openai:MODEL --quick" in capsys.readouterr().out
