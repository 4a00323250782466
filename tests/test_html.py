"""The HTML report: whole, true to the report's numbers, and unmoved by hostile text."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import zlib
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import gymnasium as gym
import msgspec
import numpy as np
import pytest
from PIL import Image

import smartplay
from smartplay.agents.context import Reply
from smartplay.cards.capabilities import Capability
from smartplay.cli import main
from smartplay.core import printable
from smartplay.games.drawing import BLUE, GREEN, INK, RED, Canvas
from smartplay.games.registry import get_card
from smartplay.records import Call, EpisodeHeader, StepRecord, Usage
from smartplay.records.folder import RunFolder
from smartplay.report import wording
from smartplay.report.content import entries_of, names_of
from smartplay.report.html import page as page_module
from smartplay.report.html import pictures, traces, write_html
from smartplay.report.radar import radar_svg
from smartplay.scores.comparison import Comparison, compare
from tests.chatty import HOSTILE
from tests.report_runs import GAMES, failing_run, hostile_run, page_of, play

MEGABYTE = 1_000_000
VOID = {"meta", "link", "img", "input", "br", "wbr"}


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing is most of the work, and one picture is like another."""
    monkeypatch.setattr(pictures, "FRAMES", 3)


class Page(HTMLParser):
    """Elements of a page with their attributes, scripts by id, and unbalanced tags."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self.ids: list[str] = []
        self._open: list[str] = []
        self._script: str | None = None
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for key, value in attrs if key == "id" and value]
        if tag == "script":
            self._script = dict(attrs).get("id") or "viewer"
            self.scripts[self._script] = ""
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes another element"
        self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts[self._script] += data


def unpack(packed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return found


def text(trace: dict[str, Any], places: list[int]) -> str:
    return "\n\n".join(trace["paragraphs"][place] for place in places)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("runs")
    return {
        "reference": play(root / "reference", "reference"),
        "random": play(root / "random", "random"),
        "hostile": hostile_run(root / "hostile"),
        "failing": failing_run(root / "failing"),
    }


@pytest.mark.parametrize("name", ["reference", "hostile", "failing"])
def test_the_page_is_sound_and_needs_nothing_else(
    runs: dict[str, Path], name: str, tmp_path: Path
) -> None:
    html, _ = page_of([runs[name]], tmp_path / "page.html")
    page = Page(html)
    assert len(page.ids) == len(set(page.ids)), "an id is used twice"
    for tag, attributes in page.elements:
        for key in ("src", "href", "action", "data", "poster"):
            value = attributes.get(key) or "#"
            assert value.startswith(("#", "data:")), f"<{tag} {key}={value!r}> is outside the page"
        assert not [key for key in attributes if key.startswith("on")], f"<{tag}> has a handler"
        assert "style" not in attributes, "the policy allows no style attribute"
    assert len(html) < 5 * MEGABYTE
    assert not (tmp_path / "page.steps").exists()


def test_the_policy_allows_the_pages_own_script_and_no_other(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    page = Page(page_of([runs["hostile"]], tmp_path / "page.html")[0])
    policy = next(a["content"] for t, a in page.elements if t == "meta" and "http-equiv" in a)
    assert policy is not None
    assert page_module._hash(page.scripts["viewer"]) in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_hostile_text_stays_text(runs: dict[str, Path], tmp_path: Path) -> None:
    html, _ = page_of([runs["hostile"], runs["failing"]], tmp_path / "page.html")
    page = Page(html)
    kinds = {attributes.get("type") for tag, attributes in page.elements if tag == "script"}
    assert kinds == {"application/json", "text/plain", None}
    assert sum(tag == "script" and "type" not in a for tag, a in page.elements) == 1
    assert {a.get("src") for tag, a in page.elements if tag == "img"} != {"x"}
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", html), "a control character is hidden in it"
    shown = printable.line(HOSTILE)
    assert shown in unescape(html), "the hostile text is not shown"
    assert "\u27e8202E\u27e9" in shown
    assert "49" not in re.findall(r"\{\{.*?\}\}", unescape(html)), "a template ran in it"


def test_what_the_viewer_unpacks_is_what_was_recorded(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    page = Page(page_of([runs["hostile"]], tmp_path / "page.html")[0])
    header, steps = RunFolder(runs["hostile"]).steps("smartplay/Hanoi3Disk-v0", 1)
    trace = unpack(page.scripts["steps-0-Hanoi3Disk-v0-1"])
    assert text(trace, trace["manual"]) == header.manual
    assert text(trace, trace["first"]) == header.observation
    assert len(trace["steps"]) == len(steps)
    for packed, step in zip(trace["steps"], steps, strict=True):
        assert text(trace, packed["after"]) == step.observation
        assert (packed["reward"], packed["score"], packed["valid"]) == (
            step.reward,
            step.score,
            step.valid,
        )
        for attempt, recorded in zip(packed["attempts"], step.attempts, strict=True):
            assert text(trace, attempt["reply"]) == recorded.reply
            assert attempt["cause"] == recorded.cause
            for call, kept in zip(attempt["calls"], recorded.calls, strict=True):
                told = [(m["role"], text(trace, m["text"])) for m in call["messages"]]
                assert told == [(m["role"], m["content"]) for m in kept.messages]
    assert list(trace["pictures"]) == ["0", "15", "30"]


@pytest.mark.slow
def test_numbers_are_the_reports(runs: dict[str, Path], tmp_path: Path) -> None:
    html, reports = page_of([runs["reference"], runs["random"]], tmp_path / "page.html")
    for report in reports:
        for game in report.games:
            for value in (game.score, game.normalized, game.corrected):
                assert wording.interval(value) in html
        for score in report.capabilities:
            assert wording.interval(score.scores["paper"]) in html
        for line in wording.cautions(report):
            assert line in unescape(html)
    kept = (tmp_path / "page.comparison.json").read_bytes()
    assert msgspec.json.decode(kept, type=Comparison) == compare(entries_of(reports))


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(runs: dict[str, Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        page_of([runs["hostile"], runs["random"]], tmp_path / f"{name}.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


@pytest.mark.slow
def test_long_episodes_go_beside_the_page_and_it_says_so(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "EPISODE_BYTES", 100)
    html, _ = page_of([runs["random"]], tmp_path / "page.html")
    assert "The steps of 6 long episodes are in the folder beside this page" in html
    file = tmp_path / "page.steps" / "0-Hanoi3Disk-v0-2.js"
    name, packed = json.loads("[" + file.read_text().removeprefix("smartplaySteps(")[:-3] + "]")
    assert name == "0-Hanoi3Disk-v0-2"
    assert unpack(packed)["steps"]
    monkeypatch.undo()
    page_of([runs["random"]], tmp_path / "page.html")
    assert not list((tmp_path / "page.steps").iterdir()), "stale files are left"


def test_the_page_keeps_its_limit_however_many_steps_there_are(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "STEPS_BYTES", 50_000)
    monkeypatch.setattr(traces, "PICTURES_BYTES", 2_000)
    html, _ = page_of([runs["random"]], tmp_path / "page.html")
    scripts = Page(html).scripts
    assert sum(len(v) for k, v in scripts.items() if k.startswith("steps-")) <= 50_000
    assert "have no pictures: the page has no room" in html


def test_runs_without_steps_or_episodes_still_have_a_page(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    packed = tmp_path / "packed"
    shutil.copytree(runs["random"], packed)
    shutil.rmtree(packed / "steps")
    html, [report] = page_of([packed], tmp_path / "page.html")
    assert report.details[0].curve is None
    assert "No steps of this episode were kept." in html
    (packed / "episodes.jsonl").unlink()
    html, _ = page_of([packed], tmp_path / "empty.html")
    assert "No episode of this game has a score." in html
    Page(html)


def test_failed_episodes_are_told_and_not_scored(runs: dict[str, Path], tmp_path: Path) -> None:
    html, _ = page_of([runs["failing"]], tmp_path / "page.html")
    assert "6 episodes could not be scored" in html
    assert "RuntimeError: the service is down" in html


def test_nothing_the_folder_names_is_run(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = RunFolder(runs["random"]).header()
    game, plan = next(iter(header.games.items()))
    assert pictures.why_no_pictures(game, plan) == ""
    replace = msgspec.structs.replace
    for hostile in (
        replace(plan, card=str(tmp_path / "evil.toml")),
        replace(plan, settings={"environment": "evil.py:Env"}),
        replace(plan, settings={"describer": "evil.py:Text"}),
        replace(plan, digest="0" * 16),
    ):
        assert pictures.why_no_pictures(game, hostile)

    def not_installed(*_: object, **__: object) -> None:
        raise gym.error.NameNotFound("no such game")

    monkeypatch.setattr(gym, "make", not_installed)
    html, _ = page_of([runs["random"]], tmp_path / "page.html")
    trace = unpack(Page(html).scripts["steps-0-Hanoi3Disk-v0-0"])
    assert trace["pictures"] == {}
    assert trace["noPictures"].startswith("The game could not be drawn")


def test_pictures_end_where_the_game_does_something_else(runs: dict[str, Path]) -> None:
    folder = RunFolder(runs["random"])
    game = "smartplay/Hanoi3Disk-v0"
    header, steps = folder.steps(game, 0)
    plan = folder.header().games[game]
    whole = pictures.draw_episode(plan, header, steps)
    assert 0 in whole
    assert len(steps) in whole
    changed = [msgspec.structs.replace(s, observation="?") if s.step == 10 else s for s in steps]
    assert max(pictures.draw_episode(plan, header, changed)) < 10
    other = msgspec.structs.replace(header, observation="another game")
    assert pictures.draw_episode(plan, other, steps) == {}


def test_a_picture_is_a_small_png() -> None:
    address = pictures.encode(np.zeros((500, 400, 3), dtype=np.uint8))
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(data)).size == (176, 220)


def test_shapes_are_svg_that_nothing_ends() -> None:
    canvas = Canvas()
    canvas.box(10, 20, 30, 40, BLUE, INK, 5)
    canvas.circle(50, 60, 7, RED)
    canvas.line([(1, 2), (3, 4), (5, 6)], width=3)
    canvas.shape([(0, 0), (9.125, 0), (0, 9)], GREEN)
    canvas.text(200, 100, "\"'><script>&%41 é")
    kind, _, data = pictures.address(pictures.encode(canvas)).partition(",")
    assert kind == "data:image/svg+xml"
    assert not set(data) & set("\"'<>&#")
    root = ElementTree.fromstring(unquote(data))
    tags = [child.tag.rpartition("}")[2] for child in root]
    assert tags == ["rect", "rect", "circle", "polyline", "polygon", "text"]
    assert root[1].attrib | {"x": "11", "y": "21", "width": "28", "height": "38"} == root[1].attrib
    assert root[5].text == "\"'><script>&%41 é"
    middle = float(root[5].attrib["x"]) + float(root[5].attrib["textLength"]) / 2
    assert middle == pytest.approx(200, abs=0.02)


def test_agents_of_one_name_are_numbered(runs: dict[str, Path], tmp_path: Path) -> None:
    html, reports = page_of([runs["random"], runs["random"]], tmp_path / "page.html")
    assert names_of(reports) == ["random (1)", "random (2)"]
    told = "cannot be told apart from <b><bdi>random (2)</bdi></b>: "
    assert told in html, "a name from right to left would turn the interval behind it round"


def test_a_comparison_has_a_row_of_differences_for_everything_measured(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    html, reports = page_of([runs["random"], runs["reference"]], tmp_path / "page.html")
    found, drawn = compare(entries_of(reports)), set()
    html = html[: html.index("By the paper's weights")]
    rows = {
        row.split("</th>")[0]: row.split("</tr>")[0] for row in html.split('<th scope="row">')[1:]
    }
    measured = [each for each in found.capabilities if each.differences[0].mean]
    assert 0 < len(measured) < len(Capability), "one that no game demands has no row"
    for subject in [found.overall, *measured, *found.games]:
        title = "Mean normalised score" if subject is found.overall else subject.name
        row = rows[title] if title in rows else next(
            rows[key] for key in rows if f'"#game-{wording.name(title)}"' in key
        )  # fmt: skip
        (difference,) = subject.differences
        assert difference.mean is not None
        assert wording.signed(difference.mean) in row
        assert row.count('class="delta"') == 1
        drawn.add(subject.name)
    assert {"overall", "smartplay/Hanoi3Disk-v0", "Planning"} <= drawn
    assert {each.name for each in measured} == set(rows) & {str(each) for each in Capability}


@pytest.mark.slow
def test_more_than_two_runs_show_differences_from_the_best(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    three = [runs["random"], play(tmp_path / "constant", "constant:1"), runs["reference"]]
    html, reports = page_of(three, tmp_path / "page.html")
    top = html[html.index("<h1>") : html.index("<nav")]
    assert "<b><bdi>reference</bdi></b> has the highest mean normalised score" in top
    places = [top.index(f'title="{name}">{name}</span>') for name in ("reference", "random")]
    assert places == sorted(places)
    found = compare(entries_of(reports)).overall.differences[1].mean
    assert found is not None
    assert (reports[0].agent, reports[2].agent) == ("random", "reference")
    assert wording.signed(found) in top, "random minus reference"


@pytest.mark.slow
def test_runs_without_a_mean_normalised_score_are_not_ranked(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        smartplay.run("random", "Hanoi3Disk,MessengerL1", out=path, progress=False, steps=4,
                      episodes=2)  # fmt: skip
    html, reports = page_of(paths, tmp_path / "page.html")
    assert not any(report.overall for report in reports)
    assert "has the highest mean normalised score" not in html
    assert "Not all runs have a mean normalised score, so they are not ranked." in html


@pytest.mark.slow
def test_costs_that_are_not_known_are_not_drawn(runs: dict[str, Path], tmp_path: Path) -> None:
    def silent(prompt: str) -> Reply:
        return Reply("Answer: 1", calls=[Call([], "Answer: 1")])

    def counted(prompt: str) -> Reply:
        return Reply("Answer: 2", calls=[Call([], "Answer: 2", usage=Usage(prompt=7))])

    folders = [play(tmp_path / each.__name__, each) for each in (silent, counted)]
    html, _ = page_of([*folders, runs["random"]], tmp_path / "page.html")
    assert "Tokens against score" in html
    assert html.count("<circle", html.index('class="scatter"'), html.index('id="games"')) == 2
    assert "Cost against score" not in html
    few, _ = page_of([folders[0], runs["random"]], tmp_path / "few.html")
    assert "against score" not in few


def test_messages_of_any_shape_are_packed() -> None:
    from smartplay.records import Attempt, Call
    from smartplay.report.html.packing import pack_episode

    messages = [{"role": 7, "content": [{"type": "text", "text": "hi"}]}, {}]
    attempt = Attempt("\ud800 alone", calls=[Call(messages, "x")])
    step = StepRecord(1, [attempt], 0, "a", True, "o", 0.0, 0.0, 0.0)
    header = EpisodeHeader("smartplay/G-v0", 0, 1, 2, "m", ["a"], "o")
    trace = unpack(pack_episode(header, [step], {}, ""))
    told = trace["steps"][0]["attempts"][0]["calls"][0]["messages"]
    assert [m["role"] for m in told] == ["7", "?"]
    assert '"hi"' in text(trace, told[0]["text"])


def luminance(color: str) -> float:
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_have_contrast(mode: str) -> None:
    """WCAG 2.2 AA: 4.5 for text, 3 for what is drawn."""
    blocks = re.findall(r":root \{(.*?)\}", page_module._asset("style.css"), re.DOTALL)
    assert len(blocks) == 2
    block = blocks[mode == "dark"]
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for front, back in product(("ink", "soft", "link"), ("paper", "card", "sunk")):
        assert contrast(colors[front], colors[back]) >= 4.5, f"{front} on {back}"
    for front in ("ink", "warn"):
        assert contrast(colors[front], colors["warn-paper"]) >= 4.5, front
    for place, back in product(range(8), ("paper", "card")):
        assert contrast(colors[f"c{place}"], colors[back]) >= 3, f"series {place} on {back}"


def test_the_radar_is_one_sound_picture(runs: dict[str, Path], tmp_path: Path) -> None:
    import xml.etree.ElementTree as ET

    _, [report] = page_of([runs["hostile"]], tmp_path / "page.html")
    root = ET.fromstring(radar_svg(report))
    assert "not measured" in [e.text for e in root.iter() if e.tag.endswith("text")]


@pytest.mark.slow
def test_the_command_writes_pages(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(runs["random"]), "--html"]) == 0
    assert "Page:" in capsys.readouterr().out
    assert (runs["random"] / "report.html").exists()
    out = tmp_path / "new" / "both.html"
    both = [str(runs["random"]), str(runs["reference"])]
    assert main(["report", *both, "--html", "--out", str(out), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert "2 runs compared" in out.read_text()


def test_what_cannot_be_done_is_said(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(runs["random"])
    assert main(["report", run, "--out", "x.html"]) == 2
    assert "--html" in capsys.readouterr().err
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert main(["report", run, "--html", "--out", str(blocked / "x.html")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert main(["report", run, "--prices", str(tmp_path / "none.toml")]) == 2
    assert "cannot read prices" in capsys.readouterr().err


@pytest.mark.slow
def test_games_and_agents_are_all_on_the_page(runs: dict[str, Path], tmp_path: Path) -> None:
    page = Page(page_of(list(runs.values()), tmp_path / "page.html")[0])
    for game in GAMES.split(","):
        assert f"game-{game}-v0" in page.ids
    data = json.loads(page.scripts["data"])
    assert [len(run["games"]) for run in data] == [2, 2, 2, 2]


def test_a_page_is_written_whole_or_not_at_all(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "page.html"
    page_of([runs["random"]], out)
    before = out.read_bytes()

    def fails(*_: object) -> Iterator[str]:
        yield "<!DOCTYPE html>"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("smartplay.report.html.render_page", fails)
    with pytest.raises(Exception, match="No space left"):
        write_html([], [], out)
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


# Runs that played other games, or other lengths


@pytest.mark.slow
def test_what_runs_do_not_share_is_shown_of_none(tmp_path: Path) -> None:
    """Weights and random play of one run say nothing about another's games."""
    both = play(tmp_path / "both", "random")
    one = play(tmp_path / "one", "reference", "Hanoi3Disk")
    html, _ = page_of([both, one], tmp_path / "page.html")
    start = html.index('<section id="capabilities"')
    section = html[start : html.index("</section>", start)]
    assert "Games, with weights" not in section
    assert "Random play" not in section
    assert "random play" not in section
    assert "The runs played different games or did not play them alike" in section
    assert "of episodes in 1 game that both played alike" in html
    alike, _ = page_of([both, play(tmp_path / "same", "reference")], tmp_path / "alike.html")
    assert "Games, with weights" in alike
    assert "different games or did not play them alike" not in alike


