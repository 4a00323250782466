"""Inspect AI both ways: our games as its tasks, its models as a provider of ours; offline."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS, PROTOCOLS
from smartplay.cli import main
from smartplay.core.errors import ModelError, NoAccessError, PromptTooLongError, UsageError
from smartplay.leaderboard.tracks import track_of
from smartplay.leaderboard.verify import verify_run
from smartplay.models import open_model
from smartplay.models.base import Settings, choice_schema
from smartplay.models.pace import Pace
from smartplay.records import Call, ToolCall, Usage
from smartplay.records.folder import RunFolder
from smartplay.report import build_report
from tests.folders import without
from tests.test_driven import GAMES

inspect_ai = pytest.importorskip("inspect_ai", reason="smartplay[inspect] is not installed")
tenacity = pytest.importorskip("tenacity")  # with which Inspect repeats calls

from inspect_ai.model import (  # noqa: E402
    ChatCompletionChoice,
    ChatMessageAssistant,
    ContentReasoning,
    ContentText,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.model._model import ModelGenerateError  # noqa: E402
from inspect_ai.tool import ToolCall as Called  # noqa: E402

pytestmark = [  # Inspect's own code
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[1]
REPLIES = ("I wonder.", "Answer: 1", "", "2", "Answer: nothing of the kind", "1")
USAGE = ModelUsage(input_tokens=60, input_tokens_cache_read=40, output_tokens=7,
                   reasoning_tokens=3, total_tokens=107)  # fmt: skip
FAMILIES = ["core", *sorted({card.family for card in GAMES})]


def reply_to(texts: list[str], tools: bool) -> dict[str, Any]:
    """What a model says to a conversation: by its words alone, so in any order of calls."""
    number = int.from_bytes(hashlib.sha256("\n".join(texts).encode()).digest()[:4], "big")
    told: dict[str, Any] = {"text": REPLIES[number % len(REPLIES)]}
    if tools and number % 2:
        told["called"] = {"action": told["text"].removeprefix("Answer: ")}
    if number % 7 == 6:
        told["finish"] = "length"
    return told


def answer(messages: list[Any], tools: list[Any], choice: Any, config: Any) -> ModelOutput:
    """The same as an output of Inspect's."""
    told = reply_to([message.text for message in messages], bool(tools))
    called = told.get("called")
    calls = [Called(id="one", function="act", arguments=called)] if called else None
    message = ChatMessageAssistant(content=told["text"], tool_calls=calls)
    reason = "max_tokens" if "finish" in told else "tool_calls" if calls else "stop"
    choices = [ChatCompletionChoice(message=message, stop_reason=reason)]
    return ModelOutput(model="served", choices=choices, usage=USAGE)


class Scripted(ModelAPI):  # type: ignore[misc]
    """A provider of Inspect's for these tests; it notes what it is asked."""

    heard: list[tuple[Any, ...]] = []
    answer = staticmethod(answer)

    def __init__(self, model_name: str, base_url: str | None = None, **_: Any) -> None:
        super().__init__(model_name, base_url=base_url)

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> Any:
        self.heard.append((input, tools, tool_choice, config))
        return self.answer(input, tools, tool_choice, config)


modelapi(name="scripted")(lambda: Scripted)


@pytest.fixture(autouse=True)
def _nothing_heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Scripted, "heard", [])
    # What an editable install leaves in this folder would hide from Inspect that it is one.
    places = sorted(sys.path, key=lambda place: place in ("", str(ROOT)))
    monkeypatch.setattr(sys, "path", places)
    yield
    gc.collect()  # here, where warnings of what Inspect left open are let through


