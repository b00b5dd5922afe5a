"""What agents say is data: nothing of it runs, loads or looks like the page."""

from __future__ import annotations

import asyncio
import re

from ioa.cli.export import export_goal
from ioa.ports.agent import LocalFile, Outcome
from ioa.testing.policies import ScriptedPolicy, assign, conclude, say
from tests.web.town import TOKEN

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40" onload="alert(1)"><script>alert(2)</script>'
    '<image href="http://127.0.0.1:9/leak.png"/><rect width="60" height="40" fill="red"/></svg>'
)
HOSTILE = """Look:

<script>window.pwned = 1; alert(1)</script> <img src=x onerror="window.pwned = 1">
<iframe src="javascript:parent.pwned=1"></iframe> <svg onload=alert(1)></svg> <style>* { display: none }</style>

[click](javascript:window.pwned=1) [data](data:text/html,<script>alert(1)</script>) ![x](http://127.0.0.1:9/track.png)
<a href="javascript:alert(1)">x</a> <form action="http://127.0.0.1:9/"><button>Sign in</button></form>

[a link](https://example.org/there) `<b>code</b>`

| a | b |
|---|---|
| <img src=x onerror=alert(1)> | 2 |

```html
</code></pre><script>window.pwned = 1</script>
```

<div class="shell" id="main" style="position:fixed;inset:0">over everything</div> ‮txet desrever
"""


def hostile_town(town):
    """An agent that says, finds and sends what it should not."""

    async def work(assignment, progress):
        await progress("<img src=x onerror=alert(1)>")
        path = assignment.folder / "picture.svg"
        await asyncio.to_thread(path.write_text, SVG)
        page = assignment.folder / "page.html"
        await asyncio.to_thread(page.write_text, HOSTILE)
        files = (LocalFile("picture.svg", "image/svg+xml", path), LocalFile("page.html", "text/html", page))
        return Outcome(conclusion=HOSTILE, files=files)

    def closing(view):
        return conclude(HOSTILE)

    script = [say(HOSTILE, "Eve"), assign(("Eve", HOSTILE)), closing]
    town.agent(
        "Eve", work, lambda: ScriptedPolicy(script), description="<script>alert(1)</script> does [x](javascript:1)"
    )


def nothing_ran(one):
    page = one.page
    assert page.evaluate("window.pwned") is None
    assert page.locator("#app script, #app iframe, #app form[action], #app style, .text img").count() == 0
    assert page.locator("#app [onerror], #app [onload], #app [style*=fixed], .text [id]").count() == 0
    links = page.locator(".text a[href]").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert all(re.match(r"https?://", link) for link in links)  # where they lead is said, and nothing is fetched
    assert not [address for address in one.asked if "127.0.0.1:9/" in address or "example.org" in address]
    assert not one.errors


def test_texts_and_files_of_agents_run_nothing(town, window):
    hostile_town(town)
    one = window()
    page = one.sign_in()
    goal_id = one.give(HOSTILE)
    one.ended()
    page.get_by_label("Find in this chat").fill("picture.svg")
    page.keyboard.press("Enter")
    picture = page.locator("figure img").first
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 60
    nothing_ran(one)
    page.locator("figure", has_text="page.html").first.get_by_role("button", name="Read").click()
    page.get_by_text("window.pwned = 1; alert(1)").first.wait_for()
    for place in ("teams", "tasks", "cost", "replay"):
        one.go(f"#/goals/{goal_id}/{place}")
        page.locator(f".tabs [aria-current=page][href$={place}]").wait_for()
        nothing_ran(one)
    one.go("#/agents/Eve")
    page.get_by_role("heading", name="Eve").wait_for()
    nothing_ran(one)
    link = page.evaluate("document.querySelectorAll('.text a[target=_blank]:not([rel~=noopener])').length")
    assert link == 0


def test_the_policy_of_the_page_stops_what_would_get_through(town, window):
    """Even markup that came past the sanitiser would not run: the browser itself refuses."""
    one = window()
    page = one.sign_in()
    page.evaluate(
        """() => {
            const box = document.createElement('div');
            box.innerHTML = '<img src=x onerror="window.pwned = 1"><img src="http://127.0.0.1:9/track.png">';
            document.body.append(box);
            const script = document.createElement('script');
            script.textContent = 'window.pwned = 1';
            document.body.append(script);
        }"""
    )
    page.wait_for_function("document.images.length >= 2 && [...document.images].every((image) => image.complete)")
    assert page.evaluate("window.pwned") is None


def test_an_exported_file_runs_nothing_and_asks_nobody(town, window, tmp_path, monkeypatch):
    hostile_town(town)
    one = window()
    one.sign_in()
    goal_id = one.give("look at this")
    one.ended()
    path = tmp_path / "talk.html"
    monkeypatch.setenv("IOA_DATA", str(tmp_path / "data"))
    town.do(export_goal(goal_id, town.url, TOKEN, path, max_file_bytes=10**6, force=False))
    two = window()
    page = two.page
    page.goto(path.as_uri())
    page.wait_for_selector(".entry")
    page.get_by_role("button", name=re.compile("^Answer")).click()
    page.get_by_role("dialog").get_by_text("over everything").wait_for()
    page.keyboard.press("Escape")
    for place in ("teams", "tasks", "cost", "replay", "chat"):
        two.go(f"#/{place}")
        page.locator(f".tabs [aria-current=page][href*={place}]").wait_for()
    nothing_ran(two)
    assert all(re.match(r"(file|data|blob):", address) for address in two.asked)
