"""Hypothesis profiles. `ci` is short and the same every time, `dev` is the default, `long` is for hunting.

Choose with HYPOTHESIS_PROFILE; where CI is set, `ci` is taken.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# No deadline per example: the machines that run this are shared, and slow is not wrong.
_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile(
    "ci", max_examples=40, stateful_step_count=40, deadline=None, derandomize=True, suppress_health_check=_QUIET
)
settings.register_profile("dev", max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=_QUIET)
settings.register_profile(
    "long", max_examples=3_000, stateful_step_count=120, deadline=None, suppress_health_check=_QUIET
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes name no test: compressed ones hold the time, and every worker would name them differently."""
    return argname if isinstance(val, bytes) else None
