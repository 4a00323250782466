"""Finds the agent that a name, a file or a Python object stands for."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from smartplay.agents.ablations import ABLATIONS, Ablation, find_ablation
from smartplay.agents.aids import find_aid
from smartplay.agents.context import Agent, AgentMaker, Context, Trajectory
from smartplay.agents.history import History
from smartplay.agents.identity import object_digest
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS, PROTOCOLS, Arm
from smartplay.agents.methods.method import Method, make_method, settings_of
from smartplay.agents.prompts import PLAIN, FunctionAgent, Variant, find_variant
from smartplay.agents.simple import ConstantAgent, RandomAgent
from smartplay.agents.wrappers import Filter, make_filtered
from smartplay.core.errors import UnknownNameError, UsageError, known_name
from smartplay.core.loading import code_of, load_object
from smartplay.core.toml_file import overlay, read_toml
from smartplay.models import find_provider, has_kind, kinds, open_model
from smartplay.models.base import Model, converted

SCRIPTED = {
    "random": "draws every action uniformly",
    "constant": "always takes the same action: the first, or as in constant:2 the second",
    "reference": "scripted agents that read only the text",
}
OWN = {
    "file.py:Name": "a class or function of yours, or a class that makes models",
    "definition.toml": 'a definition: agent = "one of the above", tables [settings], [models.ROLE]',
}
ABLATION_KEYS = ("ablation", "lesion")
"""The setting that names ablations, and what version 0.1 called it."""

PLAYING_KEYS = ("attempts", "again", "episode_order")
"""Settings of any agent that say how its episodes are played, not how it acts."""
MODEL_KEYS = ("base_url", "timeout")
"""Settings that have options of their own; all models of one's own agent get them."""
HISTORY_KEYS = History.__struct_fields__
"""Settings of agents that are asked by a method: how the prompt shows the past."""

_ORDER = re.compile(r"numbered|shuffled:(\d{1,9})")

OTHER_PROTOCOL = {"direct": "think", "think": "direct"}

GIVEN = ("manual", "actions", "seed", "context")
"""What the constructor of an agent may ask for."""

Learn = Callable[[bytes | None, Trajectory], bytes]


class AgentSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run's agents come from.

    Attributes:
        name: What the run's header and reports call the agent.
        settings: Its settings as resolved, without secrets.
        make: Makes the agent of one episode.
        models: The models that the run lends it, by role.
        learn: Makes an episode's memory from that of the episode before and what happened in it;
            None for agents that remember nothing.
        games: Settings of games that it is played with, such as `attempts`.
        reference: The name and settings that build the same source again in another process;
            None for an agent given as a Python object.
        asynchronous: Whether the agents' `act` is awaited on the run's event loop.
        digest: SHA-256, 16 hexadecimal digits, of the code of an agent, or of models of one's own.
        packages: The installed packages that this code imports.
        resumable: Whether name, settings and digest suffice to identify the agent.
    """

    name: str
    settings: dict[str, Any]
    make: AgentMaker
    models: dict[str, Model] = {}
    learn: Learn | None = None
    games: dict[str, Any] = {}
    reference: tuple[str, dict[str, Any]] | None = None
    asynchronous: bool = False
    digest: str = ""
    packages: list[str] = []
    resumable: bool = True


def known_agents() -> dict[str, str]:
    """The known agents, as the user writes them, with one line on each."""
    models = {_written(kind): summary for kind, summary in kinds().items()}
    return SCRIPTED | models | {name: kind.summary for name, kind in METHODS.items()} | OWN


def _written(kind: str) -> str:
    """How a kind of model is written; one that cannot be loaded says so where it is described."""
    try:
        return f"{kind}:MODEL" if find_provider(kind).needs_name else kind
    except UsageError:
        return kind


def find_agent(
    agent: str | Callable[..., Any] | AgentSource, settings: Mapping[str, Any]
) -> AgentSource:
    """Resolve what a user calls an agent, and open its models.

    Args:
        agent: A name as in `known_agents`, a class or function, or a source that is complete
            already.
        settings: Settings over those of a definition file. `method` says how a model is asked, a
            name of `smartplay.agents.methods.METHODS`; `history_chunk` and `history_diff` say how
            it is told the past (`smartplay.agents.history`). These are for every agent: `ablation`,
            a name or a list of names of `smartplay.agents.ablations`, says what to take away from
            it; `aid`, likewise of `smartplay.agents.aids`, what to do for it; `prompt`, the name of
            a variant of `smartplay.agents.prompts`, how the prompt is worded; `models` maps roles
            to `{"agent": "openai:NAME", …settings}`; `attempts` and `again` are settings of the
            games it plays (`smartplay.games.base.TextGame`); `episode_order`, `"numbered"` or
            `"shuffled:SEED"`, is the order in which it plays the episodes of a game, if it
            remembers them.

    Raises:
        UsageError: If there is no such agent or model, or it does not take these settings.
    """
    if isinstance(agent, AgentSource):
        return agent
    if isinstance(agent, str) and agent.endswith(".toml"):
        source = find_agent(*read_agent(agent, settings))
        return msgspec.structs.replace(source, name=Path(agent).stem + _suffix(source.settings))
    if any(key in settings for key in PLAYING_KEYS):
        return _played_as(agent, dict(settings))
    whole = {key: value for key, value in settings.items() if key not in (*ABLATION_KEYS, "aid")}
    ablations = _ablations(agent, next((settings[k] for k in ABLATION_KEYS if k in settings), []))
    aids = list(map(find_aid, _listed(settings.get("aid", []))))
    if not ablations and not aids:
        return _find_whole(agent, whole)
    faculties = [ablation.faculty for ablation in ablations if ablation.faculty]
    source = _find_whole(agent, whole | ({"without": faculties[0]} if faculties else {}))
    names = {"aid": [aid.name for aid in aids]} if aids else {}
    names |= {"ablation": [ablation.name for ablation in ablations]} if ablations else {}
    # An ablation stands nearest to the agent, so what it takes away is taken from hints as well.
    filters: list[Callable[[list[str]], Filter]] = [aid.filter for aid in aids]
    filters += [ablation.filter for ablation in ablations if ablation.filter]
    return msgspec.structs.replace(
        source,
        name=source.name + _suffix(names),
        settings={key: source.settings[key] for key in source.settings if key != "without"} | names,
        make=partial(make_filtered, source.make, filters),
        reference=source.reference and (source.reference[0], whole | names),
    )


def _played_as(agent: str | Callable[..., Any], settings: dict[str, Any]) -> AgentSource:
    """An agent whose settings say how its episodes are played."""
    asked = {key: settings.pop(key) for key in PLAYING_KEYS if key in settings}
    source = find_agent(agent, settings)
    order = asked.get("episode_order", "numbered")
    if not isinstance(order, str) or not _ORDER.fullmatch(order):
        raise UsageError(f"episode_order must be numbered or, say, shuffled:1, not {order!r}")
    if "episode_order" in asked and source.learn is None:
        raise UsageError(
            f"agent {source.name} remembers no episodes, so their order changes nothing; leave "
            "episode_order out"
        )
    games = source.games | {key: asked[key] for key in asked if key != "episode_order"}
    if type(games.get("attempts")) is int and games["attempts"] == 1:
        games = {}  # as if nothing had been said
    kept = {key: value for key, value in source.settings.items() if key not in source.games}
    return msgspec.structs.replace(
        source,
        settings=kept | games | ({} if order == "numbered" else {"episode_order": order}),
        games=games,
        reference=source.reference and (source.reference[0], source.reference[1] | asked),
    )


def place_in_order(order: str, game: str, episode: int) -> tuple[bytes, int]:
    """The sort key of an episode for an order, `numbered` or `shuffled:SEED`."""
    found = _ORDER.fullmatch(order)
    seed = found and found[1]
    told = f"place {seed} {game} {episode}".encode()
    return hashlib.sha256(told).digest() if seed else b"", episode


def _ablations(agent: str | Callable[..., Any], names: str | list[str]) -> list[Ablation]:
    """The ablations of these names, if the agent can have them."""
    found = [find_ablation(name) for name in _listed(names)]
    faculties = [ablation.name for ablation in found if ablation.faculty]
    if faculties and agent != "reference":
        fit = ", ".join(ablation.name for ablation in ABLATIONS if ablation.filter)
        raise UsageError(
            f"the ablation {faculties[0]} removes a faculty that only the agent reference is "
            f"known to have; these work with any agent: {fit}"
        )
    if len(faculties) > 1:
        raise UsageError(f"only one of these ablations at a time: {', '.join(faculties)}")
    return found


def _suffix(settings: dict[str, Any]) -> str:
    """What follows an agent's name if it is aided or something is taken away from it."""
    told = [f"{key}: {', '.join(settings[key])}" for key in ("aid", "ablation") if key in settings]
    return f" ({'; '.join(told)})" if told else ""


