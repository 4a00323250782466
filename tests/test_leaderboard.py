"""Entries replay, pages show them as they are, and what does not replay has no row."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.agents.simple import RandomAgent
from smartplay.cards.published import published_table
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.leaderboard import verify_run
from smartplay.leaderboard.claims import Claim, pack_claims, read_claims
from smartplay.leaderboard.entry import add_entry
from smartplay.leaderboard.rows import Row, published_rows, read_entries, read_entry
from smartplay.leaderboard.site import (
    build,
    ends,
    make_board,
    mean,
    page_name,
    reach,
    to_html,
    to_markdown,
    whisker,
    with_ties,
)
from smartplay.leaderboard.tracks import track_of
from smartplay.leaderboard.verify import check_header
from smartplay.records.folder import RunFolder
from smartplay.records.prices import read_prices
from smartplay.report.markdown import escape
from smartplay.scores.intervals import Interval
from tests.chatty import Chatty
from tests.folders import members_of, put_trace
from tests.folders import play as play_one
from tests.games import write_game
from tests.tampering import HANOI, change_header, change_records, reseal

GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk,RockPaperScissorBasic"
HOSTILE = "<script>alert(1)</script>|`*</td>"


def play(agent: Any, out: Path, games: str = GAMES, **settings: Any) -> Path:
    settings = {"episodes": 4} | settings
    smartplay.run(agent, games, out=out, progress=False, **settings)
    return out


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    return {agent: play(agent, folder / agent) for agent in ("random", "reference")}


@pytest.fixture
def root(tmp_path: Path, runs: dict[str, Path]) -> Path:
    """A leaderboard with two entries."""
    for run in runs.values():
        add_entry(run, tmp_path / "board" / "entries")
    return tmp_path / "board"


def entry(root: Path, agent: str) -> Path:
    return next((root / "entries").glob(f"*_{agent}"))


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_games_of_ones_own_are_not_for_the_leaderboard(tmp_path: Path) -> None:
    card = write_game(tmp_path)
    smartplay.run("random", str(card), episodes=1, out=tmp_path / "run", progress=False)
    with pytest.raises(UsageError, match="own games and those of installed packages"):
        add_entry(tmp_path / "run", tmp_path / "entries")


def test_an_entry_is_small_and_replays(root: Path) -> None:
    path = entry(root, "random")
    assert sorted(p.name for p in path.iterdir()) == [
        "entry.json",
        "episodes.jsonl",
        "replays",
        "run.json",
    ]
    assert verify_run(path).problems == []
    assert b"attempts" not in b"".join(p.read_bytes() for p in path.rglob("*") if p.is_file())


def test_traces_are_packed_on_request(runs: dict[str, Path], tmp_path: Path) -> None:
    path, _ = add_entry(runs["random"], tmp_path, with_traces=True)
    assert (path / "steps").is_dir()
    assert not (path / "replays").exists()
    assert verify_run(path).verified


def test_packed_claims_are_read_as_they_were(tmp_path: Path) -> None:
    claim = Claim(
        episode=3,
        seed=1,
        agent_seed=2,
        start="a" * 16,
        actions=[0, 1],
        rewards=[0.5, -1],
        scores=[0, 1],
        observations="0" * 16,
        causes={2: ["empty", None]},
    )
    (tmp_path / "replays").mkdir()
    (tmp_path / "replays" / "X-v0.jsonl.gz").write_bytes(pack_claims([claim]))
    assert read_claims(RunFolder(tmp_path), "smartplay/X-v0", 1) == {(3, 0): claim}


@pytest.mark.parametrize("field", ["actions", "scores", "rewards", "seed", "observations", "start"])
def test_a_changed_claim_is_found(root: Path, field: str) -> None:
    path = entry(root, "random") / "replays" / "Hanoi3Disk-v0.jsonl.gz"
    claims = list(read_claims(RunFolder(path.parent.parent), "smartplay/Hanoi3Disk-v0", 4).values())
    old = getattr(claims[1], field)
    new: Any = old + 1 if isinstance(old, int) else "f" * len(old)
    if isinstance(old, list):
        new = [*old[:-1], (old[-1] + 1) % 6]
    claims[1] = msgspec.structs.replace(claims[1], **{field: new})
    path.write_bytes(pack_claims(claims))
    found = verify_run(path.parent.parent)
    assert not found.verified
    assert str(found.problems[0]).startswith("Hanoi3Disk-v0, episode 1")


def test_a_run_that_does_not_verify_is_not_added(runs: dict[str, Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs["random"], tmp_path / "run"))
    change_records(run, lambda records: records[0].update(score=99.0))
    with pytest.raises(UsageError, match="does not verify"):
        add_entry(run, tmp_path / "entries")
    assert not (tmp_path / "entries").exists()


def test_an_entry_is_not_written_over(root: Path, runs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists"):
        add_entry(runs["random"], root / "entries")
    again = play("random", tmp_path / "again", seed=1)
    path, _ = add_entry(again, root / "entries", agent="another/../one")
    assert path.parent == root / "entries"
    assert path.name.endswith("_another-one")


@pytest.mark.parametrize(
    "texts",
    [
        {"link": "javascript:alert(1)"},
        {"link": "http://a b"},
        {"agent": "a\x1b[2J"},
    ],
)
def test_texts_that_do_harm_are_refused(
    runs: dict[str, Path], tmp_path: Path, texts: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        add_entry(runs["random"], tmp_path, **texts)  # type: ignore[arg-type]


def test_the_build_writes_page_and_readme_alike_each_time(root: Path) -> None:
    board = build(root)
    assert board.refused == []
    files = [root / "site" / "index.html", root / "README.md"]
    first = [path.read_bytes() for path in files]
    build(root)
    assert [path.read_bytes() for path in files] == first
    page, readme = first[0].decode(), first[1].decode()
    assert "random" in readme
    assert "published, not replayable" in readme
    for model in published_table().models:
        assert model in page
    assert not re.search(r"(src|href)=\"(?!https://arxiv|#|data:)", page), "the page needs files"


def test_what_strangers_write_is_shown_as_it_is(root: Path) -> None:
    edit(entry(root, "random") / "entry.json", agent=HOSTILE, note=HOSTILE, model=HOSTILE)
    board = build(root)
    page, readme = (root / "site" / "index.html").read_text(), (root / "README.md").read_text()
    assert HOSTILE in [row.info.agent for row in board.tables[0].rows]
    assert "alert(1)" in page
    assert page.count("<script") == 2
    assert not re.search(r"(?<!\\)<(script|/td)", readme), "markup in the README"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("entry.json", "{}"),
        ("entry.json", "[" * 10**5),
        ("entry.json", '{"agent": "x", "date": "soon"}'),
        ("entry.json", '{"agent": "x", "date": "2026-01-01", "link": "data:text/html,x"}'),
        ("run.json", "{}"),
        ("episodes.jsonl", ""),
        ("replays/Hanoi3Disk-v0.jsonl.gz", "x"),
    ],
)
def test_a_failing_entry_has_no_row(root: Path, name: str, text: str) -> None:
    (entry(root, "random") / name).write_text(text)
    rows, refused = read_entries(root / "entries")
    assert [row.info.agent for row in rows] == ["reference"]
    assert len(refused) == 1
    assert refused[0].reasons
    page = to_html(make_board(rows, refused))
    assert "Not verified" in page
    assert f"/{refused[0].key}" not in page, "the entry is in a table"
    assert str(root) not in page


def test_an_entry_of_other_games_is_stale(root: Path) -> None:
    path = entry(root, "random") / "run.json"
    path.write_text(re.sub(r'"digest": "\w+"', '"digest": "0123456789abcdef"', path.read_text()))
    board = build(root)
    assert [entry.stale for entry in board.refused] == [True]
    assert "stale" in (root / "README.md").read_text()
    assert main(["leaderboard", "build", "--root", str(root)]) == 1


def test_an_entry_that_is_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    path = entry(root, "random")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    _, refused = read_entries(root / "entries")
    assert refused[0].reasons == ["the entry is a link"]


def test_an_unscored_episode_makes_a_row_incomplete(tmp_path: Path) -> None:
    def moody(manual: str, actions: list[str], seed: int) -> Any:
        if seed % 2:
            raise RuntimeError("not today")
        return RandomAgent(manual, actions, seed)

    run = play(moody, tmp_path / "run", episodes=8)
    path, verification = add_entry(run, tmp_path / "entries", agent="moody")
    assert not verification.complete
    row, _ = read_entry(path)
    assert isinstance(row, Row)
    assert row.status == "incomplete"
    assert with_ties([row])[0].ties == ""


@pytest.mark.slow
def test_tracks_are_kept_apart(tmp_path: Path, root: Path) -> None:
    others: dict[str, dict[str, Any]] = {
        "steps": {"steps": 10},
        "seed": {"seed": 5},
        "settings": {"game_settings": {"Hanoi3Disk": {"noise": 0.5}}},
        "games": {"games": "Hanoi3Disk"},
    }
    for name, settings in others.items():
        add_entry(play("random", tmp_path / name, **settings), root / "entries", agent=name)
    board = build(root)
    tables = {tuple(sorted(row.info.agent for row in table.rows)) for table in board.tables[:-1]}
    assert tables == {("random", "reference"), ("steps",), ("seed",), ("settings",), ("games",)}


def test_agents_without_a_model_stand_beside_those_with_one(root: Path) -> None:
    rows, _ = read_entries(root / "entries")
    track = rows[0].track
    assert track is not None
    for method in ("direct protocol", "think protocol"):
        model = msgspec.structs.replace(
            rows[0], track=msgspec.structs.replace(track, method=method)
        )
        rows.append(msgspec.structs.replace(model, key=method))
    board = make_board(rows, [])
    assert [len(table.rows) for table in board.tables[:-1]] == [3, 3]


def test_the_engine_makes_a_track(runs: dict[str, Path]) -> None:
    header = RunFolder(runs["random"]).header()
    games = {
        game: msgspec.structs.replace(plan, settings={"engine": "other"})
        for game, plan in header.games.items()
        if "Hanoi3" in game
    }
    track = track_of(msgspec.structs.replace(header, games=games))
    assert track.engine == "other in Hanoi3Disk"
    assert "engine other in Hanoi3Disk" in track.title


def test_games_with_one_step_limit_name_it_once(tmp_path: Path) -> None:
    header = RunFolder(play("random", tmp_path / "run", steps=5, episodes=1)).header()
    details = track_of(header).details
    names = ("BanditTwoArmedHighLowFixed-v0", "Hanoi3Disk-v0", "RockPaperScissorBasic-v0")
    short = ", ".join(name.removesuffix("-v0") for name in names)
    assert details.startswith(f"Step limits: 5 in {short}. Episodes: 1 in {short}. ")


def test_an_interval_that_is_not_known_is_said_to_be() -> None:
    assert [mean(each) for each in (Interval(0.8), Interval(0.2, 0.1, 0.3), None)] == [
        "0.80",
        "0.20",
        "-",
    ]
    value = Interval(0.5)
    assert ends(value) == "[unknown]"
    assert ends(value, printed=True) == ""
    assert ends(Interval(0.5, 0.25, 0.75)) == "[0.25, 0.75]"
    assert ends(None) == ""


def test_ties_are_told_by_letters(root: Path) -> None:
    rows, _ = read_entries(root / "entries")
    best = {row.info.agent: row.ties for row in with_ties(rows)}
    assert best == {"reference": "a", "random": "b"}
    twins = with_ties([rows[0], rows[0]])
    assert [row.ties for row in twins] == ["a", "a"]


def test_published_rows_are_the_printed_ones() -> None:
    table, rows = published_table(), published_rows()
    assert len(rows) == 8
    assert rows[0].games["smartplay/Hanoi3Disk-v0"] == Interval(0.83)
    assert {row.status for row in rows} == {"published"}
    lists: list[Any] = [*table.degrees.values(), *table.models.values(), *table.raw.values()]
    assert {len(values) for values in lists} == {len(table.games)} == {7}


def test_raw_and_normalised_published_scores_agree() -> None:
    ends = [(0, 45), (0, 43), (0, 3), (-1, 1), (-1, 1), (0, 2680), (0, 1)]
    table = published_table()
    for model, printed in table.models.items():
        for score, raw, (low, high) in zip(printed, table.raw[model], ends, strict=True):
            assert score == pytest.approx((raw - low) / (high - low), abs=0.0051), model


def test_the_shipped_entries_are_of_these_games_and_on_the_shipped_page() -> None:
    folder = Path(__file__).parents[1] / "leaderboard"
    page = (folder / "site" / "index.html").read_text()
    for path in sorted((folder / "entries").iterdir()):
        problems = check_header(RunFolder(path).header(), [])
        assert problems == [], f"{path.name} is stale; play it again, add it, and build the page"
        assert f'/{path.name}"' in page, "run smartplay leaderboard build"


def test_whiskers_stay_in_their_picture() -> None:
    assert whisker(None) == ""
    assert 'cx="100.0"' in whisker(Interval(7.0))
    assert 'cx="4.0"' in whisker(Interval(-3.0, -4.0, 2.0))


def test_the_commands(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--root", str(tmp_path / "board")]
    assert main(["leaderboard", "add"]) == 2
    assert "which run" in capsys.readouterr().err
    assert main(["leaderboard", "build", *at]) == 2
    assert "no folder" in capsys.readouterr().err
    assert main(["leaderboard", "add", str(runs["random"]), *at, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verification"]["verified"]
    assert main(["leaderboard", "build", *at]) == 0
    assert "index.html" in capsys.readouterr().out


# Runs with missing episodes


def leave_out(run: Path, number: int = 1) -> None:
    """Take the last episodes of Hanoi out of a run, with their steps."""
    names = sorted(members_of(run / "steps" / "Hanoi3Disk-v0.jsonl.gz"))
    gone = [int(name[:5]) for name in names[-number:]]
    for episode in gone:
        put_trace(run, (HANOI, episode, 0), None)

    def drop(records: list[dict[str, Any]]) -> None:
        records[:] = [r for r in records if r["game"] != HANOI or r["episode"] not in gone]

    change_records(run, drop)


def test_an_unfinished_run_stands_below_the_complete_ones(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has the highest mean, and still no rank and no part in the ties."""
    entries = tmp_path / "board" / "entries"
    add_entry(runs["random"], entries, agent="complete")
    best = Path(shutil.copytree(runs["reference"], tmp_path / "best"))
    leave_out(best)
    found = verify_run(best)
    assert (found.verified, found.incomplete, found.complete) == (False, True, False)
    assert "episodes are missing: expected 4, found 3" in str(found)
    assert "lists such a run as incomplete" in str(found)
    path, _ = add_entry(best, entries, agent="left out")
    board = build(tmp_path / "board")
    rows = board.tables[0].rows
    told = [(row.info.agent, row.status, row.coverage, row.rank, row.ties) for row in rows]
    assert told == [
        ("complete", "verified", "12/12", 1, ""),
        ("left out", "incomplete", "11/12", None, ""),
    ]
    assert rows[1].overall is not None
    assert rows[0].overall is not None
    assert rows[1].overall.mean > rows[0].overall.mean
    assert "incomplete 11/12" in (tmp_path / "board" / "README.md").read_text()
    assert verify_run(path).incomplete
    assert main(["verify", str(path)]) == 1
    capsys.readouterr()
    assert main(["leaderboard", "build", "--root", str(tmp_path / "board")]) == 0
    assert f"{path.name}: incomplete" in capsys.readouterr().err


