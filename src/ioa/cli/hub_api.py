"""The hub's HTTP API, typed: one method a request. Its errors are `HubProblem` (unreachable, token) and `Rejected`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from ioa.cli.event_stream import Event, read_events
from ioa.cli.failures import BadInput, HubProblem
from ioa.cli.records import (
    Agent,
    Entry,
    Goal,
    GroupRecord,
    Health,
    ModelCall,
    Page,
    Refused,
    Registration,
    SignInLink,
    Trouble,
)
from ioa.protocol.cards import Card
from ioa.protocol.messages import Artifact

T = TypeVar("T")
PAGE = 200
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 60.0
SILENCE_LIMIT_S = 90.0
"""An event stream sends comments while nothing happens; one that is silent for so long is dead."""


class Rejected(BadInput):
    """The hub refused a request; `status` is HTTP's, `reason` the hub's own code."""

    def __init__(self, status: int, trouble: Trouble) -> None:
        legal = f" Possible: {', '.join(trouble.legal)}." if trouble.legal else ""
        super().__init__(f"{trouble.message or trouble.code}{legal}")
        self.status = status
        self.reason = trouble.code


class HubApi:
    """A hub at `url`. Use as an async context manager, or call `close`."""

    def __init__(self, url: str, token: str | None, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._has_token = bool(token)
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            transport=transport,
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            # A proxy of the environment is not asked for hubs on this machine.
            trust_env=not _is_loopback(self.url),
        )

    async def __aenter__(self) -> HubApi:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def health(self) -> Health:
        return await self._get("/v1/health", Health)

    async def takes_signed_cards(self) -> bool:
        """Whether the hub says that it does. One that is older has no word for it."""
        try:
            return (await self.health()).signed_cards
        except Rejected:
            return False

    async def accepts_token(self) -> bool:
        """Whether the hub knows our token. Raises `HubProblem` when it cannot be reached."""
        try:
            answer = await self._http.get("/v1/agents", params={"limit": "1"})
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error
        return answer.status_code != 401

    async def sign_in_link(self) -> str:
        """The address of the page with a code that signs this user in, once. Raises `Rejected` for agents."""
        link = await self._send("POST", "/v1/sign-in/links", SignInLink, json={})
        return self.url.rstrip("/") + link.path

    async def register(self, card: Card, *, rotate: bool = False) -> Registration:
        """Raises `Rejected` (name_taken) for a name that exists, unless it is one's own and `rotate` is set."""
        return await self._send("POST", "/v1/agents", Registration, json=card, params=_query(rotate=rotate or None))

    async def update_card(self, card: Card) -> None:
        await self._request("PUT", f"/v1/agents/{quote(card.name, safe='')}", json=card)

    async def agents(
        self,
        search: str | None = None,
        *,
        online: bool | None = None,
        agent_type: str | None = None,
        skill: str | None = None,
        verified: bool | None = None,
        limit: int = 50,
    ) -> tuple[Agent, ...]:
        """The registered agents; with `search`, the best `limit` of them, best first."""
        params = _query(search=search, online=online, type=agent_type, skill=skill, verified=verified)
        return await self._all("/v1/agents", Agent, params, limit)

    async def launch(
        self,
        goal: str,
        *,
        team: Sequence[str] = (),
        max_turns: int | None = None,
        budgets: Mapping[str, float] | None = None,
        artifacts: Sequence[Artifact] = (),
        continues: str | None = None,
        idempotency_key: str = "",
    ) -> Goal:
        """Give the network a goal."""
        body: dict[str, object] = {"goal": goal}
        body |= {"team": list(team)} if team else {}
        body |= {"max_turns": max_turns} if max_turns is not None else {}
        body |= {"budgets": dict(budgets)} if budgets else {}
        body |= {"artifacts": list(artifacts)} if artifacts else {}
        body |= {"continues": continues} if continues else {}
        headers = {"idempotency-key": idempotency_key} if idempotency_key else {}
        return await self._send("POST", "/v1/goals", Goal, json=body, headers=headers)

    async def goal(self, goal_id: str) -> Goal:
        return await self._get(f"/v1/goals/{quote(goal_id, safe='')}", Goal)

    async def calls(self, goal_id: str) -> tuple[ModelCall, ...]:
        """All model calls of a goal, oldest first."""
        return await self._all(f"/v1/goals/{quote(goal_id, safe='')}/calls", ModelCall, {}, None)

    async def goals(self, limit: int = 50) -> tuple[Goal, ...]:
        return await self._all("/v1/goals", Goal, {}, limit)

    async def cancel_goal(self, goal_id: str) -> None:
        await self._request("POST", f"/v1/goals/{quote(goal_id, safe='')}/cancel", json={})

    async def group(self, comm_id: str) -> GroupRecord:
        return await self._get(f"/v1/groups/{quote(comm_id, safe='')}", GroupRecord)

    async def groups(self, *, goal_id: str | None = None, limit: int = 50) -> tuple[GroupRecord, ...]:
        return await self._all("/v1/groups", GroupRecord, _query(goal_id=goal_id), limit)

    async def cancel_group(self, comm_id: str, reason: str = "") -> None:
        body = {"reason": reason} if reason else {}
        await self._request("POST", f"/v1/groups/{quote(comm_id, safe='')}/cancel", json=body)

    async def messages(self, comm_id: str) -> tuple[Entry, ...]:
        """The whole log of a group."""
        return await self._all(f"/v1/groups/{quote(comm_id, safe='')}/messages", Entry, {}, None)

    async def upload(self, path: Path, name: str, media_type: str) -> Artifact:
        """Raises `Rejected` with status 413 for a file that is too large for the hub."""

        async def chunks() -> AsyncIterator[bytes]:
            with path.open("rb") as source:  # a local file, 256 KiB at a time
                while piece := source.read(262_144):
                    yield piece

        answer = await self._request(
            "PUT", "/v1/artifacts", params=_query(name=name, media_type=media_type), content=chunks()
        )
        return _decode(answer.content, Artifact, "/v1/artifacts")

    async def download(self, digest: str) -> bytes:
        return (await self._request("GET", f"/v1/artifacts/{quote(digest, safe=':')}")).content

    @asynccontextmanager
    async def events(self, goal_id: str, last_id: str = "") -> AsyncGenerator[AsyncIterator[Event]]:
        """The event stream of a goal, from the beginning or after `last_id`. Raises `HubProblem` when it breaks."""
        path = f"/v1/goals/{quote(goal_id, safe='')}/events"
        headers = {"accept": "text/event-stream"} | ({"last-event-id": last_id} if last_id else {})
        limit = httpx.Timeout(SILENCE_LIMIT_S, connect=CONNECT_TIMEOUT_S)
        try:
            async with self._http.stream("GET", path, headers=headers, timeout=limit) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                    self._check(answer)
                yield read_events(answer.aiter_bytes())
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    async def plain(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The JSON that the hub answers, as it is."""
        return _decode((await self._request(method, path, json=body)).content, dict[str, Any], path)

    async def plain_pages(self, path: str, params: Mapping[str, str], limit: int | None = None) -> list[dict[str, Any]]:
        """All items of a list, or `limit` of them, as they are."""
        return list(await self._all(path, dict[str, Any], params, limit))

    async def _get(self, path: str, of: type[T]) -> T:
        return await self._send("GET", path, of)

    async def _send(
        self,
        method: str,
        path: str,
        of: type[T],
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        answer = await self._request(method, path, json=json, params=params, headers=headers)
        return _decode(answer.content, of, path)

    async def _all(self, path: str, of: type[T], params: Mapping[str, str], limit: int | None) -> tuple[T, ...]:
        """All pages of a list, or as many as hold `limit` items."""
        found: list[T] = []
        after: str | int | None = None
        while True:
            wanted = PAGE if limit is None else min(PAGE, limit - len(found))
            query = {**params, "limit": str(wanted)} | ({} if after is None else {"after": str(after)})
            page: Page[T] = _decode((await self._request("GET", path, params=query)).content, Page[of], path)
            found += page.items
            if page.next is None or page.next == after or (limit is not None and len(found) >= limit):
                return tuple(found if limit is None else found[:limit])
            after = page.next

    async def _request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: AsyncIterator[bytes] | None = None,
    ) -> httpx.Response:
        sent: bytes | AsyncIterator[bytes] | None = content
        extra = dict(headers or {})
        if json is not None:
            sent = msgspec.json.encode(json)
            extra["content-type"] = "application/json"
        try:
            answer = await self._http.request(method, path, params=params, headers=extra, content=sent)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error
        self._check(answer)
        return answer

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code < 400:
            return
        try:
            trouble = msgspec.json.decode(answer.content, type=Refused).error
        except msgspec.DecodeError:
            trouble = Trouble("internal", f"{self.url} answered HTTP {answer.status_code}; is it an ioa hub?")
        if answer.status_code == 401:
            how = "is not valid there" if self._has_token else "is missing"
            raise HubProblem(
                f"The hub at {self.url} wants a token, and yours {how}. Give the one that `ioa hub` shows where it is: "
                "--token TOKEN, or IOA_TOKEN in the environment."
            )
        raise Rejected(answer.status_code, trouble)

    def _unreachable(self, error: Exception) -> HubProblem:
        text = str(error) or type(error).__name__
        return HubProblem(
            f"The hub at {self.url} cannot be reached ({text}). Is it running (ioa hub), and is the URL right?"
        )


def _decode(content: bytes, of: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(content, type=of)
    except msgspec.DecodeError as error:
        raise HubProblem(f"The hub's answer to {path} is not understood ({error}); do the versions match?") from error


def _query(**params: str | bool | None) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in params.items()
        if value is not None
    }


def _is_loopback(url: str) -> bool:
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        return False
    return host in ("localhost", "::1") or host.startswith("127.")
