"""The page: files that a hub serves at `/`. They use the public HTTP API and its event streams only."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent / "static"
"""Folder of the page's files. Give it to `HubSettings.page`."""
