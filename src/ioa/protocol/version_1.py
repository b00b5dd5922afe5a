"""Version 1 of the protocol, as it first landed: every frame and message with its fields, and the codes.

Decoders of that version refuse what is not here. A released version never changes: new things belong to the version
after it.
"""

from __future__ import annotations

from ioa.protocol.shapes import Shape, Words, shape

_ARTIFACT = shape("name media_type size_bytes digest")
_GIVEN = shape("agent task_desc conclusion", artifacts=_ARTIFACT)
_PARENT = shape("comm_id task_id")
_BUDGETS = shape("turns depth turn_timeout_s task_timeout_s group_timeout_s")
_USAGE = shape("input_tokens output_tokens cost_usd model")
_CARD = shape("name description type skills idempotent discussion_only")
_TASK = shape("task_desc assignee task_id task_abstract builds_on")
_EVALUATION = shape("name description completed failed mean_duration_s last_at")


def _message(fields: str, **inner: Shape) -> Shape:
    return shape(f"sender comm_id message_id seq traceparent state {fields}", usage=_USAGE, **inner)


VERSION_1 = Words(
    number=1,
    messages={
        "launch": _message(
            "goal team_members team_up_depth max_turns goal_id owner continues",
            budgets=_BUDGETS,
            parent=_PARENT,
            given=_GIVEN,
            artifacts=_ARTIFACT,
        ),
        "discussion": _message("content thought next_speaker"),
        "sync_task": _message("content thought next_speaker", tasks=_TASK),
        "async_task": _message("content thought next_speaker", tasks=_TASK),
        "pause": _message("content thought triggers"),
        "conclusion": _message("content thought outcome forced", artifacts=_ARTIFACT),
        "task_start": _message("task_id task_abstract task_desc messages criteria"),
        "task_progress": _message("task_id content"),
        "task_result": _message("task_id status task_conclusion task_abstract assignee subgroup", artifacts=_ARTIFACT),
        "task_cancel": _message("task_id content"),
        "subgroup": _message("task_id assignee subgroup team_members turns"),
        "deadline": _message("overdue member since task_id content"),
        "interjection": _message("content"),
    },
    client_frames={
        "hello": shape("version token cursor"),
        "post": shape("message"),
        "ack": shape("cursor"),
        "search": shape("request_id desc limit threshold online type skill team"),
        "launch_group": shape(
            "request_id goal team_members max_turns goal_id", parent=_PARENT, given=_GIVEN, artifacts=_ARTIFACT
        ),
        "contacts": shape("", contacts=_EVALUATION),
        "card": shape("request_id", card=_CARD),
        "ping": shape("n"),
        "pong": shape("n"),
    },
    hub_frames={
        "welcome": shape("version name cursor window max_frame_bytes"),
        "accepted": shape("message_id seq"),
        "refusal": shape("code rule legal reply_to"),
        "delivery": shape("cursor previous at message"),
        "found": shape("request_id", agents=shape("score online phrase", card=_CARD)),
        "launched": shape("request_id comm_id"),
        "goal": shape(
            "goal_id goal owner max_turns team continues", budgets=_BUDGETS, artifacts=_ARTIFACT, given=_GIVEN
        ),
        "updated": shape("request_id"),
        "ping": shape("n"),
        "pong": shape("n"),
    },
    codes=frozenset(
        shape(
            "malformed unknown_kind wrong_version too_large not_authenticated not_allowed bad_name name_taken empty "
            "unknown_group unknown_agent unknown_task unknown_artifact unknown_goal not_a_member not_the_sender "
            "not_the_floor not_the_assignee not_the_hub unknown_speaker one_speaker duplicate bad_triggers "
            "bad_dependency task_ended must_conclude too_deep budget_spent too_many stale concluded illegal_now "
            "superseded too_fast slow_consumer unavailable internal"
        )
    ),
)
