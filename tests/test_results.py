"""Runs as Python objects: what they hold, and what a prompt or a notebook shows of them."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import signal
import subprocess
import sys
import threading
import time
import typing
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.report.frame import COLUMNS
from smartplay.runner import run as played_run
from smartplay.runner.session import run_to_end
from tests.chatty import HOSTILE
from tests.fake_server import FakeServer
from tests.folders import BANDIT, HANOI, play
from tests.report_runs import failing_run, hostile_run

GAMES = [BANDIT, HANOI]
SHORT = 200
WITHOUT_CLOSE = {"img", "br", "meta"}


class Cells(HTMLParser):
    """Texts of a piece of HTML; fails at a tag that is not closed, or should not be there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in {*["table", "thead", "tbody", "tr", "th", "td", "ul", "li", "h4", "img"]}, tag
        if tag not in WITHOUT_CLOSE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def cells(shown: Any) -> list[str]:
    return Cells(shown._repr_html_()).texts


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[smartplay.Run, smartplay.Run]:
    folder = tmp_path_factory.mktemp("runs")
    options: dict[str, Any] = {"games": GAMES, "repeats": 2}
    return play(folder / "a", **options), play(folder / "b", "constant:2", **options)


@pytest.fixture
def played(both: tuple[smartplay.Run, smartplay.Run]) -> smartplay.Run:
    return both[0]


def test_scores_are_found_by_full_and_short_names(played: smartplay.Run) -> None:
    full = f"smartplay/{HANOI}-v0"
    score = played.scores[full]
    assert played.scores[HANOI] == played.scores[f"{HANOI}-v0"] == score
    assert score.episodes == 6
    assert HANOI in played.scores
    assert played.scores.get(HANOI) == played.scores.get(full) == score
    assert "Hanoi9Disk" not in played.scores
    assert played.scores.get("Hanoi9Disk", 0) == 0
    planning = played.capabilities["Planning"]
    assert played.capabilities[smartplay.Capability.PLANNING] == planning
    assert played.capabilities["planning"] == planning
    with pytest.raises(KeyError, match="Hanoi9Disk; known: smartplay/"):
        played.scores["Hanoi9Disk"]


def test_everything_is_short_as_text(both: tuple[smartplay.Run, smartplay.Run]) -> None:
    run = both[0]
    compared = smartplay.compare(both)
    values: list[Any] = [run, run.report(keep=False), run.header, compared]
    values += [*run.scores.values(), *run.capabilities.values(), *run.episodes]
    for value in values:
        assert len(repr(value)) < SHORT
        assert "\n" not in repr(value)
        assert repr(value).startswith(f"<{type(value).__name__} ")
    for table in (run.scores, run.capabilities):
        lines = repr(table).splitlines()
        assert len(lines) == len(table) + 1
        assert max(map(len, lines)) < SHORT
    assert repr(run.scores[HANOI].score) != str(run.scores[HANOI].score)
    assert f"{smartplay.Interval(0.5, 0.25, 1)}" == "0.50 [0.25, 1.00]"
    assert f"{smartplay.Interval(0.5):+.1f}" == "+0.5 [unknown]"


def test_a_notebook_gets_tables(both: tuple[smartplay.Run, smartplay.Run]) -> None:
    run = both[0]
    for shown in (run, run.scores, run.report(keep=False)):
        texts = cells(shown)
        assert f"{HANOI}-v0" in texts
        assert str(run.scores[HANOI].score) in texts
    assert "Planning" in cells(run.capabilities)
    assert str(run.scores[HANOI].score) in cells(run.scores[HANOI])
    assert "random - constant:2" in cells(smartplay.compare(both))
    assert run.contrasts == {}
    assert repr(run.contrasts) == run.contrasts._repr_html_() == "{}"


def test_names_from_outside_are_shown_as_they_are(tmp_path: Path) -> None:
    run = smartplay.load_run(hostile_run(tmp_path / "run"))
    for shown in (run, run.report(keep=False), run.header, run.unscored[0], run.scores):
        assert all(c.isprintable() or c == "\n" for c in repr(shown))
        if hasattr(shown, "_repr_html_"):
            cells(shown)
    compared = smartplay.compare([run, run])
    cells(compared)
    assert "<script" in HOSTILE, "nothing was tried"


