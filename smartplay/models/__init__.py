"""Where the replies of language models come from.

```python
model = open_model("openai:gpt-4o-mini", temperature=0.7, max_tokens=200)
[call] = await model.chat([{"role": "user", "content": "Rock, paper or scissors?"}])
```
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.core.loading import load_object
from smartplay.core.plugins import plugins
from smartplay.models import providers
from smartplay.models.base import Model, Provider, make_settings
from smartplay.models.rehearsal import StandIn, is_rehearsal

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["Model", "kinds", "open_model"]

GROUP = "smartplay.models"
"""The group of entry points in which packages add kinds of language models."""


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
        UsageError: If a setting is wrong, a key is missing, or weights cannot be fetched.
    """
    kind, _, model = name.partition(":")
    provider = find_provider(name)
    if provider.needs_name and not model:
        raise UsageError(f"which model? Write {kind}:MODEL")
    own = make_settings(provider.settings_type, settings)
    called = f"{Path(kind).name}:{model}" if kind.endswith(".py") else name
    if not is_rehearsal():
        return provider(model, own)
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
    return provider


def _lacking(provider: Any) -> list[str]:
    """What a kind of models must have and this has not."""
    needed = ("summary", "settings_type", "needs_name")
    return [each for each in needed if not hasattr(provider, each)]


def _summary(kind: str) -> str:
    try:
        return find_provider(kind).summary
    except UsageError as error:
        return str(error)
