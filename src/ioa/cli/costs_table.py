"""The costs of a goal in lines for people, and as tables in Markdown."""

from __future__ import annotations

from collections.abc import Callable

from ioa.cli.costs import Costs, Part, Spent, dollars, saved_words
from ioa.cli.terminal import Terminal, hanging, one_line, pad, width
from ioa.protocol.messages import Budgets

_HEADS = ("calls", "tokens read", "written", "USD")
_NAME_COLUMNS = 44


def total_words(costs: Costs, budgets: Budgets | None) -> str:
    """The sum in one line, each number with its budget where `budgets` are given."""
    total = costs.total
    parts = [
        f"{total.calls:,} {'call' if total.calls == 1 else 'calls'}{_of(budgets and budgets.calls)}"
        + (f" ({total.failed:,} failed)" if total.failed else ""),
        f"{total.input_tokens:,} tokens read, {total.output_tokens:,} written"
        + (f" ({total.tokens:,} of {budgets.tokens:,})" if budgets else ""),
        money_words(total, budgets and budgets.cost_usd),
    ]
    if costs.saved_tokens:
        parts.append(saved_words(costs.saved_tokens))
    return " · ".join(parts)


def money_words(total: Spent, budget: float | None = None) -> str:
    """The money, or that there is no price for what was used."""
    if not total.cost_usd and total.tokens:
        return "no price known (0 USD)" if budget is None else f"no price known (0 of {dollars(budget)} USD)"
    return f"{dollars(total.cost_usd)}{'' if budget is None else f' of {dollars(budget)}'} USD"


def show_costs(costs: Costs, budgets: Budgets | None, out: Terminal) -> None:
    """A line for the sum, then a table with a section for each way to divide the calls."""
    out.write(out.style("Costs", "bold"))
    out.write(hanging("  ", total_words(costs, budgets), out.columns))
    places = _places(costs)
    rows = [(kind, part.name, _cells(part.own, places), part) for kind, parts in costs.parts.items() for part in parts]
    if not rows:
        return
    names = min(_NAME_COLUMNS, max(width(name) for _, name, _, _ in rows))
    sizes = [max(len(head), *(len(cells[place]) for _, _, cells, _ in rows)) for place, head in enumerate(_HEADS)]
    before = ""
    for kind, name, cells, part in rows:
        if kind != before:
            before = kind
            heads = "  ".join(pad(head, size, right=True) for head, size in zip(_HEADS, sizes, strict=True))
            out.write(out.style(f"  {pad(f'by {kind}', names + 2)}  {heads}", "dim"))
        numbers = "  ".join(pad(cell, size, right=True) for cell, size in zip(cells, sizes, strict=True))
        out.write(f"    {pad(one_line(name, names), names)}  {numbers}{_nested(part)}")


def markdown_tables(costs: Costs, escaped: Callable[[str], str]) -> list[str]:
    """One table in Markdown for each way to divide the calls, as lines; names go through `escaped`."""
    places = _places(costs)
    lines: list[str] = []
    for kind, parts in costs.parts.items():
        if parts:
            lines += ["", f"| by {kind} | {' | '.join(_HEADS)} |", "|---|---:|---:|---:|---:|"]
            lines += [
                f"| {escaped(part.name)}{_nested(part)} | {' | '.join(_cells(part.own, places))} |" for part in parts
            ]
    return lines


def _places(costs: Costs) -> int:
    """Digits after the point, the same for all of a table."""
    return 4 if costs.total.cost_usd >= 1 else 6


def _cells(own: Spent, places: int) -> tuple[str, ...]:
    calls = f"{own.calls:,}" + (f" ({own.failed:,} failed)" if own.failed else "")
    return (
        calls,
        f"{own.input_tokens:,}",
        f"{own.output_tokens:,}",
        f"{own.cost_usd:.{places}f}" if own.cost_usd else "-",
    )


def _nested(part: Part) -> str:
    """What comes on top of a team's or task's own calls by teams nested under it."""
    if part.below == part.own:
        return ""
    with_them = part.below
    money = f", {dollars(with_them.cost_usd)} USD" if with_them.cost_usd else ""
    return f"  (with nested teams: {with_them.calls:,} calls, {with_them.tokens:,} tokens{money})"


def _of(budget: int | None) -> str:
    return "" if budget is None else f" of {budget:,}"