def test_a_run_without_a_score(tmp_path: Path) -> None:
    run = smartplay.load_run(failing_run(tmp_path / "run"))
    assert repr(run).startswith("<Run of Chatty: 0 of 6 episodes, 6 unscored, ")
    assert len(run.unscored) == 6
    assert run.scores[HANOI].score is None
    assert "not measured" in repr(run.capabilities["Planning"])
    assert any("6 unscored: " in text for text in cells(run))
    cells(run.report(keep=False))


def test_contrasts_have_scores_of_their_own(tmp_path: Path) -> None:
    names = [card.id for card in smartplay.cards() if card.contrast and "Planning" in card.name]
    run = play(tmp_path / "run", "reference", games=names, episodes=4, steps=None)
    planning = run.contrasts["Planning"]
    assert planning.retention is not None
    assert "Planning" in cells(run.contrasts)
    assert f"retention {planning.retention}" in repr(planning)


@pytest.mark.slow
def test_cards_of_your_own_are_named_elsewhere(tmp_path: Path) -> None:
    card = Path(__file__).parents[1] / "games" / "frozen_lake" / "frozen_lake.toml"
    run = play(tmp_path / "run", games=[card])
    code = (
        "import smartplay\n"
        f"run = smartplay.load_run({str(run.path)!r})\n"
        "assert '6 of 6 episodes' in repr(run)\n"
        "assert 'has no card here' in run._repr_html_()\n"
        f"assert smartplay.load_run(run.path, cards={str(card)!r}).scores['FrozenLake']\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unfinished_run_stays_current(tmp_path: Path) -> None:
    play(tmp_path / "run", games=GAMES)
    lines = tmp_path / "run" / "episodes.jsonl"
    whole = lines.read_bytes()
    bandits = [line for line in whole.splitlines(keepends=True) if BANDIT.encode() in line]
    lines.write_bytes(b"".join(bandits[:2]))  # lines stand in the order in which episodes ended
    run = smartplay.load_run(tmp_path / "run")
    assert run.scores[BANDIT].episodes == 2
    assert "2 of 6 episodes" in repr(run)
    lines.write_bytes(whole)
    assert run.scores[BANDIT].episodes == 3
    assert "6 of 6 episodes" in repr(run)


def test_a_run_never_shows_another_one(tmp_path: Path) -> None:
    run = play(tmp_path / "run")
    play(tmp_path / "other", seed=1)
    for name in ("run.json", "episodes.jsonl"):
        (tmp_path / "run" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(smartplay.RunFolderError, match="now holds another run"):
        _ = run.scores
    assert "another run" in repr(run)
    assert any("another run" in text for text in cells(run))


@pytest.mark.parametrize("read", [smartplay.load_run, smartplay.Run])
def test_a_folder_without_a_run(tmp_path: Path, read: typing.Callable[[Path], Any]) -> None:
    with pytest.raises(smartplay.RunFolderError, match="nothing holds no run"):
        read(tmp_path / "nothing")


def test_human_scores_of_an_unknown_kind_are_refused(played: smartplay.Run) -> None:
    human: Any = "baselines"
    with pytest.raises(smartplay.UsageError, match="did you mean baseline"):
        played.report(human=human)


def test_only_several_runs_can_be_compared(played: smartplay.Run) -> None:
    given: Any
    for given in ([played], [], played, str(played.path)):
        with pytest.raises(smartplay.UsageError, match="two or more runs"):
            smartplay.compare(given)
    assert smartplay.compare(path for path in (played.path, played)).overall.differences


def test_runs_are_copied_pickled_and_equal(both: tuple[smartplay.Run, smartplay.Run]) -> None:
    run, other = both
    assert run.scores
    again = [copy.copy(run), copy.deepcopy(run), pickle.loads(pickle.dumps(run))]
    again.append(smartplay.load_run(run.path))
    assert all(each == run and each.scores == run.scores for each in again)
    assert {run, *again} == {run}
    assert run != other
    assert pickle.loads(pickle.dumps(run.scores)) == run.scores
    assert pickle.loads(pickle.dumps(smartplay.run)) is smartplay.run


def test_a_report_that_cannot_be_kept_is_given_all_the_same(tmp_path: Path) -> None:
    run = play(tmp_path / "run")
    run.report()
    assert (run.path / "report.md").is_file()
    (run.path / "report.json").unlink()
    (run.path / "report.json").mkdir()
    with pytest.warns(UserWarning, match="is not kept"):
        assert run.report().episodes == 3


def test_a_report_takes_prices(tmp_path: Path) -> None:
    run = play(tmp_path / "run")
    with pytest.raises(smartplay.UsageError):
        run.report(prices=tmp_path / "none.toml")


@pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")
def test_a_frame_has_a_row_per_episode(played: smartplay.Run, tmp_path: Path) -> None:
    frame = played.to_frame()
    assert len(frame) == len(played.episodes) == 12
    assert {name: str(frame[name].dtype) for name in COLUMNS} == COLUMNS
    chosen = frame[frame.game == f"smartplay/{HANOI}-v0"]
    score = played.scores[HANOI].score
    assert score is not None
    assert chosen.groupby("episode").score.mean().mean() == pytest.approx(score.mean)
    empty = play(tmp_path / "run")
    (empty.path / "episodes.jsonl").write_bytes(b"")
    assert {name: str(t) for name, t in empty.to_frame().dtypes.items()} == COLUMNS
    failed = smartplay.load_run(failing_run(tmp_path / "failing")).to_frame()
    assert failed.score.isna().all()
    assert failed.error.str.len().min() > 0


@pytest.mark.slow
@pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")
def test_achievements_and_further_scores_have_columns(tmp_path: Path) -> None:
    frame = play(tmp_path / "run", games="Crafter", episodes=1).to_frame()
    assert any(name.startswith("unlocked.") for name in frame.columns)
    assert {str(frame[name].dtype) for name in frame.columns if name.startswith("unlocked.")} == {
        "boolean"
    }


def test_without_pandas_the_command_is_named(
    played: smartplay.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(smartplay.UsageError, match="pip install pandas"):
        played.to_frame()


def test_run_keeps_the_signature_of_the_runner() -> None:
    shown, inner = inspect.signature(smartplay.run), inspect.signature(played_run)
    assert list(shown.parameters.items()) == list(inner.parameters.items())
    assert shown.return_annotation is smartplay.Run
    assert smartplay.run.__doc__ == played_run.__doc__


@pytest.mark.slow
def test_a_type_checker_sees_the_parameters(tmp_path: Path) -> None:
    code = tmp_path / "typed.py"
    code.write_text(
        "import smartplay\n"
        'reveal_type(smartplay.run("random", ["bandit"], episodes=2))\n'
        'reveal_type(smartplay.load_run("x").scores["y"].score)\n'
        'smartplay.run("random", episode=2)\n'
    )
    cache = Path(__file__).parents[1] / ".mypy_cache"
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={cache}", str(code)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False).stdout
    assert "smartplay.results.Run" in told
    assert "smartplay.scores.intervals.Interval | None" in told
    assert 'Unexpected keyword argument "episode"' in told


def test_all_names_are_there_and_imported_late() -> None:
    code = (
        "import smartplay, sys\n"
        "late = [m for m in sys.modules if m.startswith('smartplay.')]\n"
        "assert not {'smartplay.' + m for m in ('results', 'report', 'runner', 'scoring', "
        "'comparison', 'models', 'agents')} & set(late), late\n"
        "assert dir(smartplay) == sorted(smartplay.__all__)\n"
        "for name in smartplay.__all__: getattr(smartplay, name)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_help_shows_what_is_late(capsys: pytest.CaptureFixture[str]) -> None:
    help(smartplay)
    told = capsys.readouterr().out
    assert "class Run(" in told
    assert "compare(runs:" in told
    assert "repeats: 'int' = 1" in told


def test_records_are_ready_before_threads_read_them() -> None:
    """Python crashes if two threads use a type of msgspec's for the first time at once."""
    code = (
        "import contextlib, sys, msgspec\n"
        "from smartplay import records as r\n"
        "called = []\n"
        "sys.setprofile(lambda frame, *_: called.append(frame.f_code.co_name))\n"
        "for kind in (r.Call, r.EpisodeHeader, r.EpisodeRecord, r.RunHeader, r.StepRecord):\n"
        "    with contextlib.suppress(msgspec.ValidationError):\n"
        "        msgspec.json.decode(b'{}', type=kind)\n"
        "sys.setprofile(None)\n"
        "assert 'get_class_annotations' not in called, called\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as on Unix")
def test_an_interrupt_ends_what_plays_beside_a_running_loop() -> None:
    """As in a notebook, where the cell that waits has a loop of its own."""
    main, ended = threading.main_thread().ident or 0, threading.Event()

    async def play_on() -> None:
        signal.pthread_kill(main, signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def cell() -> None:
        run_to_end(play_on())

    loop = asyncio.new_event_loop()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(cell())
    loop.close()
    assert ended.wait(20)
    assert time.monotonic() - started < 30


START = """
import asyncio, os, signal, threading, time
import smartplay

GAME = "BanditTwoArmedHighLowFixed"
"""
FIRST = """
def agent(prompt): return "Answer: 1"
first = smartplay.run(agent, GAME, episodes=3)
first
"""
SECOND = """
def agent(prompt): return "Answer: 2"
second = smartplay.run(agent, GAME, episodes=3)
[r.score for r in first.episodes] != [r.score for r in second.episodes]
"""
ASKING = """
class Asking:
    def __init__(self, context):
        self.context = context

    async def act(self, observation):
        question = [{"role": "user", "content": str(observation)}]
        [call] = await self.context.models["player"].chat(question)
        return call.text

models = {"player": {"agent": "openai:fake", "base_url": URL}}
asked = smartplay.run(Asking, "Hanoi3Disk", episodes=2, agent_settings={"models": models})
sum(record.calls for record in asked.episodes) > 0
"""
SLOW = """
import asyncio

class Slow:
    def __init__(self, manual, actions, seed):
        self.action = actions[0]

    async def act(self, observation):
        await asyncio.sleep(0.02)
        return f"Answer: {self.action}"
"""
INTERRUPTED = """
options = {"games": GAME, "episodes": 9, "steps": 9, "out": "mine"}
threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGINT)).start()
smartplay.run("slow.py:Slow", concurrency=1, **options)
"""
STILL = """
before = len(smartplay.load_run("mine").episodes)
time.sleep(0.5)
before < 9 and len(smartplay.load_run("mine").episodes) == before
"""
CONTINUED = 'smartplay.run("slow.py:Slow", concurrency=9, **options)'


@pytest.mark.slow
@pytest.mark.skipif(
    any(find_spec(name) is None for name in ("nbclient", "nbformat", "ipykernel")),
    reason="nbclient and ipykernel are not installed",
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as on Unix")
@pytest.mark.filterwarnings("ignore")
def test_a_real_notebook(
    tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbclient
    import nbformat

    monkeypatch.setenv("OPENAI_API_KEY", "none")
    server.say("Answer: 1")
    (tmp_path / "slow.py").write_text(SLOW)
    ask = f"URL = {server.url!r}{ASKING}"
    sources = [START, FIRST, SECOND, ask, INTERRUPTED, STILL, CONTINUED]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip()) for source in sources]
    )
    notebook.cells[4].metadata["tags"] = ["raises-exception"]
    place = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place).execute()
    _, first, second, asked, interrupted, still, whole = (c.outputs for c in notebook.cells)
    bar, table = first
    assert "3/3 episodes" in bar.data["text/plain"]
    assert table.data["text/plain"].startswith("<Run of agent: 3 of 3 episodes, ")
    assert f"{BANDIT}-v0" in Cells(table.data["text/html"]).texts
    assert second[-1].data["text/plain"] == "True", "the first agent's scores came back"
    assert asked[-1].data["text/plain"] == "True"
    assert interrupted[-1].ename == "KeyboardInterrupt"
    assert still[-1].data["text/plain"] == "True", "it plays on behind an interrupted cell"
    assert "9 of 9 episodes" in whole[-1].data["text/plain"]
