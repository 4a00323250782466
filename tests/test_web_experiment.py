"""An experiment with people, from the consent to the code, the export and the deletion."""

from __future__ import annotations

import csv
import html
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("httpx2", reason="httpx2 is not installed")

from starlette.testclient import TestClient

from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.leaderboard import verify_run
from smartplay.play.baseline import human_episodes
from smartplay.play.experiment import Experiment, williams
from smartplay.records.folder import RunFolder
from smartplay.report import build_report
from smartplay.web.experiment import make_experiment_app
from tests.webbing import ADDRESS, Visitor

FILE = """
title = "Towers"
consent = "We watch how you play.\\n\\nYou may leave."
instructions = "Play well."
practice = "Hanoi3Disk"
games = ["Hanoi3Disk", "RockPaperScissorBasic"]
steps = 3
seeds = [4, 5]

[[checks]]
after = 1
question = "Which is the third?"
options = ["first", "second", "third"]
right = "third"

[[checks]]
after = 99
question = "Did you read?"
options = ["yes", "no"]
right = "yes"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "towers.toml"
    path.write_text(FILE)
    return path


class Person(Visitor):
    """A participant who takes the first action and answer of each page."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.seen: list[str] = []

    def heading(self) -> str:
        found = re.search("<h1>(.*?)</h1>", self.last.text)
        assert found
        return html.unescape(found[1])

    def go_on(self) -> None:
        """Do what the page asks for."""
        page = self.last.text
        do = self.hidden("do")
        fields: dict[str, object] = {"do": do}
        if do == "play":
            fields["turn"] = self.hidden("turn")
            if self.playing:
                fields["action"] = 0
        if do == "check":
            fields["number"] = self.hidden("number")
            fields["answer"] = re.findall(r'name="answer" value="([^"]*)"', page)[-1]
        self.send("/", **fields)

    def take_part(self) -> str:
        """Go through all of it; returns the code."""
        self.get("/")
        for _ in range(400):
            assert self.last.status_code == 200, self.last.text
            self.seen.append(self.heading())
            found = re.search('class="code">([^<]*)<', self.last.text)
            if found:
                return found[1]
            self.go_on()
        raise AssertionError("there was no end")


def serve(file: Path) -> Any:
    return TestClient(make_experiment_app(Experiment.read(file, None)), base_url=ADDRESS)


