"""Messenger's sentences: rich, disjoint, true to what they are filed under, and readable."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from smartplay.core.errors import UsageError
from smartplay.games.messenger import deal
from smartplay.games.messenger.corpus import MEANINGS, corpus, read_texts
from smartplay.games.messenger.grammar import PER_MEANING, PERSONS, vocabulary
from smartplay.games.messenger.reading import Reading, read

FILED = list(product(deal.SPLITS, deal.ENTITIES, deal.ROLES, MEANINGS))


@cache
def sentences() -> dict[tuple[str, str, str, str], list[str]]:
    """All sentences by what they are filed under; made when a test asks, not when it is found."""
    return {key: corpus(key[0])(*key[1:]) for key in FILED}


def of_split(split: str) -> set[str]:
    return {s for key, found in sentences().items() if key[0] == split for s in found}


def test_every_meaning_has_enough_sentences() -> None:
    for key, found in sentences().items():
        assert len(set(found)) == len(found) == PER_MEANING >= 12, key


def test_no_sentence_is_in_two_splits() -> None:
    test, val, train = map(of_split, deal.SPLITS)
    assert not test & val
    assert not test & train
    assert not val & train


@pytest.mark.parametrize("split", deal.SPLITS)
def test_every_sentence_is_read_back(split: str) -> None:
    for (where, *meaning), found in sentences().items():
        for sentence in found if where == split else []:
            assert read(sentence) == tuple(meaning), sentence


@pytest.mark.parametrize("held_out", ["test", "val"])
def test_held_out_splits_have_words_of_their_own(held_out: str) -> None:
    ours, seen = vocabulary(held_out), vocabulary("train")
    for entity in deal.ENTITIES:
        assert set(ours.nouns[entity]) - set(seen.nouns[entity]), entity
    for ours_too, seen_too in ((ours.foe, seen.foe), (ours.msg, seen.msg), (ours.aim, seen.aim)):
        assert set(ours_too) - set(seen_too)
    for role in deal.ROLES:
        assert not set(ours.roles[role]) & set(seen.roles[role])
        assert not set(ours.frames[role]) & set(seen.frames[role])
    for movement in deal.MOVEMENTS:
        assert set(ours.adjectives[movement]) - set(seen.adjectives[movement])


@pytest.mark.parametrize("split", deal.SPLITS)
def test_every_noun_and_construction_is_used(split: str) -> None:
    texts = " ".join(sorted(of_split(split))).lower()
    words = vocabulary(split)
    for entity in deal.ENTITIES:
        for noun in words.nouns[entity]:
            assert re.search(rf"\b{noun}\b", texts), f"{noun} never occurs"
    own = [sentences()[split, e, r, m] for e, r, m in product(deal.ENTITIES, deal.ROLES, MEANINGS)]
    openings = {" ".join(s.split()[:2]).lower() for found in own for s in found}
    assert len(openings) > 60, "the sentences all begin alike"


@pytest.mark.parametrize("split", deal.SPLITS)
def test_the_sentences_are_well_formed(split: str) -> None:
    persons = {noun for entity in PERSONS for noun in vocabulary(split).nouns[entity]}
    for sentence in of_split(split):
        assert re.fullmatch(r"[A-Z][A-Za-z ,.:;!?'-]*[.!]", sentence), sentence
        assert "  " not in sentence, sentence
        for article, following in re.findall(r"\b([Aa]n?) (\w)", sentence):
            assert (article.lower() == "an") == (following.lower() in "aeiou"), sentence
        for start in re.findall(r"[.!?] (\w)", sentence):
            assert start.isupper(), sentence
        for noun in persons:
            assert not re.search(rf"\b{noun},? (that|which) (?!the )", sentence), sentence
        assert not re.search(r"\b(\w+) \1\b", sentence), f"a word twice: {sentence}"
        assert not re.search(r"\bis (him|her|it)[.:]", sentence), sentence


def test_a_sample_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints one sentence per role and movement of each split: `pytest -k reads_well -s`."""
    for split, role, movement in product(deal.SPLITS, deal.ROLES, MEANINGS):
        print(f"{split}, {role}, {movement}: {sentences()[split, 'mage', role, movement][0]}")
    assert len(capsys.readouterr().out.splitlines()) == 36


def test_the_corpus_does_not_depend_on_the_process() -> None:
    code = (
        "from smartplay.games.messenger.corpus import corpus\n"
        "print(corpus('test')('dog', 'message', 'chaser'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(sentences()["test", "dog", "message", "chaser"])


def test_a_sentence_that_says_nothing_is_read_as_nothing() -> None:
    assert read("Hello.") == Reading(None, None, "unknown")
    assert read("The dog and the ship are enemies.").entity is None


def table(sentence: str = "The {entity} is the {role}.") -> dict[str, Any]:
    """A text file of the original's layout."""
    return {
        entity: {
            role: {
                movement: [sentence.format(entity=entity, role=role), "Second."]
                for movement in MEANINGS
            }
            for role in deal.ROLES
        }
        for entity in deal.ENTITIES
    }


@pytest.mark.parametrize("as_folder", [False, True])
@pytest.mark.parametrize("level", deal.LEVELS)
def test_texts_of_ones_own(tmp_path: Path, level: int, as_folder: bool) -> None:
    path = tmp_path / "text_val.json"
    path.write_text(json.dumps(table("The\u2019s \u201c{entity}\u201d,\n   a {role}.")))
    env = gym.make(
        f"smartplay/MessengerL{level}-v0",
        split="val",
        texts=str(tmp_path if as_folder else path),
    )
    for seed in range(5):
        _, info = env.reset(seed=seed)
        reports = info["manual"].split("\nReports:\n")[1].splitlines()
        assert len(reports) == (6 if level == 3 else 3)
        for report in reports:
            assert re.fullmatch(r"- (The's \"\w+\", a \w+\.|Second\.)", report)


def without(*keys: str) -> dict[str, Any]:
    broken = table()
    inner = broken
    for key in keys[:-1]:
        inner = inner[key]
    del inner[keys[-1]]
    return broken


def replaced(value: object) -> dict[str, Any]:
    broken = table()
    broken["dog"]["goal"]["fleeing"] = value
    return broken


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "not valid JSON"),
        ("[]", "have no airplane"),
        (json.dumps(without("queen")), "have no queen;"),
        (json.dumps(without("dog", "goal")), "have no dog -> goal;"),
        (json.dumps(without("dog", "goal", "unknown")), "have no dog -> goal -> unknown;"),
        (json.dumps(replaced("text")), "dog -> goal -> fleeing must be a list"),
        (json.dumps(replaced([1])), "dog -> goal -> fleeing must be a list"),
        (json.dumps(replaced([])), "dog -> goal -> fleeing holds no sentence"),
        (json.dumps(replaced([" "])), "dog -> goal -> fleeing holds no sentence"),
    ],
)
def test_malformed_texts_are_refused(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "texts.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=complaint):
        read_texts(path)


def test_missing_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read texts .*No such file"):
        gym.make("smartplay/MessengerL2-v0", texts=str(tmp_path / "none.json"))
    with pytest.raises(UsageError, match=r"must be the path of a JSON file"):
        gym.make("smartplay/MessengerL2-v0", texts=3)
    with pytest.raises(UsageError, match=r"text_test.json"):
        gym.make("smartplay/MessengerL2-v0", texts=str(tmp_path))
