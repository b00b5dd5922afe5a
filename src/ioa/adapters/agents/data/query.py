"""A reading as SQL."""

from __future__ import annotations

from ioa.adapters.agents.data.reading import Group, Measure, Reading
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.typing_columns import identifier, literal

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def build(reading: Reading) -> str:
    """The SQL that answers the reading."""
    match reading.kind:
        case "rows":
            return _rows(reading)
        case "ranked rows":
            return _ranked_rows(reading)
        case "ranked":
            return _ranked(reading)
        case "distinct":
            return _distinct(reading)
        case "share":
            return _share(reading)
        case "arms":
            return _arms(reading)
        case "growth" | "running":
            return _windowed(reading)
        case "describe":
            return _describe(reading)
        case "columns":
            return _columns(reading)
        case "missing":
            return _missing(reading)
        case "duplicates":
            return _duplicates(reading)
        case "count groups":
            inner = _grouped(reading, ordered=False)
            return f"SELECT count(*) AS {identifier('number of ' + reading.groups[0].label)}\nFROM ({inner})"
        case kind if kind.startswith("nested "):
            return _nested(reading, kind.split()[1])
        case _:
            return _grouped(reading)


def labels(measures: list[Measure]) -> list[str]:
    """Headings of the measures, each only once."""
    found: list[str] = []
    for measure in measures:
        label, copy = measure.label, 1
        while label in found:
            copy += 1
            label = f"{measure.label} {copy}"
        found.append(label)
    return found


def _where(reading: Reading, *more: str) -> str:
    parts = [one for one in more if one]
    if reading.where:
        parts.insert(0, f"({reading.where})" if reading.either and parts else reading.where)
    return f"\nWHERE {' AND '.join(parts)}" if parts else ""


def _having(reading: Reading) -> str:
    return f"\nHAVING {' AND '.join(sql for sql, _ in reading.having)}" if reading.having else ""


def _heads(reading: Reading) -> tuple[list[str], list[str], list[str]]:
    """Select list, GROUP BY list and ORDER BY list for the groups."""
    selected: list[str] = []
    for group in reading.groups:
        head = identifier(_head(reading, group))
        selected.append(group.sql if group.sql == head else f"{group.sql} AS {head}")
    order = [_calendar(reading, group) for group in reading.groups]
    return selected, [group.sql for group in reading.groups], order


def _head(reading: Reading, group: Group) -> str:
    same = sum(other.label == group.label for other in reading.groups)
    return group.label if same == 1 else f"{group.label} of {group.column.name}"


def _calendar(reading: Reading, group: Group) -> str:
    """Text columns with names of months or weekdays are sorted by the calendar when nothing else is asked."""
    if not group.bucket and group.column.kind == "text" and {"month", "weekday"} & set(group.column.words):
        names = [name[:3].lower() for name in _MONTHS]
        if "weekday" in group.column.words:
            names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        places = ", ".join(literal(name) for name in names)
        return f"list_position([{places}], lower({group.operand})[1:3]), {group.sql}"
    return group.order


def _grouped(reading: Reading, *, ordered: bool = True) -> str:
    selected, keys, order = _heads(reading)
    names = labels(reading.measures)
    selected += [f"{measure.sql} AS {identifier(name)}" for measure, name in zip(reading.measures, names, strict=True)]
    sql = f"SELECT {', '.join(selected)}\nFROM {reading.scope.source}{_where(reading)}"
    if keys:
        sql += f"\nGROUP BY {', '.join(keys)}{_having(reading)}"
        if ordered:
            sql += f"\nORDER BY {_order(reading, names, order)}"
            if reading.limit:
                sql += f"\nLIMIT {abs(reading.limit)}"
    else:
        sql += _having(reading)
    return sql


def _order(reading: Reading, names: list[str], default: list[str]) -> str:
    if reading.order is None:
        return ", ".join(default)
    column, direction = reading.order
    for group in reading.groups:
        if column == group.column.name:
            return f"{group.order} {direction or 'ASC'}"
    for measure, name in zip(reading.measures, names, strict=True):
        if not column or any(one.name == column for one in measure.columns):
            return f"{identifier(name)} {direction or 'DESC'}, {', '.join(default)}"
    return f"{', '.join(default)}"


