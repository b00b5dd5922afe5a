"""Who may see and recruit whom: agents that one may not see are, for oneself, not there."""

import pytest

from ioa.adapters.agents.card_file import CardFileError, carded
from ioa.hub.security import Identity
from ioa.hub.settings import HubSettings, SettingsError
from ioa.hub.visibility import Sight, public_only
from ioa.protocol.frames import Found, Launched, Refusal, Search
from ioa.protocol.messages import AsyncTask, Budgets, Parent, TaskAssignment
from tests.hub.network import network
from tests.hub.served import ALICE, BORIS, served

CAROL = "carol-token-of-more-than-20-characters"
TEAMS = {"plots": ("alice", "boris")}
USERS = {"alice": ALICE, "boris": BORIS, "carol": CAROL}
OWNERS = ("alice", "boris", "carol")
HIDDEN = ("private of alice", "team of alice")


def settings(folder, **others):
    return HubSettings(data_dir=folder, users=USERS, teams=TEAMS, **others)


async def register_all(net):
    """One agent of each visibility of Alice's, and a searcher of each user."""
    for visibility in ("private", "team", "public"):
        await net.register(f"{visibility} of alice", "draws charts", owner="alice", visibility=visibility)
    for owner in OWNERS:
        await net.register(f"searcher of {owner}", "asks", owner=owner)


SEEN = {
    "alice": {"private of alice", "team of alice", "public of alice"},
    "boris": {"team of alice", "public of alice"},
    "carol": {"public of alice"},
}


@pytest.mark.parametrize("owner", OWNERS)
async def test_a_search_finds_what_the_searchers_user_may_see_and_nothing_else(tmp_path, owner):
    async with network(tmp_path, settings=settings(tmp_path)) as net:
        await register_all(net)
        agent = await net.connect(f"searcher of {owner}")
        everybody = ("private of alice", "team of alice", "public of alice")
        for limit, team in ((5, ()), (1, ()), (5, everybody)):
            asked = Search(request_id=agent.new_id(), desc=("draws charts",), limit=limit, team=team)
            found = await agent.ask(asked)
            assert isinstance(found, Found)
            names = {hit.card.name for hit in found.agents[0]}
            assert names <= SEEN[owner]
            assert limit == 1 or names == SEEN[owner]
            assert all(hit.card.visibility is None for hit in found.agents[0])


async def test_over_http_hidden_agents_are_answered_for_like_names_that_nobody_has(tmp_path):
    async with served(tmp_path, users=USERS, teams=TEAMS) as net:
        for visibility in ("private", "team", "public"):
            await net.register(f"{visibility} of alice", "draws charts", visibility=visibility)
        tokens = {"alice": ALICE, "boris": BORIS, "carol": CAROL}
        for owner, token in tokens.items():
            listed = (await net.ask("GET", "/v1/agents", token=token)).json()["items"]
            assert {item["name"] for item in listed} == SEEN[owner]
            searched = (await net.ask("GET", "/v1/agents?search=draws+charts", token=token)).json()["items"]
            assert {item["name"] for item in searched} == SEEN[owner]
        for hidden in HIDDEN:
            for method, path, body in (
                ("GET", "/v1/agents/{}", None),
                ("PUT", "/v1/agents/{}", {"name": hidden, "description": "mine now"}),
                ("DELETE", "/v1/agents/{}", None),
                ("GET", "/v1/agents/{}/contacts", None),
                ("GET", "/v1/agents?after={}", None),
                ("POST", "/v1/goals", {"goal": "a goal", "initiator": hidden}),
                ("POST", "/v1/goals", {"goal": "a goal", "team": [hidden]}),
                ("POST", "/v1/tokens", {"scope": "agent", "name": hidden}),
            ):
                answers = []
                for name in (hidden, "nobody"):
                    sent = {key: [name] if value == [hidden] else name if value == hidden else value
                            for key, value in (body or {}).items()} or None  # fmt: skip
                    answer = await net.ask(method, path.format(name), token=CAROL, json=sent)
                    answers.append((answer.status_code, answer.text.replace(name, "NAME")))
                assert answers[0] == answers[1], (method, path)
                assert answers[0][0] in (400, 404)


async def test_the_card_says_who_sees_the_agent_and_a_later_card_that_is_silent_changes_nothing(tmp_path):
    async with served(tmp_path, users=USERS, teams=TEAMS) as net:
        await net.register("Ann", visibility="private")
        assert (await net.ask("GET", "/v1/agents/Ann")).json()["visibility"] == "private"
        card = {"name": "Ann", "description": "does more"}
        answer = await net.ask("PUT", "/v1/agents/Ann", json=card)
        assert (answer.json()["visibility"], answer.json()["card"]["description"]) == ("private", "does more")
        assert (await net.ask("GET", "/v1/agents/Ann", token=CAROL)).status_code == 404
        await net.ask("PUT", "/v1/agents/Ann", json={**card, "visibility": "public"})
        assert (await net.ask("GET", "/v1/agents/Ann", token=CAROL)).status_code == 200
        wrong = await net.ask("PUT", "/v1/agents/Ann", json={**card, "visibility": "secret"})
        assert wrong.status_code == 400
        assert "visibility" in wrong.json()["error"]["message"]


async def test_a_hub_can_make_agents_private_unless_they_say_otherwise(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path, visibility="private")) as net:
        await net.register("Ann", owner="alice")
        await net.register("Bob", owner="alice", visibility="public")
        assert net.hub.registry.named("Ann").visibility == "private"
        assert net.hub.registry.named("Bob").visibility == "public"


