"""The audit log: what is in it, who reads it, that it shows what was changed; and that secrets are nowhere."""

import asyncio
import json
import logging
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from ioa import data_folder
from ioa.adapters.store.memory import MemoryStore
from ioa.cli.program import program
from ioa.hub.audit import broken_link
from ioa.hub.security import Identity
from ioa.ports.store import StoreUnavailable
from ioa.protocol.errors import Refused
from tests.hub.network import network
from tests.hub.served import ALICE, BORIS, events_of, served

USER = Identity("user", "me", operator=True, token_id="mine")
ROOT_TOKEN = "root-token-of-more-than-20-characters"


async def entries_of(hub):
    found = [entry for _, entry in await hub.audit.page(before=None, limit=500)]
    return list(reversed(found))


async def test_acts_are_written_down_with_who_what_and_from_where(tmp_path):
    async with served(tmp_path, operators={"root": ROOT_TOKEN}) as net:
        ann = await net.join("Ann")
        goal_id, comm_id = await net.group(ann)
        await net.ask("PUT", "/v1/agents/Ann", json={"name": "Ann", "description": "does more"})
        for path in (f"/v1/goals/{goal_id}", f"/v1/groups/{comm_id}/messages", f"/v1/groups/{comm_id}/messages"):
            assert (await net.ask("GET", path, token=ROOT_TOKEN)).status_code == 200
        assert (await net.ask("POST", f"/v1/goals/{goal_id}/cancel", token=ROOT_TOKEN)).status_code == 200
        assert "operator" in (await net.ask("GET", f"/v1/goals/{goal_id}")).json()["conclusion"]
        await net.ask("DELETE", "/v1/agents/Ann", token=ROOT_TOKEN)
        await net.ask("GET", "/v1/goals", token="a guess")
        net.hub.sign_in.tell()
        for stranger in (ALICE, BORIS):
            assert (await net.ask("GET", "/v1/audit", token=stranger)).status_code == 403
        found = (await net.ask("GET", "/v1/audit?limit=100", token=ROOT_TOKEN)).json()["items"]
        told = [(entry["act"], entry["who"], entry["what"]) for entry in reversed(found)]
        assert told == [
            ("agent_registered", "@alice", "Ann"),
            ("agent_changed", "@alice", "Ann"),
            ("operator_read", "@root", f"goal {goal_id}"),
            ("operator_read", "@root", f"group {comm_id}"),
            ("goal_cancelled", "@root", goal_id),
            ("agent_removed", "@root", "Ann"),
            ("sign_in_failed", "@hub", "1 sign-ins"),
        ]
        assert {entry["address"] for entry in found} == {"127.0.0.1"}
        page = (await net.ask("GET", "/v1/audit?limit=1&who=@root", token=ROOT_TOKEN)).json()
        assert [entry["act"] for entry in page["items"]] == ["agent_removed"]
        more = await net.ask("GET", f"/v1/audit?limit=1&who=@root&after={page['next']}", token=ROOT_TOKEN)
        assert [entry["act"] for entry in more.json()["items"]] == ["goal_cancelled"]


async def test_what_is_changed_or_taken_away_shows_over_restarts(tmp_path):
    store = MemoryStore()
    for _ in range(3):
        async with network(tmp_path, store=store) as net:
            net.hub.audit._new_id = net.hub.tokens._new_id = lambda: uuid4().hex  # the test's own begin anew each time
            await net.hub.audit.start()
            for _ in range(3):
                await net.hub.tokens.make(USER, "user", "bea")
            found = await entries_of(net.hub)
    assert len(found) == 9
    assert len({entry.chain for entry in found}) == 3
    assert broken_link(found) is None
    for number in range(8):  # without the newest, nothing tells that there was one: keep its digest elsewhere
        assert broken_link(found[:number] + found[number + 1 :]) is not None
    for number, entry in enumerate(found):
        forged = [*found[:number], replace(entry, who="@somebody"), *found[number + 1 :]]
        assert broken_link(forged) is forged[number]
    swapped = [found[1], found[0], *found[2:]]
    assert broken_link(swapped) is not None


async def test_an_entry_that_the_disk_refuses_breaks_no_chain(tmp_path):
    class Full(MemoryStore):
        full = False

        def commit(self, work):
            if not self.full:
                return super().commit(work)
            refused = asyncio.get_running_loop().create_future()
            refused.set_exception(StoreUnavailable("no space left"))
            return refused

    store = Full()
    async with network(tmp_path, store=store) as net:
        await net.hub.tokens.make(USER, "user", "bea")
        store.full = True
        with pytest.raises(StoreUnavailable):
            await net.hub.tokens.make(USER, "user", "bea")
        await asyncio.sleep(0)
        store.full = False
        await net.hub.tokens.make(USER, "user", "bea")
        assert len(net.hub.tokens.known.seen_by(USER)) == 3, "the refused one does not exist"
        found = await entries_of(net.hub)
        assert len(found) == 2
        assert broken_link(found) is None


