"""A small hub that plays back a script: enough of the HTTP API for the command line, and a record of what was asked."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ioa.protocol.messages import (
    AnyMessage,
    Artifact,
    AsyncTask,
    Budgets,
    Conclusion,
    Launch,
    Parent,
    Pause,
    Subgroup,
    SyncTask,
    TaskAssignment,
    TaskProgress,
    TaskResult,
    TaskStart,
)

TOKEN = "fake-token-of-the-user"
STARTED_AT = 1_800_000_000.0
CHART = b"\x89PNG not really"
CHART_DIGEST = "sha256:" + hashlib.sha256(CHART).hexdigest()


def chart() -> Artifact:
    return Artifact(name="chart.png", media_type="image/png", size_bytes=len(CHART), digest=CHART_DIGEST)


def numbered(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The messages with `seq` and `message_id` as a hub would give them."""
    counts: dict[str, int] = {}
    out: list[AnyMessage] = []
    for place, message in enumerate(messages):
        counts[message.comm_id] = counts.get(message.comm_id, 0) + 1
        out.append(msgspec.structs.replace(message, seq=counts[message.comm_id], message_id=f"m{place}"))
    return out


def task(task_id: str, who: str, desc: str, *builds_on: str) -> TaskAssignment:
    return TaskAssignment(task_id=task_id, assignee=(who,), task_desc=desc, builds_on=builds_on)


def story(outcome: Any = "completed", conclusion: str = "# Answer\n\nThe mean is **4.2**.") -> list[AnyMessage]:
    """A team of three, two asynchronous tasks, a pause, a nested team, a synchronous task, a conclusion."""
    root: dict[str, Any] = {"comm_id": "c-root", "message_id": "x"}
    inner: dict[str, Any] = {"comm_id": "c-inner", "message_id": "x"}
    return numbered(
        [
            Launch(sender="Writer", goal="g", team_members=("Writer", "Data analyst", "Plotter"), team_up_depth=0,
                   max_turns=20, goal_id="goal-1", owner="@me", budgets=Budgets(), **root),
            AsyncTask(sender="Writer", content="go", next_speaker=("Data analyst", "Plotter"),
                      tasks=(task("t1", "Data analyst", "mean of price"), task("t2", "Plotter", "draw it")), **root),
            TaskStart(sender="Data analyst", task_id="t1", task_abstract="mean of price", **root),
            Pause(sender="Writer", content="wait", triggers=("t1", "t2"), **root),
            TaskProgress(sender="Data analyst", task_id="t1", content="50 %", **root),
            Subgroup(sender="@hub", task_id="t2", assignee="Plotter", subgroup="c-inner",
                     team_members=("Plotter", "Data analyst"), turns=5, **root),
            Launch(sender="Plotter", goal="draw", team_members=("Plotter", "Data analyst"), team_up_depth=1,
                   max_turns=5, goal_id="goal-1", owner="@me", parent=Parent(comm_id="c-root", task_id="t2"), **inner),
            Conclusion(sender="Plotter", content="drawn", artifacts=(chart(),), **inner),
            TaskResult(sender="@hub", task_id="t2", status="completed", task_conclusion="drawn", assignee="Plotter",
                       subgroup="c-inner", artifacts=(chart(),), **root),
            TaskResult(sender="Data analyst", task_id="t1", status="completed", task_conclusion="4.2", **root),
            SyncTask(sender="Writer", content="check", next_speaker=("Data analyst",),
                     tasks=(task("t3", "Data analyst", "check it", "t1"),), **root),
            TaskResult(sender="Data analyst", task_id="t3", status="completed", task_conclusion="right", **root),
            Conclusion(sender="Writer", content=conclusion, outcome=outcome, artifacts=(chart(),), **root),
        ]
    )  # fmt: skip


def cards() -> list[dict[str, object]]:
    return [
        {"card": {"name": "Writer", "description": "Writes reports."}, "online": True, "score": 0.4},
        {"card": {"name": "Pl\x1b[31motter", "description": "Draws\ncharts."}, "online": False, "score": 0.9},
    ]


