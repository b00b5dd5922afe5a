"""How quick the page is under load: a group of 10,000 messages, and a tree of 600 teams.

    python -m bench.page [--messages 10000] [--teams 600] [--write]

A real hub, filled by its public protocol, and Debian's Chromium. Each interaction is done by real input events; what is
reported is the browser's own figure, from the event to the next frame that was painted (Event Timing, `duration`, in
steps of 8 ms), the worst of its repetitions; for scrolling the longest gap between two frames. Aim: under 100 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import describe
from ioa.protocol.frames import Launched, LaunchGroup
from ioa.protocol.messages import AsyncTask, Discussion, Parent, TaskAssignment
from ioa.web import PAGE
from tests.hub.served import ALICE, Served, served

RESULTS = Path(__file__).parent / "results" / "page.json"
AIM_MS = 100
WORDS = "The **total** revenue per region is in `orders.csv`; see the table below, then the next step follows. " * 3
WATCH = """() => {
    window.slow = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.slow.push([entry.name, entry.duration]);
    }).observe({ type: 'event', durationThreshold: 16, buffered: false });
    window.gaps = () => new Promise((resolve) => {
        let last = performance.now(), worst = 0, frames = 0;
        const frame = (now) => {
            worst = Math.max(worst, now - last); last = now; frames += 1;
            frames < 45 ? requestAnimationFrame(frame) : resolve(worst);
        };
        requestAnimationFrame(frame);
    });
}"""


async def talk(net: Served, messages: int) -> str:
    """A goal whose group has this many messages. Returns its goal_id."""
    ann, bob = await net.join("Ann"), await net.join("Bob")
    budgets = {"turns": messages + 100}
    goal_id, comm_id = await net.group(ann, "Bob", max_turns=10_000, budgets=budgets)
    for number in range(messages - 1):
        speaker, other = (ann, "Bob") if number % 2 == 0 else (bob, "Ann")
        await speaker.post(Discussion, comm_id, content=f"Word {number}. {WORDS}", next_speaker=(other,))
    return goal_id


async def tree(net: Served, teams: int) -> str:
    """A goal with this many nested teams, two levels below the first. Returns its goal_id."""
    wide = max(2, round(teams**0.5))
    chief = await net.join("Chief")
    names = [f"Agent {number}" for number in range(wide)]
    agents = [await net.join(name) for name in names]
    budgets = {"turns": 100_000, "depth": 3}
    goal_id, root = await net.group(chief, *names, max_turns=1_000, budgets=budgets)
    made = 1
    first = await assigned(chief, root, names)
    for agent, task in zip(agents, first, strict=True):
        nested = await launched(agent, root, task, [name for name in names if name != agent.name], turns=10 * wide)
        made += 1
        others = names[: min(wide, teams - made)]
        if not others:
            break
        for other, inner in zip(agents, await assigned(agent, nested, [agent.name] * len(others)), strict=False):
            await launched(agent, nested, inner, [other.name], turns=5)
            made += 1
    return goal_id


async def assigned(speaker, comm_id: str, names: list[str]) -> list[str]:
    """One asynchronous task for each of the names."""
    ids: list[str] = []
    for start in range(0, len(names), 32):
        part = names[start : start + 32]
        tasks = tuple(TaskAssignment(task_desc="A part of the work", assignee=(name,)) for name in part)
        await speaker.post(AsyncTask, comm_id, content="go", next_speaker=tuple(dict.fromkeys(part)), tasks=tasks)
        ids += [f"{comm_id}.{start + place + 1}" for place in range(len(part))]
    return ids


async def launched(agent, comm_id: str, task_id: str, members: list[str], *, turns: int) -> str:
    parent = Parent(comm_id=comm_id, task_id=task_id)
    answer = await agent.ask(
        LaunchGroup(
            request_id=agent.new_id(), goal="A part", team_members=tuple(members), parent=parent, max_turns=turns
        )
    )
    assert isinstance(answer, Launched), answer
    return answer.comm_id


async def measured(net: Served, long_talk: str, wide_tree: str) -> dict[str, float]:
    from playwright.async_api import async_playwright

    async with async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(120_000)
        await page.goto(net.server.url)
        await page.get_by_label("Token").fill(ALICE)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_selector(".shell")
        figures: dict[str, float] = {}
        begun = time.perf_counter()
        await page.evaluate("place => { location.hash = place }", f"#/goals/{long_talk}/chat")
        await page.wait_for_selector("#entry-10, .entry")
        await page.wait_for_function("() => document.querySelectorAll('.virtual > li').length > 3")
        await page.wait_for_timeout(3_000)  # the whole log is read meanwhile
        figures["load_s"] = time.perf_counter() - begun
        await page.evaluate(WATCH)

        async def worst(name: str, act, times: int = 5) -> None:
            await page.evaluate("() => { window.slow = [] }")
            for number in range(times):
                await act(number)
                await page.wait_for_timeout(250)
            slow = await page.evaluate("() => window.slow.map(([, duration]) => duration)")
            figures[name] = max(slow, default=16.0)

        find = page.get_by_label("Find in this chat")
        await worst("type in find", lambda number: find.press("wW3 9"[number]))
        await worst("jump to the next hit", lambda _: find.press("Enter"))
        await find.fill("")
        scroller = page.locator(".scroller")
        await scroller.hover()
        gaps: list[float] = []
        for number in range(6):
            watching = asyncio.ensure_future(page.evaluate("() => window.gaps()"))
            for _ in range(8):
                await page.mouse.wheel(0, -900 if number % 2 == 0 else 1_500)
            gaps.append(await watching)
        figures["scroll, longest frame"] = statistics.median(gaps)
        tabs = ("Tasks", "Cost", "Teams", "Replay", "Chat")
        for tab in tabs:
            await worst(
                f"10,000 messages: open {tab}", lambda _, tab=tab: page.locator(".tabs a", has_text=tab).click(), 1
            )
        await page.evaluate("place => { location.hash = place }", f"#/goals/{wide_tree}/teams")
        await page.wait_for_selector(".node")
        await page.wait_for_timeout(2_000)
        await worst("tree: zoom in", lambda _: page.get_by_role("button", name="Larger").click())
        await worst("tree: show all", lambda _: page.get_by_role("button", name="All", exact=True).click())
        await page.locator(".canvas").hover()
        watching = asyncio.ensure_future(page.evaluate("() => window.gaps()"))
        await page.mouse.down()
        for number in range(20):
            await page.mouse.move(640 + 15 * number, 500 + 5 * number)
        await page.mouse.up()
        figures["tree: drag, longest frame"] = await watching
        for tab in ("Tasks", "Cost", "Chat", "Teams"):
            await worst(f"tree: open {tab}", lambda _, tab=tab: page.locator(".tabs a", has_text=tab).click(), 1)
        await browser.close()
        return figures


async def main(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        async with served(Path(folder), page=PAGE) as net:
            long_talk = await talk(net, arguments.messages)
            wide_tree = await tree(net, arguments.teams)
            groups = (await net.ask("GET", f"/v1/goals/{wide_tree}")).json()["groups"]
            print(f"{arguments.messages} messages in one group; a tree of {len(groups)} teams", flush=True)
            figures = await measured(net, long_talk, wide_tree)
    for name, value in figures.items():
        unit = "s" if name.endswith("_s") else "ms"
        mark = "" if unit == "s" else ("  ok" if value < AIM_MS else f"  over {AIM_MS} ms")
        print(f"{name:<44}{value:8.1f} {unit}{mark}")
    if arguments.write:
        kept = {"machine": describe(), "messages": arguments.messages, "teams": len(groups), "figures": figures}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--teams", type=int, default=600)
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {RESULTS.name}")
    sys.exit(asyncio.run(main(parser.parse_args())))
