"""Reports: what they say, what they leave open, and that no text breaks them."""

from __future__ import annotations

import io
import json
import math
import re
import xml.etree.ElementTree as ET
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smartplay
from smartplay.cli.output import print_report
from smartplay.core.errors import RunFolderError
from smartplay.records import EpisodeRecord, RoleUse, RunHeader
from smartplay.records.folder import RunFolder, encode
from smartplay.report import Report, build_report, keep_report, limits
from smartplay.report.content import agent_name, names_of
from smartplay.report.markdown import escape, to_markdown
from smartplay.report.radar import HEIGHT, MIDDLE, RADIUS, WIDTH, radar_svg
from smartplay.report.wording import cautions, headline
from smartplay.validity.attacks import stored_attacks

BANDIT, HANOI, ROCK = "BanditTwoArmedHighLowFixed", "Hanoi3Disk", "RockPaperScissorBasic"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>&amp;\"'",
    "](javascript:x) `|` **b** <!-- -->",
    "\x1b[31m\x1b[2Jred \x07\x00\x08",
    "half \ud800 pair",
    "line\nbreak\r\n# heading\u2028| a | b |",
    "[bold]markup[/bold] [link=x]",
    "\ufffe\uffff \u202e evil",
    "x" * 5000,
]


def played(
    out: Path, games: str = f"{BANDIT},{HANOI}", agent: str = "random", **options: Any
) -> Path:
    options = {"episodes": 3, "progress": False} | options
    return smartplay.run(agent, games, out=out, **options).path


def change(path: Path, **fields: Any) -> None:
    """Write a run's header anew with other fields."""
    header = msgspec.structs.replace(RunFolder(path).header(), **fields)
    (path / "run.json").write_bytes(encode(header))


def rewrite(path: Path, **fields: Any) -> None:
    """Write every episode anew with other fields."""
    records = [msgspec.structs.replace(r, **fields) for r in RunFolder(path).episodes()]
    (path / "episodes.jsonl").write_bytes(b"".join(encode(r) + b"\n" for r in records))


def terminal(report: Report) -> str:
    with redirect_stdout(io.StringIO()) as shown:
        print_report(report)
    return shown.getvalue()


def tables(markdown: str) -> list[list[list[str]]]:
    """The cells of each table."""
    found: list[list[list[str]]] = [[]]
    for line in markdown.splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


# What is written


def test_three_files_that_agree(tmp_path: Path) -> None:
    report = build_report(played(tmp_path / "run"))
    keep_report(report, tmp_path / "run")
    data = json.loads((tmp_path / "run" / "report.json").read_text())
    assert msgspec.convert(data, Report) == report
    markdown = (tmp_path / "run" / "report.md").read_text()
    assert markdown == to_markdown(report)
    assert (tmp_path / "run" / "radar.svg").read_text() == radar_svg(report)
    games, capabilities = tables(markdown)
    assert [row[0] for row in games[2:]] == [f"{BANDIT}-v0", f"{HANOI}-v0"]
    assert [row[0] for row in capabilities[2:]] == [
        score.capability for score in report.capabilities
    ]
    assert len({len(row) for row in games}) == 1
    score = report.games[0].score
    assert score is not None
    assert games[2][1].replace("\\", "").startswith(f"{score.shown_mean} [")
    shown = terminal(report)
    for text in (f"{score.shown_mean} [", "Planning", f"{HANOI}-v0", "3/3"):
        assert text in shown


def test_a_report_is_the_same_every_time_and_in_any_order(tmp_path: Path) -> None:
    path = played(tmp_path / "run", episodes=6)
    first = build_report(path)
    lines = (path / "episodes.jsonl").read_bytes().splitlines(keepends=True)
    (path / "episodes.jsonl").write_bytes(b"".join(reversed(lines)))
    assert build_report(path) == first


