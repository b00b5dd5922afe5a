"""`ioa` with a clock that is wrong by IOA_CHAOS_SKEW seconds: `python -m tests.chaos.hub_process hub …`."""

from __future__ import annotations

import os
import time

from ioa.adapters.clock import SystemClock
from ioa.cli import main

SKEW_S = float(os.environ.get("IOA_CHAOS_SKEW", "0"))


def skewed(self: SystemClock) -> float:
    return time.time() + SKEW_S


if __name__ == "__main__":
    SystemClock.now_s = skewed
    main()