def _rows(reading: Reading) -> str:
    shown = ", ".join(dict.fromkeys(reading.column_sql(column) for column in reading.columns)) or "*"
    sql = f"SELECT {shown}\nFROM {reading.scope.source}{_where(reading)}"
    if reading.order and (reading.order[0] or reading.columns):
        column = next((one for one in reading.scope.columns if one.name == reading.order[0]), None) or (
            reading.columns[-1] if reading.columns else None
        )
        if column:
            sql += f"\nORDER BY {reading.column_sql(column)} {reading.order[1] or 'ASC'}"
    if reading.limit > 0:
        sql += f"\nLIMIT {reading.limit}"
    elif reading.limit < 0:
        rows = sum(table.rows for table in reading.scope.tables[:1])
        sql += f"\nLIMIT {-reading.limit} OFFSET {max(rows + reading.limit, 0)}"
    return sql


def _distinct(reading: Reading) -> str:
    shown = ", ".join(reading.column_sql(column) for column in reading.columns)
    present = "" if len(reading.columns) != 1 else f"{shown} IS NOT NULL"
    direction = reading.order[1] if reading.order and reading.order[1] else "ASC"
    keys = ", ".join(f"{one} {direction}" for one in shown.split(", "))
    if len(reading.columns) == 1:
        keys = f"{shown} {direction}"
    return f"SELECT DISTINCT {shown}\nFROM {reading.scope.source}{_where(reading, present)}\nORDER BY {keys}"


def _taken(reading: Reading, sql: str, partition: str) -> str:
    rank = reading.rank
    assert rank is not None
    direction = "DESC" if rank.descending else "ASC"
    window = f"({partition}ORDER BY {sql} {direction})"
    if rank.nth:
        return f"\nQUALIFY dense_rank() OVER {window} = {rank.nth}"
    return f"\nQUALIFY rank() OVER {window} <= {rank.count}"


def _ranked_rows(reading: Reading) -> str:
    rank = reading.rank
    assert rank is not None
    partition = f"PARTITION BY {', '.join(group.sql for group in reading.groups)} " if reading.groups else ""
    direction = "DESC" if rank.descending else "ASC"
    leading = [group.sql for group in reading.groups]
    shown = (
        "*"
        if reading.scope.tables[0].rows and len(reading.scope.tables) == 1
        else ", ".join(
            dict.fromkeys(reading.column_sql(column) for column in [*reading.columns, *reading.scope.columns])
        )
    )
    first = [reading.column_sql(column) for column in reading.columns if column.kind != "other"]
    if shown == "*" and first and len(reading.scope.columns) > 1:
        rest = [reading.column_sql(column) for column in reading.scope.columns]
        shown = ", ".join(dict.fromkeys([*first, *([rank.sql] if rank.sql in rest else []), *rest]))
    if (rank.sql not in shown and shown != "*") or (shown == "*" and " * " in rank.sql):
        shown += f", {rank.sql} AS {identifier(rank.label)}"
    return (
        f"SELECT {shown}\nFROM {reading.scope.source}{_where(reading, f'({rank.sql}) IS NOT NULL')}"
        f"{_taken(reading, rank.sql, partition)}\nORDER BY {', '.join([*leading, f'{rank.sql} {direction}'])}"
    )


def _ranked(reading: Reading) -> str:
    rank = reading.rank
    assert rank is not None
    if reading.columns and not reading.measures:  # the most common value of a column
        column = reading.column_sql(reading.columns[0])
        reading.groups = [*reading.groups, Group(reading.columns[0], column)]
        reading.measures = [Measure("count", "", "number of rows")]
        extra = f"{column} IS NOT NULL"
    else:
        extra = f"{reading.groups[-1].operand} IS NOT NULL"
    measure = reading.measures[0]
    outer = reading.groups[:-1]
    partition = f"PARTITION BY {', '.join(group.sql for group in outer)} " if outer else ""
    selected, keys, _ = _heads(reading)
    names = labels(reading.measures)
    selected += [f"{one.sql} AS {identifier(name)}" for one, name in zip(reading.measures, names, strict=True)]
    direction = "DESC" if rank.descending else "ASC"
    having = [f"({measure.sql}) IS NOT NULL", *(sql for sql, _ in reading.having)]
    return (
        f"SELECT {', '.join(selected)}\nFROM {reading.scope.source}{_where(reading, extra)}"
        f"\nGROUP BY {', '.join(keys)}\nHAVING {' AND '.join(having)}"
        f"{_taken(reading, measure.sql, partition)}"
        f"\nORDER BY {', '.join([*(group.sql for group in outer), f'{identifier(names[0])} {direction}', reading.groups[-1].sql])}"  # noqa: E501 - a sentence in one piece
    )