def test_gaps_are_gaps(tmp_path: Path) -> None:
    report = build_report(played(tmp_path / "run", BANDIT))
    spatial = report.capabilities[-1]
    assert spatial.capability == "Spatial Reasoning"
    assert spatial.scores["shipped"] is None
    assert spatial.reason
    markdown = to_markdown(report)
    assert tables(markdown)[1][-1][1] == "-"
    (unmeasured,) = [line for line in markdown.splitlines() if "Not measured" in line]
    assert unmeasured.startswith("- Not measured, because no played game demands it: Long Text")
    assert unmeasured.endswith(", Spatial Reasoning.")
    picture = ET.fromstring(radar_svg(report))
    told = [element.text for element in picture.iter(f"{SVG}text")]
    gaps = sum(score.scores["shipped"] is None for score in report.capabilities)
    assert told.count("not measured") == gaps == 6
    dots = [e for e in picture.iter(f"{SVG}circle") if "dot" in e.get("class", "")]
    assert len(dots) == 9 - gaps


@pytest.mark.parametrize("games", [BANDIT, HANOI, f"{BANDIT},{HANOI}"])
def test_what_was_not_measured_stands_where_no_ring_has_its_value(
    games: str, tmp_path: Path
) -> None:
    picture = ET.fromstring(radar_svg(build_report(played(tmp_path / "run", games))))
    told = [text for text in picture.iter(f"{SVG}text") if text.text == "not measured"]
    assert told
    for text in told:
        assert math.dist((float(text.get("x", "")), float(text.get("y", ""))), MIDDLE) > RADIUS


def test_a_failed_run_has_no_scores_but_says_why(tmp_path: Path) -> None:
    def broken(prompt: str) -> str:
        raise RuntimeError("out of order")

    path = smartplay.run(broken, BANDIT, episodes=2, out=tmp_path / "r", progress=False).path
    report = build_report(path)
    assert report.unscored == {"RuntimeError: out of order": 2}
    assert report.games[0].score is None
    assert report.invalid is None
    for text in (to_markdown(report), terminal(report)):
        assert "Unscored: 2 x RuntimeError: out of order" in text.replace("\\", "")
        assert "0 of 2" in text
        assert "nan" not in text.lower().replace("planning", "")
    assert ET.fromstring(radar_svg(report)) is not None


def test_an_unfinished_run(tmp_path: Path) -> None:
    path = played(tmp_path / "run")
    (path / "episodes.jsonl").unlink()
    report = build_report(path)
    assert (report.episodes, report.planned, report.missing) == (0, 6, 6)
    assert "(6 still to be played)" in terminal(report)


def test_invalid_answers_by_cause(tmp_path: Path) -> None:
    def odd(prompt: str) -> str:
        return "" if len(prompt) % 2 else "dunno"

    report = build_report(
        smartplay.run(odd, BANDIT, episodes=1, out=tmp_path / "r", progress=False, retries=0).path
    )
    assert report.invalid == 1.0
    assert set(report.games[0].invalid) == {"empty", "unparsable"}
    shown = to_markdown(report).replace("\\", "")
    assert re.search(r"Causes of these: empty [\d.]+ %, unparsable [\d.]+ %\n", shown)
    assert re.search(r"\| 100\.0 % \|.*\| empty [\d.]+ %, unparsable [\d.]+ % \|", shown)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"games": f"{BANDIT},{HANOI}", "steps": 5},
            "Raw scores only: no human score is known",
        ),
        ({"games": HANOI, "episodes": 1}, "A single episode has no interval."),
        (
            {"games": HANOI, "game_settings": {"hanoi": {"noise": 0.5}}},
            "Raw scores only: no human score is known",
        ),
        ({"games": f"{HANOI},Hanoi4Disk"}, "No human score is known for Hanoi4Disk-v0: it counts"),
        ({"games": f"{HANOI},{BANDIT},{ROCK}"}, "cannot tell apart: Reasoning and Planning"),
        ({"games": HANOI}, "only 1 independent direction:"),
        ({"games": f"{HANOI},{BANDIT},{ROCK}"}, "only 3 independent directions:"),
    ],
)
def test_cautions(options: dict[str, Any], words: str, tmp_path: Path) -> None:
    report = build_report(played(tmp_path / "run", **options))
    assert words in to_markdown(report).replace("\\", "")
    assert words in " ".join(terminal(report).split())


RAW = [
    ({"quick": True}, "Raw scores only: no human score"),
    ({"steps": 29}, "Raw scores only: no human score"),
    ({"steps": 31}, "Raw scores only: no human score"),
    ({"game_settings": {"Hanoi3Disk": {"disks": 4}}}, "Raw scores only: no human score"),
    ({"games": f"{ROCK},{HANOI}", "game_settings": {HANOI: {"noise": 0.5}}}, "for Hanoi3Disk-v0: "),
    ({"games": f"T4D,{HANOI}", "steps": 2}, "no human score is known for the settings or the step"),
]


