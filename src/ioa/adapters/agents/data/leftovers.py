"""What to do with columns that no aggregate claimed: totals, lookups, lists, shares, growth; or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ioa.adapters.agents.data.lexicon import PAID
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.reading import Condition, Group, Measure
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import singular

if TYPE_CHECKING:
    from ioa.adapters.agents.data.reader import Reader

Operand = tuple[str, str, tuple[Column, ...]]
_ADJECTIVES = frozenset(["monthly", "yearly", "annual", "annually", "quarterly", "weekly", "daily", "hourly"])


def adjectives(r: Reader) -> None:
    """`monthly revenue` groups by month; `average monthly revenue` is refused, because it has two meanings."""
    for index, item in enumerate(r.items):
        if (
            item.kind != "bucket"
            or item.used
            or (
                item.text.lower() not in _ADJECTIVES
                and not (r.at(index + 1) and r.items[index + 1].kind in {"growth", "over"})
            )
        ):
            continue
        if not any(column.kind == "date" for column in r.scope.columns) and _each_row(r, item):
            continue
        previous = r.at(index - 1)
        noun = next((one for one in r.items[index + 1 :] if one.kind in {"col", "entity", "count", "rows"}), None)
        adds_up = noun is not None and (noun.kind != "col" or any(r.additive(column) for column in noun.columns))
        if previous and previous.kind == "agg" and previous.value in {"avg", "median"} and adds_up and noun:
            raise NotUnderstood(
                f'"{previous.text} {item.text} {noun.text}" has two meanings: say "{previous.text} {noun.text} per {item.value}", '  # noqa: E501 - a sentence in one piece
                f'or "{previous.text} of the total {noun.text} per {item.value}".'
            )
        if (
            item.value == "year"
            and noun is not None
            and not adds_up
            and not (previous and previous.kind == "agg" and item.text.lower() == "yearly")
        ):
            raise NotUnderstood(
                f'"{item.text}" before "{noun.text}" is unclear: say "per year" or leave it out.', (item.text,)
            )
        column = r.date_column(item)
        item.used = True
        bucket = "" if item.value == "day" and column.sql_type == "DATE" else item.value
        if not any(group.column == column and group.bucket == bucket for group in r.out.groups):
            r.out.groups.insert(0, Group(column, r.sql(column), bucket))


def _each_row(r: Reader, item: Item) -> bool:
    """`monthly usage` where each row is one month: with an aggregate it adds nothing, else the months are listed."""
    named = [
        column
        for table in r.scope.tables[:1]
        for column in table.columns
        if column.words == (item.value,) and column.distinct == column.filled == table.rows
    ]
    if len(named) != 1 or len(r.scope.tables) != 1:
        return False
    item.used = True
    if any(one.kind in {"agg", "ext", "hint"} for one in r.items):
        r.notes.append(f'Each row is one "{named[0].name}".')
    elif not any(group.column == named[0] for group in r.out.groups):
        r.out.groups.insert(0, Group(named[0], r.sql(named[0])))
    return True


def read_leftovers(r: Reader) -> None:
    """Give every unclaimed column a role, by the kind of the question."""
    if r.out.having and not r.out.groups and r.out.kind == "table":
        r.group_by_subject()
        if not r.out.groups:
            raise NotUnderstood(f'"{r.out.having[0][1]}" needs a group: say of what, such as "regions with ...".')
    used = {column for measure in r.out.measures for column in measure.columns} | {
        group.column for group in r.out.groups
    }
    used |= {condition.column for condition in r.out.conditions if condition.column} | set(r.out.columns)
    match r.out.kind:
        case "corr":
            _correlation(r)
        case "share":
            _share(r)
        case "growth" | "running" | "arms":
            _measured(r)
        case "describe" | "missing" | "duplicates" | "columns":
            _inspected(r)
        case "ranked" | "ranked rows":
            _repeated(r, used)
        case "rows":
            r.out.columns = [r.pick(item, None) for item in _free(r, use=True)]
        case _:
            _table(r, used)


def _free(r: Reader, *, use: bool = False, numbers: bool = False) -> list[Item]:
    found = [
        item
        for index, item in enumerate(r.items)
        if item.kind == "col"
        and not item.used
        and index not in r.grouped
        and index not in r.expressions
        and (not numbers or any(column.kind == "number" for column in item.columns))
    ]
    if use:
        for item in found:
            item.used = True
    return found


def _operands(r: Reader) -> list[Operand]:
    """Unclaimed numeric columns and products."""
    found: list[Operand] = []
    for index, item in enumerate(r.items):
        numeric_entity = item.kind == "entity" and any(
            column.kind == "number" and not r.is_id(column) for column in item.columns
        )
        if (
            not item.used
            and (item.kind == "col" or numeric_entity)
            and index not in r.grouped
            and (operand := r.operand(index))
        ):
            item.used = True
            if operand not in found:
                found.append(operand)
    return found


def _repeated(r: Reader, used: set[Column]) -> None:
    """A column named again (`sold the most units`), or to be shown beside a ranking."""
    ranked = r.out.rank.sql if r.out.rank else ""
    for item in _free(r):
        if any(column in used or r.sql(column) in ranked for column in item.columns):
            item.used = True
        elif r.out.kind == "ranked rows":
            r.out.columns.append(r.pick(item, None))
            item.used = True


def _correlation(r: Reader) -> None:
    operands = _operands(r)
    if len(operands) != 2:
        names = ", ".join(column.name for column in r.numeric())
        raise NotUnderstood(f"A correlation needs two columns with numbers; these are: {names}.")
    (one, first, left), (other, second, right) = operands
    r.out.measures.append(
        Measure("corr", f"{one}, {other}", f"correlation of {first} and {second}", columns=left + right)
    )


def _share(r: Reader) -> None:
    measures = [measure for measure in r.out.measures if measure.fn in {"sum", "count", "count_distinct"}]
    if len(measures) != len(r.out.measures):
        raise NotUnderstood("A share is of a total or of a number of rows; ask for the average separately.")
    if not measures:
        operands = _operands(r)
        flagged = [operand for operand in operands if all(r.additive(column) for column in operand[2])]
        if len(flagged) < len(operands):
            names = ", ".join(operand[1] for operand in operands if operand not in flagged)
            raise NotUnderstood(
                f'A share of "{names}" makes no sense unless it is added up: say "share of total {names}".'
            )
        if len(operands) > 1:
            raise NotUnderstood("A share of one column at a time, please.")
        r.out.measures = [r.measure("sum", operands[0])] if operands else [Measure("count", "", "number of rows")]
    for item in _free(r):
        previous = r.items[r.items.index(item) - 1] if r.items.index(item) else None
        counted = all(column.kind == "text" for column in item.columns) and r.out.conditions and item.plural
        if counted and len(item.columns) == 1:
            column = item.columns[0]
            item.used = True
            r.out.measures = [
                Measure("count_distinct", r.sql(column), f"number of different {column.name}", columns=(column,))
            ]
        elif (
            not r.out.groups
            and not r.out.conditions
            and previous is not None
            and len(item.columns) == 1
            and item.columns[0].kind == "text"
        ):
            item.used = True
            r.out.groups.append(Group(item.columns[0], r.sql(item.columns[0])))
    if r.out.groups:
        return
    if not r.out.conditions:
        raise NotUnderstood(
            'A share of what in what? Say, for example, "share of revenue by region" or "percentage of orders where status is late".'  # noqa: E501 - a sentence in one piece
        )
    _split_share(r)


def _split_share(r: Reader) -> None:
    """Which filters are the part, and which narrow the whole: those with a verb are the part."""
    conditions = r.out.conditions
    asked = next((at for at, item in enumerate(r.items) if item.kind == "share"), 0)
    ahead = [one for one in conditions if one.at < asked]
    after = [one for one in conditions if one.at > asked]
    if ahead and after and not r.out.either and (len(after) == 1 or all(one.verb for one in after)):
        part = after  # `of the members over 40, what share ...`
    elif len(conditions) > 1:
        part = [one for one in conditions if one.verb]
        if not part or len(part) == len(conditions) or r.out.either:
            if not r.out.either:
                raise NotUnderstood(
                    'Which filters make the part and which the whole? Say, for example, "what percentage of orders in March were returned".'  # noqa: E501 - a sentence in one piece
                )
            part = conditions
    else:
        part = conditions
    joint = " OR " if r.out.either else " AND "
    r.out.arms = [
        (
            (" or " if r.out.either else " and ").join(one.words for one in part),
            joint.join(f"({one.sql})" for one in part),
        )
    ]
    r.out.conditions = [one for one in conditions if one not in part]


def _measured(r: Reader) -> None:
    for operand in _operands(r):
        if any(measure.columns == operand[2] for measure in r.out.measures):
            continue
        if not operand[2] or all(r.additive(column) for column in operand[2]):
            r.out.measures.append(r.measure("sum", operand))
            r.notes.append(f'"{operand[1]}" is added up.')
        elif r.out.kind == "arms":
            r.out.measures.append(Measure("only", operand[0], operand[1], columns=operand[2]))
        else:
            raise NotUnderstood(f'Total or average of "{operand[1]}"? Say which.')
    if not r.out.measures:
        if not any(item.kind in {"entity", "rows"} for item in r.items):
            raise NotUnderstood(
                f"Name the column whose {r.out.arm_mode if r.out.kind == 'arms' else r.out.kind} is wanted."
            )
        r.out.measures.append(Measure("count", "", "number of rows"))
    if r.out.kind == "growth" and not any(
        group.bucket or group.column.kind == "date" or "year" in group.column.words or "month" in group.column.words
        for group in r.out.groups
    ):
        raise NotUnderstood('Growth from when to when? Say "by month", "by year", or "from 2022 to 2023".')
    if r.out.kind == "running" and not r.out.groups:
        dates = [column for column in r.scope.columns if column.kind == "date"]
        if len(dates) != 1:
            raise NotUnderstood("A running total needs an order: say by which date column.")
        r.out.groups.append(Group(dates[0], r.sql(dates[0])))


def _inspected(r: Reader) -> None:
    free = _free(r, use=True)
    r.out.columns = [r.pick(item, None) for item in free]
    if r.out.kind == "describe":
        for item in r.items:
            if item.kind in {"entity", "rows", "columns", "result"}:
                item.used = True


def _table(r: Reader, used: set[Column]) -> None:
    listing = any(item.kind in {"list", "which", "who"} for item in r.items)
    free = _free(r)
    if r.out.measures:
        for item in free:
            index = r.items.index(item)
            if any(column in used for column in item.columns) or (
                {"of", "in", "for", "all"} & set(r.before[index])
                and item.plural
                and all(column.kind != "number" or r.is_id(column) for column in item.columns)
            ):
                item.used = True
        if r.out.groups or r.out.conditions:
            return
        return
    if r.out.having and r.out.groups:
        return
    distinct = [item for item in r.items if item.kind == "distinct" and not item.used]
    texts = [item for item in free if not any(column.kind == "number" for column in item.columns)]
    if r.out.groups:
        for item in free:
            if any(column in used for column in item.columns):
                item.used = True
        _grouped_values(r, listing)
        return
    if distinct or (listing and texts and len(texts) == len(free)):
        for item in distinct:
            item.used = True
        if distinct and not free:
            return
        r.out.kind = "distinct"
        r.out.columns = [r.pick(item, None) for item in _free(r, use=True)]
        return
    days = [
        item
        for item in r.items
        if item.kind == "bucket" and not item.used and item.text.lower() in {"days", "dates", "day"}
    ]
    if not free and listing and days and r.out.conditions:
        days[0].used = True
        r.out.kind, r.out.columns = "distinct", [r.date_column(days[0])]
        return
    if not free:
        operands = _operands(r)
        if operands:
            _bare_totals(r, operands)
        elif (
            r.out.order is not None
            or r.out.conditions
            or any(item.kind in {"list", "which", "who"} for item in r.items)
        ):
            r.out.kind = "rows"
        return
    operands_only = all(any(column.kind == "number" for column in item.columns) for item in free)
    if operands_only and not any(item.kind in {"list", "who"} for item in r.items):
        additive = all(r.additive(column) for item in free for column in item.columns)
        if additive:
            _bare_totals(r, _operands(r))
            return
        if not r.out.conditions:
            raise NotUnderstood(f'What about "{free[0].text}"? Say, for example, average, total, highest, or list.')
    asked = (
        r.out.conditions or r.out.order is not None or any(item.kind in {"list", "which", "who"} for item in r.items)
    )
    if not asked:
        raise NotUnderstood(f'What about "{free[0].text}"? Say, for example, average, total, highest, or list.')
    r.out.kind = "rows"
    shown = [condition.column for condition in r.out.conditions if condition.column]
    r.out.columns = list(dict.fromkeys(shown + [r.pick(item, None) for item in _free(r, use=True)]))


def _bare_totals(r: Reader, operands: list[Operand]) -> None:
    for operand in operands:
        r.out.measures.append(r.measure("sum", operand))
        r.notes.append(f'"{operand[1]}" without a further word is read as its total.')


def _grouped_values(r: Reader, listing: bool) -> None:
    """`revenue by region`: additive columns are added up; of others the aggregate must be said."""
    operands = _operands(r)
    unique = all(not group.bucket and group.column.distinct == group.column.filled for group in r.out.groups)
    for operand in operands:
        if not unique and operand[2] and not any(r.additive(column) for column in operand[2]):
            group = r.out.groups[0].label
            raise NotUnderstood(f'Average, total, or what else of "{operand[1]}" by {group}? Say which.')
        r.out.measures.append(
            Measure("sum", operand[0], operand[1], columns=operand[2]) if unique else r.measure("sum", operand)
        )
        if not unique:
            r.notes.append(f'"{operand[1]}" is added up for each group.')
    if operands:
        return
    paid = [item for item in r.items if item.kind == "entity" and singular(item.text.lower()) in PAID]
    if paid and not r.out.having and any(r.additive(column) for column in r.numeric()):
        amounts = ", ".join(column.name for column in r.numeric() if r.additive(column))
        raise NotUnderstood(f"The number of {paid[0].text}, or the total of {amounts}? Say which.")
    if any(item.kind in {"entity", "rows"} and item.note != "sold" for item in r.items) or r.out.having:
        r.out.measures.append(Measure("count", "", "number of rows"))
        return
    free = _free(r)
    if len(free) == 1 and len(free[0].columns) == 1 and free[0].plural:
        free[0].used = True
        column = free[0].columns[0]
        r.out.measures.append(
            Measure("count_distinct", r.sql(column), f"number of different {column.name}", columns=(column,))
        )
        return
    del listing
    raise NotUnderstood("What is to be computed for each group? Say, for example, number, total or average.")


def finish(r: Reader) -> None:
    """Last checks across the parts of the reading."""
    out = r.out
    out.measures = list({measure.sql: measure for measure in reversed(out.measures)}.values())[::-1]
    if out.kind == "table" and not out.measures and not out.having:
        if (
            out.conditions
            or out.order is not None
            or (
                any(item.kind == "list" for item in r.items)
                and any(item.kind in {"rows", "entity", "result"} for item in r.items)
            )
        ):
            out.kind = "rows"
        else:
            raise NotUnderstood(
                "What is to be computed? Say, for example, total, average, number of, highest, or list."
            )
    _no_row_negation(r)
    _plain_average(r)
    if out.kind == "ranked rows" and out.measures:
        raise NotUnderstood("Ask for the ranking and for the aggregate in two sentences.")
    if out.kind == "ranked" and out.rank and len(out.measures) > 1 and out.columns == []:
        out.measures = list(dict.fromkeys(out.measures))
    if len(out.scope.tables) > 1 and out.scope.many:
        _no_fan_out(out.measures, out.conditions, out.scope.many)


def _no_row_negation(r: Reader) -> None:
    """`Products that were never returned` is about all rows of a product, a filter only about one."""
    out = r.out
    if out.kind not in {"distinct", "rows"}:
        return
    for column in out.columns:
        if column.kind != "text" or column.distinct == column.filled:
            continue
        for condition in out.conditions:
            other = condition.column is not None and condition.column != column
            if other and condition.negated and any(item.kind == "col" and column in item.columns for item in r.items):
                raise NotUnderstood(
                    f'"{condition.words}" for a {column.name}: in no row at all, or in some row? '
                    f'Ask for "number of rows by {column.name}" with and without it, or for the rows.'
                )
            if other and len(condition.values) > 1 and not condition.either and not condition.negated:
                raise NotUnderstood(
                    f'A {column.name} with {" and ".join(condition.values)}: with either, or with both? Use "or", or ask separately.'  # noqa: E501 - a sentence in one piece
                )


def _plain_average(r: Reader) -> None:
    """`average revenue per order`, where each row is one order, is the average of all rows."""
    out = r.out
    if out.kind != "table" or len(out.groups) != 1 or out.groups[0].bucket:
        return
    column = out.groups[0].column
    rows = next(table.rows for table in out.scope.tables if table.name == column.table)
    if not r.is_id(column) or not all(measure.fn in {"avg", "median"} for measure in out.measures):
        return
    if column.distinct == column.filled == rows:
        out.groups = []
        r.notes.append(f'Each row is one "{column.name}", so this is the average of all rows.')


def _no_fan_out(measures: list[Measure], conditions: list[Condition], many: str) -> None:
    """In a join, rows of the one side repeat: adding them up would be wrong."""
    del conditions
    for measure in measures:
        if measure.fn not in {"count_distinct", "min", "max"} and any(
            column.table != many for column in measure.columns
        ):
            name = measure.columns[0].name
            raise NotUnderstood(
                f'"{name}" repeats when the files are joined, so its {measure.label} would be wrong; ask about its file alone.'  # noqa: E501 - a sentence in one piece
            )
