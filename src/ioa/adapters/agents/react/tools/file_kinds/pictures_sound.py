"""What can be said of pictures, sound and video without seeing or hearing them: formats, sizes, embedded words."""

from __future__ import annotations

import io
import re
import struct
import wave
from typing import Any, cast

from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Gathering, Source, UnreadableFile

_PIXELS_LOADED = 40_000_000  # words after a PNG's pixels are only found by unpacking these
_SHOWN_CHARS = 4000
NOT_HEARD = (
    "the words spoken in it are not known: no transcriber is set (option `transcriber` of the tool read_file, "
    "`module:function`)"
)


def read_image(source: Source) -> FileText:
    """Format, size, mode, EXIF (camera, time, place) and words embedded in a picture; never what it shows."""
    from PIL import ExifTags, Image, UnidentifiedImageError

    lines: list[str] = []
    try:
        with Image.open(source.path) as picture:
            kind = str(picture.format)
            lines.append(f"Format: {kind}; {picture.width} x {picture.height} pixels; mode {picture.mode}")
            frames = int(getattr(picture, "n_frames", 1))
            if frames > 1:
                lines.append(f"Frames: {frames}")
            if kind == "PNG" and picture.width * picture.height <= _PIXELS_LOADED:
                picture.load()
            for key, value in picture.info.items():
                shown = _info(str(key), value)
                if shown:
                    lines.append(shown)
            exif = picture.getexif()
            inner = exif.get_ifd(ExifTags.IFD.Exif)
            for number, value in [*exif.items(), *inner.items()]:
                name = ExifTags.TAGS.get(number, f"tag {number}")
                if name not in ("ExifOffset", "GPSInfo", "MakerNote", "PrintImageMatching"):
                    lines.append(f"EXIF {name}: {_value(value)}")
            place = _place(dict(exif.get_ifd(ExifTags.IFD.GPSInfo)))
            if place:
                lines.append(f"Taken at (latitude, longitude): {place}")
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise UnreadableFile(
            f"{source.name} cannot be opened as a picture: {error}; save it as PNG or JPEG."
        ) from error
    except Exception as error:  # Pillow raises whatever a broken file provokes
        if not lines:
            raise UnreadableFile(
                f"{source.name} is a broken picture ({type(error).__name__}: {str(error)[:200]}); save it again."
            ) from error
        lines.append(f"The rest could not be read: {type(error).__name__}: {str(error)[:200]}")
    gathered = Gathering(source.name)
    gathered.notes.append("what the picture shows is not described: only what is written in the file beside it")
    gathered.add("", "\n".join(lines))
    return gathered.made("picture")


def _info(key: str, value: object) -> str:
    if key in ("exif", "icc_profile", "jfif", "jfif_version", "jfif_unit", "jfif_density", "photoshop", "mp"):
        return ""
    if key == "dpi" and isinstance(value, tuple):
        dots = [f"{round(float(one), 1):g}" for one in cast("tuple[Any, ...]", value)]
        return f"Resolution: {' x '.join(dots)} dpi"
    return f"{key}: {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, bytes):
        text = value.removeprefix(b"ASCII\0\0\0").removeprefix(b"UNICODE\0").decode("utf-8", errors="replace")
        text = text.strip("\0 ")
        return text[:_SHOWN_CHARS] if text.isprintable() and text else f"<{len(value):,} bytes>"
    text = str(value).strip("\0 ")
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}… ({len(text):,} characters)"


def _place(gps: dict[int, Any]) -> str:
    try:
        found: list[float] = []
        for reference, value in ((1, 2), (3, 4)):
            degrees, minutes, seconds = (float(one) for one in gps[value])
            sign = -1 if str(gps[reference]).upper().startswith(("S", "W")) else 1
            found.append(sign * (degrees + minutes / 60 + seconds / 3600))
        return f"{found[0]:.6f}, {found[1]:.6f}"
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ""


