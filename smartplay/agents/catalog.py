"""Finds the agent a name, a file or a Python object stands for; `KINDS` lists the names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from smartplay.agents.base import AgentFactory, FunctionAgent
from smartplay.agents.filters import LesionedFactory
from smartplay.agents.lesions import LESIONS, Lesion, find_lesion
from smartplay.agents.prompts import find_variant, function_agent
from smartplay.agents.reference import reference
from smartplay.agents.simple import ConstantAgent, RandomAgent
from smartplay.errors import UnknownNameError, UsageError
from smartplay.loading import load_object, source_digest
from smartplay.toml_file import read_toml

SCRIPTED: dict[str, Callable[..., Any]] = {
    "random": RandomAgent,
    "constant": ConstantAgent,
    "reference": reference,
}
LANGUAGE_MODELS = ("openai", "anthropic", "local")
KINDS = {
    "random": "draws every action uniformly",
    "constant, constant:2": "always takes the same action (the first, the second, …)",
    "reference": "scripted agents that read only the text",
    "local": "the embedded language model, fetched on first use",
    "openai:MODEL": "a model behind any OpenAI-compatible service (--base-url URL)",
    "anthropic:MODEL": "a model of Anthropic",
    "file.py:Name": "a class or function of yours",
    "definition.toml": 'a definition: agent = "one of the above" and a table [settings]',
}
FACTORY_KEYWORDS = {"manual", "actions", "seed"}


class AgentSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run's agents come from.

    Attributes:
        name: What the run's header and reports call the agent.
        settings: Its settings as resolved, without secrets.
        factory: Makes one agent per episode.
        reference: The name and settings that build the same source again in another process;
            None for an agent given as a Python object.
        asynchronous: Whether the agents' `act` is awaited on the run's event loop.
        digest: SHA-256, 16 hexadecimal digits, of the source of an agent that is not shipped;
            empty for shipped ones and where there is no source.
    """

    name: str
    settings: dict[str, Any]
    factory: AgentFactory
    reference: tuple[str, dict[str, Any]] | None = None
    asynchronous: bool = False
    digest: str = ""

    @property
    def concurrency(self) -> int:
        """How many episodes at once suit the agent, unless the caller says."""
        return int(getattr(self.factory, "concurrency", 8))


def find_agent(
    agent: str | Callable[..., Any] | AgentSource, settings: dict[str, Any]
) -> AgentSource:
    """Resolve what a user calls an agent.

    Args:
        agent: A name as in the module's table, a factory or function of the prompt, or a source
            that is complete already.
        settings: Settings over those of a definition file. `lesion`, a name or a list of names of
            `smartplay.agents.lesions`, says what to take away from the agent; `prompt`, the name
            of a variant of `smartplay.agents.prompts`, how it is told what it is told.

    Raises:
        UsageError: If there is no such agent or it does not take these settings.
    """
    if isinstance(agent, AgentSource):
        return agent
    if isinstance(agent, str) and agent.endswith(".toml"):
        name, defined = read_definition(Path(agent))
        source = find_agent(name, defined | settings)
        return msgspec.structs.replace(source, name=Path(agent).stem + _told(source.settings))
    whole = {key: value for key, value in settings.items() if key != "lesion"}
    lesions = _lesions(agent, settings.get("lesion", []))
    if not lesions:
        return _find_whole(agent, whole)
    faculties = [lesion.faculty for lesion in lesions if lesion.faculty]
    source = _find_whole(agent, whole | ({"without": faculties[0]} if faculties else {}))
    names = {"lesion": [lesion.name for lesion in lesions]}
    return msgspec.structs.replace(
        source,
        name=source.name + _told(names),
        settings={key: source.settings[key] for key in source.settings if key != "without"} | names,
        factory=LesionedFactory(source.factory, [each.filter for each in lesions if each.filter]),
        reference=source.reference and (source.reference[0], whole | names),
    )


def _lesions(agent: str | Callable[..., Any], names: str | list[str]) -> list[Lesion]:
    """The lesions of these names, if the agent can have them."""
    found = [find_lesion(name) for name in ([names] if isinstance(names, str) else names)]
    faculties = [lesion.name for lesion in found if lesion.faculty]
    if faculties and agent != "reference":
        fit = ", ".join(lesion.name for lesion in LESIONS if lesion.filter)
        raise UsageError(
            f"the lesion {faculties[0]} takes a faculty away that only the agent reference is "
            f"known to have; those for any agent are: {fit}"
        )
    if len(faculties) > 1:
        raise UsageError(f"only one of these lesions at a time: {', '.join(faculties)}")
    return found


def _told(settings: dict[str, Any]) -> str:
    """What follows an agent's name if something is taken away from it."""
    names = settings.get("lesion", [])
    return f" (lesion: {', '.join(names)})" if names else ""


