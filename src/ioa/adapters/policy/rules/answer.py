"""The conclusion that rules write: which agent found what, what was not done and why. Nothing is added to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ioa.adapters.policy.rules.conditions import is_condition
from ioa.adapters.policy.rules.missing import by_whom, missing_line, title_of
from ioa.adapters.policy.rules.progress import Progress, StepProgress
from ioa.conversation.group import Group
from ioa.conversation.hub_duties import abstract_of
from ioa.conversation.task import Task
from ioa.ports.agent import is_record
from ioa.protocol.messages import Artifact, GroupOutcome

DETAIL_CHARS = 12_000
TOTAL_CHARS = 200_000
MAX_ARTIFACTS = 200
_SQL = re.compile(r"^```sql\n.*?^```$\n*", re.MULTILINE | re.DOTALL)
_MARKS = re.compile(r"[*_`\\]|^#+ ", re.MULTILINE)


def outcome_of(progress: Progress) -> GroupOutcome:
    """completed: every step has a result and everything was understood; failed: nothing was found at all."""
    done = [entry for entry in progress.steps if entry.result is not None]
    if not done:
        return "failed"
    whole = len(done) == len(progress.steps) and not progress.plan.not_understood
    return "completed" if whole else "partial"


def conclusion_text(group: Group, progress: Progress, notes: tuple[str, ...] = ()) -> str:
    """Markdown: the findings in short, each step with its agent and result, what is missing, what not understood."""
    done = [(entry, task) for entry in progress.steps if (task := entry.result) is not None]
    if not done:
        blocks = ["No step of the goal was completed."]
    elif group.parent is not None:
        blocks = _nested(done)
    else:
        blocks = _alone(done[0][1]) if len(progress.steps) == 1 else _findings(progress, done)
    missing = [missing_line(group, progress, entry) for entry in progress.steps if entry.result is None]
    if missing:
        blocks.append("## Not done\n\n" + "\n".join(missing))
    if progress.plan.not_understood:
        missed = progress.plan.not_understood
        listed = "\n".join(f"- “{part}”" for part in missed)
        conditions = [part for part in missed if is_condition(part)]
        remedies = [
            *(["Say these in other words, one instruction a sentence."] if len(conditions) < len(missed) else []),
            *(["A condition is not decided here: once you know it holds, ask without it."] if conditions else []),
        ]
        blocks.append(f"## Not understood\n\n{listed}\n\n{' '.join(remedies)}")
    if group.parent is None:
        blocks = _queries_last(blocks)
    if notes:
        blocks.append("## Said in the group\n\n" + "\n".join(f"- {note}" for note in notes))
    return "\n\n".join(blocks)[:TOTAL_CHARS]


def _findings(progress: Progress, done: list[tuple[StepProgress, Task]]) -> list[str]:
    """The findings in short, then each step with its agent and its result."""
    titles = [
        f"### {entry.step.number}. {title_of(progress, entry)}\n\n*Found by {by_whom(task)}.*" for entry, task in done
    ]
    details = [f"{title}\n\n{_detail(task)}" for title, (_, task) in zip(titles, done, strict=True)]
    return [summary([task for _, task in done]), "## Findings", *details]


def _alone(task: Task) -> list[str]:
    """The only step's result: the goal is its heading, and its first words are not said twice."""
    short = summary([task])
    first, _, rest = _detail(task).partition("\n\n")
    if _plain(first) == _plain(short):
        short = first  # with its marks
    again = _plain(first) in _plain(short)
    return [short, f"*Found by {by_whom(task)}.*", *([] if again else [first]), rest]


def _plain(text: str) -> str:
    """Words without marks, to see that two sentences say the same."""
    return " ".join(_MARKS.sub("", text).split()).strip(" .").lower()


def _queries_last(blocks: list[str]) -> list[str]:
    """SQL says how a number came about: once, behind everything that was found."""
    queries = dict.fromkeys(query for block in blocks for query in _SQL.findall(block))
    if not queries:
        return [block for block in blocks if block]
    said = [left for block in blocks if (left := _SQL.sub("", block).strip())]
    heading = ["## Queries"] if any(block.startswith("## ") for block in said) else []
    return [*said, *heading, *(query.strip() for query in queries)]


def _nested(done: list[tuple[StepProgress, Task]]) -> list[str]:
    """For the group above, which reads it as one result: the last step is what was asked for, the others served it."""
    (_, last), others = done[-1], done[:-1]
    served = [f"- {by_whom(task)}: {task.abstract or abstract_of(task.conclusion)}" for _, task in others]
    return [_detail(last), *(["In the team:\n\n" + "\n".join(served)] if served else [])]


def summary(tasks: Sequence[Task]) -> str:
    """One paragraph: what each task found, in a sentence; of a text that repeats the others, only what it is."""
    found: list[str] = []
    for task in tasks:
        text = (task.abstract or abstract_of(task.conclusion)).strip()
        repeats = [at for one in found if (at := text.find(one.rstrip(" ."))) > 0]
        text = text[: min(repeats)].rstrip(" :,;") if repeats else text
        found += [text] if text else []
    return " ".join(_sentence(text) for text in found)


def artifacts_of(progress: Progress) -> tuple[Artifact, ...]:
    """The files of all results, each once."""
    found = (artifact for entry in progress.steps if entry.result for artifact in entry.result.artifacts)
    return tuple(dict.fromkeys(artifact for artifact in found if not is_record(artifact)))[:MAX_ARTIFACTS]


def _detail(task: Task) -> str:
    text = task.conclusion.strip()
    if len(text) > DETAIL_CHARS:
        text = text[:DETAIL_CHARS] + f"\n\n… ({len(text) - DETAIL_CHARS:,} more characters in task {task.task_id})"
    return text


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…", ":")) else text + "."
