"""Quotas as values: what one user of a hub may have and do."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from msgspec.structs import replace


class Quotas(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one user may have, or do. Messages are counted for each agent, and for the person."""

    agents: int = 100_000
    open_goals: int = 1_000
    goals_an_hour: int = 5_000
    messages_an_hour: int = 500_000
    messages_a_group: int = 50_000
    groups_a_goal: int = 2_000
    stored_bytes: int = 1024**4
    model_tokens_a_day: int | None = None
    model_cost_usd_a_day: float | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ValueError(f"quotas: {name} {value} is less than nothing; give 0 or more")


class QuotaChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The quotas of one user that differ from the hub's; those that are left out are the hub's."""

    agents: int | None = None
    open_goals: int | None = None
    goals_an_hour: int | None = None
    messages_an_hour: int | None = None
    messages_a_group: int | None = None
    groups_a_goal: int | None = None
    stored_bytes: int | None = None
    model_tokens_a_day: int | None = None
    model_cost_usd_a_day: float | None = None

    def over(self, quotas: Quotas) -> Quotas:
        """The quotas with this change. Raises `ValueError`."""
        return replace(
            quotas, **{name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        )
