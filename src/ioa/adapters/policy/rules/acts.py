"""Says what a group of words asks for: whether it opens an act, by which verb, and what kind of thing it yields."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.phrasals import particle_follows, plain_verb
from ioa.adapters.policy.rules.tokens import DOCUMENT_EXTENSIONS, TABLE_EXTENSIONS, Token, extension
from ioa.adapters.policy.rules.verbs import NOUN_TOO, VERBS, Kind, gerund_root
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    CHART_WORDS,
    CODE_WORDS,
    DETERMINERS,
    FINITE,
    LETTER_WORDS,
    MEASURE_WORDS,
    NOT_VERBS,
    OBJECT_PRONOUNS,
    PREPOSITIONS,
    RELATIVES,
    REPORT_WORDS,
    SUBJECTS,
    WH,
)
from ioa.adapters.policy.rules.wordlists import phrase_set, word_set

THINGS = frozenset(["quote", "file", "code", "url", "email", "sql", "fence"])
_PARTICLES = phrase_set("""
    search for/look for/look up/look at/look into/reply to/report on/report back/work out/check
    whether/check if/ check for/check that/list out/round to/sum up/comment on/focus on/note
    down/write down/write up/find out/point out/ convert to/add up/sort by/group by/order by/rank
    by/filter by/split by/filter out/filter for/drop off/set up/ draw up/hand over/pick out/figure
    out/zoom in/fill in/plot in/plot against/respond to/refer to/pay for/add to/ go through/run
    through/test whether/test if/test for/verify that/see if/see whether/schedule for
""")
_PARTICLE_PAIRS: frozenset[tuple[str, ...]] = frozenset(tuple(pair.split()) for pair in _PARTICLES)
_EAGER = frozenset(
    ["plot", "sort", "email", "e-mail", "list", "report", "chart", "graph", "draft", "mail", "text", "query"]
)
_DEFINITE_START = word_set("the a an my our it them these those each every all this your their its")
_COMPUTING = word_set("compute calculate determine estimate evaluate derive approximate work verify")
_SUMS = word_set("""
    root squared cubed times plus minus percent factorial derivative integral logarithm cosine sine
    power divided multiplied
