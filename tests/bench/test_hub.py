"""bench/hub.py in miniature: every server carries its chats, nothing is lost, and what is written is what was found.

No figure is judged here; machines differ.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import connections, fanout, goals, hub, hub_report

TINY = hub.Size(
    name="quick",
    talk=fanout.Size(
        groups=2,
        members=3,
        rounds=1,
        hub_s=0.2,
        bare_s=0.1,
        half_load_s=0.2,
        long_groups=1,
        lengths=(10, 20),
        compared_rounds=1,
        compared_messages=2,
    ),
    crowd=connections.Crowd(connected=20, cut=5, times=1),
    goals=goals.Goals(timed=1, warm_up=0),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    said: list[str] = []
    found = hub.measure(TINY, hub.PARTS, tmp_path_factory.mktemp("bench"), said.append)
    assert said, "it says what it is at"
    return found


def test_every_server_delivers_every_message_in_order(found: dict) -> None:
    part = found["messages"]
    assert part["lost"] == 0
    assert set(part["deliveries per CPU s"]) >= {"hub", "picows", "picows, coalesced", "websockets"}
    assert "NATS" in part["deliveries per CPU s"] or part["NATS is missing"]
    assert part["hub / others"]["hub"] == 1
    assert all(0 < ratio < 10 for ratio in part["hub / others"].values())


def test_long_chats_have_the_length_that_is_said(found: dict) -> None:
    lengths = found["messages"]["lengths"]
    assert list(lengths) == ["10", "20"]
    assert all(row["length of the long ones"] >= int(length) for length, row in lengths.items())


def test_whoever_was_cut_is_welcome_again(found: dict) -> None:
    part = found["crowd"]
    assert (part["connected"], part["cut"]) == (20, 5)
    assert 0 < part["back"]["p50"] / 1000 <= part["back"]["all, s"]


def test_each_aim_is_told_with_what_was_found(found: dict) -> None:
    rows = hub_report.aims(found)
    assert len(rows) == 9
    assert {held for *_, held in rows} <= {"yes", "**no**"}
    worse = json.loads(json.dumps(found))
    worse["messages"]["hub / others"]["picows"] = 0.69
    assert hub_report.aims(worse)[0][2:] == ("0.69", "**no**")
    worse["messages"]["hub / others"]["picows"] = 0.7
    assert hub_report.aims(worse)[0][2:] == ("0.70", "yes")


def test_results_are_written_as_data_text_and_picture_always_the_same(found: dict, tmp_path: Path) -> None:
    for name in ("one", "two"):
        hub_report.write(found, tmp_path / name)
    for file in ("hub.json", "hub.md", "hub.svg"):
        first, second = ((tmp_path / name / file).read_bytes() for name in ("one", "two"))
        assert first == second
    assert json.loads((tmp_path / "one/hub.json").read_text(encoding="utf-8")) == found
    assert "not run here" in (tmp_path / "one/hub.md").read_text(encoding="utf-8")


def test_the_committed_text_is_that_of_the_committed_data() -> None:
    if not (hub.RESULTS / "hub.json").exists():
        pytest.skip("bench/hub.py has not been run on a quiet machine yet: bench/results/hub.json is not there")
    committed = json.loads((hub.RESULTS / "hub.json").read_text(encoding="utf-8"))
    assert committed["size"] == "full"
    assert committed["messages"]["sockets"] == 1_000
    assert committed["crowd"]["connected"] == 10_000
    text = (hub.RESULTS / "hub.md").read_text(encoding="utf-8")
    assert text.startswith(hub_report.markdown(committed))
    assert (hub.RESULTS / "hub.svg").stat().st_size > 10_000


def test_a_part_that_takes_too_long_is_given_up_and_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(hub.PARTS, "crowd", 0.001)
    found = hub.measure(TINY, ("crowd",), tmp_path, lambda _: None)
    assert found["given up"] == {"crowd": "not done within 0.001 s"}
    assert "crowd was given up" in hub_report.markdown(found)


def test_the_command_says_what_it_takes() -> None:
    script = hub.ROOT / "bench/hub.py"
    done = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=True)
    assert "--quick" in done.stdout
