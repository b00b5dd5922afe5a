"""Mathematical tasks in words: which operation on which formula; refused when a word is not understood."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Earlier, Unclear, substitute
from ioa.adapters.agents.mathematics.formula import BadFormula, S, parse, power
from ioa.adapters.agents.mathematics.units import convert

N = r"\(?\s*(-?[$€£]?\d[\d,]*(?:\.\d+)?)\s*\)?"
_LEAD = re.compile(
    r"^(?:(?:please|now|then|next|also|finally|and|can you|could you|i want to know|tell me|give me|what(?:'s| is| are| was| will be)|how much is|calculate|compute|determine|work out|find(?: out)?|evaluate|get|the value of|value of|the result of|exactly|numerically|the exact value of)\b[\s:,]*)+",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Solved:
    """A solved task: what was read, the answers (name, SymPy object), and remarks."""

    reading: str
    answers: list[tuple[str, Any]]
    notes: list[str] = field(default_factory=list[str])
    unit: str = ""


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Solved]]


def solve_text(text: str, earlier: list[Earlier]) -> Solved:
    """Understand and solve one task. Raises `Unclear` or `BadFormula`."""
    body, notes = substitute(_tidy(text), earlier)
    body, places = _rounding(re.sub(r"\s+", " ", body).strip())
    lead = _LEAD.sub("", body)
    for candidate in dict.fromkeys((body, lead)):
        if not re.search(r"\b(?:at|rate|percent|percentage)\b|%", candidate, re.IGNORECASE) and (
            found := convert(candidate)
        ):
            asked, value, unit, reading = found
            return _rounded(
                Solved(
                    reading,
                    [(asked, S.Rational(str(value)) if len(str(value)) < 40 else S.Float(str(value)))],
                    notes,
                    unit,
                ),
                places,
            )
        for pattern, rule in RULES:
            if match := pattern.match(candidate):
                solved = rule(match)
                solved.notes = notes + solved.notes
                return _rounded(solved, places)
    try:
        solved = _evaluate(lead)
    except BadFormula as error:
        raise Unclear(
            f'I do not understand this as mathematics: {error} Write a formula such as "solve x^2 = 2" or "15% of 240".'
        ) from error
    solved.notes = notes + solved.notes
    return _rounded(solved, places)


def _tidy(text: str) -> str:
    text = text.replace("’", "'").strip()
    text = re.sub(r"^```\w*|```$|`", " ", text)
    text = re.sub(r"(?<=\d)\s*percent\b|(?<=\d)\s*per cent\b", "%", text, flags=re.IGNORECASE)
    return (
        re.sub(r"[?.!;:,\s]+$", "", text)
        if not text.rstrip().endswith(tuple("0123456789")) and not re.search(r"\d!$", text)
        else text.strip()
    )


def _rounding(text: str) -> tuple[str, int | None]:
    pattern = re.compile(
        r",?\s*(?:and\s+)?(?:rounded?|round (?:it|the (?:result|answer))|correct)\s+to\s+(?P<n>\d+|one|two|three|four|the nearest (?:integer|whole number))\s*(?:decimals?(?: places?)?|digits|places|dp)?",
        re.IGNORECASE,
    )
    alone = re.match(
        r"^(?:please\s+)?round\s+(?:off\s+)?(?P<e>\(?\s*-?[\d.,]+\s*\)?)\s+to\s+(?P<n>\d+|one|two|three|four|the nearest (?:integer|whole number))\s*(?:decimals?(?: places?)?|digits|places|dp)?$",
        text,
        re.IGNORECASE,
    )
    if match := alone or pattern.search(text):
        if alone:
            said = alone["n"].lower()
            places = {"one": 1, "two": 2, "three": 3, "four": 4}.get(said)
            return alone["e"].strip(), 0 if said.startswith("the") else places or int(said)
        words = {"one": 1, "two": 2, "three": 3, "four": 4}
        said = match["n"].lower()
        return text[: match.start()] + text[match.end() :], 0 if said.startswith("the") else words.get(said) or int(
            said
        )
    return text, None


def _rounded(solved: Solved, places: int | None) -> Solved:
    if places is not None:
        if places > 50:
            raise Unclear("Rounding goes up to 50 decimals.")
        solved.answers = [(name, _round(value, places)) for name, value in solved.answers]
        solved.notes.append(f"Rounded to {places} decimal places.")
    return solved


def _round(value: Any, places: int) -> Any:
    if not getattr(value, "is_number", False) or not value.is_real:
        return value
    scaled = S.floor(S.Abs(value) * 10**places + S.Rational(1, 2))  # half up, as people round
    return S.Rational(scaled, 10**places) * (-1 if value.is_negative else 1)


def _num(text: str) -> Any:
    return S.Rational(re.sub(r"[$€£,\s()]", "", text))


def _list(text: str) -> list[Any]:
    parts = [part for part in re.split(r"\s*(?:,(?!\d{3}(?!\d))|;|\band\b|\s)\s*", text.strip(" .:[]()")) if part]
    if len(parts) > 20_000:
        raise Unclear("More than 20000 numbers are too many.")
    return [_expr(part) for part in parts]


def _words(text: str) -> str:
    """Operators that are written as words."""
    for pattern, sign in (
        (r"\bto the power(?: of)?\b|\braised to(?: the power(?: of)?)?\b", "^"), (r"\bsquared\b", "^2"), (r"\bcubed\b", "^3"), (r"\bmultiplied by\b|\btimes\b", "*"), (r"\bdivided by\b", "/"),
        (r"\bplus\b", "+"), (r"\bminus\b", "-"), (r"\b(?:the )?square root of\b", "sqrt"), (r"\b(?:the )?cube root of\b", "cbrt"), (r"\bmodulo\b", "mod"), (r"(?<=[\d)])\s+over\s+(?=[\d(])", "/"),
        (r"\b(?:the )?natural log(?:arithm)? of\b", "ln"), (r"\b(?:the )?absolute value of\b", "abs"), (r"\b(?:the )?(sin|cos|tan)e? of\b", r"\1"), (r"(?<=\d)\s+factorial\b", "!"), (r"\bequals?\b", "="), (r"[$€£](?=\d)", ""),
        (r"(?<=\d)x(?=\d)", "*"), (r"(?<=\d)\s+x\s+(?=\d)", "*"), (r"(\d)\s*%\s+of\s+", r"\1% * "),
    ):  # fmt: skip
        text = re.sub(pattern, sign, text, flags=re.IGNORECASE)
    return text


def _expr(text: str) -> Any:
    text = re.sub(
        r"^(?:the\s+)?(?:expression|function|polynomial|equation|matrix|formula|number|term|inequality)s?\s+|^the\s+",
        "",
        text.strip(),
        flags=re.IGNORECASE,
    )
    text = re.sub(r"^[fgy]\s*\(\s*[a-z]\s*\)\s*=\s*", "", text)
    return parse(_words(text))


def _symbol(text: str | None, expression: Any, what: str = "variable") -> Any:
    if text:
        return S.Symbol(text.strip())
    free: list[Any] = sorted(getattr(expression, "free_symbols", set()), key=str)
    if len(free) == 1:
        return free[0]
    if not free:
        return S.Symbol("x")
    if S.Symbol("x") in free:
        return S.Symbol("x")
    raise Unclear(f'Which {what}? There are {", ".join(map(str, free))}: say, for example, "for {free[0]}".')


def _evaluate(text: str) -> Solved:
    if match := re.match(
        r"^(?P<e>.+?)\s+(?:at|for|when|where|if|with)\s+(?P<v>[a-z]\s*=\s*[^,]+(?:(?:,|\band\b)\s*[a-z]\s*=\s*[^,]+)*)$",
        text,
        re.IGNORECASE,
    ):
        expression = _expr(match["e"])
        values = [part.split("=") for part in re.split(r",|\band\b", match["v"])]
        pairs = {S.Symbol(name.strip()): _expr(value) for name, value in values}
        return Solved(
            f"{expression} where {', '.join(f'{name} = {value}' for name, value in pairs.items())}",
            [("", expression.subs(pairs))],
        )
    expression = _expr(text)
    if isinstance(expression, S.core.relational.Relational):
        if not expression.free_symbols:
            return Solved(str(expression), [("", S.simplify(expression.doit()))])
        return _solve([expression], None)
    if isinstance(expression, S.Symbol):
        raise BadFormula(f'"{text}" alone is no task.')
    value = S.nsimplify(expression) if False else expression
    return Solved(str(expression), [("", S.simplify(value) if value.is_number is False else value)])


# -- equations ------------------------------------------------------------------------------------------


def _equation(text: str) -> Any:
    found = _expr(text)
    return found if isinstance(found, S.core.relational.Relational) else S.Eq(found, 0, evaluate=False)


def _solve_match(match: re.Match[str]) -> Solved:
    text = match["e"]
    names: list[str] | None = None
    if found := re.search(
        r"\s+(?:for|in terms of|with respect to|w\.?r\.?t\.?)\s+(?P<v>[a-zA-Z](?:\w?)(?:\s*(?:,|and|,\s*and)\s*[a-zA-Z]\w?)*)\s*$",
        text,
    ):
        names = re.findall(r"(?!and\b)\b[a-zA-Z]\w?\b", found["v"])
        text = text[: found.start()]
    text = re.sub(
        r"^(?:the\s+)?(?:system(?: of equations)?|equations?|simultaneous equations|inequality|inequalities|roots? of|quadratic(?: equation)?)\s*:?\s*",
        "",
        text.strip(),
        flags=re.IGNORECASE,
    )
    parts = [part for part in re.split(r"\s*(?:;|,|\band\b|\n)\s*", text.strip(" {}")) if part]
    return _solve([_equation(part) for part in parts], names)


def _solve(equations: list[Any], names: list[str] | None) -> Solved:
    free: list[Any] = sorted(set[Any]().union(*(equation.free_symbols for equation in equations)), key=str)
    if not free:
        raise Unclear("There is no unknown in this equation.")
    symbols: list[Any] = [S.Symbol(name) for name in names] if names else free
    missing = [str(symbol) for symbol in symbols if symbol not in free]
    if missing:
        raise Unclear(
            f"{', '.join(missing)} does not occur in the equations; they contain {', '.join(map(str, free))}."
        )
    reading = f"solve {'; '.join(_shown(equation) for equation in equations)} for {', '.join(map(str, symbols))}"
    if any(not isinstance(equation, S.Eq) for equation in equations):
        if len(symbols) != 1 or any(len(equation.free_symbols) != 1 for equation in equations):
            raise Unclear("Inequalities are solved in one unknown.")
        real = S.Symbol(str(symbols[0]), real=True)
        found = S.And(*[S.reduce_inequalities(equation.subs(symbols[0], real), real) for equation in equations])
        return Solved(reading, [("", S.simplify(found).subs(real, symbols[0]))])
    if len(equations) == 1 and len(symbols) == 1:
        return _solve_one(equations[0], symbols[0], reading)
    if len(equations) == 1 and names is None:
        raise Unclear(f"Solve for which unknown? There are {', '.join(map(str, free))}.")
    found = S.solve(equations, symbols, dict=True)
    if not found:
        return Solved(reading, [("", S.EmptySet)], ["There is no solution."])
    answers: list[tuple[str, Any]] = []
    for index, one in enumerate(found, start=1):
        prefix = f"solution {index}: " if len(found) > 1 else ""
        answers += [(f"{prefix}{symbol}", one[symbol]) for symbol in symbols if symbol in one]
    notes = (
        ["There are infinitely many solutions; free unknowns stay."]
        if any(len(one) < len(symbols) for one in found)
        else []
    )
    return Solved(reading, answers, notes)


def _solve_one(equation: Any, symbol: Any, reading: str) -> Solved:
    difference = S.together(equation.lhs - equation.rhs)
    if S.simplify(difference) == 0:
        return Solved(reading, [("", S.true)], [f"Every {symbol} is a solution."])
    numerator = S.numer(difference)
    if (
        numerator.is_polynomial(symbol)
        and len(equation.free_symbols) == 1
        and S.degree(numerator, symbol) > 4
        and not S.roots(numerator, symbol)
    ):
        roots = S.Poly(numerator, symbol).nroots(n=15)
        return Solved(
            reading, [(str(symbol), root) for root in roots], ["There is no closed form; the roots are numeric."]
        )
    try:
        found = S.solve(equation, symbol)
    except NotImplementedError:
        found = None
    if found:
        notes = [f"{len(found)} solutions."] if len(found) > 1 else []
        if equation.has(S.sin, S.cos, S.tan):
            notes.append("Periodic functions: solutions within one period; others follow by the period.")
        return Solved(reading, [(str(symbol), value) for value in found], notes)
    if found == []:
        return Solved(reading, [("", S.EmptySet)], ["There is no solution."])
    roots: list[Any] = []
    for start in (0.1, 1, -1, 2, -2, 5, -5, 10, -10):
        try:
            root = S.nsolve(equation.lhs - equation.rhs, symbol, start)
        except (ValueError, TypeError, ZeroDivisionError, NotImplementedError):
            continue
        if abs(S.im(root)) < 1e-12 and all(abs(root - other) > 1e-9 for other in roots):
            roots.append(S.re(root))
    if not roots:
        raise Unclear("I find no solution of this equation, neither exact nor numeric.")
    return Solved(
        reading, [(str(symbol), root) for root in sorted(roots)], ["Found numerically; there may be more solutions."]
    )


def _shown(relation: Any) -> str:
    signs = {
        "Equality": "=",
        "StrictLessThan": "<",
        "StrictGreaterThan": ">",
        "LessThan": "<=",
        "GreaterThan": ">=",
        "Unequality": "!=",
    }
    return f"{relation.lhs} {signs.get(type(relation).__name__, '?')} {relation.rhs}"


# -- calculus -------------------------------------------------------------------------------------------


def _derivative(match: re.Match[str]) -> Solved:
    text = match["e"]
    order = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4}.get(
        (match.groupdict().get("n") or "").lower(), 1
    )
    point = None
    if found := re.search(r"\s+(?:at|when|for)\s+(?:the point\s+)?[a-z]\s*=\s*(?P<p>.+)$", text):
        point, text = _expr(found["p"]), text[: found.start()]
    name = match.groupdict().get("v")
    if found := re.search(r"\s+(?:with respect to|w\.?r\.?t\.?|for|by)\s+(?P<v>[a-zA-Z])$", text):
        name, text = found["v"], text[: found.start()]
    expression = _expr(text)
    symbol = _symbol(name, expression)
    result = S.simplify(S.diff(expression, symbol, order))
    answers = [(f"derivative with respect to {symbol}", result)]
    if point is not None:
        answers.append((f"at {symbol} = {point}", S.simplify(result.subs(symbol, point))))
    return Solved(
        f"derivative{f' of order {order}' if order > 1 else ''} of {expression} with respect to {symbol}",
        answers[-1:] if point is not None else answers,
        [f"The derivative is {result}."] if point is not None else [],
    )


def _integral(match: re.Match[str]) -> Solved:
    text, name, bounds = match["e"], None, None
    if found := re.search(
        r",?\s+(?:from|between|over)\s+(?:[a-z]\s*=\s*)?(?P<a>\S+|\([^)]*\))\s+(?:to|and)\s+(?P<b>\S+|.+?)(?=$|\s+(?:with respect to|d[a-z]\b))",
        text,
    ):
        bounds = (_expr(found["a"]), _expr(found["b"]))
        text = text[: found.start()] + text[found.end() :]
    if found := re.search(r"\s+(?:with respect to|w\.?r\.?t\.?)\s+(?P<v>[a-zA-Z])$|\s*\bd(?P<d>[a-zA-Z])$", text):
        name, text = found["v"] or found["d"], text[: found.start()]
    expression = _expr(text)
    symbol = _symbol(name, expression)
    if bounds is None:
        result = S.integrate(expression, symbol)
        if result.has(S.Integral):
            raise Unclear(f"I find no closed form for the integral of {expression}.")
        return Solved(
            f"integral of {expression} with respect to {symbol}",
            [("antiderivative (plus a constant)", S.simplify(result))],
        )
    result = S.integrate(expression, (symbol, *bounds))
    notes: list[str] = []
    if result.has(S.Integral):
        result, notes = (
            S.Integral(expression, (symbol, *bounds)).evalf(15),
            ["No closed form was found; the value is numeric."],
        )
    return Solved(
        f"integral of {expression} from {symbol} = {bounds[0]} to {bounds[1]}", [("", S.simplify(result))], notes
    )


def _limit(match: re.Match[str]) -> Solved:
    expression, symbol, point = _expr(match["e"]), S.Symbol(match["v"]), _expr(match["p"])
    side = (match["side"] or "").lower()
    direction = "-" if "left" in side or "below" in side else "+" if "right" in side or "above" in side else "+-"
    if point in {S.oo, -S.oo}:
        result = S.limit(expression, symbol, point)
    else:
        left, right = (S.limit(expression, symbol, point, way) for way in ("-", "+"))
        if direction == "+-" and left != right:
            return Solved(
                f"limit of {expression} as {symbol} goes to {point}",
                [("from the left", left), ("from the right", right)],
                ["The two sides differ: there is no limit."],
            )
        result = left if direction == "-" else right
    if result.has(S.Limit):
        raise Unclear(f"I cannot find the limit of {expression}.")
    return Solved(f"limit of {expression} as {symbol} goes to {point}", [("", result)])


def _series(match: re.Match[str]) -> Solved:
    expression = _expr(match["e"])
    symbol = _symbol(match.groupdict().get("v"), expression)
    point = _expr(match["p"]) if match["p"] else S.Integer(0)
    order = int(match["n"]) if match["n"] else 5
    if order > 40:
        raise Unclear("Series go up to order 40.")
    return Solved(
        f"series of {expression} around {symbol} = {point} up to order {order}",
        [("", S.series(expression, symbol, point, order + 1).removeO())],
        [f"Terms above order {order} are left out."],
    )


def _summation(match: re.Match[str]) -> Solved:
    expression, low, high = _expr(match["e"]), _expr(match["a"]), _expr(match["b"])
    symbol = S.Symbol(match["v"]) if match["v"] else _symbol(None, expression)
    product = match["op"].lower().startswith("prod")
    if product and high.is_number and high - low > 3000:
        raise Unclear("Products go up to 3000 factors.")
    result = S.product(expression, (symbol, low, high)) if product else S.summation(expression, (symbol, low, high))
    if result.has(S.Sum, S.Product):
        result = result.evalf(15)
    return Solved(
        f"{'product' if product else 'sum'} of {expression} for {symbol} from {low} to {high}",
        [("", S.simplify(result))],
    )


# -- numbers --------------------------------------------------------------------------------------------


def _simple(name: str, function: Callable[[Any], Any]) -> Callable[[re.Match[str]], Solved]:
    def rule(match: re.Match[str]) -> Solved:
        text = re.sub(r"\s*\b(?:completely|fully|as far as possible)$", "", match["e"])
        expression = _expr(text)
        if name == "factor" and expression.is_Integer:
            return _primes(expression)
        if isinstance(expression, S.core.relational.Relational):
            raise Unclear(f"To {name} an equation makes no sense; give an expression, or say solve.")
        return Solved(f"{name} {expression}", [("", function(expression))])

    return rule


def _primes(value: Any) -> Solved:
    if not value.is_Integer or len(str(value)) > 60:
        raise Unclear("Prime factors need a whole number of up to 60 digits.")
    factors = S.factorint(value)
    text = " * ".join(f"{prime}^{times}" if times > 1 else str(prime) for prime, times in factors.items()) or str(value)
    return Solved(
        f"prime factors of {value}",
        [("factors", [prime for prime, times in factors.items() for _ in range(times)])],
        [f"{value} = {text}"],
    )


def _is_prime(match: re.Match[str]) -> Solved:
    value = _whole(match[1])
    return Solved(
        f"is {value} prime",
        [("", S.true if S.isprime(value) else S.false)],
        [f"{value} is {'a' if S.isprime(value) else 'not a'} prime."],
    )


def _whole(text: str) -> Any:
    value = _num(text)
    if not value.is_Integer or len(str(value)) > 60:
        raise Unclear(f"{text} is not a whole number of a size that I handle.")
    return value


def _statistics(match: re.Match[str]) -> Solved:
    name, values = match["fn"].lower(), _list(match["e"])
    if not values or any(not value.is_number for value in values):
        raise Unclear(f'"{match["e"]}" is not a list of numbers.')
    count, total = len(values), sum(values, S.Integer(0))
    mean = total / count
    ordered = sorted(values, key=lambda value: float(value))
    population = "population" in name
    if re.search("deviation|variance|std", name):
        if count < 2 and not population:
            raise Unclear("A sample standard deviation needs at least two numbers.")
        spread = sum(((value - mean) ** 2 for value in values), S.Integer(0)) / (count if population else count - 1)
        other = sum(((value - mean) ** 2 for value in values), S.Integer(0)) / (
            count - 1 if population and count > 1 else count
        )
        root = "variance" not in name
        kinds = ("population", "sample") if population else ("sample", "population")
        notes = [f"As a {kinds[1]}: {S.N(S.sqrt(other) if root else other, 10)}."]
        return Solved(
            f"{kinds[0]} {'standard deviation' if root else 'variance'} of {count} numbers",
            [("", S.sqrt(spread) if root else spread)],
            notes,
        )
    middle = count // 2
    median = ordered[middle] if count % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    most = max(values.count(value) for value in values)
    modes = [value for value in dict.fromkeys(ordered) if values.count(value) == most]
    table: dict[str, Any] = {
        "mean": mean,
        "average": mean,
        "median": median,
        "sum": total,
        "total": total,
        "add": total,
        "product": S.prod(values),
        "multiply": S.prod(values),
        "minimum": ordered[0],
        "min": ordered[0],
        "smallest": ordered[0],
        "maximum": ordered[-1],
        "max": ordered[-1],
        "largest": ordered[-1],
        "range": ordered[-1] - ordered[0],
        "geometric mean": S.root(S.prod(values), count),
    }
    key = re.sub(r"^(?:the|arithmetic)\s+", "", name)
    if key == "mode":
        return Solved(f"mode of {count} numbers", [("", value) for value in modes])
    return Solved(f"{key} of {count} numbers", [("", table[key])])


def _binary(
    operation: Callable[[Any, Any], Any], words: str, first: int = 1, second: int = 2
) -> Callable[[re.Match[str]], Solved]:
    def rule(match: re.Match[str]) -> Solved:
        one, other = _expr(match[first]), _expr(match[second])
        if words == "/" and other == 0:
            raise Unclear("Division by zero.")
        if words == "compare" and other == 0:
            raise Unclear("A percentage of zero is not defined.")
        return Solved(
            {"/": f"{one} / {other}", "*": f"{one} * {other}", "+": f"{one} + {other}", "-": f"{one} - {other}"}.get(
                words, f"{words}: {one}, {other}"
            ),
            [("", operation(one, other))],
        )

    return rule


def _percent(operation: Callable[[Any, Any], Any], words: str, unit: str = "") -> Callable[[re.Match[str]], Solved]:
    def rule(match: re.Match[str]) -> Solved:
        one, other = _num(match["a"]), _num(match["b"])
        if (unit and words.startswith("change") and not words.startswith("change from {b}") and one == 0) or (
            words.startswith(("share", "change from {b}")) and other == 0
        ):
            raise Unclear("A percentage of zero is not defined.")
        return Solved(words.format(a=one, b=other), [("", operation(one, other))], unit=unit)

    return rule


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
    principal, rate, years = _num(match["p"]), _num(match["r"]) / 100, _num(match["t"])
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


def _matrix(match: re.Match[str]) -> Solved:
    name, matrix = match["fn"].lower(), _expr(match["e"])
    if not isinstance(matrix, S.MatrixBase):
        raise Unclear(f'"{match["e"]}" is not a matrix; write it as [[1, 2], [3, 4]].')
    if name not in {"rank", "transpose"} and matrix.rows != matrix.cols:
        raise Unclear(f"The {name} needs a square matrix; this one is {matrix.rows} by {matrix.cols}.")
    if name == "inverse" and matrix.det() == 0:
        raise Unclear("This matrix has no inverse: its determinant is 0.")
    match name:
        case "determinant" | "det":
            return Solved(f"determinant of {matrix.tolist()}", [("", matrix.det())])
        case "inverse":
            return Solved(f"inverse of {matrix.tolist()}", [("", matrix.inv())])
        case "transpose":
            return Solved(f"transpose of {matrix.tolist()}", [("", matrix.T)])
        case "rank":
            return Solved(f"rank of {matrix.tolist()}", [("", S.Integer(matrix.rank()))])
        case "trace":
            return Solved(f"trace of {matrix.tolist()}", [("", matrix.trace())])
        case "eigenvectors":
            return Solved(
                f"eigenvectors of {matrix.tolist()}",
                [
                    (f"eigenvector for {value}", vector)
                    for value, _, vectors in matrix.eigenvects()
                    for vector in vectors
                ],
            )
        case _:
            return Solved(
                f"eigenvalues of {matrix.tolist()}",
                [
                    (f"eigenvalue (multiplicity {times})" if times > 1 else "eigenvalue", value)
                    for value, times in matrix.eigenvals().items()
                ],
            )


def _n_primes(match: re.Match[str]) -> Solved:
    count = int(match[1])
    if not 0 < count <= 5000:
        raise Unclear("Lists of primes go up to 5000.")
    return Solved(f"first {count} primes", [("primes", [S.Integer(S.prime(index)) for index in range(1, count + 1)])])


def _rule(pattern: str, function: Callable[[re.Match[str]], Solved]) -> Rule:
    return re.compile(rf"^(?:the\s+)?{pattern}$", re.IGNORECASE | re.DOTALL), function


P = r"(?P<a>-?[$€£]?[\d,.]*\d)\s*%"
_A, _B = r"\(?\s*(?P<a>-?[$€£]?[\d,]*\.?\d+)\s*\)?", r"\(?\s*(?P<b>-?[$€£]?[\d,]*\.?\d+)\s*\)?"
_STATS = r"(?P<fn>(?:arithmetic |geometric )?mean|average|median|mode|(?:population |sample )?(?:standard deviation|variance|std)|range|minimum|maximum|min|max|smallest|largest)"
RULES: tuple[Rule, ...] = (
    _rule(rf"{P}\s*(?:of|\*)\s*{_B}", _percent(lambda a, b: a * b / 100, "{a}% of {b}")),
    _rule(
        rf"what\s+(?:percent(?:age)?|%|share|proportion)\s+(?:of\s+{_B}\s+is\s+{_A}|is\s+(?P<a2>x)?)",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    _rule(
        rf"(?:what\s+)?(?:percent(?:age)?|%|share|proportion|fraction)\s+of\s+{_B}\s+(?:(?:is|does|do|are|was|were)\s+)?{_A}(?:\s+(?:is|are|was|were|makes?(?:\s+up)?|represents?|come to))?",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    _rule(
        rf"(?:by\s+)?(?:how\s+many|how\s+much|what)\s+(?:percent(?:age)?|%)\s+(?:more|higher|larger|greater|bigger)\s+(?:is|are|was|were)\s+{_A}\s+(?:than|compared\s+(?:to|with))\s+{_B}",
        _percent(lambda a, b: 100 * (a - b) / b, "change from {b} to {a}, in percent of {b}", "%"),
    ),
    _rule(
        rf"(?:by\s+)?(?:how\s+many|how\s+much|what)\s+(?:percent(?:age)?|%)\s+(?:less|fewer|lower|smaller)\s+(?:is|are|was|were)\s+{_A}\s+(?:than|compared\s+(?:to|with))\s+{_B}",
        _percent(lambda a, b: 100 * (b - a) / b, "change from {b} down to {a}, in percent of {b}", "%"),
    ),
    _rule(
        rf"convert\s+{_A}(?:\s*(?P<old>euros?|dollars?|pounds?|francs?|eur|usd|gbp|chf|yen|jpy))?\s+(?:in)?to\s+(?P<new>euros?|dollars?|pounds?|francs?|eur|usd|gbp|chf|yen|jpy)\s+(?:at|with|using)\s+(?:a\s+|an\s+|the\s+)?(?:exchange\s+)?(?:rate\s+(?:of\s+)?)?{_B}",
        _percent(lambda a, b: a * b, "{a} times the rate {b}"),
    ),
    _rule(
        rf"(?:what\s+)?(?:percent(?:age)?|%)\s+(?:is\s+)?{_A}\s+(?:is\s+)?of\s+{_B}",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    _rule(
        rf"{_A}\s+is\s+what\s+(?:percent(?:age)?|%)\s+of\s+{_B}",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    _rule(
        rf"(?:express\s+)?{_A}\s+as\s+(?:a\s+)?(?:percent(?:age)?|%|share)\s+of\s+{_B}",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    _rule(
        rf"(?:increase|raise|grow)\s+{_A}\s+by\s+(?P<b>[\d.]+)\s*%",
        _percent(lambda a, b: a * (1 + b / 100), "{a} increased by {b}%"),
    ),
    _rule(
        rf"(?:decrease|reduce|lower|discount|cut)\s+{_A}\s+by\s+(?P<b>[\d.]+)\s*%",
        _percent(lambda a, b: a * (1 - b / 100), "{a} decreased by {b}%"),
    ),
    _rule(
        rf"{_A}\s+(?:plus|\+|increased by)\s+(?P<b>[\d.]+)\s*%(?:\s+(?:tax|vat))?",
        _percent(lambda a, b: a * (1 + b / 100), "{a} increased by {b}%"),
    ),
    _rule(
        rf"{_A}\s+(?:minus|-|decreased by|reduced by)\s+(?P<b>[\d.]+)\s*%",
        _percent(lambda a, b: a * (1 - b / 100), "{a} decreased by {b}%"),
    ),
    _rule(
        rf"add\s+(?P<b>[\d.]+)\s*%(?:\s+(?:tax|vat|tip))?\s+to\s+{_A}",
        _percent(lambda a, b: a * (1 + b / 100), "{a} increased by {b}%"),
    ),
    _rule(
        rf"(?P<b>[\d.]+)\s*%\s+(?:off|discount (?:on|from))\s+{_A}",
        _percent(lambda a, b: a * (1 - b / 100), "{a} decreased by {b}%"),
    ),
    _rule(
        rf"(?:percent(?:age)?\s+(?:change|increase|decrease|difference|growth)|growth rate|relative change|change in percent)\s+(?:from|between)\s+{_A}\s+(?:to|and)\s+{_B}",
        _percent(lambda a, b: 100 * (b - a) / a, "change from {a} to {b}", "%"),
    ),
    _rule(
        r"(?P<kind>compound|simple)\s+interest\s+(?:of|on|for)\s+(?P<p>[$€£]?[\d,.]*\d)\s+(?:at|with)\s+(?:a rate of\s+)?(?P<r>[\d.]+)\s*%(?:\s+(?:interest|per year|per annum|a year|annually|yearly|p\.?a\.?|annual interest))*\s*,?\s+(?:for|over|after)\s+(?P<t>[\d.]+)\s+(?P<unit>years?|months?)(?:\s*,?\s*(?:compounded\s+)?(?P<c>annually|yearly|monthly|quarterly|weekly|daily|semi-?annually))?",
        _interest,
    ),
    _rule(r"(?:differentiate|derive)\s+(?P<e>.+)", _derivative),
    _rule(r"(?:(?P<n>first|second|third|fourth|2nd|3rd)\s+)?derivative\s+of\s+(?P<e>.+)", _derivative),
    _rule(r"d\s*/\s*d(?P<v>[a-z])\s*(?:of\s+)?(?P<e>.+)", _derivative),
    _rule(
        r"(?:integrate|(?:definite |indefinite )?integral\s+of|antiderivative\s+of|area under)\s+(?P<e>.+)", _integral
    ),
    _rule(
        r"lim(?:it)?\s+(?:of\s+)?(?P<e>.+?)\s*,?\s+(?:as|when|for)\s+(?P<v>[a-z])\s*(?:->|→|approaches|goes to|tends to|to)\s*(?P<p>.+?)(?:\s+from\s+(?:the\s+)?(?P<side>left|right|above|below))?",
        _limit,
    ),
    _rule(
        r"(?:(?:taylor|maclaurin|power)\s+)?series(?:\s+expansion)?\s+(?:of|for)\s+(?P<e>.+?)(?:\s+(?:around|about|at)\s+(?:(?P<v>[a-z])\s*=\s*)?(?P<p>\S+))?(?:\s*,?\s+(?:up to|to)\s+(?:order|degree)\s+(?P<n>\d+))?",
        _series,
    ),
    _rule(
        r"(?P<op>sum|product)\s+(?:of\s+)?(?P<e>.+?)\s*,?\s+(?:for|from|over)\s+(?:(?P<v>[a-z])\s*(?:=|from)\s*)?(?P<a>\S+)\s+to\s+(?P<b>\S+)",
        _summation,
    ),
    _rule(
        r"(?P<fn>determinant|det|inverse|transpose|rank|trace|eigenvalues|eigenvectors)\s+(?:of\s+)?(?:the\s+)?(?:matrix\s+)?(?P<e>\[.+\])",
        _matrix,
    ),
    _rule(r"(?P<fn>determinant|det|inverse|transpose|rank|trace|eigenvalues|eigenvectors)\s+of\s+(?P<e>.+)", _matrix),
    _rule(
        r"(?P<fn0>invert|transpose)\s+(?:the\s+)?(?:matrix\s+)?(?P<e>\[.+\])",
        lambda match: Solved(
            f"{match['fn0'].lower()} {match['e']}",
            [("", _expr(match["e"]).inv() if match["fn0"].lower() == "invert" else _expr(match["e"]).T)],
        ),
    ),
    _rule(
        r"solve\s+for\s+(?P<v>[a-zA-Z])\s*[:,]?\s+(?P<e>.+)",
        lambda match: _solve([_equation(match["e"])], [match["v"]]),
    ),
    _rule(r"(?:solve|(?:the\s+)?(?:solutions?|roots?|zeros?|zeroes)\s+(?:of|to))\s*:?\s+(?P<e>.+)", _solve_match),
    _rule(r"for\s+(?:what|which)\s+(?:values?\s+of\s+)?(?P<v>[a-z])\s+(?:is|does)\s+(?P<e>.+)", _solve_match),
    _rule(r"simplify\s+(?P<e>.+)", _simple("simplify", lambda e: S.simplify(e))),
    _rule(r"(?:expand|multiply out)\s+(?P<e>.+)", _simple("expand", lambda e: S.expand(e))),
    _rule(r"prime\s+factor(?:s|i[sz]ation)\s+of\s+(?P<e>.+)", lambda match: _primes(_expr(match["e"]))),
    _rule(
        r"(?:factor(?:i[sz]e)?|factors? of|factori[sz]ation of)\s+(?P<e>.+)", _simple("factor", lambda e: S.factor(e))
    ),
    _rule(
        r"partial fractions?(?: decomposition)?\s+(?:of\s+)?(?P<e>.+)",
        _simple("partial fractions of", lambda e: S.apart(e)),
    ),
    _rule(rf"(?:is\s+)?{N}\s+(?:a\s+)?prime(?:\s+number)?", _is_prime),
    _rule(rf"is\s+{N}\s+(?:a\s+)?prime(?:\s+number)?", _is_prime),
    _rule(r"first\s+(\d+)\s+primes?(?:\s+numbers?)?", _n_primes),
    _rule(
        rf"next\s+prime\s+(?:number\s+)?(?:after|above|following)\s+{N}",
        lambda match: Solved(f"next prime after {match[1]}", [("", S.Integer(S.nextprime(_whole(match[1]))))]),
    ),
    _rule(
        rf"divisors\s+of\s+{N}",
        lambda match: Solved(
            f"divisors of {match[1]}", [("divisors", [S.Integer(one) for one in S.divisors(_whole(match[1]))])]
        ),
    ),
    _rule(
        r"(?:gcd|greatest common (?:divisor|factor)|gcf|hcf|highest common factor)\s+of\s+(?P<e>[-\d,\s]+(?:and\s+-?[\d,]+)?)",
        lambda match: Solved(f"greatest common divisor of {match['e']}", [("", S.gcd(_list(match["e"])))]),
    ),
    _rule(
        r"(?:lcm|(?:least|lowest|smallest) common multiple)\s+of\s+(?P<e>[-\d,\s]+(?:and\s+-?[\d,]+)?)",
        lambda match: Solved(f"least common multiple of {match['e']}", [("", S.lcm(_list(match["e"])))]),
    ),
    _rule(
        rf"{_STATS}\s+(?:of|from|for|among)\s+(?:the\s+)?(?:(?:numbers|values|list|data)\s*:?\s*)?(?P<e>[-\d(\[][-\d.,\s;()\[\]]*(?:and\s+\(?-?[\d.]+\)?)?[\])]?)",
        _statistics,
    ),
    _rule(
        r"(?P<fn>sum|product|add|multiply|total)\s+(?:of\s+|up\s+)?(?:the\s+)?(?:(?:numbers|values)\s*:?\s*)?(?P<e>[-(]?[\d.]+[)]?(?:\s*(?:,|;|,?\s*\band\b)\s*\(?-?[\d.]+\)?)+(?:\s+together)?)",
        _statistics,
    ),
    _rule(r"add\s+(.+?)\s+(?:to|and)\s+(.+)", _binary(lambda a, b: b + a, "+", 2, 1)),
    _rule(r"sum\s+of\s+(.+?)\s+and\s+(.+)", _binary(lambda a, b: a + b, "+")),
    _rule(r"product\s+of\s+(.+?)\s+and\s+(.+)", _binary(lambda a, b: a * b, "*")),
    _rule(r"subtract\s+(.+?)\s+from\s+(.+)", _binary(lambda a, b: a - b, "-", 2, 1)),
    _rule(r"difference\s+(?:between|of)\s+(.+?)(?:\s+and\s+|\s*,\s*)(.+)", _binary(lambda a, b: a - b, "-")),
    _rule(r"divide\s+(.+?)\s+by\s+(.+)", _binary(lambda a, b: a / b, "/")),
    _rule(r"(?:ratio\s+(?:of|between)|quotient\s+of)\s+(.+?)\s+(?:to|and)\s+(.+)", _binary(lambda a, b: a / b, "/")),
    _rule(r"multiply\s+(.+?)\s+(?:by|with|and|times)\s+(.+)", _binary(lambda a, b: a * b, "*")),
    _rule(
        r"(?:remainder\s+(?:of|when)\s+)(.+?)\s+(?:is\s+)?divided\s+by\s+(.+)",
        _binary(lambda a, b: S.Mod(a, b), "remainder"),
    ),
    _rule(r"(?:half|a half)\s+(?:of\s+)?(?P<e>.+)", _simple("half of", lambda e: e / 2)),
    _rule(r"(?:double|twice)\s+(?:of\s+)?(?P<e>.+)", _simple("double of", lambda e: e * 2)),
    _rule(r"triple\s+(?:of\s+)?(?P<e>.+)", _simple("triple of", lambda e: e * 3)),
    _rule(r"square\s+(?!root)(?:of\s+)?(?P<e>.+)", _simple("square of", lambda e: power(e, S.Integer(2)))),
    _rule(r"evaluate\s+(?P<e>.+)", lambda match: _evaluate(match["e"])),
)
