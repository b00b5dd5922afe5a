"""An English data question as marked items: which words are columns, values, numbers, dates, or known words.

Nothing is guessed: a word that is none of these stays `unknown`, and its reader refuses the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.periods import RELATIVE, Period, is_year, read_period
from ioa.adapters.agents.data.tables import Column, Table, Tables
from ioa.adapters.agents.data.typing_columns import identifier, literal
from ioa.adapters.agents.data.words import ORDINAL_WORDS, Token, close, key, name_words, singular, tokenize, word_set

LONGEST = 6
_SPANS = word_set("year month week day quarter weeks months years quarters days hours")
UNIT_WORDS = word_set(
    "kmh kph kn knot mps kg g mg lb lbs c f celsius fahrenheit km m cm mm mi mile ft usd eur gbp chf dollar euro "
    "pct percent ms s sec h hr min kwh kw w mb gb kph mph ms2 hpa ppm l ml iu eur usd degree deg unit k"
)
_NAMING = word_set("id name code no number key nr title label num uid uuid identifier fullname full")


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


@dataclass(slots=True)
class Scope:
    """The tables that a question is read with, and the SQL that its rows come from."""

    tables: list[Table]
    source: str
    words: str
    many: str = ""
    columns: list[Column] = field(default_factory=list[Column])

    def __post_init__(self) -> None:
        if not self.columns:
            self.columns = [column for table in self.tables for column in table.columns]


@dataclass(slots=True)
class Match:
    """Columns that a phrase may mean, and how loosely (0 is by their full name)."""

    columns: tuple[Column, ...]
    level: int
    note: str = ""


def forms(column: Column) -> list[tuple[int, str]]:
    """Keys by which a column may be called, the best (0) first: its name, without unit, without `id` or `name`."""
    words = list(column.words)
    found = [(0, "".join(words)), (0, key(column.name))]
    bare = [word for word in words if word not in UNIT_WORDS] or words
    found.append((1, "".join(bare)))
    short = bare[:-1] if len(bare) > 1 and bare[-1] in _NAMING else bare
    found.append((2, "".join(short)))
    found.append((2, "".join(name_words(column.table)[-1:] + tuple(bare))))
    found += [(3, "".join(bare[index:])) for index in range(1, len(bare))]
    if len(words) > 1 and column.kind == "number" and words[-1] in {"day", "hour", "minute", "second", "week"}:
        found.append((3, "".join(words[:-1])))  # `the average stay` of a column stay_days
    found += [(3, "".join(short[index:])) for index in range(1, len(short)) if short[index] not in _NAMING]
    return found


def find_column(words: list[str], scope: Scope) -> Match | None:
    """The columns that a phrase may name, at the tightest level (see `forms`) that has any."""
    phrase = "".join(singular(word) for word in words)
    plain = "".join(words)
    if not phrase:
        return None
    levels: dict[int, list[Column]] = {}
    for column in scope.columns:
        hits = [level for level, form in forms(column) if form in (phrase, plain)]
        if hits:
            levels.setdefault(min(hits), []).append(column)
    for level in sorted(levels):
        return Match(_same(levels[level]), level)
    if len(words) > 1 and words[-1] in {"speed", "level", "levels", "amount", "value", "values", "reading", "readings"}:
        return find_column(words[:-1], scope)
    return None


def _same(columns: list[Column]) -> tuple[Column, ...]:
    """A key column of a join occurs in both tables: the first stands for both."""
    first: dict[str, Column] = {}
    for column in columns:
        first.setdefault(key(column.name), column)
    return tuple(first.values())


def synonyms(
    word: str, scope: Scope, kinds: tuple[str, ...] = ("number", "date", "text", "flag", "time")
) -> tuple[Column, ...]:
    """Columns that a synonym of `word` names; the tightest level that has any."""
    low = singular(word)
    group: set[str] = set()
    for line in lexicon.SYNONYMS:
        if low in line:
            group |= line
    best: dict[int, list[Column]] = {}
    for other in group - {low}:
        match = find_column([other], scope)
        for column in match.columns if match else ():
            if column.kind in kinds and match and column not in best.get(match.level, []):
                best.setdefault(match.level, []).append(column)
    for level in sorted(best):
        return tuple(best[level])
    return ()


def entity_words(scope: Scope) -> set[str]:
    """Words for the rows of the tables: their file names, and what usually means the same."""
    own: set[str] = set()
    for table in scope.tables:
        own |= set(table.words)
        if len(scope.tables) == 1:  # each row of a table with a unique member_id is one member
            own |= {
                column.words[0]
                for column in table.columns
                if len(column.words) == 2
                and column.words[1] in {"id", "no", "nr", "uid"}
                and column.distinct == column.filled == table.rows
            }
    wider = set(own)
    for group in lexicon.ROW_NOUNS:
        if own & group:
            wider |= group
    named = {word for column in scope.columns for word in column.words}
    if named & {"name", "surname", "employee", "student", "player", "patient", "passenger", "salary"} and not any(
        word in {"product", "item", "store"} for word in named
    ):
        wider |= {"person", "people"}
    return wider


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
        tokens = tokenize(text)
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
        match = find_column([token.low for token in part], scope) if plain else None
        plural = singular(part[-1].low) != part[-1].low
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
        hits = self._hits(part, values, entry is not None or phrase in lexicon.FILLER, at)
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
                and (text.isupper() or not text.isascii() or (len(text) > 3 and text[0].isupper()))
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
        if token.kind == "sign" and token.low in lexicon.FILLER:
            return Item("stop", token.text, token.low)
        if token.low in ORDINAL_WORDS:
            return Item("num", token.text, number=Decimal(ORDINAL_WORDS[token.low]), ordinal=True)
        if token.low in lexicon.FILLER or token.low in {"'s"}:
            return Item("stop", token.text, token.low)
        if token.number is not None:
            return Item("num", token.text, number=token.number)
        if token.low.endswith("ly") and (match := find_column([token.low[:-2]], scope)) and match.level < 3:
            return Item("col", token.text, token.low, columns=match.columns)
        if (date := _dated_verb(token.low, scope)) is not None:
            return Item("col", token.text, token.low, columns=(date,), note="verb")
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

    def _typo(self, token: Token, scope: Scope, entities: set[str]) -> Item | None:
        """A column or aggregate with a small typing mistake, if only one is meant. Values are not guessed."""
        low = singular(token.low)
        columns = [
            column for column in scope.columns if any(close(low, form) for level, form in forms(column) if level < 3)
        ]
        if len(_same(columns)) == 1 and len(low) >= 5:
            return Item(
                "col",
                token.text,
                low,
                columns=_same(columns),
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
