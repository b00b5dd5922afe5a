"""`ioa run` against a hub that plays back a script: what is sent, what is shown, what the exit code says."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from ioa.cli.failures import BadInput
from ioa.cli.model_options import ModelOptions, thinking_of
from ioa.settings import Settings
from tests.cli.conftest import Ioa
from tests.cli.fake_hub import CHART, TOKEN, FakeHub, serving, story
from tests.cli.processes import process, until


def test_the_conversation_goes_to_stderr_and_the_answer_to_stdout(ioa: Ioa, hub: FakeHub) -> None:
    result = ioa.at(hub, "run", "Find the mean")
    assert result.exit_code == 0, result.output
    assert result.stdout == "# Answer\n\nThe mean is **4.2**.\n"
    lines = [line.rstrip() for line in result.stderr.splitlines()]
    start = lines.index("Goal  Find the mean")
    assert lines[start + 1 : start + 16] == [
        "  0.0 s  Writer forms a team with Data analyst, Plotter · floor: Writer",
        "  0.5 s  Writer assigns 2 tasks and goes on (async_task)",
        "           task 1 → Data analyst: mean of price",
        "           task 2 → Plotter: draw it",
        "  1.0 s  ▸ Data analyst begins task 1: mean of price",
        "  1.5 s  Writer waits for task 1, task 2 (pause)",
        "  2.0 s  … Data analyst, task 1: 50 %",
        "  3.0 s  2│ Plotter forms a team with Data analyst for task 2 · floor: Plotter",
        "  3.5 s  2│ ✔ Plotter concludes: completed: drawn [chart.png]",
        "  4.0 s  ✔ Plotter, task 2 completed: drawn [chart.png]",
        "  4.5 s  ✔ Data analyst, task 1 completed in 3.5 s: 4.2 · floor: Writer",
        "  5.0 s  Writer assigns a task and waits (sync_task)",
        "           task 3 → Data analyst: check it (with the result of task 1)",
        "  5.5 s  ✔ Data analyst, task 3 completed: right · floor: Writer",
        "  6.0 s  ✔ Writer concludes: completed",
    ]
    assert "3 turns" not in result.stderr
    footer = "\n".join(lines)
    assert "5 turns · 3 tasks · 2 groups · 4 channels (one group of all: 3) · 0 tokens" in footer
    assert "policy   each agent's own" in footer


def test_the_answer_and_its_files_are_on_disk_and_nothing_of_others_is_overwritten(
    ioa: Ioa, hub: FakeHub, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "chart.png").write_bytes(b"mine")
    result = ioa.at(hub, "run", "Find the mean", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    assert (tmp_path / "out" / "chart.png").read_bytes() == b"mine"
    assert (tmp_path / "out" / "chart-2.png").read_bytes() == CHART
    assert (tmp_path / "out" / "answer.md").read_text(encoding="utf-8").startswith("# Answer")
    assert "chart-2.png  (another file had its name)" in result.stderr


def test_without_out_the_files_go_to_a_folder_named_after_the_chat(ioa: Ioa, hub: FakeHub) -> None:
    ioa.at(hub, "run", "Find the mean", "--quiet")
    assert sorted(path.name for path in Path("ioa-out/c-root").iterdir()) == ["answer.md", "chart.png"]


def test_json_is_one_document_with_cost_and_files(ioa: Ioa, hub: FakeHub) -> None:
    result = ioa.at(hub, "run", "Find the mean", "--json", "--quiet")
    answer = json.loads(result.stdout)
    assert result.stderr == ""
    assert answer["status"] == "completed"
    assert answer["exit_code"] == 0
    assert [Path(file["path"]).name for file in answer["files"]] == ["answer.md", "chart.png"]
    cost = answer["cost"]
    assert (cost["turns"], cost["tasks"], cost["groups"]) == (5, {"completed": 3}, 2)
    assert cost["channels"] == {"nested": 4, "full": 3}
    assert cost["tokens"] == 0


@pytest.mark.parametrize(("status", "code"), [("completed", 0), ("failed", 1), ("partial", 3)])
def test_the_exit_code_says_how_the_goal_ended(ioa: Ioa, status: str, code: int) -> None:
    with serving(FakeHub(messages=story(status), status=status)) as hub:
        assert ioa.at(hub, "run", "Find the mean").exit_code == code


def test_what_was_asked_for_reaches_the_hub(ioa: Ioa, hub: FakeHub) -> None:
    Path("sales.csv").write_text("a,b\n1,2\n")
    Path("x.md").write_text("hello")
    result = ioa.at(
        hub, "run", "Describe sales.csv", "--file", "x.md", "--team", "Writer, Plotter", "--depth", "1",
        "--max-turns", "7", "--timeout", "50",
    )  # fmt: skip
    assert result.exit_code == 0
    (posted,) = hub.posted
    assert [artifact["name"] for artifact in posted["artifacts"]] == ["x.md", "sales.csv"]
    assert posted["artifacts"][1]["media_type"] == "text/csv"
    assert hub.uploads[posted["artifacts"][1]["digest"]] == b"a,b\n1,2\n"
    assert posted["team"] == ["Writer", "Plotter"]
    assert posted["max_turns"] == 7
    assert posted["budgets"] == {"depth": 1, "group_timeout_s": 65.0}
    assert "attached sales.csv (the goal mentions it)" in result.stderr


def test_a_chat_is_continued_by_its_beginning(ioa: Ioa, hub: FakeHub) -> None:
    hub._ended = True
    result = ioa.at(hub, "run", "Now the same for 2025", "--continue", "c-ro")
    assert result.exit_code == 0, result.output
    assert hub.posted[0]["continues"] == "c-root"
    refused = ioa.at(hub, "run", "And again", "--continue", "zzz")
    assert refused.exit_code == 2
    assert "there is no such chat" in refused.stderr


def test_the_goal_is_read_from_stdin(ioa: Ioa, hub: FakeHub) -> None:
    assert ioa.at(hub, "run", "-", "--quiet", stdin="Find the\nmean\n").exit_code == 0
    assert hub.posted[0]["goal"] == "Find the\nmean"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", ""], "is empty"),
        (["run", " ?! "], "is empty"),
        (["run", "a", "b"], "put it in quotes"),
        (["run", "x" * 300_000], "at most 262144"),
        (["run", "Describe sales.csv"], "The goal mentions sales.csv: there is no such file"),
        (["run", "Do it", "--file", "nope.csv"], "--file nope.csv: there is no such file"),
        (["run", "Do it", "--agent", "nope.yaml"], "--agent nope.yaml: cannot be read"),
        (["run", "Do it", "--team", "A,,B"], "has an empty name"),
        (["run", "Do it", "--team", "Nobody"], "'Nobody' is no agent"),
        (["run", "Do it", "--team", "Nobody"], "Agents there: Writer"),
        (["run", "Do it", "--timeout", "0"], "0"),
        (["run", "Do it", "--timout", "5"], "--timeout"),
        (["rnu", "Do it"], "run"),
        (["run", "Do it", "--policy", "magic"], "magic"),
    ],
)
def test_bad_input_is_named_and_nothing_is_started(ioa: Ioa, hub: FakeHub, arguments: list[str], said: str) -> None:
    result = ioa.at(hub, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not hub.posted


def test_stdin_that_is_no_text_is_refused(ioa: Ioa) -> None:
    result = ioa("run", "-", stdin=b"\xff\xfe\x00")
    assert result.exit_code == 2
    assert "not UTF-8" in result.stderr


def test_a_file_that_the_hub_finds_too_large_is_named(ioa: Ioa, hub: FakeHub) -> None:
    Path("big.csv").write_bytes(b"x" * 1_000_001)
    result = ioa.at(hub, "run", "Describe big.csv")
    assert result.exit_code == 2
    assert "big.csv is larger than the hub takes" in result.stderr


def test_a_hub_that_cannot_be_reached_or_does_not_know_the_token_exits_with_4(ioa: Ioa, hub: FakeHub) -> None:
    away = ioa("run", "Do it", "--hub", "http://127.0.0.1:9")
    assert away.exit_code == 4
    assert "cannot be reached" in away.stderr
    wrong = ioa("run", "Do it", "--hub", hub.url, "--token", "wrong")
    assert wrong.exit_code == 4
    assert "token" in wrong.stderr
    assert ioa("run", "Do it", "--hub", "ftp://x").exit_code == 2


def test_a_lost_connection_is_resumed_and_nothing_is_told_twice(ioa: Ioa) -> None:
    with serving(FakeHub(drop_at=6)) as hub:
        result = ioa.at(hub, "run", "Find the mean")
    assert result.exit_code == 0
    assert "trying again" in result.stderr
    assert result.stderr.count("begins task 1") == 1
    assert result.stderr.count("concludes") == 2


def test_when_the_timeout_runs_out_the_goal_is_cancelled_and_the_code_is_5(ioa: Ioa) -> None:
    with serving(FakeHub(hold_at=4)) as hub:
        result = ioa.at(hub, "run", "Find the mean", "--timeout", "0.3")
        assert hub.cancelled.is_set()
    assert result.exit_code == 5
    assert "--timeout ran out" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_cancels_the_goal_shows_what_there_is_and_exits_with_130() -> None:
    with (
        serving(FakeHub(hold_at=4)) as hub,
        process("run", "Find the mean", "--hub", hub.url, "--token", TOKEN) as (
            run,
            said,
        ),
    ):
        assert hub.holding.wait(60)
        run.send_signal(signal.SIGINT)
        until(said, "Cancelling the goal")
        until(said, "cancelled (Ctrl-C)")
        assert run.wait(60) == 130
        assert hub.asked_to_cancel.is_set()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_second_ctrl_c_leaves_at_once() -> None:
    with (
        serving(FakeHub(hold_at=4, deaf=True)) as hub,
        process("run", "Find the mean", "--hub", hub.url, "--token", TOKEN) as (run, said),
    ):
        assert hub.holding.wait(60)
        run.send_signal(signal.SIGINT)
        until(said, "Cancelling the goal")
        assert hub.asked_to_cancel.wait(60)
        run.send_signal(signal.SIGINT)
        until(said, "Left before the goal had ended")
        assert run.wait(60) == 130


def test_what_agents_say_can_do_nothing_to_the_terminal(ioa: Ioa) -> None:
    evil = "\x1b[2J\x1b]0;title\x07 \u202eevil"
    with serving(FakeHub(messages=story(conclusion=f"Answer {evil}"))) as hub:
        result = ioa.at(hub, "run", f"Say {evil}")
    assert result.exit_code == 0
    for char in ("\x1b", "\x07", "\u202e"):
        assert char not in result.stdout + result.stderr


def test_without_a_goal_three_goals_are_shown_that_run_at_once(ioa: Ioa) -> None:
    Path("goals.txt").write_text('# comment\nDescribe a.csv\nSay "hi" for $5\nThird\nFourth\n')
    result = ioa("run")
    assert result.exit_code == 0
    assert result.stdout.count("  ioa run ") == 3
    assert 'ioa run "Describe a.csv"' in result.stdout
    assert "ioa run 'Say \"hi\" for $5'" in result.stdout


def test_a_model_without_its_libraries_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"internet-of-agents\[models\]"):
        thinking_of(ModelOptions(models=("m@http://127.0.0.1:9/v1",)), Settings.read({}))
