"""A hub's data copied while it runs, checked, put back; and clients that knew more than the backup."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from ioa.adapters.backup.checking import check
from ioa.adapters.backup.making import BackupFailed, back_up, restore, verify
from ioa.adapters.store.sqlite import SqliteStore
from ioa.cli.program import program
from ioa.client.journal import Journal
from ioa.hub.security import local_token
from ioa.ports.agent import Outcome
from ioa.protocol.cards import Card
from ioa.testing.network import Network, network
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause


class Sums(ScriptedPolicy):
    """Has something added, without waiting for it, and concludes with the sum."""

    async def turn(self, view):
        tasks = list(view.group.tasks.values())
        if not tasks:
            return assign(("Adder", "add"), wait=False)
        return pause(tasks[0].task_id) if tasks[0].open else conclude(tasks[0].conclusion)


class Adder:
    """Not idempotent. Holds on until it may go; counts how often it began."""

    def __init__(self) -> None:
        self.began = 0
        self.started, self.go = asyncio.Event(), asyncio.Event()

    async def perform(self, assignment, progress):
        self.began += 1
        self.started.set()
        await self.go.wait()
        return Outcome("three")


async def village(net: Network) -> Adder:
    adder = Adder()
    await net.join(Card(name="Chair", description="plans"), Sums(team=("Adder",)))
    await net.join(Card(name="Adder", description="adds"), ScriptedPolicy(), adder)
    return adder


@pytest.fixture
async def net(tmp_path: Path):
    async with network(tmp_path) as made:
        yield made


async def a_goal(net: Network, adder: Adder) -> str:
    adder.go.set()
    goal = await net.answer(await net.ask("sum", initiator="Chair", artifacts=[await net.upload("a.csv", b"1,2")]))
    assert goal.conclusion == "three"
    adder.go.clear()
    adder.started.clear()
    return goal.goal_id


async def test_a_backup_of_a_running_hub_is_whole_and_can_be_put_back(net: Network, tmp_path: Path):
    await a_goal(net, await village(net))
    manifest = await asyncio.to_thread(back_up, tmp_path / "hub", tmp_path / "copy.tar.gz", now_s=1.0)
    assert manifest.newest == await net.hub.store.newest()
    assert manifest.epoch == net.hub.store.epoch
    assert verify(tmp_path / "copy.tar.gz") == manifest
    restore(tmp_path / "copy.tar.gz", tmp_path / "again")
    found = check(tmp_path / "again")
    assert (found.wrong, found.remarks) == ((), ())
    assert (found.groups, found.files) == (1, 1)
    assert found.entries == manifest.newest
    assert found.epoch not in ("", manifest.epoch)
    restore(tmp_path / "copy.tar.gz", tmp_path / "moved", keep_epoch=True)
    assert check(tmp_path / "moved").epoch == manifest.epoch


async def test_goals_are_asked_while_backups_are_made(net: Network, tmp_path: Path):
    adder = await village(net)
    adder.go.set()
    for number in range(4):
        goal_id = await net.ask(f"sum {number}", initiator="Chair")
        manifest = await asyncio.to_thread(back_up, tmp_path / "hub", tmp_path / f"copy {number}", now_s=1.0)
        assert (await net.answer(goal_id)).status == "completed"
        restore(tmp_path / f"copy {number}", tmp_path / f"again {number}")
        found = check(tmp_path / f"again {number}")
        assert found.wrong == ()
        assert found.entries == manifest.newest


def damage(folder: Path, what: str) -> None:
    if what == "file":
        next((folder / "artifacts").glob("??/*")).write_bytes(b"1,3")
        return
    if what == "no file":
        next((folder / "artifacts").glob("??/*")).unlink()
        return
    with closing(sqlite3.connect(folder / "hub.sqlite")) as db, db:
        db.execute(
            {
                "gap": "DELETE FROM log WHERE seq = 3",
                "sender": "UPDATE log SET sender = 'Eve' WHERE seq = 2",
                "body": "UPDATE log SET body = CAST('{}' AS BLOB) WHERE seq = 2",
                "state": "UPDATE groups SET state = 'pause'",
                "law": "UPDATE log SET body = (SELECT body FROM log WHERE seq = 2) WHERE seq = 4",
                "member": "DELETE FROM members WHERE name = 'Adder'",
                "stray": "UPDATE groups SET comm_id = 'other'",
            }[what]
        )


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("gap", "entry 3 is missing"),
        ("sender", "otherwise than its row"),
        ("body", "malformed"),
        ("law", "entry 4"),
        ("state", "its row says pause"),
        ("member", "members of its row"),
        ("stray", "belong to no group"),
        ("file", "is damaged"),
        ("no file", "is missing"),
    ],
)
async def test_check_finds_what_is_wrong(net: Network, tmp_path: Path, what: str, said: str):
    await a_goal(net, await village(net))
    await net.close()
    damage(tmp_path / "hub", what)
    wrong = check(tmp_path / "hub").wrong
    assert any(said in text for text in wrong), wrong
    done = CliRunner().invoke(program, ["hub", "check", "--data", str(tmp_path / "hub")])
    assert done.exit_code == 1
    assert said in done.output.replace("\n", " ")


async def test_a_damaged_backup_and_a_folder_in_use_are_refused(net: Network, tmp_path: Path):
    await a_goal(net, await village(net))
    back_up(tmp_path / "hub", tmp_path / "copy", now_s=1.0)
    with pytest.raises(BackupFailed, match="exists already; give a name that is free"):
        back_up(tmp_path / "hub", tmp_path / "copy", now_s=1.0)
    with pytest.raises(BackupFailed, match=r"holds no hub\.sqlite: give the data folder"):
        back_up(tmp_path / "none", tmp_path / "other", now_s=1.0)
    with pytest.raises(BackupFailed, match="is not empty; move it away"):
        restore(tmp_path / "copy", tmp_path / "hub")
    damage(tmp_path / "copy", "file")
    with pytest.raises(BackupFailed, match="differ from the manifest"):
        restore(tmp_path / "copy", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "half.tar.gz").write_bytes(b"\x1f\x8b\x08 not whole")
    with pytest.raises(BackupFailed, match="is damaged"):
        restore(tmp_path / "half.tar.gz", tmp_path / "new")


async def set_back(net: Network, folder: Path) -> None:
    """The hub's machine is lost, and its backup put back."""
    await net.stop_hub()
    shutil.rmtree(folder / "hub")
    restore(folder / "copy", folder / "hub")
    await net.start_hub()


