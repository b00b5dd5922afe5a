"""The page folds logs as the law does: the same histories, entry by entry, in Python and in JavaScript."""

from __future__ import annotations

import json
import random
import shutil
import subprocess

import msgspec
import pytest

from ioa.conversation.group import Group, step
from ioa.protocol.errors import Refused
from ioa.protocol.messages import AnyMessage, Budgets
from ioa.web import PAGE
from tests.conversation import scenes

NODE = shutil.which("node")
MEMBERS = ("A", "B", "C")
HISTORIES = 120
FOLD = """
import { Conversation } from LAW;
let text = "";
for await (const part of process.stdin) text += part;
const seen = JSON.parse(text).map((log) => {
  const conversation = new Conversation();
  return log.map((message, place) => {
    const group = conversation.take({ cursor: place + 1, at: place, message });
    return {
      state: group.state, floor: group.floor, returns_to: group.returnsTo, waiting: group.waiting, turns: group.turns,
      turns_left: group.turnsLeft, seq: group.seq, ended: group.ended, outcome: group.outcome, forced: group.forced,
      tasks: [...group.tasks.values()].map((task) => [
        task.task_id, task.status, task.open, [...task.subgroups],
        task.reports.map((one) => [one.assignee, one.status]),
      ]),
    };
  });
});
console.log(JSON.stringify(seen));
"""


def history(seed: int) -> list[AnyMessage]:
    """A log of the law, by members who try anything."""
    dice = random.Random(seed)
    budgets = Budgets() if dice.random() < 0.4 else Budgets(turns=dice.randint(1, 25))
    size = dice.randint(1, 3)
    log = list(scenes.as_logged(None, scenes.launch(MEMBERS[:size], max_turns=dice.randint(1, 12), budgets=budgets)))
    group: Group | None = None
    for entry in log:
        group, _ = step(group, entry)
    for _ in range(60):
        assert group is not None
        if group.ended:
            break
        try:
            entries = scenes.as_logged(group, attempt(dice, group))
            after = group
            for entry in entries:
                after, _ = step(after, entry)
        except Refused:
            continue
        group = after
        log += entries
    return log


def attempt(dice: random.Random, group: Group) -> AnyMessage:
    """Mostly what might be legal now."""
    who = group.floor if group.floor and dice.random() < 0.8 else dice.choice(group.members)
    task = dice.choice([*group.tasks, "none"])
    assignee = dice.choice(group.tasks[task].assignees) if task in group.tasks else "A"
    some = tuple(dice.sample(group.members, dice.randint(1, len(group.members))))
    choices = [
        lambda: scenes.say(who, dice.choice(group.members)),
        lambda: scenes.sync(who, *some),
        lambda: scenes.parallel(who, some, *some[:1]),
        lambda: scenes.pause(who, *[open_.task_id for open_ in group.open_tasks][: dice.randint(1, 3)]),
        lambda: scenes.start(assignee, task),
        lambda: scenes.progress(assignee, task),
        lambda: scenes.result(assignee, task, dice.choice(("completed", "failed", "unknown"))),
        lambda: scenes.result(assignee, task),
        lambda: scenes.cancel(group.tasks[task].assigner if task in group.tasks else "A", task),
        lambda: scenes.subgroup(task, assignee, f"n{dice.random()}", dice.randint(1, 3)),
        lambda: scenes.late_turn(group.floor or "A", group.floor_since),
        lambda: scenes.late_task(task),
        lambda: scenes.interject(),
    ]
    if dice.random() < 0.04 or group.must_conclude:
        return scenes.conclude(group.floor or "A", forced=False)
    return dice.choice(choices)()


def shown(group: Group) -> dict[str, object]:
    return {
        "state": group.state,
        "floor": group.floor,
        "returns_to": group.returns_to,
        "waiting": list(group.waiting),
        "turns": group.turns,
        "turns_left": group.turns_left,
        "seq": group.seq,
        "ended": group.ended,
        "outcome": group.outcome,
        "forced": group.forced,
        "tasks": [
            [
                task.task_id,
                task.status,
                task.open,
                [nested for _, nested in task.subgroups],
                [[report.assignee, report.status] for report in task.reports],
            ]
            for task in group.tasks.values()
        ],
    }


@pytest.mark.skipif(NODE is None, reason="needs Node to run the page's modules")
def test_a_log_is_folded_on_the_page_as_by_the_law():
    assert NODE is not None
    logs = [history(seed) for seed in range(HISTORIES)]
    script = FOLD.replace("LAW", json.dumps((PAGE / "js" / "law.js").as_uri()))
    run = subprocess.run(
        [NODE, "--input-type=module", "--eval", script],
        input=msgspec.json.encode(logs),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr.decode()
    kinds = set()
    for seed, (log, seen) in enumerate(zip(logs, json.loads(run.stdout), strict=True)):
        group: Group | None = None
        for entry, page in zip(log, seen, strict=True):
            group, _ = step(group, entry)
            kinds.add(entry.__struct_config__.tag)
            assert page == shown(group), f"history {seed}, entry {group.seq} ({entry})"
    assert len(kinds) == 13  # every kind of message came up
