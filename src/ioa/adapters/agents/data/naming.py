"""What the tables of a question call things: columns by their loose names, and words for the rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.tables import Column, Table
from ioa.adapters.agents.data.words import key, name_words, singular, word_set

UNIT_WORDS = word_set(
    "kmh kph kn knot mps kg g mg lb lbs c f celsius fahrenheit km m cm mm mi mile ft usd eur gbp chf dollar euro "
    "pct percent ms s sec h hr min kwh kw w mb gb kph mph ms2 hpa ppm l ml iu eur usd degree deg unit k"
)
_NAMING = word_set("id name code no number key nr title label num uid uuid identifier fullname full")

_PERSONAL = word_set("joined age gender sex birth born birthdate birthday email surname voice instrument")


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
        found.append((3, "".join([*words[:-1], "time"])))  # `the waiting time` of a column waiting_minutes
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
        return Match(same_columns(levels[level]), level)
    if len(words) > 1 and words[-1] in {"speed", "level", "levels", "amount", "value", "values", "reading", "readings"}:
        return find_column(words[:-1], scope)
    return None


def same_columns(columns: list[Column]) -> tuple[Column, ...]:
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
        own |= {column.words[0] for column in table.columns if numbers_people(column, table.rows)}
    wider = set(own)
    for group in lexicon.ROW_NOUNS:
        if own & group:
            wider |= group
    named = {word for column in scope.columns for word in column.words}
    if named & {"name", "surname", "employee", "student", "player", "patient", "passenger", "salary"} and not any(
        word in {"product", "item", "store"} for word in named
    ):
        wider |= {"person", "people"}
        if named & _PERSONAL:
            wider.add("member")  # `choir.csv` with a name and a day of joining
    people = [column for column in scope.columns if set(column.words) & lexicon.PEOPLE]
    first = next((column for table in scope.tables for column in table.columns), None)
    listed = first is not None and first in people and first.distinct == first.filled == scope.tables[0].rows
    each = all(column.distinct == column.filled for column in people)  # nobody is in two rows
    if (
        len(scope.tables) == 1
        and each
        and (own & lexicon.PEOPLE or (own.isdisjoint(lexicon.EVENTS) and "age" in named) or listed)
    ):
        wider |= {"person", "people", "respondent", "participant", "member"}
    return wider


def numbers_people(column: Column, rows: int) -> bool:
    """Whether a column counts the people of its table: `Respondent` with 1, 2, 3, ... but not `Visitors`."""
    return (
        len(column.words) == 1
        and column.words[0] in lexicon.PEOPLE
        and column.words[0] == column.name.lower()
        and "INT" in column.sql_type.upper()
        and column.distinct == column.filled == rows
    )