@pytest.mark.slow
def test_from_the_consent_to_the_code(file: Path, tmp_path: Path) -> None:
    with serve(file) as client:
        people = [Person(client.app) for _ in range(4)]
        codes = [person.take_part() for person in people]
        assert len(set(codes)) == 4
        again = people[0].get("/")
        assert codes[0] in again, "the code is gone after a reload"
        people[0].get("/runs/x")
        assert people[0].last.status_code == 404
    first = list(dict.fromkeys(people[0].seen))
    assert first == [
        "Towers", "What to do", "Practice: Tower of Hanoi", "Tower of Hanoi", "A question",
        "Rock, Paper, Scissors", "This is the end",
    ]  # fmt: skip
    experiment = Experiment.read(file, None)
    found = list(experiment.participants())
    assert Counter((each.order[0].split("/")[-1], each.seed) for each in found) == {
        ("Hanoi3Disk-v0", 4): 1, ("Hanoi3Disk-v0", 5): 1,
        ("RockPaperScissorBasic-v0", 4): 1, ("RockPaperScissorBasic-v0", 5): 1,
    }  # fmt: skip
    assert all(each.finished and each.answers == ["third", "no"] for each in found)
    for each in found:
        run = tmp_path / "towers" / each.id / "games"
        assert verify_run(run).verified
        assert RunFolder(run).header().agent == f"human:{each.id}"
        practice = RunFolder(tmp_path / "towers" / each.id / "practice").header()
        assert practice.split == "train", "practice shares a world with what counts"
    assert main(["serve", "--experiment", str(file), "--export", str(tmp_path / "x.csv")]) == 0
    with (tmp_path / "x.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 8
    assert {row["code"] for row in rows} == set(codes)
    assert {(row["checks_right"], row["checks_asked"]) for row in rows} == {("1", "2")}
    assert {row["place"] for row in rows} == {"1", "2"}
    assert main(["serve", "--experiment", str(file), "--delete", codes[0]]) == 0
    assert len(list(experiment.participants())) == 3
    assert main(["serve", "--experiment", str(file), "--delete", codes[0]]) == 2
    assert main(["serve", "--experiment", str(file), "--delete", "all"]) == 0
    assert list((tmp_path / "towers").iterdir()) == []


def test_no_address_nor_browser_nor_cookie_is_kept(file: Path, tmp_path: Path) -> None:
    with serve(file) as client:
        person = Person(client.app)
        person.client.headers["user-agent"] = "KnownBrowser/1"
        person.take_part()
        (cookie,) = person.client.cookies.values()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (cookie, "KnownBrowser", "testclient", "127.0.0.1"):
        assert secret.encode() not in kept


def test_a_participant_deletes_everything(file: Path, tmp_path: Path) -> None:
    with serve(file) as client:
        person, other = Person(client.app), Person(client.app)
        for each in (person, other):
            each.get("/")
            for _ in range(4):
                each.go_on()
        assert len(list((tmp_path / "towers").iterdir())) == 2
        assert "Delete what is kept of you?" in person.get("/delete")
        person.send("/delete")
        assert "Nothing is kept of you" in person.last.text
        assert len(list((tmp_path / "towers").iterdir())) == 1
        person.get("/")
        assert person.heading() == "Towers"
        other.go_on()
        assert other.heading().startswith("Practice")


def test_who_was_deleted_meanwhile_begins_anew(file: Path, tmp_path: Path) -> None:
    """Whoever keeps the experiment deletes beside the server, and may take part once more."""
    with serve(file) as client:
        person = Person(client.app)
        person.take_part()
        assert main(["serve", "--experiment", str(file), "--delete", "all"]) == 0
        person.seen = []
        person.take_part()
        assert "Practice: Tower of Hanoi" in person.seen
    (found,) = Experiment.read(file, None).participants()
    assert verify_run(tmp_path / "towers" / found.id / "games").verified


def test_an_answer_of_several_lines_can_be_given(file: Path) -> None:
    """A browser sends other line ends than the file has."""
    file.write_text(FILE.replace('"third"', '"""third,\nor last\n"""').replace("after = 1", ""))
    with serve(file) as client:
        person = Person(client.app)
        person.get("/")
        while person.heading() != "A question":
            person.go_on()
        assert not re.search(r'value="[^"]*\n', person.last.text)
        person.go_on()
    (kept,) = Experiment.read(file, None).participants()
    assert kept.answers == ["third,\nor last\n"]


@pytest.mark.parametrize("scores", ["true", "false"])
def test_the_score_of_each_episode_is_told_if_at_all(file: Path, scores: str) -> None:
    file.write_text(FILE.partition("[[")[0] + f"scores = {scores}\n")
    with serve(file) as client:
        person = Person(client.app)
        person.get("/")
        told = []
        while "Your code" not in person.last.text:
            person.go_on()
            told.append(person.last.text.count("Your score ("))
        assert sum(told) == (3 if scores == "true" else 0)  # the practice and two games


def test_forms_that_come_late_or_twice_change_nothing(file: Path) -> None:
    with serve(file) as client:
        person = Person(client.app)
        person.get("/")
        for do in ("read", "check", "play", "", "nothing"):
            person.send("/", do=do, turn="x", number=0, answer=2)
            assert person.heading() == "Towers"
        for _ in range(3):
            person.get("/")
            person.send("/", do="consent")
        assert person.heading() == "What to do"
        person.send("/", do="read")
        person.send("/", do="read")
        person.go_on()
        stale = person.hidden("turn")
        person.go_on()
        person.send("/", do="play", turn=stale, action=0)
        assert "step 1 " in person.last.text
        while person.heading() != "A question":
            person.go_on()
        for answer in (3, "", "<b>", "third"):
            person.send("/", do="check", number=0, answer=answer)
            assert person.heading() == "A question"
        person.send("/", do="check", number=1, answer=2)
        assert person.heading() == "A question"
        person.go_on()
        person.get("/")
        person.send("/", do="check", number=0, answer=0)
        assert "Rock" in person.heading()
    (kept,) = Experiment.read(file, None).participants()
    assert kept.answers == ["third"]


def test_an_experiment_goes_on_after_the_server_has_gone(file: Path) -> None:
    with serve(file) as client:
        person = Person(client.app)
        person.get("/")
        for _ in range(4):
            person.go_on()
        assert "step 1 " in person.last.text
    with serve(file) as client:
        later = Person(client.app)
        later.client.cookies.update(person.client.cookies)
        assert "step 1 " in later.get("/")
        later.take_part()


def test_a_file_that_changed_for_who_is_under_way_is_refused(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = Experiment.read(file, None)
    person = Person(make_experiment_app(experiment))
    person.get("/")
    for _ in range(4):
        person.go_on()
    experiment.check_begun()
    file.write_text(FILE.replace("steps = 3", "steps = 4"))
    assert main(["serve", "--experiment", str(file), "--port", "1"]) == 2
    assert "steps differs (3 there, 4 here)" in capsys.readouterr().err
    (begun,) = experiment.participants()
    experiment.keep(begun, finished=True)
    Experiment.read(file, None).check_begun()


@pytest.mark.slow
def test_thresholds_of_people_are_measured_as_those_of_agents(tmp_path: Path) -> None:
    file = tmp_path / "dial.toml"
    file.write_text(
        'title = "Dial"\nconsent = "c"\ninstructions = "i"\ncalls = 120\n'
        'measure = ["ContrastPlanning"]\n'
    )
    with serve(file) as client:
        Person(client.app).take_part()
    (person,) = Experiment.read(file, None).participants()
    run = tmp_path / "dial" / person.id / "measure"
    assert verify_run(run).verified
    report = build_report(run)
    (threshold,) = report.thresholds
    assert threshold.capability == "Planning"
    assert len({record.level for record in RunFolder(run).episodes()}) > 1, "levels never moved"
    assert human_episodes(run)[0] == []


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7])
def test_orders_are_balanced_for_place_and_for_what_came_before(number: int) -> None:
    rows = williams(number)
    for place in range(number):
        assert len(set(Counter(row[place] for row in rows).values())) == 1
    pairs = Counter(pair for row in rows for pair in pairwise(row))
    assert len(pairs) == number * (number - 1)
    assert len(set(pairs.values())) <= 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("games = []", "nothing to play"),
        ('games = ["Nosuch"]', "Nosuch"),
        ('shown = "state"', "way to show"),
        ("seeds = []", "seeds"),
        ("sedes = [1]", "sedes"),
        ("episodes = 0", "episodes"),
        ('measure = ["Hanoi3Disk"]', "no dial"),
    ],
)
def test_a_design_that_cannot_be_is_refused(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "x.toml"
    games = "" if line.startswith("games") else 'games = ["Hanoi3Disk"]\n'
    file.write_text(f'title = "t"\nconsent = "c"\ninstructions = "i"\n{games}{line}\n')
    with pytest.raises(UsageError, match=words):
        Experiment.read(file, None)
    assert main(["serve", "--experiment", str(file)]) == 2
