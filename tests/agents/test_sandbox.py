"""What a program in the sandbox can and cannot do: `ioa.adapters.agents.sandbox`."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ioa.adapters.agents import sandbox as module
from ioa.adapters.agents.collected import CollectLimits, safe_name
from ioa.adapters.agents.process_watch import can_watch
from ioa.adapters.agents.sandbox import InputRefused, Sandbox, SandboxLimits, bubblewrap_problem
from ioa.adapters.agents.standalone import local_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX resource limits")
needs_bubblewrap = pytest.mark.skipif(bubblewrap_problem() != "", reason=f"bubblewrap: {bubblewrap_problem()}")
needs_proc = pytest.mark.skipif(not can_watch(), reason="/proc: not on this system")
MIB = 1024 * 1024
LIMITS = SandboxLimits(time_s=20, memory_bytes=300 * MIB, processes=20)

both = pytest.mark.parametrize(
    "sandbox",
    [
        pytest.param(Sandbox("bubblewrap"), marks=needs_bubblewrap, id="bubblewrap"),
        pytest.param(Sandbox("subprocess"), id="subprocess"),
    ],
)


async def python(sandbox: Sandbox, code: str, folder: Path, *files: Path, limits: SandboxLimits = LIMITS):
    return await sandbox.run(["{python}", "-c", code], [local_file(f) for f in files], limits, folder=folder)


@both
async def test_it_runs_with_files_readable_and_returns_what_was_made(sandbox, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("a\n1\n2\n")
    code = "rows = open('data.csv').read().split()[1:]\nprint(sum(map(int, rows)))\nopen('out.txt', 'w').write('made')"
    result = await python(sandbox, code, tmp_path, data)
    assert (result.code, result.stdout, result.stderr, result.ended) == (0, "3\n", "", "exit")
    assert [(file.name, file.path.read_text()) for file in result.files] == [("out.txt", "made")]
    assert data.read_text() == "a\n1\n2\n"


@both
async def test_given_files_cannot_be_changed(sandbox, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("original")
    code = (
        "import os\ntry:\n    os.chmod('data.csv', 0o666)\nexcept OSError: pass\nopen('data.csv', 'w').write('changed')"
    )
    await python(sandbox, code, tmp_path, data)
    assert data.read_text() == "original"


@both
async def test_no_token_of_the_environment_is_seen(sandbox, tmp_path, monkeypatch):
    monkeypatch.setenv("IOA_TOKEN", "secret-1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-2")
    result = await python(sandbox, "import os; print(dict(os.environ))", tmp_path)
    assert "secret" not in result.stdout


@needs_bubblewrap
async def test_no_network(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = (
            "import socket\n"
            f"for target in (('127.0.0.1', {port}), ('192.0.2.1', 80)):\n"
            "    try: socket.create_connection(target, timeout=5); print('reached', target)\n"
            "    except OSError as error: print('refused')\n"
            "print([name for _, name in socket.if_nameindex()])"
        )
        result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert result.stdout == "refused\nrefused\n['lo']\n"


@needs_bubblewrap
async def test_no_abstract_unix_socket_of_the_host(tmp_path):
    name = f"\0ioa-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        code = f"import socket\nsocket.socket(socket.AF_UNIX).connect({name!r})"
        result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert "ConnectionRefusedError" in result.stderr


@needs_bubblewrap
async def test_no_file_outside_is_read_or_written(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("token")
    code = (
        "import os\n"
        f"for path in ({str(secret)!r}, '/etc/passwd', '/etc/shadow', '/root/.bashrc', '/home', '/root/.ssh'):\n"
        "    print(os.path.exists(path), end=' ')\n"
        f"for path in ({str(secret)!r}, '/usr/evil', '/etc/evil', '/evil', '/dev/evil', '/proc/sys/kernel/hostname'):\n"
        "    try: open(path, 'w').write('x'); print('wrote', path)\n"
        "    except OSError: print('no', end=' ')"
    )
    result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert result.stdout == "False False False False False False no no no no no no "
    assert secret.read_text() == "token"


@needs_bubblewrap
async def test_it_sees_no_process_of_the_host_and_has_no_rights(tmp_path):
    code = (
        "import os\nprint(len([p for p in os.listdir('/proc') if p.isdigit()]) < 6, os.getuid(), os.geteuid())\n"
        "print(open('/proc/self/status').read().split('CapEff:')[1].split()[0])\n"
        f"try: os.kill({os.getpid()}, 0); print('reached')\nexcept OSError as error: print(type(error).__name__)"
    )
    result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert result.stdout.split("\n")[:3] == ["True 65534 65534", "0000000000000000", "ProcessLookupError"]


@both
@needs_proc
async def test_a_fork_bomb_is_bounded(sandbox, tmp_path):
    # Each process forks one child and waits, so the bomb grows in a line: bounded even where a limit is late.
    code = (
        "import os, time\nwhile True:\n    try: pid = os.fork()\n    except OSError: time.sleep(60)\n"
        "    if pid: os.waitpid(pid, 0)"
    )
    result = await python(sandbox, code, tmp_path)
    assert result.ended in ("watch", "timeout")
    assert "20 processes" in result.said
    assert not marked_processes()


def marked_processes() -> list[str]:
    found = []
    for pid in (path.name for path in Path("/proc").iterdir() if path.name.isdigit()):
        try:
            if b"IOA_SANDBOX=" in Path(f"/proc/{pid}/environ").read_bytes():
                found.append(Path(f"/proc/{pid}/stat").read_text())
        except OSError:
            continue
    return [stat for stat in found if stat.rsplit(")", 1)[1].split()[0] != "Z"]


@both
@needs_proc
async def test_memory_is_bounded(sandbox, tmp_path):
    code = "import time\nheld = []\nwhile True:\n    held.append(bytearray(b'x' * 20_000_000))\n    time.sleep(0.005)"
    result = await python(sandbox, code, tmp_path)
    assert (result.ended, result.said) == ("watch", "used more than 300 MiB of memory")


@both
@pytest.mark.skipif(sys.platform == "darwin", reason="RLIMIT_AS: not enforced by macOS")
async def test_one_large_allocation_fails_inside(sandbox, tmp_path):
    result = await python(sandbox, "bytearray(3_000_000_000)", tmp_path)
    assert "MemoryError" in result.stderr


@both
async def test_endless_output_is_bounded(sandbox, tmp_path):
    result = await python(sandbox, "while True: print('x' * 1000)", tmp_path)
    assert (result.ended, result.said) == ("output", "printed more than 192 KiB")
    assert len(result.stdout) == LIMITS.stdout_bytes


@both
async def test_one_huge_file_is_bounded(sandbox, tmp_path):
    limits = replace(LIMITS, file_bytes=MIB)
    result = await python(sandbox, "open('big', 'wb').write(b'x' * 5_000_000)", tmp_path, limits=limits)
    assert result.code != 0
    assert sum(file.path.stat().st_size for file in result.files) <= MIB


@both
async def test_many_files_are_bounded(sandbox, tmp_path):
    limits = replace(LIMITS, folder_bytes=20 * MIB)
    code = "n = 0\nwhile True:\n    open(f'f{n}', 'wb').write(b'x' * 1_000_000); n += 1"
    result = await python(sandbox, code, tmp_path, limits=limits)
    assert (result.ended, result.said) == ("watch", "wrote more than 20 MiB of files")


@both
@needs_proc
async def test_the_timeout_kills_the_whole_tree_even_what_left_its_group(sandbox, tmp_path):
    code = (
        "import os, subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "time.sleep(300)"
    )
    result = await python(sandbox, code, tmp_path, limits=replace(LIMITS, time_s=1))
    assert (result.ended, result.said) == ("timeout", "ran longer than 1 seconds")
    assert not marked_processes()


@both
@needs_proc
async def test_cancelling_kills_the_whole_tree(sandbox, tmp_path):
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True)\n"
        "open('started', 'w').close()\ntime.sleep(300)"
    )
    running = asyncio.create_task(python(sandbox, code, tmp_path))
    async with asyncio.timeout(60):
        while not list(tmp_path.glob("work-*/started")):  # noqa: ASYNC110 - set by another process
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not marked_processes()


@both
async def test_links_do_not_leak_files_of_the_host(sandbox, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("token")
    code = (
        f"import os\nos.symlink({str(secret)!r}, 'link.txt')\nos.symlink('/etc', 'etc')\n"
        f"os.symlink({str(tmp_path)!r}, 'up')\n"
        f"try: os.link({str(secret)!r}, 'hard.txt')\nexcept OSError: pass\n"
        "os.mkfifo('pipe.txt')\nos.mkdir('sub')\nos.symlink('../..', 'sub/up')\n"
        "open('.hidden', 'w').write('h')\nopen('ok\\x1b[31m.txt', 'w').write('fine')"
    )
    result = await python(sandbox, code, tmp_path)
    assert result.stderr == ""
    assert [file.name for file in result.files] == ["hidden", "ok[31m.txt"]
    assert not any(b"token" in file.path.read_bytes() for file in result.files)
    assert any(note.startswith("link.txt: a symbolic link") for note in result.notes)
    assert any(note.startswith("pipe.txt: not a plain file") for note in result.notes)


@both
async def test_files_come_back_within_limits(sandbox, tmp_path):
    limits = replace(LIMITS, collect=CollectLimits(files=3, file_bytes=1000, total_bytes=1500))
    code = "for n, size in enumerate((900, 2000, 500, 400, 10, 10, 10)): open(f'{n}.bin', 'wb').write(b'x' * size)"
    result = await python(sandbox, code, tmp_path, limits=limits)
    assert [file.name for file in result.files] == ["0.bin", "2.bin", "4.bin"]
    assert result.notes == (
        "1.bin: larger than the 600 bytes that are left for files",
        "3.bin: larger than the 100 bytes that are left for files",
        "5.bin and what follows: more than 3 files",
    )


async def test_too_much_input_is_refused(tmp_path):
    big = tmp_path / "big.bin"
    big.write_bytes(b"x" * 2000)
    with pytest.raises(InputRefused, match="2,000 bytes together, at most 1,000"):
        await python(Sandbox(), "pass", tmp_path, big, limits=replace(LIMITS, input_bytes=1000))


async def test_two_files_of_one_name_are_both_there(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text(folder)
    code = "print(open('x.txt').read(), open('x-2.txt').read())"
    result = await python(Sandbox.best(), code, tmp_path, tmp_path / "a" / "x.txt", tmp_path / "b" / "x.txt")
    assert result.stdout == "a b\n"


def test_without_bubblewrap_it_says_what_it_does_not_protect_from(monkeypatch):
    module.bubblewrap_problem.cache_clear()
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    try:
        assert "not installed" in bubblewrap_problem() or sys.platform != "linux"
        assert Sandbox.best().isolation == "subprocess"
        assert "does NOT keep the program from the network" in Sandbox.best().describe()
    finally:
        module.bubblewrap_problem.cache_clear()


@pytest.mark.parametrize(
    ("name", "safe"),
    [("../../etc/passwd", "passwd"), ("a\\b\\c.txt", "c.txt"), ("..", "file"), ("", "file"), ("a\0\n\x1b.txt", "a.txt"),
     ("‮gpj.exe", "gpj.exe"), ("x" * 300 + ".csv", "x" * 116 + ".csv"), ("数据.csv", "数据.csv")],
)  # fmt: skip
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe
    assert len(safe_name(name)) <= 120