def read_audio(source: Source) -> FileText:
    """Format and duration of sound (by the file's own header) and titles of an MP3; not its words."""
    content = source.content()
    lines: list[str]
    if content[8:12] == b"WAVE":
        lines = _wav(source, content)
    elif content.startswith(b"fLaC"):
        lines = _flac(content)
    elif content[:3] == b"ID3" or content[:1] == b"\xff":
        lines = ["Format: MPEG audio (MP3); the duration is not known without decoding it", *_id3(content)]
    else:
        kind = {b"OggS": "Ogg (Vorbis or Opus)", b"FORM": "AIFF"}.get(content[:4], "MPEG-4 audio")
        lines = [f"Format: {kind}; the duration is not known without decoding it"]
    lines.append(f"Size: {len(content):,} bytes")
    gathered = Gathering(source.name, notes=[NOT_HEARD])
    gathered.add("", "\n".join(lines))
    return gathered.made("sound")


def read_video(source: Source) -> FileText:
    """A video: its size. What it shows is for a tool that can see."""
    gathered = Gathering(source.name, notes=["what the video shows and says is not known here: no tool can watch it"])
    gathered.add("", f"Format: video ({source.suffix or 'by its content'})\nSize: {source.path.stat().st_size:,} bytes")
    return gathered.made("video")


def _wav(source: Source, content: bytes) -> list[str]:
    try:
        with wave.open(io.BytesIO(content)) as sound:
            rate, frames = sound.getframerate(), sound.getnframes()
            width, channels = sound.getsampwidth(), sound.getnchannels()
    except (wave.Error, EOFError) as error:
        return [f"Format: WAV, not readable as plain PCM ({error})"]
    duration = frames / rate if rate else 0.0
    return [f"Format: WAV, {rate} Hz, {8 * width} bits, {channels} channel(s)", f"Duration: {duration:.2f} s"]


def _flac(content: bytes) -> list[str]:
    if len(content) < 26:
        return ["Format: FLAC, cut short"]
    packed = int.from_bytes(content[18:26], "big")
    rate, channels = packed >> 44, ((packed >> 41) & 0x7) + 1
    bits, samples = ((packed >> 36) & 0x1F) + 1, packed & ((1 << 36) - 1)
    lines = [f"Format: FLAC, {rate} Hz, {bits} bits, {channels} channel(s)"]
    return [*lines, f"Duration: {samples / rate:.2f} s"] if rate and samples else lines


_ID3_NAMES = {
    b"TIT2": "Title",
    b"TPE1": "Artist",
    b"TALB": "Album",
    b"TYER": "Year",
    b"TDRC": "Date",
    b"COMM": "Comment",
}


def _id3(content: bytes) -> list[str]:
    """The titles of an MP3 (ID3 2.3 and 2.4)."""
    if content[:3] != b"ID3" or len(content) < 10 or content[3] not in (3, 4):
        return []
    end = 10 + _synchsafe(content[6:10])
    found: list[str] = []
    at = 10
    while at + 10 < min(end, len(content)):
        name, size_bytes = content[at : at + 4], content[at + 4 : at + 8]
        size = _synchsafe(size_bytes) if content[3] == 4 else struct.unpack(">I", size_bytes)[0]
        if not re.fullmatch(rb"[A-Z0-9]{4}", name) or size <= 0:
            break
        if name in _ID3_NAMES:
            body = content[at + 10 : at + 10 + min(size, _SHOWN_CHARS)]
            encoding = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}.get(
                body[:1][0] if body else 0, "latin-1"
            )
            text = body[1:].decode(encoding, errors="replace").strip("\0 ")
            found.append(f"{_ID3_NAMES[name]}: {text}")
        at += 10 + size
    return found


def _synchsafe(four: bytes) -> int:
    return (four[0] << 21) | (four[1] << 14) | (four[2] << 7) | four[3]