async def test_a_result_that_the_backup_has_not_is_sent_again_and_the_work_not_done_twice(net: Network, tmp_path: Path):
    adder = await village(net)
    goal_id = await net.ask("sum", initiator="Chair")
    await adder.started.wait()
    group = (await net.goal(goal_id)).groups[0]
    await net.until(lambda: (seen := net.members["Adder"].client.group(group)) is not None and len(seen.tasks) == 1)
    back_up(tmp_path / "hub", tmp_path / "copy", now_s=1.0)
    adder.go.set()
    assert (await net.answer(goal_id)).conclusion == "three"  # the backup knows nothing of it
    await set_back(net, tmp_path)
    goal = await net.answer(goal_id)
    assert (goal.status, goal.conclusion) == ("completed", "three")
    assert adder.began == 1


async def test_an_agent_at_work_goes_on_when_its_hub_was_set_back(net: Network, tmp_path: Path):
    adder = await village(net)
    await a_goal(net, adder)
    goal_id = await net.ask("sum again", initiator="Chair")
    await adder.started.wait()
    back_up(tmp_path / "hub", tmp_path / "copy", now_s=1.0)
    await set_back(net, tmp_path)
    adder.go.set()
    assert (await net.answer(goal_id)).conclusion == "three"
    assert adder.began == 2  # once for each goal


async def test_a_log_that_grew_past_the_clients_cursor_is_still_known_for_another_one(net: Network, tmp_path: Path):
    adder = await village(net)
    back_up(tmp_path / "hub", tmp_path / "copy", now_s=1.0)
    await a_goal(net, adder)
    chair = net.members["Chair"]
    await chair.leave()
    held = await net.hub.store.newest()
    await set_back(net, tmp_path)
    await net.join(Card(name="Other", description="plans"), Sums(team=("Adder",)))
    await net.until(lambda: net.members["Adder"].client.connected)
    adder.go.set()
    while await net.hub.store.newest() <= held:
        assert (await net.answer(await net.ask("other", initiator="Other"))).conclusion == "three"
    await net.join(Card(name="Chair", description="plans"), Sums(team=("Adder",)))
    assert (await net.answer(await net.ask("sum once more", initiator="Chair"))).conclusion == "three"
    mine = [row.comm_id for row in await net.hub.store.group_rows(member="Chair")]
    assert len(mine) == 1  # what the backup had not is gone here as there


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
async def test_only_the_user_may_read_what_a_hub_and_its_clients_keep(tmp_path: Path):
    before = os.umask(0)
    try:
        folder = tmp_path / "hub"
        folder.mkdir(mode=0o777)
        for name in ("hub.sqlite", "token"):
            (folder / name).touch(mode=0o666)
        (folder / "token").write_text("a-token-that-was-copied-here")
        assert local_token(folder) == "a-token-that-was-copied-here"
        store = SqliteStore(folder / "hub.sqlite")
        await store.open()
        await store.newest()
        journal = Journal(tmp_path / "journal.sqlite", "Ann")
        journal.pass_over(1)
        paths = files(folder) + files(tmp_path)
        assert {path.name for path in paths} >= {"token", "hub.sqlite", "hub.sqlite-wal", "journal.sqlite"}
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in paths if mode(path) != 0o600} == {}
        journal.close()
        await store.close()
        (tmp_path / "net").mkdir(mode=0o777)
        async with network(tmp_path / "net"):
            assert mode(tmp_path / "net" / "hub") == 0o700
        back_up(tmp_path / "net" / "hub", tmp_path / "copy.tar.gz", now_s=1.0)
        assert mode(tmp_path / "copy.tar.gz") == 0o600
    finally:
        os.umask(before)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_commands_say_what_they_did(tmp_path: Path):
    async def once() -> None:
        async with network(tmp_path) as net:
            await a_goal(net, await village(net))

    asyncio.run(once())
    for words, said in (
        (["backup", str(tmp_path / "b.tar.gz"), "--data", str(tmp_path / "hub")], "the log up to entry"),
        (["restore", str(tmp_path / "b.tar.gz"), "--data", str(tmp_path / "new")], "all is whole"),
        (["check", "--data", str(tmp_path / "new"), "--json"], '"wrong": []'),
    ):
        done = CliRunner().invoke(program, ["hub", *words])
        assert done.exit_code == 0, done.output
        assert said in done.output
    done = CliRunner().invoke(program, ["hub", "restore", str(tmp_path / "b.tar.gz"), "--data", str(tmp_path / "new")])
    assert done.exit_code != 0
    assert "is not empty" in done.output
