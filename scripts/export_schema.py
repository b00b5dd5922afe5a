"""Writes the JSON Schemas of the protocol to docs/schema/. Run it after a change of frames or messages.

python scripts/export_schema.py [FOLDER]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ioa.protocol.schema import frames_schema, messages_schema

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schema"


def texts() -> dict[str, str]:
    """File name -> text."""
    schemas = {"frames.schema.json": frames_schema(), "messages.schema.json": messages_schema()}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"{folder / name}: {len(text):,} characters")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
