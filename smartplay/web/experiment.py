"""The pages of an experiment with people: from the consent to the code at the end.

There is one address. What stands there follows from what the participant has done, so that a
reload, another window or a lost connection change nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from smartplay.play.experiment import GAMES, PRACTICE, Experiment, Participant
from smartplay.play.sitting import Ended, Sitting
from smartplay.records import RunHeader
from smartplay.web.app import gated
from smartplay.web.gate import digest
from smartplay.web.pages import go, page
from smartplay.web.play import Sittings, scene, take_turn

MOST_PLANS = 1000


def make_experiment_app(experiment: Experiment, token: str = "") -> ASGIApp:
    """The app in which an experiment takes place; nothing else can be seen in it.

    Args:
        experiment: The experiment.
        token: What the address must hold; empty to let everyone in.
    """
    sittings = Sittings()
    pages = _Pages(experiment, sittings)
    routes = [
        Route("/", pages.show),
        Route("/", pages.act, methods=["POST"]),
        Route("/delete", pages.leave),
        Route("/delete", pages.delete, methods=["POST"]),
    ]
    return gated(routes, sittings.close, token)


class _Pages:
    """What a participant sees next, and what becomes of their forms."""

    def __init__(self, experiment: Experiment, sittings: Sittings) -> None:
        self._experiment, self._sittings = experiment, sittings
        self._plans = OrderedDict[tuple[str, str], dict[str, tuple[RunHeader, Path]]]()
        self._lock = threading.RLock()  # what a participant has done is read and written as one

    def show(self, request: Request) -> Response:
        """The next thing to do."""
        with self._lock:
            person = self._experiment.find(_own(request))
            stage, sitting, ended = self._stage(person)
            if stage == "end" and person is not None and not person.finished:
                person = self._experiment.keep(person, finished=True)
        design = self._experiment.design
        s = None if sitting is None else scene(sitting, request) | {"ended": ended}
        return page(
            request, "experiment", design=design, stage=stage, person=person, ended=ended, s=s
        )

    def act(self, request: Request) -> Response:
        """Take in a form; one that does not belong to the present stage changes nothing."""
        form = request.scope["form"]
        do, own = form.get("do", ""), _own(request)
        with self._lock:
            if do == "consent":
                self._experiment.enroll(own)
                return go("/")
            person = self._experiment.find(own)
            stage, sitting, _ = self._stage(person)
            if person is None:
                return go("/")
            if do == "read" and stage == "instructions":
                self._experiment.keep(person, instructed=True)
            if (
                do == "check"
                and stage == "check"
                and form.get("number") == str(len(person.answers))
            ):
                options = self._experiment.design.checks[len(person.answers)].options
                places = {str(place): option for place, option in enumerate(options)}
                answer = places.get(form.get("answer", ""))  # a browser would change line ends
                if answer is not None:
                    self._experiment.keep(person, answers=[*person.answers, answer])
        if do == "play" and not (sitting is not None and take_turn(sitting, form)):
            return go("/?late=1")
        return go("/")

    def leave(self, request: Request) -> Response:
        """Ask whether all is to be deleted."""
        person = self._experiment.find(_own(request))
        return page(request, "delete", design=self._experiment.design, person=person)

    def delete(self, request: Request) -> Response:
        """Delete all that is kept of the participant."""
        own = _own(request)
        with self._lock:
            self._sittings.drop(self._experiment.folder / own)
            if self._experiment.find(own) is not None:
                self._experiment.delete(own)
        return page(request, "delete", design=self._experiment.design, person=None)

    def _stage(self, person: Participant | None) -> tuple[str, Sitting | None, Ended | None]:
        """What comes next, with the sitting if it is a game, and the episode that ended last."""
        if person is None:
            return "consent", None, None
        if not person.instructed:
            return "instructions", None, None
        checks = self._experiment.design.checks
        due = checks[len(person.answers)].after if len(person.answers) < len(checks) else None
        ended: Ended | None = None
        for part, (header, path) in self._plan(person).items():
            sitting = self._sittings.take(path, header)
            ended = sitting.ended or ended
            between = sitting.observation is None
            if part != PRACTICE and due is not None and between:
                played = sitting.finished if part == GAMES else header.planned
                if due <= played:
                    return "check", None, ended
            if sitting.job is not None:
                return part, sitting, ended
        return ("end" if due is None else "check"), None, ended

    def _plan(self, person: Participant) -> dict[str, tuple[RunHeader, Path]]:
        key = person.id, person.code  # who was deleted and comes again has another code and order
        found = self._plans.pop(key, None) or self._experiment.plan(person)
        self._plans[key] = found
        while len(self._plans) > MOST_PLANS:
            self._plans.popitem(last=False)
        return found


def _own(request: Request) -> str:
    """The random word that is a participant's own: a digest of the browser's cookie."""
    return digest("participant", request.scope["owner"])[:12]
