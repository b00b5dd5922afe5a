"""The librarian: what it reads, what it quotes, what it refuses. Its calibration is in test_librarian_calibration."""

from __future__ import annotations

import pytest

from ioa.adapters.agents import documents
from ioa.adapters.agents.documents import Unreadable, read_document
from ioa.adapters.agents.inquiry import understood
from ioa.adapters.agents.librarian import Librarian
from ioa.adapters.agents.standalone import local_file
from ioa.ports.agent import AgentFailed, Assignment, LocalFile
from tests.agents.pdf_pages import pdf_of

NOTES = """# Field notes

Intro to the survey of the river Aare.

## Findings

The water temperature was 14 degrees in May. Trout were seen near the weir. The weir was repaired in 2019.

## Open questions

- Who pays for the fish ladder?
- When does the permit expire?
"""


async def quiet(_: str) -> None:
    pass


@pytest.fixture
def file(tmp_path):
    def file(name: str, content: str | bytes) -> LocalFile:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return local_file(path)

    return file


@pytest.fixture
def ask(tmp_path):
    async def ask(task: str, *files: LocalFile):
        return await Librarian().perform(Assignment("t", task, tmp_path, files), quiet)

    return ask


async def test_the_most_relevant_sentence_comes_first_with_its_place(ask, file):
    outcome = await ask("What was the water temperature in May, according to notes.md?", file("notes.md", NOTES))
    place = 'notes.md, "Field notes > Findings", line 7'
    assert outcome.conclusion.startswith(f"**The water temperature was 14 degrees in May.** — {place}\n")
    assert "> The water temperature was 14 degrees in May. Trout were seen near the weir." in outcome.conclusion
    assert outcome.abstract == f"The water temperature was 14 degrees in May. ({place})"


async def test_a_pdf_is_cited_by_page(ask, file):
    manual = file(
        "manual.pdf", pdf_of("Welcome to the pump.", "The warranty period is 24 months.", "Call us any time.")
    )
    outcome = await ask("find the warranty period in manual.pdf", manual)
    assert outcome.conclusion.startswith("**The warranty period is 24 months.** — manual.pdf, page 2")


async def test_html_is_cited_by_heading_and_scripts_are_not_text(ask, file):
    page = "<h1>Pump</h1><script>var secret_price = 5;</script><h2>Prices</h2><p>The pump costs 99 euros.</p>"
    outcome = await ask("How much does the pump cost?", file("pump.html", page))
    assert 'pump.html, "Pump > Prices", line 1' in outcome.conclusion
    with pytest.raises(AgentFailed, match="Nothing good enough"):
        await ask("What is the secret variable?", file("pump.html", page))


async def test_only_the_named_file_is_searched(ask, file):
    one, two = file("alpha.txt", "The deadline is 3 May."), file("beta.txt", "The deadline is 9 June.")
    assert "9 June" in (await ask("What is the deadline in beta.txt?", one, two)).abstract
    assert "3 May" in (await ask("What does alpha say about the deadline?", one, two)).abstract
    both = (await ask("What is the deadline?", one, two)).conclusion
    assert "3 May" in both
    assert "9 June" in both


async def test_a_file_that_is_not_there_is_named(ask, file):
    with pytest.raises(AgentFailed, match=r"gamma.pdf is not among the files of this task \(alpha.txt\)"):
        await ask("Find the price in gamma.pdf", file("alpha.txt", "The price is 3 euros."))


async def test_words_that_do_not_occur_are_named(ask, file):
    with pytest.raises(AgentFailed, match=r"in notes.md. These words do not occur there: .*unicorns"):
        await ask("What do the notes say about unicorns?", file("notes.md", NOTES))


@pytest.mark.parametrize(
    ("task", "count"),
    [
        ("How many times does the word weir appear in notes.md?", "2 times"),
        ("How often is 'weir' mentioned in notes.md?", "2 times"),
        ('count the occurrences of "the weir" in notes.md', "2 times"),
        ("How many times does the word trout occur?", "once"),
        ("How many times does the word salmon appear?", "0 times"),
        ("How many times does the word we appear?", "0 times"),
    ],
)
async def test_words_are_counted_exactly(ask, file, task, count):
    assert f"appears {count} in notes.md" in (await ask(task, file("notes.md", NOTES))).abstract


@pytest.mark.parametrize(
    "task",
    [
        "Quote the section on open questions",
        "Show the 'Open questions' section of notes.md",
        "List the open questions in notes.md",
    ],
)
async def test_a_section_is_quoted_whole(ask, file, task):
    conclusion = (await ask(task, file("notes.md", NOTES))).conclusion
    assert "> - Who pays for the fish ladder?\n> - When does the permit expire?" in conclusion
    assert "Trout" not in conclusion


