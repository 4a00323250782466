"""Turns what people have played into a human score, with its interval and number of players.

The facts are kept in `games/FAMILY/human.jsonl`, one line per episode; a card's
`anchors.baseline` is what follows from them, so that the installed library can use it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from smartplay.cards.anchors import Played
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.core.whole_files import write_atomically, writing
from smartplay.games.registry import get_card
from smartplay.leaderboard import verify_run
from smartplay.play.human import PREFIX, SHOWN, is_name
from smartplay.play.journal import Journal, doubt
from smartplay.records import EpisodeRecord, RunHeader
from smartplay.records.folder import RunFolder, encode
from smartplay.scores.intervals import Interval, mean_interval

FILE = "human.jsonl"


class HumanEpisode(msgspec.Struct, frozen=True, kw_only=True):
    """An episode a person has played, as a line of `human.jsonl`.

    Attributes:
        game: The full id.
        player: The name the player gave.
        shown: `"text"`, `"picture"` or `"both"`; only text counts in a card, as agents read it.
        suite_seed: The seed of the run.
        episode: The episode's number in it.
        seed: The seed of the environment.
        score: The score.
        steps: Steps taken.
        seconds: Time the player took for all actions, from each question to its key.
        sittings: In how many the episode was played; more than one shows that it was broken off.
        digest: The card's digest; a changed game makes the episode worthless.
        completed: Whether the game's goal was reached.
    """

    game: str
    player: str
    shown: str
    suite_seed: int
    episode: int
    seed: int
    score: float
    steps: int
    seconds: float
    digest: str
    sittings: int = 1
    completed: bool = False

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        """What there can be only one of."""
        return self.game, self.player, self.shown, self.suite_seed, self.episode


def human_episodes(
    run: Path, own_cards: Sequence[Path] = ()
) -> tuple[list[HumanEpisode], Counter[str]]:
    """The episodes of a run that count towards a baseline; the run is replayed first.

    It has to be as `smartplay play` leaves it, with a journal of keys that agrees with its steps. A
    renamed run of an agent is none; that a program pressed the keys no file can rule out.

    Args:
        run: The run folder.
        own_cards: Card files of your own that it may have been played with.

    Returns:
        The episodes, and how many do not count, by reason.

    Raises:
        UsageError: If the run cannot be read, was not played by a person or does not replay.
    """
    folder = RunFolder(run)
    header = folder.header()
    if not header.agent.startswith(PREFIX):
        raise UsageError(f"{run} was played by {header.agent}; a baseline needs runs of people")
    settings = header.agent_settings
    others = UsageError(f"{run} was not played with smartplay play; a baseline takes no other")
    if not is_name(header.agent.removeprefix(PREFIX)) or settings.get("shown") not in SHOWN:
        raise others
    verification = verify_run(run, cards=own_cards)
    if not (verification.verified or verification.incomplete):
        raise UsageError(
            f"{run} does not verify, so it cannot be a baseline: {verification.problems[0]}"
        )
    if header.retries or settings.keys() != {"shown", "score"}:
        raise others
    counting, left_out = [], Counter[str]()
    tries = Counter(record.key for record in folder.lines())
    for record in folder.results(header):
        moves = Journal(folder).moves(record.key)
        reason = _why_not(header, record)
        if not reason:
            _, steps = folder.steps(record.game, record.episode, record.steps, record.repeat)
            reason = doubt(moves, steps, tries[record.key])
        if reason:
            left_out[reason] += 1
        else:
            seconds = round(sum(move.seconds for move in moves), 3)
            counting.append(_line(header, record, seconds, tries[record.key]))
    return counting, left_out


def played(episodes: Iterable[HumanEpisode]) -> Played:
    """The human score of one game.

    Each player counts alike, however many episodes they played: the mean is that of the players'
    means, the interval is over them. A single player leaves it unknown how far people
    differ, so there is no interval.

    Args:
        episodes: One or more, all of the same game.
    """
    card, scores = _scores(episodes)
    means = [sum(own) / len(own) for own in scores.values()]
    mean = mean_interval(means, card.bounds_within(card.steps))
    return Played(
        mean=round(mean.mean, 3),
        low=None if mean.low is None else round(mean.low, 3),
        high=None if mean.high is None else round(mean.high, 3),
        players=len(means),
        episodes=sum(map(len, scores.values())),
    )


def by_player(episodes: Sequence[HumanEpisode]) -> list[tuple[str, int, Interval]]:
    """The score of each player of one game, with its interval over their episodes, by name.

    Args:
        episodes: One or more, all of the same game.

    Returns:
        Name, number of episodes, and score of each.
    """
    card, scores = _scores(episodes)
    bounds = card.bounds_within(card.steps)
    return [(name, len(own), mean_interval(own, bounds)) for name, own in sorted(scores.items())]


def _scores(episodes: Iterable[HumanEpisode]) -> tuple[GameCard, dict[str, list[float]]]:
    """The one game of these episodes, and the scores of each of its players."""
    scores: dict[str, list[float]] = {}
    games = set()
    for episode in episodes:
        games.add(episode.game)
        scores.setdefault(episode.player, []).append(episode.score)
    (card,) = map(get_card, games)
    return card, scores


def card_line(score: Played) -> str:
    """The line for a card's table of anchors."""
    facts = msgspec.to_builtins(score)
    known = ", ".join(f"{key} = {value}" for key, value in facts.items() if value is not None)
    return f"baseline = {{ {known} }}"


