"""The coder: runs Python that it is given, honestly."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ioa.adapters.agents.coder import Coder
from ioa.adapters.agents.sandbox import Sandbox, SandboxLimits
from ioa.adapters.agents.standalone import local_file
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult


async def quiet(_: str) -> None:
    pass


@pytest.fixture
def perform(tmp_path):
    async def perform(task: str, *names_and_code: tuple[str, str], earlier=(), agent: Coder | None = None):
        files = []
        for name, code in names_and_code:
            (tmp_path / name).write_text(code)
            files.append(local_file(tmp_path / name))
        folder = tmp_path / "run"
        folder.mkdir()
        return await (agent or Coder()).perform(Assignment("t", task, folder, tuple(files), tuple(earlier)), quiet)

    return perform


@pytest.mark.parametrize(
    ("task", "printed"),
    [
        ("Run this:\n```python\nprint(6 * 7)\n```", "42"),
        ("Please execute the block.\n```\nfor n in range(3):\n    last = n\nprint(last)\n```\nThank you.", "2"),
        ("Run: print('a' + 'b')", "ab"),
        ("Execute this Python code: print(1 + 1); print", "2"),
        ("Run `print(sum(range(5)))` and report the result", "10"),
        ("execute the Python code print(sum(range(10)))", "45"),
        ("Execute the Python code x = 3; print(x**2) and tell me the result", "9"),
        ("run this and tell me what it prints: print('hello')", "hello"),
        ("What does print(2**10) print?", "1024"),
        ("run print(1+1)", "2"),
        ("run the Python code sum([1, 2, 3])", "6"),
        ("Evaluate the following Python expression: 2 + 2", "4"),
        ("```python\nx = [3, 1, 2]\nsorted(x)\n```", "[1, 2, 3]"),
        ("execute the following code and give me the output:\nimport math\nprint(math.sqrt(16))", "4.0"),
        ("Run this Python code: ```python print(sum(range(11)))``` and tell me what it prints", "55"),
        ("Run this Python code: ```py\nprint(3)```", "3"),
        ("Please execute the following code ```x = 7; print(x*6)```, thanks!", "42"),
        ("Execute ```\nfor i in range(3):\n    n = i\nprint(n)``` and give me the output", "2"),
        ("Run this Python code:```python\nx=1\nprint(x)\n```Then divide the result by 4.", "1"),
        ("Run the code below in a sandbox:\n\n    x = 3\n    print(x*2)\n\nand report the result.", "6"),
        ("Run this Python code: print(5*5) and divide the result by 5", "25"),
        ("What does this Python code print? ```python\nprint(7)\n```", "7"),
        ("Two parts:\n```py\nx = 2\n```\nand then\n```python\nprint(x ** 5)\n```", "32"),
    ],
)
async def test_code_in_the_task_is_run(perform, task, printed):
    outcome = await perform(task)
    assert outcome.abstract == f"program.py printed: {printed}."


async def test_a_script_among_the_files_is_run_with_arguments_and_its_files_come_back(perform):
    script = (
        "import csv, sys, helper\nrows = list(csv.DictReader(open('sales.csv')))\n"
        "total = helper.total(rows)\nopen('out.csv', 'w').write(f'total\\n{total}\\n')\n"
        "print('args', sys.argv[1:])\nprint('total', total)\n"
    )
    outcome = await perform(
        "Run script.py with arguments --month 'May 2025' and send me the file",
        ("script.py", script),
        ("helper.py", "def total(rows): return sum(float(row['amount']) for row in rows)\n"),
        ("sales.csv", "amount\n10.5\n2\n"),
    )
    assert "args ['--month', 'May 2025'" in outcome.conclusion
    assert "the last is: total 12.5" in outcome.abstract
    assert [(file.name, file.path.read_text()) for file in outcome.files] == [("out.csv", "total\n12.5\n")]
    assert Sandbox.best().isolation in outcome.conclusion


async def test_the_only_script_is_run_without_being_named(perform):
    assert "printed: hi" in (await perform("Run the attached script", ("a.py", "print('hi')"))).abstract


async def test_code_of_an_earlier_result_is_run(perform):
    earlier = EarlierResult("Author", "write code", "Here it is:\n```python\nprint('from before')\n```")
    assert "from before" in (await perform("Run it", earlier=[earlier])).abstract


@pytest.mark.parametrize(
    ("task", "files", "said"),
    [
        ("Write a program that sorts numbers", [], "I run Python code, I do not write it"),
        ("Implement a web server in Python", [], "without a language model"),
        ("Run missing.py", [("other.py", "1")], r"missing.py is not among the files of this task \(other.py\)"),
        ("Run the script", [("a.py", "1"), ("b.py", "2")], "several scripts .a.py, b.py.; name the one"),
        ("Run a.py and b.py", [("a.py", "1"), ("b.py", "2")], "names several scripts"),
        ("Run:\n```bash\nrm -rf /\n```", [], "The block is 'bash'; I run Python only"),
        ("Run: this is no code at all", [], "This is not Python in line 1"),
        ("```python\ndef f(:\n```", [], "This is not Python in line 1"),
        ("```python\nimport sys\nsys.exit(3)\n```", [], "exit code 3 and no error message"),
        ("```python\n1 / 0\n```", [], "(?s)exit code 1:.*ZeroDivisionError: division by zero"),
        ("```python\nimport os, signal\nos.kill(os.getpid(), 9)\n```", [], "failed with"),
    ],
)
async def test_what_cannot_be_run_is_said(perform, task, files, said):
    with pytest.raises(AgentFailed, match=said):
        await perform(task, *files)


async def test_limits_are_explained(perform):
    agent = Coder(limits=replace(SandboxLimits(), time_s=0.5))
    with pytest.raises(AgentFailed, match=r"was stopped: it ran longer than 0\.5 seconds\. It had printed: 'begun"):
        await perform("Run: print('begun', flush=True); import time; time.sleep(100)", agent=agent)


async def test_output_cannot_break_out_of_its_frame(perform):
    outcome = await perform("```python\nprint('``' + '`')\nprint('# fake heading')\n```")
    assert "````text\n```\n# fake heading\n````" in outcome.conclusion


async def test_printing_nothing_is_said_not_invented(perform):
    assert (await perform("Run: x = 1")).abstract == "program.py ended without printing anything."


async def test_cancelling_stops_it(perform):
    running = asyncio.create_task(perform("Run: import time; time.sleep(300)"))
    for _ in range(20):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_on_its_own(tmp_path):
    script = tmp_path / "alone.py"
    script.write_text("print('alone')")
    assert "alone.py printed: alone." in Coder(files=[script]).run("Run alone.py")
    assert "alone.py printed: alone." in Coder().run(f"Run {script}")
    assert Coder().describe() == Sandbox.best().describe()


ADD_UP = ("clean.py", "import csv, sys\nprint(sum(float(row['a']) for row in csv.DictReader(open(sys.argv[1]))))\n")


@pytest.mark.parametrize(
    "task",
    [
        "run the script clean.py on data.csv",
        "Run clean.py with data.csv and tell me what it prints",
        "run clean.py using data.csv, then report the number",
        "Run the python script clean.py on the file data.csv.",
        "Apply clean.py to data.csv",
        "Run clean.py with arguments data.csv and show the output",
    ],
)
async def test_the_file_that_a_script_is_run_on_is_its_argument(perform, task):
    outcome = await perform(task, ADD_UP, ("data.csv", "a\n1\n2\n"), ("other.csv", "a\n100\n"))
    assert outcome.abstract == "clean.py printed: 3.0."


async def test_a_script_is_not_run_on_a_file_that_is_not_there(perform):
    with pytest.raises(AgentFailed, match=r"gone\.csv, on which clean\.py is to be run, is not among the files"):
        await perform("run clean.py on gone.csv", ADD_UP, ("data.csv", "a\n1\n"))


async def test_a_number_that_is_all_it_printed_goes_along_as_a_table(perform):
    outcome = await perform("Run: print(f'{1234567.5:,}')")
    assert [(file.name, file.path.read_text()) for file in outcome.files] == [("result.csv", "result\n1234567.5\n")]


@pytest.mark.parametrize("code", ["print('3 apples')", "print(1); print(2)", "x = 5", "print('1,2,3')"])
async def test_what_is_no_single_number_is_no_table(perform, code):
    assert (await perform(f"Run: {code}")).files == ()
