"""A chart is drawn by whom says that they draw, and it is a picture: a text about a chart is none.

Only the words of cards and the media types of files count, no names of agents.
"""

from __future__ import annotations

import re

from ioa.adapters.policy.rules.plan import Step
from ioa.conversation.task import Task
from ioa.protocol.cards import Card

_DRAWS = re.compile(
    r"\b(?:draw(?:s|ing)?|plot(?:s|ting|ter)?|visuali[sz]\w*|sketch\w*|paint(?:s|er|ing)?|render\w*|histograms?|scatter"
    r"|matplotlib|(?:bar|line|pie|column|area|box) ?(?:charts?|graphs?|plots?)"
    r"|(?:makes?|creates?|produces?|generates?|builds?) (?:[\w-]+ ){0,3}(?:charts?|graphs?|diagrams?|pictures?|images?)"
    r")\b"
)
_CHART = re.compile(
    r"\b(?:chart|graph|plot|draw|histogram|diagram|visuali[sz]|scatter|barchart|piechart)\w*\b|\b(?:bar|pie|line)s?\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"[^.;]*\b(?:not|no|never|without|nor)\b[^.;]*")
_PICTURE = re.compile(
    r"!\[|<svg\b|data:image/|```(?:mermaid|svg|dot|graphviz|plantuml|vega(?:-lite)?)\b"
    r"|[\w-]\.(?:png|svg|jpe?g|gif|webp|pdf)\b",
    re.IGNORECASE,
)


def wants_chart(step: Step) -> bool:
    """Whether the step asks for a chart, in so many words: painting a gate is no chart."""
    return step.kind == "plot" and _CHART.search(step.text) is not None


def draws(card: Card) -> bool:
    """Whether the card says that its agent draws charts. A card that speaks of charts only as material does not."""
    return _DRAWS.search(_DENIED.sub("", card.text().lower())) is not None


def shows(task: Task) -> bool:
    """Whether a result has a picture: a file, or one in the text of it (an address, SVG, a diagram's source)."""
    files = task.artifacts
    if any(file.media_type.startswith(("image/", "application/pdf")) for file in files):
        return True
    return _PICTURE.search(task.conclusion) is not None


def fulfils(step: Step, task: Task) -> bool:
    """Whether a completed task is a result of the step: a chart needs a picture."""
    return task.status == "completed" and (not wants_chart(step) or shows(task))
