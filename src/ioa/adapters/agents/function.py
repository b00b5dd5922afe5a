"""Any function is an agent: `run(task_desc: str) -> str`, an object with such a method, or a class form.

    from ioa import agent

    @agent(name="Greeter", description="Greets people by name.", skills=("greet a person",))
    def run(task_desc: str) -> str:
        return "Hello!"

Source: IoA paper, A.2.1 (Agent Integration Module).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, cast, overload

from ioa.adapters.agents.carded import CardedAgent, make_card
from ioa.adapters.agents.prose import first_sentence
from ioa.ports.agent import Agent, AgentFailed, Assignment, Outcome, ReportProgress
from ioa.protocol.cards import AgentType

RESULT_LIMIT_BYTES = 256 * 1024
THREADS_LIMIT = 32  # of one agent, those included that were abandoned and still run

Result = str | Outcome
PlainFunction = Callable[[str], Result] | Callable[[str], Awaitable[Result]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class FunctionAgent:
    """Wraps `run(task_desc: str) -> str`, sync or async.

    A sync function runs in a thread of its own, in the caller's context (`ioa.ports.tracing.here` and OpenTelemetry
    know the place in the trace there too), so it never blocks the client. A thread cannot be stopped:
    when the task is cancelled the function goes on to its end, its result is dropped, and the log says so.
    A function that must really stop belongs in a `command:` or in the class form.
    """

    function: PlainFunction
    name: str
    _running: int = field(default=0, init=False)

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Run the function. Raises `AgentFailed` when it raises, or returns nothing, no text, or too much."""
        text = task_text(assignment)
        try:
            result = await self._call(text)
        except AgentFailed:
            raise
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            raise AgentFailed(f"{self.name} failed: it cancelled itself.") from None
        except Exception as error:  # the boundary to code of others
            log.warning("%s raised %s", self.name, type(error).__name__, exc_info=True)
            said = str(error).strip()[:2000]
            raise AgentFailed(f"{self.name} failed: {type(error).__name__}{': ' if said else ''}{said}") from error
        return checked(result, self.name)

    async def _call(self, text: str) -> object:
        if inspect.iscoroutinefunction(inspect.unwrap(self.function)) or inspect.iscoroutinefunction(
            getattr(self.function, "__call__", None)  # noqa: B004 - an object whose __call__ is a coroutine function
        ):
            return await cast("Awaitable[object]", self.function(text))
        result = await self._in_thread(text)
        return await cast("Awaitable[object]", result) if inspect.isawaitable(result) else result

    async def _in_thread(self, text: str) -> object:
        if self._running >= THREADS_LIMIT:
            raise AgentFailed(
                f"{self.name} is busy: {self._running} runs of its function have not returned; "
                "restart its client, and mend what hangs."
            )
        loop = asyncio.get_running_loop()
        done: asyncio.Future[object] = loop.create_future()
        self._running += 1
        context = copy_context()  # the place in the trace, and whatever else the caller's context knows

        def settle(value: object, error: BaseException | None) -> None:
            self._running -= 1
            if done.cancelled():
                log.warning("%s: a cancelled task's function ended just now; its result is dropped.", self.name)
            elif error is None:
                done.set_result(value)
            else:
                done.set_exception(error)

        def work() -> None:
            value: object = None
            problem: BaseException | None = None
            try:
                value = context.run(self.function, text)
            except (SystemExit, KeyboardInterrupt, StopIteration) as error:  # none may pass through a future
                problem = RuntimeError(f"{type(error).__name__}: {error}")
            except BaseException as error:  # noqa: BLE001 - carried over to the event loop, raised there
                problem = error
            try:
                loop.call_soon_threadsafe(settle, value, problem)
            except RuntimeError:
                log.warning("%s: its function ended after the client had stopped; its result is dropped.", self.name)

        # A daemon thread, not the loop's pool: a function that hangs must not hold up others, or the exit.
        threading.Thread(target=work, name=f"ioa-agent-{self.name}", daemon=True).start()
        try:
            return await done
        except asyncio.CancelledError:
            log.warning("%s: cancelled; its function goes on in its thread, its result will be dropped.", self.name)
            raise


