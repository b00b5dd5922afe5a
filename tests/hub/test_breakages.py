"""What breaks in the reference implementation must hold here: each line that concerns the hub is a test."""

import pytest

from ioa.protocol.codec import encode
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Acknowledge, Hello, Post, Search
from ioa.protocol.messages import Conclusion, Discussion
from tests.hub.network import TestAgent, network

STRANGE = ["Ann Smith", "O'Brien", 'the "best"', "数据分析员", "🤖 robot", "a; DROP TABLE log", "50% _off_", "x/y?z#1"]


async def test_an_offline_member_does_not_disconnect_the_sender(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        comm_id = await net.group(ann, "Bob")
        assert (await ann.post(Discussion, comm_id, content="hi", next_speaker=("Bob",))).seq == 2
        await ann.heard(comm_id, 2)
        assert ann.closed is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"not json",
        b"",
        b"[]",
        b"null",
        b'{"frame":"post"}',
        b'{"frame":"post","message":{"type":"discussion","sender":"Ann"}}',
        b'{"frame":"no such frame"}',
        b"\xff\xfe\x00",
        b'{"frame":"search","request_id":"r","desc":[]}',
        b"[" * 100_000,
    ],
)
async def test_a_malformed_frame_is_refused_and_nothing_else_happens(tmp_path, garbage):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        await ann.post(Discussion, comm_id, content="once", next_speaker=("Ann",))
        await ann.connection.send(garbage)
        await ann.until(lambda: ann.refusals)
        assert ann.refusals[0].code in ("malformed", "unknown_kind")
        assert (await ann.post(Discussion, comm_id, content="twice", next_speaker=("Ann",))).seq == 3
        assert [message.content for message in (await bob.heard(comm_id, 3))[1:]] == ["once", "twice"]
        assert ann.closed is None


