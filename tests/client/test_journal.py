from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ioa.client.journal import Journal, JournalFailed, Run
from ioa.ports.policy import Brief
from ioa.protocol.cards import Card, Evaluation
from ioa.protocol.frames import Delivery
from ioa.protocol.messages import Discussion


def said(seq: int, message_id: str = "m") -> Discussion:
    return Discussion(
        sender="Ada", comm_id="g", message_id=f"{message_id}{seq}", seq=seq, content="hello", next_speaker=("Ada",)
    )


def test_what_was_stored_is_there_after_the_file_is_opened_again(tmp_path: Path):
    path = tmp_path / "deep" / "ada.db"
    journal = Journal(path, "Ada")
    ada = Evaluation(name="Bob", completed=1)
    journal.take(
        Delivery(cursor=7, previous=0, at=5.0, message=said(1)), ended=False, evaluations=(ada,), tasks_evaluated=("t",)
    )
    run = Run(comm_id="g", task_id="t", state="running", start_id="s", seen_at=3.0, brief=Brief("a", "b", (1,), ("x",)))
    journal.post(said(0, "out"), run)
    journal.know_cards((Card(name="Bob", description="d"),))
    journal.close()
    again = Journal(path, "Ada")
    assert again.cursor() == 7
    assert again.open_groups() == ["g"]
    assert again.log("g") == [(5.0, said(1))]
    assert again.outbox() == [said(0, "out")]
    assert again.runs() == [run]
    assert again.contacts() == [ada]
    assert again.cards() == [Card(name="Bob", description="d")]
    assert again.evaluated("g", "t")
    assert not again.evaluated("g", "u")
    again.close()


def test_a_concluded_group_is_not_open_and_its_runs_are_gone(tmp_path: Path):
    journal = Journal(":memory:", "Ada")
    journal.run(Run(comm_id="g", task_id="t", state="running"))
    journal.take(Delivery(cursor=1, previous=0, at=5.0, message=said(1)), ended=True)
    assert journal.open_groups() == []
    assert journal.runs() == []
    assert len(journal.log("g")) == 1
    journal.close()


def test_a_failed_write_leaves_nothing_behind():
    journal = Journal(":memory:", "Ada")
    broken = Delivery(cursor=4, previous=0, at=0.0, message=said(1))
    with pytest.raises(JournalFailed, match="cannot be written"):
        journal.take(broken, ended=False, tasks_evaluated=(object(),))  # pyright: ignore[reportArgumentType] - the point of it
    assert journal.cursor() == 0
    assert journal.log("g") == []
    journal.close()


def test_a_second_client_on_the_same_file_is_refused(tmp_path: Path):
    first = Journal(tmp_path / "ada.db", "Ada")
    with pytest.raises(JournalFailed, match="another client of this agent is running"):
        Journal(tmp_path / "ada.db", "Ada")
    first.close()
    Journal(tmp_path / "ada.db", "Ada").close()


def test_the_journal_of_another_agent_is_refused(tmp_path: Path):
    Journal(tmp_path / "x.db", "Ada").close()
    with pytest.raises(JournalFailed, match="belongs to agent 'Ada', not 'Bob'"):
        Journal(tmp_path / "x.db", "Bob")


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path):
    (tmp_path / "x.db").write_bytes(b"this is not a database, but it is long enough to look like a file" * 30)
    with pytest.raises(JournalFailed, match="cannot be used"):
        Journal(tmp_path / "x.db", "Ada")


def test_a_journal_of_another_version_is_refused(tmp_path: Path):
    Journal(tmp_path / "x.db", "Ada").close()
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    db.close()
    with pytest.raises(JournalFailed, match="version 99"):
        Journal(tmp_path / "x.db", "Ada")


def test_a_row_that_cannot_be_read_says_what_to_do(tmp_path: Path):
    Journal(tmp_path / "x.db", "Ada").close()
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute("INSERT INTO tasks VALUES ('g', 't', '{}')")
    db.close()
    journal = Journal(tmp_path / "x.db", "Ada")
    with pytest.raises(JournalFailed, match="Remove the file"):
        journal.runs()
    journal.close()