""")
_GATHERING = word_set(
    "gather save collect combine explain describe present pack bring compile put say state outline discuss"
)
_OF_TABLES = word_set("column columns rows missing duplicates duplicate records dataset")
_NO_SUPERLATIVES = word_set(
    "interest request forest harvest invest contest honest latest protest suggest digest arrest"
)
_CHARTS = ("chart", "histogram", "boxplot", "scatterplot", "heatmap", "plot", "graph")
SHAPE_WORDS = word_set("area circumference perimeter volume diagonal hypotenuse surface")
_UNDECIDED = frozenset(["make", "find", "ask", "other", "code", "table"])


def starts_act(tokens: Sequence[Token], k: int, *, strong: bool, listed: bool = True) -> bool:
    """Whether a verb phrase in the imperative begins at `k`.

    `strong`: the position itself promises a request ("then ...", the start of a sentence), so that words that are
    nouns as well, and words unknown to the lexicon, are taken for verbs on less evidence. `listed`: after "and".
    """
    token = tokens[k] if k < len(tokens) else None
    if token is None or token.kind != "word":
        return False
    if token.low in NOT_VERBS:
        return strong and particle_follows(tokens, k)  # "Back up the notes"
    following = tokens[k + 1] if k + 1 < len(tokens) else None
    if token.low not in VERBS and strong and particle_follows(tokens, k):
        return True  # "Go through the notes"
    if token.low in VERBS:
        if token.low not in NOUN_TOO:
            return following is None or following.low not in {"of", "'s"}
        return _has_object(token, following, tokens, k, strong=strong)
    if following is None or token.low in FINITE:
        return False
    if token.low.endswith(("ing", "ed", "ly")) or (not token.text.islower() and not strong) or len(token.low) < 3:
        return False
    if strong:
        if token.low.endswith("s") and not token.low.endswith(("ss", "us")):
            return False
        return following.low in _DEFINITE_START or following.kind in THINGS - {"email"}
    return listed and not token.low.endswith("s") and following.low in _DEFINITE_START


def _has_object(token: Token, following: Token | None, tokens: Sequence[Token], k: int, *, strong: bool) -> bool:
    if following is None:
        return token.low == "report"
    low = following.low
    if low in DETERMINERS or low in OBJECT_PRONOUNS or low in WH or following.kind in THINGS:
        return True
    if (token.low, low) in _PARTICLE_PAIRS or particle_follows(tokens, k):
        return True
    if VERBS[token.low] == "math" and (following.kind == "number" or (len(low) == 1 and low.isalpha())):
        return True
    if (
        low in PREPOSITIONS
        and k + 2 < len(tokens)
        and tokens[k + 2].low in WH
        and token.low in {"say", "tell", "state"}
    ):
        return True  # "say in which streets they are"
    if (
        token.low in {"say", "state", "report"}
        and low == "in"
        and {t.low for t in tokens[k + 3 : k + 6]} & REPORT_WORDS
    ):
        return True  # "say in a short summary what ..."
    if (
        low in PREPOSITIONS
        or low in AUXILIARIES
        or (following.kind == "punct" and following.text != "$")
        or low in {"and", "or"}
    ):
        return False
    if token.low in _EAGER and (low.endswith("ly") or low in MEASURE_WORDS or tokens[k - 1].text == ","):
        return True
    return strong


def question_start(tokens: Sequence[Token], k: int = 0) -> bool:
    """Whether a question, direct or indirect, begins at `k`."""
    if k >= len(tokens):
        return False
    low = tokens[k].low
    if low in WH:
        return k + 1 < len(tokens)
    following = tokens[k + 1] if k + 1 < len(tokens) else None
    if low in {"in", "by", "for", "at", "on", "to"} and following is not None and following.low in WH:
        return k + 2 < len(tokens)  # "by how many percent", "in which month"
    return (
        low in AUXILIARIES
        and following is not None
        and (
            following.low in DETERMINERS
            or following.low in SUBJECTS
            or following.kind in THINGS
            or following.kind == "word"
        )
    )


def head_verb(tokens: Sequence[Token]) -> str:
    """The verb that says what the act is, in its plain form; "" for a question or a noun phrase.

    "use the result to compute X" -> compute; "load a.csv and count" -> load (the caller merges those).
    """
    if not tokens:
        return ""
    first = tokens[0].low
    plain = plain_verb(tokens)
    if plain:
        return plain
    if first in {"use", "using", "take", "apply"}:
        for i in range(1, len(tokens) - 1):
            if tokens[i].low == "to" and tokens[i + 1].low in VERBS:
                return tokens[i + 1].low
    if first in VERBS and first not in WH:
        return first
    return gerund_root(first) or (first if tokens[0].kind == "word" and first not in NOT_VERBS else "")


def is_declarative(tokens: Sequence[Token], *, finite: frozenset[str] = FINITE) -> bool:
    """Whether the words state something ("The prices are in euro") rather than ask for it."""
    if not tokens:
        return False
    first = tokens[0].low
    if first in SUBJECTS:
        return any(t.low in FINITE or t.low.endswith("ed") for t in tokens[:14]) or any(
            t.kind == "word" for t in tokens[1:]
        )
    relative = False
    for number, token in enumerate(tokens[:40]):
        if token.low in RELATIVES and number:
            relative = True
        elif number and token.low in finite:
            if not relative and tokens[number - 1].low != "to" and not _adjective_use(tokens, number):
                return True
            relative = False
    return False


def _adjective_use(tokens: Sequence[Token], number: int) -> bool:
    """Words of FINITE that stand as nouns or participles ("cost plan", "books sold in March")."""
    low = tokens[number].low
    if low in {
        "plan",
        "plans",
        "costs",
        "runs",
        "works",
        "means",
        "supply",
        "like",
        "run",
        "uses",
        "starts",
        "ends",
        "work",
        "charge",
        "lists",
        "records",
        "covers",
        "shows",
        "stores",
        "needs",
        "lives",
        "keep",
        "cares",
        "care",
        "hopes",
        "produces",
        "tracks",
        "charges",
        "wants",
    }:
        following = tokens[number + 1].low if number + 1 < len(tokens) else ""
        return (following not in DETERMINERS and following not in {"in", "from", "one"}) or number < 1
    if low in {
        "sold",
        "bought",
        "sent",
        "made",
        "kept",
        "used",
        "moved",
        "opened",
        "closed",
        "paid",
        "written",
        "said",
        "started",
    }:
        following = tokens[number + 1].low if number + 1 < len(tokens) else ""
        return following in PREPOSITIONS or not following or following in {",", "?"}
    return False


def files_in(tokens: Sequence[Token]) -> list[Token]:
    """The file names that the words mention."""
    return [token for token in tokens if token.kind == "file"]


def has_formula(tokens: Sequence[Token]) -> bool:
    """Whether the words hold an equation or an arithmetic expression."""
    marks = {"=", "^", "*", "/", "√", "∫", "×", "÷", "+"}
    for i, token in enumerate(tokens):
        if token.text in marks and i and tokens[i - 1].kind in {"number", "word", "punct"}:
            return True
    return False


def kind_of(tokens: Sequence[Token], context: Sequence[Token] = ()) -> Kind:
    """What kind of thing the act yields. A rough guess: it decides on boundaries and references, not on who works."""
    lows = [token.low for token in tokens]
    words = set(lows)
    verb = head_verb(tokens)
    if verb == "do" and question_start(tokens):
        verb = ""  # "Do tenants pay for the water?"
    kind: Kind = VERBS.get(verb, "ask" if not verb else "other")
    if any(token.kind == "sql" for token in tokens):
        return "table"
    if verb == "translate" or kind == "translate" or (("translation" in words) and kind in {"make", "ask"}):
        return "translate"
    if any(token.kind == "fence" for token in tokens) and kind in _UNDECIDED | {"math"}:
        return "code"
    noun = object_noun(tokens)
    gathers = kind == "make" or (verb in _GATHERING and not files_in(tokens))
    texts = REPORT_WORDS | {"note", "letter"}
    if gathers and any(
        lows[n] in {"in", "into", "as"} and set(lows[n + 1 : n + 5]) & texts for n in range(1, len(lows))
    ):
        return "write"
    if (
        noun in CHART_WORDS
        and kind in {"make", "ask", "other", "plot", "write"}
        and verb not in {"describe", "explain", "edit"}
    ):
        return "plot"
    if kind in {"make", "ask", "other", "plot"} and words.intersection(_CHARTS):
        at = min(lows.index(w) for w in _CHARTS if w in words)
        if (
            at
            and any(low in {"a", "an", "as", "in", "on", "bar", "pie", "line"} for low in lows[max(0, at - 3) : at])
            and kind != "write"
        ):
            return "plot" if noun not in REPORT_WORDS else "write"
    if kind in {"make", "ask", "other"} and noun in REPORT_WORDS:
        return "write"
    if kind in {"make", "other"} and noun in LETTER_WORDS:
        return "write"
    if (kind in {"make", "write"} or verb in {"develop", "build"}) and noun in CODE_WORDS:
        return "code"
    if kind in {"plot", "write", "send", "code", "table"}:
        return kind
    endings = {extension(token) for token in files_in([*tokens, *context])}
    if endings & TABLE_EXTENSIONS and kind != "math":
        return "table"
    if endings & DOCUMENT_EXTENSIONS:
        return "find"
    formula = has_formula(tokens)
    if endings & TABLE_EXTENSIONS and formula and words & {"row", "rows", "column", "every", "each"}:
        return "table"  # "compute revenue = price * quantity for every row"
    extreme = bool(words & {"most", "fewest", "busiest", "best-selling"}) or any(_superlative(low) for low in lows)
    measured = (
        extreme or bool(words & (MEASURE_WORDS | _OF_TABLES)) or ("how" in words and bool(words & {"many", "much"}))
    )
    if kind == "math":
        grouped = bool(words & {"per", "column", "rows", "row", "orders", "each", "every"})
        numbers = any(token.kind == "number" for token in tokens)
        if verb not in _COMPUTING:
            return "math"
        if has_formula(tokens):
            return "math"
        if words & SHAPE_WORDS and numbers and not endings:
            return "math"
        tabular = grouped or bool(words & {"by", "column"}) or bool(endings & TABLE_EXTENSIONS)
        if tabular or (measured and not numbers):
            return "table"
        asked = not numbers and (question_start(tokens, 1) or question_start(tokens, 2))
        return "ask" if asked and verb not in {"compute", "calculate", "evaluate"} else "math"
    if kind in {"ask", "find", "make", "other", "math"} and _arithmetic(tokens):
        return "math"
    if has_formula(tokens) and any(token.kind == "number" for token in tokens):
        return "math"
    if measured and kind in {"find", "ask", "make", "other"}:
        return "table"
    return kind


def _superlative(low: str) -> bool:
    return low.endswith("est") and len(low) > 5 and low not in _NO_SUPERLATIVES


def _arithmetic(tokens: Sequence[Token]) -> bool:
    """Whether a sum is put in words ("15% of 230", "the square root of 144")."""
    numbers = [token for token in tokens if token.kind == "number"]
    if not numbers or files_in(tokens):
        return False
    lows = {token.low for token in tokens}
    return bool(lows & _SUMS) or (any(t.text.endswith("%") for t in numbers) and "of" in lows and len(tokens) < 9)


def object_noun(tokens: Sequence[Token]) -> str:
    """The head noun of the first noun phrase: "draw a bar chart of sales" -> chart; "the median price" -> price."""
    start = 1 if tokens and (tokens[0].low in VERBS or gerund_root(tokens[0].low)) and len(tokens) > 1 else 0
    if start and plain_verb(tokens):
        start = 2
    if start and start < len(tokens) and tokens[start].low in DETERMINERS | {"up", "out"}:
        start += 1
    if start and start < len(tokens) and tokens[start].low in {"me", "us", "him", "her"}:
        start += 1
    last = ""
    for token in tokens[start : start + 9]:
        if token.kind != "word" or token.low in PREPOSITIONS | RELATIVES | {"and", "or"} | AUXILIARIES:
            break
        last = token.low
    return last
