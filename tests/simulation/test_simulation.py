"""Histories out of seeds: the law holds in all of them, the same seed gives the same, and a broken hub is found."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ioa.client.task_management import TaskManagement
from ioa.conversation.connection import Numbered
from ioa.hub.session_management import Session
from tests.simulation.disk import StoreOfProcess
from tests.simulation.world import Setup, simulate

ROOT = Path(__file__).resolve().parents[2]
FIXED_SEED = 1
HISTORIES = int(os.environ.get("IOA_HISTORIES", "25"))
FRESH_SEED = int(os.environ.get("IOA_SEED", random.SystemRandom().randrange(10_000, 10**9)))


def run(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        check=False,
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("seed", [FIXED_SEED, pytest.param(FRESH_SEED, id="fresh")])
def test_the_law_holds_whatever_happens_to_hub_clients_disk_wires_and_clocks(seed: int) -> None:
    assert f"{HISTORIES} histories" in run("--seed", seed, "--histories", HISTORIES)


def test_the_same_seed_gives_the_same_history() -> None:
    first, second = (run("--seed", 5, "--histories", 3, "--each").splitlines()[:-1] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)


# What the checker of a simulation would not find would not be worth much: hubs and clients broken on purpose.


def answers_before_it_has_written(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = StoreOfProcess.commit

    def hasty(self: StoreOfProcess, work: Any) -> Any:
        future = commit(self, work)
        if work.entries and not future.done():
            newest = len(self._disk.truth._kept.log)
            self._begin_answer(future, tuple(range(newest + 1, newest + 1 + len(work.entries))))
        return future

    monkeypatch.setattr(StoreOfProcess, "commit", hasty)


def forgets_a_delivery_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    deliver = Session.deliver

    def careless(self: Session, delivery: Numbered[bytes]) -> None:
        if delivery.cursor % 17:
            deliver(self, delivery)

    monkeypatch.setattr(Session, "deliver", careless)


def gives_every_agent_its_task_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun_again(self: TaskManagement, place: tuple[str, str]) -> None:
        self._jobs.start(("task", *place), self._begin(self._runs[place]))

    monkeypatch.setattr(TaskManagement, "_end_unknown", begun_again)


BROKEN = {
    answers_before_it_has_written: "acknowledged_is_there",
    forgets_a_delivery_now_and_then: "members_hold_the_log",
    gives_every_agent_its_task_again: "tasks_run_once",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_hub_or_client_that_breaks_the_law_is_found(broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    found: set[str] = set()
    for seed in range(60):
        found |= {violation.rule for violation in simulate(Setup(seed)).violations}
        if BROKEN[broken] in found:
            return
    pytest.fail(f"not found in 60 histories; found {found}")
