"""An English data question as marked items: which words are columns, values, numbers, dates, or known words.

Nothing is guessed: a word that is none of these stays `unknown`, and its reader refuses the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ioa.adapters.agents.data import lexicon, measure_units
from ioa.adapters.agents.data.naming import (
    Match,
    Scope,
    entity_words,
    find_column,
    forms,
    numbers_people,
    same_columns,
    synonyms,
)
from ioa.adapters.agents.data.periods import RELATIVE, Period, is_year, read_period
from ioa.adapters.agents.data.tables import Column, Table, Tables
from ioa.adapters.agents.data.typing_columns import identifier, literal
from ioa.adapters.agents.data.words import ORDINAL_WORDS, Token, close, key, name_words, singular, tokenize, word_set

LONGEST = 6
_SPANS = word_set("year month week day quarter weeks months years quarters days hours")
_COMPARING = word_set("longer shorter more less over under fewer at exactly between up")
_MONTHS_AND_WORDS = frozenset(["May", "Mar"])  # names of months that are words of English when written small
_BOUNDS = word_set("than least most exactly over under")


class NotUnderstood(Exception):
    """The question cannot be read with these tables. `unknown` are the words that stand for nothing here."""

    def __init__(self, text: str, unknown: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.unknown = unknown


@dataclass(slots=True)
class Item:
    """A marked piece of the question. `columns` are what a column word may mean, `values` what a value may be of."""

    kind: str
    text: str
    value: str = ""
    columns: tuple[Column, ...] = ()
    values: tuple[tuple[Column, str], ...] = ()
    number: Decimal | None = None
    money: bool = False
    percent: bool = False
    ordinal: bool = False
    period: Period | None = None
    exact: bool = False
    plural: bool = False
    used: bool = False
    note: str = ""


class Marker:
    """Marks the words of questions with what they are in the given tables."""

    def __init__(self, tables: Tables) -> None:
        """Keep the tables for looking values up."""
        self._tables = tables
        self._cache: dict[tuple[str, str, frozenset[str]], list[tuple[str, str]]] = {}

    def mark(self, text: str, scope: Scope) -> list[Item]:
        """Items of the question, in order, with nothing left out."""
        for table in self._tables.tables:
            text = _without_name(text, table)
        if find_column(["age"], scope):
            text = re.sub(r"\byears?[ -](?:old|of age)\b", "age", text, flags=re.IGNORECASE)
        tokens = tokenize(measure_units.apart(text))
        values = self._values(tokens, scope)
        entities = entity_words(scope)
        items: list[Item] = []
        at = 0
        while at < len(tokens):
            item, length = self._longest(tokens, at, scope, values, entities)
            items.append(item)
            at += length
        return items

    def _values(self, tokens: list[Token], scope: Scope) -> dict[str, list[tuple[Column, str]]]:
        sexes = {form for token in tokens for form in lexicon.SEX.get(singular(token.low), ())}
        grams = sexes | {
            form
            for at in range(len(tokens))
            for length in range(1, LONGEST + 1)
            for form in _gram_forms(tokens[at : at + length])
        }
        found: dict[str, list[tuple[Column, str]]] = {}
        wanted = frozenset(grams - {""})
        for column in scope.columns:
            if column.kind != "text" or not wanted:
                continue
            for value, normal in self._lookup(column, wanted):
                found.setdefault(normal, []).append((column, value))
        return found

    def _lookup(self, column: Column, wanted: frozenset[str]) -> list[tuple[str, str]]:
        cached = self._cache.get((column.table, column.name, wanted))
        if cached is None:
            rows = self._tables.con.execute(
                f"SELECT DISTINCT {identifier(column.name)} FROM {identifier(column.table)} WHERE {normal_sql(column)} "  # noqa: S608 - names and values are quoted
                f"IN ({', '.join(literal(gram) for gram in sorted(wanted))}) LIMIT 500"
            ).fetchall()
            cached = [(str(row[0]), key(str(row[0]))) for row in rows]
            self._cache[(column.table, column.name, wanted)] = cached
        return cached

    def _longest(
        self,
        tokens: list[Token],
        at: int,
        scope: Scope,
        values: dict[str, list[tuple[Column, str]]],
        entities: set[str],
    ) -> tuple[Item, int]:
        if tokens[at].low in RELATIVE and at + 1 < len(tokens) and tokens[at + 1].low in _SPANS:
            return Item("unknown", f"{tokens[at].text} {tokens[at + 1].text}"), 2  # what is today is not known here
        for length in range(min(LONGEST, len(tokens) - at), 0, -1):
            part = tokens[at : at + length]
            if length > 1 and any(
                token.kind == "sign" and token.low not in {"-", "&", ".", "/", "%", "(", ")"} for token in part[1:-1]
            ):
                continue
            if found := self._one(tokens, at, part, scope, values, entities):
                return found, length
        if period := read_period(tokens, at):
            return Item("time", period[0].words, period=period[0]), period[1]
        return self._word(tokens, at, scope, entities), 1

    def _one(
        self,
        tokens: list[Token],
        at: int,
        part: list[Token],
        scope: Scope,
        values: dict[str, list[tuple[Column, str]]],
        entities: set[str],
    ) -> Item | None:
        text = " ".join(token.text for token in part)
        phrase = " ".join(token.low for token in part)
        if any(token.kind == "quoted" for token in part):
            return self._quoted(part[0], scope, values) if len(part) == 1 else None
        period = read_period(tokens, at)
        if period and period[1] == len(part) and (len(part) > 1 or part[0].kind in {"date", "month"}):
            return Item("time", text, period=period[0])
        entry = lexicon.PHRASES.get(phrase)
        plain = all(token.kind == "word" or token.low.isdigit() for token in part) and any(
            token.kind == "word" for token in part
        )
        named = [token.low for token in part]
        if entry and entry.kind == "agg" and len(named) == 2 and named[1] == "of":
            named = named[:1]  # `the average sum of the invoices` beside a column sum
        match = find_column(named, scope) if plain else None
        plural = singular(part[-1].low) != part[-1].low
        if match and plural and len(part) == 1 and singular(phrase) in entities and _numbers(match, scope):
            return Item("entity", text, phrase, plural=True, note="row")
        if (
            match
            and match.level == 0
            and not (
                entry and entry.kind in {"by", "not", "or", "and", "agg", "count", "which", "ext"} and len(part) == 1
            )
        ):
            return Item("col", text, phrase, columns=match.columns, exact=True, plural=plural)
        if len(part) == 1 and part[0].kind == "number":
            return Item(
                "num",
                text,
                number=part[0].number,
                money=part[0].money,
                percent=part[0].percent,
                ordinal=part[0].ordinal,
                values=tuple(self._hits(part, values, False, at)),
            )
        answered = len(part) == 1 and at > 0 and tokens[at - 1].low in lexicon.ANSWERED
        hits = self._hits(part, values, not answered and (entry is not None or phrase in lexicon.FILLER), at)
        if hits and answered:
            return Item("val", text, phrase, values=tuple(hits))
        if (
            entry
            and not (hits and len(part) > 1 and entry.kind not in {"cmp", "not"})
            and not (
                hits
                and entry.kind
                in {"rows", "missing", "describe", "columns", "result", "both", "bucket", "list", "duplicates"}
            )
        ):
            item = Item(entry.kind, text, entry.value, plural=plural)
            if match:
                item.columns = match.columns
            item.values = tuple(hits)
            return item
        if hits:
            return Item("val", text, phrase, values=tuple(hits), columns=match.columns if match else ())
        if match and match.level < 3:
            kind = "entity" if singular(phrase) in entities and len(part) == 1 and match.level > 1 else "col"
            return Item(kind, text, phrase, columns=match.columns, plural=plural)
        if len(part) == 1 and plain and singular(phrase) in entities and phrase not in lexicon.FILLER:
            columns = match.columns if match else synonyms(phrase, scope, ("number",))
            return Item("entity", text, phrase, columns=columns, plural=plural, note="" if match else "row")
        if match and not (len(part) == 1 and phrase in lexicon.FILLER):
            return Item("col", text, phrase, columns=match.columns, plural=plural)
        return None

    def _hits(
        self, part: list[Token], values: dict[str, list[tuple[Column, str]]], common: bool, at: int
    ) -> list[tuple[Column, str]]:
        hits: list[tuple[Column, str]] = []
        for form in _gram_forms(part):
            hits += [hit for hit in values.get(form, []) if hit not in hits]
        text = " ".join(token.text for token in part)
        same = [hit for hit in hits if hit[1].lower() == text.lower()]
        hits = same or hits
        if len(part) == 1 and (common or len(text) == 1):
            # `in`, `no` and `a` are words of English unless written exactly as the value is, in capitals
            hits = [
                hit
                for hit in hits
                if hit[1] == text
                and (
                    text.isupper()
                    or not text.isascii()
                    or (len(text) > 3 and text[0].isupper())
                    or text in _MONTHS_AND_WORDS
                )
                and (at > 0 or len(text) > 1)
            ]
        if len(part) == 1 and part[0].kind == "number":
            hits = [hit for hit in hits if hit[1] == text]
        if not hits and len(part) == 1:
            forms_of = lexicon.SEX.get(singular(part[0].low), ())
            hits = [hit for form in forms_of for hit in values.get(form, []) if {"sex", "gender"} & set(hit[0].words)]
        return hits

    def _quoted(self, token: Token, scope: Scope, values: dict[str, list[tuple[Column, str]]]) -> Item:
        exact = [hit for hit in values.get(key(token.text), []) if hit[1].lower() == token.low]
        hits = exact or values.get(key(token.text), [])
        if hits:
            return Item("val", token.text, token.low, values=tuple(hits), exact=True)
        match = find_column(list(name_words(token.text)), scope)
        if match and match.level < 3:
            return Item("col", token.text, token.low, columns=match.columns, exact=True)
        return Item("text", token.text, token.low)

    def _word(self, tokens: list[Token], at: int, scope: Scope, entities: set[str]) -> Item:
        token = tokens[at]
        if token.kind == "number" and token.number is not None:
            return Item(
                "num",
                token.text,
                number=token.number,
                money=token.money,
                percent=token.percent,
                ordinal=token.ordinal,
                period=None,
            )
        if token.low == "one" and at and tokens[at - 1].low in _BOUNDS:
            return Item("num", token.text, number=Decimal(1))  # `less than one day`
        if token.kind == "sign" and token.low in lexicon.FILLER:
            return Item("stop", token.text, token.low)
        if token.low in ORDINAL_WORDS:
            return Item("num", token.text, number=Decimal(ORDINAL_WORDS[token.low]), ordinal=True)
        if token.low in lexicon.FILLER or token.low in {"'s"}:
            return Item("stop", token.text, token.low)
        if token.number is not None:
            return Item("num", token.text, number=token.number)
        if _said_again(tokens, at):
            return Item("stop", token.text, token.low)
        if token.low.startswith("un") and (match := find_column([token.low[2:]], scope)):
            flags = [column for column in match.columns if column.true and match.level == 0]
            if len(flags) == 1:  # `unpaid` beside a column `paid` of yes and no
                return Item("col", token.text, token.low, columns=(flags[0],), note="un")
        if token.low.endswith("ly") and (match := find_column([token.low[:-2]], scope)) and match.level < 3:
            return Item("col", token.text, token.low, columns=match.columns)
        if (date := _dated_verb(token.low, scope)) is not None:
            return Item("col", token.text, token.low, columns=(date,), note="verb")
        done = [
            column
            for column in scope.columns
            if column.kind == "text" and column.words in {(token.low[:-1],), (token.low[:-2],)}
        ]
        if token.low.endswith("ed") and len(done) == 1:
            return Item("col", token.text, token.low, columns=(done[0],), note="verb")  # `guided` beside `guide`
        if token.low in lexicon.TAKEN_IN and (taken := self._taken_in(scope)):
            note = f'"{token.text}" is taken for the only column with amounts, "{taken.name}"'
            return Item("col", token.text, token.low, columns=(taken,), note=note)
        in_unit = [column for column in scope.columns if measure_units.counted_in(token.low, column)]
        if len(in_unit) == 1:  # `how many kilometres` beside a column distance_km
            return Item("col", token.text, token.low, columns=(in_unit[0],), plural=True, note=f'"{token.text}"')
        if columns := synonyms(token.low, scope):
            return Item(
                "col",
                token.text,
                token.low,
                columns=columns,
                plural=singular(token.low) != token.low,
                note=f'"{token.text}"',
            )
        if typo := self._typo(token, scope, entities):
            return typo
        return Item("unknown", token.text, token.low)

    def _taken_in(self, scope: Scope) -> Column | None:
        """The column that a turnover is in: the only one with amounts, where nothing is paid out or spent."""
        said = {word for table in scope.tables for word in table.words}
        said |= {word for column in scope.columns for word in column.words}
        if len(scope.tables) != 1 or said & (lexicon.PAID_OUT | lexicon.TAKEN_IN):
            return None
        amounts = [
            column
            for column in scope.columns
            if column.kind == "number" and lexicon.AMOUNTS & set(column.words[-1:] + column.words[:1])
        ]
        if len(amounts) != 1:
            return None
        one = amounts[0]
        row = self._tables.con.execute(
            f"SELECT min({identifier(one.name)}) >= 0 FROM {identifier(one.table)}"  # noqa: S608 - names are quoted
        ).fetchone()
        return one if row and row[0] else None

    def _typo(self, token: Token, scope: Scope, entities: set[str]) -> Item | None:
        """A column or aggregate with a small typing mistake, if only one is meant. Values are not guessed."""
        low = singular(token.low)
        columns = [
            column for column in scope.columns if any(close(low, form) for level, form in forms(column) if level < 3)
        ]
        if len(same_columns(columns)) == 1 and len(low) >= 5:
            return Item(
                "col",
                token.text,
                low,
                columns=same_columns(columns),
                note=f'"{token.text}" is taken for the column "{columns[0].name}"',
            )
        phrases = {
            entry
            for phrase, entry in lexicon.PHRASES.items()
            if entry.kind in {"agg", "count", "ext", "bucket"} and close(token.low, phrase)
        }
        if len(phrases) == 1 and not columns:
            entry = phrases.pop()
            return Item(entry.kind, token.text, entry.value, note=f'"{token.text}" is taken for "{entry.value}"')
        return None

    def near(self, word: str, scope: Scope) -> list[str]:
        """Values in the data that look like `word`: for the refusal's remedy."""
        found: list[str] = []
        for column in scope.columns:
            if column.kind == "text" and len(found) < 5 and len(key(word)) > 2:
                rows = self._tables.con.execute(
                    f"SELECT DISTINCT {identifier(column.name)} FROM {identifier(column.table)} WHERE "  # noqa: S608 - names and values are quoted
                    f"jaro_winkler_similarity({normal_sql(column)}, {literal(key(word))}) > 0.87 OR "
                    f"contains({normal_sql(column)}, {literal(key(word))}) LIMIT 3"
                ).fetchall()
                found += [f"{str(row[0])[:60]} (in {column.name})" for row in rows]
        return found[:5]


