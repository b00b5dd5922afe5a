"""The one client of all network tools: polite, bounded, and unable to reach private addresses.

Timeouts for each step and for the whole; a limit on bytes that counts what arrives, decompressed; every redirect judged
like a first request; robots.txt; retries only where a second try can succeed. Every failure is a `WebFailed` or an
`AddressRefused` that says which address, what happened and what to do.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import httpx
import msgspec

from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.web.addresses import AddressGuard
from ioa.adapters.agents.react.web.bodies import BadEncoding, TooLarge, decompressed
from ioa.adapters.agents.react.web.cache import ReplyCache
from ioa.adapters.agents.react.web.etiquette import Politeness, asked_wait_s, wait_before_retry_s
from ioa.adapters.agents.react.web.guarded_transport import GuardedTransport
from ioa.adapters.agents.react.web.replies import Reply, WebFailed, refused
from ioa.adapters.agents.react.web.site_rules import SiteRules
from ioa.adapters.clock import SystemClock
from ioa.ports.clock import Clock
from ioa.version import version

PRODUCT = "InternetOfAgents"
_REDIRECTS = (301, 302, 303, 307, 308)
_TRY_AGAIN = (429, 502, 503, 504)
_SAID_BYTES = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """Seconds and bytes for one request with its redirects; `whole_s` covers the exchange, not waiting in line."""

    connect_s: float = 10.0
    read_s: float = 20.0
    whole_s: float = 60.0
    page_bytes: int = 8 * 2**20
    download_bytes: int = 64 * 2**20
    redirects: int = 5
    tries: int = 3
    longest_wait_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    body: bytes | None
    robots: bool
    pause_s: float


class WebClient:
    """Use it as `async with`. One for each task: cache, politeness and limits are the task's."""

    def __init__(
        self,
        *,
        guard: AddressGuard | None = None,
        limits: WebLimits | None = None,
        clock: Clock | None = None,
        honour_robots: bool = True,
        contact: str = "",
        pause_s: float = 0.1,
        chance: random.Random | None = None,
    ) -> None:
        """`contact`: an address or page that is sent along in User-Agent, as Wikimedia and arXiv ask for."""
        self.guard = guard or AddressGuard()
        self.limits = limits or WebLimits()
        self.clock = clock or SystemClock()
        self.user_agent = f"{PRODUCT}/{version()} (tool of an agent working for one person{contact and f'; {contact}'})"
        self._honour_robots = honour_robots
        self._chance = chance or random.Random()
        self._politeness = Politeness(self.clock, pause_s=pause_s)
        self._cache = ReplyCache(self.clock)
        self._sites = SiteRules(self._opened_for_programs, PRODUCT)
        self._http = httpx.AsyncClient(
            transport=GuardedTransport(self.guard),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(self.limits.read_s, connect=self.limits.connect_s),
        )

    @classmethod
    def of(cls, setting: ToolSetting) -> WebClient:
        """The client for a task's setting. `IOA_WEB_CONTACT`, and `IOA_WEB_ROBOTS=off` for sites of one's own."""
        return cls(
            guard=AddressGuard(setting.allowed_private),
            limits=WebLimits(
                page_bytes=setting.limits.page_bytes,
                download_bytes=setting.limits.download_bytes,
                whole_s=setting.limits.call_s,
            ),
            clock=setting.clock,
            honour_robots=setting.option("web", "robots", "IOA_WEB_ROBOTS", "on").lower() not in ("off", "0", "false"),
            contact=setting.option("web", "contact", "IOA_WEB_CONTACT"),
        )

    async def __aenter__(self) -> WebClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        api: bool = False,
        accept: Sequence[str] = (),
        pause_s: float = 0.0,
        limit_bytes: int | None = None,
    ) -> Reply:
        """The whole body of `url`, from memory when it was fetched a moment ago.

        `api`: an endpoint made for programs, which robots.txt does not speak of. `accept`: media types that are
        wanted, or beginnings of them (`text/`); others are refused before their body is read. `pause_s`: what this
        service asks between requests. Raises `WebFailed`, `AddressRefused`.
        """
        asked = self._asked("GET", url, params, headers, None, api=api, pause_s=pause_s)
        key = (str(asked.url), tuple(sorted(asked.headers.items())), tuple(accept))
        known = self._cache.get(key)
        if known is not None:
            return known
        reply = await self._whole(asked, accept, limit_bytes or self.limits.page_bytes)
        self._cache.put(key, reply)
        return reply

    async def post_json(self, url: str, payload: object, *, headers: Mapping[str, str] | None = None) -> Reply:
        """The answer of an endpoint that asks for JSON; robots.txt does not apply. Raises as `get`."""
        body = msgspec.json.encode(payload)
        sent = {"content-type": "application/json", **(headers or {})}
        asked = self._asked("POST", url, None, sent, body, api=True, pause_s=0.0)
        return await self._whole(asked, (), self.limits.page_bytes)

    async def download(self, url: str, path: Path, *, api: bool = False, pause_s: float = 0.0) -> Reply:
        """Write the body of `url` to `path`, which must not exist; the answer has no content. Raises as `get`, and
        leaves no file behind then."""
        asked = self._asked("GET", url, None, None, None, api=api, pause_s=pause_s)
        done = False
        try:
            opened = path.open("xb")
        except FileExistsError as error:
            raise WebFailed(url, f"the file {path.name} is there already", "Download it again.") from error
        with opened as file:
            try:
                async with self._opened(asked) as response:
                    async for part in self._parts(response, self.limits.download_bytes):
                        file.write(part)
                done = True
            finally:
                if not done:
                    path.unlink(missing_ok=True)  # noqa: ASYNC240 - a moment, and it must happen even when cancelled
        return Reply(str(response.url), response.status_code, _headers(response), b"")

    async def allowed_by_robots(self, url: str) -> bool:
        """Whether the site lets this program fetch `url`."""
        found = self._readable(url)
        return not self._honour_robots or (await self._sites.rules(_origin(found))).allows(_path_of(found))

    def _asked(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        *,
        api: bool,
        pause_s: float,
    ) -> _Asked:
        parsed_url = self._readable(url)
        if params:
            parsed_url = parsed_url.copy_merge_params(dict(params))
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        robots = self._honour_robots and not api
        return _Asked(method=method, url=parsed_url, headers=lower, body=body, robots=robots, pause_s=pause_s)

    def _readable(self, url: str) -> httpx.URL:
        try:
            found = httpx.URL(url.strip())
            _ = urlsplit(str(found)).port  # refuses ports that are none
        except (httpx.InvalidURL, ValueError) as error:
            raise WebFailed(url, f"this is not an address ({error})", "Write https://host/path.") from error
        if found.scheme not in ("http", "https"):
            what = f"addresses of the kind {found.scheme!r} are not opened" if found.scheme else "the scheme misses"
            raise WebFailed(url, what, "Write https://host/path.")
        if not found.host:
            raise WebFailed(url, "the address names no host", "Write https://host/path.")
        if found.userinfo:
            shown = str(found.copy_with(username=None, password=None))
            raise WebFailed(shown, "addresses with a name and password in them are not opened", "Leave them out.")
        return found.copy_with(fragment=None)

    async def _whole(self, asked: _Asked, accept: Sequence[str], limit_bytes: int) -> Reply:
        content = bytearray()
        async with self._opened(asked) as response:
            self._check_kind(response, accept)
            async for part in self._parts(response, limit_bytes):
                content += part
        return Reply(str(response.url), response.status_code, _headers(response), bytes(content))

    def _opened_for_programs(self, url: str) -> AbstractAsyncContextManager[httpx.Response]:
        return self._opened(self._asked("GET", url, None, None, None, api=True, pause_s=0.0))

    @asynccontextmanager
    async def _opened(self, asked: _Asked) -> AsyncGenerator[httpx.Response]:
        """A good answer, its body unread, after redirects and retries."""
        attempt = 0
        while True:
            try:
                async with self._once(asked) as response:
                    if response.status_code < 400:
                        yield response
                        return
                    failure, wait_s = await self._said_no(response, attempt)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = WebFailed(str(asked.url), f"the server cannot be reached ({error or 'no answer'})", "Check "
                                    "the address, or try another source.")  # fmt: skip
                failure.__cause__ = error
                wait_s = wait_before_retry_s(attempt, self._chance)
            attempt += 1
            if wait_s is None or attempt >= self.limits.tries:
                raise failure
            await self.clock.sleep(wait_s)

    async def _said_no(self, response: httpx.Response, attempt: int) -> tuple[WebFailed, float | None]:
        """The failure for a bad status, and how long to wait before another try; `None`: another is of no use."""
        said = bytearray()
        try:
            async for part in self._parts(response, _SAID_BYTES):
                said += part
        except (TooLarge, WebFailed):
            pass  # the beginning is enough
        failure = refused(str(response.url), response.status_code, said.decode("utf-8", errors="replace"))
        if response.status_code not in _TRY_AGAIN:
            return failure, None
        asked_s = asked_wait_s(response.headers.get("retry-after", ""), self.clock.now_s())
        if asked_s is not None and asked_s > self.limits.longest_wait_s:
            text = f"the server answered {response.status_code} and asks to come back in {asked_s:.0f} s"
            return WebFailed(failure.url, text, "Use another source.", status=failure.status, body=failure.body), None
        return failure, asked_s if asked_s is not None else wait_before_retry_s(attempt, self._chance)

    @asynccontextmanager
    async def _once(self, asked: _Asked) -> AsyncGenerator[httpx.Response]:
        """Follow redirects by hand, so that each hop is judged like a first request."""
        method, url, headers, body = asked.method, asked.url, dict(asked.headers), asked.body
        for _ in range(self.limits.redirects + 1):
            pause_s = asked.pause_s
            if asked.robots:
                rules = await self._sites.rules(_origin(url))
                if not rules.allows(_path_of(url)):
                    raise _kept_out(url, unknown=rules.unknown)
                pause_s = max(pause_s, min(rules.delay_s, self.limits.longest_wait_s))
            async with self._politeness.turn(_origin(url), pause_s), self._exchange(method, url, headers, body) as got:
                if got.status_code not in _REDIRECTS or "location" not in got.headers:
                    yield got
                    return
                target = self._readable(str(url.join(got.headers["location"])))
            if got.status_code == 303 or (got.status_code in (301, 302) and method == "POST"):
                method, body = "GET", None
                headers.pop("content-type", None)
            if _origin(target) != _origin(url):
                # Keys are for the host they were meant for.
                headers = {name: value for name, value in headers.items() if name in ("accept", "content-type")}
            url = target
        raise WebFailed(str(asked.url), f"more than {self.limits.redirects} redirects, last to {url}", "Try another "
                        "address.")  # fmt: skip

    @asynccontextmanager
    async def _exchange(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncGenerator[httpx.Response]:
        sent = {"user-agent": self.user_agent, "accept-encoding": "gzip, deflate", **headers}
        request = self._http.build_request(method, url, headers=sent, content=body)
        try:
            async with asyncio.timeout(self.limits.whole_s):
                response = await self._http.send(request, stream=True)
                try:
                    yield response
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise WebFailed(
                str(url), f"it took longer than {self.limits.whole_s:g} s", "Try another source."
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise  # worth another try
        except httpx.TimeoutException as error:
            what = f"the server said nothing for {self.limits.read_s:g} s"
            raise WebFailed(str(url), what, "Try later, or another source.") from error
        except httpx.HTTPError as error:
            what = f"the connection broke ({error or type(error).__name__})"
            raise WebFailed(str(url), what, "Try later, or another source.") from error

    async def _parts(self, response: httpx.Response, limit_bytes: int) -> AsyncIterator[bytes]:
        """The decompressed body. Raises `WebFailed`."""
        encoding = response.headers.get("content-encoding", "")
        try:
            async for part in decompressed(response.aiter_raw(), encoding, limit_bytes):
                yield part
        except TooLarge as error:
            what = f"the body is larger than {limit_bytes:,} bytes"
            raise WebFailed(str(response.url), what, "Fetch something smaller.") from error
        except BadEncoding as error:
            raise WebFailed(str(response.url), str(error), "Try another source.") from error

    def _check_kind(self, response: httpx.Response, accept: Sequence[str]) -> None:
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if accept and kind and not kind.startswith(tuple(accept)):
            raise WebFailed(
                str(response.url),
                f"this is {kind}, not a page of text",
                "Download it as a file instead.",
                status=response.status_code,
            )


def _kept_out(url: httpx.URL, *, unknown: bool) -> WebFailed:
    if unknown:
        return WebFailed(str(url), "the site cannot say what programs may fetch (its robots.txt fails)", "Try later.")
    what = "the site's robots.txt asks programs not to fetch this"
    return WebFailed(str(url), what, "Use another source, or the site's interface for programs.")


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _path_of(url: httpx.URL) -> str:
    return url.raw_path.decode("ascii")
