"""Where this program's own log goes: lines for people, JSON for machines, or a file while a conversation is shown."""

from __future__ import annotations

import json
import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from ioa.cli.terminal import one_line, safe_block

LOG_FILE = "ioa.log"
LOG_FILE_BYTES = 2 * 2**20


class JsonLines(logging.Formatter):
    """One JSON object a line: at (Unix seconds), level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """Time, level and message on a line; what others have said in it can do nothing to a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{clock} {record.levelname.lower():<7} {one_line(record.getMessage())}"
        return f"{line}\n{safe_block(self.formatException(record.exc_info))}" if record.exc_info else line


def log_to_stderr(*, as_json: bool = False, verbose: bool = False) -> None:
    """For `ioa hub` and `ioa join`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    _install(handler, verbose=verbose)


def log_to_file(folder: Path) -> Path:
    """For `ioa run`, whose terminal shows the conversation. Returns the file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / LOG_FILE
    handler = RotatingFileHandler(path, maxBytes=LOG_FILE_BYTES, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(PlainLines())
    _install(handler, verbose=False)
    return path


def _install(handler: logging.Handler, *, verbose: bool) -> None:
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, JsonLines | PlainLines):  # ours, of an earlier command in this process
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    logging.getLogger("ioa").setLevel(logging.DEBUG if verbose else logging.INFO)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "websockets"):
        logging.getLogger(noisy).setLevel(logging.INFO if verbose else logging.WARNING)
