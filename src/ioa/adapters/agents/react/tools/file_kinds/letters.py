"""Mails and calendars."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage, MIMEPart

from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Gathering, Source, UnreadableFile
from ioa.adapters.agents.react.tools.file_kinds.plain import html_text

_HEADERS = ("From", "To", "Cc", "Date", "Subject", "Reply-To", "In-Reply-To")


def read_mail(source: Source) -> FileText:
    """A mail: its headers, its text, and the names of what is attached."""
    message = _message(source)
    gathered = Gathering(source.name)
    headers = [f"{name}: {_header(message, name)}" for name in _HEADERS if message.get(name) is not None]
    gathered.add("headers", "\n".join(headers))
    body = message.get_body(("plain", "html"))
    if body is not None:
        text = _content(body)
        gathered.add("text", html_text(source.name, text) if body.get_content_type() == "text/html" else text)
    for name, part in _attachments(message):
        gathered.members.append(name)
        gathered.notes.append(f"attached: {name} ({part.get_content_type()}); give `member` to read it")
    return gathered.made("mail")


def attachment_of(source: Source, name: str) -> bytes:
    """The bytes of what is attached under that name. Raises `UnreadableFile`."""
    for attached, part in _attachments(_message(source)):
        if attached == name:
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return content
            return part.as_bytes()  # a mail within the mail
    raise UnreadableFile(f"Nothing called {name!r} is attached to {source.name}.")


def _message(source: Source) -> EmailMessage:
    return email.message_from_bytes(source.content(), policy=email.policy.default)


def _attachments(message: EmailMessage) -> list[tuple[str, EmailMessage]]:
    found: list[tuple[str, EmailMessage]] = []
    for number, part in enumerate(message.iter_attachments(), 1):
        suffix = ".eml" if part.get_content_type() == "message/rfc822" else ""
        found.append((part.get_filename() or f"attachment-{number}{suffix}", part))
    return found


def _header(message: EmailMessage, name: str) -> str:
    return ", ".join(" ".join(str(one).split()) for one in message.get_all(name, []))


def _content(part: MIMEPart) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError, KeyError):  # a character set nobody knows
        raw = part.get_payload(decode=True)
        return raw.decode("latin-1") if isinstance(raw, bytes) else str(part.get_payload())


_ICS_LINE = re.compile(r"^([A-Za-z0-9-]+)((?:;[^:;=]+=(?:\"[^\"]*\"|[^:;\"]*))*):(.*)$")
_ICS_NAMES = {"SUMMARY": "Summary", "DTSTART": "Start", "DTEND": "End", "DUE": "Due", "LOCATION": "Location",
              "DESCRIPTION": "Description", "ORGANIZER": "Organizer", "ATTENDEE": "Attendee", "RRULE": "Repeats",
              "STATUS": "Status", "URL": "URL", "CATEGORIES": "Categories", "DURATION": "Duration",
              "EXDATE": "Except on", "FREEBUSY": "Busy", "TRIGGER": "Alarm"}  # fmt: skip
_ICS_PARTS = {"VEVENT": "event", "VTODO": "to-do", "VJOURNAL": "journal entry", "VFREEBUSY": "busy times"}


def read_calendar(source: Source) -> FileText:
    """An iCalendar file: each event and to-do with its times and people. Source: RFC 5545."""
    text = source.content().decode("utf-8-sig", errors="replace")
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()
    gathered = Gathering(source.name)
    number = 0
    title = ""
    block: list[str] = []
    for line in lines:
        found = _ICS_LINE.match(line)
        if not found:
            continue
        name, parameters, value = found[1].upper(), found[2], found[3]
        if name == "BEGIN" and value in _ICS_PARTS:
            number += 1
            title, block = f"{_ICS_PARTS[value]} {number}", []
        elif name == "END" and value in _ICS_PARTS:
            gathered.add(title, "\n".join(block))
            title = ""
        elif title and name in _ICS_NAMES:
            block.append(f"{_ICS_NAMES[name]}: {_ics_value(name, parameters, value)}")
        elif not title and name == "X-WR-CALNAME":
            gathered.notes.append(f"calendar: {value}")
    gathered.notes.append(f"{number:,} entries; repeated ones are given by their rule, not day by day")
    return gathered.made("calendar")


def _ics_value(name: str, parameters: str, value: str) -> str:
    value = re.sub(r"\\([\\;,])", r"\1", re.sub(r"\\[nN]", "\n", value))
    zone = re.search(r"TZID=\"?([^;:\"]+)", parameters)
    person = re.search(r"CN=\"?([^;:\"]+)", parameters)
    if name in ("DTSTART", "DTEND", "DUE"):
        at = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?", value)
        if at:
            day = f"{at[1]}-{at[2]}-{at[3]}"
            value = day if at[4] is None else f"{day} {at[4]}:{at[5]}{' UTC' if at[7] else ''}"
    if person:
        value = f"{person[1]} ({value.removeprefix('mailto:').removeprefix('MAILTO:')})"
    return f"{value} ({zone[1]})" if zone else value
