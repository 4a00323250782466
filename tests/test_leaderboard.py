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
from smartplay.leaderboard.site import build, make_board, reach, to_html, whisker, with_ties
from smartplay.leaderboard.tracks import track_of
from smartplay.leaderboard.verify import check_header
from smartplay.records.folder import RunFolder
from smartplay.report.markdown import escape
from smartplay.scores.intervals import Interval

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
    lines = (run / "episodes.jsonl").read_text().splitlines(keepends=True)
    (run / "episodes.jsonl").write_text("".join(lines[:-1]))
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
        {"agent": " "},
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
    assert track.engine == "Hanoi3Disk other"
    assert "engine Hanoi3Disk other" in track.title


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
    assert main(["leaderboard", "add", str(runs["random"]), *at, "--cost", "1.5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verification"]["verified"]
    assert main(["leaderboard", "build", *at]) == 0
    assert "index.html" in capsys.readouterr().out
    assert "1.50 USD" in (tmp_path / "board" / "README.md").read_text()


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
