"""The contract of the `Store` port, run on every maker of it: `await check_store(make)`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ioa.ports.store import Conflict, Document, Entry, GroupRow, Store, StoreUnavailable, Work


def _entry(comm_id: str, seq: int, *, sender: str = "Ann", message_id: str = "") -> Entry:
    name = message_id or f"{comm_id}-{seq}"
    body = f'{{"n":{seq},"text":"héllo 世界 \U0001f600"}}'.encode()
    return Entry(comm_id=comm_id, seq=seq, sender=sender, message_id=name, at=1000.5 + seq, body=body)


def _group(comm_id: str, *members: str, goal_id: str = "goal", owner: str = "@me", parent: str = "") -> GroupRow:
    return GroupRow(comm_id=comm_id, goal_id=goal_id, owner=owner, members=members, parent=parent, created_at=5.0)


async def check_store(make: Callable[[], Store]) -> None:
    """All checks, each on a fresh store of `make`."""
    for check in (
        _check_log,
        _check_atomic,
        _check_conflicts,
        _check_order,
        _check_member_and_goal,
        _check_group_rows,
        _check_documents,
        _check_exchanges,
        _check_changes,
        _check_forgetting,
        _check_following,
        _check_leading,
        _check_strange_text,
        _check_closed,
    ):
        store = make()
        await store.open()
        try:
            await check(store)
        finally:
            await store.close()


async def _refused(store: Store, work: Work) -> bool:
    try:
        await store.commit(work)
    except Conflict:
        return True
    return False


async def _check_log(store: Store) -> None:
    assert await store.newest() == 0
    positions = await store.commit(Work(groups=(_group("g", "Ann"),), entries=(_entry("g", 1), _entry("g", 2))))
    assert positions == (1, 2)
    assert await store.newest() == 2
    first, second = await store.log_of_group("g")
    assert (first.pos, first.comm_id, first.seq, first.at, first.body) == (1, "g", 1, 1001.5, _entry("g", 1).body)
    assert [entry.seq for entry in await store.log_of_group("g", after_seq=1)] == [2]
    assert await store.log_of_group("g", limit=1) == [first]
    assert await store.log_of_group("nowhere") == []
    assert second.pos == 2


async def _check_atomic(store: Store) -> None:
    await store.commit(Work(groups=(_group("g", "Ann"),), entries=(_entry("g", 1),)))
    both = Work(
        groups=(_group("h", "Bob"),),
        entries=(_entry("h", 1), _entry("g", 3)),
        states=(("g", "conclusion"),),
        documents=(Document(kind="goal", key="k", body=b"{}"),),
    )
    assert await _refused(store, both)
    assert await store.group_row("h") is None
    assert await store.log_of_group("h") == []
    assert await store.document("goal", "k") is None
    row = await store.group_row("g")
    assert row is not None
    assert row.state == "discussion"
    assert await store.newest() == 1


async def _check_conflicts(store: Store) -> None:
    await store.commit(Work(groups=(_group("g", "Ann"),), entries=(_entry("g", 1),)))
    assert await _refused(store, Work(entries=(_entry("g", 1, message_id="new"),)))
    assert await _refused(store, Work(entries=(_entry("g", 3),)))
    assert await _refused(store, Work(entries=(_entry("g", 2, message_id="g-1"),)))
    assert await _refused(store, Work(entries=(_entry("g", 2, message_id="x"), _entry("g", 3, message_id="x"))))
    assert await _refused(store, Work(groups=(_group("g", "Bob"),)))
    await store.commit(Work(entries=(_entry("g", 2, sender="Bob", message_id="g-1"),)))
    assert [entry.seq for entry in await store.log_of_group("g")] == [1, 2]


async def _check_order(store: Store) -> None:
    """Works that wait together are answered in order, and one that is refused takes only its followers with it."""
    await store.commit(Work(groups=(_group("g", "Ann"), _group("h", "Ann"))))
    works = [
        Work(entries=(_entry("g", 1),)),
        Work(entries=(_entry("h", 1, message_id="g-1"),)),  # the same (sender, message_id): refused
        Work(entries=(_entry("h", 2),)),  # follows the refused one: refused
        Work(entries=(_entry("g", 2),)),
        Work(entries=(_entry("h", 1),)),
    ]
    finished: list[int] = []
    futures = [store.commit(work) for work in works]
    for number, future in enumerate(futures):
        future.add_done_callback(lambda _, number=number: finished.append(number))
    answers = await asyncio.gather(*futures, return_exceptions=True)
    assert [isinstance(answer, Conflict) for answer in answers] == [False, True, True, False, False]
    assert [answer for answer in answers if not isinstance(answer, BaseException)] == [(1,), (2,), (3,)]
    assert finished == [0, 1, 2, 3, 4]
    many = [Work(entries=(_entry("g", seq),)) for seq in range(3, 503)]
    positions = [pos for answer in await asyncio.gather(*map(store.commit, many)) for pos in answer]
    assert positions == list(range(4, 504))


async def _check_member_and_goal(store: Store) -> None:
    await store.commit(
        Work(
            groups=(_group("a", "Ann", "Bob"), _group("b", "Bob", goal_id="other"), _group("c", "Ann", parent="a")),
            entries=(_entry("a", 1), _entry("b", 1), _entry("c", 1), _entry("a", 2)),
        )
    )
    await store.commit(Work(entries=(_entry("b", 2), _entry("a", 3)), states=(("a", "conclusion"),)))

    async def seen(name: str, after: int, limit: int = 100) -> list[tuple[int, str]]:
        return [(entry.pos, entry.comm_id) for entry in await store.log_of_member(name, after=after, limit=limit)]

    assert await seen("Ann", 0) == [(1, "a"), (3, "c"), (4, "a"), (6, "a")]
    assert await seen("Ann", 3) == [(4, "a"), (6, "a")]
    assert await seen("Bob", 0, 3) == [(1, "a"), (2, "b"), (4, "a")]
    assert await seen("Ann", 5) == [(6, "a")]
    assert await seen("Ann", 6) == []
    assert await seen("Eve", 0) == []
    assert [entry.pos for entry in await store.log_of_goal("goal", after=1, limit=10)] == [3, 4, 6]
    assert [entry.pos for entry in await store.log_of_goal("other", after=0, limit=1)] == [2]


async def _check_group_rows(store: Store) -> None:
    rows = (_group("a", "Ann", "Bob"), _group("b", "Bob", owner="@you"), _group("c", "Bob", "Ann", goal_id="x"))
    await store.commit(Work(groups=rows, entries=(_entry("b", 1),), states=(("b", "conclusion"),)))
    await store.commit(Work(states=(("c", "pause"),)))

    async def found(**filters: object) -> list[str]:
        return [row.comm_id for row in await store.group_rows(**filters)]  # pyright: ignore[reportArgumentType] - tests name them

    assert await found() == ["c", "b", "a"]
    assert await found(limit=1) == ["c"]
    assert await found(member="Ann") == ["c", "a"]
    assert await found(owner="@you") == ["b"]
    assert await found(goal_id="goal", ended=False) == ["a"]
    assert await found(ended=True) == ["b"]
    assert await found(state="pause") == ["c"]
    newest = (await store.group_rows(limit=1))[0]
    assert newest.members == ("Bob", "Ann")
    assert await found(before=newest.number) == ["b", "a"]


async def _check_documents(store: Store) -> None:
    async def keys(kind: str, **filters: object) -> list[str]:
        return [entry.key for entry in await store.documents(kind, **filters)]  # pyright: ignore[reportArgumentType] - tests name them

    made = tuple(Document(kind="goal", key=key, owner=owner, body=b"1") for key, owner in (("b", "x"), ("a", "y")))
    await store.commit(Work(documents=(*made, Document(kind="agent", key="b", body=b"2", new=True))))
    assert await keys("goal") == ["b", "a"]
    assert await keys("goal", newest_first=True, limit=1) == ["a"]
    assert await keys("goal", owner="x") == ["b"]
    assert await keys("goal", prefix="a") == ["a"]
    before = await store.document("goal", "b")
    await store.commit(Work(documents=(Document(kind="goal", key="b", owner="z", body=b"3"),)))
    after = await store.document("goal", "b")
    assert before is not None
    assert after is not None
    assert (after.body, after.owner, after.number) == (b"3", "z", before.number)
    assert await keys("goal", after=after.number) == ["a"]
    assert await keys("goal", before=after.number + 1) == ["b"]
    assert await _refused(store, Work(documents=(Document(kind="agent", key="b", body=b"4", new=True),)))
    await store.commit(Work(removed=(("agent", "b"), ("agent", "absent"))))
    assert await store.document("agent", "b") is None
    await store.commit(Work(removed=(("goal", "b"),), documents=(Document(kind="goal", key="b", body=b"5", new=True),)))
    assert (await keys("goal"))[-1] == "b"


async def _check_exchanges(store: Store) -> None:
    """A record is replaced only if it is still what its writer has seen; all of the work or nothing."""

    def exchange(old: bytes, new: bytes, *more: Document) -> Work:
        return Work(documents=(*more, Document(kind="goal", key="a", body=new, owner=new.decode(), replaces=old)))

    assert await _refused(store, exchange(b"1", b"2"))
    assert await store.newest_rev() == 0
    await store.commit(Work(documents=(Document(kind="goal", key="a", body=b"1"),)))
    answers = await asyncio.gather(
        *(
            store.commit(exchange(b"1", body, Document(kind="made", key=body.decode(), body=body)))
            for body in (b"2", b"3")
        ),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [tuple, Conflict]
    goal = await store.document("goal", "a")
    assert goal is not None
    assert (goal.body, goal.owner, goal.replaces) == (b"2", "2", None)
    assert [entry.key for entry in await store.documents("made")] == ["2"]
    before = await store.newest_rev()
    await asyncio.gather(*(store.commit(exchange(old, new)) for old, new in ((b"2", b"4"), (b"4", b"5"))))
    changes = await store.documents_after("goal", before, limit=9)
    assert [change.document.body for change in changes if change.document][-1] == b"5"
    assert await store.newest_rev() == changes[-1].rev
    await store.commit(Work(removed=(("goal", "a"),)))
    assert await store.newest_rev() > changes[-1].rev
    assert await _refused(store, exchange(b"5", b"6"))


async def _check_changes(store: Store) -> None:
    """Whoever follows the revisions of a kind from 0 knows what became of every record."""

    async def changes(kind: str, rev: int, limit: int = 100) -> list[tuple[str, bytes | None]]:
        found = await store.documents_after(kind, rev, limit=limit)
        assert [change.rev for change in found] == sorted({change.rev for change in found})
        assert all(change.rev > rev and change.kind == kind for change in found)
        return [(change.key, change.document.body if change.document else None) for change in found]

    def put(key: str, body: bytes, kind: str = "agent") -> Work:
        return Work(documents=(Document(kind=kind, key=key, body=body, owner="me"),))

    for work in (put("a", b"1"), put("b", b"1"), put("x", b"1", kind="goal"), put("a", b"2")):
        await store.commit(work)
    assert await changes("agent", 0) == [("b", b"1"), ("a", b"2")]
    assert await changes("agent", 0, limit=1) == [("b", b"1")]
    assert await changes("nothing", 0) == []
    newest = (await store.documents_after("agent", 0, limit=10))[-1]
    assert newest.document == await store.document("agent", "a")
    await store.commit(Work(removed=(("agent", "b"), ("agent", "never"))))
    await asyncio.gather(*map(store.commit, (put("c", b"1"), put("c", b"2"), Work(removed=(("agent", "c"),)))))
    assert [key for key, body in await changes("agent", newest.rev) if body is None] == ["b", "c"]
    newest = (await store.documents_after("agent", 0, limit=10))[-1]
    assert await changes("agent", newest.rev) == []
    await store.commit(put("b", b"3"))
    assert await changes("agent", newest.rev) == [("b", b"3")]


async def _check_forgetting(store: Store) -> None:
    """Word of what was removed can be forgotten up to a revision; what is there, and later word, stays."""

    def put(key: str) -> Work:
        return Work(documents=(Document(kind="agent", key=key, body=b"1"),))

    async def keys(rev: int) -> list[tuple[str, bool]]:
        found = await store.documents_after("agent", rev, limit=100)
        return [(change.key, change.document is not None) for change in found]

    for work in (put("a"), put("b"), put("c"), Work(removed=(("agent", "a"),))):
        await store.commit(work)
    rev = await store.newest_rev()
    await store.commit(Work(removed=(("agent", "b"),)))
    await store.commit(put("d"))
    newest = await store.newest_rev()
    await store.forget_removals(rev)
    assert await keys(0) == [("c", True), ("b", False), ("d", True)]
    assert await keys(rev) == [("b", False), ("d", True)]
    assert await store.newest_rev() == newest
    await store.commit(put("a"))
    assert await keys(newest) == [("a", True)]
    await store.forget_removals(rev)
    assert await keys(0) == [("c", True), ("b", False), ("d", True), ("a", True)]


async def _check_following(store: Store) -> None:
    """The log of all groups by position, and a log that has a name of its own."""
    works = [Work(groups=(_group(name, "Ann"),), entries=(_entry(name, 1), _entry(name, 2))) for name in "abc"]
    await asyncio.gather(*map(store.commit, works))
    found = await store.log_after(0, limit=100)
    assert [(entry.pos, entry.comm_id, entry.seq) for entry in found] == [
        (number + 1, "abc"[number // 2], number % 2 + 1) for number in range(6)
    ]
    assert await store.log_after(2, limit=3) == found[2:5]
    assert await store.log_after(6, limit=3) == []
    assert len(store.epoch) >= 16


async def _check_leading(store: Store) -> None:
    first = await store.lead("deadlines")
    assert first is not None
    assert first.held
    assert await store.lead("deadlines") is None
    other = await store.lead("spending")
    assert other is not None
    await first.release()
    await first.release()
    await first.lost()
    assert not first.held
    again = await store.lead("deadlines")
    assert again is not None
    await store.close()
    await again.lost()
    await store.open()
    assert await store.lead("deadlines") is not None


async def check_shared_store(make: Callable[[], Store]) -> None:
    """What several writers of one store may rely on. Each of `make` is another replica's store with the same contents,
    which are empty at first."""
    one, two = make(), make()
    await asyncio.gather(one.open(), two.open())
    try:
        assert one.shared
        assert two.shared
        assert one.epoch == two.epoch
        await _check_two_writers(one, two)
        await _check_two_leaders(one, two)
        await _check_many_at_once(one, two)
    finally:
        await one.close()
        await two.close()


async def _check_two_writers(one: Store, two: Store) -> None:
    await one.commit(Work(groups=(_group("g", "Ann"),), entries=(_entry("g", 1),)))
    assert await two.commit(Work(entries=(_entry("g", 2),))) == (2,)
    assert await one.commit(Work(entries=(_entry("g", 3),))) == (3,)
    assert await _refused(two, Work(entries=(_entry("g", 3, message_id="other"),)))
    assert await _refused(one, Work(entries=(_entry("g", 5),)))
    assert await _refused(two, Work(entries=(_entry("g", 4, message_id="g-1"),)))
    assert await two.commit(Work(entries=(_entry("g", 4),))) == (4,)
    assert [entry.seq for entry in await one.log_after(0, limit=9)] == [1, 2, 3, 4]
    await one.commit(Work(documents=(Document(kind="agent", key="a", body=b"1", new=True),)))
    assert await _refused(two, Work(documents=(Document(kind="agent", key="a", body=b"2", new=True),)))
    await two.commit(Work(removed=(("agent", "a"),)))
    assert [change.document for change in await one.documents_after("agent", 0, limit=9)][-1] is None


async def _check_two_leaders(one: Store, two: Store) -> None:
    leads = await one.lead("deadlines")
    assert leads is not None
    assert await two.lead("deadlines") is None
    await leads.release()
    leads = await two.lead("deadlines")
    assert leads is not None
    assert await one.lead("deadlines") is None
    await two.close()
    assert not leads.held
    assert await one.lead("deadlines") is not None
    await two.open()


async def _check_many_at_once(one: Store, two: Store) -> None:
    """Two writers compete for one group and write to groups of their own; a third party follows the log meanwhile."""
    await one.commit(Work(groups=(_group("own0", "Ann"), _group("own1", "Ann"), _group("both", "Ann", "Bob"))))
    begin = await one.newest()
    wanted, refused = 60, 0

    async def compete(store: Store, name: str, number: int) -> None:
        nonlocal refused
        while (seq := len(await store.log_of_group("both")) + 1) <= wanted:
            own = Work(entries=(_entry(f"own{number}", seq, sender=name, message_id=f"own{number}-{seq}"),))
            work = Work(entries=(_entry("both", seq, sender=name, message_id=f"{name}-{seq}"),))
            answers = await asyncio.gather(store.commit(work), store.commit(own), return_exceptions=True)
            unexpected = [a for a in answers if isinstance(a, BaseException) and not isinstance(a, Conflict)]
            assert not unexpected
            refused += isinstance(answers[0], Conflict)

    seen: list[int] = []

    async def follow() -> None:
        while True:
            fresh = await two.log_after(seen[-1] if seen else begin, limit=1000)
            seen.extend(entry.pos for entry in fresh)
            await asyncio.sleep(0)

    following = asyncio.create_task(follow())
    await asyncio.gather(compete(one, "Ann", 0), compete(two, "Bob", 1))
    newest = await one.newest()
    while not seen or seen[-1] < newest:
        assert not following.done()
        await asyncio.sleep(0)
    following.cancel()
    assert seen == list(range(begin + 1, newest + 1))
    assert [entry.seq for entry in await two.log_of_group("both")] == list(range(1, wanted + 1))


async def _check_strange_text(store: Store) -> None:
    """Names are data: quotes, wildcards and other scripts neither break a query nor match what they should not."""
    strange = ["O'Brien", 'say "hi"', "50% _off_", "数据 分析员", "a; DROP TABLE log", "🤖 robot", "x/y"]
    for number, name in enumerate(strange):
        comm_id = f"g{number}"
        await store.commit(Work(groups=(_group(comm_id, name),), entries=(_entry(comm_id, 1, sender=name),)))
        await store.commit(Work(documents=(Document(kind=name, key=f"{name}/1", owner=name, body=name.encode()),)))
    for number, name in enumerate(strange):
        assert [entry.comm_id for entry in await store.log_of_member(name, after=0, limit=99)] == [f"g{number}"]
        assert [entry.key for entry in await store.documents(name, owner=name, prefix=f"{name}/")] == [f"{name}/1"]
    assert await store.log_of_member("%", after=0, limit=9) == []
    assert await store.documents("50% _off_", prefix="%") == []
    for absent in ("x\0y", "\0"):  # not every store can hold it; all can be asked for it
        assert await store.document("O'Brien", absent) is None
        assert await store.documents("O'Brien", owner=absent, prefix=absent) == []
        assert await store.group_row(absent) is None
        assert await store.group_rows(goal_id=absent, member=absent) == []
        assert await store.log_of_group(absent) == []
        assert await store.log_of_goal(absent, after=0, limit=9) == []
        assert await store.log_of_member(absent, after=0, limit=9) == []


async def _check_closed(store: Store) -> None:
    pending = store.commit(Work(groups=(_group("g", "Ann"),), entries=(_entry("g", 1),)))
    await store.close()
    assert await pending == (1,)
    await store.close()
    for attempt in (store.commit(Work()), store.newest(), store.log_of_group("g")):
        try:
            await attempt
        except StoreUnavailable:
            continue
        raise AssertionError("a closed store must raise StoreUnavailable")