class Told:
    """The same model in a run of ours."""

    notes: list[str] = []
    settings, concurrency, pace = Settings(temperature=None, max_tokens=None), 8, Pace()
    name = "inspect:mockllm/model"

    async def chat(self, messages: list[Any], *, tools: Any = None, **_: Any) -> list[Call]:
        texts = [_text(message["content"]) for message in messages]
        told = reply_to(texts, bool(tools))
        called = told.pop("called", None)
        calls = [ToolCall("one", "act", msgspec.json.encode(called).decode())] if called else []
        usage = Usage(100, 40, 7, 3)
        return [Call(messages=messages, model="served", usage=usage, tools=calls, **told)]

    async def aclose(self) -> None:
        pass


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if "text" in part)


def evaluate(task: str, folder: Path, **options: Any) -> Any:
    """The log of an evaluation with the mock model."""
    given = {"model": get_model("mockllm/model", custom_outputs=answer), "log_dir": str(folder)}
    [log] = inspect_ai.eval(f"smartplay/{task}", **given | {"display": "none"} | options)
    return log


def imported(log: Any, out: Path) -> RunFolder:
    assert main(["import", log.location, "--out", str(out)]) == 0
    return RunFolder(out)


def ours(protocol: str, games: Any, out: Path, **options: Any) -> RunFolder:
    """The same run by our runner."""
    source = AgentSource(
        name="ours",
        settings={},
        make=lambda context: LLMAgent(context, METHODS[protocol]()),
        models={"player": Told()},
        asynchronous=True,
    )
    smartplay.run(source, games, out=out, progress=False, **options)
    return RunFolder(out)


def everything(folder: RunFolder) -> Any:
    """All that is kept of the episodes, but for times."""
    kept = [
        (record, folder.steps(*record.key[:2], repeat=record.repeat)[1])
        for record in folder.results(folder.header())
    ]
    return without(msgspec.to_builtins(kept), "seconds")


def check_samples(games: list[str], protocol: str, folder: Path, repeats: int = 1) -> None:
    """Hold what Inspect plays to what the runner plays."""
    asked = {"games": games, "episodes": 1, "steps": 5, "method": protocol}
    log = evaluate("games", folder, epochs=repeats, task_args=asked)
    assert log.status == "success", log.error
    run = imported(log, folder / "theirs")
    own = ours(protocol, games, folder / "ours", episodes=1, steps=5, repeats=repeats)
    assert everything(run) == everything(own)
    header = run.header()
    assert (header.agent, header.repeats) == ("inspect:mockllm/model", repeats)
    assert header.games == own.header().games
    assert track_of(header).method == f"{protocol} protocol through inspect"
    verification = verify_run(run.path, workers=1)
    assert verification.verified, str(verification)
    assert verification.complete
    check_figures(log, run)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_samples_are_the_runners_episodes(protocol: str, tmp_path: Path) -> None:
    check_samples(["Hanoi3Disk", "MessengerL1"], protocol, tmp_path, 2 if protocol == "chat" else 1)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_samples_of_every_game_are_the_runners_episodes(protocol: str, tmp_path: Path) -> None:
    check_samples([card.name for card in GAMES], protocol, tmp_path)


def check_figures(log: Any, run: RunFolder) -> None:
    """The log's figures are those of the report."""
    report = build_report(run.path)
    told = {"overall": report.overall}
    told |= {game.game.removeprefix("smartplay/"): game.score for game in report.games}
    told |= {each.capability: each.scores["shipped"] for each in report.capabilities}
    [score] = log.results.scores
    found = {name: each.value for name, each in score.metrics.items()}
    assert found == pytest.approx({name: each.mean for name, each in told.items() if each})


def test_scores_of_whole_games_are_the_reports(tmp_path: Path) -> None:
    log = evaluate("hanoi", tmp_path, task_args={"episodes": 2})
    run = imported(log, tmp_path / "run")
    check_figures(log, run)
    [score] = log.results.scores
    assert "Planning" in score.metrics