async def test_a_goal_is_offered_to_agents_that_its_user_may_see(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path)) as net:
        await net.register("Hers", "draws charts very well", owner="alice", visibility="private")
        hers = await net.connect("Hers")
        goal = await net.goal("draws charts", owner="@carol")
        await net.clock.advance(1)
        assert not hers.offers
        await net.goal("draws charts", owner="@alice")
        await hers.until(lambda: hers.offers)
        assert hers.offers[0].owner == "@alice"
        assert (await net.hub.goal_book.load(goal.goal_id)).initiator is None


async def test_a_team_is_made_of_agents_that_the_launcher_sees_or_the_user_has_fixed(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path)) as net:
        await register_all(net)
        leader = await net.connect("searcher of carol")

        await net.goal("a goal", owner="@alice", initiator=leader.name)
        await leader.until(lambda: leader.offers)
        offer = leader.offers[-1]
        refused = await leader.launch(goal="a goal", goal_id=offer.goal_id, team_members=("private of alice",))
        nobody = await leader.launch(goal="a goal", goal_id=offer.goal_id, team_members=("nobody at all",))
        assert isinstance(refused, Refusal)
        assert refused.code == nobody.code == "unknown_agent"
        assert refused.rule.replace("private of alice", "X") == nobody.rule.replace("nobody at all", "X")
        count = len(leader.offers)
        await net.goal("a goal", owner="@alice", initiator=leader.name, team=(leader.name, "private of alice"))
        await leader.until(lambda: len(leader.offers) > count)
        offer = leader.offers[-1]
        answer = await leader.launch(goal=offer.goal, goal_id=offer.goal_id, team_members=("private of alice",))
        assert isinstance(answer, Launched)


async def test_a_nested_team_keeps_to_what_may_be_seen_and_to_the_fixed_team(tmp_path):
    async with network(tmp_path, settings=settings(tmp_path)) as net:
        await register_all(net)
        leader, worker = await net.connect("searcher of alice"), await net.connect("searcher of carol")
        await net.register("outsider", owner="carol")
        before = len(leader.offers)
        team = (leader.name, worker.name, "private of alice")
        await net.goal("a goal", owner="@alice", initiator=leader.name, team=team, budgets=Budgets(turns=60, depth=2))
        await leader.until(lambda: len(leader.offers) > before)
        offer = leader.offers[-1]
        comm_id = (await leader.launch(goal=offer.goal, goal_id=offer.goal_id, team_members=(worker.name,))).comm_id
        tasks = (TaskAssignment(task_desc="x", assignee=(worker.name,)),)
        await leader.post(AsyncTask, comm_id, content="do it", next_speaker=(worker.name,), tasks=tasks)
        await worker.heard(comm_id, 2)

        async def nested(name):
            parent = Parent(comm_id=comm_id, task_id=f"{comm_id}.1")
            return await worker.launch(goal="part", team_members=(name,), parent=parent, max_turns=4)

        assert (await nested("team of alice")).code == "unknown_agent"
        assert (await nested("outsider")).code == "not_allowed"
        assert isinstance(await nested("private of alice"), Launched)


def test_who_sees_what_is_a_table_of_users():
    sight = Sight(TEAMS, {"Ann": "alice", "Bob": "boris"}.get)
    assert sight.of(Identity("peer", "alice")) is public_only
    assert sight.of_speaker("nobody's agent") is public_only
    assert sight.of(Identity("agent", "gone")) is public_only


def test_an_agent_file_says_who_sees_the_agent(tmp_path):
    given = {"name": "Ann", "description": "does things", "builtin": "mathematician"}
    assert carded(given, tmp_path).card.visibility is None
    assert carded({**given, "visibility": "team"}, tmp_path).card.visibility == "team"
    with pytest.raises(CardFileError, match="visibility: 'all' is none of private"):
        carded({**given, "visibility": "all"}, tmp_path)


def test_teams_and_visibility_of_the_settings_are_checked(tmp_path):
    with pytest.raises(SettingsError, match="team"):
        HubSettings(data_dir=tmp_path, teams={"team": ("@bad",)})
    with pytest.raises(SettingsError, match="visibility 'secret'"):
        HubSettings(data_dir=tmp_path, visibility="secret")  # pyright: ignore[reportArgumentType] - the point of it


async def test_another_hub_finds_public_agents_and_may_do_nothing_else(tmp_path):
    async with served(tmp_path, users=USERS, operators={"root": "root-token-of-more-than-20-chars"}) as net:
        for visibility in ("private", "team", "public"):
            await net.register(f"{visibility} of alice", "draws charts", visibility=visibility)
        made = await net.ask(
            "POST", "/v1/tokens", token="root-token-of-more-than-20-chars", json={"scope": "peer", "name": "alice"}
        )
        token = made.json()["token"]
        listed = await net.ask("GET", "/v1/agents", token=token)
        assert [item["name"] for item in listed.json()["items"]] == ["public of alice"]
        assert (await net.ask("GET", "/v1/agents/public%20of%20alice", token=token)).status_code == 200
        described = (await net.ask("GET", "/openapi.json", token=None)).json()
        tried = 0
        for path, operations in described["paths"].items():
            for method, operation in operations.items():
                if operation.get("security") == [] or (method == "get" and path in ("/v1/agents", "/v1/agents/{name}")):
                    continue
                url = path.replace("{name}", "public%20of%20alice").replace("{", "").replace("}", "")
                answer = await net.ask(method.upper(), url, token=token, json={})
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed"), (method, path)
                tried += 1
        assert tried > 20
        net.tokens["peer"] = token
        refused = await net.connect("peer")
        await refused.until_closed()
        assert refused.closed.code == 4401
