"""The sentences manuals are made of: our own, or those of a text file of the original's layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from smartplay.core.errors import UsageError
from smartplay.games.base import CHARACTERS
from smartplay.games.messenger import deal, grammar

Lookup = Callable[[str, str, str], list[str]]
"""Gives the sentences of an entity, a role and a movement (or `"unknown"`)."""

MEANINGS = (*deal.MOVEMENTS, deal.UNKNOWN)


def corpus(split: str, texts: str | Path | None = None) -> Lookup:
    """The corpus of a split.

    Args:
        split: `"test"`, `"val"` or `"train"`.
        texts: A JSON file of entity → role → movement → list of sentences, or a folder that holds
            `text_test.json`, `text_val.json` and `text_train.json`; None for our own sentences.

    Raises:
        UsageError: If the file cannot be read, or is not of that layout.
    """
    if texts is None:
        return partial(_own, split)
    if not isinstance(texts, (str, Path)):
        raise UsageError(f"texts must be the path of a JSON file or a folder, not {texts!r}")
    path = _locate(texts, split)
    _table(path)
    return partial(_given, path)


@cache
def _own(split: str, entity: str, role: str, movement: str) -> list[str]:
    return grammar.sentences(split, entity, role, movement)


def _given(path: Path, entity: str, role: str, movement: str) -> list[str]:
    return _table(path)[entity][role][movement]


def _locate(texts: str | Path, split: str) -> Path:
    path = Path(texts).expanduser()
    return path / f"text_{split}.json" if path.is_dir() else path


Texts = dict[str, dict[str, dict[str, list[str]]]]


@cache
def _table(path: Path) -> Texts:
    return read_texts(path)


def read_texts(path: Path) -> Texts:
    """Read a text file of the original's layout.

    Returns:
        Entity → role → movement → sentences, complete and in characters a text space holds.

    Raises:
        UsageError: If the file cannot be read or lacks something; says what.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read texts {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"texts {path} are not valid JSON: {error}") from error
    return {
        entity: {
            role: {
                movement: _sentences(path, table, entity, role, movement) for movement in MEANINGS
            }
            for role in deal.ROLES
        }
        for entity in deal.ENTITIES
    }


def _sentences(path: Path, table: object, *keys: str) -> list[str]:
    found = table
    for depth, key in enumerate(keys):
        if not isinstance(found, dict) or key not in found:
            where = " -> ".join(keys[: depth + 1])
            raise UsageError(
                f"texts {path} have no {where}; expected entity -> role -> movement -> sentences"
            )
        found = found[key]
    where = " -> ".join(keys)
    if not isinstance(found, list) or not all(isinstance(s, str) for s in found):
        raise UsageError(f"texts {path}: {where} must be a list of sentences")
    cleaned = [plain for plain in map(_plain, found) if plain]
    if not cleaned:
        raise UsageError(f"texts {path}: {where} holds no sentence")
    return cleaned


_TYPOGRAPHIC = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"}
)


def _plain(sentence: str) -> str:
    """The sentence on one line, without characters a text space cannot hold."""
    text = " ".join(sentence.translate(_TYPOGRAPHIC).split())
    return "".join(character for character in text if character in CHARACTERS)