def test_equal_runs_have_an_axis_to_read(tmp_path: Path) -> None:
    twins = [play(tmp_path / name, "reference", "Hanoi3Disk") for name in "ab"]
    html, _ = page_of(twins, tmp_path / "page.html")
    assert "e-09" not in html
    assert "e-10" not in html


def test_anchors_of_a_whole_game_are_not_drawn_beside_a_shortened_one(tmp_path: Path) -> None:
    whole = play(tmp_path / "whole", "random", "Hanoi3Disk")
    smartplay.run("random", "Hanoi3Disk", quick=True, out=tmp_path / "quick", progress=False)
    html, _ = page_of([whole, tmp_path / "quick"], tmp_path / "page.html")
    assert 'class="anchor human"' not in html
    assert 'class="anchor human"' in page_of([whole], tmp_path / "one.html")[0]


def test_a_page_without_scores_of_capabilities_is_short(tmp_path: Path) -> None:
    smartplay.run("random", "Hanoi3Disk", quick=True, out=tmp_path / "quick", progress=False)
    html, _ = page_of([tmp_path / "quick"], tmp_path / "page.html")
    assert "No capability has a score, because" in html
    assert 'class="radar"' not in html
    assert "Games, with weights" not in html
    assert "trial of the set-up, not a result" in html


