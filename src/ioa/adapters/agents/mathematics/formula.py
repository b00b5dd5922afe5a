"""Formulas from text into SymPy objects, by a grammar of our own: nothing is evaluated as Python.

Grammar: relation := sum (('=' | '<' | '>' | '<=' | '>=' | '!=') sum)?; sum := term (('+'|'-') term)*;
term := unary (('*' | '/' | 'mod' | nothing) unary)*; unary := '-' unary | power; power := postfix ('^' unary)?;
postfix := primary ('!' | '%')*; primary := number | name | function '(' sum, ... ')' | '(' sum ')' | '|' sum '|' | '[' ... ']'.
"""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp  # pyright: ignore[reportMissingTypeStubs] - sympy's types are partial

# SymPy is dynamically typed: inside this module its objects are Any, and only text leaves the worker.
S: Any = sp
MAX_DIGITS = 20_000
MAX_FACTORIAL = 3_000
MAX_TOKENS = 2_000
MAX_DEPTH = 60

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![A-Za-z]))?|\.\d+)|(?P<name>[A-Za-zα-ωΑ-Ω∞]+(?:_?\d+)?)|(?P<sign>\*\*|<=|>=|!=|==|[-+*/^()\[\],!%|<>=]))"
)
_REPLACED = {
    "−": "-",
    "–": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "÷": "/",
    "²": "^2",
    "³": "^3",
    "√": "sqrt",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "π": " pi ",
    "∞": " oo ",
}


class BadFormula(Exception):
    """The text is not a formula, or one that is too large. Says where or why."""


def _lg(value: Any) -> Any:
    return S.log(value, 10)


def _det(matrix: Any) -> Any:
    if not isinstance(matrix, S.MatrixBase):
        raise BadFormula("det needs a matrix such as [[1, 2], [3, 4]].")
    return matrix.det()


FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    **{name: (1, getattr(S, name)) for name in ("sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "exp", "sqrt", "floor", "sign", "re", "im", "conjugate", "erf", "gamma", "zeta")},
    "arcsin": (1, S.asin), "arccos": (1, S.acos), "arctan": (1, S.atan), "ln": (1, S.log), "abs": (1, S.Abs), "cbrt": (1, S.cbrt), "ceil": (1, S.ceiling), "ceiling": (1, S.ceiling),
    "log": (1, S.log), "lg": (1, _lg), "max": (-1, S.Max), "min": (-1, S.Min), "gcd": (-1, lambda *a: S.gcd(list(a))), "lcm": (-1, lambda *a: S.lcm(list(a))),
    "mod": (2, S.Mod), "binomial": (2, S.binomial), "choose": (2, S.binomial), "root": (2, S.root), "factorial": (1, S.factorial), "det": (1, _det),
}  # fmt: skip
CONSTANTS: dict[str, Any] = {"pi": S.pi, "e": S.E, "i": S.I, "oo": S.oo, "infinity": S.oo, "inf": S.oo}
GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "theta",
        "lambda",
        "mu",
        "nu",
        "rho",
        "sigma",
        "tau",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
)
RELATIONS = {"=": S.Eq, "==": S.Eq, "<": S.Lt, ">": S.Gt, "<=": S.Le, ">=": S.Ge, "!=": S.Ne}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(text: str) -> Any:
    """A formula (or a relation) as a SymPy object. Raises `BadFormula`."""
    parser = _Parser(_tokens(text))
    found = parser.relation()
    if parser.rest():
        raise BadFormula(f'I do not understand "{parser.rest()}" in "{text.strip()}".')
    return found


def is_formula(text: str) -> bool:
    """Whether the text can be read as a formula."""
    try:
        parse(text)
    except BadFormula:
        return False
    return True


def _tokens(text: str) -> list[_Token]:
    for sign, plain in _REPLACED.items():
        text = text.replace(sign, plain)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text) if not re.search(r"[\[(][^\])]*,", text) else text
    tokens: list[_Token] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise BadFormula(f'I do not understand "{text[at : at + 20]}" in "{text[:80]}".')
        kind = match.lastgroup or "sign"
        raw = match.group(kind)
        if kind == "number" and len(raw) > 400:
            raise BadFormula("A number with more than 400 digits is too long.")
        tokens += _names(raw) if kind == "name" else [_Token(kind, raw)]
        at = match.end()
    if not tokens:
        raise BadFormula("There is no formula.")
    if len(tokens) > MAX_TOKENS:
        raise BadFormula(f"The formula has more than {MAX_TOKENS} parts.")
    return tokens