def _nested(reading: Reading, fn: str) -> str:
    inner = _grouped(reading, ordered=False)
    label = labels(reading.measures)[0]
    groups = " and ".join(group.label for group in reading.groups)
    value = f"CAST({identifier(label)} AS DOUBLE)" if fn == "median" else identifier(label)
    return f"SELECT {fn}({value}) AS {identifier(f'{fn} of the {label} per {groups}')}\nFROM ({inner})"


def _share(reading: Reading) -> str:
    measure = reading.measures[0]
    if not reading.groups:
        name, test = reading.arms[0]
        del name
        part = f"{measure.sql} FILTER (WHERE {test})"
        return f'SELECT round(100.0 * coalesce({part}, 0) / nullif({measure.sql}, 0), 6) AS "percentage"\nFROM {reading.scope.source}{_where(reading)}'  # noqa: E501 - a sentence in one piece
    selected, keys, _ = _heads(reading)
    label = identifier(labels(reading.measures)[0])
    return (
        f"SELECT {', '.join(selected)}, {measure.sql} AS {label}, "
        f'round(100.0 * {measure.sql} / nullif(sum({measure.sql}) OVER (), 0), 6) AS "percentage"\n'
        f"FROM {reading.scope.source}{_where(reading)}\nGROUP BY {', '.join(keys)}{_having(reading)}\nORDER BY {label} DESC, {keys[0]}"  # noqa: E501 - a sentence in one piece
    )


def arm_values(reading: Reading) -> str:
    """SQL for the values on both sides of a difference."""
    measure = reading.measures[0]
    parts = [f"{_only(measure, test)} AS {identifier(name)}" for name, test in reading.arms]
    return f"SELECT {', '.join(parts)}\nFROM {reading.scope.source}{_where(reading)}"


def _only(measure: Measure, test: str) -> str:
    if measure.fn == "only":
        message = literal(f"more than one {measure.label}; say average or total")
        chosen = f"max({measure.operand}) FILTER (WHERE {test})"
        return f"CASE WHEN count(DISTINCT {measure.operand}) FILTER (WHERE {test}) > 1 THEN error({message}) ELSE {chosen} END"  # noqa: E501 - a sentence in one piece
    return f"{_filtered(measure, test)}"


def _filtered(measure: Measure, test: str) -> str:
    if measure.fn in {"range", "iqr"}:
        one, other = measure.sql.split(" - ")
        return f"({one} FILTER (WHERE {test}) - {other} FILTER (WHERE {test}))"
    return f"{measure.sql} FILTER (WHERE {test})"


def _arms(reading: Reading) -> str:
    (first, _), (second, _) = reading.arms[:2]
    a, b = identifier(first), identifier(second)
    match reading.arm_mode:
        case "ratio":
            label, sql = f"ratio of {first} to {second}", f"{a} / nullif({b}, 0)"
        case "growth":
            label, sql = f"change from {first} to {second} in percent", f"100.0 * ({b} - {a}) / nullif({a}, 0)"
        case _:
            label, sql = f"{first} minus {second}", f"{a} - {b}"
    return f"SELECT {sql} AS {identifier(label)}\nFROM ({arm_values(reading)})"


