"""`run_python`: programs in the sandbox beside the task's files, whose folder lasts from call to call."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ioa.adapters.agents.react.toolkit import ToolFailed, ToolLimits, ToolSetting, open_tools
from ioa.adapters.agents.react.tools.code_executor import CodeExecutor
from ioa.adapters.agents.sandbox import Sandbox, bubblewrap_problem
from ioa.ports.agent import LocalFile

SANDBOXES = [Sandbox("subprocess"), *([Sandbox("bubblewrap")] if not bubblewrap_problem() else [])]


@pytest.fixture(params=SANDBOXES, ids=lambda one: one.isolation)
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> CodeExecutor:
    for name in ("task", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "orders.csv").write_text("n\n1\n2\n")
    files = (LocalFile("orders.csv", "text/csv", tmp_path / "orders.csv"),)
    setting = ToolSetting(folder=tmp_path / "task", files=files)
    return CodeExecutor(setting, tmp_path / "scratch", sandbox=request.param)


async def failure(executor: CodeExecutor, code: str) -> str:
    with pytest.raises(ToolFailed) as caught:
        await executor.run_python(code)
    return str(caught.value)


async def test_a_program_reads_the_files_and_what_it_prints_comes_back(executor: CodeExecutor) -> None:
    said = await executor.run_python("print(open('orders.csv').read().split())")
    assert said == "Printed:\n['n', '1', '2']"
    assert await executor.run_python("x = 1") == "It printed nothing."


async def test_the_folder_lasts_and_variables_do_not(executor: CodeExecutor, tmp_path: Path) -> None:
    said = await executor.run_python(
        "import os\nos.makedirs('deep/er')\nx = 1\n"
        "open('deep/er/a.txt', 'w').write('one')\nopen('b.txt', 'w').write('b')"
    )
    assert said.endswith("Files made or changed: b.txt, deep-er-a.txt")
    said = await executor.run_python("with open('deep/er/a.txt', 'r+') as f: print(f.read()); f.write(' two')")
    assert said == "Printed:\none\n\nFiles made or changed: deep-er-a.txt"
    assert (tmp_path / "task" / "deep-er-a.txt").read_text() == "one two"
    assert sorted(path.name for path in (tmp_path / "task").iterdir()) == ["b.txt", "deep-er-a.txt"]
    assert "NameError: name 'x' is not defined" in await failure(executor, "print(x)")


async def test_what_a_failed_program_wrote_is_kept_and_its_error_shown(executor: CodeExecutor) -> None:
    said = await failure(executor, "open('half.txt', 'w').write('half')\nprint('so far')\n1 / 0")
    assert said.startswith("The program failed with exit code 1.\n\nPrinted:\nso far")
    assert 'program.py", line 3' in said
    assert "ZeroDivisionError" in said
    assert "Files made or changed: half.txt" in said
    assert await executor.run_python("print(open('half.txt').read())") == "Printed:\nhalf"


async def test_given_files_cannot_be_changed(executor: CodeExecutor, tmp_path: Path) -> None:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    code = "try:\n    open('orders.csv', 'w').write('gone')\nexcept OSError as error:\n    print(type(error).__name__)"
    said = await executor.run_python(code)
    assert (tmp_path / "orders.csv").read_text() == "n\n1\n2\n"
    if not is_root:  # for whom no file is read-only: then it was a copy that changed
        assert "Error" in said


async def test_files_that_other_tools_made_are_seen(executor: CodeExecutor, tmp_path: Path) -> None:
    (tmp_path / "task" / "page.txt").write_text("downloaded")
    assert await executor.run_python("print(open('page.txt').read())") == "Printed:\ndownloaded"


async def test_links_that_a_program_leaves_do_not_break_later_calls(executor: CodeExecutor) -> None:
    said = await executor.run_python("import os\nos.symlink('/etc', 'out')\nopen('a.txt', 'w').write('a')")
    assert "out: a symbolic link" in said
    assert await executor.run_python("import os\nprint(os.path.exists('out'), open('a.txt').read())") == (
        "Printed:\nFalse a"
    )


async def test_a_signal_is_told(executor: CodeExecutor) -> None:
    assert "The program failed with signal 6." in await failure(executor, "import os\nos.abort()")


async def test_a_program_that_does_not_end_is_stopped_and_what_it_wrote_is_kept(tmp_path: Path) -> None:
    setting = ToolSetting(folder=tmp_path, options={"code_executor": {"time_s": 2}}, limits=ToolLimits(call_s=50))
    async with open_tools(["code_executor"], setting) as box:
        with pytest.raises(ToolFailed, match="The program was stopped: it ran longer than 2 seconds"):
            await box.call("run_python", {"code": "open('a.txt', 'w').write('a')\nwhile True: pass"})
        assert (await box.call("run_python", {"code": "print(open('a.txt').read())"})).endswith("Printed:\na")


async def test_much_output_is_clipped_with_a_word_about_it(executor: CodeExecutor) -> None:
    said = await executor.run_python("for n in range(20_000): print(n)")
    assert len(said) < 12_000
    assert "characters left out. Print less, or write it to a file." in said


async def test_there_is_no_network_where_the_sandbox_can_take_it_away(tmp_path: Path) -> None:
    if bubblewrap_problem():
        pytest.skip("bubblewrap does not work here")
    async with open_tools(["code_executor"], ToolSetting(folder=tmp_path)) as box:
        with pytest.raises(ToolFailed, match=r"unreachable|not permitted|Address family"):
            await box.call(
                "run_python", {"code": "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=2)"}
            )


async def test_no_code_and_too_much_code_are_refused(executor: CodeExecutor) -> None:
    assert "There is no code to run" in await failure(executor, "  \n")
    assert "at most 200,000 are run" in await failure(executor, "#" * 200_001)
