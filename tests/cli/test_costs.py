"""What model calls cost: in `ioa show`, at the end of `ioa run`, in `ioa chats` and beside each turn."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ioa.cli.costs import Costs, Part, costs_of, dollars, spent
from ioa.cli.follow import Followed
from ioa.cli.records import Entry, Goal, ModelCall
from ioa.cli.tell import Teller
from ioa.cli.terminal import Terminal, width
from ioa.protocol.messages import AnyMessage, Budgets, Usage
from tests.cli.conftest import Ioa
from tests.cli.fake_hub import STARTED_AT, FakeHub, serving, story

ROOT, INNER = "c-root", "c-inner"


def call(agent: str, decision: str, tokens: int, place: tuple[str | None, str | None] = (ROOT, None), **more: Any):
    model = "openai:small" if decision == "alone_or_team" else "openai:large"
    return ModelCall(agent=agent, decision=decision, model=model, input_tokens=tokens, output_tokens=tokens // 10,
                     cost_usd=tokens / 1_000_000, comm_id=place[0], task_id=place[1], **more)  # fmt: skip


CALLS = (
    call("Writer", "team_formation", 500, (None, None)),
    call("Writer", "turn", 900),
    call("Data analyst", "agent", 4_000, (ROOT, "t1")),
    call("Plotter", "alone_or_team", 200, (ROOT, "t2")),
    call("Plotter", "turn", 700, (INNER, None), error="overloaded"),
    call("Plotter", "conclusion", 300, (INNER, None)),
    call("Writer", "conclusion", 1_100),
)


def told() -> list[AnyMessage]:
    """The story, where two turns say what they cost and the second what the damper saved."""
    messages = story()
    for place, usage in (
        (1, Usage(calls=2, input_tokens=900, output_tokens=90, cost_usd=0.0125, model="openai:large")),
        (7, Usage(calls=1, input_tokens=300, output_tokens=30, saved_tokens=1_234)),
    ):
        messages[place] = msgspec.structs.replace(messages[place], usage=usage)
    return messages


def account() -> Usage:
    total = spent(CALLS)
    return Usage(calls=total.calls, input_tokens=total.input_tokens, output_tokens=total.output_tokens,
                 cost_usd=total.cost_usd, model="openai:large, openai:small")  # fmt: skip


def costs(wanted: frozenset[str] = frozenset({ROOT, INNER}), **goal: Any) -> Costs:
    followed = Followed()
    for place, message in enumerate(told()):
        followed.take(Entry(cursor=place + 1, at=STARTED_AT, message=message))
    given = Goal(goal_id="g", goal="Do it", status="completed", usage=account(), **goal)
    return costs_of(given, CALLS, followed, wanted)


@dataclass
class PaidHub(FakeHub):
    """A hub whose goal had models."""

    messages: list[AnyMessage] = field(default_factory=told)
    usage: Usage = field(default_factory=account)
    budgets: Budgets = field(default_factory=lambda: Budgets(calls=50, tokens=100_000, cost_usd=0.5))

    def goal(self) -> dict[str, object]:
        return {
            **super().goal(),
            "usage": msgspec.to_builtins(self.usage),
            "budgets": msgspec.to_builtins(self.budgets),
        }

    def app(self) -> Starlette:
        app = super().app()
        app.router.routes.append(Route("/v1/goals/{goal_id}/calls", self._calls))
        return app

    async def _calls(self, request: Request) -> Response:
        after = int(request.query_params.get("after", "0"))
        page = [msgspec.to_builtins(one) for one in CALLS[after : after + 3]]  # small pages, so that paging is tried
        return JSONResponse({"items": page, "next": after + 3 if after + 3 < len(CALLS) else None})


@pytest.fixture
def paid() -> Iterator[PaidHub]:
    hub = PaidHub()
    hub._ended = True
    with serving(hub):
        yield hub


def test_every_way_to_divide_the_calls_adds_up_to_the_account() -> None:
    made = costs()
    assert made.total.calls == len(CALLS) == 7
    assert made.total.failed == 1
    for kind in ("agent", "team", "decision", "model"):
        parts = made.parts[kind]
        assert sum(part.own.calls for part in parts) == 7, kind
        assert sum(part.own.tokens for part in parts) == made.total.tokens, kind
        assert sum(part.own.cost_usd for part in parts) == pytest.approx(made.total.cost_usd), kind
    assert [part.name for part in made.by_agent] == ["Data analyst", "Writer", "Plotter"], "the dearest first"
    assert [part.name for part in made.by_model] == ["openai:large", "openai:small"]


def test_a_task_and_a_team_are_shown_with_and_without_the_teams_below_them() -> None:
    made = costs()
    teams = {part.name: part for part in made.by_team}
    assert [*teams] == ["before a team", "team 1", "team 2"]
    assert (teams["team 1"].own.calls, teams["team 1"].below.calls) == (4, 6)
    tasks = {part.name: part for part in made.by_task}
    assert [*tasks] == ["task 1", "task 2"], "task 3 asked no model"
    assert (tasks["task 2"].own.tokens, tasks["task 2"].below.tokens) == (220, 220 + 770 + 330)
    assert tasks["task 1"].own == tasks["task 1"].below


def test_of_a_nested_team_only_its_own_calls_count() -> None:
    made = costs(frozenset({INNER}))
    assert (made.total.calls, made.total.input_tokens, made.total.failed) == (2, 1_000, 1)
    assert {part.name for part in made.by_agent} == {"Plotter"}
    assert [part.name for part in made.by_team] == ["team 2"]
    assert made.saved_tokens == 1_234


def test_show_has_the_sums_the_budgets_and_a_table(ioa: Ioa, paid: PaidHub) -> None:
    shown = ioa.at(paid, "show", "goal-1").stdout
    for part in (
        "7 calls of 50 (1 failed)",
        "7,700 tokens read, 770 written (8,470 of 100,000)",
        "0.007700 of 0.5000 USD",
        "1,234 tokens saved by the damper",
        "by decision",
        "(with nested teams: 3 calls, 1,320 tokens, 0.001200 USD)",
    ):
        assert part in " ".join(shown.split()) or part in shown, part
    assert [line.split() for line in shown.splitlines() if "alone_or_team" in line] == [
        ["alone_or_team", "1", "200", "20", "0.000200"]
    ]
    inner = ioa.at(paid, "show", INNER).stdout
    assert "2 calls (1 failed)" in inner
    assert "of 50" not in inner, "budgets are the whole goal's"


def test_show_as_json_has_usage_budgets_sums_and_all_calls(ioa: Ioa, paid: PaidHub) -> None:
    tree = json.loads(ioa.at(paid, "show", "goal-1", "--json").stdout)
    assert tree["usage"] == msgspec.structs.asdict(paid.usage)
    assert tree["budgets"] == msgspec.structs.asdict(paid.budgets)
    assert [one["decision"] for one in tree["calls"]] == [one.decision for one in CALLS]
    assert tree["costs"]["total"]["calls"] == 7
    team = next(part for part in tree["costs"]["by_team"] if part["key"] == ROOT)
    assert team["with_nested"]["calls"] == 6
    assert len(json.loads(ioa.at(paid, "show", INNER, "--json").stdout)["calls"]) == 2


def test_a_goal_without_models_shows_no_costs(ioa: Ioa, hub: FakeHub) -> None:
    assert "Costs" not in ioa.at(hub, "show", "goal-1").stdout


def test_run_ends_with_the_account_of_the_goal_and_not_with_what_messages_say(ioa: Ioa) -> None:
    with serving(PaidHub()) as hub:
        result = ioa.at(hub, "run", "Do it", "--json")
    cost = json.loads(result.stdout)["cost"]
    assert (cost["calls"], cost["tokens"], cost["saved_tokens"]) == (7, 8_470, 1_234)
    assert cost["cost_usd"] == pytest.approx(0.0077)
    footer = " ".join(result.stderr.split())
    assert "7 model calls · 8,470 tokens (7,700 read, 770 written) · 0.007700 USD" in footer
    assert "1,234 tokens saved by the damper" in footer


def test_chats_show_tokens_and_dollars_where_there_were_any(ioa: Ioa, paid: PaidHub) -> None:
    head, row = ioa.at(paid, "chats").stdout.splitlines()
    assert head.split() == ["id", "when", "status", "took", "groups", "tokens", "USD", "goal"]
    assert "8,470" in row
    assert "0.007700" in row
    (chat,) = json.loads(ioa.at(paid, "chats", "--json").stdout)
    assert chat["usage"]["input_tokens"] == 7_700


def test_a_turn_says_at_its_end_what_it_cost() -> None:
    for colour in (False, True):
        teller = Teller(Terminal(io.StringIO(), 200, colour, colour), Followed())
        lines = [
            line
            for place, message in enumerate(told())
            for line in teller.tell(Entry(cursor=place + 1, at=STARTED_AT, message=message))
        ]
        text = "\n".join(lines)
        assert ("\x1b[2m · 990 tokens, 0.0125 USD" if colour else " · 990 tokens, 0.0125 USD") in text
        assert " · 330 tokens, 1,234 tokens saved by the damper" in text
        assert "0 tokens" not in text.replace("990 tokens", "").replace("330 tokens", "")


@pytest.mark.parametrize(
    ("usd", "said"), [(0.0, "0.0000"), (0.000012, "0.000012"), (0.01, "0.0100"), (12.5, "12.5000")]
)
def test_dollars_have_four_places_and_six_below_a_cent(usd: float, said: str) -> None:
    assert dollars(usd) == said


def test_models_without_a_price_are_said_to_have_none(ioa: Ioa, paid: PaidHub) -> None:
    paid.usage = msgspec.structs.replace(paid.usage, cost_usd=0.0)
    assert "no price known (0 of 0.5000 USD)" in " ".join(ioa.at(paid, "show", "goal-1").stdout.split())
    paid.budgets = Budgets()
    assert "no price known (0 USD)" in " ".join(ioa.at(paid, "show", "goal-1").stdout.split())


def test_strangers_names_in_the_table_are_harmless_and_cut() -> None:
    from ioa.cli.costs_table import show_costs

    stream = io.StringIO()
    made = costs()
    bad = Part("x", "\x1b[31m" + "n" * 80, made.total, made.total)
    show_costs(Costs(made.total, 0, (bad,), (), (), (), ()), None, Terminal(stream, 100))
    assert "\x1b" not in stream.getvalue()
    assert all(width(line) <= 100 for line in stream.getvalue().splitlines())
