"""Agents that go wrong, files that are not what they seem, and what the command line says of bad input.

Each gets a text with the field, the value and the remedy where a person or a group will read it; a conversation that
runs beside it does not notice.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from ioa.adapters.agents.builtin import builtin_agent
from ioa.adapters.agents.command import CommandAgent
from ioa.adapters.agents.function import FunctionAgent
from ioa.hub.serving import HttpServer
from ioa.ports.agent import AgentFailed, Assignment, LocalFile, Outcome
from ioa.testing.policies import ScriptedPolicy, assign, conclude
from tests.promises.scene import Bad, Complaint, Scene, scene
from tests.promises.village import ME, Village, Worker, last_conclusion, results

TASK_TIMEOUT_S = 30.0
BUDGETS = {"task_timeout_s": TASK_TIMEOUT_S, "turn_timeout_s": 20.0, "group_timeout_s": 120.0}


async def failure(here: Village, agent, *, task: str = "the work", after_s: float = 0.0, files=()) -> Complaint:
    """A group gives the task to this agent, which must fail. What the group is told."""
    await here.join("Culprit", agent=agent)
    await here.join("Asker", ScriptedPolicy([assign(("Culprit", task)), last_conclusion], team=("Culprit",)))
    goal_id = await here.ask("do it", initiator="Asker", budgets=BUDGETS, artifacts=list(files))
    if after_s:
        await here.pass_time(after_s)
    await here.until(lambda: here.groups(goal_id)[0].ended)
    goal = await here.answer(goal_id)
    assert goal["status"] == "completed", "the group goes on and says what happened"
    [result] = results(await here.log(goal["comm_id"]))
    assert result.status == "failed"
    assert goal["conclusion"] == result.task_conclusion
    return Complaint(result.task_conclusion)


def function(run, **more):
    """An agent that is made of a function, as most are."""
    return lambda scene: failure(scene.here, FunctionAgent(run, "Culprit"), **more)


def program(code: str):
    argv = (sys.executable, "-c", code)
    return lambda scene: failure(scene.here, CommandAgent(argv, "Culprit"))


def an_object(work):
    return lambda scene: failure(scene.here, Worker(work))


async def raises(task_desc: str) -> str:
    raise ZeroDivisionError("the divisor in row 7 is 0")


async def gives_up(task_desc: str) -> str:
    raise AgentFailed("column 'prise' is not in sales.csv; did you mean 'price'?")


async def hangs(task_desc: str) -> str:
    await asyncio.Event().wait()
    return "never"


async def hangs_in_a_thread(scene: Scene) -> Complaint:
    go = threading.Event()

    def run(task_desc: str) -> str:
        go.wait(60)
        return "too late"

    try:
        return await failure(scene.here, FunctionAgent(run, "Culprit"), after_s=TASK_TIMEOUT_S)
    finally:
        go.set()


async def returns_none(task_desc: str):
    return None


async def returns_blank(task_desc: str) -> str:
    return " \n "


async def returns_50_mb(task_desc: str) -> str:
    return "x" * 50_000_000


async def returns_a_dict(task_desc: str):
    return {"answer": 42}


async def wrong_shape(assignment, progress):
    return {"answer": 42}


async def outcome_of_50_mb(assignment, progress):
    return Outcome("x" * 50_000_000)


async def file_that_is_not_there(assignment: Assignment, progress):
    return Outcome("see the chart", files=(LocalFile("chart.png", "image/png", assignment.folder / "chart.png"),))


KILLS_ITSELF = "import os,sys; print('half of it', flush=True); os.kill(os.getpid(), {signal})".format(
    signal=int(getattr(signal, "SIGKILL", signal.SIGTERM))
)

AGENTS = [
    Bad("raises", function(raises), "Culprit failed", "ZeroDivisionError", "the divisor in row 7 is 0"),
    Bad("says why it cannot", function(gives_up), "column", "'prise'", "did you mean 'price'"),
    Bad("hangs", function(hangs, after_s=TASK_TIMEOUT_S), "the agent did not finish", "28 s", "a longer task timeout"),
    Bad("hangs in a thread", hangs_in_a_thread, "the agent did not finish", "28 s", "a longer task timeout"),
    Bad("returns nothing", function(returns_none), "returned", "None", "must return its result as text"),
    Bad("returns blanks", function(returns_blank), "returned", "an empty text", "must say what it found"),
    Bad("returns 50 MB", function(returns_50_mb), "returned", "50,000,000 bytes", "return it as a file"),
    Bad("returns no text", function(returns_a_dict), "returned", "dict {'answer': 42}", "json.dumps"),
    Bad("an object returns no outcome", an_object(wrong_shape), "returned", "dict", "return the result as text"),
    Bad("an object returns 50 MB", an_object(outcome_of_50_mb), "conclusion", "50000000 bytes", "write it to a file"),
    Bad("its file is not there", an_object(file_that_is_not_there), "file", "'chart.png'", "see the chart"),
    Bad("dies in the middle", program(KILLS_ITSELF), "Culprit: command", "signal", sys.executable),
    Bad(
        "exits with an error",
        program("import sys; sys.exit('no key; set WEATHER_KEY')"),
        "exit code",
        "1",
        "set WEATHER_KEY",
    ),
    Bad("prints nothing", program("pass"), "returned", "an empty text", "must say what it found"),
    Bad(
        "prints 50 MB", program("print('x' * 50_000_000)"), "printed more than", "262,144 bytes", "write large results"
    ),
]


@pytest.mark.parametrize("bad", AGENTS, ids=lambda bad: bad.what)
async def test_an_agent_that_goes_wrong_fails_its_task_with_a_reason_and_disturbs_nobody(
    tmp_path: Path, bad: Bad
) -> None:
    async with scene(tmp_path) as here:
        bad.check(await bad.do(here))


async def test_a_program_that_dies_takes_its_half_result_with_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        said = await failure(here.here, CommandAgent((sys.executable, "-c", KILLS_ITSELF), "Culprit"))
        assert "half of it" not in said.text


async def analyst(scene: Scene, name: str, data: bytes, asked_for: str = "") -> Complaint:
    """The built-in data analyst gets a file of this name with these bytes, and is to count its rows."""
    file = await scene.here.upload(name, data)
    sent = {"name": file.name, "media_type": file.media_type, "size_bytes": file.size_bytes, "digest": file.digest}
    return await failure(
        scene.here, builtin_agent("data-analyst"), task=f"Count the rows in {asked_for or name}", files=[sent]
    )


async def lost_at_the_hub(scene: Scene) -> Complaint:
    file = await scene.here.upload("sales.csv", CSV)
    scene.here.net.hub.artifacts.path(file.digest).unlink()
    sent = {"name": file.name, "media_type": file.media_type, "size_bytes": file.size_bytes, "digest": file.digest}
    return await failure(scene.here, Worker(), files=[sent])


CSV = b"a,b\n1,2\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
FILES = [
    Bad(
        "an Excel file that is none",
        lambda on: analyst(on, "sales.xlsx", CSV),
        "sales.xlsx",
        "not an Excel",
        "export it again",
    ),
    Bad(
        "a Parquet file that is none",
        lambda on: analyst(on, "sales.parquet", CSV),
        "sales.parquet",
        "be a Parquet file",
        "export it again",
    ),
    Bad(
        "a table that is a picture",
        lambda on: analyst(on, "sales.csv", PNG),
        "sales.csv",
        "not a text file",
        "give it its real suffix",
    ),
    Bad(
        "a file that nobody attached",
        lambda on: analyst(on, "sales.csv", CSV, "costs.csv"),
        "costs.csv",
        "sales.csv",
        "attach it",
    ),
    Bad("a file that the hub has lost", lost_at_the_hub, "file", "'sales.csv'", "upload the file again"),
]


@pytest.mark.parametrize("bad", FILES, ids=lambda bad: bad.what)
async def test_a_file_that_is_missing_or_not_what_its_name_says_is_named(tmp_path: Path, bad: Bad) -> None:
    pytest.importorskip("duckdb", reason="the data analyst is not installed")
    async with scene(tmp_path) as here:
        bad.check(await bad.do(here))


async def ioa(scene: Scene, *arguments: str) -> Complaint:
    """`ioa` in a process of its own, against the hub on the stage."""
    server = HttpServer(scene.here.net.hub)
    await server.start()
    try:
        folder = scene.here.folder / "here"
        folder.mkdir()
        (folder / "sales.csv").write_bytes(CSV)
        (folder / "agent.yaml").write_bytes(PNG)
        data = {"IOA_DATA": str(scene.here.folder / "data"), "IOA_HUB": server.url}
        ran = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ioa", *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            cwd=folder, env={**os.environ, "IOA_TOKEN": ME, **data},
        )  # fmt: skip
        printed, _ = await asyncio.wait_for(ran.communicate(), 60)
        assert ran.returncode not in (0, None)
        text = printed.decode()
        assert "Traceback" not in text, text
        return Complaint(" ".join(text.split()))
    finally:
        await server.stop()


def line(*arguments: str):
    return lambda scene: ioa(scene, *arguments)


COMMANDS = [
    Bad(
        "a missing file",
        line("run", "Count the rows", "--file", "sails.csv"),
        "--file",
        "sails.csv",
        "Similar: sales.csv",
    ),
    Bad(
        "a missing file in the goal",
        line("run", "Count the rows in sails.csv"),
        "no such file",
        "sails.csv",
        "Similar: sales.csv",
    ),
    Bad("an empty goal", line("run", "  "), "goal", "empty", "ioa run"),
    Bad("an unknown chat", line("show", "c0ffee00"), "goal or chat", "c0ffee00", "ioa chats lists them"),
    Bad(
        "an unknown member",
        line("run", "Count the rows", "--team", "Zoe"),
        "team",
        "'Zoe'",
        "Agents there: Healthy worker",
    ),
    Bad("an agent file that is a picture", line("join", "agent.yaml"), "agent.yaml", "byte 0", "save it as UTF-8"),
    Bad(
        "a wrong token", line("chats", "--token", "guessed"), "token", "not valid there", "IOA_TOKEN in the environment"
    ),
]


@pytest.mark.parametrize("bad", COMMANDS, ids=lambda bad: bad.what)
async def test_the_command_line_says_what_is_wrong_and_what_would_mend_it(tmp_path: Path, bad: Bad) -> None:
    async with scene(tmp_path) as here:
        bad.check(await bad.do(here))


async def test_the_group_decides_what_to_do_about_a_failure(tmp_path: Path) -> None:
    """A failure is an answer like any other: the policy sees its text and takes its next turn."""
    async with scene(tmp_path) as here:
        village = here.here
        await village.join("Culprit", agent=FunctionAgent(raises, "Culprit"))

        def decide(view):
            [task] = view.group.tasks.values()
            assert task.status == "failed"
            return conclude(f"It did not work: {task.conclusion}")

        await village.join("Asker", ScriptedPolicy([assign(("Culprit", "divide")), decide], team=("Culprit",)))
        goal = await village.answer(await village.ask("divide", initiator="Asker"))
        assert goal["conclusion"].endswith("the divisor in row 7 is 0")
