"""A command line as an agent: `ioa.adapters.agents.command`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from ioa.adapters.agents.command import CommandAgent
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell for its sample programs")


async def quiet(_: str) -> None:
    pass


def python(code: str, *rest: str, **options) -> CommandAgent:
    return CommandAgent((sys.executable, "-c", code, *rest), "prog", **options)


@pytest.fixture
def task(tmp_path):
    folder = tmp_path / "task"
    folder.mkdir()
    return Assignment("task-7", "Say hello; $(id) `id`", folder)


async def test_the_task_goes_to_standard_input(task):
    outcome = await python("import sys; print('got', sys.stdin.read())").perform(task, quiet)
    assert outcome.conclusion == "got Say hello; $(id) `id`"


async def test_earlier_results_go_along(tmp_path):
    task = Assignment("t", "Sum up.", tmp_path, earlier=(EarlierResult("A", "count", "42 rows"),))
    outcome = await python("import sys; print(sys.stdin.read())").perform(task, quiet)
    assert "42 rows" in outcome.conclusion


async def test_the_placeholder_is_one_argument_and_no_shell_reads_it(task):
    outcome = await python("import sys; print(sys.argv[1:])", "--task={task}", "{task}").perform(task, quiet)
    assert outcome.conclusion == "['--task=Say hello; $(id) `id`', 'Say hello; $(id) `id`']"


async def test_a_task_cannot_pose_as_an_option(tmp_path):
    task = Assignment("t", "--output=/etc/passwd", tmp_path)
    outcome = await python("import sys; print(sys.argv[1:])", "{task}").perform(task, quiet)
    assert outcome.conclusion == "[' --output=/etc/passwd']"


async def test_nul_in_an_argument_is_refused(tmp_path):
    with pytest.raises(AgentFailed, match="NUL"):
        await python("print(1)", "{task}").perform(Assignment("t", "a\0b", tmp_path), quiet)


async def test_environment_and_folder(task, monkeypatch):
    monkeypatch.setenv("IOA_TOKEN", "secret")
    code = "import os; print(os.getcwd(), os.environ['IOA_TASK_ID'], os.environ.get('IOA_TOKEN'))"
    outcome = await python(code).perform(task, quiet)
    assert outcome.conclusion == f"{task.folder.resolve()} task-7 None"


async def test_a_program_that_does_not_read_its_input_is_fine(tmp_path):
    task = Assignment("t", "x" * 1_000_000, tmp_path)
    assert (await python("print('ok')").perform(task, quiet)).conclusion == "ok"


async def test_exit_code_and_last_words(task):
    with pytest.raises(AgentFailed, match="exit code 3:\nno such column"):
        await python("import sys; sys.stderr.write('no such column'); sys.exit(3)").perform(task, quiet)


async def test_a_program_that_is_not_there(task):
    with pytest.raises(AgentFailed, match="did not start"):
        await CommandAgent(("/no/such/program",), "prog").perform(task, quiet)


@pytest.mark.parametrize("code", ["pass", "print(' ')"])
async def test_printing_nothing_fails(task, code):
    with pytest.raises(AgentFailed, match="empty text"):
        await python(code).perform(task, quiet)


async def test_fifty_megabytes_of_output_are_stopped(task):
    code = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    with pytest.raises(AgentFailed, match="more than 262,144 bytes"):
        await python(code).perform(task, quiet)


async def test_endless_error_output_keeps_the_tail(task):
    code = "import sys\nfor i in range(200000): sys.stderr.write(f'line {i}\\n')\nsys.exit(1)"
    with pytest.raises(AgentFailed) as failure:
        await python(code).perform(task, quiet)
    assert "line 199999" in str(failure.value)
    assert len(str(failure.value)) < 5000


async def test_bytes_that_are_no_text_do_not_break_it(task):
    outcome = await python(r"import sys; sys.stdout.buffer.write(b'ok \xff\xfe')").perform(task, quiet)
    assert outcome.conclusion == "ok ��"


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z"  # dead, not yet collected


CHILD = (
    "import os, subprocess, sys\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "open({path!r}, 'w').write(f'{{child.pid}} {{os.getpid()}}\\n')\n"
)


async def pids(fifo: Path) -> list[int]:
    text = await asyncio.to_thread(fifo.read_text)  # a named pipe: opening it waits for the writer
    return [int(word) for word in text.split()]


async def until_gone(found: list[int]) -> None:
    async with asyncio.timeout(60):
        while not all(gone(pid) for pid in found):  # noqa: ASYNC110 - set by a thread or by the system, not by the loop
            await asyncio.sleep(0)


async def test_cancelling_kills_the_whole_group(task, tmp_path):
    fifo = tmp_path / "pids"
    os.mkfifo(fifo)
    running = asyncio.create_task(
        python(CHILD.format(path=str(fifo)) + "import time; time.sleep(600)").perform(task, quiet)
    )
    found = await pids(fifo)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until_gone(found)


async def test_a_child_left_behind_neither_holds_the_result_nor_survives(task, tmp_path):
    fifo = tmp_path / "pids"
    os.mkfifo(fifo)
    running = asyncio.create_task(python(CHILD.format(path=str(fifo)) + "print('done')").perform(task, quiet))
    found = await pids(fifo)
    assert (await running).conclusion == "done"
    await until_gone(found)


async def test_new_files_come_back_and_links_do_not(task, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("token")
    (task.folder / "given.csv").write_text("a\n1\n")
    code = (
        f"import os\nopen('out.csv', 'w').write('a\\n2\\n')\nos.symlink({str(secret)!r}, 'link.txt')\n"
        f"os.link({str(secret)!r}, 'hard.txt')\nos.mkfifo('pipe')\n"
        "os.makedirs('deep/er'); open('deep/er/x.txt', 'w').write('x')\nprint('made files')"
    )
    outcome = await python(code).perform(task, quiet)
    assert [(file.name, file.media_type) for file in outcome.files] == [
        ("deep-er-x.txt", "text/plain"),
        ("out.csv", "text/csv"),
    ]
    assert outcome.files[1].path.read_text() == "a\n2\n"
    assert "link.txt: a symbolic link" in outcome.conclusion
    assert "hard.txt: has a second name" in outcome.conclusion
    assert "pipe: not a plain file" in outcome.conclusion