@pytest.mark.parametrize(("options", "words"), RAW, ids=lambda value: str(value)[:30])
def test_anchors_hold_for_the_settings_and_length_they_were_measured_with(
    options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    report = build_report(played(tmp_path / "run", **{"games": HANOI} | options))
    game = report.games[-1]
    assert game.score is not None
    assert (game.normalized, game.corrected) == (None, None)
    anchors = report.details[-1].anchors
    assert (anchors.human, anchors.optimum) == (None, None)
    assert anchors.random is not None, "random play was measured for exactly this"
    assert {episode.normalized for episode in report.details[-1].episodes} == {None}
    (told,) = [line for line in cautions(report) if "Raw scores only" in line]
    assert words in told
    assert all(HANOI not in covers for score in report.capabilities for covers in score.covers)
    assert "trial of the set-up" in terminal(report) or "quick" not in options


def test_a_trial_has_no_scores_over_games_that_were_shortened(tmp_path: Path) -> None:
    """Those of the others may not stand for them."""
    games = f"{BANDIT},{HANOI},MessengerL1"
    report = build_report(played(tmp_path / "run", games, episodes=None, quick=True))
    assert report.games[-1].normalized is not None
    assert report.overall is None
    assert {score.scores["paper"] for score in report.capabilities} == {None}
    measured = [score.capability for score in report.capabilities if not score.reason]
    assert measured == ["Spatial Reasoning"], "neither of the shortened games demands it"
    assert terminal(report).count("trial of the set-up, not a result") == 1


@pytest.mark.parametrize(
    "settings", [{"disks": 3}, {"observation": "both"}, {"history": 0}, {}], ids=str
)
def test_settings_that_change_nothing_of_the_game_keep_its_anchors(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"episodes": 1, "steps": 30, "game_settings": {HANOI: settings}}
    report = build_report(played(tmp_path / "run", HANOI, **options))
    assert report.games[0].normalized is not None
    assert not any("Raw scores" in line for line in cautions(report))


def test_changed_contrasts_have_no_retention(tmp_path: Path) -> None:
    pair = "ContrastReasoningEasy,ContrastReasoningHard"
    report = build_report(played(tmp_path / "run", pair, agent="reference", steps=3))
    assert {score.retention for score in report.contrasts} == {None}
    assert any("Raw scores only" in line for line in cautions(report))


def attacks_in(report: Report) -> list[str]:
    return [line for line in cautions(report) if "worst known attacks" in line]


def test_a_report_quotes_the_worst_attack_on_each_hard_setting_it_shows(tmp_path: Path) -> None:
    """Also where it is one that is reported and not bounded; and none on what it does not show."""
    by_name = {each.capability: each for each in stored_attacks() if "Contrast" in each.game}
    games = "ContrastPlanningEasy,ContrastPlanningHard,ContrastSpatialReasoningHard"
    path = played(tmp_path / "run", games, episodes=1)
    (told,) = attacks_in(build_report(path))
    for name in ("Planning", "Spatial Reasoning"):
        each = by_name[name]
        tried = [a for a in (each.shortcut, each.learner, each.reported) if a is not None]
        worst = max(tried, key=lambda attack: attack.score.mean)
        assert f"{name} {worst.score.shown_mean} ({worst.name})" in told
    assert told.count("; ") == 1, "the two and no other"
    assert told in build_report(path).notes
    (told,) = attacks_in(build_report(measured_run(tmp_path / "m", "ContrastReasoning-v0")))
    assert "Reasoning 0.0" in told
    assert "Planning" not in told
    for number, games in enumerate(("ContrastPlanningEasy", HANOI)):
        assert attacks_in(build_report(played(tmp_path / f"none {number}", games))) == []
    harbor = next(each for each in stored_attacks() if each.game.endswith("HarborReasoning-v0"))
    (told,) = attacks_in(build_report(measured_run(tmp_path / "h", "HarborReasoning-v0")))
    assert f"({harbor.worst.name})" in told, "each game has its own"


def measured_run(out: Path, game: str) -> Path:
    return smartplay.measure("reference", [game], max_calls=40, out=out, progress=False).path


@pytest.mark.parametrize("game", ["ContrastReasoningHard-v1", "ContrastReasoning-v0",
                                  "HarborReasoning-v0"])  # fmt: skip
def test_a_report_marks_a_capability_that_two_methods_fail(
    game: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "failing_capabilities", dict)
    path = (measured_run if game.endswith("-v0") else played)(tmp_path / "run", game)
    assert not any("two methods" in line for line in cautions(build_report(path)))
    failing = {"Reasoning": ["the two methods agree by 0.51 only"], "Planning": ["likewise"]}
    monkeypatch.setattr(limits, "failing_capabilities", lambda: failing)
    (told,) = [line for line in cautions(build_report(path)) if "two methods" in line]
    assert told == (
        "Reasoning failed the check in which two methods measure each capability: the two methods "
        "agree by 0.51 only."
    )


def test_what_was_not_measured_is_said_once(tmp_path: Path) -> None:
    contrast = build_report(played(tmp_path / "c", "ContrastReasoningEasy,ContrastReasoningHard"))
    assert not any(
        "capability has a score" in line or "easured" in line for line in cautions(contrast)
    )
    assert "Capabilities" not in terminal(contrast)
    own = build_report(played(tmp_path / "o", "Hanoi4Disk"))
    told = "\n".join(cautions(own))
    assert told.count("No capability has a score, because no game has a normalised score.") == 1
    assert "Planning" not in told
    broken = played(tmp_path / "f", HANOI)
    rewrite(broken, status="unscored", error="RuntimeError: broken", score=None)
    assert cautions(build_report(broken)) == []


def test_scores_over_games_wait_for_all_of_their_games(tmp_path: Path) -> None:
    path = played(tmp_path / "run", f"{BANDIT},{HANOI}")
    whole = build_report(path)
    lines = (path / "episodes.jsonl").read_bytes().splitlines(keepends=True)
    (path / "episodes.jsonl").write_bytes(b"".join(line for line in lines if b"Bandit" in line))
    report = build_report(path)
    assert report.overall is None
    found = {score.capability: score for score in report.capabilities}
    assert found["Planning"].scores == {"shipped": None, "paper": None}
    assert found["Planning"].reason == "not all games that demand it have a normalised score"
    odds = "Understanding the Odds"
    assert (
        found[odds].scores["shipped"]
        == {s.capability: s for s in whole.capabilities}[odds].scores["shipped"]
    ), "only the bandit demands it"
    assert cautions(report)[0].startswith("The run is unfinished, and no episode of Hanoi3Disk-v0 ")
    (path / "episodes.jsonl").write_bytes(b"".join(lines[:-1]))
    assert cautions(build_report(path))[0].startswith("The run is unfinished: its scores rest on")


def test_a_changed_card_is_told(tmp_path: Path) -> None:
    path = played(tmp_path / "run", HANOI)
    games = RunFolder(path).header().games
    change(path, games={g: msgspec.structs.replace(p, digest="0" * 16) for g, p in games.items()})
    assert "another version of its card" in to_markdown(build_report(path))


def test_random_play_is_shown_beside(tmp_path: Path) -> None:
    report = build_report(played(tmp_path / "run", HANOI))
    assert report.chance["shipped"]["Planning"] == pytest.approx(0.836 / 3)
    picture = radar_svg(report)
    assert "stroke-dasharray" in picture
    assert "random play" in picture


def test_scores_beyond_human_and_below_zero_stay_in_the_picture(tmp_path: Path) -> None:
    path = played(tmp_path / "run")
    for score in (1000.0, -1000.0):
        rewrite(path, score=score)
        picture = ET.fromstring(radar_svg(build_report(path)))
        for circle in picture.iter(f"{SVG}circle"):
            assert 0 <= float(circle.get("cx", "")) <= WIDTH
            assert 0 <= float(circle.get("cy", "")) <= HEIGHT
        rings = [e for e in picture.iter(f"{SVG}circle") if "ring" in e.get("class", "")]
        assert 5 <= len(rings) <= 9


def test_every_ring_of_the_radar_has_its_value(tmp_path: Path) -> None:
    path = played(tmp_path / "run", f"{BANDIT},{HANOI}", agent="reference")
    picture = ET.fromstring(radar_svg(build_report(path)))
    told = [element.text for element in picture.iter(f"{SVG}text")]
    rings = [e for e in picture.iter(f"{SVG}circle") if "ring" in e.get("class", "").split()]
    values = [text for text in told if text and re.fullmatch(r"[\d.]+", text)]
    assert len(values) == len(rings)


def test_the_title_names_the_model_that_an_agents_name_does_not(tmp_path: Path) -> None:
    path = played(tmp_path / "run", HANOI)
    use = RoleUse(model="local", calls=1, served=["small-model-q4", "random"])
    rewrite(path, roles={"player": use})
    report = build_report(path)
    assert to_markdown(report).startswith("# SmartPlay report: random \\(small-model-q4\\)\n")
    rewrite(path, roles={})
    assert to_markdown(build_report(path)).startswith("# SmartPlay report: random\n")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"model": "small"}, "random (small)"),
        (
            {"models": {"player": {"model": "small"}, "judge": {"model": "big"}}},
            "random (big, small)",
        ),
        ({"model": "random"}, "random"),
        ({"model": ["small"], "models": {"player": "small"}}, "random"),
    ],
)
def test_without_an_answer_the_model_that_was_set_is_named(
    settings: dict[str, Any], name: str, tmp_path: Path
) -> None:
    report = build_report(played(tmp_path / "run", HANOI))
    header = msgspec.structs.replace(report.run, agent_settings=settings)
    one, other = (msgspec.structs.replace(report, run=header, unscored=u) for u in ({}, {"x": 1}))
    assert agent_name(one) == name
    assert headline(one)[0] == f"Agent: {name}"
    assert names_of([one, other]) == [f"{name} (1)", f"{name} (2)"]


