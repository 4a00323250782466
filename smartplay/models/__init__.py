"""temporary until the services branch lands."""

from typing import Any

from smartplay.errors import UnknownNameError, UsageError
from smartplay.models.base import Model, Settings, make_settings


def kinds() -> dict[str, str]:
    return {"openai": "x", "anthropic": "x", "local": "x"}


def open_model(reference: str, **settings: Any) -> Model:
    kind, _, model = reference.partition(":")
    if not model and kind != "local":
        raise UsageError(f"which model? Write {kind}:MODEL")
    if kind == "openai":
        from smartplay.models.openai import OpenAIModel

        return OpenAIModel(model, make_settings(Settings, settings))
    if kind == "anthropic":
        from smartplay.models.anthropic import AnthropicModel, AnthropicSettings

        return AnthropicModel(model, make_settings(AnthropicSettings, settings))
    if kind == "local":
        from smartplay.models.local import LocalModel, LocalSettings

        return LocalModel(model, make_settings(LocalSettings, settings))
    raise UnknownNameError("kind of language model", kind, kinds())