def _listed(names: Any) -> list[Any]:
    """Names, of which one may stand by itself; whoever looks them up says what is no name."""
    return list(names) if isinstance(names, list | tuple) else [names]


def _find_whole(agent: str | Callable[..., Any], settings: dict[str, Any]) -> AgentSource:
    if not isinstance(agent, str):
        inner = _unwrapped(agent)
        name = str(getattr(inner, "__qualname__", None) or type(inner).__qualname__)
        digest = object_digest(agent)
        return msgspec.structs.replace(
            _from_object(name, agent, settings),
            digest=digest or "",
            resumable=digest is not None,
        )
    kind, colon, rest = agent.partition(":")
    if kind in SCRIPTED and colon and not rest:
        more = f" or, for its second action, {kind}:2" if kind == "constant" else ""
        raise UsageError(f"{agent!r} says nothing after the colon; write {kind}{more}")
    if kind in SCRIPTED:
        source = _from_object(agent, *_scripted(kind, rest, settings))
    elif has_kind(agent) or agent in METHODS:
        source = _asked_by_method(agent, settings)
    elif rest:
        source = _from_object(agent, load_object(agent), settings)
    elif kind.endswith(".py"):
        raise UsageError(f"{kind} is a file; name the class or function in it: {kind}:Name")
    else:
        raise UnknownNameError("agent", agent, known_agents())
    codes = [code for place in _places(agent, settings) if (code := code_of(place)).files]
    return msgspec.structs.replace(
        source,
        reference=(agent, settings),
        digest="+".join(code.digest for code in codes),
        packages=sorted({package for code in codes for package in code.packages}),
    )


def _places(agent: str, settings: Mapping[str, Any]) -> list[str]:
    """The files and modules of one's own that an agent and its models come from."""
    tables = settings.get("models", {})
    named = [str(table.get("agent")) for table in tables.values()] if tables else []
    places = [name.rpartition(":")[0] for name in [agent, *named]]
    files = [place for place in places if place.endswith(".py")]
    module = places[0]
    own = module and agent.partition(":")[0] not in SCRIPTED and not has_kind(agent)
    return list(dict.fromkeys([module, *files] if own else files))


