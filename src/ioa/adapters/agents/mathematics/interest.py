"""Simple and compound interest, as formulas and in words."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S, power
from ioa.adapters.agents.mathematics.phrases import Rule, Solved, number_of, rule

_PERIODS = {
    "year": 1,
    "annual": 1,
    "annually": 1,
    "yearly": 1,
    "monthly": 12,
    "month": 12,
    "quarterly": 4,
    "daily": 365,
    "weekly": 52,
    "semiannually": 2,
    "half-yearly": 2,
    "semi-annually": 2,
}


def _interest(match: re.Match[str]) -> Solved:
    principal, rate, years = number_of(match["p"]), number_of(match["r"]) / 100, number_of(match["t"])
    if match["unit"].lower().startswith("month"):
        years = years / 12
    times = _PERIODS[(match.groupdict().get("c") or "annually").lower()]
    if years > 1000 or ((match["kind"] or "").lower() == "simple" and match.groupdict().get("c")):
        raise Unclear("Interest is computed for up to 1000 years; simple interest is not compounded.")
    if (match["kind"] or "").lower() == "simple":
        interest = principal * rate * years
    else:
        interest = principal * power(1 + rate / times, times * years) - principal
    answers = [("interest", interest), ("final amount", principal + interest)]
    return Solved(
        f"{match['kind'].lower()} interest on {principal} at {rate * 100}% for {years} years"
        + (f", compounded {times} time(s) a year" if match["kind"].lower() != "simple" else ""),
        answers,
    )


_RATE = re.compile(
    r"(?P<r>\d+(?:\.\d+)?)\s*%(?:\s+(?:nominal\s+)?(?:(?:simple|compound)\s+)?(?:annual\s+)?(?:interest(?:\s+rate)?)?\s*,?\s*(?:(?:per|a|an|each|every)\s+(?P<per>year|annum|month|quarter|week|day)|(?P<ly>annually|yearly|monthly|quarterly|p\.?\s?a\.?)(?!\w))?)?",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?P<t>\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|half\s+a)[\s-]+(?P<unit>years?|months?)\b",
    re.IGNORECASE,
)
_SUM = re.compile(r"[$€£]?\s?(?P<p>\d[\d,]*(?:\.\d+)?)")
_COMPOUNDED = re.compile(
    r"\b(?:compound(?:ed|ing|s)?|credited|paid|added|calculated)\s+(?:every\s+|each\s+|per\s+)?(?P<c>annually|yearly|monthly|quarterly|weekly|daily|semi-?annually|half-yearly|year|month|quarter|week|day)\b",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"\b(?:instal\w+|repay\w*|repaid|payments?|mortgage|annuity|inflation|tax\w*|fees?|withdr\w+|double|triple|each\s+month|every\s+month|monthly\s+(?:deposit|saving|payment)s?|then|rises?|minus|plus|less)\b",
    re.IGNORECASE,
)
_WORDS = {
    word: value
    for value, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    )
}
_A_YEAR = {
    "year": 1,
    "annum": 1,
    "annually": 1,
    "yearly": 1,
    "month": 12,
    "monthly": 12,
    "quarter": 4,
    "quarterly": 4,
    "week": 52,
    "weekly": 52,
    "day": 365,
    "daily": 365,
    "semiannually": 2,
    "semi-annually": 2,
    "half-yearly": 2,
}


def interest_in_words(text: str) -> Solved | None:
    """ "How much will 2,500 euros be worth after 4 years at 3% compound interest?"; `None` when the text is not about
    interest. Raises `Unclear` when a capital, a rate or a time is missing or there are several, or the kind is not said.
    """
    if not re.search(r"\binterest\b|\bcompound(?:ed|ing)?\b", text, re.IGNORECASE) or not _RATE.search(text):
        return None
    if strange := _OTHERWISE.search(text):
        raise Unclear(f'Interest with "{strange.group()}" is more than I compute: one capital, one rate, one time.')
    kinds = {word.lower()[:6] for word in re.findall(r"\b(?:simple|compound)", text, re.IGNORECASE)}
    if len(kinds) != 1:
        raise Unclear("Is it simple or compound interest? Say which.")
    rates, times = list(_RATE.finditer(text)), list(_TIME.finditer(text))
    rest = _TIME.sub(" ", _RATE.sub(" ", text))
    sums = list(_SUM.finditer(rest))
    if len(rates) != 1 or len(times) != 1 or len(sums) != 1:
        raise Unclear(
            f"Interest needs one capital, one rate in percent and one time; I see {len(sums)}, {len(rates)} and {len(times)}."
        )
    rate, time = rates[0], times[0]
    said = time["t"].lower()
    length = (
        S.Rational(1, 2) if said.startswith("half") else S.Integer(_WORDS[said]) if said in _WORDS else number_of(said)
    )
    years = length / 12 if time["unit"].lower().startswith("month") else length
    spoken = re.sub(r"[.\s]", "", (rate["per"] or rate["ly"] or "year").lower())
    per = _A_YEAR.get(spoken, 1)  # "p.a."
    often = _COMPOUNDED.search(text)
    simple = kinds == {"simple"}
    if simple and often and often.group().lower().startswith("compound"):
        raise Unclear("Simple interest is not compounded; say which of the two is meant.")
    if often and rate["per"] and per not in (1, _A_YEAR[often["c"].lower()]):
        raise Unclear("The rate is of one period and compounded in another; give the yearly rate.")
    yearly = number_of(rate["r"]) / 100 * per
    steps = _A_YEAR[often["c"].lower()] if often else per
    if years > 1000:
        raise Unclear("Interest is computed for up to 1000 years.")
    capital = number_of(sums[0]["p"])
    final = capital * (1 + yearly * years) if simple else capital * power(1 + yearly / steps, steps * years)
    notes: list[str] = []
    if not simple:
        notes.append(f"Compounded {'once' if steps == 1 else f'{steps} times'} a year")
    reading = (
        f"{'simple' if simple else 'compound'} interest on {sums[0]['p']} at {yearly * 100}% a year for {years} years"
    )
    answers = [("interest", final - capital), ("final amount", final)]
    if re.search(
        r"\bhow much (?:\w+\s+)?interest\b|\binterest\b.{0,20}\b(?:earn|paid|due|accru|is|do|does|will)|\b(?:what|find|compute|calculate|work out)(?: is)? (?:the |its )?(?:total )?(?:simple |compound )?interest\b",
        text,
        re.IGNORECASE,
    ):
        answers = answers[:1]
    elif re.search(
        r"\b(?:worth|grow\w*|balance|final|become\w*|have|value|end up|accumulate\w*|total|amount)\b",
        text,
        re.IGNORECASE,
    ):
        answers = answers[1:]
    return Solved(reading, answers, notes)


RULES: tuple[Rule, ...] = (
    rule(
        r"(?P<kind>compound|simple)\s+interest\s+(?:of|on|for)\s+(?P<p>[$€£]?[\d,.]*\d)\s+(?:at|with)\s+(?:a rate of\s+)?(?P<r>[\d.]+)\s*%(?:\s+(?:interest|per year|per annum|a year|annually|yearly|p\.?a\.?|annual interest))*\s*,?\s+(?:for|over|after)\s+(?P<t>[\d.]+)\s+(?P<unit>years?|months?)(?:\s*,?\s*(?:compounded\s+)?(?P<c>annually|yearly|monthly|quarterly|weekly|daily|semi-?annually))?",
        _interest,
    ),
)
