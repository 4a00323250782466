"""Where the replies of language models come from.

```python
model = open_model("openai:gpt-4o-mini", temperature=0.7, max_tokens=200)
[call] = await model.chat([{"role": "user", "content": "Rock, paper or scissors?"}])
```
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from smartplay.core.errors import UnknownNameError, UsageError
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
        name: The kind, a colon, and the model as its service names it: `"openai:gpt-4o-mini"`.
            Some kinds have a default, so that `"local"` is enough.
        **settings: As in `smartplay.models.base.Settings`, or what the kind adds to them.

    Raises:
        UnknownNameError: If there is no such kind or setting.
        MissingPackageError: If the kind's package is not installed.
        UsageError: If a setting is wrong, a key is missing, or weights cannot be fetched.
    """
    kind, _, model = name.partition(":")
    provider = find_provider(kind)
    if provider.needs_name and not model:
        raise UsageError(f"which model? Write {kind}:MODEL")
    own = make_settings(provider.settings_type, settings)
    return StandIn(name, own) if is_rehearsal() else provider(model, own)


def kinds() -> dict[str, str]:
    """The kinds of language models with one line on each, ours first."""
    return {kind: _summary(kind) for kind in _names()}


def has_kind(kind: str) -> bool:
    """Whether there is such a kind; loads none of them."""
    return kind in _names()


def find_provider(kind: str) -> Provider:
    """What makes the models of a kind.

    Raises:
        UnknownNameError: If there is no such kind; it names those there are.
        UsageError: If a package's kind cannot be loaded.
    """
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
    for attribute in ("summary", "settings_type", "needs_name"):
        if not hasattr(provider, attribute):
            raise UsageError(
                f"the kind of language model {entry.name} ({entry.value}) has no {attribute}"
            )
    return provider


def _summary(kind: str) -> str:
    try:
        return find_provider(kind).summary
    except UsageError as error:
        return str(error)
