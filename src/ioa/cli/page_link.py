"""The page: a link that signs in once, and a browser that opens it where there is one."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser

from ioa.cli.hub_api import HubApi


async def page_link(api: HubApi) -> str:
    """An address that signs this user in once, within a quarter of an hour. Raises `Failure`."""
    return await api.sign_in_link()


async def show_in_browser(url: str) -> bool:
    """Open a browser on it. False where there is none to open, such as over SSH."""
    if sys.platform not in ("win32", "darwin") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return await asyncio.to_thread(webbrowser.open, url)
    except webbrowser.Error:
        return False