def _names(raw: str) -> list[_Token]:
    """`xy` is x times y; words are refused, because they are no formula."""
    low = raw.lower()
    if (
        low in FUNCTIONS
        or low in CONSTANTS
        or low in GREEK
        or low == "mod"
        or re.fullmatch(r"[A-Za-zα-ωΑ-Ω](_?\d+)?", raw)
    ):
        return [_Token("name", raw)]
    if len(raw) <= 3 and raw.isalpha() and raw.islower() and not set(raw) & set("aeiou"):
        return [_Token("name", letter) for letter in raw]
    raise BadFormula(f'I do not understand the word "{raw}" in a formula.')


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._bars = 0

    def rest(self) -> str:
        return " ".join(token.text for token in self._tokens[self._at : self._at + 12])

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token("end", "")

    def _take(self, text: str) -> bool:
        if self._peek().text == text and self._peek().kind == "sign":
            self._at += 1
            return True
        return False

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise BadFormula(
                f'A "{text}" is missing' + (f' before "{self.rest()}".' if self.rest() else " at the end.")
            )

    def relation(self) -> Any:
        left = self.sum()
        sign = self._peek()
        if sign.kind == "sign" and sign.text in RELATIONS:
            self._at += 1
            right = self.sum()
            return RELATIONS[sign.text](left, right, evaluate=False)
        return left

    def sum(self) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadFormula("The formula is nested too deeply.")
        found = self._term()
        while self._peek().text in {"+", "-"} and self._peek().kind == "sign":
            plus = self._peek().text == "+"
            self._at += 1
            other = self._term()
            found = _combine(lambda a, b: a + b, found, other) if plus else _combine(lambda a, b: a - b, found, other)
        self._depth -= 1
        return found

    def _term(self) -> Any:
        found = self._unary()
        while True:
            token = self._peek()
            if token.kind == "sign" and token.text in {"*", "/"}:
                self._at += 1
                other = self._unary()
                if token.text == "/" and other == 0:
                    raise BadFormula("Division by zero.")
                found = (
                    _combine(lambda a, b: a * b, found, other)
                    if token.text == "*"
                    else _combine(lambda a, b: a / b, found, other)
                )
            elif token.kind == "name" and token.text.lower() == "mod" and not self._called():
                self._at += 1
                found = S.Mod(found, self._unary())
            elif (
                token.kind in {"number", "name"}
                or (token.kind == "sign" and token.text in {"(", "["})
                or (token.text == "|" and not self._bars)
            ):
                if token.kind == "number" and self._at and self._tokens[self._at - 1].kind == "number":
                    raise BadFormula(f'An operator is missing before "{token.text}".')
                found = _combine(lambda a, b: a * b, found, self._power())
            else:
                return found

    def _called(self) -> bool:
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else _Token("end", "")
        return following.text == "("

    def _unary(self) -> Any:
        if self._take("-"):
            return -self._unary()
        if self._take("+"):
            return self._unary()
        return self._power()

    def _power(self) -> Any:
        base = self._postfix()
        if self._take("^") or self._take("**"):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise BadFormula("The formula is nested too deeply.")
            exponent = self._unary()
            self._depth -= 1
            return power(base, exponent)
        return base

    def _postfix(self) -> Any:
        found = self._primary()
        while self._peek().kind == "sign" and self._peek().text in {"!", "%"}:
            sign = self._peek().text
            self._at += 1
            found = factorial(found) if sign == "!" else found / 100
        return found

    def _primary(self) -> Any:
        token = self._peek()
        if token.kind == "number":
            self._at += 1
            if "e" in token.text.lower() and abs(int(re.split("[eE]", token.text)[1])) > 1000:
                raise BadFormula("That number is too large.")
            return S.Rational(token.text)
        if token.kind == "name":
            return self._name(token)
        if self._take("("):
            found = self.relation() if False else self.sum()
            self._need(")")
            return found
        if token.text == "|" and token.kind == "sign":
            self._at += 1
            self._bars += 1
            found = self.sum()
            self._bars -= 1
            self._need("|")
            return S.Abs(found)
        if token.text == "[":
            return self._matrix()
        raise BadFormula(
            f'Something is missing before "{self.rest()}".' if token.kind != "end" else "The formula ends too early."
        )

    def _name(self, token: _Token) -> Any:
        self._at += 1
        low = token.text.lower()
        if low in FUNCTIONS and (self._peek().text == "(" or low not in GREEK):
            count, function = FUNCTIONS[low]
            if low in {"sqrt", "sin", "cos", "tan", "ln", "log", "exp", "abs", "cbrt"} and self._peek().text != "(":
                arguments = [self._power()]
            else:
                arguments = self._arguments(low)
            if low == "log" and len(arguments) == 2:
                return S.log(arguments[0], arguments[1])
            if low in {"factorial", "gamma"}:
                return factorial(arguments[0]) if low == "factorial" else S.gamma(_small(arguments[0], MAX_FACTORIAL))
            if low in {"binomial", "choose"}:
                arguments = [_small(one, 100_000) for one in arguments]
            if low == "exp" and arguments[0].is_number and abs(S.N(arguments[0], 5)) > 10**6:
                raise BadFormula("That power is too large.")
            if count >= 0 and len(arguments) != count:
                raise BadFormula(f"{low} takes {count} value(s), not {len(arguments)}.")
            return function(*arguments)
        if low in CONSTANTS and (low != "i" or token.text in {"i", "I"}) and (low != "e" or token.text == "e"):
            return CONSTANTS[low]
        return S.Symbol(token.text)

    def _arguments(self, name: str) -> list[Any]:
        if not self._take("("):
            raise BadFormula(f'"{name}" needs its value in brackets.')
        found = [self.sum()]
        while self._take(","):
            found.append(self.sum())
        self._need(")")
        return found

    def _matrix(self) -> Any:
        self._need("[")
        rows: list[list[Any]] = []
        if self._peek().text != "[":
            row = [self.sum()]
            while self._take(","):
                row.append(self.sum())
            self._need("]")
            return S.Matrix(row)
        while True:
            self._need("[")
            row = [self.sum()]
            while self._take(","):
                row.append(self.sum())
            self._need("]")
            rows.append(row)
            if not self._take(","):
                break
        self._need("]")
        if len({len(row) for row in rows}) != 1 or len(rows) > 30:
            raise BadFormula("The rows of a matrix must have the same length (and there may be 30 at most).")
        return S.Matrix(rows)


