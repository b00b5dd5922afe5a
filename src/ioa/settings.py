"""What is set from outside, in one place: environment variables, and where things lie on disk.

`Settings.read` is called once, by the command line or by `bootstrap`; everything below gets values, not variables.
Every entry of `SETTINGS` is documented in `docs/cli.md` (a test looks).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 7700


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name and what it does, for `--help` and for people."""

    variable: str
    meaning: str


SETTINGS = (
    Setting("IOA_HUB", "URL of the hub to use, as --hub."),
    Setting("IOA_TOKEN", "Token for that hub, as --token."),
    Setting("IOA_HUB_TOKEN", "Token that `ioa hub` asks of its user `me`, instead of one that it makes."),
    Setting("IOA_HUB_STORE", "Where `ioa hub` keeps everything, as --store."),
    Setting("IOA_HUB_BUS", "How replicas of a hub wake each other, as --bus."),
    Setting("IOA_HUB_TRUST_PROXY", "Proxies whose X-Forwarded-For `ioa hub` believes, as --trust-proxy, by spaces."),
    Setting("IOA_DATA", "Folder for everything that ioa keeps, instead of the user's data folder."),
    Setting("IOA_MODEL", "Model that decides in clients, as --model; several separated by spaces."),
    Setting("IOA_PRICES", "Prices that nobody publishes: MODEL=IN/OUT in US dollars a million tokens, by commas."),
    Setting("IOA_WINDOW", "Context window in tokens: a number for all models, or MODEL=TOKENS, by commas."),
    Setting("NO_COLOR", "When set and not empty: no colours."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. `data` is absolute and may not exist yet."""

    data: Path
    hub_url: str | None = None
    token: str | None = None
    hub_token: str | None = None
    hub_store: str | None = None
    hub_bus: str | None = None
    hub_proxies: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    colour: bool = True

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """From the environment (or from what is given instead); empty values count as not set."""
        env = os.environ if environ is None else environ
        given = env.get("IOA_DATA")
        return cls(
            data=Path(given).expanduser().absolute() if given else _user_data(),
            hub_url=env.get("IOA_HUB") or None,
            token=env.get("IOA_TOKEN") or None,
            hub_token=env.get("IOA_HUB_TOKEN") or None,
            hub_store=env.get("IOA_HUB_STORE") or None,
            hub_bus=env.get("IOA_HUB_BUS") or None,
            hub_proxies=tuple(env.get("IOA_HUB_TRUST_PROXY", "").split()),
            models=tuple(env.get("IOA_MODEL", "").split()),
            colour=not env.get("NO_COLOR"),
        )

    @property
    def hub_folder(self) -> Path:
        """Where `ioa hub` keeps its store, unless told otherwise."""
        return self.data / "hub"

    @property
    def joined_folder(self) -> Path:
        """Where `ioa join` keeps the tokens and journals of agents."""
        return self.data / "joined"

    def network_folder(self, number: int) -> Path:
        """Where an embedded network keeps its hub and agents. `number` counts from 1: networks that run at the
        same time have folders of their own."""
        return self.data / ("network" if number == 1 else f"network-{number}")


def _user_data() -> Path:
    import platformdirs  # only when it is asked for

    return Path(platformdirs.user_data_dir("ioa", appauthor=False))