async def test_an_unknown_kind_of_message_names_itself_and_the_listener_goes_on(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        await ann.connection.send(b'{"frame":"post","message":{"type":"gossip","sender":"Ann","message_id":"m1"}}')
        await ann.until(lambda: "m1" in ann.answers)
        assert ann.answers["m1"].code == "unknown_kind"
        assert "gossip" in ann.answers["m1"].rule
        comm_id = await net.group(ann)
        assert (await ann.post(Conclusion, comm_id, content="still here")).seq == 2


async def test_the_sender_is_checked(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        forged = await bob.post(Discussion, comm_id, sender="Ann", content="I am Ann", next_speaker=("Bob",))
        assert forged.code == "not_the_sender"
        hub = await bob.post(Conclusion, comm_id, sender="@hub", content="over", forced=True)
        assert hub.code == "not_the_sender"
        assert len(await ann.heard(comm_id, 1)) == 1


async def test_a_stranger_can_neither_write_nor_learn_about_a_group(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        eve = await net.join("Eve")
        comm_id = await net.group(ann)
        answer = await eve.post(Discussion, comm_id, content="let me in", next_speaker=("Ann",))
        assert answer.code == "not_a_member"
        assert (await eve.post(Discussion, "no-such-group", content="?", next_speaker=("Ann",))).code == "unknown_group"
        assert eve.deliveries == []


async def test_a_second_connection_with_the_agents_token_takes_over(tmp_path):
    async with network(tmp_path) as net:
        first = await net.join("Ann")
        second = await net.connect("Ann", cursor=first.cursor)
        assert (await first.until_closed()).code == 4409
        assert first.refusals[-1].code == "superseded"
        comm_id = await net.group(second)
        await second.heard(comm_id, 1)
        assert first.deliveries == []
        assert net.hub.sessions.online("Ann")


async def test_a_second_connection_with_a_wrong_token_is_refused_and_the_first_stays(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        bob_token = await net.register("Bob")
        for token in ("ioa_agent_guess", "Ann", net.hub.artifacts.path("x").name):
            thief = TestAgent("Ann", net.wire())
            await thief.hello(token)
            assert (await thief.until_closed()).code == 4401
            assert thief.refusals[0].code == "not_authenticated"
        other = TestAgent("Ann", net.wire())
        await other.hello(bob_token)
        await other.until(lambda: other.welcome)
        assert other.welcome.name == "Bob"  # the token says who it is, nothing else
        comm_id = await net.group(ann)
        await ann.heard(comm_id, 1)
        await other.leave()


@pytest.mark.parametrize("name", STRANGE)
async def test_strange_names_work_everywhere(tmp_path, name):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        other = await net.join(name, "reads tables")
        comm_id = await net.group(ann, name)
        await ann.post(Discussion, comm_id, content="your turn", next_speaker=(name,))
        await other.heard(comm_id, 2)
        assert (await other.post(Conclusion, comm_id, content="fine")).seq == 3
        found = await ann.ask(Search(request_id="s", desc=("reads tables",)))
        assert [agent.card.name for agent in found.agents[0]] == [name]
        assert found.agents[0][0].online


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "bad_name"),
        ("   ", "bad_name"),
        (" Ann", "bad_name"),
        ("x" * 300, "bad_name"),
        ("An\nn", "bad_name"),
        ("\x1b[31mred", "bad_name"),
        ("@hub", "bad_name"),
        ("ANN", "name_taken"),
        ("Ａｎｎ", "name_taken"),
    ],
)
async def test_names_that_deceive_are_refused_with_the_remedy(tmp_path, name, code):
    async with network(tmp_path) as net:
        await net.register("Ann")
        with pytest.raises(Refused) as refused:
            await net.register(name, owner="somebody else")
        assert refused.value.code == code


async def test_a_quote_in_a_name_or_filter_changes_no_filter(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        for number, name in enumerate(STRANGE):
            await net.register(name, "reads tables", skills=(f"skill' OR '1'='1 {number}",))
        for number, name in enumerate(STRANGE):
            frame = Search(request_id=f"s{number}", desc=("reads",), limit=100, skill=f"skill' OR '1'='1 {number}")
            assert [agent.card.name for agent in (await ann.ask(frame)).agents[0]] == [name]
        nobody = await ann.ask(Search(request_id="none", desc=("reads",), skill="' OR '1'='1"))
        assert nobody.agents == ((),)


async def test_max_turns_is_a_rule_and_the_initiator_concludes(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob", max_turns=2)
        await ann.post(Discussion, comm_id, content="1", next_speaker=("Bob",))
        await bob.post(Discussion, comm_id, content="2", next_speaker=("Bob",))
        late = await bob.post(Discussion, comm_id, content="3", next_speaker=("Ann",))
        assert late.code == "not_the_floor"
        more = await ann.post(Discussion, comm_id, content="3", next_speaker=("Bob",))
        assert (more.code, more.legal) == ("must_conclude", ("conclusion",))
        assert (await ann.post(Conclusion, comm_id, content="enough")).seq == 4


async def test_missed_messages_are_delivered_on_return_in_order_and_once(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        await bob.heard(comm_id, 1)
        await bob.leave()
        for number in range(200):
            await ann.post(Discussion, comm_id, content=str(number), next_speaker=("Ann",), message_id=f"m{number}")
            if number % 50 == 49:  # the law allows so many turns only because the limit is high
                assert ann.closed is None
        bob = await net.connect("Bob", cursor=bob.cursor)
        answers = [ann.answers[f"m{number}"] for number in range(200)]
        accepted = [answer.seq for answer in answers if hasattr(answer, "seq")]
        log = await bob.heard(comm_id, len(accepted))
        assert [message.seq for message in log] == accepted
        assert len(accepted) == 20  # max_turns of the goal


async def test_one_more_hello_or_a_foreign_acknowledgement_harms_nobody(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        await ann.connection.send(encode(Acknowledge(cursor=10**9)))
        await ann.until(lambda: ann.refusals)
        assert "never sent" in ann.refusals[0].rule
        await ann.connection.send(encode(Hello(version=1, token="again")))
        await ann.until(lambda: len(ann.refusals) == 2)
        assert ann.refusals[1].code == "illegal_now"
        await net.group(ann)


async def test_a_repeated_post_is_answered_as_the_first_and_written_once(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann)
        message = Discussion(sender="Ann", comm_id=comm_id, message_id="m", content="hi", next_speaker=("Ann",))
        first = await ann.ask(Post(message=message))
        again = await ann.ask(Post(message=message))
        assert first == again
        other = await net.group(ann)
        moved = await ann.post(Discussion, other, message_id="m", content="hi", next_speaker=("Ann",))
        assert moved.code == "duplicate"
        assert len(await net.store.log_of_group(comm_id)) == 2
        assert (await ann.post(Discussion, other, content="goes on", next_speaker=("Ann",))).seq == 2
