"""The metrics that follow from spans when they end, sampled or not."""

from __future__ import annotations

from opentelemetry.metrics import Meter
from opentelemetry.util.types import AttributeValue

from ioa.adapters.telemetry import names
from ioa.ports.tracing import Facts, Kind


class Figures:
    """Instruments, and what a span adds to them. Identifiers of goals, groups and tasks never are attributes."""

    def __init__(self, meter: Meter) -> None:
        self._goals = meter.create_counter(names.GOALS, "{goal}", "Goals that have ended.")
        self._groups = meter.create_counter(names.GROUPS, "{group}", "Groups that have concluded.")
        self._tasks = meter.create_counter(names.TASKS, "{task}", "Tasks that have ended, once for each assignee.")
        self._cost = meter.create_counter(names.MODEL_COST, "{USD}", "What model calls cost.")
        self._tokens = meter.create_histogram(
            names.TOKEN_USAGE,
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=names.TOKEN_BOUNDARIES,
        )
        durations: list[tuple[Kind, str, str, list[float]]] = [
            ("goal", names.GOAL_DURATION, "From the request to the answer.", names.LONG_BOUNDARIES_S),
            ("task", names.TASK_DURATION, "From the assignment to the result.", names.LONG_BOUNDARIES_S),
            ("turn", names.TURN_DURATION, "From the floor to the word.", names.CALL_BOUNDARIES_S),
            ("model_call", names.MODEL_CALL_DURATION, "GenAI operation duration.", names.CALL_BOUNDARIES_S),
            ("tool", names.TOOL_DURATION, "One call of a tool.", names.CALL_BOUNDARIES_S),
        ]
        self._durations = {
            kind: meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=boundaries)
            for kind, name, description, boundaries in durations
        }

    def add(self, kind: Kind, facts: Facts, duration_s: float, error: str) -> None:
        """A span has ended."""
        counters = {"goal": self._goals, "group": self._groups, "task": self._tasks}
        attributes: dict[str, AttributeValue] = {names.ERROR: error} if error else {}
        if kind in counters:
            attributes = {names.STATUS: facts.get("status", "")}
            counters[kind].add(1, attributes)
        if kind == "turn":
            attributes[names.STATE] = facts.get("state", "")
        if kind == "tool":
            attributes[names.TOOL] = facts.get("tool", "")
        if kind == "model_call":
            known: Facts = {fact: facts[fact] for fact in ("model", "provider", "decision") if fact in facts}
            attributes |= {names.OPERATION: names.OPERATIONS[kind], **names.attributes_of(known)}
            self._model_call(facts, attributes)
        if kind in self._durations:
            self._durations[kind].record(max(0.0, duration_s), attributes)

    def _model_call(self, facts: Facts, attributes: dict[str, AttributeValue]) -> None:
        used = {"input": facts.get("input_tokens"), "output": facts.get("output_tokens")}
        for word, tokens in used.items():
            if isinstance(tokens, int) and tokens:
                self._tokens.record(tokens, {**attributes, names.TOKEN_TYPE: word})
        cost = facts.get("cost_usd", 0.0)
        if isinstance(cost, float) and cost > 0:
            self._cost.add(cost, attributes)