def steps_line(episodes: Sequence[HumanEpisode]) -> str:
    """The line on steps to the goal for a card's table of anchors; empty if none was reached."""
    solved = [episode.steps for episode in episodes if episode.completed]
    if not solved:
        return ""
    mean = round(sum(solved) / len(solved), 1)
    facts = f"mean = {mean}, solved = {len(solved)}, episodes = {len(episodes)}"
    return f"human_steps = {{ {facts} }}"


def read(path: Path) -> list[HumanEpisode]:
    """The lines of a `human.jsonl`; none if there is no such file.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        return msgspec.json.Decoder(HumanEpisode).decode_lines(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path} is malformed: {error}") from error


def keep(games: Path, episodes: Sequence[HumanEpisode]) -> list[Path]:
    """Add episodes to the files of their games.

    The first play of an episode counts: what a player has there already stays as it is.

    Args:
        games: The folder of the dossiers.
        episodes: What to add.

    Returns:
        The files, changed or not.

    Raises:
        UsageError: If a game has no folder there, or a file cannot be written.
    """
    paths: dict[Path, list[HumanEpisode]] = {}
    for episode in episodes:
        folder = games / get_card(episode.game).family
        if not folder.is_dir():
            raise UsageError(
                f"there is no folder {folder}; start this in the project's folder, or name its "
                "games/ with --games"
            )
        paths.setdefault(folder / FILE, []).append(episode)
    for path, new in paths.items():
        lines: dict[tuple[str, str, str, int, int], HumanEpisode] = {}
        for episode in [*read(path), *new]:
            lines.setdefault(episode.key, episode)
        with writing(path):
            write_atomically(path, b"".join(encode(line) + b"\n" for line in lines.values()))
    return list(paths)


def _why_not(header: RunHeader, record: EpisodeRecord) -> str:
    """Why an episode does not count; empty if it does."""
    plan = header.games[record.game]
    card = get_card(record.game)
    if record.score is None:
        return "not played to the end"
    if header.measurement is not None:
        return "played to measure a threshold, at levels chosen for the player"
    if header.suite:
        return "played on a private suite"
    if record.repeat:
        return "played again; only the first play of an episode shows what a person can do"
    if header.agent_settings.get("score"):
        return "played with the score shown, which agents do not see"
    if plan.settings:
        return "played with settings of its own"
    if plan.steps != card.steps:
        return f"played with {plan.steps} steps, not {card.steps}"
    return ""


def _line(header: RunHeader, record: EpisodeRecord, seconds: float, sittings: int) -> HumanEpisode:
    return HumanEpisode(
        game=record.game,
        player=header.agent.removeprefix(PREFIX),
        shown=str(header.agent_settings.get("shown", "")),
        suite_seed=header.seed,
        episode=record.episode,
        seed=record.seed,
        score=record.score or 0.0,
        steps=record.steps,
        seconds=seconds,
        digest=header.games[record.game].digest,
        sittings=sittings,
        completed=record.completed,
    )
