"""The conclusion that rules write: which agent found what, what was not done and why. Nothing is added to it."""

from __future__ import annotations

from ioa.adapters.policy.rules.progress import Progress, StepProgress
from ioa.conversation.group import Group
from ioa.conversation.hub_duties import abstract_of
from ioa.conversation.task import Task
from ioa.protocol.messages import Artifact, GroupOutcome

DETAIL_CHARS = 12_000
TOTAL_CHARS = 200_000
MAX_ARTIFACTS = 200


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
        blocks = [summary(done), *(["## Findings"] if len(progress.steps) > 1 else [])]
        for entry, task in done:
            title = f"### {entry.step.number}. {_title(entry)}"
            blocks.append(f"{title}\n\n*Found by {by_whom(task)}.*\n\n{_detail(task)}")
    missing = [_missing(progress, entry) for entry in progress.steps if entry.result is None]
    if missing:
        blocks.append("## Not done\n\n" + "\n".join(missing))
    if progress.plan.not_understood:
        listed = "\n".join(f"- “{part}”" for part in progress.plan.not_understood)
        blocks.append(f"## Not understood\n\n{listed}\n\nSay these in other words, one instruction a sentence.")
    if notes:
        blocks.append("## Said in the group\n\n" + "\n".join(f"- {note}" for note in notes))
    return "\n\n".join(blocks)[:TOTAL_CHARS]


def _nested(done: list[tuple[StepProgress, Task]]) -> list[str]:
    """For the group above, which reads it as one result: the last step is what was asked for, the others served it."""
    (_, last), others = done[-1], done[:-1]
    served = [f"- {by_whom(task)}: {task.abstract or abstract_of(task.conclusion)}" for _, task in others]
    return [_detail(last), *(["In the team:\n\n" + "\n".join(served)] if served else [])]


def summary(done: list[tuple[StepProgress, Task]]) -> str:
    """One paragraph: what each task found, in a sentence."""
    found = [task.abstract or abstract_of(task.conclusion) for _, task in done]
    return " ".join(_sentence(text) for text in found if text)


def by_whom(task: Task) -> str:
    """The assignees; a nested team is said to be one."""
    names = ", ".join(task.assignees)
    return f"{names} with a team of its own" if task.subgroups else names


def artifacts_of(progress: Progress) -> tuple[Artifact, ...]:
    """The files of all results, each once."""
    found = (artifact for entry in progress.steps if entry.result for artifact in entry.result.artifacts)
    return tuple(dict.fromkeys(found))[:MAX_ARTIFACTS]


def _title(entry: StepProgress) -> str:
    text = " ".join(entry.step.text.split())
    return text if len(text) <= 200 else text[:199] + "…"


def _detail(task: Task) -> str:
    text = task.conclusion.strip()
    if len(text) > DETAIL_CHARS:
        text = text[:DETAIL_CHARS] + f"\n\n… ({len(text) - DETAIL_CHARS:,} more characters in task {task.task_id})"
    return text


def _missing(progress: Progress, entry: StepProgress) -> str:
    title = f"- Step {entry.step.number}, “{_title(entry)}”: "
    if entry.failures:
        last = entry.failures[-1]
        reason = last.conclusion or last.abstract or "no reason given"
        return title + f"{last.status} at {', '.join(last.assignees)}: {' '.join(reason.split())[:1000]}"
    blocker = progress.blocked(entry)
    if blocker is not None:
        return title + f"needs the result of step {blocker.step.number}, which there is not."
    return title + "no agent on this network that is online has a card that covers it."


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…", ":")) else text + "."
