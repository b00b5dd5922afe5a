"""bench/network.py in miniature: it measures what it says, loses nothing, and its committed results are its own.

No figure is judged here; machines differ.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import discovery, figures, goals, load, messages, network, report
from bench.wires import MESSAGE_BYTES, discussion
from ioa.protocol.codec import encode

TINY = network.Size(
    name="quick",
    talk=messages.Talk(
        groups=2,
        members=3,
        rounds=1,
        hub_s=0.2,
        bare_s=0.1,
        half_load_s=0.2,
        long=12,
        compared_groups=1,
        compared_rounds=1,
        compared_messages=3,
    ),
    crowd=discovery.Crowd(registered=4, registered_with_meaning=2, connections=2, sizes=(30,), queries=3),
    goals=goals.Goals(timed=1, warm_up=0),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("bench")
    said: list[str] = []
    found = asyncio.run(network.measure(TINY, network.PARTS, folder, said.append))
    assert said, "it says what it is at"
    return found


def test_every_message_reaches_every_member_and_the_log(found: dict) -> None:
    part = found["messages"]
    assert part["lost"] == 0
    assert part["sockets"] == 6
    assert part["messages in all"] >= 2 * 5 + 12
    assert part["flatness"]["length of the long ones"] >= 12
    for row in (part["full load"], part["half load"]):
        latency = row["accepted to delivered, ms"]
        assert list(latency.values()) == sorted(latency.values())
        assert latency["p1"] > 0
    assert 0 < part["hub / bare"] < 10
    assert part["deliveries per CPU s"] == pytest.approx(3000 / part["CPU ms per message"], rel=0.01)


def test_agents_register_and_are_found(found: dict) -> None:
    assert found["registrations"]["words and meaning"]["agents"] == 2
    assert found["registrations"]["words only"]["agents"] == 4
    for row in found["registrations"].values():
        assert row["CPU ms per agent"] > 0
        assert 0 < row["agents embedded too per s"] <= row["agents per s"]
    assert list(found["searches"]) == ["30"]
    assert found["searches"]["30"]["known query, ms"]["p50"] > 0


def test_goals_are_reached_by_the_path_that_is_timed(found: dict) -> None:
    assert set(found["goals"]) == {"two steps", "whole path"}
    for row in found["goals"].values():
        assert len(row["new words"]["each, s"]) == len(row["known words"]["each, s"]) == 1
        assert row["known words"]["median s"] > 0


def test_results_are_written_as_data_text_and_picture_always_the_same(found: dict, tmp_path: Path) -> None:
    for name in ("one", "two"):
        report.write(found, tmp_path / name)
    for file in ("network.json", "network.md", "network.svg"):
        first, second = ((tmp_path / name / file).read_bytes() for name in ("one", "two"))
        assert first == second
    assert json.loads((tmp_path / "one/network.json").read_text(encoding="utf-8")) == found
    assert "not run here" in (tmp_path / "one/network.md").read_text(encoding="utf-8")


def test_the_committed_text_is_that_of_the_committed_data() -> None:
    committed = json.loads((network.RESULTS / "network.json").read_text(encoding="utf-8"))
    assert committed["size"] == "full"
    assert committed["messages"]["sockets"] == 200
    assert list(committed["searches"]) == ["1500", "20000"]
    text = (network.RESULTS / "network.md").read_text(encoding="utf-8")
    assert text.startswith(report.markdown(committed))
    assert (network.RESULTS / "network.svg").stat().st_size > 10_000


def test_the_command_says_what_it_takes() -> None:
    script = network.ROOT / "bench/network.py"
    done = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=True)
    assert "--quick" in done.stdout


def test_a_message_has_the_size_that_is_reported() -> None:
    message = discussion("some-chat", "member 1", "member 2", 999)
    assert abs(len(encode(message)) - MESSAGE_BYTES) <= 2


def test_a_message_that_is_missed_or_heard_twice_is_noticed() -> None:
    chat = load.Chat("chat", 2, lambda place, number: None)
    with pytest.raises(load.Lost, match="heard message 2 after 0"):
        chat.hear(0, 2, 0.0)
    chat.heard[0] = 1
    with pytest.raises(load.Lost, match="heard message 1 after 1"):
        chat.hear(0, 1, 0.0)


async def test_a_chat_whose_messages_do_not_arrive_is_noticed() -> None:
    chat = load.Chat("chat", 2, lambda place, number: None)
    with pytest.raises(load.Lost, match="2 deliveries did not arrive"):
        await load.Run([chat], messages_each=1).measure(within_s=0.01)


async def test_the_floor_goes_round() -> None:
    posted: list[tuple[int, int]] = []
    loop = asyncio.get_running_loop()

    def post(place: int, number: int) -> None:
        posted.append((place, number))
        for member in range(3):
            loop.call_soon(chat.hear, member, number, 0.001)

    chat = load.Chat("chat", 3, post)
    heard = await load.Run([chat], messages_each=4).measure()
    assert posted == [(0, 1), (1, 2), (2, 3), (0, 4)]
    assert (heard.messages, heard.deliveries) == (4, 12)


@pytest.mark.parametrize(("share", "value"), [(1, 1), (50, 50), (99, 99), (99.9, 100)])
def test_a_percentile_is_the_least_value_that_this_share_does_not_exceed(share: float, value: float) -> None:
    assert figures.percentile(list(range(1, 101)), share) == value
