"""Where the replies of language models come from.

```python
model = open_model("openai:gpt-4o-mini", temperature=0.7, max_tokens=200)
[call] = await model.chat([{"role": "user", "content": "Rock, paper or scissors?"}])
```
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartplay.core.errors import SmartPlayError, UnknownNameError, UsageError
from smartplay.core.loading import load_object
from smartplay.core.plugins import plugins
from smartplay.models import providers
from smartplay.models.base import Model, Provider, Settings, make_settings
from smartplay.models.pace import Pace
from smartplay.models.rehearsal import StandIn, is_rehearsal

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["Model", "kinds", "open_model"]

GROUP = "smartplay.models"
"""The group of entry points in which packages add kinds of language models."""

PARTS: dict[str, Any] = {
    "name": str, "settings": Settings, "notes": list, "concurrency": int, "pace": Pace,
    "chat": Callable, "aclose": Callable,
}  # fmt: skip
"""What a model must have."""


def open_model(name: str, **settings: Any) -> Model:
    """Make a language model.

    Args:
        name: The kind, a colon, and the model as its service names it: `"openai:gpt-4o-mini"`. Some
            kinds have a default, so that `"local"` is enough. `"file.py:Name"` names a class of
            your own, which `smartplay.models.base.Provider` describes.
        **settings: Those of `smartplay.models.base.Settings`, and what the kind adds to them.

    Returns:
        The model; nothing is sent before it is asked.

    Raises:
        UnknownNameError: If there is no such kind or setting.
        MissingPackageError: If the kind's package is not installed.
        UsageError: If a setting is wrong, a key is missing, weights cannot be fetched, or a class
            of your own makes no model.
    """
    kind, _, model = name.partition(":")
    provider = find_provider(name)
    if provider.needs_name and not model:
        raise UsageError(f"which model? Write {kind}:MODEL")
    own = make_settings(provider.settings_type, settings)
    called = f"{Path(kind).name}:{model}" if kind.endswith(".py") else name
    if not is_rehearsal():
        return _made(called, provider, model, own)
    resolved = getattr(provider, "resolved", None)
    return StandIn(*(resolved(model, own) if resolved else (called, own)))


def kinds() -> dict[str, str]:
    """The kinds of language models with one line on each, SmartPlay's own first."""
    return {kind: _summary(kind) for kind in _names()}


def has_kind(name: str) -> bool:
    """Whether a name is that of a model; loads nothing except the user's own file."""
    kind, _, rest = name.partition(":")
    if kind.endswith(".py") and rest:
        return not _lacking(load_object(name))
    return kind in _names()


def find_provider(name: str) -> Provider:
    """The provider that makes the models of a kind.

    Args:
        name: A model's name, or what stands before its colon.

    Raises:
        UnknownNameError: If there is no such kind; the message names the known ones.
        UsageError: If a package's kind cannot be loaded, or a file's class makes no models.
    """
    kind = name.partition(":")[0]
    if kind.endswith(".py"):
        return _complete(name, load_object(name))
    if kind in _own():
        module = importlib.import_module(f"{providers.__name__}.{kind}")
        own: Provider = module.Provider
        return own
    for entry in _added():
        if entry.name == kind:
            return _load(entry)
    raise UnknownNameError("kind of language model", kind, _names())


def _names() -> list[str]:
    own = _own()
    return [*own, *sorted({entry.name for entry in _added()} - set(own))]


def _own() -> list[str]:
    names = (module.name for module in pkgutil.iter_modules(providers.__path__))
    return sorted(name for name in names if name.isidentifier() and name[0] != "_")


def _added() -> list[EntryPoint]:
    return [entry for entry in plugins(GROUP) if entry.name.isidentifier()]


def _load(entry: EntryPoint) -> Provider:
    try:
        provider: Provider = entry.load()
    except Exception as error:
        raise UsageError(
            f"the kind of language model {entry.name} ({entry.value}) cannot be loaded: {error}"
        ) from error
    return _complete(f"{entry.name} ({entry.value})", provider)


def _complete(called: str, provider: Provider) -> Provider:
    for attribute in _lacking(provider):
        raise UsageError(f"the kind of language model {called} has no {attribute}")
    kind = provider.settings_type
    if not (isinstance(kind, type) and issubclass(kind, Settings)):
        raise UsageError(
            f"settings_type of the kind of language model {called} must be "
            "smartplay.models.base.Settings or a subclass"
        )
    return provider


def _made(called: str, provider: Provider, name: str, settings: Settings) -> Model:
    """A model of a provider that somebody else may have written."""
    try:
        model = provider(name, settings)
    except (SmartPlayError, KeyboardInterrupt):
        raise
    except BaseException as error:
        told = f"{type(error).__name__}: {error}"
        raise UsageError(f"the language model {called} cannot be made: {told}") from error
    for attribute, kind in PARTS.items():
        if not isinstance(getattr(model, attribute, None), kind):
            raise UsageError(
                f"the language model {called} has no {attribute} of type {kind.__name__}; "
                "smartplay.models.base.AskedModel is a class to build on"
            )
    if model.concurrency < 1:
        raise UsageError(f"the language model {called} must have a concurrency of 1 or more")
    return model


def _lacking(provider: Any) -> list[str]:
    """What a kind of models must have and this has not."""
    needed = ("summary", "settings_type", "needs_name")
    return [each for each in needed if not hasattr(provider, each)]


def _summary(kind: str) -> str:
    try:
        return find_provider(kind).summary
    except UsageError as error:
        return str(error)
