"""What was refused lately in the groups of a goal, for people who watch. In memory only: a refusal changes nothing."""

from __future__ import annotations

from collections import OrderedDict, deque

from msgspec import Struct

from ioa.hub.group_log import GroupLog
from ioa.hub.watchers import Watchers
from ioa.ports.clock import Clock
from ioa.protocol.errors import Code
from ioa.protocol.frames import Post, Refusal, Spend, Spent

_GOALS = 500
_A_GOAL = 50


class Refused(Struct, frozen=True, kw_only=True):
    """A message of `sender` (`type` is its kind) or a model call (`spend`) was refused. `at` is Unix seconds."""

    number: int
    at: float
    sender: str
    comm_id: str
    type: str
    code: Code
    rule: str


class Refusals:
    """The newest refusals by goal, numbered from 1 in each."""

    def __init__(self, groups: GroupLog, watchers: Watchers, clock: Clock) -> None:
        self._groups = groups
        self._watchers = watchers
        self._clock = clock
        self._of_goal: OrderedDict[str, deque[Refused]] = OrderedDict()

    def note(self, sender: str, frame: object, refusal: Refusal) -> None:
        """Remember what concerns a group that is in memory."""
        match frame:
            case Post(message=message):
                comm_id, kind = message.comm_id, str(message.__struct_config__.tag)
            case Spend(comm_id=str(comm_id)) | Spent(spend=Spend(comm_id=str(comm_id))):
                kind = "spend"
            case _:
                return
        chat = self._groups.get(comm_id)
        if chat is None or sender not in (*chat.group.members, chat.group.owner):
            return
        goal_id = chat.group.goal_id
        mine = self._of_goal.setdefault(goal_id, deque(maxlen=_A_GOAL))
        self._of_goal.move_to_end(goal_id)
        number = mine[-1].number + 1 if mine else 1
        mine.append(
            Refused(
                number=number,
                at=self._clock.now_s(),
                sender=sender,
                comm_id=comm_id,
                type=kind,
                code=refusal.code,
                rule=refusal.rule,
            )
        )
        while len(self._of_goal) > _GOALS:
            self._of_goal.popitem(last=False)
        self._watchers.wake((goal_id,))

    def after(self, goal_id: str, number: int) -> tuple[Refused, ...]:
        """Those of a goal that came after refusal `number`."""
        return tuple(one for one in self._of_goal.get(goal_id, ()) if one.number > number)
