"""Pages opened by Chromium through Playwright, its connections judged by the guard. Extra `browser`."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_engine import KINDS, Loaded, PageLeft
from ioa.adapters.agents.react.web.guard_proxy import GuardProxy

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Request, Response, Route

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_GOTO_MS, _QUIET_MS, _CLICK_MS = 25_000, 3_000, 5_000
_BYTES = 256 * 2**20
_ARGUMENTS = [
    # Nothing may go past the proxy: no QUIC, no WebRTC, no look-ups and no calls home of the browser's own.
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--dns-prefetch-disable",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
_SKIPPED = ("media", "font")

# Numbers what can be clicked, marks what nobody sees, and keeps links from opening windows.
_MARK = """() => {
  const active = 'a[href]:not([href^="#"]), button, summary, textarea, select, input:not([type=hidden]),'
    + '[role=button], [role=link], [role=tab]';
  document.querySelectorAll('[data-ioa-n]').forEach(e => e.removeAttribute('data-ioa-n'));
  document.querySelectorAll('[data-ioa-hidden]').forEach(e => e.removeAttribute('data-ioa-hidden'));
  let number = 0;
  for (const e of document.querySelectorAll('body *')) {
    if (e.checkVisibility && !e.checkVisibility({visibilityProperty: true}) && e.tagName !== 'BR') {
      e.setAttribute('data-ioa-hidden', '');
    } else if (e.matches(active)) {
      e.setAttribute('data-ioa-n', String(++number));
      if (e.target) e.target = '';
    }
  }
}"""


def chromium_path(setting: ToolSetting) -> str | None:
    """The browser's program: `IOA_CHROMIUM`, else the first known name on the PATH, else where macOS keeps it."""
    given = setting.option("web_browser", "chromium", "IOA_CHROMIUM")
    if given:
        return given
    path = setting.environment.get("PATH")
    found = next((where for name in _PROGRAMS if (where := shutil.which(name, path=path))), None)
    return found or next((one for one in _MAC if os.access(one, os.X_OK)), None)


def why_not(setting: ToolSetting) -> str | None:
    """What misses for Chromium, in words; `None` when it can be tried."""
    if setting.option("web_browser", "javascript", "IOA_BROWSER_JAVASCRIPT", "on").lower() in ("off", "0", "false"):
        return "scripts are switched off (IOA_BROWSER_JAVASCRIPT)"
    if importlib.util.find_spec("playwright") is None:
        return 'Playwright is not installed (pip install "internet-of-agents[browser]")'
    if chromium_path(setting) is None:
        return "there is no Chromium (install it, or set IOA_CHROMIUM to its path)"
    return None


@asynccontextmanager
async def chromium(setting: ToolSetting) -> AsyncGenerator[ChromiumEngine]:
    """Start the browser. Raises `ToolFailed` when it does not start."""
    from playwright.async_api import Error, async_playwright

    web = setting.the_web()
    async with GuardProxy(web.guard, limit_bytes=_BYTES) as proxy, async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=chromium_path(setting),
                proxy={"server": proxy.url, "bypass": "<-loopback>"},
                args=_ARGUMENTS,
                # Chromium's own sandbox does not work for root; containers that forbid it need the switch.
                chromium_sandbox=_sandboxed(setting),
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except Error as error:
            first = error.message.strip().splitlines()
            raise ToolFailed(
                f"Chromium does not start: {' '.join(first[:3])[:300]} (in a container, set IOA_CHROMIUM_SANDBOX=off)."
            ) from error
        try:
            context = await browser.new_context(
                user_agent=web.user_agent, accept_downloads=False, service_workers="block", locale="en-US"
            )
            context.set_default_timeout(_CLICK_MS)
            yield ChromiumEngine(setting, context, await context.new_page(), proxy)
        finally:
            await browser.close()


def _sandboxed(setting: ToolSetting) -> bool:
    if setting.option("web_browser", "chromium_sandbox", "IOA_CHROMIUM_SANDBOX", "on").lower() in ("off", "0", "false"):
        return False
    return not (hasattr(os, "geteuid") and os.geteuid() == 0)


