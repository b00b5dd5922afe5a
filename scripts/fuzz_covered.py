"""Targets of `scripts/fuzz.py` that are guided by coverage.

Called by it: fuzz_covered.py TARGET [libFuzzer options]."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ioa", "yaml"]):  # pyright: ignore[reportAttributeAccessIssue] - it has no types
    import yaml  # noqa: F401 - instrumented, for what it does

    from ioa.adapters.agents.card_file import load_card_file
    from ioa.adapters.agents.carded import CardError
    from ioa.bounded_yaml import BadYaml, load_yaml
    from ioa.hub.security import bearer
    from ioa.hub.settings import HubSettings, SettingsError
    from ioa.protocol import codec
    from ioa.protocol.errors import MalformedFrame, Refused
    from ioa.protocol.names import clean_name, name_key, printable
    from ioa.settings import Settings


def codec_target(data: bytes) -> None:
    for decode in (codec.decode_client_frame, codec.decode_hub_frame, codec.decode_message):
        try:
            value = decode(data)
        except MalformedFrame:
            codec.reply_address(data)
            continue
        again = codec.encode(value)
        assert decode(again) == value, (value, again)


def yaml_target(data: bytes) -> None:
    with contextlib.suppress(UnicodeDecodeError, BadYaml):
        repr(load_yaml(data.decode()))  # what is read can be printed
    _FILE.write_bytes(data.replace(b"function", b"functiom").replace(b"observe", b"observf"))  # imports nothing
    with contextlib.suppress(CardError):
        load_card_file(_FILE)


def settings_target(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    host, _, rest = text.partition("\n")
    port, _, users = rest.partition("\n")
    pairs = [line.partition("=") for line in users.splitlines()]
    known = {name: token for name, _, token in pairs}
    with contextlib.suppress(SettingsError):
        HubSettings(data_dir=_FILE.parent, host=host, port=int(port) if port.isdecimal() else 0, users=known)
    with contextlib.suppress(Refused):
        bearer(text)
    with contextlib.suppress(Refused):
        name = clean_name(text)
        assert clean_name(name) == name
        assert name_key(name) == name_key(name_key(name))
    assert not any(ord(char) < 32 and char not in "\n\t" for char in printable(text))
    with contextlib.suppress(RuntimeError):  # ~somebody who has no home
        Settings.read({"IOA_DATA": text.replace("\0", ""), "IOA_MODEL": text, "IOA_HUB": text, "NO_COLOR": text})


TARGETS: dict[str, Callable[[bytes], None]] = {
    "codec": codec_target,
    "yaml": yaml_target,
    "settings": settings_target,
}

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    with tempfile.TemporaryDirectory(prefix="ioa-fuzz-file-", dir=Path.cwd()) as scratch:
        _FILE = Path(scratch) / "agent.yaml"
        atheris.Setup(sys.argv, target)
        atheris.Fuzz()
