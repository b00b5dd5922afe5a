"""Whole networks behind the command line: embedded ones, and hub and agents in processes of their own."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from ioa import bootstrap
from ioa.adapters.agents.builtin import BUILTIN
from ioa.adapters.agents.card_file import load_card_file
from ioa.cli.hub_api import HubApi
from ioa.data_folder import free_network_folder, hold
from ioa.settings import Settings
from tests.cli.conftest import Ioa
from tests.cli.processes import process, until

AGENTS = """
from ioa import agent

@agent(name="Adder", description="Adds numbers: computes the sum of numbers.", skills=["add numbers"], idempotent=True)
def add(task_desc: str) -> str:
    import re
    first, second = re.findall(r"numbers ([0-9]+) and ([0-9]+)", task_desc)[0]
    return f"The sum is {int(first) + int(second)}."

@agent(name="Hanger", description="Adds numbers: computes the sum of numbers.", skills=["add numbers"])
async def hang(task_desc: str) -> str:
    import asyncio
    await asyncio.Event().wait()
"""
GOAL = "Add the numbers 12 and 30."


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of these tests have no built-in agents and search by words: their own tests try those."""
    monkeypatch.setattr("ioa.adapters.agents.builtin.BUILTIN", {})
    monkeypatch.setattr("ioa.bootstrap.BUILTIN", {})
    before = bootstrap.open_index
    monkeypatch.setattr("ioa.bootstrap.open_index", lambda **_: before(meaning=False))


@pytest.fixture
def adder() -> Path:
    Path("small.py").write_text(AGENTS)
    Path("hanger.yaml").write_text("function: small:hang\n")
    path = Path("adder.yaml")
    path.write_text("function: small:add\n")
    return path


