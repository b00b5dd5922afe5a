"""Which program a task asks the coder to run: code in the text or in another's result, or a script. Rules."""

from __future__ import annotations

import ast
import re
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ioa.adapters.agents.prose import shortened
from ioa.ports.agent import AgentFailed, Assignment, LocalFile

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+#-]*)[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
# A block whose marks do not stand on lines of their own: "run ```python print(1)``` and tell me".
_LOOSE_FENCE = re.compile(r"(`{3,}|~{3,})(?P<code>.*?)\1", re.DOTALL)
_TAGGED = re.compile(r"[ \t]*(?P<language>[A-Za-z][\w+#-]*)[ \t]*(?:\n(?P<below>.*)|[ \t](?P<beside>.*))?$", re.DOTALL)
_INDENTED = re.compile(r":[ \t]*\n(?:[ \t]*\n)*(?P<code>(?:(?: {4}|\t)[^\n]*(?:\n|$)|[ \t]*\n)+)")
_CODE_WORDS = (
    r"(?:this|the|following|given|python|python3|py|code|program|script|snippet|command|line|lines|"
    r"one-?liner|in|a|sandbox)"
)
_INLINE = re.compile(
    rf"\b(?:run|execute|evaluate)\b(?:\s+{_CODE_WORDS})*\s*:\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_INLINE_BARE = re.compile(
    rf"\b(?:run|execute|evaluate)\b(?:\s+(?!print\b){_CODE_WORDS})*\s+(.+)", re.IGNORECASE | re.DOTALL
)
_AFTER_COLON = re.compile(r"\b(?:run|execute|evaluate)\b[^:]*:\s*(.+)", re.IGNORECASE | re.DOTALL)
_CODE_FIRST = re.compile(
    r"\b(?:what (?:does|will|would|is the output of)|find out what|tell me what)\b(?:\s+(?:this|the|python|code|"
    r"output|of))*\s+(.+?)\s+"
    r"(?:prints?|outputs?|returns?|gives?|evaluates? to)\b",
    re.IGNORECASE | re.DOTALL,
)
# What people say after the code: cut off, if the code reads as Python without it and not with it.
_AFTERWARDS = re.compile(
    r"\s*(?:[,;.]\s*|\s)(?:(?:and|then)\s+)*(?:please\s+)?(?:tell|show|give|report|return|send|save|print out|"
    r"say|explain|note|let me know|divide|multiply|add|subtract|round|convert|use|write|plot|draw|compute|calculate)"
    r"\b(?:\s+(?:me|us))?\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_TICKED = re.compile(r"\b(?:run|execute|evaluate)\b[^`]*`([^`\n]+)`", re.IGNORECASE)
_ARGUMENTS = re.compile(r"\bwith (?:the )?(?:arguments?|args|parameters?|options?|flags?)\s*:?\s*(.+)", re.IGNORECASE)
_INPUTS = re.compile(
    r"^\W{0,3}\s*(?:script |program )?(?:on|with|over|for|using|against|to)\b(.*)", re.IGNORECASE | re.DOTALL
)
_NEXT_CLAUSE = re.compile(
    r"[;:]|\.\s|,?\s+(?:and|then)\s+(?=(?:tell|show|report|send|give|return|say|save|then|compute|print|use)\b)", re.I
)
_RUNS = re.compile(r"\b(?:run|runs|running|execute|start|launch|call)\b", re.IGNORECASE)
_PYTHON = ("", "python", "py", "python3")
_CODE_LIMIT_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: a file of the task, or `code` given in words, as `name`, with `arguments`."""

    name: str
    code: str | None = None
    arguments: tuple[str, ...] = ()


def program_of(assignment: Assignment, files: Sequence[LocalFile]) -> Program:
    """What the task wants to be run. Raises `AgentFailed` that says what is missing."""
    task = assignment.task_desc
    if code := _fenced(task) or _loosely_fenced(task):
        return Program("program.py", _checked(code))
    scripts = {file.name: file for file in files if file.name.lower().endswith(".py")}
    named = [name for name in scripts if re.search(rf"(?<![\w/.-]){re.escape(name)}(?!\w)", task, re.IGNORECASE)]
    named = named or [name for name, file in scripts.items() if str(file.path) in task]
    if len(named) == 1:
        return Program(named[0], arguments=_arguments(task, named[0], files))
    if len(named) > 1:
        raise AgentFailed(f"The task names several scripts ({', '.join(named)}); name one to run.")
    if absent := re.search(r"[\w./-]+\.py\b", task):
        there = ", ".join(file.name for file in files) or "none"
        raise AgentFailed(f"{absent[0]} is not among the files of this task ({there}); add it.")
    if _RUNS.search(task) and (match := _INDENTED.search(task)) and _python(textwrap.dedent(match["code"]).strip("\n")):
        return Program("program.py", _checked(textwrap.dedent(match["code"]).strip("\n")))
    if match := _TICKED.search(task) or _INLINE.search(task):
        return Program("program.py", _checked(_without_the_rest(match[1].strip().strip("`"))))
    for pattern in (_AFTER_COLON, _CODE_FIRST, _INLINE_BARE):
        if (match := pattern.search(task)) and (code := _python(match[1].strip().strip("`"))):
            return Program("program.py", _shown(code))
    for result in reversed(assignment.earlier):
        if _RUNS.search(task) and (code := _fenced(result.conclusion, explicit=True)):
            return Program("program.py", _checked(code))
    if _RUNS.search(task) and len(scripts) == 1:
        return Program(next(iter(scripts)))
    if len(scripts) > 1:
        raise AgentFailed(f"There are several scripts ({', '.join(scripts)}); name the one to run.")
    raise AgentFailed(
        "I run Python code, I do not write it: I work by rules, without a language model. "
        "Give the code in a ```python block, after 'run:', or as a .py file."
    )


def _arguments(task: str, script: str, files: Sequence[LocalFile]) -> tuple[str, ...]:
    """What the script is given: the words after "with arguments", or the files that it is to be run on."""
    if match := _ARGUMENTS.search(task):
        try:
            words = shlex.split(_NEXT_CLAUSE.split(match[1].strip())[0].strip().rstrip("."))
        except ValueError as error:
            raise AgentFailed(f"The arguments {match[1]!r} cannot be read: {error}.") from error
        return tuple(word.strip(",") for word in words if word != "and")
    after = task[task.lower().rfind(script.lower()) + len(script) :]
    if (match := _INPUTS.match(after)) is None:
        return ()
    said = _NEXT_CLAUSE.split(match[1])[0]
    places = {
        file.name: found.start()
        for file in files
        if file.name != script and (found := re.search(rf"(?<![\w.-]){re.escape(file.name)}(?![\w-]|\.\w)", said, re.I))
    }
    if places:
        return tuple(sorted(places, key=places.__getitem__))
    if absent := re.search(r"[\w-]+\.(?:csv|txt|json|tsv|xlsx?|md|parquet|log|xml|ya?ml)\b", said):
        there = ", ".join(file.name for file in files) or "none"
        raise AgentFailed(f"{absent[0]}, on which {script} is to be run, is not among the files ({there}); add it.")
    return ()


def _python(text: str) -> str:
    """The code at the head of this text, without what is said after it; empty when it is none.

    A lone name ("it", "tests") is Python to the parser and code to nobody.
    """
    code = _without_the_rest(text)
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    says = [
        one
        for one in ast.walk(tree)
        if isinstance(one, ast.Call | ast.BinOp | ast.Assign | ast.Import | ast.ImportFrom)
    ]
    return code if says else ""


def _without_the_rest(code: str) -> str:
    """The text itself if it is Python; else the longest beginning of it that is, up to words such as "and tell me"."""
    candidates = [code, code.rstrip(" .?!"), *(code[: match.start()] for match in _AFTERWARDS.finditer(code))]
    candidates += [cut for cut in (one.strip().strip("`").rstrip(" .,;") for one in candidates) if cut]
    for candidate in candidates:
        try:
            ast.parse(candidate)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return candidate
    return code


def _fenced(text: str, *, explicit: bool = False) -> str:
    blocks = _FENCE.findall(text.replace("\r\n", "\n"))
    python = [code for _, language, code in blocks if language.lower() in _PYTHON[1 if explicit else 0 :]]
    if blocks and not python and not explicit:
        raise AgentFailed(f"The block is {blocks[0][1]!r}; I run Python only.")
    return "\n".join(python)


def _loosely_fenced(text: str) -> str:
    """The code between marks that stand anywhere in the text. Raises `AgentFailed` for another language's."""
    parts: list[str] = []
    for match in _LOOSE_FENCE.finditer(text.replace("\r\n", "\n")):
        code = match["code"]
        tag = _TAGGED.match(code)
        language = tag["language"].lower() if tag else ""
        if tag and language in _PYTHON[1:]:
            code = tag["below"] if tag["below"] is not None else tag["beside"] or ""
        elif tag and tag["below"] is not None:
            raise AgentFailed(f"The block is {tag['language']!r}; I run Python only.")
        parts.append(code.strip("\n") if "\n" in code else code.strip())
    return "\n".join(parts)


def _checked(code: str) -> str:
    if len(code) > _CODE_LIMIT_CHARS:
        raise AgentFailed(f"The code has {len(code):,} characters, at most {_CODE_LIMIT_CHARS:,}; give it as a file.")
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        shown = error.msg if isinstance(error, SyntaxError) else str(error)
        raise AgentFailed(f"This is not Python{where} ({shown}): {shortened(code, 80)!r}.") from error
    return _shown(code)


def _shown(code: str) -> str:
    """The code, and at its end the value of its last expression printed, as an interactive Python does."""
    last = ast.parse(code).body[-1:]
    if not last or not isinstance(last[0], ast.Expr):
        return code
    value = last[0].value
    called = value.func if isinstance(value, ast.Call) else None
    if isinstance(value, ast.Name | ast.Await | ast.Yield | ast.YieldFrom) or (
        isinstance(called, ast.Name) and called.id == "print"
    ):
        return code
    lines = code.splitlines()
    start, end = last[0].lineno - 1, (last[0].end_lineno or last[0].lineno) - 1
    # Columns of the parser are bytes of UTF-8.
    before = lines[start].encode()[: last[0].col_offset].decode()
    after = lines[end].encode()[last[0].end_col_offset :].decode().strip()
    said = ast.get_source_segment(code, value) or ast.unparse(value)
    if after.strip(";") and not after.startswith("#"):
        return code
    return "\n".join([*lines[:start], f"{before}_ = ({said})", "if _ is not None:", "    print(_)"]) + "\n"
