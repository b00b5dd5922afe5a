"""Numpy's products on the calling thread alone.

On matrices as small as ours the threads of BLAS win nothing when the machine is idle, and on a busy one their
waiting for each other makes a product of 0.5 ms take 30. The limit is of the process, so it is held only meanwhile.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

_THREADS = "OPENBLAS_NUM_THREADS"


@contextmanager
def one_thread() -> Generator[None]:
    """Within it numpy is imported with one thread of BLAS, if it is not imported yet and nobody says otherwise: the
    others would each take memory, and are switched off for all that is done here anyway."""
    if "numpy" in sys.modules or _THREADS in os.environ:
        yield
        return
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        del os.environ[_THREADS]  # processes that are started later decide for themselves


class _Blas:
    """Counts who needs the limit, so that concurrent users do not undo each other's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._controller: Any = None
        self._limit: Any = None
        try:
            import threadpoolctl  # pyright: ignore[reportMissingTypeStubs] - it has none; two calls are used
        except ImportError:
            return  # slower, not wrong
        self._controller = threadpoolctl.ThreadpoolController()
        self._openblas: Any = threadpoolctl.OpenBLASController

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1 and self._controller is not None:
                self._take_control()
                self._limit = self._controller.limit(limits=1, user_api="blas")

    def _take_control(self) -> None:
        """threadpoolctl lets only the first thread that asked set OpenBLAS's limit, and ignores the others silently."""
        self._openblas.clear_controlling_thread(force=True)

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._limit is not None:
                self._take_control()
                self._limit.restore_original_limits()
                self._limit = None


_blas: _Blas | None = None
_blas_made = threading.Lock()


@contextmanager
def one_core() -> Generator[None]:
    """Within it numpy multiplies on the calling thread alone; the last to leave gives the process its threads back."""
    global _blas
    with _blas_made:
        blas = _blas = _blas or _Blas()
    blas.enter()
    try:
        yield
    finally:
        blas.leave()