def test_what_was_taken_out_of_an_entry_is_no_missing_episode(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    path, _ = add_entry(runs["random"], tmp_path)
    change_records(path, lambda records: records.pop())
    assert not isinstance(read_entry(path)[0], Row), "its digest tells"
    reseal(path)
    assert not verify_run(path).verified
    found, _ = read_entry(path)
    assert isinstance(found, Row)
    assert found.status == "incomplete"


def test_a_run_without_a_score_is_no_entry(runs: dict[str, Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs["random"], tmp_path / "run"))
    shutil.rmtree(run / "steps")
    change_records(run, lambda records: records.clear())
    with pytest.raises(UsageError, match="no scored episode"):
        add_entry(run, tmp_path / "entries")
    path, _ = add_entry(runs["random"], tmp_path / "entries")
    shutil.rmtree(path / "replays")
    change_records(path, lambda records: records.clear())
    reseal(path)
    found, _ = read_entry(path)
    assert not isinstance(found, Row)


def test_endless_plans_are_refused_at_once(runs: dict[str, Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs["random"], tmp_path / "run"))
    change_header(run, lambda h: [plan.update(episodes=10**15) for plan in h["games"].values()])
    found = verify_run(run)
    assert (found.verified, found.incomplete) == (False, False)


# Cost, ranks, ties, pages


PRICES = """currency = "EUR"
date = 2026-11-01
[models.priced]
prompt = 10
completion = 1000
date = 2026-11-02
source = "https://example.com/prices"
"""


@pytest.fixture(scope="module")
def chatty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play_one(tmp_path_factory.mktemp("chatty") / "run", Chatty).path


@pytest.mark.parametrize(
    ("model", "prices", "known"),
    [("priced", PRICES, True), ("unknown", PRICES, False), ("priced", None, False)],
)
def test_costs_are_computed_from_tokens_and_dated_prices(
    chatty: Path, tmp_path: Path, model: str, prices: str | None, known: bool
) -> None:
    run = Path(shutil.copytree(chatty, tmp_path / "run"))
    change_header(run, lambda header: header.update(agent=f"openai:{model}"))
    root = tmp_path / "board"
    path, _ = add_entry(run, root / "entries")
    edit(path / "entry.json", cost=999.0)
    if prices is not None:
        (root / "prices.toml").write_text(prices)
    (row,) = build(root).tables[0].rows
    page, readme = (root / "site" / "index.html").read_text(), (root / "README.md").read_text()
    assert "999" not in page + readme, "a cost is what the submitter says"
    if not known:
        assert row.cost is None
        assert "| - | verified" in readme
        return
    assert row.cost is not None
    assert row.cost.total == pytest.approx((10 * row.read + 1000 * row.written) / 1e6)
    assert row.price_dates == ["2026-11-02"]
    assert f"{row.cost.total:.2f} EUR" in readme
    assert "prices of 2026-11-02" in page


def test_tokens_that_were_not_reported_have_no_cost(chatty: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(chatty, tmp_path / "run"))
    change_header(run, lambda header: header.update(agent="openai:priced"))
    path, _ = add_entry(run, tmp_path / "board" / "entries")
    change_records(path, lambda records: records[0].update(usage={}, roles={}))
    reseal(path)
    (tmp_path / "board" / "prices.toml").write_text(PRICES)
    (row,) = build(tmp_path / "board").tables[0].rows
    assert row.status == "verified"
    assert row.cost is None


def test_a_cost_is_no_option(runs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["leaderboard", "add", str(runs["random"]), "--cost", "1.5"])


def test_prices_that_cannot_be_read_stop_the_build(root: Path) -> None:
    (root / "prices.toml").write_text("[models.x]\nprompt = -1\n")
    with pytest.raises(UsageError, match="prices"):
        build(root)


def test_the_shipped_prices_say_where_they_come_from() -> None:
    prices = read_prices(Path(__file__).parents[1] / "leaderboard" / "prices.toml")
    for name, price in prices.models.items():
        assert price.date, f"{name}: of what day is this price?"
        assert price.source.startswith("https://"), f"{name}: who says so?"


def test_ranks_are_of_complete_rows_and_shared_by_equals(root: Path) -> None:
    rows, _ = read_entries(root / "entries")
    rows.sort(key=lambda row: row.info.agent, reverse=True)
    twin = msgspec.structs.replace(rows[1], key="twin")
    open_ = msgspec.structs.replace(rows[0], key="open", status="incomplete")
    board = make_board([*rows, twin, open_], [])
    found = {row.key: row.rank for row in board.tables[0].rows}
    assert list(found.values()) == [1, 2, 2, None]
    assert found["open"] is None
    (names,) = board.tables[0].tied.values()
    assert names == ["random", "random"]
    assert "random, random cannot be told apart" in to_html(board)
    assert [row.rank for row in board.tables[-1].rows] == [None] * 8


@pytest.mark.slow
def test_published_rows_stand_marked_in_the_table_of_the_same_games() -> None:
    folder = Path(__file__).parents[1] / "leaderboard" / "entries"
    path = next(folder.glob("*_constant"))
    row, _ = read_entry(path)
    assert isinstance(row, Row)
    (table,) = make_board([row], []).tables
    assert [row.status for row in table.rows] == ["verified"] + ["published"] * 8
    assert "not ranked" in table.details
    readme = to_markdown(make_board([row], []))
    assert readme.count("published, 2023-10") == 8
    track = row.track
    assert track is not None
    for change in ({"games": "Hanoi3Disk"}, {"steps": "Hanoi3Disk 5"}, {"observation": "image"}):
        other = msgspec.structs.replace(row, track=msgspec.structs.replace(track, **change))
        own, printed = make_board([other], []).tables
        assert (len(own.rows), len(printed.rows)) == (1, 8), change


def test_every_entry_has_a_page_with_its_report(root: Path) -> None:
    strange = entry(root, "random")
    strange.rename(root / "entries" / "a b\n<i>'\"&")
    old = root / "site" / "entries" / "left.html"
    old.parent.mkdir(parents=True)
    old.touch()
    board = build(root)
    page = (root / "site" / "index.html").read_text()
    links = re.findall("<a href='([^']*)'>report", page)
    assert len(links) == 2
    for link in links:
        assert re.fullmatch("entries/[A-Za-z0-9_-]+.html", link)
        assert "SmartPlay report" in (root / "site" / link).read_text()
    assert {f"entries/{path.name}" for path in old.parent.iterdir()} == {*links}
    assert len({page_name(row.key) for row in board.tables[0].rows}) == 2


def test_a_measured_threshold_stands_in_its_capabilitys_column(tmp_path: Path) -> None:
    run = smartplay.measure(
        "reference", ["ContrastPlanning-v0"], max_calls=24, out=tmp_path / "r", progress=False
    )
    path, _ = add_entry(run.path, tmp_path / "board" / "entries")
    row, _ = read_entry(path)
    assert isinstance(row, Row)
    assert list(row.reaches) == ["Planning"]
    cell = row.reaches["Planning"].sentence
    page = to_html(make_board([row], []))
    assert page.count(f">{cell}</td>") == 2


DEEDS = """<script>
const head = [...document.querySelectorAll("#track-1 thead th")];
head.find((th) => th.textContent === "Agent").querySelector("button").click();
const track = document.getElementById("track");
track.value = "track-1";
track.dispatchEvent(new Event("input"));
const find = document.getElementById("find");
find.value = "RAND";
find.dispatchEvent(new Event("input"));
const told = {
  order: [...document.querySelectorAll("#track-1 tbody th")].map((th) => th.dataset.sort),
  shown: [...document.querySelectorAll("#track-1 tbody tr")].filter((tr) => !tr.hidden).length,
  tracks: [...document.querySelectorAll(".track")].filter((track) => !track.hidden).length,
};
document.title = JSON.stringify(told);
</script></body>"""


def opened(page: Path, profile: Path) -> str:
    """The page as a browser has it after its scripts ran without an error."""
    command = "--headless --no-sandbox --disable-gpu --no-first-run --disable-sync --dump-dom"
    quiet = "--disable-background-networking --disable-component-update --enable-logging=stderr"
    at = [f"--user-data-dir={profile}", page.as_uri()]
    done = subprocess.run(
        ["chromium", *command.split(), *quiet.split(), *at],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium")
def test_the_page_draws_sorts_and_filters_in_a_browser(root: Path, tmp_path: Path) -> None:
    build(root)
    page = root / "site" / "index.html"
    page.write_text(page.read_text().replace("</body>", DEEDS))
    found = opened(page, tmp_path / "profile")
    assert '<html lang="en" class="scripted">' in found
    assert "Capabilities: reference, random" in found
    title = re.search("<title>(.*?)</title>", found)
    assert title is not None
    assert json.loads(title[1]) == {"order": ["random", "reference"], "shown": 1, "tracks": 1}


def test_a_measured_run_shows_its_thresholds(root: Path, tmp_path: Path) -> None:
    """In a table of its own, and beside none that was measured by other rules."""
    games = ["ContrastPlanning-v0", "ContrastSpatialReasoning-v0"]
    for agent, calls in (("reference", 48), ("random", 48), ("constant", 24)):
        run = smartplay.measure(agent, games, max_calls=calls, out=tmp_path / agent, progress=False)
        add_entry(run.path, root / "entries", agent=f"measured {agent}")
    board = build(root)
    tables = {frozenset(row.info.agent for row in table.rows): table for table in board.tables}
    both = tables[frozenset({"measured reference", "measured random"})]
    assert "thresholds to ±0.5 levels, at most 48 calls" in both.title
    assert "trial" not in both.title
    assert frozenset({"measured constant"}) in tables
    page, readme = (root / "site" / "index.html").read_text(), (root / "README.md").read_text()
    sorts = {}
    for row in both.rows:
        assert len(row.thresholds) == 2
        for threshold in row.thresholds.values():
            assert f">{threshold.sentence}</td>" in page
            assert escape(threshold.sentence) in readme
            sorts[row.info.agent] = float(reach(threshold))
    assert sorts["measured reference"] > sorts["measured random"]
