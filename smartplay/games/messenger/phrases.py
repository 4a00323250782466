"""What the vocabulary of a split consists of.

Phrases are templates. Their slots:

- `{the}` and `{a}`: the entity with an article; `{the_adj}` and `{a_adj}` with a word for its
  movement before the noun.
- `{who}` and `{which}`: the relative pronoun of a clause that picks it out, or adds something.
- `{he}`, `{him}`, `{his}`, `{himself}`: its pronouns.
- `{goes}`, `{go}` and `{going}`: how it gets about; `{rests}`: how it stays in one place.
- `{role}`: a predicate that says its role; `{move}`: one that says its movement; `{doing}`: a
  participle phrase that says its movement; `{frame}`: a clause that says its role and holds it as
  `{np}`.
- `{foe}`, `{msg}`, `{aim}`: words for enemy, message and goal.
"""

from __future__ import annotations

from typing import NamedTuple

Phrases = tuple[str, ...]


class Going(NamedTuple):
    """How an entity gets about and how it rests.

    Attributes:
        go: The infinitive, such as `"sail"`.
        goes: The third person.
        going: The participle.
        rests: A predicate that says that it does not move.
    """

    go: str
    goes: str
    going: str
    rests: str


class Words(NamedTuple):
    """One split's vocabulary and syntax.

    Attributes:
        nouns: Entity → nouns for it.
        gaits: Entity → how it gets about.
        foe: Words for the enemy.
        msg: Words for the message.
        aim: Words for the goal.
        roles: Role → predicates.
        frames: Role → clauses around the entity.
        adjectives: Movement → words before the noun.
        moves: Movement → predicates.
        doings: Movement → participle phrases.
        plain: Sentences built around `{role}`.
        by_movement: Movement → sentences built around `{role}`.
        framed: Sentences built around `{frame}`, with what stands in its `{np}`.
        special: (role, movement) → whole sentences; the movement may be `"unknown"`.
    """

    nouns: dict[str, Phrases]
    gaits: dict[str, Going]
    foe: Phrases
    msg: Phrases
    aim: Phrases
    roles: dict[str, Phrases]
    frames: dict[str, Phrases]
    adjectives: dict[str, Phrases]
    moves: dict[str, Phrases]
    doings: dict[str, Phrases]
    plain: Phrases
    by_movement: dict[str, Phrases]
    framed: tuple[tuple[str, str], ...]
    special: dict[tuple[str, str], Phrases]