def checked(result: object, name: str, *, limit_bytes: int = RESULT_LIMIT_BYTES) -> Outcome:
    """The outcome in `result`: text or an `Outcome`. Raises `AgentFailed` when there is none, or too much."""
    outcome = result if isinstance(result, Outcome) else None
    text = outcome.conclusion if outcome else result
    if text is None:
        raise AgentFailed(f"{name} returned nothing (None); it must return its result as text (str).")
    if not isinstance(text, str):
        raise AgentFailed(
            f"{name} returned {type(text).__name__} {repr(text)[:80]}; "
            "it must return text (str), for example json.dumps(...)."
        )
    if not text.strip():
        raise AgentFailed(f"{name} returned an empty text; it must say what it found, or raise an error that says why.")
    size = len(text) if len(text) > limit_bytes else _size_bytes(text, name)
    if size > limit_bytes:
        raise AgentFailed(
            f"{name} returned {size:,} bytes of text, at most {limit_bytes:,} are allowed; "
            "return it as a file (ioa.ports.agent.Outcome with files), and a summary as the text."
        )
    if outcome is None:
        return Outcome(conclusion=text, abstract=first_sentence(text))
    return outcome if outcome.abstract else Outcome(text, first_sentence(text), outcome.files)


def _size_bytes(text: str, name: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise AgentFailed(
            f"{name} returned text that is not Unicode (at character {error.start}); decode it."
        ) from None


def task_text(assignment: Assignment) -> str:
    """The task in one string: its words, then, if there are any, earlier results and file paths, each part
    between lines of `===`. Lines of results that look like such a line are indented: none can be forged."""
    parts = [assignment.task_desc]
    for number, result in enumerate(assignment.earlier, 1):
        title = f"earlier result {number} of {len(assignment.earlier)}"
        parts.append(
            f"=== {title}, from {_one_line(result.agent)}, task: {_one_line(result.task_desc)} ===\n"
            f"{_fenced(result.conclusion)}\n=== end of {title} ==="
        )
    files = [*assignment.files, *(file for result in assignment.earlier for file in result.files)]
    if files:
        listed = "\n".join(f"{_one_line(file.name)} ({file.media_type}): {file.path}" for file in files)
        parts.append(f"=== files ===\n{listed}\n=== end of files ===")
    return "\n\n".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _fenced(text: str) -> str:
    return "\n".join(f"  {line}" if line.startswith("===") else line for line in text.splitlines())


def as_agent(thing: object, name: str) -> Agent:
    """Whatever does the work, as an `Agent`: one already, a class to make one of, an object with `.run`, a
    function. Raises `TypeError` that names what it got and what is accepted."""
    if inspect.isclass(thing):
        try:
            thing = thing()
        except TypeError as error:
            raise TypeError(f"{name}: the class {thing!r} cannot be made without arguments ({error}).") from error
    if inspect.iscoroutinefunction(getattr(thing, "perform", None)):
        return cast("Agent", thing)
    function = getattr(thing, "run", None)
    if not callable(function):
        function = thing
    if not callable(function):
        raise TypeError(
            f"{name}: {type(thing).__name__} {thing!r:.80} is no agent; give a function "
            "run(task_desc: str) -> str, an object with such a method .run, or one with "
            "async perform(assignment, progress)."
        )
    return FunctionAgent(cast("PlainFunction", function), name)


@overload
def agent(thing: Callable[..., Any] | type, /) -> CardedAgent: ...
@overload
def agent(
    *,
    name: str | None = None,
    description: str | None = None,
    skills: Iterable[str] = (),
    idempotent: bool | None = None,
    type: AgentType = "Thing Assistant",
    timeout_s: float | None = None,
) -> Callable[[Any], CardedAgent]: ...
def agent(
    thing: Any = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    skills: Iterable[str] = (),
    idempotent: bool | None = None,
    type: AgentType = "Thing Assistant",  # noqa: A002 - the paper's word
    timeout_s: float | None = None,
) -> CardedAgent | Callable[[Any], CardedAgent]:
    """Make an agent with a card of a function, an object or a class; a decorator, or called on a thing.

    What is not given comes from the thing itself: its `name`, `description`, `skills`, `idempotent`, else its
    Python name and docstring. Raises `CardError` (a bad card) or `TypeError` (no agent).
    """

    def make(made_of: Any) -> CardedAgent:
        own_name = getattr(made_of, "name", None) or getattr(made_of, "__name__", None)
        called = name if name is not None else (own_name if isinstance(own_name, str) else made_of.__class__.__name__)
        described = description if description is not None else getattr(made_of, "description", None)
        given = (skills,) if isinstance(skills, str) else tuple(skills)
        declared = idempotent if idempotent is not None else getattr(made_of, "idempotent", False)
        card = make_card(
            called,
            described if isinstance(described, str) else inspect.getdoc(made_of),
            given or tuple(getattr(made_of, "skills", ())),
            agent_type=type,
            idempotent=declared is True,
        )
        return CardedAgent(card, as_agent(made_of, called), timeout_s=timeout_s)

    return make if thing is None else make(thing)