class ChromiumEngine:
    """`Engine` over one page at a time of one browser."""

    def __init__(self, setting: ToolSetting, context: BrowserContext, page: Page, proxy: GuardProxy) -> None:
        self._setting = setting
        self._web = setting.the_web()
        self._context = context
        self._page = page
        self._proxy = proxy
        self._sound = False  # whether the page is watched, and nothing failed on it
        self._kept_out = ""
        self._kind = ""
        self._status = 0

    async def open(self, url: str) -> Loaded:
        from playwright.async_api import Error

        if not self._sound:
            # The browser's error page may come late, into the middle of the next: it gets a page of its own.
            await self._page.close()
            self._page = await self._context.new_page()
            await self._page.route("**/*", self._judged)
            self._page.on("response", self._answered)
            self._sound = True
        self._begin()
        try:
            await self._page.goto(url, wait_until="domcontentloaded", timeout=_GOTO_MS)
        except Error as error:
            raise self._failure(url, error.message) from error
        return await self._loaded()

    async def click(self, number: int) -> Loaded:
        from playwright.async_api import Error

        self._begin()
        try:
            await self._page.locator(f'[data-ioa-n="{number}"]').first.click(timeout=_CLICK_MS)
        except Error as error:
            raise ToolFailed(f"[{number}] cannot be clicked: {_first_line(error.message)}.") from error
        return await self._loaded()

    async def fill(self, number: int, text: str, *, submit: bool) -> Loaded:
        from playwright.async_api import Error

        self._begin()
        field = self._page.locator(f'[data-ioa-n="{number}"]').first
        try:
            if await field.evaluate("e => e.tagName", timeout=_CLICK_MS) == "SELECT":
                await field.select_option(label=text, timeout=_CLICK_MS)
            else:
                await field.fill(text, timeout=_CLICK_MS)
            if submit:
                await field.press("Enter", timeout=_CLICK_MS)
        except Error as error:
            raise ToolFailed(f"[{number}] cannot be filled in: {_first_line(error.message)}.") from error
        return await self._loaded()

    def _begin(self) -> None:
        self._kept_out = self._kind = ""
        self._status = 0
        self._proxy.refusals.clear()

    async def _loaded(self) -> Loaded:
        """The page as it stands once it is quiet; its end address is judged like its first."""
        from playwright.async_api import Error

        with suppress(Error):  # some pages never are quiet
            await self._page.wait_for_load_state("networkidle", timeout=_QUIET_MS)
        url = self._page.url
        refused = self._kept_out or (self._refusal_of(url) if self._status >= 400 else "")
        if refused:
            raise self._left(refused)
        if url.startswith("chrome-error:"):
            raise self._failure(url, "ERR_FAILED: the page cannot be reached")
        if not url.startswith(("http://", "https://")):
            raise self._left(f"{url.split(',')[0][:100]}: only http and https are opened. Choose another link.")
        if self._kind and not self._kind.startswith(KINDS):
            raise self._left(f"{url}: this is {self._kind}, not a page of text. Get it with browser_download.")
        if not await self._web.allowed_by_robots(url):
            raise self._left(_closed(url))
        try:
            await self._page.evaluate(_MARK)
            html = await self._page.content()
        except Error as error:
            raise self._left(f"{url}: the page cannot be read: {_first_line(error.message)}.") from error
        limit = self._setting.limits.page_bytes
        notes = [f"the server answered {self._status}"] if self._status >= 400 else []
        if len(html) > limit:
            notes.append(f"the page is longer than {limit:,} characters; its end is left out")
        return Loaded(url, html[:limit], note="; ".join(notes))

    def _answered(self, response: Response) -> None:
        """Remember what the page itself is: Chromium shows a PDF as an empty page, a refusal as text."""
        if response.request.is_navigation_request() and response.frame == self._page.main_frame:
            self._kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
            self._status = response.status

    async def _judged(self, route: Route, request: Request) -> None:
        """Keep films and fonts out, and pages that robots.txt closes. Addresses are judged by the proxy."""
        if request.resource_type in _SKIPPED or not request.url.startswith(("http:", "https:", "data:", "blob:")):
            await route.abort()
            return
        if request.is_navigation_request() and request.frame == self._page.main_frame:
            try:
                if not await self._web.allowed_by_robots(request.url):
                    self._kept_out = _closed(request.url)
            except ToolFailed as failure:
                self._kept_out = str(failure)
            if self._kept_out:
                await route.abort()
                return
        await route.continue_()

    def _refusal_of(self, url: str) -> str:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return self._proxy.refusals.get(f"{parts.hostname}:{port}", "")

    def _failure(self, url: str, message: str) -> PageLeft:
        refused = self._kept_out or self._refusal_of(url) or next(reversed(self._proxy.refusals.values()), "")
        if refused and ("ERR_TUNNEL" in message or "ERR_FAILED" in message or self._kept_out):
            return self._left(refused)
        if self._proxy.bytes_left <= 0:
            return self._left(f"{url}: the browser has fetched {_BYTES:,} bytes in this task, which is its limit.")
        if "Download is starting" in message or "ERR_ABORTED" in message:
            return self._left(f"{url} is a file, not a page. Get it with browser_download.")
        return self._left(f"{url}: {_first_line(message)}. Check the address, or try another source.")

    def _left(self, text: str) -> PageLeft:
        self._sound = False
        return PageLeft(text)


def _closed(url: str) -> str:
    return f"{url}: the site's robots.txt asks programs not to fetch this. Use another source."


def _first_line(message: str) -> str:
    line = message.strip().partition("\n")[0].removeprefix("Page.goto:").removeprefix("Locator.click:")
    return " ".join(line.split())[:300].rstrip(".") or "no reason was given"
