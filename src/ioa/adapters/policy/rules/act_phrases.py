"""The shortest words for an act: its verb with the kind of product, object or source ("draw bar chart").

Beside the full phrase, which names the subject, it tells agents apart that know the same subjects: who computes
revenues from who draws them. It knows kinds of work and of files, and no agents.
"""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.acts import files_in, has_formula, head_verb, object_noun, question_start
from ioa.adapters.policy.rules.tokens import DOCUMENT_EXTENSIONS, TABLE_EXTENSIONS, Token, extension
from ioa.adapters.policy.rules.verbs import VERBS, Kind
from ioa.adapters.policy.rules.vocabulary import CHART_WORDS, LETTER_WORDS, MEASURE_WORDS, REPORT_WORDS
from ioa.adapters.policy.rules.wordlists import word_set

_SEARCHING = "search a document for an answer"
_CHART_SORTS = word_set("bar pie line scatter column box area stacked grouped horizontal bubble violin")
_SUMMING_UP = word_set("summarise summarize condense abridge shorten recap")
_GROUPS = word_set("per by each every")
_ROUGH = {
    "utilise": "use",
    "lookup": "find",
    "inspect": "read",
    "determine": "compute",
    "calculate": "compute",
    "tell": "find",
    "give": "find",
    "show": "list",
    "get": "find",
}
_SHIFTING = word_set("add subtract increase decrease raise reduce deduct")
_DERIVING = {
    "difference": "subtract",
    "ratio": "divide",
    "sum": "add",
    "product": "multiply",
    "growth": "compute growth of",
}
_CONVERTING = word_set("convert express")
_ALONE = word_set("solve simplify factor factorise factorize differentiate integrate expand evaluate")
_UNITS = word_set("derivative integral limit matrix determinant equation inequality polynomial")


def act_phrase(tokens: Sequence[Token], context: Sequence[Token], kind: Kind) -> str:
    """The act phrase of one act of this kind; `context` names what it reads from. "" where nothing can be said."""
    endings = {extension(token) for token in files_in([*tokens, *context])}
    lows = [token.low for token in tokens]
    verb = head_verb(tokens)
    match kind:
        case "plot":
            return _plotting(lows)
        case "write":
            text = next((low for low in lows[:14] if low in REPORT_WORDS | LETTER_WORDS), "")
            if verb in _SUMMING_UP and endings & DOCUMENT_EXTENSIONS and not text:
                return "summarise a document"
            return f"write {text or ('summary' if verb in _SUMMING_UP else 'text')}"
        case "table":
            return _tabular(tokens, lows, verb)
        case "math":
            return _reckoning(tokens, lows, verb)
        case "translate":
            return f"{verb or 'translate'} text"
        case "code":
            given = any(t.kind in {"fence", "code"} for t in tokens) or bool(endings & {"py", "ipynb"})
            made = verb in {"write", "code", "program", "develop", "create", "generate", "implement", "make"}
            return "write program" if made and not given else f"{verb or 'run'} python code"
        case "find" | "ask" | "make" | "other" | "send":
            if endings & DOCUMENT_EXTENSIONS and kind != "send":
                return "summarise a document" if verb in _SUMMING_UP else _SEARCHING
            if endings & TABLE_EXTENSIONS and kind != "send":
                return _tabular(tokens, lows, verb)
            if not verb or question_start(tokens):
                return _SEARCHING if context and not endings else ""
            noun = object_noun(tokens)
            return f"{verb} {noun}".strip() if noun != verb else verb


def _plotting(lows: Sequence[str]) -> str:
    at = next((n for n, low in enumerate(lows) if low in CHART_WORDS and (n or "chart" in low)), None)
    if at is None:
        return "draw chart"
    while at + 1 < len(lows) and lows[at + 1] in CHART_WORDS:
        at += 1
    begin = at
    while begin > 0 and lows[begin - 1] in _CHART_SORTS | CHART_WORDS and begin > 1:
        begin -= 1
    noun = " ".join(lows[begin : at + 1])
    return f"draw {noun}" if noun not in {"plot", "map"} else f"draw {noun} chart"


def _tabular(tokens: Sequence[Token], lows: Sequence[str], verb: str) -> str:
    grouped = " per group" if _GROUPS & set(lows) else ""
    if any(token.kind == "sql" for token in tokens):
        return "run sql query on table"
    counted = verb == "count" or ("how" in lows and "many" in lows) or ("number" in lows)
    if counted:
        return f"count rows{grouped} of a table"
    measure = next((low for low in lows if low in MEASURE_WORDS), "")
    extreme = any(low.endswith("est") and len(low) > 4 for low in lows) or bool({"most", "least"} & set(lows))
    if not measure and extreme:
        return f"find the highest value{grouped} in a table"
    plain = _ROUGH.get(verb, verb) if verb in VERBS else "find"
    if measure:
        plain = "compute" if plain in {"find", "", measure} else plain
        return f"{plain} {measure}{grouped} from a table"
    return f"{plain} values{grouped} in a table"


def _reckoning(tokens: Sequence[Token], lows: Sequence[str], verb: str) -> str:
    if verb in _CONVERTING:
        return "convert units"
    if verb in _ALONE:
        thing = "equation" if any(t.text == "=" for t in tokens) or verb == "solve" else "expression"
        return f"{verb} {thing}"
    named = next((low for low in lows if low in _UNITS), "")
    if named:
        return f"compute {named}"
    if any(t.text.endswith("%") for t in tokens) or {"percent", "percentage", "share"} & set(lows):
        return f"{verb} percent to a number" if verb in _SHIFTING else "percent of a number"
    derived = next((_DERIVING[low] for low in lows if low in _DERIVING), "")
    if derived:
        return f"{derived} numbers"
    if has_formula(tokens):
        return "calculate expression"
    return f"{verb} number" if VERBS.get(verb) in {"math", "table"} else "calculate with a number"
