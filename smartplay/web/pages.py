"""Makes pages: templates, their filters, and how errors are told."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from smartplay.core import printable
from smartplay.games.drawing import Picture
from smartplay.models.images import png_address
from smartplay.report.rendering import templates
from smartplay.web.gate import digest

LONGEST_BLOCK = 100_000
"""The most characters of one text that a page shows."""


class NotHereError(Exception):
    """There is no such page, or it is another person's."""


class BusyError(Exception):
    """There is no room at present."""


def page(request: Request, template: str, status: int = 200, **told: Any) -> Response:
    """A page.

    Args:
        request: What it answers.
        template: Its template, without the ending.
        status: The status of the answer.
        told: What the template shows.
    """
    csrf = Markup('<input type="hidden" name="csrf" value="{}">').format(
        digest("csrf", request.scope["owner"])
    )
    text = _environment().get_template(f"{template}.html.j2").render(csrf=csrf, **told)
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status)


def problem(request: Request, status: int, what: str) -> Response:
    """A page that says what went wrong."""
    return page(request, "problem", status, what=what)


def go(path: str) -> Response:
    """Send the browser to another page, so that a reload sends no form again."""
    return RedirectResponse(path, 303)


def image(picture: Picture) -> Markup:
    """A picture as a data address."""
    return Markup(png_address(picture))


def block(text: str) -> Markup:
    """A text of several lines, as text; the control characters in it are shown."""
    cut = text[:LONGEST_BLOCK]
    return escape(printable.block(cut) + ("\n(...)" if len(text) > len(cut) else ""))


def asset(name: str) -> str:
    """A file of this package; the style begins with that of the reports."""
    own = (resources.files("smartplay.web") / name).read_text("utf-8")
    if name != "style.css":
        return own
    return (resources.files("smartplay.report.html") / name).read_text("utf-8") + own


def _environment() -> Environment:
    environment = templates("smartplay.web")
    environment.filters.update(block=block, image=image)
    return environment
