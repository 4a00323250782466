"""What the samples of Inspect leave in its logs, and the run folder that is made of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from inspect_ai.log import read_eval_log, read_eval_log_samples

from smartplay.agents.methods import METHODS, PROTOCOLS
from smartplay.agents.methods.turn import ROLE
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.games.registry import find_card
from smartplay.records import EpisodeRecord, Key, RunHeader
from smartplay.records.encoding import encode
from smartplay.records.folder import RunFolder, misfit
from smartplay.runner.episode import Outcome
from smartplay.runner.plan import default_folder

STORE = "smartplay"
"""Where a sample's store keeps its episodes, and a log's metadata the header of the run."""


def keep(store: Any, outcomes: Sequence[Outcome]) -> None:
    """Leave episodes in a sample's store, as a run folder would hold them."""
    store.set(
        STORE,
        [
            {"record": encode(each.record).decode(), "steps": base64.b64encode(each.trace).decode()}
            for each in outcomes
        ],
    )


def kept(store: Any) -> list[tuple[EpisodeRecord, bytes]]:
    """The episodes in a sample's store, with their steps, packed."""
    return [
        (
            msgspec.json.decode(each["record"], type=EpisodeRecord),
            base64.b64decode(each["steps"], validate=True),
        )
        for each in store.get(STORE, ())
    ]


def import_log(path: str | Path, out: str | Path | None = None) -> RunFolder:
    """Make a run folder of a log.

    Args:
        path: The log, `.eval` or `.json`.
        out: The folder; by default one under `runs/`.

    Raises:
        UsageError: If it is not the log of a SmartPlay task, of games that are not known here,
            or holds no episodes.
        RunFolderError: If the folder cannot be written, or holds something.
    """
    try:
        log = read_eval_log(str(path), header_only=True)
        samples = read_eval_log_samples(str(path), all_samples_required=False)
        stores = [{STORE: sample.store.get(STORE, ())} for sample in samples]
    except Exception as error:
        raise UsageError(f"cannot read the log {path}: {error}") from error
    try:
        header = msgspec.json.decode((log.eval.metadata or {})[STORE], type=RunHeader)
        found = [each for store in stores for each in kept(store)]
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise UsageError(f"{path} is not the log of a SmartPlay task") from error
    if not found:
        raise UsageError(f"{path} holds no episodes; was it written with --no-log-samples?")
    if unknown := [game for game in header.games if find_card(game) is None]:
        raise UsageError(f"{path} was played on {unknown[0]}, which has no card here")
    agent, settings = _asked(header.agent_settings, log)
    header = msgspec.structs.replace(
        header,
        agent=agent,
        agent_settings=settings,
        arguments={"games": list(header.games), "log": Path(path).name},
        repeats=1 if header.measurement else log.eval.config.epochs or 1,
    )
    records: dict[Key, tuple[EpisodeRecord, bytes]] = {each[0].key: each for each in found}
    for record, _ in records.values():
        if reason := misfit(header, record):
            raise UsageError(f"{path}: episode {record.episode} of {record.game}: {reason}")
    folder = RunFolder(Path(out) if out is not None else default_folder(header, resumable=False))
    with folder.lock():
        if folder.exists:
            raise RunFolderError(f"{folder.path} holds a run; choose another folder with --out")
        folder.create(header)
        folder.begin(header)
        for record, trace in records.values():
            folder.add(record, trace)
    return folder


def _asked(settings: dict[str, Any], log: Any) -> tuple[str, dict[str, Any]]:
    """The agent and its settings with the models of the evaluation, named as in a run of ours."""
    name = str(settings.get("method") or settings.get("protocol"))
    known = name in METHODS
    given = log.eval.model_roles or {}
    told = {}
    for role in METHODS[name].roles if known else (ROLE,):
        model = given.get(role, log.eval)
        own = _plain(given[role].config) if role in given else {}
        told[role] = {"model": f"inspect:{model.model}"} | _plain(log.plan.config) | own
    first, *others = told.values()
    named = ", ".join(dict.fromkeys(each["model"] for each in told.values()))
    alone = all(each == first for each in others)
    agent = f"{name}({named})" if known and name not in PROTOCOLS else named
    return agent, settings | (first if alone else {"models": told})


def _plain(config: Any) -> dict[str, Any]:
    told = config.model_dump(exclude_none=True)
    return {key: value for key, value in told.items() if isinstance(value, int | float | str)}