def test_flat_curves_are_not_drawn(tmp_path: Path) -> None:
    smartplay.run("constant:1", "Hanoi3Disk", episodes=2, out=tmp_path / "flat", progress=False)
    html, (report,) = page_of([tmp_path / "flat"], tmp_path / "page.html")
    assert report.details[0].curve is not None
    flat = not any(point.mean for point in report.details[0].curve.gain)
    assert ("Score so far, by step" in html) == (not flat)
    assert flat, "the test needs an agent that never scores"


def test_the_headline_says_how_sure_it_is_and_of_what(tmp_path: Path) -> None:
    """A contrast of which only the easy half was played has no capability and no radar."""
    game = "ContrastLongTextUnderstandingEasy"
    html, (report,) = page_of([play(tmp_path / "run", "random", game, 1)], tmp_path / "page.html")
    (score,) = (each.score for each in report.games)
    assert score is not None
    assert f"<b>{score.shown_mean}</b> <span>95 %: unknown</span>" in html
    assert "every step had one" in html
    assert "the first episode, step by step" in html
    assert 'href="#contrasts-title">Contrasts</a>' in html
    assert 'id="contrasts-title"' in html
    contrasts = html.split('id="contrasts-title"')[1].split("</section>")[0]
    assert contrasts.count('<th scope="row">') == 1, "capabilities that were not measured"
    assert 'class="radar"' not in html
    assert 'id="capabilities"' not in html