# Hostile texts


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_and_causes(text: str, tmp_path: Path) -> None:
    path = played(tmp_path / "run")
    header: RunHeader = RunFolder(path).header()
    records: list[EpisodeRecord] = RunFolder(path).results(header)
    header = msgspec.structs.replace(header, agent=text)
    records[0] = msgspec.structs.replace(records[0], status="unscored", score=None, error=text)
    (path / "run.json").write_bytes(encode(header))
    (path / "episodes.jsonl").write_bytes(b"".join(encode(record) + b"\n" for record in records))
    report = build_report(path)
    keep_report(report, path)
    check(report)
    json.loads((path / "report.json").read_text())
    check(msgspec.structs.replace(report, agent=text, unscored={text: 1}))


def check(report: Report) -> None:
    picture = radar_svg(report)
    root = ET.fromstring(picture.encode())
    assert not list(root.iter(f"{SVG}script"))
    assert "<script" not in picture
    markdown = to_markdown(report)
    markdown.encode()
    assert re.search(r"(?<!\\)<", markdown) is None, "HTML in the Markdown"
    assert markdown.count("\n# ") == 0, "a heading of the agent's own"
    assert all(c == "\n" or c.isprintable() for c in markdown)
    games, capabilities = tables(markdown)
    assert len({len(row) for row in games}) == 1
    assert len(capabilities) == 11
    shown = terminal(report)
    assert all(c == "\n" or c.isprintable() for c in shown), "control characters reach the terminal"


@given(st.text())
def test_escaped_text_is_one_printable_line(text: str) -> None:
    told = escape(text)
    told.encode()
    assert told.isprintable() or not told
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#|]", told)


# Folders that cannot be reported


def test_what_cannot_be_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (tmp_path, tmp_path / "gone", Path("/dev/null")):
        with pytest.raises(RunFolderError):
            build_report(place)
    path = played(tmp_path / "run")
    report = build_report(path)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only")))
    with pytest.raises(RunFolderError, match="cannot write a report"):
        keep_report(report, path)


def test_a_card_of_ones_own_that_is_gone(tmp_path: Path) -> None:
    path = played(tmp_path / "run", HANOI)
    (plan,) = RunFolder(path).header().games.values()
    plan = msgspec.structs.replace(plan, card=str(tmp_path / "gone.toml"))
    change(path, games={"smartplay/Gone-v0": plan})
    (path / "episodes.jsonl").unlink()
    with pytest.raises(RunFolderError, match=r"Gone-v0, which has no card here; .* --card"):
        build_report(path)
    with pytest.raises(smartplay.SmartPlayError, match=r"cannot read card .*gone\.toml"):
        build_report(path, own_cards=[tmp_path / "gone.toml"])