async def test_a_summary_is_extracted_and_says_so(ask, file):
    conclusion = (await ask("Summarise notes.md", file("notes.md", NOTES))).conclusion
    assert "extracted word for word, not rewritten" in conclusion
    assert '"Trout were seen near the weir."' in conclusion or '"The water temperature' in conclusion


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("scan.pdf", pdf_of("", ""), "2 pages but no text: it is a scan"),
        ("broken.pdf", b"%PDF-1.4\ngarbage", "broken.pdf (is broken|cannot be read)"),
        ("fake.pdf", b"just text", "does not begin like one"),
        ("binary.txt", bytes(range(256)) * 20, "binary.txt is binary, not text"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is binary"),
        ("empty.md", b"  \n", "empty.md is empty"),
        ("script.html", b"<html><script>x</script></html>", "no readable text"),
        ("bad16.txt", b"\xff\xfea", "begins like utf-16"),
    ],
)
async def test_files_that_cannot_be_read(ask, file, name, content, said):
    with pytest.raises(AgentFailed, match=said):
        await ask("What is the price?", file(name, content))


async def test_an_encrypted_pdf(ask, file, tmp_path):
    from pypdf import PdfReader, PdfWriter

    plain = file("plain.pdf", pdf_of("The price is 5 euros."))
    writer = PdfWriter(clone_from=PdfReader(plain.path))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(AgentFailed, match="encrypted with a password"):
        await ask("What is the price?", local_file(tmp_path / "locked.pdf"))


async def test_one_unreadable_file_does_not_hide_the_others(ask, file):
    outcome = await ask("What is the price?", file("scan.pdf", pdf_of("")), file("a.txt", "The price is 5 euros."))
    assert "The price is 5 euros." in outcome.abstract
    assert "it is a scan" in outcome.conclusion


async def test_latin_1_is_read_and_said(ask, file):
    outcome = await ask(
        "What does the café cost?", file("a.txt", "Der Kaffee im Café: The café costs 3 euros.".encode("latin-1"))
    )
    assert "The café costs 3 euros." in outcome.conclusion
    assert "not UTF-8; it was read as Latin-1" in outcome.conclusion


def test_a_pdf_under_another_name_is_a_pdf(file):
    assert read_document(file("real.txt", pdf_of("Hello there."))).passages[0].page == 1


def test_limits_on_size(file, monkeypatch):
    monkeypatch.setattr(documents, "MAX_FILE_BYTES", 100)
    with pytest.raises(Unreadable, match="has 500 bytes, at most 100"):
        read_document(file("big.txt", "x" * 500))
    monkeypatch.setattr(documents, "MAX_FILE_BYTES", 1000)
    monkeypatch.setattr(documents, "MAX_TEXT_CHARS", 50)
    assert read_document(file("long.txt", "word " * 50)).notes == (
        "long.txt: only the first 50 of 250 characters were read",
    )


def test_reading_stops_when_it_is_told_to_or_takes_too_long(file):
    document = file("a.pdf", pdf_of("One.", "Two."))
    stopped = documents.Patience()
    stopped.stop.set()
    with pytest.raises(Unreadable, match="its task was cancelled"):
        read_document(document, stopped)
    with pytest.raises(Unreadable, match=r"a\.pdf takes longer than 0 seconds to read; split it"):
        read_document(document, documents.Patience(time_s=0))


async def test_tables_and_pictures_are_left_to_others(ask, file):
    with pytest.raises(AgentFailed, match=r"There is no document to read \(files: a.csv, b.png\)"):
        await ask("What is the price?", file("a.csv", "price\n5\n"), file("b.png", b"\x89PNG"))


async def test_no_subject(ask, file):
    with pytest.raises(AgentFailed, match="I do not understand what to look for"):
        await ask("Please find it", file("a.txt", "The price is 5 euros."))


@pytest.mark.parametrize(
    ("task", "about"),
    [
        ("Find in the handbook what the refund policy says", "the refund policy"),
        ("find the warranty period in manual.pdf", "the warranty period"),
        ("According to manual.pdf, who made the pump?", "who made the pump"),
        ("Look up the notice period and cite the page", "the notice period"),
        ("Please search the documents for the meal allowance", "the meal allowance"),
        ("Read manual.pdf and find out how long the battery lasts", "how long the battery lasts"),
    ],
)
def test_words_of_instruction_are_no_part_of_the_question(file, task, about):
    files = [file("manual.pdf", "x"), file("handbook.md", "x")]
    assert about in understood(task, files).about
    assert len(understood(task, files).about) <= len(about) + 6


async def test_a_long_document_is_searched_in_time(ask, file):
    filler = "\n\n".join(f"Paragraph {n} is about the weather in town {n}, which was mild." for n in range(6000))
    outcome = await ask(
        "What is the password for the vault?", file("long.txt", filler + "\n\nThe vault password is swordfish.")
    )
    assert "swordfish" in outcome.abstract


def test_on_its_own(tmp_path):
    path = tmp_path / "prices.txt"
    path.write_text("The pump costs 99 euros.")
    assert "**The pump costs 99 euros.**" in Librarian().run(f"What does the pump cost? See {path}")
    assert "**The pump costs 99 euros.**" in Librarian(files=[path]).run("What does the pump cost?")
