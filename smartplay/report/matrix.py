"""The ablation matrix as a picture: nine ablations by nine contrasts."""

from __future__ import annotations

from smartplay.cards.capabilities import Capability
from smartplay.report.rendering import templates
from smartplay.validity.matrix import KEPT, LOST, AblationMatrix

NAMES = "long text,reasoning,instructions,planning,generalization,odds,learning,mistakes,space"
SHORT = dict(zip(map(str, Capability), NAMES.split(","), strict=True))
LOW, HIGH = (213, 94, 0), (0, 114, 178)


def matrix_svg(matrix: AblationMatrix) -> str:
    """Draw the matrix; blue is kept, orange is lost, a frame marks the diagonal."""
    template = templates("smartplay.report").get_template("matrix.svg.j2")
    return template.render(
        m=matrix, short=SHORT, kept=KEPT, lost=LOST, two_digits=two_digits, color=_color
    )


def two_digits(value: float) -> str:
    """Two digits after the point, and no minus before 0."""
    return f"{round(value, 2) + 0:.2f}"


def _color(value: float) -> str:
    share = min(1.0, max(0.0, value))
    mixed = [round(low + share * (high - low)) for low, high in zip(LOW, HIGH, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)
