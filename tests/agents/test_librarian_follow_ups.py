"""Questions whose second half says only "it", elections, what is next, and what a text says about a topic."""

from __future__ import annotations

import pytest

from ioa.adapters.agents.inquiry import alternatives
from ioa.adapters.agents.librarian import Librarian
from ioa.adapters.agents.passages import shipped_embedder
from ioa.adapters.agents.standalone import local_file
from ioa.ports.agent import AgentFailed, Assignment

DOCUMENTS = {
    "agm.txt": """Millbrook Rowing Association
Minutes of the annual general meeting, 4 March 2025

Present were 31 members. The chair opened the meeting at 19:05.

1. Marguerite Oyelaran was elected chair by 24 votes to 6.
2. Tobias Lindqvist was chosen as secretary without opposition. The post of treasurer was left vacant.

The next meeting will take place on Tuesday 9 September 2025 at 18:30 in the Corn Exchange.
""",
    "machines.html": """<html><body><h1>Workshop machines</h1><p>Both machines stand in the cellar.</p>
<table><tr><th>Machine</th><th>Weight</th><th>Price</th><th>Bought</th></tr>
<tr><td>Lathe</td><td>310 kg</td><td>2,400 €</td><td>May 2019</td></tr>
<tr><td>Band saw</td><td>94 kg</td><td>780 €</td><td>June 2021</td></tr></table>
<p>The lathe is serviced every March. The next service of the band saw is due on 3 October.</p></body></html>""",
    "pump.html": """<html><body><h1>Vortex circulation pump</h1>
<p>The Vortex is a pump for heating systems. The warranty period is 36 months from the date of purchase.</p>
<table><tr><th>Property</th><th>Value</th></tr><tr><td>Maximum pressure</td><td>6 bar</td></tr>
<tr><td>Weight</td><td>3.4 kg</td></tr><tr><td>Power</td><td>85 W</td></tr></table></body></html>""",
    "tenancy.md": """# Tenancy agreement for 14 Quince Lane

## 3 Use of the flat
Smoking is forbidden in the flat and in the stairwell. The tenant may not sublet the flat without consent.

## 4 Repairs and keys
The landlord repairs the boiler and the roof. Small repairs up to 75 euros are for the tenant.
Three keys are handed over.
""",
}


async def quiet(_: str) -> None:
    pass


@pytest.fixture
def ask(tmp_path):
    if shipped_embedder() is None:
        pytest.skip("model of meaning: not available here")

    async def ask(name: str, question: str) -> str:
        (tmp_path / name).write_text(DOCUMENTS[name], encoding="utf-8")
        assignment = Assignment("t", question, tmp_path, (local_file(tmp_path / name),))
        found = await Librarian().perform(assignment, quiet)
        return found.conclusion.split("\n\nPassages, word for word")[0]

    return ask


@pytest.mark.parametrize(
    ("name", "question", "expected"),
    [
        ("agm.txt", "Who was elected chair?", ["**Marguerite Oyelaran"]),
        ("agm.txt", "Who was chosen as secretary according to agm.txt?", ["**Tobias Lindqvist"]),
        ("agm.txt", "When is the next meeting according to agm.txt?", ["9 September 2025"]),
        ("agm.txt", "Who was elected chair, and when is the next meeting?", ["Oyelaran", "9 September 2025"]),
        ("pump.html", "What is the warranty period of the pump, and how much does it weigh?", ["36 months", "3.4 kg"]),
        ("pump.html", "how much does it weigh?", ["3.4 kg"]),
        ("machines.html", "How much does the lathe weigh, and when was it bought?", ["310 kg", "May 2019"]),
        ("machines.html", "What did the band saw cost, and how heavy is it?", ["780 €", "94 kg"]),
        ("machines.html", "When is the next service of the lathe?", ["every March"]),
        ("tenancy.md", "What does the tenancy agreement say about smoking?", ["**Smoking is forbidden"]),
        ("tenancy.md", "Describe what the agreement says about repairs.", ["boiler", "75 euros"]),
        ("tenancy.md", "Summarise what tenancy.md says about keys.", ["Three keys"]),
        ("tenancy.md", "Explain the rules about smoking in tenancy.md", ["**Smoking is forbidden"]),
    ],
)
async def test_the_half_that_was_asked_for_is_answered(ask, name, question, expected):
    told = await ask(name, question)
    assert [words for words in expected if words not in told] == []
    assert "Not found" not in told


async def test_the_other_rows_of_a_table_are_not_told(ask):
    assert "94" not in await ask("machines.html", "How much does the lathe weigh, and when was it bought?")


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("machines.html", "how much does it weigh?"),  # two machines, and it is not said which
        ("agm.txt", "Who was elected treasurer?"),
        ("agm.txt", "Who was elected auditor?"),
        ("tenancy.md", "What does the agreement say about pets?"),
        ("tenancy.md", "When is the next inspection?"),
        ("pump.html", "How much does the pump cost?"),
    ],
)
async def test_what_is_not_said_is_refused(ask, name, question):
    with pytest.raises(AgentFailed, match="Nothing good enough"):
        await ask(name, question)


def test_it_is_first_the_thing_then_all_words_then_nothing():
    assert alternatives("What is the warranty period of the pump and how much does it weigh") == (
        ("What is the warranty period of the pump",),
        ("how much does it weigh pump", "how much does it weigh warranty period pump", "how much does it weigh"),
    )