def test_only_games_with_a_goal_tell_how_often_it_was_reached(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    html, (report,) = page_of([runs["random"]], tmp_path / "page.html")
    bandit, hanoi = html.split('<details class="game"')[1:]
    assert "Goal reached" not in bandit
    assert "Goal reached" in hanoi
    assert [game.completed is None for game in report.games] == [True, False]


def test_a_comparison_leads_on(runs: dict[str, Path], tmp_path: Path) -> None:
    html, _ = page_of([runs["random"], runs["failing"]], tmp_path / "page.html")
    top = html.split("<nav")[0]
    assert re.search(r'href="#1/[^"]*/0/Infinity">the first failed episode', top)
    html, _ = page_of([runs["random"], runs["reference"]], tmp_path / "page.html")
    link = re.search(r'Look next at</b> <a href="#([^"]+)"', html.split("<nav")[0])
    assert link
    assert f'id="{link[1]}"' in html


def test_the_viewer_says_that_no_steps_were_kept(runs: dict[str, Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs["random"], tmp_path / "run"))
    shutil.rmtree(run / "steps")
    html, _ = page_of([run], tmp_path / "page.html")
    assert "no steps of these episodes were kept" in html
    assert "what the agent read" not in html
    assert re.search(r'Look next at</b> <a href="#game-', html)
    assert not re.search(r'Look next at</b>.*href="#0/', html)


def test_a_headline_that_is_lacking_says_why(tmp_path: Path) -> None:
    """Played with the first one's step limit, the second has no normalised score."""
    steps = {"MessengerL1": "not all games have", "Hanoi3Disk": "no game has"}
    for name, why in steps.items():
        smartplay.run("random", f"{name},RockPaperScissorBasic", episodes=2, out=tmp_path / name,
                      steps=get_card("MessengerL1").steps, progress=False)  # fmt: skip
        html, _ = page_of([tmp_path / name], tmp_path / "page.html")
        assert f"<b>none</b> <span>{why} a normalised score</span>" in html


def test_a_long_name_is_cut_where_it_is_only_mentioned() -> None:
    sentences = [f"{'x' * 90}", "short"]
    (found,) = page_module._once(sentences, [["It failed."], []])
    assert found == f"{'x' * 47}…: It failed."
    (found,) = page_module._once(list("abcdef"), [*[["It failed."]] * 5, []])
    assert found == "a, b, c, d and 1 more: It failed."
