"""A conversation in words: one paragraph for each log entry, with the team it belongs to drawn at its left."""

from __future__ import annotations

from dataclasses import dataclass, field

from ioa.cli.costs import usage_words
from ioa.cli.follow import Followed, Watched
from ioa.cli.records import Entry
from ioa.cli.terminal import Terminal, cut, one_line, pad, seconds, width, wrap
from ioa.ports.agent import is_record
from ioa.protocol.messages import (
    Artifact,
    AsyncTask,
    Conclusion,
    Deadline,
    Discussion,
    Interjection,
    Launch,
    Pause,
    Subgroup,
    SyncTask,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
)
from ioa.protocol.names import HUB

_SPEAKER_STYLES = ("cyan", "magenta", "blue", "green", "yellow")
_TIME_COLUMNS = 9
_ENDS = {
    "completed": ("✔", "green"),
    "partial": ("◐", "yellow"),
    "failed": ("✘", "red"),
    "unknown": ("?", "yellow"),
    "cancelled": ("⊘", "yellow"),
}


@dataclass(slots=True)
class Teller:
    """Tells the entries of one goal. `limit` is how many columns of a text are shown (None: all of it)."""

    terminal: Terminal
    followed: Followed
    limit: int | None = 240
    _styles: dict[str, str] = field(default_factory=dict[str, str], init=False)

    def tell(self, entry: Entry) -> list[str]:
        """Fold the entry in; the lines to show for it, none for a repeat or for book-keeping of the hub."""
        before = self.followed.groups.get(entry.message.comm_id)
        floor = before.group.floor if before else None
        watched = self.followed.take(entry)
        if watched is None:
            return []
        heads = self._words(watched, entry)
        if not heads:
            return []
        after = watched.group.floor
        if after is not None and (after != floor or isinstance(entry.message, Launch)):
            heads[0] += self.terminal.style(f" · floor: {one_line(after, 40)}", "dim")
        if entry.message.usage is not None and (cost := usage_words(entry.message.usage)):
            heads[0] += self.terminal.style(f" · {cost}", "dim")
        start = self.followed.started_at or entry.at
        return self._drawn(watched, entry.at - start, heads)

    def name(self, sender: str) -> str:
        """A speaker's name, always in the same colour."""
        style = self._styles.setdefault(sender, _SPEAKER_STYLES[len(self._styles) % len(_SPEAKER_STYLES)])
        return self.terminal.style("the hub" if sender == HUB else one_line(sender, 40), "bold", style)

    def _words(self, watched: Watched, entry: Entry) -> list[str]:
        message = entry.message
        who = self.name(message.sender)
        match message:
            case Launch():
                return [self._launch(message)]
            case Discussion():
                return [f"{who} to {self._names(message.next_speaker)}: {self._text(message.content)}"]
            case SyncTask() | AsyncTask():
                how = "and waits" if isinstance(message, SyncTask) else "and goes on"
                word = "sync_task" if isinstance(message, SyncTask) else "async_task"
                several = "a task" if len(message.tasks) == 1 else f"{len(message.tasks)} tasks"
                head = f"{who} assigns {several} {how} {self.terminal.style(f'({word})', 'dim')}"
                return [head, *(self._assigned(watched, task_id) for task_id in (t.task_id for t in message.tasks))]
            case Pause():
                awaited = ", ".join(watched.task_name(task_id) for task_id in message.triggers)
                return [f"{who} waits for {awaited} {self.terminal.style('(pause)', 'dim')}"]
            case Conclusion():
                return [self._conclusion(watched, message, who)]
            case TaskStart():
                what = message.task_abstract or message.task_desc
                return [f"▸ {who} begins {watched.task_name(message.task_id)}: {self._text(what)}"]
            case TaskProgress():
                return [f"… {who}, {watched.task_name(message.task_id)}: {self._text(message.content)}"]
            case TaskResult():
                return [self._result(watched, message, entry.at)]
            case TaskCancel():
                reason = f": {self._text(message.content)}" if message.content else ""
                return [f"{self._mark('cancelled')} {watched.task_name(message.task_id)} is cancelled by {who}{reason}"]
            case Deadline():
                about = watched.task_name(message.task_id) if message.task_id else self.name(message.member or "")
                what = "is overdue" if message.task_id else "loses the floor"
                return [f"{self.terminal.style('⏱', 'yellow')} {about} {what}: {self._text(message.content)}"]
            case Interjection():
                return [f"{who} says: {self._text(message.content)}"]
            case Subgroup():
                return []  # the nested group's own launch says it

    def _launch(self, message: Launch) -> str:
        who = self.name(message.sender)
        others = tuple(name for name in message.team_members if name != message.sender)
        team = f"forms a team with {self._names(others)}" if others else "works on it alone"
        nested = self.followed.nested_for(message)
        if nested is None:
            return f"{who} {team}"
        outer, task = nested
        return f"{who} {team} for {outer.task_name(task.task_id)}"

    def _assigned(self, watched: Watched, task_id: str) -> str:
        task = watched.group.tasks[task_id]
        needs = ", ".join(watched.task_name(name) for name in task.builds_on)
        with_them = self.terminal.style(f" (with the result of {needs})", "dim") if needs else ""
        text = self._text(task.task_abstract or task.task_desc)
        return f"  {watched.task_name(task_id)} → {self._names(task.assignees)}: {text}{with_them}"

    def _conclusion(self, watched: Watched, message: Conclusion, who: str) -> str:
        head = f"{self._mark(message.outcome)} {who} concludes: {message.outcome}"
        if message.forced and watched.number == 1:  # what it says is the answer, which is shown below
            return f"{head} {self.terminal.style('(forced)', 'yellow')}"
        if message.forced:
            return f"{head} {self.terminal.style('(forced)', 'yellow')}: {self._text(message.content)}"
        return head if watched.number == 1 else f"{head}: {self._text(message.content)}{self._files(message.artifacts)}"

    def _result(self, watched: Watched, message: TaskResult, at: float) -> str:
        member = message.assignee or message.sender
        began = watched.began_at.get(f"{message.task_id} {member}")
        took = f" in {seconds(at - began)}" if began is not None else ""
        text = self._text(message.task_abstract or message.task_conclusion)
        mark = self._mark(message.status)
        head = f"{mark} {self.name(member)}, {watched.task_name(message.task_id)} {message.status}{took}"
        return f"{head}: {text}{self._files(message.artifacts)}"

    def _files(self, artifacts: tuple[Artifact, ...]) -> str:
        names = ", ".join(one_line(artifact.name, 60) for artifact in artifacts if not is_record(artifact))
        return self.terminal.style(f" [{names}]", "dim") if names else ""

    def _mark(self, end: str) -> str:
        mark, style = _ENDS[end]
        return self.terminal.style(mark, style)

    def _names(self, names: tuple[str, ...]) -> str:
        return ", ".join(self.name(name) for name in names)

    def _text(self, text: str) -> str:
        return one_line(text, self.limit)

    def _drawn(self, watched: Watched, at_s: float, heads: list[str]) -> list[str]:
        """Each paragraph wrapped, behind the time and the team's number: `   1.3 s  2│ text`."""
        gutter = "│ " * max(0, watched.depth - 1) + (f"{watched.number}│ " if watched.depth else "")
        stamp = pad(seconds(at_s), _TIME_COLUMNS - 2, right=True) + "  "
        room = max(24, self.terminal.columns - _TIME_COLUMNS - width(gutter) - 2)
        lines: list[str] = []
        for head in heads:
            indent = "  " if head.startswith("  ") else ""
            for place, part in enumerate(_wrap_styled(head.strip(), room - len(indent))):
                front = stamp if not lines else " " * _TIME_COLUMNS
                hanging = "  " if place else ""
                lines.append(self.terminal.style(front + gutter, "dim") + indent + hanging + part)
        return lines

    def status(self, now: float) -> str:
        """What is going on now, on one line: who has the floor and which tasks are at work."""
        parts: list[str] = []
        for watched in self.followed.groups.values():
            group = watched.group
            if group.ended:
                continue
            doing = [
                f"{', '.join(one_line(name, 24) for name in task.assignees)} at {watched.task_name(task.task_id)}"
                for task in group.open_tasks
            ]
            if group.floor:
                doing.insert(0, f"{one_line(group.floor, 24)} has the floor")
            parts.append((f"team {watched.number}: " if watched.number > 1 else "") + ", ".join(doing))
        start = self.followed.started_at
        clock = seconds(now - start) if start is not None else ""
        return cut(" · ".join(part for part in (clock, *parts) if part), self.terminal.columns - 1)


def _wrap_styled(text: str, columns: int) -> list[str]:
    """`wrap` for text with colour codes in it, which take no columns. A style never spans a line break visibly wrong:
    names and marks are short, and a dim tail is closed and opened again."""
    if "\x1b" not in text:
        return wrap(text, columns)
    lines: list[str] = []
    line, used, style = "", 0, ""
    for word in text.split(" "):
        shown = width(_plain(word))
        if line and used + 1 + shown > columns:
            lines.append(line + ("\x1b[0m" if style else ""))
            line, used = style, 0
        line, used = (f"{line} {word}", used + 1 + shown) if used else (line + word, used + shown)
        for code in _codes(word):
            style = "" if code == "\x1b[0m" else code
    return [*lines, line]


def _codes(text: str) -> list[str]:
    return ["\x1b" + part.partition("m")[0] + "m" for part in text.split("\x1b")[1:]]


def _plain(text: str) -> str:
    head, *rest = text.split("\x1b")
    return head + "".join(part.partition("m")[2] for part in rest)
