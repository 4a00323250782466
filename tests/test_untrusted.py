"""What strangers send is text and data: replies, cards, run folders."""

from __future__ import annotations

import contextlib
import json
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smartplay
from smartplay.cards.card import read_cards
from smartplay.cli.output import complain, print_json, print_report, print_table
from smartplay.core.errors import CardError, RunFolderError, SmartPlayError
from smartplay.parsing import parse_action
from smartplay.records import EpisodeRecord
from smartplay.records.folder import RunFolder
from smartplay.report import build_report, keep_report
from tests.games import write_game

NASTY = "\x1b[2J\x1b]0;title\x07 \x9b31m \u202egnp.exe <script>alert(1)</script> [link](x) `a`"
ODD = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [NASTY, "Answer: ", "**", "```json", '{"action":', "1.", "not ", "\0", "\ud800"]
    ),
)
SHIPPED = next(
    path for path in Path(smartplay.__file__).parent.glob("games/*.toml") if path.stem == "hanoi"
)


def sendable(text: str) -> bool:
    """Whether a terminal obeys nothing in it."""
    return all(c.isprintable() or c == "\n" for c in text)


# Replies


@settings(max_examples=300)
@given(st.lists(ODD, max_size=8).map("".join), st.booleans())
def test_any_reply_is_parsed(reply: str, truncated: bool) -> None:
    parsed = parse_action(reply, ["Rock", "Paper", "Move the disk from A to B"], truncated)
    assert (parsed.action is None) == (parsed.cause is not None)
    assert parsed.action in (None, 0, 1, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["Answer: ", "(", "[[", "* ", "not ", "Rock ", "{", "1. ", "\n\n"]
)
def test_long_replies_are_parsed_in_time(piece: str) -> None:
    parse_action(piece * (200_000 // len(piece)), ["Rock", "Paper"], False)


# Cards


@settings(max_examples=150)
@given(st.data())
def test_a_spoiled_card_is_refused_or_read(data: st.DataObject) -> None:
    text = SHIPPED.read_text()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        size = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(ODD) + text[at + size :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with contextlib.suppress(CardError):
            assert read_cards(path)


# Run folders


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("honest") / "run"
    smartplay.run("random", "Hanoi3Disk", episodes=2, steps=3, out=out, progress=False)
    return out


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def spoil(value: Any, data: st.DataObject) -> Any:
    """Replace a part of plain data, at a depth of its own choice."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 3)):
        key = data.draw(st.sampled_from(sorted(value)))
        return value | {key: spoil(value[key], data)}
    return data.draw(PLAIN)


@pytest.mark.slow
@settings(max_examples=150)
@given(data=st.data())
def test_a_spoiled_run_is_refused_or_read(honest: Path, data: st.DataObject) -> None:
    header = json.loads((honest / "run.json").read_bytes())
    lines = [json.loads(x) for x in (honest / "episodes.jsonl").read_bytes().splitlines()]
    steps = (honest / "steps" / "Hanoi3Disk-v0.jsonl.gz").read_bytes()
    if data.draw(st.booleans()):
        header = spoil(header, data)
    else:
        lines[0] = spoil(lines[0], data)
    cut = data.draw(st.integers(0, len(steps)))
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        (out / "run.json").write_text(json.dumps(header))
        (out / "episodes.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
        own = data.draw(st.booleans())
        path = out / "steps" / ("Hanoi3Disk-v0/00000.jsonl.gz" if own else "Hanoi3Disk-v0.jsonl.gz")
        path.parent.mkdir(parents=True)
        path.write_bytes(steps[:cut] + data.draw(st.binary(max_size=20)) + steps[cut:])
        folder = RunFolder(out)
        for read in (
            lambda: build_report(out),
            folder.header,
            folder.episodes,
            lambda: folder.steps("smartplay/Hanoi3Disk-v0", 0),
        ):
            with contextlib.suppress(SmartPlayError):
                read()


@pytest.mark.parametrize("name", ["run.json", "episodes.jsonl"])
def test_no_link_is_followed_out_of_a_run(name: str, honest: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes((honest / name).read_bytes())
    out = tmp_path / "run"
    out.mkdir()
    for file in ("run.json", "episodes.jsonl"):
        (out / file).write_bytes((honest / file).read_bytes())
    (out / name).unlink()
    (out / name).symlink_to(tmp_path / "secret")
    with pytest.raises(RunFolderError):
        build_report(out)
    with pytest.raises(RunFolderError):
        smartplay.run("random", "Hanoi3Disk", episodes=2, steps=3, out=out, progress=False)
    assert (tmp_path / "secret").read_bytes() == (honest / name).read_bytes()


def test_a_run_holds_no_pickle(honest: Path) -> None:
    for file in honest.rglob("*"):
        assert file.suffix in ("", ".json", ".jsonl", ".gz", ".md", ".svg"), file


# What people see


def nasty_run(tmp_path: Path) -> Path:
    """A run whose agent, causes and notes hold what a terminal or page would obey."""
    game = write_game(tmp_path)

    def agent(prompt: str) -> str:
        raise RuntimeError(NASTY)

    out = smartplay.run(agent, str(game), episodes=2, out=tmp_path / "run", progress=False).path
    folder = RunFolder(out)
    header = msgspec.structs.replace(folder.header(), agent=NASTY)
    (out / "run.json").write_bytes(msgspec.json.encode(header))
    records: list[EpisodeRecord] = folder.episodes()
    (out / "episodes.jsonl").write_bytes(
        b"".join(
            msgspec.json.encode(msgspec.structs.replace(r, error=f"x {NASTY}")) + b"\n"
            for r in records
        )
    )
    return out


def test_nothing_a_stranger_wrote_is_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = nasty_run(tmp_path)
    report = build_report(out)
    keep_report(report, out)
    with contextlib.redirect_stdout(StringIO()) as shown:
        print_report(report)
    assert "\x1b[2J" not in shown.getvalue()
    assert "\x07" not in shown.getvalue()
    assert "\x9b" not in shown.getvalue()
    assert "\u202e" not in shown.getvalue()
    assert "\u27e8001B\u27e9[2J" in shown.getvalue(), "the control character is not shown"
    markdown = (out / "report.md").read_text()
    assert sendable(markdown)
    assert "<script" not in markdown.replace("\\<script", "")
    assert "<script" not in (out / "radar.svg").read_text()
    print_json(report)
    print_table("t", ("a",), [(NASTY,)])
    complain(NASTY)
    told = capsys.readouterr()
    assert sendable(told.out)
    assert sendable(told.err)
    assert told.err.count("\n") == 1


def test_json_for_the_terminal_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": NASTY + "\U000e0001"})
    assert json.loads(capsys.readouterr().out) == {"a": NASTY + "\U000e0001"}