def _numbers(match: Match, scope: Scope) -> bool:
    rows = {table.name: table.rows for table in scope.tables}
    return all(numbers_people(column, rows[column.table]) for column in match.columns)


def _said_again(tokens: list[Token], at: int) -> bool:
    """A verb that adds nothing to what follows it: `answered Yes`, `lasted longer than 2 hours`."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is None:
        return False
    if tokens[at].low in lexicon.ANSWERED:
        return following.low in {"yes", "no"} or following.kind == "quoted" or following.text[:1].isupper()
    return tokens[at].low in lexicon.LASTED and following.low in _COMPARING


def _dated_verb(word: str, scope: Scope) -> Column | None:
    """The date column that a verb speaks of: `hired after 2020` with a column hire_date."""
    if len(word) < 4:
        return None
    stem = re.sub(r"(?<=[a-z]{3})(ed|d)$", "", word)
    found = [
        column
        for column in scope.columns
        if column.kind == "date"
        and any(
            len(part) > 3
            and part != "date"
            and re.sub(r"(ed|e|ing|ment)$", "", part) in {stem, stem.removesuffix("p"), stem.removesuffix("t")}
            for part in column.words
        )
    ]
    return found[0] if len(found) == 1 else None


def normal_sql(column: Column) -> str:
    """The column's text as `words.key` would write it, in SQL."""
    return f"regexp_replace(lower(strip_accents({identifier(column.name)})), '[^\\p{{L}}\\p{{N}}]+', '', 'g')"