def _combine(operation: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    try:
        return operation(one, other)
    except (TypeError, ValueError, S.ShapeError) as error:
        raise BadFormula(f"These do not go together: {one} and {other}.") from error


def _small(value: Any, limit: int) -> Any:
    if value.is_number and value.is_real and abs(S.N(value, 15)) > limit:
        raise BadFormula(f"{str(value)[:30]} is too large here (at most {limit}).")
    return value


def factorial(value: Any) -> Any:
    """n!, for n within limits."""
    if value.is_number and (value.is_integer is False or value.is_negative):
        raise BadFormula("A factorial needs a whole number that is not negative.")
    return S.factorial(_small(value, MAX_FACTORIAL))


def power(base: Any, exponent: Any) -> Any:
    """base^exponent, refused when its digits could not be written."""
    if isinstance(exponent, S.MatrixBase):
        raise BadFormula("A matrix cannot be an exponent.")
    if exponent.is_number and exponent.is_real:
        size = abs(S.N(exponent, 15))
        if isinstance(base, S.MatrixBase):
            if not exponent.is_integer or size > 1000:
                raise BadFormula("A matrix can be raised to whole powers up to 1000.")
        elif base.is_number and base not in {S.Integer(0), S.Integer(1), S.Integer(-1), S.E}:
            digits = float(size) * abs(math.log10(abs(complex(S.N(base, 15))) or 1.0)) if size < 10**9 else math.inf
            if base.is_Rational and not base.is_Integer:
                digits = float(size) * max(len(str(base.p)), len(str(base.q))) if size < 10**9 else math.inf
            if digits > MAX_DIGITS:
                raise BadFormula(f"That power has more than {MAX_DIGITS} digits.")
        elif base == S.E and size > 10**6:
            raise BadFormula("That power is too large.")
        elif base.is_Add and size > 200:
            raise BadFormula("Powers of sums go up to 200.")
        if base == 0 and exponent.is_negative:
            raise BadFormula("Division by zero.")
    try:
        return base**exponent
    except (TypeError, ValueError) as error:
        raise BadFormula(f"{base} cannot be raised to {exponent}.") from error