def _find_whole(agent: str | Callable[..., Any], settings: dict[str, Any]) -> AgentSource:
    if not isinstance(agent, str):
        return _from_object(_name_of(agent), agent, settings)
    kind, _, rest = agent.partition(":")
    if kind in LANGUAGE_MODELS:
        from smartplay.agents.llm_factory import llm_factory

        factory = llm_factory(kind, rest, **settings)
        found = _from_object(agent, factory, {})
        return msgspec.structs.replace(
            found, settings=factory.settings, reference=(agent, settings)
        )
    if kind in SCRIPTED:
        if rest and kind != "constant":
            raise UsageError(f"agent {kind} takes no {rest!r}; write {kind}")
        if rest:
            settings = {"action": int(rest) if rest.isdecimal() else rest} | settings
        found = _from_object(agent, SCRIPTED[kind], settings)
    elif rest:
        found = _from_object(agent, load_object(agent), settings)
    else:
        known = [*SCRIPTED, *LANGUAGE_MODELS, "file.py:Name", "definition.toml"]
        raise UnknownNameError("agent", agent, known)
    return msgspec.structs.replace(found, reference=(agent, settings))


def read_definition(path: Path) -> tuple[str, dict[str, Any]]:
    """Read an agent definition.

    Returns:
        The agent's name, a file in it made relative to the definition's folder, and its settings.

    Raises:
        UsageError: If the file cannot be read or is not a definition.
    """
    data = read_toml(path, "agent definition")
    name, settings = data.pop("agent", None), data.pop("settings", {})
    if data or not isinstance(name, str) or not isinstance(settings, dict):
        raise UsageError(
            f'agent definition {path} must hold agent = "name" and may hold a table [settings]; '
            f"{'unknown: ' + ', '.join(data) if data else 'one of them is missing or malformed'}"
        )
    if name.endswith(".toml"):
        raise UsageError(f"agent definition {path} names another definition; name the agent itself")
    place, _, rest = name.partition(":")
    return (f"{path.parent / place}:{rest}" if place.endswith(".py") else name), settings


def _from_object(name: str, found: Any, settings: dict[str, Any]) -> AgentSource:
    if not callable(found):
        raise UsageError(f"agent {name} is neither a class nor a function, so it cannot be made")
    if isinstance(found, type) and not callable(getattr(found, "act", None)):
        raise UsageError(f"agent {name} has no method act, so it cannot play")
    own, variant = dict(settings), None
    takes_prompt = _is_factory(found) and "prompt" in (_parameters(found) or {})
    if "prompt" in own and not takes_prompt:
        variant = find_variant(str(own.pop("prompt")))
    if _is_factory(found):
        acting = getattr(found, "act", None)
        factory = found
    else:
        acting = found
        factory = partial(function_agent(variant) if variant else FunctionAgent, found)
    _check_call(name, factory, own)
    asynchronous = getattr(found, "asynchronous", inspect.iscoroutinefunction(acting))
    made: AgentFactory = partial(factory, **own) if own else factory
    if variant and _is_factory(found):
        made = LesionedFactory(made, [variant.filter])
    return AgentSource(
        name=name,
        settings=settings,
        factory=made,
        asynchronous=asynchronous,
        digest=source_digest(found),
    )


def _is_factory(found: Any) -> bool:
    parameters = _parameters(found) or {}
    only_keywords = parameters and all(map(_is_open, parameters.values()))
    return isinstance(found, type) or set(parameters) >= FACTORY_KEYWORDS or bool(only_keywords)


def _check_call(name: str, factory: Any, settings: dict[str, Any]) -> None:
    """Find out now, rather than in every episode, that an agent cannot be made."""
    parameters = _parameters(factory)
    if parameters is None:
        return
    known = [key for key in parameters if key not in FACTORY_KEYWORDS]
    takes_any = any(map(_is_open, parameters.values()))
    for key in settings:
        if key in FACTORY_KEYWORDS or not (takes_any or key in known):
            raise UnknownNameError(f"setting of agent {name}", key, known)
    try:
        inspect.signature(factory).bind(**dict.fromkeys(FACTORY_KEYWORDS), **settings)
    except TypeError as error:
        raise UsageError(
            f"agent {name} is made with manual, actions and seed"
            f"{', and ' + ', '.join(settings) if settings else ''}, but that fails: {error}"
        ) from error


def _is_open(parameter: inspect.Parameter) -> bool:
    return parameter.kind is inspect.Parameter.VAR_KEYWORD


def _parameters(factory: Any) -> dict[str, inspect.Parameter] | None:
    """None where Python cannot tell."""
    try:
        return dict(inspect.signature(factory).parameters)
    except (TypeError, ValueError):
        return None


def _name_of(agent: Any) -> str:
    return str(getattr(agent, "__qualname__", None) or type(agent).__qualname__)
