"""Rankings in questions: `top 3 customers by revenue`, `which product is the cheapest`, `the second highest salary`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.counting import whole
from ioa.adapters.agents.data.groups import GROUPING
from ioa.adapters.agents.data.naming import find_column, synonyms
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.reading import Group, Measure, Rank
from ioa.adapters.agents.data.tables import Column

if TYPE_CHECKING:
    from ioa.adapters.agents.data.reader import Reader

_DEFAULT = 5
_TRAILING = frozenset({"on average", "in total", "overall", "altogether"})
Operand = tuple[str, str, tuple[Column, ...]]


def read_ranking(r: Reader) -> None:
    """Find a ranking among the items and put it into the reading."""
    last = r.items[-1]
    if last.kind == "num" and last.ordinal and last.text.lower() == "first" and not last.used:  # `who was hired first`
        last.kind, last.value = "hint", "min date"
    marks = [index for index, item in enumerate(r.items) if item.kind in {"ext", "hint"} and not item.used]
    marks = [index for index in marks if not _plain_last(r, index)]
    if _first_rows(r) or not marks or r.out.kind in {"describe", "columns", "missing", "duplicates"}:
        return
    if r.out.kind == "arms" and any(item.text.lower() == "most" for item in r.items):
        return
    directions = [r.items[index].value.split()[0] for index in marks]
    subject, rows = _subject(r, marks)
    if "max" in directions and "min" in directions:
        if subject or rows:
            raise NotUnderstood("Ask for the highest and for the lowest in two sentences.")
        _both_ends(r, marks)
        return
    count, nth, said = _number(r, marks)
    measure, operand = _measure(r, marks, subject)
    for index in marks:
        r.items[index].used = True
    if measure is None and operand is not None:
        for item in r.items:
            if item.kind == "agg" and not item.used and item.text.lower() in _TRAILING:
                item.used = True
                measure = r.measure(item.value, operand)
    descending = directions[0] == "max"
    if (
        r.items[marks[0]].kind == "hint"
        and operand
        and operand[2]
        and "birth" in "".join(operand[2][0].words)
        and "age" in r.items[marks[0]].value
    ):
        descending = not descending
    several = subject is not None and any(
        r.items[index].text.lower() in {"top", "best", "bottom", "worst", "leading", "best selling", "top selling"}
        for index in marks
    )
    if not said and several and subject and subject[0].plural:
        count = _DEFAULT
        r.notes.append(f"No number was given, so {_DEFAULT} are shown.")
    if measure is None and operand is None and len(r.numeric()) == 1 and r.items[marks[0]].kind == "ext":
        only = r.numeric()[0]
        r.notes.append(f'The only column with numbers is "{only.name}".')
        operand = (r.sql(only), only.name, (only,))
    if measure is None and operand is None:
        numbers = ", ".join(column.name for column in r.numeric())
        raise NotUnderstood(
            f'"{r.items[marks[0]].text}" by what? Name the column to compare, such as one of: {numbers}.'
        )
    _place(r, subject, rows, measure, operand, Rank(descending, count, "", "", nth), said)


def _plain_last(r: Reader, index: int) -> bool:
    """`record` as a noun and the like: no ranking."""
    return r.items[index].text.lower() in {"high", "low", "record"}


def _first_rows(r: Reader) -> bool:
    """`show the first 10 rows`, `the last 5 records`."""
    for index, item in enumerate(r.items):
        number = r.at(index + 1)
        rows = r.at(index + 2)
        first = item.kind == "num" and item.ordinal and item.text.lower() == "first"
        last = item.kind == "hint" and item.text.lower() == "last"
        top = item.kind == "ext" and item.text.lower() == "top"
        if (
            not (first or last or top)
            or number is None
            or rows is None
            or number.kind != "num"
            or number.number is None
        ):
            continue
        if rows.kind == "rows" or (
            rows.kind == "entity"
            and not r.out.order
            and not any(one.kind in {"by", "col"} and not one.used for one in r.items[index + 3 :])
        ):
            dates = [column for column in r.scope.columns if column.kind == "date"]
            if rows.kind == "entity" and len(dates) == 1:
                r.out.kind = "ranked rows"
                r.out.rank = Rank(last, whole(number.number), r.sql(dates[0]), dates[0].name)
                item.used = number.used = rows.used = True
                return True
            r.out.limit = -whole(number.number) if last else whole(number.number)
            item.used = number.used = rows.used = True
            r.out.kind = "rows"
            r.notes.append("In the order of the file.")
            return True
    return False


def _number(r: Reader, marks: list[int]) -> tuple[int, int, bool]:
    for index in marks:
        for near in (index - 1, index + 1):
            item = r.at(near)
            if (
                item
                and item.kind == "num"
                and not item.used
                and item.number is not None
                and not (near > index and r.before[near] and "the" not in r.before[near])
            ):
                item.used = True
                if item.ordinal:
                    return 1, whole(item.number), True
                return whole(item.number), 0, True
    for index, item in enumerate(r.items):  # `which 2 regions have the lowest revenue`
        number = r.at(index + 1)
        if item.kind == "which" and number and number.kind == "num" and not number.used and number.number is not None:
            number.used = True
            return whole(number.number), 0, True
    return 1, 0, False


def _both_ends(r: Reader, marks: list[int]) -> None:
    last = marks[-1]
    for index in range(marks[0], last + 1):
        if r.items[index].kind in {"ext", "hint", "and", "or"}:
            r.items[index].used = True
    operands: list[Operand] = []
    if r.items[last].kind == "hint":
        operands = [_hinted(r, r.items[last])]
    else:
        between = [index for index in range(marks[0], last) if r.items[index].kind == "col" and not r.items[index].used]
        for index in between:
            if (operand := r.operand(index)) is not None:
                operands.append(operand)
                r.items[index].used = True
        found = r.operands(last + 1) if not operands or _unread(r, last) else operands
        if operands and found[0][1] != operands[0][1]:
            raise NotUnderstood("Ask for the highest of one column and the lowest of another in two sentences.")
        operands = found
    for operand in operands:
        order = [r.items[index].value.split()[0] for index in marks]
        r.out.measures += [r.measure(fn, operand) for fn in dict.fromkeys(order)]
    if any(item.kind == "diff" for item in r.items):
        for item in r.items:
            if item.kind == "diff":
                item.used = True
        r.out.measures = [r.measure("range", operand) for operand in operands]


def _unread(r: Reader, last: int) -> bool:
    item = r.at(last + 1)
    return item is not None and item.kind == "col" and not item.used


def _subject(r: Reader, marks: list[int]) -> tuple[tuple[Item, Column | None, str] | None, bool]:
    """Who or what is ranked: (item, column, bucket); and whether the rows themselves are."""
    places: list[int] = []
    for index, item in enumerate(r.items):
        if (
            item.kind == "which"
            and (one := r.at(index + 1))
            and one.kind in {"col", "bucket", "entity", "rows", "distinct"}
        ):
            places.append(index + 1)
    for index in marks:
        after = index + 1
        while (one := r.at(after)) and (one.kind in {"num", "ext", "hint"}):
            after += 1
        places += [after, index - 1]
        if (one := r.at(index - 1)) and one.kind == "num":
            places.append(index - 2)
    for place in places:
        item = r.at(place)
        if item is None or item.used or place in r.grouped or item.note == "verb":
            continue
        if item.kind == "bucket" and not (item.columns and item.columns[0].kind != "date"):
            if place and r.items[place - 1].kind in {"which", "num", "ext", "hint"}:
                column = r.date_column(item)
                item.used = True
                return (item, column, item.value), False
            continue
        one_each = len(r.scope.tables) == 1 and all(r.is_id(c) and c.distinct == c.filled for c in item.columns)
        if item.kind == "rows" or (item.kind == "entity" and (one_each or item.note == "row")):
            if place in {mark - 1 for mark in marks} or place > marks[0] or r.items[place - 1].kind == "which":
                if _most(r, marks) and place > marks[0]:
                    continue
                item.used = True
                return None, True
            continue
        if item.kind in {"col", "entity", "bucket"} and place not in r.expressions:
            named = [column for column in item.columns if column.kind in {"text", "flag", "date"} or r.is_id(column)]
            if place and r.items[place - 1].kind == "which":  # `at which hour`
                named = named or [column for column in item.columns if GROUPING & set(column.words)]
            if (
                not named
                or (_most(r, marks) and place > marks[0] and r.items[place - 1].kind != "num")
                or (
                    place > marks[0]
                    and r.items[marks[0]].text.lower() in {"highest", "lowest"}
                    and any(c.kind == "number" for c in item.columns)
                    and not r.is_id(named[0])
                )
            ):
                continue
            column = r.group_column(item)
            item.used = True
            return (item, column, ""), False
    for item in r.items:
        if item.kind == "who" and not item.used:
            item.used = True
            return (item, _people(r), ""), False
        if item.kind == "whenq" and not item.used:
            item.used = True
            return (item, r.date_column(item), ""), False
    return None, False


def _most(r: Reader, marks: list[int]) -> bool:
    return any(r.items[index].text.lower() in {"most", "fewest", "least"} for index in marks)


def _people(r: Reader) -> Column:
    texts = [column for column in r.scope.columns if column.kind == "text"]
    for wanted in (("name",), ("full", "name")):
        if found := [column for column in texts if column.words == wanted]:
            return found[0]
    named = [
        column
        for column in texts
        if set(column.words) & lexicon.PEOPLE and column.words[-1] in lexicon.PEOPLE | {"name"}
    ]
    named = [column for column in named if "name" in column.words] or named
    if len(named) == 1:
        return named[0]
    names = ", ".join(column.name for column in texts)
    raise NotUnderstood(
        f'"who" may be any of {names}: say which, such as "which {texts[0].name if texts else "name"}".'
    )


def _hinted(r: Reader, item: Item) -> Operand:
    word = item.value.split()[1]
    if word == "date":
        column = r.date_column(item)
        return r.sql(column), column.name, (column,)
    wanted = ("number", "time") if word == "duration" else ("number",)
    options: list[Column] = []
    match = find_column([word], r.scope)
    options = [column for column in match.columns if column.kind in wanted] if match else []
    options = options or list(synonyms(word, r.scope, wanted))
    if word == "duration" and not options:
        found = [find_column([unit], r.scope) for unit in ("days", "hours", "minutes", "seconds")]
        options = [column for one in found if one for column in one.columns if column.kind in wanted]
    if word == "age" and not options:
        options = [
            column
            for column in r.scope.columns
            if column.kind == "date" and {"birth", "birthday", "birthdate", "born", "dob"} & set(column.words)
        ]
    if len(options) != 1:
        names = ", ".join(column.name for column in (options or r.numeric()))
        raise NotUnderstood(
            f'"{item.text}" needs one column to compare; name it, such as "highest ..." of one of: {names}.'
        )
    r.notes.append(f'"{item.text}" is read by the column "{options[0].name}".')
    return r.sql(options[0]), options[0].name, (options[0],)


def _measure(
    r: Reader, marks: list[int], subject: tuple[Item, Column | None, str] | None
) -> tuple[Measure | None, Operand | None]:
    """What the ranking compares: an aggregate, or a column."""
    last = marks[-1]
    after = last + 1
    while (one := r.at(after)) and one.kind == "num" and one.used:
        after += 1
    if found := _explicit(r, after, marks):
        return found
    for index, item in enumerate(r.items):
        if item.kind == "by" and item.value == "by" and not item.used and index + 1 not in r.grouped:
            start = index + 1
            if (ext := r.at(start)) and ext.kind == "ext" and ext.used:
                start += 1
            if found := _explicit(r, start, marks):
                item.used = True
                return found
    if r.items[marks[0]].kind == "hint" or r.items[last].kind == "hint":
        item = r.items[marks[0]] if r.items[marks[0]].kind == "hint" else r.items[last]
        if (
            (one := r.at(after))
            and not one.used
            and one.kind == "col"
            and r.operand(after, ("number", "date"))
            and subject is None
        ):
            one.used = True
            return None, r.operand(after, ("number", "date"))
        return None, _hinted(r, item)
    for index in range(after, len(r.items)):  # `top 3 products in terms of revenue`, `with the highest total price`
        if (
            index not in r.grouped
            and not r.items[index].used
            and (r.items[index].kind in {"agg", "count"} or r.operand(index))
            and (found := _explicit(r, index, marks))
        ):
            return found
    for index in range(marks[0] - 1, -1, -1):  # `who earns the most`, `total revenue of the top 3 products`
        item = r.items[index]
        if not item.used and item.kind == "col" and index not in r.grouped and (operand := r.operand(index)):
            item.used = True
            before = r.at(index - 1)
            if before and before.kind == "agg" and not before.used:
                before.used = True
                return r.measure(before.value, operand), operand
            return None, operand
    return None, None


def _explicit(r: Reader, at: int, marks: list[int]) -> tuple[Measure | None, Operand | None] | None:
    item = r.at(at)
    if item is None or (item.used and at not in r.expressions):
        return None
    if item.kind == "agg" and item.text.lower() in _TRAILING:
        return None
    if item.kind == "agg" and item.value in {"sum", "avg", "median", "min", "max", "stddev", "var", "range"}:
        following = r.at(at + 1)
        if following and following.kind == "count":
            return _explicit(r, at + 1, marks)
        item.used = True
        if (
            following
            and item.value == "sum"
            and following.kind in {"entity", "rows"}
            and not any(column.kind == "number" for column in following.columns)
        ):
            return _counted(r, at + 1)
        try:
            operand = r.operands(at + 1)[0]
        except NotUnderstood:
            hints = [r.items[mark] for mark in marks if r.items[mark].kind == "hint"]
            if len(hints) != 1 or hints[0].value.endswith("date"):
                raise
            operand = _hinted(r, hints[0])  # `the longest average stay`
        return r.measure(item.value, operand), operand
    if item.kind == "count":
        item.used = True
        return _counted(r, at + 1)
    if item.kind == "distinct":
        return _counted(r, at)
    if (operand := r.operand(at)) and at not in r.grouped:
        item.used = True
        return None, operand
    if item.kind == "col" and at not in r.grouped and any(column.kind == "date" for column in item.columns):
        column = r.pick(item, ("date",))
        item.used = True
        return None, (r.sql(column), column.name, (column,))
    if _most(r, marks) and item.kind in {"entity", "rows", "col"} and at not in r.grouped:
        return _counted(r, at)
    return None


def _counted(r: Reader, at: int) -> tuple[Measure | None, Operand | None]:
    before = len(r.out.measures)
    r.count_noun(at, outer="")
    measure = r.out.measures.pop()
    assert len(r.out.measures) == before
    return measure, None


def _place(
    r: Reader,
    subject: tuple[Item, Column | None, str] | None,
    rows: bool,
    measure: Measure | None,
    operand: Operand | None,
    rank: Rank,
    said: bool,
) -> None:
    descending = rank.descending
    column, bucket = (subject[1], subject[2]) if subject else (None, "")
    if measure is None and operand is not None and not rows:
        table_rows = {table.name: table.rows for table in r.scope.tables}
        unique = column is not None and not bucket and column.distinct == column.filled == table_rows[column.table]
        summed = (
            not operand[2]
            or all(r.additive(one) for one in operand[2])
            or (any(r.additive(one) for one in operand[2]) and len(operand[2]) > 1)
        )
        repeats = (
            column is not None
            and said
            and rank.nth == 0
            and rank.count > 1
            and column.distinct * 10 < column.filled * 9
        )
        if column is not None and not unique and (summed or bucket or repeats) and operand[2][:1] != (column,):
            fn = "sum" if summed else ("max" if descending else "min")
            measure = r.measure(fn, operand)
            r.notes.append(
                f'"{operand[1]}" is {"added up" if summed else "compared by its " + ("highest" if descending else "lowest") + " value"} for each {bucket or column.name}.'  # noqa: E501 - a sentence in one piece
            )
        elif column is None and not said:
            r.out.measures.append(r.measure("max" if descending else "min", operand))
            return
    if measure is not None:
        if column is None:
            if rows:
                raise NotUnderstood("Rows have no aggregate: say for which column the groups are compared.")
            if r.out.groups:
                r.out.kind, r.out.measures = "ranked", [measure]
                r.out.rank = Rank(descending, rank.count, measure.sql, measure.label, rank.nth, aggregated=True)
                return
            raise NotUnderstood(
                f'The {"highest" if descending else "lowest"} {measure.label} of what? Say, for example, "which ... has".'  # noqa: E501 - a sentence in one piece
            )
        r.out.groups = [group for group in r.out.groups if not (group.column == column and group.bucket == bucket)]
        r.out.groups.append(
            Group(column, r.sql(column), bucket if not (bucket == "day" and column.sql_type == "DATE") else "")
        )
        r.out.kind = "ranked"
        r.out.measures = [measure]
        r.out.rank = Rank(descending, rank.count, measure.sql, measure.label, rank.nth, aggregated=True)
        return
    assert operand is not None
    r.out.kind = "ranked rows"
    if column is not None:
        r.out.columns.append(column)
    r.out.rank = Rank(descending, rank.count, operand[0], operand[1], rank.nth)