async def test_no_secret_is_in_logs_errors_answers_representations_or_the_store(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    guess = "guess-SECRET-of-a-stranger-0123456789"
    seen = []
    async with served(tmp_path, operators={"root": ROOT_TOKEN}) as net:
        ann = await net.join("Ann")
        secrets = [ALICE, BORIS, ROOT_TOKEN, guess, net.tokens["Ann"]]

        async def ask(method, path, token: str | None = ALICE, **rest) -> Any:
            answer = await net.ask(method, path, token=token, **rest)
            seen.append(f"{answer.status_code} {answer.headers} {answer.text}")
            return answer

        made = (await ask("POST", "/v1/tokens", json={"scope": "agent", "name": "Ann"})).json()
        seen.pop()  # it is shown this once
        secrets.append(made["token"])
        rotated = (await ask("POST", f"/v1/tokens/{made['view']['token_id']}/rotate")).json()
        seen.pop()
        secrets.append(rotated["token"])
        net.tokens["second"] = rotated["token"]
        second = await net.connect("second")
        for secret in (*secrets, "Bearer", ""):
            await ask("GET", "/v1/agents", token=secret)
            await ask("POST", f"/v1/tokens/{secret}/rotate", token=guess)
        goal_id, _ = await net.group(second, "Ann") if second.offers else (None, None)
        await ask("GET", "/v1/tokens?ended=true")
        await ask("GET", "/v1/audit", token=ROOT_TOKEN)
        await ask("GET", "/v1/quotas", token=ROOT_TOKEN)
        await ask("DELETE", f"/v1/tokens/{rotated['view']['token_id']}")
        await second.until_closed()
        await ask("GET", "/v1/agents", token=rotated["token"])
        net.tokens["guess"] = guess
        refused = await net.connect("guess")
        await refused.until_closed()
        seen += [repr(frame) for agent in (ann, second, refused) for frame in agent.frames]
        seen += [repr(net.hub.settings), str(net.hub.settings), repr(net.hub.tokens.known.seen_by(USER))]
        seen += [repr(await net.hub.sign_in.identify(ALICE))]
        for wrong in (guess, "\ud800"):
            with pytest.raises(Refused) as error:
                net.hub.identify(wrong)
            seen += [repr(error.value), str(error.value)]
        assert goal_id is None or await events_of(net, goal_id, token=ROOT_TOKEN) is not None
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    # The test's own client logs what it asks for; the hub must not.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    places = {"logs": "\n".join(logged), "answers": "\n".join(seen), "files": stored.decode("latin-1")}
    assert "token_id" in places["answers"]
    for place, text in places.items():
        for number, secret in enumerate(secrets):
            assert secret not in text, f"secret {number} is in the {place}"


def test_tokens_and_the_audit_log_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setenv("IOA_DATA", str(tmp_path))
    for name in ("IOA_HUB", "IOA_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    with data_folder.hold(tmp_path / "hub", "hub"):
        pass  # a hub has worked here

    def ioa(*arguments, fails=0):
        result = CliRunner().invoke(program, list(arguments))
        assert result.exit_code == fails, result.output
        return result

    made = ioa("token", "create", "--scope", "user", "--name", "bea", "--label", "laptop", "--days", "2", "--json")
    first = json.loads(made.stdout)
    assert first["token"].startswith("ioa_user_")
    rotated = ioa("token", "rotate", first["view"]["token_id"], "--overlap", "0")
    assert rotated.stdout.startswith("ioa_user_")
    shown = ioa("token", "list").stdout
    assert "laptop" in shown
    assert first["token"] not in shown
    assert rotated.stdout.strip() not in shown
    found = json.loads(ioa("token", "list", "--ended", "--json").stdout)
    assert [item["valid"] for item in found if item["name"] == "bea"] == [False, True]
    mine = next(item["token_id"] for item in found if item["name"] == "bea" and item["valid"])
    assert "is revoked" in ioa("token", "revoke", mine).stdout
    assert "is no token of yours" in ioa("token", "revoke", "nothing", fails=2).output
    told = json.loads(ioa("audit", "--json").stdout)
    assert [entry["act"] for entry in reversed(told)] == [
        "token_made", "token_made", "token_rotated", "token_revoked",
    ]  # fmt: skip
    assert "token_revoked @me" in ioa("audit", "--act", "token_revoked").stdout
    assert "4 entries, none changed or missing" in ioa("audit", "--verify").stdout
