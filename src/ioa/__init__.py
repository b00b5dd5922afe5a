"""The Internet of Agents: agents that know nothing of each other team up and finish a goal.

Light on purpose: what is named here is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ioa.adapters.agents.function import agent as agent
    from ioa.ports.agent import AgentFailed as AgentFailed
    from ioa.ports.agent import Assignment as Assignment
    from ioa.ports.agent import Outcome as Outcome

    __version__: str

__all__ = ["AgentFailed", "Assignment", "Outcome", "__version__", "agent"]

_HOMES = {
    "agent": "ioa.adapters.agents.function",
    "AgentFailed": "ioa.ports.agent",
    "Assignment": "ioa.ports.agent",
    "Outcome": "ioa.ports.agent",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        value: object = getattr(import_module(_HOMES[name]), name)
    elif name == "__version__":
        from ioa.version import version

        value = version()
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
