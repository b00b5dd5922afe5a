"""Where a group stands with its goal: the plan's steps, matched to the tasks in the log.

Every member derives this from the log alone, so any of them can carry on when another is gone. A task belongs to the
step whose text is its abstract.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from ioa.adapters.policy.rules.drafting import is_lost_word
from ioa.adapters.policy.rules.goal_text import Plan, Step, split_goal
from ioa.adapters.policy.rules.inner_steps import split_task
from ioa.adapters.policy.rules.pictures import fulfils
from ioa.conversation.group import Group
from ioa.conversation.task import Task
from ioa.protocol.messages import MAX_SHORT_CHARS

MISSING = "Say under “Missing” what was not done:"
"""What stands in a writer's task between its own text and the lines about steps without a result."""

MAX_ATTEMPTS = 3
"""The best agent of the group, the next best of it, and one outside of it."""


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One step with the tasks that were assigned for it, oldest first."""

    step: Step
    tasks: tuple[Task, ...]

    @property
    def result(self) -> Task | None:
        return next((task for task in self.tasks if fulfils(self.step, task)), None)

    @property
    def running(self) -> Task | None:
        return next((task for task in self.tasks if task.open), None)

    @property
    def failures(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if not task.open and not fulfils(self.step, task))

    @property
    def tried(self) -> frozenset[str]:
        """Agents that ended a task of this step without a result."""
        return frozenset(name for task in self.failures for name in task.assignees)

    @property
    def may_retry(self) -> bool:
        """A failed step is tried with others, a chart without a picture too; one that may have run already, or was
        cancelled, is not."""
        return len(self.tasks) < MAX_ATTEMPTS and all(task.status in {"failed", "completed"} for task in self.failures)


@dataclass(frozen=True, slots=True)
class Progress:
    """All steps of a group's goal. `hopeless` are the numbers of those that nobody here can do (any more)."""

    plan: Plan
    steps: tuple[StepProgress, ...]
    hopeless: frozenset[int] = frozenset()

    def of(self, number: int) -> StepProgress:
        return self.steps[number - 1]

    def who_did(self, number: int) -> frozenset[str]:
        """The agents that gave the result of a step; none for 0, or without a result."""
        result = self.of(number).result if number else None
        return frozenset(result.assignees) if result is not None else frozenset()

    def over(self, entry: StepProgress) -> bool:
        """Has a result, or will get none."""
        if entry.running is not None:
            return False
        if entry.step.number in self.hopeless:
            return True
        return (
            entry.result is not None or (bool(entry.tasks) and not entry.may_retry) or self.blocked(entry) is not None
        )

    def blocked(self, entry: StepProgress) -> StepProgress | None:
        """A step whose result this one needs and will not get; None if there is hope.

        A step that needs several results (a report) goes ahead with those that there are.
        """
        needed = [self.of(number) for number in entry.step.needs]
        lost = [other for other in needed if other.result is None and self.over(other)]
        return lost[0] if lost and len(lost) == len(needed) else None

    def ready(self, entry: StepProgress) -> bool:
        """Can be assigned now."""
        if entry.result is not None or entry.running is not None or self.over(entry):
            return False
        before = {*entry.step.needs, *entry.step.after}
        return all(self.over(self.of(number)) for number in before)

    def results_for(self, entry: StepProgress) -> tuple[Task, ...]:
        """The tasks whose results the step builds on. A text that is written gets all that was found before it."""
        numbers = entry.step.needs
        if entry.step.kind == "write":
            numbers = tuple(sorted({*entry.step.needs, *entry.step.after}))
        found = (self.of(number).result for number in numbers)
        return tuple(task for task in found if task is not None)


def progress_of(group: Group) -> Progress:
    """Read the group's log. Pure."""
    plan = plan_of(group.goal, tuple(artifact.name for artifact in group.artifacts), nested=group.parent is not None)
    if group.given:  # "the result" is that of the chat that is continued: its agents get it
        lost = tuple(part for part in plan.not_understood if not is_lost_word(part))
        plan = replace(plan, not_understood=lost)
    by_step: dict[str, list[Task]] = {}
    for task in group.tasks.values():
        by_step.setdefault(task.task_abstract, []).append(task)
    return Progress(
        plan,
        tuple(StepProgress(step, tuple(by_step.get(key_of(step), ()))) for step in plan.steps),
    )


@lru_cache(maxsize=256)
def plan_of(goal: str, file_names: tuple[str, ...], *, nested: bool) -> Plan:
    """The steps of a goal; of a task, the steps inside it."""
    goal = without_missing(goal)
    return split_task(goal, files=file_names) if nested else split_goal(goal, files=file_names)


def without_missing(text: str) -> str:
    """A task's own text, without the lines on missing steps, which are no requests."""
    return text.partition(MISSING)[0].rstrip() if MISSING in text else text


def key_of(step: Step) -> str:
    """What a task for this step carries as its abstract. Numbered, as two steps may have the same words."""
    return f"Step {step.number}: {step.text}"[:MAX_SHORT_CHARS]