def _scripted(kind: str, rest: str, settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A shipped agent that asks no model, and its settings."""
    if kind == "constant":
        number = {"action": int(rest) if rest.isdecimal() else rest} if rest else {}
        return ConstantAgent, number | settings
    if rest:
        raise UsageError(f"agent {kind} takes no {rest!r}; write {kind}")
    if kind == "random":
        return RandomAgent, settings
    from smartplay.agents.reference import reference

    return reference, settings


def _asked_by_method(agent: str, settings: dict[str, Any]) -> AgentSource:
    """A model that is asked by a method, or a method whose models are among the settings."""
    own = dict(settings)
    protocol = own.pop("protocol", None)
    name = str(own.pop("method", protocol or ("direct" if agent not in METHODS else agent)))
    known_name("method" if "method" in settings else "protocol", name, METHODS)
    if agent in METHODS and name != agent:
        raise UsageError(f"the agent {agent} is a method itself; leave out the method {name}")
    variant = find_variant(str(own.pop("prompt", "plain")))
    style = variant.style
    if variant.other_protocol and name in OTHER_PROTOCOL:
        name, style = OTHER_PROTOCOL[name], PLAIN
    history = converted({key: own.pop(key) for key in HISTORY_KEYS if key in own}, History)
    method, models = _method_and_models(agent, name, own)
    told = {role: {"model": each.name} | msgspec.to_builtins(each.settings)
            for role, each in models.items()}  # fmt: skip
    named = dict.fromkeys(model.name for model in models.values())
    alone = len(set(map(id, models.values()))) == 1 and agent not in METHODS
    return AgentSource(
        name=agent if name in PROTOCOLS and alone else f"{name}({', '.join(named)})",
        settings={
            ("protocol" if name in PROTOCOLS else "method"): name,
            **settings_of(method),
            **method.more_settings(),
            **method.game_settings(),
            **({} if variant.name == "plain" else {"prompt": variant.name}),
            **msgspec.to_builtins(history),
            **(next(iter(told.values())) if alone else {"models": told}),
        },
        make=partial(LLMAgent, method=method, style=style, history=history),
        models=models,
        learn=getattr(method, "learn", None),
        games=dict(method.game_settings()),
        asynchronous=True,
    )


def _method_and_models(
    agent: str, name: str, settings: dict[str, Any]
) -> tuple[Method, dict[str, Model]]:
    """A method with its settings, and whom it asks by role.

    Settings that are not the method's are for all its models, unless their tables say otherwise.
    """
    kind = METHODS[name]
    tables = settings.pop("models", {})
    own = {key: settings.pop(key) for key in settings_of(kind) if key in settings}
    first, *others = kind.roles
    if agent not in METHODS and isinstance(tables, dict):
        if tables and not others:
            raise UsageError(f"agent {agent} is a model itself, so it takes no models")
        tables = overlay({first: {"agent": agent}}, tables)
    method = make_method(name, kind, own)
    roles = tables if isinstance(tables, dict) else kind.roles  # what is no table is refused below
    for role in roles:
        known_name(f"role of the method {name}", role, kind.roles)
    for role, like in kind.roles.items():
        if role not in roles and like not in roles:
            raise UsageError(
                f"the method {name} asks a model in the role {role}; name one with "
                f"--model {role}=openai:NAME, or in a definition under [models.{role}]"
            )
    try:
        opened = _open_models(agent, tables, method.model_defaults(), settings)
    except UnknownNameError as error:
        if error.kind == "setting":
            known = [*settings_of(kind), *HISTORY_KEYS, *error.known]
            raise UnknownNameError("setting", error.name, known) from None
        raise
    for role, like in kind.roles.items():
        opened.setdefault(role, opened[like or role])
    return method, {role: opened[role] for role in kind.roles}


ONE_CALL = Arm("one call", "direct")


def read_agent(agent: str, settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """An agent and its whole settings, those of its definition file among them."""
    if not agent.endswith(".toml"):
        return agent, dict(settings)
    name, defined = read_definition(Path(agent))
    return name, overlay(defined, settings)


def controls_of(agent: str, settings: Mapping[str, Any]) -> list[Arm]:
    """The arms to show beside an agent; for any agent that asks models, one call is among them.

    Args:
        agent: The agent's name as `read_agent` returns it, no definition file.
        settings: Its settings.

    Raises:
        UsageError: If the settings are wrong.
    """
    name = _method_of(agent, settings)
    if name is None:
        return [ONE_CALL] if settings.get("models") else []
    kind = METHODS[name]
    own = {key: settings[key] for key in settings_of(kind) if key in settings}
    controls = make_method(name, kind, own).controls()
    return controls if ONE_CALL in controls else [*controls, ONE_CALL]


def definition_of(arm: Arm, agent: str, settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """How an agent's models play an arm beside it, as arguments of `find_agent`.

    Args:
        arm: The arm.
        agent: As for `controls_of`.
        settings: Its settings.
    """
    name = _method_of(agent, settings)
    if arm.method == name:
        return agent, overlay(settings, {**arm.settings, **arm.models})
    roles = METHODS[name].roles if name else dict.fromkeys(settings["models"], "")
    first = next(iter(roles))
    tables = settings.get("models", {})
    if name and agent not in METHODS:
        tables = overlay({first: {"agent": agent}}, tables)
    role = arm.role or first
    table = dict(tables.get(role) or tables[roles[role]])
    model = str(table.pop("agent"))
    own = {"models", "method", "protocol", *PLAYING_KEYS}
    own |= set(settings_of(METHODS[name]) if name else ())
    common = {key: value for key, value in settings.items()
              if (key not in own if name else key in MODEL_KEYS)}  # fmt: skip
    more = {**_taken(model, arm.models), **arm.settings, "method": arm.method}
    return model, {**common, **table, **more}


def _method_of(agent: str, settings: Mapping[str, Any]) -> str | None:
    """The method by which an agent asks its models; None if that is the agent's own affair."""
    if agent in METHODS:
        return agent
    asked = str(settings.get("method", settings.get("protocol", "direct")))
    return asked if has_kind(agent) else None


def read_definition(path: Path) -> tuple[str, dict[str, Any]]:
    """Read an agent definition.

    Returns:
        The agent's name, a file in it made relative to the definition's folder, and its settings,
        its models among them.

    Raises:
        UsageError: If the file cannot be read or is not a definition.
    """
    data = read_toml(path, "agent definition")
    name, settings = data.pop("agent", None), data.pop("settings", {})
    models = data.pop("models", {})
    tables = isinstance(settings, dict) and isinstance(models, dict)
    if data or not isinstance(name, str) or not tables:
        raise UsageError(
            f'agent definition {path} must hold agent = "name" and may hold tables [settings] and '
            "[models.ROLE]; "
            f"{'unknown: ' + ', '.join(data) if data else 'one of them is missing or malformed'}"
        )
    if name.endswith(".toml"):
        raise UsageError(f"agent definition {path} names another definition; name the agent itself")
    whole = settings | ({"models": models} if models else {})
    return located(name, whole, path.parent)


def located(agent: str, settings: Mapping[str, Any], folder: Path) -> tuple[str, dict[str, Any]]:
    """An agent and its settings, with files among their names looked for in a folder."""
    own, tables = dict(settings), settings.get("models")
    if isinstance(tables, dict):
        own["models"] = {
            role: table | {"agent": beside(table["agent"], folder)}
            if isinstance(table, dict) and isinstance(table.get("agent"), str)
            else table
            for role, table in tables.items()
        }
    return beside(agent, folder), own


def beside(name: str, folder: Path) -> str:
    """A file's path if a folder has a file of that name, else the name as it is."""
    file, colon, rest = name.partition(":")
    there = folder / file
    return f"{there}{colon}{rest}" if Path(file).suffix and there.is_file() else name


def _open_models(
    agent: str,
    tables: Any,
    defaults: Mapping[str, Any] = {},
    common: Mapping[str, Any] = {},
) -> dict[str, Model]:
    """The models of an agent, by role.

    A table's settings go before those that are common to all, and these before the defaults, which
    only models get that take them.
    """
    shape = 'models must map roles to tables such as {agent = "openai:NAME", temperature = 0.7}'
    if not isinstance(tables, dict):
        raise UsageError(f"agent {agent}: {shape}")
    opened = {}
    for role, table in tables.items():
        own = {**common, **table} if isinstance(table, dict) else {}
        name = own.pop("agent", None)
        if not isinstance(name, str):
            raise UsageError(f"agent {agent}, model {role!r}: {shape}")
        known = _taken(name, defaults) if defaults else {}
        opened[role] = open_model(name, **known | own)
    return opened


def _taken(name: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that models of this kind take."""
    kind = find_provider(name).settings_type
    taken = {}
    for key, value in defaults.items():
        with contextlib.suppress(msgspec.ValidationError):
            msgspec.convert({key: value}, kind)
            taken[key] = value
    return taken


def _from_object(name: str, found: Any, settings: dict[str, Any]) -> AgentSource:
    """A class, a function that makes agents, or a function of the prompt as a source of agents."""
    if not callable(found):
        raise UsageError(
            f"agent {name} is neither a class nor a function, so it cannot play; give a class with "
            "the method act (each episode makes an agent of its own), or a function"
        )
    if isinstance(found, type) and not callable(getattr(found, "act", None)):
        raise UsageError(f"agent {name} has no method act, so it cannot play")
    own, variant = dict(settings), find_variant("plain")
    tables = own.pop("models", {})
    theirs = [key for key in MODEL_KEYS if tables and key in own and key not in _parameters(found)]
    models = _open_models(name, tables, common={key: own.pop(key) for key in theirs})
    makes_agents = _makes_agents(found)
    if "prompt" in own and not (makes_agents and "prompt" in _parameters(found)):
        variant = find_variant(str(own.pop("prompt")))
    acting = getattr(_unwrapped(found), "act", None) if makes_agents else found
    asynchronous = _is_async(acting)
    if models and acting is not None and not asynchronous:
        written = "async def act(self, observation)" if makes_agents else "it with async def"
        raise UsageError(f"agent {name} asks models, whose replies are awaited: write {written}")
    _check_call(name, found, own, makes_agents)
    make = partial(_make_agent if makes_agents else _make_function_agent, found, own, variant)
    recorded = {role: {"model": each.name} | msgspec.to_builtins(each.settings)
                for role, each in models.items()}  # fmt: skip
    return AgentSource(
        name=name,
        settings={key: settings[key] for key in settings if key not in ("models", *theirs)}
        | ({"models": recorded} if models else {}),
        make=make,
        models=models,
        learn=_learn(found),
        asynchronous=asynchronous or bool(models),
    )


def _make_agent(found: Any, settings: dict[str, Any], variant: Variant, context: Context) -> Agent:
    def make(context: Context) -> Agent:
        given = {each: getattr(context, each, context) for each in _given(found)}
        agent: Agent = found(**given, **settings)
        return agent

    return (
        make(context) if variant.name == "plain" else make_filtered(make, [variant.filter], context)
    )


def _make_function_agent(
    found: Any, settings: dict[str, Any], variant: Variant, context: Context
) -> Agent:
    more = settings | ({"context": context} if "context" in _parameters(found) else {})
    call = partial(found, **more) if more else found
    return FunctionAgent(call, context, variant.style)


def _given(found: Any) -> list[str]:
    """What a constructor is given: what it names if the context is among it, else the three."""
    parameters = _parameters(found)
    if "context" in parameters:
        return [each for each in GIVEN if each in parameters]
    return list(GIVEN[:-1])


def _makes_agents(found: Any) -> bool:
    """Whether it is called once per episode, to make an agent, and not at every step."""
    parameters = _parameters(found)
    only_keywords = parameters and all(map(_is_open, parameters.values()))
    names = list(parameters)
    return (
        isinstance(found, type)
        or set(names) >= {"manual", "actions", "seed"}
        or names[:1] == ["context"]
        or bool(only_keywords)
    )


def _learn(found: Any) -> Learn | None:
    """The static or class method `learn` of a class; a method of its objects is its own affair."""
    try:
        kind = inspect.getattr_static(found, "learn")
    except AttributeError:
        return None
    return found.learn if isinstance(kind, staticmethod | classmethod) else None


def _is_async(acting: Any) -> bool:
    return any(map(inspect.iscoroutinefunction, (acting, type(acting).__call__)))


def _check_call(name: str, found: Any, settings: dict[str, Any], makes_agents: bool) -> None:
    """Find out now, rather than in every episode, that an agent cannot be made."""
    parameters = _parameters(found)
    if not parameters and not isinstance(found, type):
        return  # Python cannot tell
    known = [key for key in parameters if key not in GIVEN]
    known = known if makes_agents else known[1:]
    takes_any = any(map(_is_open, parameters.values()))
    for key in settings:
        if key in GIVEN or not (takes_any or key in known):
            if key == "method":
                raise UsageError(
                    f"the agent {name} takes no method: methods are ways to ask a model, such as "
                    "openai:MODEL"
                )
            raise UnknownNameError(f"setting of agent {name}", key, known)
    try:
        if makes_agents:
            called = "made with manual, actions and seed"
            inspect.signature(found).bind(**dict.fromkeys(_given(found)), **settings)
        else:
            called = "called with the prompt"
            given = {"context": None} if "context" in parameters else {}
            inspect.signature(found).bind("", **given, **settings)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"agent {name} is {called}{', and ' + ', '.join(settings) if settings else ''}, "
            f"but that fails: {error}"
        ) from error


def _unwrapped(found: Any) -> Any:
    return _unwrapped(found.func) if isinstance(found, partial) else found


def _is_open(parameter: inspect.Parameter) -> bool:
    return parameter.kind is inspect.Parameter.VAR_KEYWORD


def _parameters(found: Any) -> dict[str, inspect.Parameter]:
    """The parameters; none where Python cannot tell."""
    try:
        return dict(inspect.signature(found).parameters)
    except (TypeError, ValueError):
        return {}
