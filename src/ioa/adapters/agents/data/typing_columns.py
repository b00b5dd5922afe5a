"""Text columns become numbers, dates and truth values, where every value converts; what was assumed is noted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

MISSING = ("n/a", "#n/a", "null", "nan", "#value!", "#ref!", "#div/0!")
MISSING_IN_NUMBERS = (*MISSING, "na", "none", "-", "--", "–", "—", "?", ".", "nil", "missing", "unknown", "tbd")
_PLAIN = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_US = r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?"
_EU = r"[+-]?(\d{1,3}([.' ]\d{3})+|\d+)(,\d+)?"
_CURRENCY = r"(?:[$€£¥₹]|USD|EUR|GBP|CHF)"
_DATES = (
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d %Y",
    "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
)
_DAY_FIRST = {"/": ("%d/%m/%Y", "%m/%d/%Y"), "-": ("%d-%m-%Y", "%m-%d-%Y")}


def identifier(name: str) -> str:
    """A name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"


def type_column(con: duckdb.DuckDBPyConnection, table: str, column: str, *, decimal_comma: bool) -> list[str]:
    """Convert one text column in place if every value allows it. Returns notes on what was assumed."""
    value = f"trim({identifier(column)})"
    notes: list[str] = []
    missing = _count(con, table, f"lower({value}) IN ({', '.join(map(literal, MISSING))})")
    if missing:
        con.execute(
            f"UPDATE {identifier(table)} SET {identifier(column)} = NULL "  # noqa: S608 - names and values are quoted
            f"WHERE lower({value}) IN ({', '.join(map(literal, MISSING))})"
        )
        notes.append(f'{missing} value(s) such as "N/A" in column "{column}" count as missing.')
    filled = _count(con, table, f"{value} IS NOT NULL")
    if not filled:
        return notes
    return notes + (
        _to_number(con, table, column, filled, decimal_comma=decimal_comma)
        or _to_date(con, table, column, filled)
        or []
    )


