"""What an assignee is told beyond the words of its step: results put into a sum, and what a report must say is missing.

Rewriting a task with what is known by now is part of its execution. Source: IoA paper, A.2.2; here by rules, which
leave a text as it is where they are not certain.
"""

from __future__ import annotations

import re

from ioa.adapters.policy.rules.missing import missing_line
from ioa.adapters.policy.rules.plan import Step
from ioa.adapters.policy.rules.progress import MISSING, Progress, StepProgress, key_of, progress_of, without_missing
from ioa.adapters.policy.rules.vocabulary import MEASURE_WORDS
from ioa.conversation.group import Group
from ioa.conversation.task import Task
from ioa.protocol.messages import MAX_TEXT_CHARS

_PURPOSE = re.compile(
    r"^(?P<sum>(?:subtract|deduct|add|divide|multiply|take)\b.*?),?\s+(?:in order )?to\s+"
    r"(?:get|find|find out|see|obtain|know|learn|determine|work out|figure out|have|arrive at)\b(?P<tail>[^,;]*)$",
    re.IGNORECASE | re.DOTALL,
)
_OTHER_SUM = (MEASURE_WORDS - {"sum", "total", "difference", "quotient", "product"}) | {
    "percent",
    "rounded",
    "decimals",
}
_AT = re.compile(
    r"^(?:.*\b(?:its|the|that|whose) value|(?:and )?(?:evaluate|compute|calculate) (?:it|this|that|the result)"
    r"|.*\bvalue of (?:it|this|that|the (?:result|derivative|integral|antiderivative)))\b"
    r".*?\s(?:at|for|when|where|if)\s+(?P<letter>[a-z])\s*(?:=|is|equals)\s*(?P<value>[^\s?,;]+)\s*[?.]*$",
    re.IGNORECASE,
)
_FOUND = re.compile(r"\*\*(?P<found>[^\n]+)\*\*")
_TEXT_FILE = re.compile(r"([\w-])\.(md|markdown|html?|txt)\b", re.IGNORECASE)
_COUNTED = re.compile(r"\W*(?:the )?(?:number|count) of\b", re.IGNORECASE)
_ORDINALS = ("first", "second", "third", "fourth")


def told(group: Group, task: Task) -> str:
    """The text of a task for its agent."""
    said = without_missing(task.task_desc)
    progress = progress_of(group)
    entry = next((one for one in progress.steps if key_of(one.step) == task.task_abstract), None)
    if entry is None or said != entry.step.text:
        return task.task_desc
    if entry.step.kind == "write":
        return with_missing(group, progress, entry)[:MAX_TEXT_CHARS]
    results = progress.results_for(entry)
    return _reckoned(group, progress, entry.step, results) or said


def with_missing(group: Group, progress: Progress, entry: StepProgress) -> str:
    """The task of a writer, with the steps before it that have no result, so that the text can say so."""
    before = (progress.of(number) for number in sorted({*entry.step.needs, *entry.step.after}))
    lines = [_soft(missing_line(group, progress, other)) for other in before if other.result is None]
    given = group.goal.partition(MISSING)[2].strip().splitlines()
    lines += [line for line in given if line.startswith("- ") and line not in lines]  # a team's goal hands them down
    return entry.step.text + (f"\n\n{MISSING}\n" + "\n".join(lines) if lines else "")


def _soft(line: str) -> str:
    """A line in which no name of a text file can be taken for that of the report."""
    return _TEXT_FILE.sub(r"\1 (\2)", line)


def _reckoned(group: Group, progress: Progress, step: Step, results: tuple[Task, ...]) -> str:
    """A sum with its operands named or put in; "" where the text says enough or nothing is certain."""
    if step.minus:
        return _difference(group, progress, step)
    if (at := _AT.match(step.text)) and len(results) == 1 and (formula := _formula(results[0], at["letter"])):
        return f"evaluate {formula} at {at['letter']} = {at['value'].rstrip('.?')}"
    if step.kind == "math" and (found := _PURPOSE.match(step.text.rstrip(".?! "))):
        tail = set(re.findall(r"\w+", found["tail"].lower()))
        if not tail & _OTHER_SUM and not re.search(r"\d|%", found["tail"]):
            return found["sum"]
    return ""


def _difference(group: Group, progress: Progress, step: Step) -> str:
    """ "how much of the budget is left" as a sum over two results, in the order in which they are handed on.

    Only where each gives at most one table: "the second result" counts numbers.
    """
    whole, spent = (progress.of(number).result for number in step.minus)
    if whole is None or spent is None or group.given or whole is spent:
        return ""
    if any(sum(file.name.lower().endswith(".csv") for file in one.artifacts) > 1 for one in (whole, spent)):
        return ""
    if _COUNTED.match(spent.conclusion):
        return ""  # rows were counted, so nothing of the whole was taken
    order = [name for name in group.tasks if name in {whole.task_id, spent.task_id}]
    first, second = (_ORDINALS[order.index(one.task_id)] for one in (whole, spent))
    return f"Subtract the {second} result from the {first} result"


def _formula(task: Task, letter: str) -> str:
    """The one formula in this letter that a result gives as its finding ("**derivative = 3*x^2**"), or ""."""
    found = _FOUND.fullmatch(task.conclusion.strip().split("\n", 1)[0].strip())
    if found is None:
        return ""
    formula = found["found"].split(" = ")[-1].strip()
    plain = not re.search(r"[=≈;,\"“]|\b(?:no|undefined|solution)\b|\*\*", formula)
    return formula if plain and re.search(rf"(?<![A-Za-z]){letter}(?![A-Za-z])", formula) else ""
