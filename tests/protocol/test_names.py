"""Names: strange ones are welcome, deceiving ones are not; twins are one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioa.protocol import codec
from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused
from ioa.protocol.frames import UpdateCard
from ioa.protocol.names import HUB, clean_name, name_key, person, printable

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # man ZWJ woman ZWJ girl, one picture
HEART = "\u2764\ufe0f"  # heart with the selector that colours it


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "Data analyst",
        'O\'Brien "the quote"; DROP TABLE agents --',
        "100 %_[x] {y} $(z) `w` \\ /",
        "数据分析师",
        "データ分析",
        "محلل البيانات",
        "नमस्ते",
        "Zoë",
        f"Family {FAMILY}",
        FAMILY,
        HEART,
        "\U0001f1e9\U0001f1ea",
        "a@b.example",
        "x" * 64,
    ],
)
def test_a_strange_name_is_welcome(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)
    frame = UpdateCard(request_id="r", card=Card(name=clean_name(name), description="d"))
    assert codec.decode_client_frame(codec.encode(frame)) == frame


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\u3000", "empty"),
        ("\u200d", "empty"),
        ("\u200d\ufe0f", "empty"),
        (" a", "blank"),
        ("a ", "blank"),
        ("a\u00a0", "blank"),
        ("a\nb", "U+000A"),
        ("a\tb", "U+0009"),
        ("a\x00b", "U+0000"),
        ("\x1b[31mred", "U+001B"),
        ("a\x7fb", "U+007F"),
        ("a\x9bb", "U+009B"),
        ("a\u2028b", "line break"),
        ("a\u2029b", "line break"),
        ("safe\u202etxt.exe", "U+202E"),
        ("a\u2066b", "U+2066"),
        ("a\u200bb", "U+200B"),
        ("a\u00adb", "U+00AD"),
        ("a\ufeffb", "U+FEFF"),
        ("a\u3164b", "U+3164"),
        ("\u2800", "U+2800"),
        ("a\U000e0041b", "U+E0041"),
        ("a\ud800b", "U+D800"),
        ("a\ue000b", "U+E000"),
        ("@hub", "reserved"),
        ("@me", "reserved"),
        ("\uff20hub", "reserved"),
        ("\u200d@hub", "reserved"),
        ("x" * 65, "65 characters"),
        ("x" * 300, "300 characters"),
        ("\ufb2c" * 64, "192 characters"),
    ],
)
def test_a_deceiving_name_is_refused_with_field_value_and_remedy(name: str, words: str) -> None:
    with pytest.raises(Refused) as caught:
        clean_name(name, "card.name")
    assert caught.value.code == "bad_name"
    assert caught.value.rule.startswith("card.name")
    assert words in caught.value.rule
    assert any(
        remedy in caught.value.rule for remedy in ("remove it", "shorten it", "choose another", "give the agent")
    )
    codec.encode(UpdateCard(request_id=caught.value.rule, card=Card(name="a", description="d")))  # it can be told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoe\u0308", "Zo\u00eb"),
        ("Data Analyst", "data  analyst"),
        ("\uff24\uff41\uff54\uff41", "Data"),
        ("STRASSE", "straße"),
        ("\u2460", "1"),
        ("ﬁnder", "finder"),
        ("a\u200db", "ab"),
        ("\u2764\ufe0f", "\u2764"),
        ("\u0390", "\u1fd3"),
        ("K", "\u212a"),
    ],
)
def test_two_spellings_of_a_name_are_one_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("Data", "Daten"), ("数据", "數據"), ("é", "e"), ("a b", "ab")])
def test_two_names_are_two(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text(max_size=80))
def test_a_name_that_passes_is_clean_once_and_for_all(name: str) -> None:
    try:
        clean = clean_name(name)
    except Refused:
        return
    assert clean_name(clean) == clean
    assert name_key(clean) == name_key(name)
    assert name_key(name_key(clean)) == name_key(clean)
    assert printable(clean) == clean
    card = Card(name=clean, description="d")
    assert codec.decode_client_frame(codec.encode(UpdateCard(request_id="r", card=card)))


@given(st.text(st.characters(), max_size=60))
def test_printed_text_moves_no_cursor(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(char) in ("Cs", "Co", "Zl", "Zp") for char in shown)
    assert all(char in "\n\t\u200d" for char in shown if unicodedata.category(char) in ("Cc", "Cf"))
    assert printable(shown) == shown


def test_an_escape_code_becomes_visible() -> None:
    assert printable("\x1b[2Jgone\r\u202e") == "\\u001b[2Jgone\\u000d\\u202e"
    assert printable("line\n\tnext é 数 " + FAMILY) == "line\n\tnext é 数 " + FAMILY


def test_a_person_and_the_hub_can_be_no_agent() -> None:
    for name in (person("me"), HUB):
        with pytest.raises(Refused):
            clean_name(name)