def _count(con: duckdb.DuckDBPyConnection, table: str, condition: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {identifier(table)} WHERE {condition}").fetchone()  # noqa: S608 - names and values are quoted
    return int(row[0]) if row else 0


def _alter(con: duckdb.DuckDBPyConnection, table: str, column: str, sql_type: str, using: str) -> None:
    con.execute(f"ALTER TABLE {identifier(table)} ALTER COLUMN {identifier(column)} TYPE {sql_type} USING {using}")


def _to_number(
    con: duckdb.DuckDBPyConnection, table: str, column: str, filled: int, *, decimal_comma: bool
) -> list[str] | None:
    value = f"trim({identifier(column)})"
    words = f"lower({value}) IN ({', '.join(map(literal, MISSING_IN_NUMBERS))})"
    absent = _count(con, table, words)
    if absent == filled:
        return None
    if _count(con, table, rf"regexp_full_match({value}, '[+-]?0\d+.*') AND NOT regexp_matches({value}, '[.,]')"):
        return None  # 00123 is a code, not a number
    notes = (
        [f'{absent} value(s) in column "{column}" are not numbers ("-", "unknown" or the like) and count as missing.']
        if absent
        else []
    )
    shown = f"CASE WHEN {words} THEN NULL ELSE {value} END"
    plain = _count(con, table, f"{words} OR regexp_full_match({value}, '{_PLAIN}')")
    if plain == filled and not (
        decimal_comma and _count(con, table, rf"regexp_full_match({value}, '\d{{1,3}}\.\d{{3}}')")
    ):
        _cast(con, table, column, shown)
        return notes or [""]
    bare = f"regexp_replace({value}, '^\\((.*)\\)$', '-\\1')"
    bare = f"trim(regexp_replace({bare}, '{_CURRENCY}', '', 'g'))"
    found = con.execute(
        f"SELECT DISTINCT regexp_extract({value}, '[$€£¥₹]|USD|EUR|GBP|CHF'), "  # noqa: S608 - names and values are quoted
        f"regexp_extract({bare}, '[%°a-zA-Zµ²³/]+$') FROM {identifier(table)} WHERE {value} IS NOT NULL AND NOT ({words}) LIMIT 9"  # noqa: E501 - a sentence in one piece
    ).fetchall()
    signs = {str(row[0]) for row in found} - {""}
    units = {str(row[1]) for row in found}
    if len(signs) > 1 or len(units) > 1:
        several = ", ".join(sorted(signs) or sorted(units))
        digits = f"trim(regexp_replace({bare}, '[%°a-zA-Zµ²³/]+$', ''))"
        if _count(con, table, f"{words} OR regexp_full_match({digits}, {literal(f'({_US}|{_EU})')})") == filled:
            return [
                f'Column "{column}" mixes currencies or units ({several}), so it stays text: they must not be added up.'
            ]
        return None
    unit = units.pop() if units else ""
    stripped = f"trim(replace({bare}, {literal(unit)}, ''))" if unit else bare
    for european in (True, False) if decimal_comma else (False, True):
        pattern = _EU if european else _US
        if _count(con, table, f"{words} OR regexp_full_match({stripped}, {literal(pattern)})") != filled:
            continue
        digits = f"regexp_replace({stripped}, '[.'' ]', '', 'g')" if european else f"replace({stripped}, ',', '')"
        digits = f"replace({digits}, ',', '.')" if european else digits
        example = _example(con, table, column)
        _cast(con, table, column, f"CASE WHEN {words} THEN NULL ELSE {digits} END")
        what = [f'sign "{sign}"' for sign in signs] + ([f'unit "{unit}"'] if unit else [])
        style = "decimal commas" if european else "thousands separators"
        notes.append(
            f'Column "{column}" is text such as {example}; it is read as numbers ({", ".join([*what, style])}).'
        )
        return notes
    return None


def _example(con: duckdb.DuckDBPyConnection, table: str, column: str) -> str:
    """A value that shows why the column was text: one with something else than digits in it, if there is one."""
    name = identifier(column)
    row = con.execute(
        f"SELECT {name} FROM {identifier(table)} WHERE {name} IS NOT NULL "  # noqa: S608 - names and values are quoted
        f"ORDER BY regexp_full_match({name}, '[0-9]+') LIMIT 1"
    ).fetchone()
    return f'"{row[0] if row else ""}"'


def _cast(con: duckdb.DuckDBPyConnection, table: str, column: str, shown: str) -> None:
    """Whole numbers become BIGINT, decimals DECIMAL (so that sums are exact), the rest DOUBLE."""
    row = con.execute(
        f"WITH v AS (SELECT {shown} AS x FROM {identifier(table)}) SELECT "  # noqa: S608 - names and values are quoted
        r"count(*) FILTER (WHERE NOT regexp_full_match(x, '[+-]?\d{1,18}')), "
        r"count(*) FILTER (WHERE NOT regexp_full_match(x, '[+-]?\d{0,12}(\.\d{0,6})?')), "
        r"max(length(regexp_extract(x, '\.(\d+)$', 1))) FROM v WHERE x IS NOT NULL"
    ).fetchone()
    broken, long, scale = row if row else (1, 1, 0)
    kind = "BIGINT" if not broken else "DOUBLE" if long else f"DECIMAL(18,{max(int(scale or 0), 1)})"
    _alter(con, table, column, kind, f"CAST({shown} AS {kind})")


def _to_date(con: duckdb.DuckDBPyConnection, table: str, column: str, filled: int) -> list[str] | None:
    value = f"trim({identifier(column)})"
    iso = r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
    if (
        _count(con, table, f"regexp_full_match({value}, '{iso}') AND TRY_CAST({value} AS TIMESTAMP) IS NOT NULL")
        == filled
    ):
        return _finish_date(con, table, column, f"CAST({value} AS TIMESTAMP)")
    for pattern in _DATES:
        parsed = f"try_strptime({value}, {literal(pattern)})"
        if _count(con, table, f"{parsed} IS NOT NULL") == filled:
            return _finish_date(con, table, column, parsed)
    for sign, (day_first, month_first) in _DAY_FIRST.items():
        if not _count(con, table, f"contains({value}, {literal(sign)})"):
            continue
        for clock in ("", " %H:%M", " %H:%M:%S"):
            day, month = (f"try_strptime({value}, {literal(pattern + clock)})" for pattern in (day_first, month_first))
            days, months = _count(con, table, f"{day} IS NOT NULL"), _count(con, table, f"{month} IS NOT NULL")
            if days == months == filled and _count(con, table, f"{day} <> {month}"):
                return [
                    f'Column "{column}" may be day/month or month/day; it is left as text. Write its dates as YYYY-MM-DD.'  # noqa: E501 - a sentence in one piece
                ]
            if filled in (days, months):
                order = "day before month" if days == filled else "month before day"
                _finish_date(con, table, column, day if days == filled else month)
                return [f'The dates in column "{column}" are read with the {order}.']
    if (
        _count(
            con,
            table,
            rf"regexp_full_match({value}, '\d{{1,2}}:\d{{2}}(:\d{{2}})?') AND TRY_CAST({value} AS TIME) IS NOT NULL",
        )
        == filled
    ):
        _alter(con, table, column, "TIME", f"CAST({value} AS TIME)")
        return [""]
    return None


def _finish_date(con: duckdb.DuckDBPyConnection, table: str, column: str, parsed: str) -> list[str]:
    whole_days = not _count(con, table, f"CAST({parsed} AS TIME) <> TIME '00:00:00'")
    kind = "DATE" if whole_days else "TIMESTAMP"
    _alter(con, table, column, kind, f"CAST({parsed} AS {kind})")
    return [""]


def file_words(text: str) -> str:
    """A name for a table made of the name of a file or sheet."""
    return re.sub(r"[^\w]+", "_", text).strip("_").lower() or "table"
