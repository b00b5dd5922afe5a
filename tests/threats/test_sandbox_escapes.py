"""Programs that try to leave the sandbox, or to take more than is theirs.

What tests/agents/test_sandbox.py shows is not repeated here. `anyhow` attacks are stopped with and without bubblewrap,
the others by bubblewrap only."""
# ruff: noqa: E501, ASYNC240 - programs read better unbroken; small files of the tests' own

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ioa.adapters.agents.process_watch import can_watch
from ioa.adapters.agents.sandbox import Sandbox, SandboxLimits, bubblewrap_problem

pytestmark = pytest.mark.skipif(not can_watch(), reason="/proc: not on this system")
needs_bubblewrap = pytest.mark.skipif(bubblewrap_problem() != "", reason=f"bubblewrap: {bubblewrap_problem()}")
MIB = 1024 * 1024
LIMITS = SandboxLimits(time_s=30, memory_bytes=300 * MIB, processes=20)
anyhow = pytest.mark.parametrize(
    "sandbox",
    [
        pytest.param(Sandbox("bubblewrap"), marks=needs_bubblewrap, id="bubblewrap"),
        pytest.param(Sandbox("subprocess"), id="subprocess"),
    ],
)
SYSCALLS = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def tried(what, result):
    print(what, "YES" if result >= 0 else errno.errorcode.get(ctypes.get_errno(), "no"))