def test_pictures_reach_the_model(tmp_path: Path) -> None:
    seen = []

    def looking(messages: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
        seen.append(messages[-1].content)
        return answer(messages, tools, choice, config)

    games = ["MessengerL1"]
    log = evaluate("games", tmp_path, model=get_model("mockllm/model", custom_outputs=looking),
                   task_args={"games": games, "episodes": 1, "observation": "both"})  # fmt: skip
    assert {part.type for part in seen[0]} == {"text", "image"}
    shown = {"messenger": {"observation": "both"}}
    own = ours("direct", games, tmp_path / "ours", episodes=1, game_settings=shown)
    assert everything(imported(log, tmp_path / "run")) == everything(own)


def test_thresholds_are_those_of_measure(tmp_path: Path) -> None:
    asked = {"capabilities": "planning", "max_calls": 96, "width": 1.0}
    log = evaluate("thresholds", tmp_path, task_args=asked)
    assert log.status == "success", log.error
    run = imported(log, tmp_path / "run")
    source = AgentSource(
        name="ours",
        settings={},
        make=lambda context: LLMAgent(context),
        models={"player": Told()},
        asynchronous=True,
    )
    measured = smartplay.measure(source, capabilities=["planning"], max_calls=96, width=1.0,
                                 out=tmp_path / "ours", progress=False)  # fmt: skip
    assert everything(run) == everything(RunFolder(measured.path))
    verification = verify_run(run.path, workers=1)
    assert verification.verified, str(verification)
    assert verification.levels
    [found] = build_report(run.path).thresholds
    levels = {each.name: next(iter(each.metrics.values())).value for each in log.results.scores}
    assert levels == ({} if found.level.mean is None else {found.capability: found.level.mean})


def test_there_is_a_task_for_every_family() -> None:
    found = {info.name for info in registry_tasks()}
    assert found >= {f"smartplay/{name}" for name in [*FAMILIES, "games", "thresholds"]}


def registry_tasks() -> list[Any]:
    """What `inspect eval smartplay/…` finds by the entry point, in a process that knows no more."""
    from inspect_ai._util.entrypoints import ensure_entry_points
    from inspect_ai._util.registry import registry_find, registry_info

    ensure_entry_points("smartplay")
    return [registry_info(each) for each in registry_find(lambda info: info.type == "task")]


def test_samples_interleave_games_shortest_first() -> None:
    from smartplay.adapters.inspect import play_games

    task = play_games("core", episodes=2)
    steps = [smartplay.get_card(sample.metadata["game"]).steps for sample in task.dataset]
    episodes = [sample.metadata["episode"] for sample in task.dataset]
    half = len(steps) // 2
    assert episodes == [0] * half + [1] * half
    assert steps[:half] == sorted(steps[:half]) == steps[half:]
    assert len({sample.id for sample in task.dataset}) == len(steps)


COUNTS = """
class Words:
    def encode(self, text, **_):
        return text.split()

def get_encoding(name):
    return Words()
"""
"""In place of tiktoken, whose vocabulary Inspect downloads to count what the mock model says."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("core", {"episodes": 2, "steps": 2}),
        ("contrast", {"episodes": 1, "steps": 2}),
        ("hanoi", {"episodes": 2, "method": "chat"}),
        ("thresholds", {"max_calls": 96, "width": 1.0, "capabilities": "planning"}),
    ],
)
def test_the_command_of_inspect_plays(
    task: str,
    options: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`inspect eval` as people type it, and what our own commands make of its log."""
    (tmp_path / "tiktoken.py").write_text(COUNTS)
    told = [f"-T{key}={value}" for key, value in options.items()]
    command = [str(Path(sys.executable).with_name("inspect")), "eval", f"smartplay/{task}", *told]
    asked = ["--model", "mockllm/model", "--log-dir", str(tmp_path / "logs"), "--display", "none"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([*command, *asked], cwd=tmp_path, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    [path] = (tmp_path / "logs").glob("*.eval")
    log = inspect_ai.log.read_eval_log(str(path))
    assert log.status == "success", log.error
    run = imported(log, tmp_path / "run")
    records = run.results(run.header())
    assert {record.status for record in records} == {"scored"}
    ids = [f"{r.game.removeprefix('smartplay/')}/{r.episode}" for r in records]
    if task != "thresholds":
        assert sorted(log.eval.dataset.sample_ids) == sorted(ids)
        lengths = [(int(each.split("/")[1]), smartplay.get_card(each.split("/")[0]).steps)
                   for each in log.eval.dataset.sample_ids]  # fmt: skip
        limit = options.get("steps", sys.maxsize)
        assert [(k, min(n, limit)) for k, n in lengths] == sorted(
            (k, min(n, limit)) for k, n in lengths)  # fmt: skip
        check_figures(log, run)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main(["report", "run"]) == 0
    report = capsys.readouterr().out
    assert main(["verify", "run"]) == 0
    assert "inspect:mockllm/model" in report
    assert "verified" in capsys.readouterr().out


def test_a_method_asks_the_models_of_its_roles(tmp_path: Path) -> None:
    def strong(messages: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
        output = ModelOutput.from_content("large", "Answer: 2")
        output.usage = USAGE
        return output

    log = evaluate(
        "games", tmp_path,
        model_roles={"strong": get_model("mockllm/large", custom_outputs=strong)},
        task_args={"games": "Hanoi3Disk", "episodes": 1, "steps": 3, "method": "cascade",
                   "agent_settings": {"samples": 3, "agree": 3}},
    )  # fmt: skip
    assert log.status == "success", log.error
    run = imported(log, tmp_path / "run")
    [record] = run.episodes()
    assert {role: use.model for role, use in record.roles.items()} == {
        "weak": "inspect:mockllm/model", "strong": "inspect:mockllm/large"}  # fmt: skip
    header = run.header()
    settings, models = header.agent_settings, header.agent_settings["models"]
    assert header.agent == "cascade(inspect:mockllm/model, inspect:mockllm/large)"
    assert (settings["method"], settings["samples"]) == ("cascade", 3)
    assert {role: (each["model"], each["temperature"]) for role, each in models.items()} == {
        "weak": ("inspect:mockllm/model", 0.4),
        "strong": ("inspect:mockllm/large", 0.4),
    }
    assert verify_run(run.path, workers=1).verified


def test_a_method_of_one_model_is_named_as_in_a_run(tmp_path: Path) -> None:
    asked = {"games": "Hanoi3Disk", "episodes": 1, "steps": 1, "method": "majority"}
    header = imported(evaluate("games", tmp_path, task_args=asked), tmp_path / "run").header()
    assert header.agent == "majority(inspect:mockllm/model)"
    assert header.agent_settings["model"] == "inspect:mockllm/model"


def test_methods_with_a_memory_are_refused() -> None:
    from smartplay.adapters.inspect import play_games

    with pytest.raises(UsageError, match="reflect remembers"):
        play_games("Hanoi3Disk", method="reflect")
    with pytest.raises(UsageError, match="unknown method"):
        play_games("Hanoi3Disk", method="guess")


def test_a_model_that_fails_is_inspects_affair_and_the_episode_unscored(tmp_path: Path) -> None:
    def failing(messages: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
        if len(messages) > 4:
            raise RuntimeError("the service is gone")
        return answer(messages, tools, choice, config)

    log = evaluate("games", tmp_path, model=get_model("mockllm/model", custom_outputs=failing),
                   fail_on_error=False, max_retries=0,
                   task_args={"games": "Hanoi3Disk", "episodes": 1, "method": "chat"})  # fmt: skip
    [sample] = inspect_ai.log.read_eval_log(log.location).samples
    assert "the service is gone" in sample.error.message
    [record] = imported(log, tmp_path / "run").episodes()
    assert record.score is None
    assert "the service is gone" in str(record.error)
    assert record.steps


def test_a_limit_of_inspects_ends_the_sample_without_a_score(tmp_path: Path) -> None:
    log = evaluate("games", tmp_path, message_limit=6,
                   task_args={"games": "Hanoi3Disk", "episodes": 1, "method": "chat"})  # fmt: skip
    [sample] = inspect_ai.log.read_eval_log(log.location).samples
    assert sample.limit.type == "message"
    [score] = sample.scores.values()
    assert score.value != score.value  # no number
    [record] = imported(log, tmp_path / "run").episodes()
    assert record.score is None
    assert "LimitExceededError" in str(record.error)


@pytest.mark.parametrize("limit", ["time_limit", "working_limit"])
def test_a_limit_of_time_leaves_the_steps_so_far(limit: str, tmp_path: Path) -> None:
    async def stopping(messages: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
        if len(messages) > 4:
            await asyncio.sleep(60)
        return answer(messages, tools, choice, config)

    log = evaluate("games", tmp_path, model=get_model("mockllm/model", custom_outputs=stopping),
                   task_args={"games": "Hanoi3Disk", "episodes": 1, "method": "chat"},
                   **{limit: 1})  # fmt: skip
    [sample] = inspect_ai.log.read_eval_log(log.location).samples
    assert sample.limit.type == limit.removesuffix("_limit")
    run = imported(log, tmp_path / "run")
    [record] = run.episodes()
    assert record.score is None
    assert "Inspect ended the sample" in str(record.error)
    assert record.steps
    assert verify_run(run.path, workers=1).verified


def test_only_logs_of_ours_are_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = inspect_ai.Task(dataset=[inspect_ai.dataset.Sample(input="Hello")])
    [log] = inspect_ai.eval(other, model=get_model("mockllm/model", custom_outputs=answer),
                            log_dir=str(tmp_path), display="none")  # fmt: skip
    (tmp_path / "broken.eval").write_bytes(b"PK")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    asked = {"games": "Hanoi3Disk", "episodes": 1, "steps": 2}
    mine = evaluate("games", tmp_path, task_args=asked)
    bare = evaluate("games", tmp_path, task_args=asked, log_samples=False)
    for path, out, said in [
        (log.location, "a", "not the log of a SmartPlay task"),
        (str(tmp_path / "broken.eval"), "b", "cannot read the log"),
        (str(tmp_path / "none.eval"), "c", "cannot read the log"),
        (bare.location, "d", "holds no episodes"),
        (mine.location, "full", "holds files but no run"),
    ]:
        assert main(["import", path, "--out", str(tmp_path / out)]) == 2
        assert said in capsys.readouterr().err
    assert main(["import", mine.location, "--out", str(tmp_path / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"path": str(tmp_path / "run")}
    assert main(["import", mine.location, "--out", str(tmp_path / "run")]) == 2
    assert "holds a run" in capsys.readouterr().err


@pytest.mark.parametrize("change", [{"game": "smartplay/../../x"}, {"episode": 7}, {"steps": 99}])
def test_a_log_of_a_stranger_writes_nothing_outside(change: Any, tmp_path: Path) -> None:
    from smartplay.adapters.inspect_logs import STORE, import_log

    log = evaluate("games", tmp_path, task_args={"games": "Hanoi3Disk", "episodes": 1, "steps": 2})
    whole = inspect_ai.log.read_eval_log(log.location)
    [kept] = whole.samples[0].store[STORE]
    kept["record"] = json.dumps(json.loads(kept["record"]) | change)
    path = tmp_path / "changed.eval"
    inspect_ai.log.write_eval_log(whole, str(path))
    with pytest.raises(UsageError, match=r"does not plan|more steps"):
        import_log(path, tmp_path / "out" / "run")
    assert not (tmp_path / "out").exists()


def test_a_provider_of_inspects_plays_a_run(tmp_path: Path) -> None:
    games = ["Hanoi3Disk", "BanditTwoArmedHighLowFixed"]
    run = smartplay.run(
        "inspect:scripted/one",
        games,
        episodes=2,
        steps=5,
        out=tmp_path / "run",
        progress=False,
        agent_settings={"seed": "episode", "extra.top_p": 0.5},
    )
    own = ours("direct", games, tmp_path / "ours", episodes=2, steps=5)
    told = json.dumps(everything(RunFolder(run.path)))
    assert json.loads(told.replace("scripted/one", "mockllm/model")) == everything(own)
    assert run.header.agent == "inspect:scripted/one"
    assert verify_run(run.path, workers=1).verified
    configs = [heard[3] for heard in Scripted.heard]
    assert {(c.temperature, c.max_tokens, c.top_p) for c in configs} == {(0.0, 1024, 0.5)}
    assert all(config.attempt_timeout == 120 and config.max_retries == 5 for config in configs)
    assert len({config.seed for config in configs}) > 1


def ask(monkeypatch: pytest.MonkeyPatch, output: Any, messages: Any = None, **options: Any) -> Call:
    """One question to the scripted provider, which gives this output or raises it."""

    def reply(*_: Any) -> Any:
        if isinstance(output, Exception):
            raise output
        return output

    monkeypatch.setattr(Scripted, "answer", staticmethod(reply))
    settings = options.pop("settings", {"max_retries": 0})
    model = open_model("inspect:scripted/one", **settings)
    told = messages or [{"role": "user", "content": "Well?"}]
    [call] = asyncio.run(model.chat(told, **options))
    return call


def output_of(content: Any, reason: str = "stop", usage: Any = USAGE, **more: Any) -> ModelOutput:
    message = ChatMessageAssistant(content=content, **more)
    choices = [ChatCompletionChoice(message=message, stop_reason=reason)]
    return ModelOutput(model="served", choices=choices, usage=usage)


def test_replies_are_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    thoughts = [
        ContentReasoning(reasoning="Hm."),
        ContentText(text="Rock"),
        ContentReasoning(reasoning="secret", redacted=True, summary="About rocks."),
    ]
    call = ask(monkeypatch, output_of(thoughts), label="what for")
    assert (call.text, call.reasoning, call.label) == ("Rock", "Hm.\n\nAbout rocks.", "what for")
    assert (call.usage, call.model, call.asked) == (
        Usage(100, 40, 7, 3), "served", "inspect:scripted/one")  # fmt: skip
    assert ask(monkeypatch, output_of("x", usage=None)).usage == Usage()
    refusal = [ContentText(text="No.", refusal=True)]
    assert ask(monkeypatch, output_of(refusal)).finish == "withheld"


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"input_tokens": -45, "input_tokens_cache_read": 50, "output_tokens": 5}, (50, 50, 5)),
        ({"input_tokens": -5, "output_tokens": -5}, (0, 0, 0)),
        ({"input_tokens": 10**20, "output_tokens": 5}, (0, 0, 0)),
    ],
)
def test_no_count_of_tokens_loses_the_reply(
    told: dict[str, int], usage: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ask(monkeypatch, output_of("Rock", usage=ModelUsage(**told)))
    assert (call.text, call.usage) == ("Rock", Usage(*usage))


def test_a_provider_that_counts_no_tokens_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Scripted, "answer", staticmethod(lambda *_: output_of("1", usage=None)))
    model = open_model("inspect:scripted/one")
    for _ in range(2):
        asyncio.run(model.chat([{"role": "user", "content": "Well?"}]))
    [note] = model.notes
    assert "inspect:scripted/one reports no tokens" in note


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), ("max_tokens", "length"), ("content_filter", "withheld"),
     ("tool_calls", "stop"), ("model_length", "model_length"), ("unknown", "unknown")],
)  # fmt: skip
def test_stop_reasons(reason: str, finish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, output_of("Rock", reason)).finish == finish


def test_a_prompt_that_is_too_long_can_be_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    none = ModelUsage(input_tokens=9)
    with pytest.raises(PromptTooLongError):
        ask(monkeypatch, output_of("too long", "model_length", none))


class RefusedError(Exception):
    status_code = 401


def test_failures_say_what_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"gave no reply: .*out of order") as e:
        ask(monkeypatch, RuntimeError("out of order"))
    assert not isinstance(e.value, NoAccessError)
    with pytest.raises(NoAccessError, match="wrong key"):
        ask(monkeypatch, RefusedError("wrong key"))
    with pytest.raises(ModelError, match=r"one gave no reply: its output is empty$"):
        ask(monkeypatch, ModelOutput(model="served", choices=[], usage=USAGE))
    with pytest.raises(ModelError, match=r"gave no reply: blocked$"):
        ask(monkeypatch, ModelOutput(model="served", choices=[], error="blocked"))
    with pytest.raises(ModelError, match=r"ModelGenerateError: too much$"):
        ask(monkeypatch, ModelGenerateError("Request: { … }", provider_message="too much"))
    last = tenacity.Future.construct(3, ConnectionError("gone"), True)
    with pytest.raises(ModelError, match=r"one gave no reply: ConnectionError: gone$"):
        ask(monkeypatch, tenacity.RetryError(last))