@dataclass
class FakeHub:
    """`messages` are played as the goal's events; it then ends as `status`. With `hold_at`, the events stop after so
    many until the goal is cancelled, which a `deaf` hub never does; with `drop_at`, the first connection is lost."""

    messages: list[AnyMessage] = field(default_factory=story)
    status: str = "completed"
    hold_at: int | None = None
    drop_at: int | None = None
    conclusion: str | None = None
    posted: list[dict[str, Any]] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=lambda: {CHART_DIGEST: CHART})
    queries: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    deaf: bool = False
    asked_to_cancel: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    holding: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    _ended: bool = False
    _dropped: bool = False

    def goal(self) -> dict[str, object]:
        status = "cancelled" if self.cancelled.is_set() else self.status if self._ended else "running"
        said = next((m.content for m in reversed(self.messages) if isinstance(m, Conclusion)), None)
        return {
            "goal_id": "goal-1", "goal": self.posted[-1]["goal"] if self.posted else "an old goal", "owner": "me",
            "status": status, "initiator": "Writer", "comm_id": "c-root",
            "conclusion": (self.conclusion or said) if self._ended and not self.cancelled.is_set() else None,
            "artifacts": [], "created_at": STARTED_AT, "ended_at": STARTED_AT + 9 if self._ended else None,
            "groups": ["c-root", "c-inner"], "channels": {"nested": 4, "full": 3},
        }  # fmt: skip

    def entries(self) -> list[dict[str, Any]]:
        return [
            {"cursor": place + 10, "at": STARTED_AT + place * 0.5, "message": msgspec.to_builtins(message)}
            for place, message in enumerate(self.messages)
        ]

    def app(self) -> Starlette:
        routes = [
            Route("/v1/health", self._health),
            Route("/v1/agents", self._agents, methods=["GET"]),
            Route("/v1/goals", self._launch, methods=["POST"]),
            Route("/v1/goals", self._goals, methods=["GET"]),
            Route("/v1/goals/{goal_id}", self._goal),
            Route("/v1/goals/{goal_id}/cancel", self._cancel, methods=["POST"]),
            Route("/v1/goals/{goal_id}/events", self._events),
            Route("/v1/groups/{comm_id}", self._group),
            Route("/v1/groups/{comm_id}/cancel", self._cancel_group, methods=["POST"]),
            Route("/v1/groups/{comm_id}/messages", self._messages),
            Route("/v1/artifacts", self._upload, methods=["PUT"]),
            Route("/v1/artifacts/{digest}", self._download),
        ]
        return Starlette(routes=routes)

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": "0.1.0", "protocol": 1})

    async def _agents(self, request: Request) -> Response:
        self.queries.append(("agents", dict(request.query_params)))
        return self._allowed(request) or JSONResponse({"items": cards(), "next": None})

    async def _launch(self, request: Request) -> Response:
        if refused := self._allowed(request):
            return refused
        body = await request.json()
        if "Nobody" in body.get("team", []):
            return _error(422, "unknown_agent", "team: 'Nobody' is no agent of this hub")
        self.posted.append(body)
        return JSONResponse(self.goal(), 202)

    async def _goals(self, request: Request) -> Response:
        return self._allowed(request) or JSONResponse({"items": [self.goal()], "next": None})

    async def _goal(self, request: Request) -> Response:
        if request.path_params["goal_id"] != "goal-1":
            return _error(404, "unknown_goal", "there is no such goal")
        return self._allowed(request) or JSONResponse(self.goal())

    async def _cancel(self, request: Request) -> Response:
        self.asked_to_cancel.set()
        if not self.deaf:
            self.cancelled.set()
            self._ended = True
        return JSONResponse(self.goal())

    async def _cancel_group(self, request: Request) -> Response:
        self.queries.append(("cancel_group", {"comm_id": request.path_params["comm_id"]}))
        return JSONResponse({})

    async def _events(self, request: Request) -> Response:
        after = int(request.headers.get("last-event-id", "0"))
        return StreamingResponse(self._stream(after), media_type="text/event-stream")

    async def _stream(self, after: int):
        import anyio

        yield b": hello\n\n"
        yield f"event: goal\ndata: {json.dumps(self.goal())}\n\n".encode()
        for place, entry in enumerate(self.entries()):
            if self.drop_at == place and not self._dropped:
                self._dropped = True
                return
            if self.hold_at == place:
                self.holding.set()
                await anyio.to_thread.run_sync(self.cancelled.wait)
                break
            if int(str(entry["cursor"])) > after:
                yield f"id: {entry['cursor']}\nevent: message\ndata: {json.dumps(entry)}\n\n".encode()
        self._ended = True
        yield f"event: goal\ndata: {json.dumps(self.goal())}\n\n".encode()

    async def _group(self, request: Request) -> Response:
        comm_id = request.path_params["comm_id"]
        if comm_id not in ("c-root", "c-inner"):
            return _error(404, "unknown_group", f"comm_id {comm_id!r} is no group of this hub")
        return JSONResponse({"comm_id": comm_id, "goal": "g", "goal_id": "goal-1", "state": "conclusion"})

    async def _messages(self, request: Request) -> Response:
        comm_id, after = request.path_params["comm_id"], int(request.query_params.get("after", "0"))
        items = [e for e in self.entries() if e["message"]["comm_id"] == comm_id and e["message"]["seq"] > after]
        page = items[:4]  # small pages, so that paging is tried
        following = page[-1]["message"]["seq"] if len(items) > len(page) else None
        return JSONResponse({"items": page, "next": following})

    async def _upload(self, request: Request) -> Response:
        content = await request.body()
        if len(content) > 1_000_000:
            return _error(413, "too_large", "at most 1000000 bytes")
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        self.uploads[digest] = content
        query = request.query_params
        made = {"name": query["name"], "media_type": query["media_type"], "size_bytes": len(content), "digest": digest}
        return JSONResponse(made, 201)

    async def _download(self, request: Request) -> Response:
        content = self.uploads.get(request.path_params["digest"])
        return _error(404, "unknown_artifact", "no such file") if content is None else Response(content)

    def _allowed(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return _error(401, "not_authenticated", "the token is not known")


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    """The hub on a port of loopback, in a thread of its own."""
    config = uvicorn.Config(hub.app(), host="127.0.0.1", port=0, log_level="error", lifespan="off",
                            timeout_graceful_shutdown=1, ws="none")  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)  # uvicorn has no event for this
    hub.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield hub
    finally:
        hub.cancelled.set()
        server.should_exit = True
        thread.join(60)
