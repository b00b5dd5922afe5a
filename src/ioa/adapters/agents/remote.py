"""An agent behind a URL: one HTTP POST a task, JSON there and JSON or plain text back.

Request: {"task_id", "task_desc", "earlier": [{"agent", "task_desc", "conclusion"}],
          "files": [{"name", "media_type", "size_bytes", "content_base64"}]}
Answer:  {"conclusion": "...", "abstract": "..."} or text/plain.
The request carries `Idempotency-Key: task_id`, and `traceparent` (W3C Trace Context) where the task is traced.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ioa.adapters.agents.function import RESULT_LIMIT_BYTES, checked
from ioa.ports.agent import AgentFailed, Assignment, Outcome, ReportProgress
from ioa.ports.tracing import here

if TYPE_CHECKING:  # 0.3 s of CPU to import: only when an agent has a URL
    import httpx

FILES_LIMIT_BYTES = 16 * 1024 * 1024
_ANSWER_LIMIT_BYTES = 6 * RESULT_LIMIT_BYTES + 4096  # JSON may write a byte in six
_CONNECT_S = 10.0

Resolve = Callable[[str, int], Awaitable[list[str]]]


class BadAddress(ValueError):
    """A URL that is not called. The text says which part of it, and the remedy."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system's resolver gives them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class RemoteAgent:
    """Posts a task to `url`. Private, loopback and link-local addresses are refused unless `allow_private`.

    The name is resolved here and the connection goes to the address that was checked, so that a name server
    cannot change its mind in between; redirects are not followed, proxies of the environment not used.
    """

    url: str
    name: str
    allow_private: bool = False
    timeout_s: float = 600.0
    resolver: Resolve = resolve
    transport: httpx.AsyncBaseTransport | None = None

    def __post_init__(self) -> None:
        import httpx

        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL as error:
            raise BadAddress(f"url: {self.url!r} is not an address ({error}).") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise BadAddress(f"url: {self.url!r} must begin with http:// or https:// and name a host.")
        if url.userinfo:
            raise BadAddress("url: contains a user name or password; addresses are shown in logs, leave it out.")

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Post the task, wait for its result. Raises `AgentFailed`; cancelling closes the connection."""
        import httpx

        body = await asyncio.to_thread(_request, assignment)
        url = httpx.URL(self.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        address = await self._address(url.host, port)
        timeout = httpx.Timeout(self.timeout_s, connect=_CONNECT_S)
        try:
            async with (
                asyncio.timeout(self.timeout_s),
                httpx.AsyncClient(timeout=timeout, trust_env=False, transport=self.transport) as client,
                client.stream(
                    "POST",
                    url.copy_with(host=address),
                    content=body,
                    headers={
                        "Host": url.netloc.decode("ascii"),
                        "Content-Type": "application/json",
                        "Accept": "application/json, text/plain",
                        "Idempotency-Key": assignment.task_id.encode("ascii", "replace").decode(),
                        **_trace(),
                    },
                    extensions={"sni_hostname": url.host} if url.scheme == "https" else {},
                ) as response,
            ):
                content = await self._read(response)
                return checked(self._conclusion(response, content), self.name)
        except TimeoutError:
            raise AgentFailed(f"{self.name} at {self.url} did not answer within {self.timeout_s:g} seconds.") from None
        except httpx.HTTPError as error:
            raise AgentFailed(
                f"{self.name} at {self.url} could not be reached: {type(error).__name__}: {error}; is it running?"
            ) from error

    async def _address(self, host: str, port: int) -> str:
        bare = host.strip("[]")
        try:
            addresses = [str(ipaddress.ip_address(bare))]
        except ValueError:
            try:
                addresses = await self.resolver(bare, port)
            except (OSError, UnicodeError) as error:
                raise AgentFailed(f"{self.name}: the host {host!r} is not known ({error}); check `url`.") from error
        if not addresses:
            raise AgentFailed(f"{self.name}: the host {host!r} has no address; check `url`.")
        if not self.allow_private:
            for address in addresses:
                if not is_public(address):
                    raise AgentFailed(
                        f"{self.name}: {host!r} is the private address {address}, which is not called; "
                        "write allow_private: true in the agent.yaml if that is what you want."
                    )
        return addresses[0]

    async def _read(self, response: httpx.Response) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > _ANSWER_LIMIT_BYTES:
                raise AgentFailed(
                    f"{self.name} answered with more than {_ANSWER_LIMIT_BYTES:,} bytes; it must answer shorter."
                )
        return bytes(content)

    def _conclusion(self, response: httpx.Response, content: bytes) -> object:
        text = content.decode("utf-8", errors="replace")
        if not response.is_success:
            said = " ".join(text.split())[:500]
            raise AgentFailed(f"{self.name} at {self.url} answered {response.status_code}: {said or 'nothing more'}")
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            if media and not media.startswith("text/plain"):
                raise AgentFailed(f"{self.name} answered with {media!r}, not application/json or text/plain.")
            return text
        try:
            answer = cast("object", json.loads(text))
        except (ValueError, RecursionError) as error:
            raise AgentFailed(f"{self.name} answered with JSON that cannot be read: {error}") from error
        if isinstance(answer, str):
            return answer
        fields = cast("dict[str, object]", answer if isinstance(answer, dict) else {})
        if "conclusion" not in fields:
            shown = ", ".join(list(fields)[:8]) or "nothing"
            raise AgentFailed(f'{self.name} answered without "conclusion" (it has: {shown}).')
        abstract = fields.get("abstract", "")
        conclusion = fields["conclusion"]
        if isinstance(conclusion, str) and isinstance(abstract, str):
            return Outcome(conclusion, abstract[:500])
        return conclusion


def is_public(address: str) -> bool:
    """Is this an address of the public internet, also when it is an IPv4 address dressed as IPv6?"""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is None and ip in ipaddress.IPv6Network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _trace() -> dict[str, str]:
    place = here().traceparent
    return {"traceparent": place} if place is not None else {}


def _request(assignment: Assignment) -> bytes:
    files = [*assignment.files, *(file for result in assignment.earlier for file in result.files)]
    room = FILES_LIMIT_BYTES
    listed: list[dict[str, object]] = []
    for file in files:
        size = Path(file.path).stat().st_size
        if size > room:
            raise AgentFailed(
                f"The files of this task are larger than {FILES_LIMIT_BYTES:,} bytes together (at {file.name!r}); "
                "an agent behind a URL cannot take them."
            )
        room -= size
        listed.append(
            {
                "name": file.name,
                "media_type": file.media_type,
                "size_bytes": size,
                "content_base64": base64.b64encode(Path(file.path).read_bytes()).decode(),
            }
        )
    earlier = [
        {"agent": result.agent, "task_desc": result.task_desc, "conclusion": result.conclusion}
        for result in assignment.earlier
    ]
    body = {
        "task_id": assignment.task_id,
        "task_desc": assignment.task_desc,
        "earlier": earlier,
        "files": listed,
    }
    return json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")