def _gram_forms(part: list[Token]) -> list[str]:
    if any(token.kind == "quoted" for token in part):
        return [key(part[0].text)] if len(part) == 1 else []
    whole = key("".join(token.text for token in part))
    if not whole or part[0].kind == "sign" or (part[-1].kind == "sign" and part[-1].low not in {"+", ")"}):
        return []
    ends = singular(part[-1].low)
    stem = "".join(token.text for token in part[:-1])
    found = [whole, key(stem + ends)]
    if part[-1].kind == "word" and len(part[-1].low) > 2:
        found.append(key(stem + ends + "s"))
    return list(dict.fromkeys(found))


def _without_name(text: str, table: Table) -> str:
    """The question without the path or name of the file, so that its words are not taken for data."""
    file, *_ = table.source.split(":")
    pattern = (
        rf"(?:\b(?:file|table|dataset|in|from|of)\s+)?[`\"'“]?(?:[\w./~\\:-]*[/\\])?{re.escape(file)}[`\"'”]?(?!\w)"
    )
    return re.sub(pattern, " ", text, flags=re.IGNORECASE)


def names_file(text: str, table: Table) -> bool:
    """Whether the question names the table's file, or its sheet."""
    file, *parts = table.source.split(":")
    if re.search(rf"(?<![\w.]){re.escape(file)}(?!\w)", text, re.IGNORECASE):
        return not parts or not _other_sheet(text, parts[0])
    return False


def _other_sheet(text: str, sheet: str) -> bool:
    return bool(re.search(r"\bsheet\b", text, re.IGNORECASE)) and sheet.lower() not in text.lower()


def stem_named(text: str, table: Table) -> bool:
    """Whether the question says `the sales file` or `in sales data` of a table called sales."""
    parts = table.source.split(":")
    for name in (Path(parts[0]).stem, *parts[1:]):
        spaced = re.escape(" ".join(re.findall(r"[^\W_]+", name))).replace(r"\ ", r"[\s_-]")
        if re.search(
            rf"\b{spaced}[\s_-](?:file|table|data|dataset|sheet|csv|workbook|spreadsheet)\b|\b(?:sheet|table|file)\s+[`\"']?{spaced}\b",
            text,
            re.IGNORECASE,
        ):
            return True
    return False


def year_item(item: Item) -> bool:
    """Whether a number item can be a year."""
    return item.kind == "num" and is_year(Token(item.text, item.text, "number", 0, 0)) and not item.money
