"""The goals' accounts: granted before a call, told after it, never more than the budget, durable."""

import pytest

from ioa.hub.spending import tokens_of
from ioa.protocol.frames import Granted, Recorded, Refusal, Spend, Spent
from ioa.protocol.messages import Budgets, Conclusion, Usage
from tests.hub.network import network


def spend(name, comm_id, *, tokens=100, cost_usd=0.0, **more):
    return Spend(
        request_id=name, comm_id=comm_id, decision="turn", model="test:m", tokens=tokens, cost_usd=cost_usd, **more
    )


def spent(name, call, *, read=60, written=20, cost_usd=0.0):
    usage = Usage(calls=1, input_tokens=read, output_tokens=written, cost_usd=cost_usd, model=call.model)
    return Spent(request_id=name, spend=call, usage=usage, duration_s=0.5)


async def account_of(net, ann):
    return await net.hub.accounts.of_goal(ann.offers[0].goal_id)


async def test_a_call_is_granted_then_told_and_stands_in_the_goals_account(tmp_path):
    async with network(tmp_path) as net:
        ann, bob = [await net.join(name) for name in ("Ann", "Bob")]
        comm_id = await net.group(ann, "Bob")
        call = spend("s1", comm_id, task_id=f"{comm_id}.1")
        assert isinstance(await bob.ask(call), Granted)
        assert isinstance(await bob.ask(spent("t1", call, cost_usd=0.25)), Recorded)
        account = await account_of(net, ann)
        assert (account.calls, account.input_tokens, account.output_tokens, account.cost_usd) == (1, 60, 20, 0.25)
        assert not account.kept
        [(_, record)] = await net.hub.accounts.calls(ann.offers[0].goal_id, after=0, limit=10)
        assert (record.agent, record.comm_id, record.task_id) == ("Bob", comm_id, f"{comm_id}.1")
        assert (record.decision, record.model, record.duration_s) == ("turn", "test:m", 0.5)


@pytest.mark.parametrize(
    ("budgets", "calls", "named"),
    [
        (Budgets(calls=2), [(1, 0.0)] * 3, "calls: 2 of 2"),
        (Budgets(tokens=250), [(100, 0.0)] * 3, "tokens: 200 of 250"),
        (Budgets(cost_usd=1.0), [(1, 0.4)] * 3, "cost_usd: $0.8000 of $1.0000"),
    ],
)
async def test_what_would_exceed_a_budget_is_refused_before_the_call(tmp_path, budgets, calls, named):
    async with network(tmp_path) as net:
        ann, bob = [await net.join(name) for name in ("Ann", "Bob")]
        comm_id = await net.group(ann, "Bob", budgets=budgets)
        *fitting, last = [
            spend(f"s{number}", comm_id, tokens=tokens, cost_usd=cost) for number, (tokens, cost) in enumerate(calls)
        ]
        for number, call in enumerate(fitting):
            assert isinstance(await (ann, bob)[number % 2].ask(call), Granted)
        refusal = await ann.ask(last)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "budget_spent"
        assert named in refusal.rule


async def test_what_a_call_did_not_use_of_its_grant_is_free_again(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann, budgets=Budgets(tokens=1_000))
        big = spend("s1", comm_id, tokens=1_000)
        assert isinstance(await ann.ask(big), Granted)
        assert isinstance(await ann.ask(spend("s2", comm_id)), Refusal)
        await ann.ask(spent("t1", big))
        assert isinstance(await ann.ask(spend("s2", comm_id)), Granted)


async def test_told_twice_counts_once_also_after_a_restart_of_the_hub(tmp_path):
    async with network(tmp_path) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann)
        call = spend("s1", comm_id)
        await ann.ask(call)
        await ann.ask(spent("t1", call))
        await ann.ask(spent("t2", call))
        assert (await account_of(net, ann)).calls == 1
        net.hub.accounts._accounts.clear()  # what a restart forgets
        await ann.ask(spent("t3", call))
        account = await account_of(net, ann)
        assert (account.calls, tokens_of(account)) == (1, 80)


async def test_only_members_spend_and_nobody_after_the_conclusion(tmp_path):
    async with network(tmp_path) as net:
        ann, bob = [await net.join(name) for name in ("Ann", "Bob")]
        comm_id = await net.group(ann)
        stranger = await bob.ask(spend("s1", comm_id))
        assert (stranger.code, stranger.reply_to) == ("unknown_group", "s1")
        call = spend("s2", comm_id)
        await ann.ask(call)
        await ann.post(Conclusion, comm_id, content="done")
        assert (await ann.ask(spend("s3", comm_id))).code == "concluded"
        assert isinstance(await ann.ask(spent("t2", call)), Recorded)  # it was made and is paid for
        assert (await ann.ask(Spend(request_id="s4"))).code == "malformed"
        assert (await bob.ask(Spend(request_id="s5", goal_id=ann.offers[0].goal_id))).code == "unknown_goal"
