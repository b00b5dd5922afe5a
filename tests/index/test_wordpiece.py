"""The tokenizer gives the tokens that the `tokenizers` library gives, which the model was trained with."""

from __future__ import annotations

import json
import random
import unicodedata
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece as LibraryWordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

import ioa.adapters.index
from ioa.adapters.index.wordpiece import WordPiece, basic_words

VOCABULARY = Path(ioa.adapters.index.__file__).parent / "model/vocab.txt"
HERE = Path(__file__).parent

SCRIPTS = (
    "the quick brown fox; doesn't jump over 3.14 lazy dogs (e.g. Ünïcödé naïve façade) re-use state-of-the-art",
    "人工知能 とは何か。東京タワー 中文字符 한국어 텍스트 𠀀𪜶 ㍿ ｆｕｌｌｗｉｄｔｈ",
    "🎉 👩‍👩‍👧 🇩🇪 ✓ → ∑ ½ € £ ¥ ™ 🤖🤖 ☎️",
    "Ελληνικά Σίσυφος ΟΔΟΣ İstanbul ı ß ẞ ŒUVRE Привет мир שלום עולם مرحبا بالعالم नमस्ते ไทย",
    "a\x00b \x07bell \u200bzero\u200dwidth \ufeffbom \ufffd soft\u00adhyphen \x0b\x0c\x1c\x85 \u2028 \u00a0nbsp \u3000",
    "x" * 99 + " " + "y" * 100 + " " + "z" * 101 + " " + "antidisestablishmentarianism" * 5,
    "getHealthWorkforce get_health_workforce https://example.com/a?b=c&d=%20 user@example.com C:\\temp `code` {json}",
)
# Characters that have been in Unicode for long: of the newest, Python and the library know different tables.
OLD_CHARACTERS = [c for c in map(chr, range(32, 0x3100)) if unicodedata.ucd_3_2_0.category(c) not in ("Cn", "Cs")]


@pytest.fixture(scope="module")
def ours() -> WordPiece:
    return WordPiece(VOCABULARY)


@pytest.fixture(scope="module")
def theirs() -> Tokenizer:
    lines = VOCABULARY.read_text(encoding="utf-8").split("\n")
    vocabulary = {token: i for i, token in enumerate(lines) if token}
    tokenizer = Tokenizer(LibraryWordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.enable_truncation(254)
    return tokenizer


def expected(tokenizer: Tokenizer, text: str) -> list[int]:
    return [101, *tokenizer.encode(text).ids, 102]


def mixtures(count: int) -> list[str]:
    """Texts made of pieces of every script, cut and joined anywhere, with random characters between."""
    rng = random.Random(20261121)
    texts: list[str] = []
    for _ in range(count):
        pieces: list[str] = []
        for _ in range(rng.randint(1, 6)):
            source = rng.choice(SCRIPTS)
            start = rng.randrange(len(source))
            pieces.append(source[start : start + rng.randint(1, 40)])
            if rng.random() < 0.2:
                pieces.append(rng.choice(OLD_CHARACTERS))
        texts.append(rng.choice(("", " ", "\n", "-")).join(pieces))
    return texts


def test_thousands_of_mixed_texts_give_the_same_tokens(ours: WordPiece, theirs: Tokenizer) -> None:
    texts = [*SCRIPTS, "", " ", *mixtures(4_000)]
    texts += [json.loads(line)["text"] for name in ("cards", "queries") for line in lines_of(name)]
    wrong = [text for text in texts if ours.encode(text) != expected(theirs, text)]
    assert wrong == []


def lines_of(name: str) -> list[str]:
    return (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def test_every_character_that_unicode_left_alone_is_treated_alike() -> None:
    normalizer, splitter = BertNormalizer(), BertPreTokenizer()
    differing: list[str] = []
    for code in range(0x110000):
        character = chr(code)
        if 0xD800 <= code < 0xE000:
            continue
        old = unicodedata.ucd_3_2_0.category(character)
        if old == "Cn" or old != unicodedata.category(character):
            continue
        text = f"a{character}b"
        if list(basic_words(text)) != [word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))]:
            differing.append(f"U+{code:04X}")
    assert differing == []


def test_a_text_never_has_more_tokens_than_the_model_takes(ours: WordPiece, theirs: Tokenizer) -> None:
    text = "unbelievably long card " * 400
    assert len(ours.encode(text)) == 256
    assert ours.encode(text) == expected(theirs, text)
    assert len(ours.encode("x" * 10_000_000)) == 3


def test_a_card_cannot_place_special_tokens(ours: WordPiece) -> None:
    ids = ours.encode("[SEP] [CLS] [MASK]")
    assert ids[0] == 101
    assert ids[-1] == 102
    assert not {101, 102, 103} & set(ids[1:-1])


def test_lone_surrogates_are_dropped(ours: WordPiece) -> None:
    assert ours.encode("weather\ud800 report") == ours.encode("weather report")
