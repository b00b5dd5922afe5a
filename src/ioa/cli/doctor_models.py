"""The part of `ioa doctor` about models and tools: extras, keys, tools of ReAct agents, Chromium, and one tiny call.

Only names of variables are shown, never what they hold.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from ioa.cli.doctor import DISTRIBUTION, Check

EXTRAS = ("agents", "models", "tools", "browser", "mcp", "telemetry")
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?[^;]*(?:;\s*(.*))?$")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def check_extras() -> list[Check]:
    """Which extras of this package are installed whole, and how to get the others."""
    try:
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    whole: list[str] = []
    others: list[Check] = []
    for extra in EXTRAS:
        absent = absent_of(required, extra)
        if absent:
            others.append(Check("extras", "optional", f"{extra}: {', '.join(absent)} not installed", _install(extra)))
        else:
            whole.append(extra)
    return [*([Check("extras", "ok", f"installed: {', '.join(whole)}")] if whole else []), *others]


def absent_of(required: Iterable[str], extra: str) -> list[str]:
    """The packages of an extra that are not installed, those of their own extras included."""
    absent: dict[str, None] = {}
    for name, extras, marker in map(_parts, required):
        if not (found := _EXTRA.search(marker)) or found[1] != extra:
            continue
        try:
            below = (metadata.metadata(name) and metadata.requires(name)) or []
        except metadata.PackageNotFoundError:
            absent[name] = None
            continue
        for inner in extras:
            absent |= dict.fromkeys(absent_of(below, inner))
    return list(absent)


def check_tools(environment: Mapping[str, str]) -> list[Check]:
    """Which tools of ReAct agents are ready, and what the others lack."""
    from ioa.adapters.agents.react.toolkit import TOOLS

    lacking = {name: remedies for name, maker in TOOLS.items() if (remedies := maker.missing(environment))}
    ready = [name for name in TOOLS if name not in lacking]
    checks = [Check("tools", "ok", f"ready: {', '.join(ready)}")] if ready else []
    for name, remedies in lacking.items():
        text = f"{name} is not ready ({TOOLS[name].summary})"
        checks.append(Check("tools", "optional", text, "; ".join(remedies) + _without_key(TOOLS[name].optional)))
    return checks


def check_keys(environment: Mapping[str, str]) -> list[Check]:
    """Which models could be used at once, and which keys of tools there are."""
    from ioa.adapters.agents.react.toolkit import TOOLS
    from ioa.adapters.models.offers import found_in

    checks: list[Check] = []
    offers = found_in(environment)
    if offers:
        found = "; ".join(f"{offer.because}: --model {offer.model}" for offer in offers)
        checks.append(Check("models", "ok", found))
    else:
        checks.append(
            Check(
                "models", "optional", "no key of a model service is set, and no Ollama answers here; rules decide",
                "set OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_API_KEY, or start Ollama (docs/models.md)",
            )
        )  # fmt: skip
    if environment.get("IOA_MODEL"):
        text = "IOA_MODEL is set: models decide, unless --policy rules is given; ioa doctor --model MODEL tries one"
        checks.append(Check("models", "ok", text))
    keys = [key for maker in TOOLS.values() for key in maker.keys if environment.get(key)]
    if keys:
        checks.append(Check("keys", "ok", f"of tools: {', '.join(dict.fromkeys(keys))} set"))
    return checks


def check_chromium(environment: Mapping[str, str]) -> list[Check]:
    """Whether web pages made by scripts can be read."""
    from ioa.adapters.agents.react.tool_maker import ToolSetting
    from ioa.adapters.agents.react.tools.web_chromium import chromium_path, why_not

    setting = ToolSetting(folder=Path(tempfile.gettempdir()), environment=environment)
    reason = why_not(setting)
    if reason is None:
        return [Check("chromium", "ok", f"{chromium_path(setting)}; web_browser runs the scripts of pages")]
    return [
        Check("chromium", "optional", f"web_browser reads pages without their scripts: {reason}",
              f"{_install('browser')}, and install Chromium")
    ]  # fmt: skip


async def check_models(models: Sequence[str]) -> list[Check]:
    """One tiny call of each model; it costs a few tokens."""
    from ioa.adapters.models.probe import probe

    checks: list[Check] = []
    for model in models:
        report = await probe(model)
        said = ". ".join(line.rstrip(".") for line in report.lines) + "."
        if not report.ok:
            first, *rest = report.lines or ("it did not answer",)
            remedy = " ".join(rest) or _REMEDIES.get(report.kind, "docs/models.md says how to name a model")
            checks.append(Check("model", "problem", first, remedy))
        elif report.tools is False:
            remedy = "choose a model that calls tools, at least for agents with tools: --model agent=MODEL"
            checks.append(Check("model", "warning", said, remedy))
        else:
            checks.append(Check("model", "ok", said))
    return checks


_REMEDIES = {
    "key": "set the variable that is named, or name another model; docs/models.md lists the variables",
    "model": "check the model's name with its provider",
    "name": "docs/models.md shows how models are named",
    "extra": f"pip install '{DISTRIBUTION}[models]'",
    "limit": "wait, or raise the limit with the provider",
    "quota": "add to the balance with the provider, or name another model",
    "server": "try again later",
    "timeout": "try again, or name a faster model",
    "unreachable": "check the address and the connection; for a local server, that it runs",
}


def here() -> Mapping[str, str]:
    """The environment of this process."""
    return dict(os.environ)


def _parts(requirement: str) -> tuple[str, tuple[str, ...], str]:
    """Name, extras and marker of a requirement."""
    found = _REQUIREMENT.match(requirement)
    if found is None:
        return requirement, (), ""
    extras = tuple(extra.strip() for extra in (found[2] or "").split(",") if extra.strip())
    return found[1], extras, found[3] or ""


def _install(extra: str) -> str:
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def _without_key(optional: str) -> str:
    return f"; {optional}" if optional.startswith("without") else ""
