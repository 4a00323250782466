"""How kinds of language models are found, and models opened."""

from __future__ import annotations

import logging
import re
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay import Run, models
from smartplay.cli import main
from smartplay.core.errors import MissingPackageError, UnknownNameError, UsageError
from smartplay.models import kinds, open_model
from smartplay.models.base import Model, Settings
from smartplay.models.providers import openai
from smartplay.records.folder import RunFolder
from tests.fake_server import FakeServer

OURS = ["anthropic", "inspect", "local", "openai"]


class Echo(openai.Provider):
    """A kind of somebody else."""

    kind = "echo"
    summary = "says it again"
    needs_name = False


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    here = f"{__name__}:"
    values = [
        ("echo", here + "Echo"),
        ("openai", here + "Echo"),  # does not take the place of ours
        ("broken", "no_such_module:Provider"),
        ("poor", here + "Settings"),
    ]
    found = EntryPoints(EntryPoint(name, value, models.GROUP) for name, value in values)
    monkeypatch.setattr(models, "plugins", lambda group: list(found.select(group=group)))


def test_our_kinds_are_found() -> None:
    assert list(kinds()) == OURS
    assert kinds()["openai"] == "a model behind any OpenAI-compatible service (--base-url URL)"


def test_a_kind_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "inspect_ai"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "smartplay.adapters.inspect_logs", raising=False)
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    with pytest.raises(MissingPackageError, match=r"smartplay\[inspect\]"):
        open_model("inspect:openai/x")
    assert main(["import", "log.eval"]) == 2
    assert "smartplay[inspect]" in capsys.readouterr().err


@pytest.mark.usefixtures("added")
def test_a_package_adds_a_kind(server: FakeServer) -> None:
    model: Model = open_model("echo:x", base_url=server.url, max_retries=0)
    assert (type(model), model.name, model.concurrency) == (Echo, "echo:x", 128)
    assert type(open_model("openai:x", base_url=server.url)) is openai.Provider
    assert open_model("echo", base_url=server.url).name == "echo:"
    told = kinds()
    assert list(told)[: len(OURS)] == OURS
    assert told["echo"] == "says it again"
    assert "cannot be loaded" in told["broken"], "one broken package must not hide the others"


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("broken:x", "broken .*cannot be loaded"),
        ("poor:x", "poor .*has no summary"),
    ],
)
def test_a_broken_kind_is_told(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        open_model(name)


@pytest.mark.parametrize("name", ["opnai:x", "", ":x", "os.path:x", "__init__:x", "../openai:x"])
def test_an_unknown_kind_names_all(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"(?s)anthropic.*local.*openai"):
        open_model(name)


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("openai:", {}, "which model"),
        ("openai", {}, "which model"),
        ("openai:x", {"temprature": 1}, "did you mean temperature"),
        ("openai:x", {"temperature": "hot"}, "temperature takes a number or none, not a text"),
        ("openai:x", {"temperature": float("nan")}, "temperature must be a finite number"),
        ("openai:x", {"temperature": -1}, "temperature takes a number of 0"),
        ("openai:x", {"max_tokens": 0}, "max_tokens takes a whole number of 1 or more"),
        ("openai:x", {"timeout": 0}, "timeout takes a number above 0"),
        ("openai:x", {"timeout": float("inf")}, "timeout must be a finite number"),
        ("openai:x", {"max_retries": -1}, "max_retries takes a whole number of 0 or more"),
        ("openai:x", {"max_reply_bytes": 0}, "max_reply_bytes takes"),
        ("openai:x", {"seed": "mine"}, 'seed takes a whole number, "episode" or none'),
        ("openai:x", {"stream": "maybe"}, "stream takes true or false, not a text"),
        ("openai:x", {"headers": ["x"]}, "headers takes a table, not a list"),
        ("openai:x", {"extra.a": 1, "extra": 5}, "extra.a leads into a table"),
        ("openai:x", {"reasoning_tags": "think"}, "reasoning_tags takes a list, not a text"),
        ("anthropic:x", {"temperature": 0.5}, "temperature takes none"),
        ("local", {"headers": {"x": "y"}}, r"no headers \(headers\)"),
    ],
)
def test_nonsense_is_refused(name: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        open_model(name, **settings)


def test_names_lead_into_tables(server: FakeServer) -> None:
    settings = {"extra.reasoning.effort": "low", "extra": {"a": 1}, "headers.x-version": 2}
    model = open_model("openai:x", base_url=server.url, **settings)
    assert model.settings.extra == {"a": 1, "reasoning": {"effort": "low"}}
    assert model.settings.headers == {"x-version": "2"}
    assert isinstance(model.settings, Settings)


# Kinds of the user's own, in a file

ONES_OWN = """
from smartplay.models.base import AskedModel, Settings
from smartplay.records import Call

class Mine(AskedModel):
    kind, summary, needs_name, settings_type = "mine", "mine", False, Settings
    async def _answer(self, question, samples):
        return [Call([], "Answer: Rock")] * samples
    async def aclose(self): pass
"""
ANSWERS = 'return [Call([], "Answer: Rock")] * samples'


def own(folder: Path, old: str = "", new: str = "") -> str:
    """A file with a kind of one's own, changed; the model's name."""
    file = folder / "mine.py"
    file.write_text(ONES_OWN.replace(old, new) if old else ONES_OWN)
    return f"{file}:Mine"


def play_own(name: str, folder: Path) -> Run:
    game = "RockPaperScissorBasic"
    return smartplay.run(name, game, episodes=1, steps=2, out=folder / "run", progress=False)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("return None", "a list with one .* not NoneType"),
        ('return "Rock"', "a list with one .* not str"),
        ('return ["Rock"]', "a list with one .* not list"),
        ("return []", "a list with one .* not 0 calls"),
        ('return [Call([], None)]', "cannot be kept: .*text"),
        ('return [Call([], "Rock", finish=None)]', "cannot be kept: .*finish"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_told_and_the_run_can_be_resumed(
    answers: str, told: str, tmp_path: Path
) -> None:
    name = own(tmp_path, ANSWERS, answers)
    for _ in range(2):  # the second time, kept replies are read
        [record] = play_own(name, tmp_path).episodes
        assert record.error
        assert re.search(told, record.error)
        assert record.usage.prompt == 0
    assert not RunFolder(tmp_path / "run").episodes()[0].calls


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("async def aclose", "def __init__(self, *_): 1 / 0\n    def aclose", "division by zero"),
        ("async def aclose", "def __init__(self, *_): exit()\n    def aclose", "SystemExit"),
        ("async def aclose", "def __init__(self, *_): pass\n    def aclose", "no name"),
        ("    async def aclose(self): pass", "", "no aclose"),
        ("async def aclose", "concurrency = 0\n    def aclose", "1 or more"),
        ('"mine", False, Settings', '"mine", False, dict', "settings_type"),
    ],
)  # fmt: skip
def test_a_kind_that_makes_no_model_is_refused(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=told):
        play_own(own(tmp_path, old, new), tmp_path)
    assert not (tmp_path / "run").exists()


def test_a_model_that_does_not_close_costs_no_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = own(tmp_path, "aclose(self): pass", "aclose(self): raise ValueError('no')")
    with caplog.at_level(logging.WARNING, "smartplay"):
        assert play_own(name, tmp_path).scored
    assert caplog.messages == ["a language model could not be closed: ValueError: no"]