def _windowed(reading: Reading) -> str:
    selected, keys, order = _heads(reading)
    time = next(
        (
            index
            for index, group in enumerate(reading.groups)
            if group.bucket or group.column.kind == "date" or {"year", "month"} & set(group.column.words)
        ),
        0,
    )
    others = [key for index, key in enumerate(keys) if index != time]
    partition = f"PARTITION BY {', '.join(others)} " if others else ""
    window = f"({partition}ORDER BY {keys[time] if reading.groups[time].bucket not in ('weekday', 'month name') else order[time]})"  # noqa: E501 - a sentence in one piece
    parts: list[str] = []
    for measure, name in zip(reading.measures, labels(reading.measures), strict=True):
        parts.append(f"{measure.sql} AS {identifier(name)}")
        if reading.kind == "running":
            parts.append(f"sum({measure.sql}) OVER {window} AS {identifier('running ' + name)}")
        else:
            before = f"lag({measure.sql}) OVER {window}"
            parts.append(f"{measure.sql} - {before} AS {identifier('change of ' + name)}")
            parts.append(
                f"round(100.0 * ({measure.sql} - {before}) / nullif({before}, 0), 6) AS {identifier('growth in percent' if len(reading.measures) == 1 else f'growth of {name} in percent')}"  # noqa: E501 - a sentence in one piece
            )
    present = f"{reading.groups[time].operand} IS NOT NULL"
    return f"SELECT {', '.join([*selected, *parts])}\nFROM {reading.scope.source}{_where(reading, present)}\nGROUP BY {', '.join(keys)}\nORDER BY {', '.join([*others, keys[time]])}"  # noqa: E501 - a sentence in one piece


def _described(reading: Reading) -> list[Column]:
    return reading.columns or [column for column in reading.scope.columns if column.kind != "other"]


def _describe(reading: Reading) -> str:
    keys = [group.sql for group in reading.groups]
    heads = [f"{group.sql} AS {identifier(group.label)}" for group in reading.groups]
    parts: list[str] = []
    for column in _described(reading):
        x = reading.column_sql(column)
        number = column.kind == "number"
        stats = [
            f'{literal(column.name)} AS "column"',
            f'{literal(column.sql_type)} AS "type"',
            f'count({x}) AS "filled"',
            f'count(*) - count({x}) AS "missing"',
            f'count(DISTINCT {x}) AS "different"',
            f'CAST(min({x}) AS VARCHAR) AS "min"',
            f'CAST(max({x}) AS VARCHAR) AS "max"',
            *(
                f'{fn if number else "NULL::DOUBLE"} AS "{name}"'
                for name, fn in (
                    ("mean", f"CAST(avg({x}) AS DOUBLE)"),
                    ("std", f"CAST(stddev_samp({x}) AS DOUBLE)"),
                    ("q25", f"quantile_cont(CAST({x} AS DOUBLE), 0.25)"),
                    ("median", f"median(CAST({x} AS DOUBLE))"),
                    ("q75", f"quantile_cont(CAST({x} AS DOUBLE), 0.75)"),
                    ("sum", f"CAST(sum({x}) AS DOUBLE)"),
                )
            ),
        ]
        group = f"\nGROUP BY {', '.join(keys)}" if keys else ""
        parts.append(f"SELECT {', '.join([*heads, *stats])}\nFROM {reading.scope.source}{_where(reading)}{group}")
    return "\nUNION ALL\n".join(parts)


def _columns(reading: Reading) -> str:
    rows = ", ".join(
        f"({literal(column.name)}, {literal(column.sql_type)}, {column.filled}, {column.distinct})"
        for column in (reading.columns or reading.scope.columns)
    )
    return f'SELECT * FROM (VALUES {rows}) AS described("column", "type", "filled", "different")'  # noqa: S608 - names and values are quoted


def _missing(reading: Reading) -> str:
    parts = [
        f'SELECT {literal(column.name)} AS "column", count(*) - count({reading.column_sql(column)}) AS "missing" FROM {reading.scope.source}{_where(reading)}'  # noqa: E501, S608 - names and values are quoted
        for column in (reading.columns or reading.scope.columns)
    ]
    return "\nUNION ALL\n".join(parts)


def _duplicates(reading: Reading) -> str:
    columns = reading.columns or list(reading.scope.columns)
    shown = ", ".join(reading.column_sql(column) for column in columns)
    return f'SELECT {shown}, count(*) AS "times"\nFROM {reading.scope.source}{_where(reading)}\nGROUP BY {shown}\nHAVING count(*) > 1\nORDER BY "times" DESC, {shown}'  # noqa: E501 - a sentence in one piece
