"""Servers of the tests' own, and Hypothesis profiles.

Of these `ci` is short and the same every time, `dev` is the default, `long` is for hunting.
Choose with HYPOTHESIS_PROFILE; where CI is set, `ci` is taken.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from ioa.testing.servers import NatsServer, PostgresServer, ServerUnavailable

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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process. Tests that stop or kill it start it again, or make one of their own."""
    try:
        with PostgresServer() as server:
            yield server
    except ServerUnavailable as reason:
        pytest.skip(f"no PostgreSQL here: {reason}")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """A new, empty database."""
    return postgres_server.database()


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    """A NATS server of this test process. Tests that stop or kill it start it again, or make one of their own."""
    try:
        with NatsServer() as server:
            yield server
    except ServerUnavailable as reason:
        pytest.skip(f"no NATS here: {reason}")
