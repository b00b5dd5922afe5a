"""Agent contact: whom this client has worked with, and how that went.

After each task that this client assigned, every assignee is evaluated; durations are the hub's times, so that a replay
of the log gives the same numbers. Source: IoA paper, A.2.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from ioa.client.group_info import Chat, Judged
from ioa.client.journal import Journal
from ioa.conversation.group import TaskEnded
from ioa.protocol.cards import MAX_DESCRIPTION_CHARS, Card, Evaluation, FoundAgent
from ioa.protocol.frames import PublishContacts

MAX_PUBLISHED = 500
PUBLISHED_CHARS = 300  # all of them fit into one frame
MAX_CARDS = 2_000


class AgentContact:
    """Contacts by name, and the cards this client has seen. Durable in the journal."""

    def __init__(self, me: str, journal: Journal) -> None:
        self._me = me
        self._journal = journal
        self._known: dict[str, Evaluation] = {contact.name: contact for contact in journal.contacts()}
        self._cards: dict[str, Card] = {card.name: card for card in journal.cards()}

    @property
    def contacts(self) -> Mapping[str, Evaluation]:
        return dict(self._known)

    def cards_of(self, names: Iterable[str]) -> Mapping[str, Card]:
        """The cards that are known of these agents."""
        return {name: self._cards[name] for name in names if name in self._cards}

    def met(self, hits: Iterable[FoundAgent]) -> None:
        """Remember the cards of search hits."""
        fresh = {hit.card.name: hit.card for hit in hits if self._cards.get(hit.card.name) != hit.card}
        if not fresh:
            return
        for name, card in fresh.items():
            self._cards.pop(name, None)
            self._cards[name] = card
        while len(self._cards) > MAX_CARDS:
            del self._cards[next(iter(self._cards))]
        self._journal.know_cards(tuple(fresh.values()))

    def evaluate(self, judged: Judged, chat: Chat | None) -> tuple[tuple[Evaluation, ...], tuple[str, ...]]:
        """The evaluations that follow from an entry, and the tasks that they are about. To be stored with the entry,
        then `keep`."""
        changed: dict[str, Evaluation] = {}
        tasks: list[str] = []
        for effect in judged.effects:
            if not isinstance(effect, TaskEnded):
                continue
            task = judged.group.tasks[effect.task_id]
            if task.assigner != self._me or self._journal.evaluated(judged.group.comm_id, task.task_id):
                continue
            tasks.append(task.task_id)
            began_at = chat.assigned_at.get(task.task_id, judged.at) if chat is not None else judged.at
            for report in task.reports:
                if report.assignee == self._me:
                    continue
                before = changed.get(report.assignee) or self._known.get(report.assignee)
                before = before or Evaluation(name=report.assignee)
                completed = report.status == "completed"
                failed = report.status in ("failed", "unknown")  # a cancelled task tells nothing about the agent
                count = before.completed + before.failed
                mean_s = before.mean_duration_s
                if completed or failed:
                    key = (task.task_id, report.assignee)
                    ended_at = chat.result_at.get(key, judged.at) if chat is not None else judged.at
                    mean_s = (mean_s * count + max(0.0, ended_at - began_at)) / (count + 1)
                card = self._cards.get(report.assignee)
                description = card.description if card is not None else before.description
                changed[report.assignee] = replace(
                    before,
                    description=description[:MAX_DESCRIPTION_CHARS],
                    completed=before.completed + completed,
                    failed=before.failed + failed,
                    mean_duration_s=mean_s,
                    last_at=judged.at,
                )
        return tuple(changed.values()), tuple(tasks)

    def keep(self, evaluations: Iterable[Evaluation]) -> None:
        """What `evaluate` gave, now that it is stored."""
        self._known.update((evaluation.name, evaluation) for evaluation in evaluations)

    def published(self) -> PublishContacts | None:
        """The contacts as the hub gets them, latest first; None if there are none."""
        latest = sorted(self._known.values(), key=lambda contact: -contact.last_at)[:MAX_PUBLISHED]
        short = tuple(replace(contact, description=contact.description[:PUBLISHED_CHARS]) for contact in latest)
        return PublishContacts(contacts=short) if short else None