def test_a_goal_runs_on_an_embedded_network_and_is_remembered(ioa: Ioa, adder: Path) -> None:
    assert BUILTIN
    result = ioa("run", GOAL, "--agent", str(adder), "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["status"] == "completed"
    assert "The sum is 42." in answer["conclusion"]
    assert answer["policy"] == "rules"
    assert "policy: rules (no model)" in result.stderr
    assert (Path(answer["out"]) / "answer.md").is_file()

    (chat,) = json.loads(ioa("chats", "--json").stdout)
    assert chat["comm_id"] == answer["comm_id"]
    shown = ioa("show", answer["comm_id"][:8])
    assert shown.exit_code == 0, shown.output
    assert "Adder" in shown.stdout
    assert "The sum is 42." in shown.stdout
    (agent,) = json.loads(ioa("agents", "--json").stdout)
    assert (agent["name"], agent["online"]) == ("Adder", False)
    assert "nothing to cancel" in ioa("cancel", answer["comm_id"]).stdout

    again = ioa("run", "Add the numbers 1 and 2.", "--agent", str(adder), "--continue", answer["comm_id"][:8], "--json")
    assert again.exit_code == 0, again.output
    tree = json.loads(ioa("show", json.loads(again.stdout)["comm_id"], "--json").stdout)
    launch = tree["messages"][0]["message"]
    assert launch["continues"] == answer["comm_id"]
    assert "The sum is 42." in json.dumps(launch)


def test_a_network_that_runs_is_left_alone_by_the_next_run_and_asked_by_others(ioa: Ioa, adder: Path) -> None:
    settings = Settings.read()
    with hold(free_network_folder(settings), "run"):
        result = ioa("run", GOAL, "--agent", str(adder), "--quiet")
        assert result.exit_code == 0, result.output
        assert (settings.network_folder(2) / bootstrap.STORE_FILE).is_file()
        listed = ioa("chats", "--json")
    assert len(json.loads(listed.stdout)) == 1
    assert "Left out" in listed.stderr


def test_what_a_killed_run_left_open_is_cancelled_by_the_next(ioa: Ioa, adder: Path) -> None:
    left = ioa("run", GOAL, "--agent", "hanger.yaml", "--timeout", "1.5", "--json")
    assert left.exit_code == 5, left.output
    assert json.loads(left.stdout)["cost"]["tasks"] == {"cancelled": 1}

    async def leave_open() -> str:
        async with bootstrap.embedded_network(Settings.read().network_folder(1)) as network:
            from ioa.hub.goals import NewGoal
            from ioa.protocol.messages import Budgets

            new = NewGoal(goal_id="g", goal="Never done", owner="@me", max_turns=5, budgets=Budgets())
            return (await network.hub.goals.create(new)).status

    import asyncio

    assert asyncio.run(leave_open()) == "waiting"
    result = ioa("run", GOAL, "--agent", str(adder))
    assert result.exit_code == 0, result.output
    assert "Cancelled what an earlier run left open: Never done" in result.stderr
    statuses = {chat["goal"]: chat["status"] for chat in json.loads(ioa("chats", "--json").stdout)}
    assert statuses["Never done"] == "cancelled"


def test_two_agents_of_one_name_are_refused_by_name(ioa: Ioa, adder: Path) -> None:
    result = ioa("run", GOAL, "--agent", str(adder), "--agent", str(adder))
    assert result.exit_code == 2
    assert "two agents are called 'Adder'" in result.stderr


def test_a_data_folder_that_is_none_is_an_error_with_its_remedy(
    ioa: Ioa, adder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("x")
    monkeypatch.setenv("IOA_DATA", str(Path("file").absolute()))
    result = ioa("run", GOAL, "--agent", str(adder))
    assert result.exit_code == 2
    assert "IOA_DATA" in result.stderr


def test_hub_and_agents_in_processes_of_their_own_and_back_after_a_kill(ioa: Ioa, adder: Path) -> None:
    with process("hub", "--port", "0") as (hub, said):
        url = until(said, "ioa hub").split()[-1]
        port = url.rpartition(":")[2]
        until(said, "Ctrl-C")
        with process("join", str(adder)) as (agent, told):
            until(told, "connected")
            found = json.loads(ioa("agents", "--online", "--json").stdout)
            assert [one["name"] for one in found] == ["Adder"]
            result = ioa("run", GOAL, "--hub", url, "--json", "--quiet")
            assert result.exit_code == 0, result.output
            assert "The sum is 42." in json.loads(result.stdout)["conclusion"]

            again = ioa("join", str(adder))
            assert again.exit_code == 2
            assert "already" in again.stderr

            hub.kill()
            hub.wait(60)
            until(told, "not connected")
            with process("hub", "--port", port) as (_, said_again):
                until(said_again, "Ctrl-C")
                until(told, "connected again")
                assert ioa("run", GOAL, "--hub", url, "--quiet").exit_code == 0
            agent.send_signal(signal.SIGINT)
            assert agent.wait(60) == 130


def test_a_name_that_is_taken_is_explained_and_its_owner_can_take_it_over(
    ioa: Ioa, adder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with process("hub", "--port", "0") as (_, said):
        url = until(said, "ioa hub").split()[-1]
        token = (Settings.read().hub_folder / "token").read_text().strip()
        with process("join", str(adder), "--hub", url) as (first, told):
            until(told, "connected")
            monkeypatch.setenv("IOA_DATA", str(Path("elsewhere").absolute()))  # as on another machine
            monkeypatch.setenv("IOA_TOKEN", token)
            refused = ioa("join", str(adder), "--hub", url)
            assert refused.exit_code == 2
            assert "The name Adder is taken" in refused.stderr
            assert "--name" in refused.stderr
            with process("join", str(adder), "--hub", url, "--rotate") as (_, second):
                until(second, "connected")
                assert "Error" in until(told, "Error")
                assert first.wait(60) == 4


def test_a_hub_ends_cleanly_on_sigterm_and_holds_its_folder_alone(ioa: Ioa) -> None:
    with process("hub", "--port", "0") as (hub, said):
        until(said, "Ctrl-C")
        second = ioa("hub", "--port", "0")
        assert second.exit_code == 2
        assert "in use by process" in second.stderr
        hub.send_signal(signal.SIGTERM)
        assert hub.wait(60) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["hub", "--host", "0.0.0.0"], "IOA_HUB_TOKEN"),
        (["hub", "--users", "users.yaml"], "users.yaml"),
        (["hub", "--tls-certificate", "no.pem"], "no.pem"),
        (["hub", "--port", "70000"], "70000"),
        (["hub", "--trust-proxy", "10.0.0.1/8"], "10.0.0.1/8"),
        (["join", "no.yaml"], "no.yaml"),
        (["join", "adder.yaml", "--name", "@me"], "'@'"),
        (["join", "adder.yaml"], "ioa hub"),
    ],
)
def test_what_cannot_be_started_says_why(ioa: Ioa, adder: Path, arguments: list[str], said: str) -> None:
    result = ioa(*arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr


def test_a_short_token_and_a_readable_users_file_are_refused(ioa: Ioa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOA_HUB_TOKEN", "short")
    assert "at least" in ioa("hub", "--host", "0.0.0.0").stderr
    Path("users.yaml").write_text("ann: a-long-enough-token-for-ann\n")
    Path("users.yaml").chmod(0o644)
    assert "chmod 600" in ioa("hub", "--users", "users.yaml").stderr
    Path("users.yaml").chmod(0o600)
    Path("users.yaml").write_text("- ann\n")
    assert "name: token" in ioa("hub", "--users", "users.yaml").stderr


def test_proxies_are_named_in_the_environment_and_the_security_file_too(
    ioa: Ioa, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("security.yaml").write_text("trusted_proxies: [10.0.0.0/8, proxy.example]\n")
    Path("security.yaml").chmod(0o600)
    refused = ioa("hub", "--security", "security.yaml")
    assert (refused.exit_code, "trusted_proxies: 'proxy.example'" in refused.stderr) == (2, True)
    Path("security.yaml").write_text("trusted_proxies: [10.0.0.0/8]\n")
    monkeypatch.setenv("IOA_HUB_TRUST_PROXY", "10.0.0.1 0.0.0.0/0")
    refused = ioa("hub", "--security", "security.yaml")
    assert (refused.exit_code, "trusted_proxies: '0.0.0.0/0'" in refused.stderr) == (2, True)


async def test_an_embedded_network_is_what_tests_and_benchmarks_ask_it_to_be(tmp_path: Path, adder: Path) -> None:
    agents = [load_card_file(adder)]
    async with bootstrap.embedded_network(tmp_path / "a", agents=agents, wire="websocket") as network:
        assert network.agent_names == ("Adder",)
        assert all(client.connected for client in network.clients)
        async with HubApi(network.url, network.token) as api:
            (found,) = await api.agents("add numbers", online=True)
            assert found.card.name == "Adder"
            assert found.score is not None
    async with bootstrap.embedded_network(tmp_path / "b", agents=agents, listen=False) as network:
        assert network.url == ""
        assert network.hub.sessions.online("Adder")


async def test_agents_of_an_earlier_run_are_not_recruited(tmp_path: Path, adder: Path) -> None:
    async with bootstrap.embedded_network(tmp_path, agents=[load_card_file(adder)], listen=False):
        pass
    other = load_card_file(Path("hanger.yaml"))
    async with bootstrap.embedded_network(tmp_path, agents=[other], listen=False) as network:
        assert [record.card.name for record in network.hub.registry.all()] == ["Hanger"]
    async with bootstrap.embedded_network(tmp_path, agents=[load_card_file(adder)], listen=False) as network:
        assert [record.card.name for record in network.hub.registry.all()] == ["Adder"]