def test_questions_reach_the_provider_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    tool = {"name": "act", "description": "Act.", "parameters": choice_schema(["Rock", "Paper"])}
    called = {"id": "a", "type": "function", "function": {"name": "act", "arguments": "{oops"}}
    picture = [
        {"type": "text", "text": "See."},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    messages = [{"role": "system", "content": "Rules."}, {"role": "user", "content": picture},
                {"role": "assistant", "content": "", "tool_calls": [called]},
                {"role": "tool", "content": "Done.", "tool_call_id": "a"}]  # fmt: skip
    call = ask(monkeypatch, output_of("Rock"), messages, tools=[tool], choices=["Rock"],
               temperature=0.5, seed=11)  # fmt: skip
    assert call.messages == messages
    heard, tools, choice, config = Scripted.heard[-1]
    assert [message.role for message in heard] == ["system", "user", "assistant", "tool"]
    assert [part.type for part in heard[1].content] == ["text", "image"]
    assert heard[1].content[1].image == "data:image/png;base64,AAAA"
    assert heard[2].tool_calls[0].arguments == {"arguments": "{oops"}
    assert heard[3].tool_call_id == "a"
    assert tools[0].parameters.properties["action"].enum == ["Rock", "Paper"]
    assert (choice, config.temperature, config.seed) == ("any", 0.5, 11)
    assert config.parallel_tool_calls is False
    ask(monkeypatch, output_of("Rock"), messages[:2], choices=["Rock"])
    schema = Scripted.heard[-1][3].response_schema.json_schema
    assert schema.properties["action"].enum == ["Rock"]
    ask(monkeypatch, output_of("Rock"), [{"role": "system", "content": "Rules."},
        {"role": "user", "content": "Go."}], settings={"system_role": False})  # fmt: skip
    assert [message.text for message in Scripted.heard[-1][0]] == ["Rules.\n\nGo."]


def test_the_same_message_has_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [{"role": "user", "content": "Go."}, {"role": "user", "content": "Go."}]
    for _ in range(2):
        ask(monkeypatch, output_of("Rock"), messages)
    first, second = ([message.id for message in heard[0]] for heard in Scripted.heard)
    assert first == second
    assert len(set(first)) == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"api_key_env": "X"}, "api_key_env is not a setting"), ({"extra.colour": 1}, "extra.colour"),
     ({"extra.seed": 1}, "extra.seed"), ({"stream": True}, "stream is not a setting")],
)  # fmt: skip
def test_settings_that_are_inspects_affair(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_model("inspect:scripted/one", **settings)


def test_what_inspect_does_not_know() -> None:
    with pytest.raises(UsageError, match="Inspect cannot open nowhere/x"):
        open_model("inspect:nowhere/x")
    with pytest.raises(UsageError, match="which model"):
        find_agent("inspect", {})


def test_nothing_else_loads_inspect() -> None:
    code = (
        "import sys; from smartplay.cli import main; main(['agents']);"
        "import smartplay.runner.driven, smartplay.results;"
        "sys.exit(any(name.split('.')[0] == 'inspect_ai' for name in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "inspect:MODEL" in told.stdout
