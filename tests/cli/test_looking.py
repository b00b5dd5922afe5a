"""`ioa agents`, `chats`, `show` and `cancel` against a hub that plays back a script."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Ioa
from tests.cli.fake_hub import FakeHub


def test_agents_are_listed_with_their_presence_and_harmless_names(ioa: Ioa, hub: FakeHub) -> None:
    result = ioa.at(hub, "agents")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "Pl\\u001b[31motter  offline  Draws charts." in result.stdout


def test_a_search_passes_its_filters_on_and_shows_scores(ioa: Ioa, hub: FakeHub) -> None:
    result = ioa.at(hub, "agents", "search", "draw", "a chart", "--online", "--type", "thing assistant", "--skill", "x",
                    "--limit", "3")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert hub.queries[-1][1] == {
        "search": "draw a chart", "online": "true", "type": "Thing Assistant", "skill": "x", "limit": "3",
    }  # fmt: skip
    assert "0.90" in result.stdout


@pytest.mark.parametrize(("words", "said"), [(["chart"], 'ioa agents search "chart"'), (["search", " "], "is empty")])
def test_a_search_without_its_word_or_text_is_explained(ioa: Ioa, words: list[str], said: str) -> None:
    result = ioa("agents", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_every_list_has_json(ioa: Ioa, hub: FakeHub) -> None:
    agents = json.loads(ioa.at(hub, "agents", "--json").stdout)
    assert [agent["name"] for agent in agents] == ["Writer", "Pl\x1b[31motter"]
    (chat,) = json.loads(ioa.at(hub, "chats", "--json").stdout)
    assert chat["comm_id"] == "c-root"
    assert chat["channels"] == {"nested": 4, "full": 3}


def test_chats_are_a_table_of_goals(ioa: Ioa, hub: FakeHub) -> None:
    result = ioa.at(hub, "chats")
    head, row = result.stdout.splitlines()
    assert head.split() == ["id", "when", "status", "took", "groups", "goal"]
    assert row.startswith("c-root")
    assert "an old goal" in row


@pytest.mark.parametrize("name", ["goal-1", "c-root", "c-ro", "goal"])
def test_show_tells_the_whole_tree_of_a_goal_or_of_its_group(ioa: Ioa, hub: FakeHub, name: str) -> None:
    hub._ended = True
    result = ioa.at(hub, "show", name)
    assert result.exit_code == 0, result.output
    for part in (
        "Writer forms a team with Data analyst, Plotter",
        "2│ Plotter forms a team with Data analyst for task 2",
        "  2  c-inner  Plotter, Data analyst  (completed, 1 of 5 turns)",
        "task 3  completed   Data analyst (sync): check it",
        "The mean is **4.2**.",
    ):
        assert part in result.stdout


def test_show_of_a_nested_team_shows_that_team_only(ioa: Ioa, hub: FakeHub) -> None:
    result = ioa.at(hub, "show", "c-inner")
    assert "2│ Plotter concludes" in result.stdout.replace("✔ ", "")
    assert "Writer assigns" not in result.stdout


def test_show_as_json_has_groups_tasks_and_every_message(ioa: Ioa, hub: FakeHub) -> None:
    tree = json.loads(ioa.at(hub, "show", "goal-1", "--json").stdout)
    assert len(tree["messages"]) == len(hub.messages)
    assert [message["cursor"] for message in tree["messages"]] == sorted(m["cursor"] for m in tree["messages"])
    root, inner = tree["groups"]
    assert [task["status"] for task in root["tasks"]] == ["completed"] * 3
    assert inner["parent"] == {"comm_id": "c-root", "task_id": "t2"}


def test_an_unknown_or_empty_id_is_refused(ioa: Ioa, hub: FakeHub) -> None:
    for command in ("show", "cancel"):
        result = ioa.at(hub, command, "zzz")
        assert result.exit_code == 2
        assert "ioa chats lists them" in result.stderr
        assert ioa.at(hub, command, " ").exit_code == 2


def test_cancel_ends_a_goal_or_one_nested_team_and_says_when_there_is_nothing_to_end(ioa: Ioa, hub: FakeHub) -> None:
    assert ioa.at(hub, "cancel", "c-inner").exit_code == 0
    assert ("cancel_group", {"comm_id": "c-inner"}) in hub.queries
    result = ioa.at(hub, "cancel", "c-root", "--json")
    assert hub.cancelled.is_set()
    assert json.loads(result.stdout) == {"id": "goal-1", "cancelled": True, "status": "cancelled"}
    assert "nothing to cancel" in ioa.at(hub, "cancel", "goal-1").stdout


def test_where_nothing_has_run_yet_the_remedy_is_named(ioa: Ioa) -> None:
    for arguments in (("chats",), ("agents",), ("show", "x")):
        result = ioa(*arguments)
        assert result.exit_code == 2
        assert 'ioa run "GOAL"' in result.stderr