"""


async def python(sandbox: Sandbox, code: str, folder: Path, *, limits: SandboxLimits = LIMITS):
    return await sandbox.run(["{python}", "-c", code], [], limits, folder=folder)


@needs_bubblewrap
async def test_no_system_call_gives_rights_or_devices(tmp_path):
    code = SYSCALLS + (
        "tried('setuid', libc.setuid(0))\n"
        "tried('setgid', libc.setgid(0))\n"
        "tried('chroot', libc.chroot(b'/'))\n"
        "tried('mount', libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))\n"
        "tried('umount', libc.umount2(b'/usr', 2))\n"
        "tried('mknod', libc.mknod(b'/sandbox/disk', 0o60666, (8 << 8)))\n"
        f"tried('ptrace', libc.ptrace(16, {os.getpid()}, 0, 0))\n"
        "tried('setns', libc.setns(os.open('/proc/1/ns/mnt', os.O_RDONLY) if os.access('/proc/1/ns/mnt', 4) else -1, 0))\n"
        "tried('reboot', libc.reboot(0xfee1dead))\n"
        "tried('swapon', libc.swapon(b'/sandbox/x', 0))\n"
        "tried('module', libc.syscall(175, b'', 0, b''))\n"
        "tried('hostname', libc.sethostname(b'evil', 4))\n"
        "tried('clock', libc.settimeofday(ctypes.create_string_buffer(16), None))\n"
        "tried('priority', libc.setpriority(0, 0, -20))\n"
    )
    result = await python(Sandbox("bubblewrap"), code, tmp_path)
    lines = dict(line.rsplit(" ", 1) for line in result.stdout.splitlines())
    assert len(lines) == 14, result.stderr
    assert [what for what, outcome in lines.items() if outcome == "YES"] == []


@needs_bubblewrap
async def test_setuid_programs_give_nothing_and_no_new_namespace_gives_rights_outside(tmp_path):
    code = (
        "import subprocess\n"
        "print(open('/proc/self/status').read().split('NoNewPrivs:')[1].split()[0])\n"
        "for name in ('su', 'sudo', 'mount', 'passwd', 'pkexec', 'newgrp'):\n"
        "    try: done = subprocess.run([name, '-c', 'id -u'], capture_output=True, text=True, stdin=subprocess.DEVNULL)\n"
        "    except OSError: continue\n"
        "    assert done.stdout.strip() != '0', name\n"
        'inner = \'import os; open("/usr/evil", "w")\'\n'
        "done = subprocess.run(['unshare', '-Ur', 'python3', '-c', inner], capture_output=True, text=True)\n"
        "print('refused' if done.returncode else 'WROTE')\n"
    )
    result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert result.stdout == "1\nrefused\n", result.stderr
    assert not Path("/usr/evil").exists()


@needs_bubblewrap
async def test_only_its_own_processes_can_be_seen_read_or_signalled(tmp_path, monkeypatch):
    monkeypatch.setenv("IOA_TOKEN", "secret-of-the-client")
    code = (
        "import os, signal\n"
        "seen = b''\n"
        "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    for part in ('environ', 'cmdline', 'maps'):\n"
        "        try: seen += open(f'/proc/{pid}/{part}', 'rb').read()\n"
        "        except OSError: pass\n"
        "    for link in ('cwd', 'root', 'exe', 'fd/0', 'fd/3', 'fd/5'):\n"
        "        try: seen += os.readlink(f'/proc/{pid}/{link}').encode()\n"
        "        except OSError: pass\n"
        "print(b'secret' + b'-of' in seen)\n"
        "for target in ('/proc/1/root/etc/passwd', '/proc/self/root/../../etc/passwd', '/proc/1/cwd/secret.txt'):\n"
        "    print(os.path.exists(target), end=' ')\n"
        f"for pid in ({os.getpid()}, {os.getppid()}):\n"
        "    try: os.kill(pid, 0); print('REACHED')\n"
        "    except ProcessLookupError: pass\n"
    )
    (tmp_path / "secret.txt").write_text("x")
    result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert result.stdout == "False\nFalse False False ", result.stderr


@needs_bubblewrap
async def test_kernel_switches_and_devices_are_out_of_reach(tmp_path):
    code = (
        "import os, glob\n"
        "for path in ('/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/self/oom_score_adj',\n"
        "             '/sys/power/state', '/dev/mem', '/dev/kmsg', '/dev/sda', '/dev/null/x', '/proc/1/mem'):\n"
        "    try: open(path, 'r+b').write(b'-1000'); print('WROTE', path)\n"
        "    except OSError: pass\n"
        "known = {'console', 'core', 'fd', 'full', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout',\n"
        "         'tty', 'urandom', 'zero'}\n"
        "print(sorted(set(os.listdir('/dev')) - known), glob.glob('/sys/*'), glob.glob('/run/*'), glob.glob('/var/*'))\n"
    )
    result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert result.stdout == "[] [] [] []\n", result.stderr


@needs_bubblewrap
async def test_no_kind_of_socket_reaches_the_machine(tmp_path):
    path = tmp_path / "service.sock"
    with socket.socket(socket.AF_UNIX) as unix, socket.create_server(("::1", 0), family=socket.AF_INET6) as six:
        unix.bind(str(path))
        unix.listen()
        code = (
            "import socket\n"
            f"tries = [(socket.AF_UNIX, {str(path)!r}), (socket.AF_INET6, ('::1', {six.getsockname()[1]})),\n"
            "         (socket.AF_INET, ('169.254.169.254', 80)), (socket.AF_INET, ('8.8.8.8', 53))]\n"
            "for family, address in tries:\n"
            "    try:\n"
            "        with socket.socket(family) as s: s.settimeout(3); s.connect(address); print('REACHED', address)\n"
            "    except OSError: pass\n"
            "for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):\n"
            "    try: socket.socket(socket.AF_PACKET, kind); print('RAW')\n"
            "    except OSError: pass\n"
            "try: socket.getaddrinfo('example.org', 80); print('RESOLVED')\n"
            "except OSError: print('nothing')\n"
        )
        result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert result.stdout == "nothing\n", result.stderr


@needs_bubblewrap
async def test_scratch_folders_are_bounded(tmp_path):
    code = (
        "for path in ('/tmp/big', '/dev/shm/big'):\n"
        "    try:\n"
        "        with open(path, 'wb') as file:\n"
        "            for _ in range(60): file.write(bytes(4 * 1024 * 1024))\n"
        "        print('WROTE', path)\n"
        "    except OSError as error: print(error.errno)\n"
    )
    limits = replace(LIMITS, file_bytes=1024 * MIB)
    result = await python(Sandbox("bubblewrap"), code, tmp_path, limits=limits)
    assert result.stdout == "28\n28\n", result.stderr


@anyhow
async def test_memory_that_is_shared_counts_too(sandbox, tmp_path):
    code = (
        "import mmap, os, time\n"
        "for _ in range(6):\n    if os.fork() == 0:\n        mine = mmap.mmap(-1, 100_000_000)\n"
        "        for at in range(0, 100_000_000, 4096): mine[at] = 1\n        time.sleep(60)\ntime.sleep(60)"
    )
    result = await python(sandbox, code, tmp_path)
    assert (result.ended, result.said) == ("watch", "used more than 300 MiB of memory")


@anyhow
async def test_many_empty_files_are_bounded(sandbox, tmp_path):
    limits = replace(LIMITS, folder_bytes=20 * MIB)
    code = "n = 0\nwhile True:\n    open(f'f{n}', 'wb').close(); n += 1"
    result = await python(sandbox, code, tmp_path, limits=limits)
    assert (result.ended, result.said) == ("watch", "wrote more than 20 MiB of files")


@anyhow
async def test_a_flood_of_errors_is_cut_and_ends_nothing_else(sandbox, tmp_path):
    result = await python(
        sandbox, "import sys\nfor _ in range(50_000): sys.stderr.write('x' * 1000)\nprint('done')", tmp_path
    )
    assert (result.ended, result.stdout) == ("exit", "done\n")
    assert len(result.stderr) <= 16 * 1024


@anyhow
async def test_limits_cannot_be_raised_from_inside(sandbox, tmp_path):
    code = (
        "import resource\n"
        "for name in ('RLIMIT_AS', 'RLIMIT_CPU', 'RLIMIT_FSIZE', 'RLIMIT_NOFILE', 'RLIMIT_CORE'):\n"
        "    kind = getattr(resource, name); hard = resource.getrlimit(kind)[1]\n"
        "    try: resource.setrlimit(kind, (hard + 1, hard + 1)); print('RAISED', name)\n"
        "    except (OSError, ValueError): pass\n"
    )
    result = await python(sandbox, code, tmp_path)
    if sandbox.isolation == "subprocess" and os.getuid() == 0:
        return  # root may raise them; docs/agents.md says not to run strangers' code as root without bubblewrap
    assert result.stdout == "", result.stderr


@anyhow
async def test_ignoring_signals_and_stopping_oneself_do_not_outlast_the_time(sandbox, tmp_path):
    code = (
        "import os, signal, time\n"
        "for number in range(1, 65):\n    try: signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "if os.fork() == 0:\n    os.setsid()\n    os.kill(os.getpid(), signal.SIGSTOP)\n"
        "os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(300)"
    )
    result = await python(sandbox, code, tmp_path, limits=replace(LIMITS, time_s=1))
    assert result.ended == "timeout"


@needs_bubblewrap
async def test_a_daemon_that_hides_its_traces_ends_with_the_program(tmp_path):
    code = (
        "import os, sys\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        '        code = \'import time\\nwhile True: open("/sandbox/beat", "a").write("x"); time.sleep(0.01)\'\n'
        "        os.execve(sys.executable, [sys.executable, '-c', code], {})\n    os._exit(0)\n"
        "import time\nwhile not os.path.exists('/sandbox/beat'): time.sleep(0.01)\n"
    )
    result = await python(Sandbox("bubblewrap"), code, tmp_path)
    assert result.ended == "exit"
    assert [file.name for file in result.files] == ["beat"]
    marked = f"{tmp_path}".encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - numbers, no paths
        try:
            assert b"/sandbox/beat" not in Path(f"/proc/{pid}/cmdline").read_bytes(), marked
        except OSError:
            continue


@anyhow
async def test_names_of_results_move_nothing_and_links_swapped_in_bring_nothing(sandbox, tmp_path):
    (tmp_path / "secret.txt").write_text("token")
    code = (
        "import os\nos.mkdir('a')\nopen('a/f.txt', 'w').write('x')\nos.rename('a', 'b')\n"
        f"os.symlink({str(tmp_path)!r}, 'a')\n"
        "deep = 'd'\nos.mkdir(deep)\nfor _ in range(200): os.mkdir(deep + '/d'); deep += '/d'\n"
        "open('-rf', 'w').write('flag')\nopen('a\\nb\\x1b[2J\\u202e.txt', 'w').write('t')\nopen('...', 'w').write('dots')\n"
        "for n in range(300): open('x' * 200 + str(n), 'w').close()\n"
    )
    result = await python(sandbox, code, tmp_path)
    assert result.stderr == ""
    assert not any(b"token" in file.path.read_bytes() for file in result.files)
    for file in result.files:
        assert file.path.parent.parent == tmp_path
        assert "/" not in file.name
        assert file.name.isprintable()
    assert len(result.files) <= 32


async def test_the_fallback_says_what_it_does_not_keep_off() -> None:
    said = Sandbox("subprocess").describe()
    for lack in ("network", "files that this user can read or write", "signals", "outlive"):
        assert lack in said, lack


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")
async def test_several_at_once_do_not_see_each_other(tmp_path):
    code = "import os\nprint(len(os.listdir('.')), sorted(os.listdir('/tmp')))\nopen('mine', 'w').close()"
    folders = [tmp_path / str(n) for n in range(4)]
    for folder in folders:
        folder.mkdir()
    results = await asyncio.gather(*(python(Sandbox.best(), code, folder) for folder in folders))
    if Sandbox.best().isolation == "bubblewrap":
        here = Path(sys.prefix)
        shown = [here.parts[2]] if here.is_relative_to("/tmp") else []  # the environment itself may lie there
        assert {result.stdout for result in results} == {f"0 {shown}\n"}
    assert [[file.name for file in result.files] for result in results] == [["mine"]] * 4
