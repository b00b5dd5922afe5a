"""Questions in strangers' words, written down before the librarian had ever seen these documents.

A headline (the sentence in bold) must contain the expected words; a question on which the documents are silent must be
refused. The figures of the first run, before anything was changed for them, stand beside each set.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.librarian import Librarian
from ioa.adapters.agents.passages import shipped_embedder
from ioa.adapters.agents.standalone import local_file
from ioa.ports.agent import AgentFailed, Assignment
from tests.agents.pdf_pages import pdf_of

LEASE = (
    """RESIDENTIAL LEASE

1. PARTIES AND PROPERTY

This lease is made between Margaret Doyle (the landlord) and Samuel Okafor and
Elena Petrova (the tenants). It concerns the flat on the second floor of
14 Mill Lane, Ashford, with a cellar room and one parking space.

2. TERM

The tenancy begins on 1 September 2025 and runs for two years. After that it
continues from month to month. The tenants may end it with two months' written
notice, the landlord with four.

3. RENT AND DEPOSIT

The rent is 1,150 pounds a month, payable on the third working day of each
month by standing order. Heating and water are charged separately at 95 pounds
a month. The landlord may raise the rent once a year by at most four percent.

A deposit of 2,300 pounds is held by the Ashford Deposit Scheme and returned
within ten days after the keys are handed back, less the cost of damage.
""",
    """4. USE OF THE FLAT

Cats and small animals in cages are permitted. Dogs require the landlord's
written consent. Smoking is forbidden in all rooms and on the balcony.
Subletting is not allowed.

5. REPAIRS

The tenants report damage at once to the caretaker, Henry Walsh, telephone
01233 555 0142. They pay for small repairs up to 75 pounds each. The landlord
has the boiler serviced every autumn.

6. VISITS

The landlord may enter the flat for inspection after giving 24 hours' notice,
on weekdays between 9 am and 6 pm.
""",
)

GARDEN = """<html><head><title>Growing tomatoes</title></head><body>
<h1>Growing tomatoes at home</h1>
<p>This leaflet of the Riverside Garden Club is for beginners. It was revised in February 2024 by Joan Hartley.</p>
<h2>Sowing</h2>
<p>Sow indoors from mid March at 20 to 24 degrees. Seeds sprout after eight to ten days. Cover them with half a
centimetre of compost.</p>
<h2>Planting out</h2>
<p>Move the young plants outside once the last frost has passed, usually after 15 May. Leave 60 centimetres between
plants. Each one needs a stake at least 1.5 metres tall.</p>
<h2>Care</h2>
<p>Water in the morning, at the root, never over the leaves. Feed with liquid fertiliser every two weeks as soon as the
first fruits appear. Pinch out the side shoots so that the plant puts its strength into the fruit.</p>
<h2>Pests and diseases</h2>
<p>Late blight shows as brown spots on the leaves. Remove affected leaves at once and put them in the bin, not on the
compost heap. Whitefly can be caught with yellow sticky traps.</p>
<h2>Varieties</h2>
<table><tr><th>Variety</th><th>Type</th><th>Days to harvest</th><th>Fruit weight</th></tr>
<tr><td>Gardener's Delight</td><td>cherry</td><td>65</td><td>20 g</td></tr>
<tr><td>Marmande</td><td>beefsteak</td><td>80</td><td>250 g</td></tr>
<tr><td>Roma</td><td>plum</td><td>75</td><td>70 g</td></tr></table>
<h2>Three rules for storing</h2>
<ul><li>Keep ripe tomatoes at room temperature.</li><li>Never put them in the fridge.</li>
<li>Use them within five days.</li></ul>
</body></html>"""

SCHOOL = """# Hillcrest Primary School: policy on attendance and trips

Approved by the governors on 8 January 2026. Next review: January 2028.

## School day

Gates open at 8:30. Lessons run from 8:50 to 15:20. Pupils who arrive after 9:15 are recorded as absent for the morning.

## Absence

Parents ring the school office before 9 am on the first day of an illness. After three days a note from the parent is
needed. Leave in term time is granted only by the head teacher, Ruth Abara, and only for family emergencies.

A child with a stomach upset stays at home until 48 hours after the last symptom.

## Trips

Every class goes on one trip each term. There is one adult for every six children. Consent forms must be handed in by
the Friday before the trip. Parents contribute no more than 12 pounds; families on free meals pay nothing.

### What to bring

1. A packed lunch without nuts
2. A waterproof jacket
3. A refillable bottle

## Fees for clubs

| Club | Day | Price per term |
|------|-----|----------------|
| Chess | Tuesday | 18 pounds |
| Choir | Thursday | free |
| Robotics | Monday | 42 pounds |

## Complaints

Complaints go first to the class teacher, then to the head, and are answered within 15 school days.
"""

FIRST = {"lease.pdf": pdf_of(*LEASE), "tomatoes.html": GARDEN.encode(), "school_policy.md": SCHOOL.encode()}
# First run, before the work on question types: to be filled in.
FIRST_ANSWERABLE = [
    ("How long does the tenancy last?", "two years"),
    ("find out how much rent has to be paid each month", "1,150 pounds"),
    ("How much notice do the tenants have to give if they want to move out?", "two months"),
    ("when is the rent due?", "third working day"),
    ("Who owns the flat?", "Margaret Doyle"),
    ("Can the tenants keep a dog? Check lease.pdf.", "Dogs require"),
    ("What does the lease say about smoking?", "Smoking is forbidden"),
    ("Look up in the lease how big the deposit is", "2,300"),
    ("How soon do they get their deposit back?", "within ten days"),
    ("What is the caretaker's phone number?", "01233 555 0142"),
    ("By how much can the rent go up?", "four percent"),
    ("Up to what amount do tenants have to pay for repairs themselves?", "75 pounds"),
    ("How far ahead must the landlord announce an inspection?", "24 hours"),
    ("Where is the flat located?", "14 Mill Lane"),
    ("At what temperature should tomato seeds be sown?", "20 to 24 degrees"),
    ("How many days until the seeds germinate?", "eight to ten days"),
    ("How far apart should tomato plants stand?", "60 centimetres"),
    ("when can I plant the tomatoes outdoors", "15 May"),
    ("How often do tomatoes need fertiliser?", "every two weeks"),
    ("How heavy are Marmande fruits?", "250 g"),
    ("Who wrote the leaflet about tomatoes?", "Joan Hartley"),
    ("what should I do with leaves that have blight", "Remove affected leaves"),
    ("What are the three rules for storing tomatoes?", "room temperature"),
    ("What time does school start?", "8:50|8:30"),
    ("By when do consent forms have to be returned?", "Friday before"),
    ("What does the chess club cost?", "18 pounds"),
    ("How many children may one adult look after on a trip?", "six children"),
    ("Who can authorise holidays during term?", "head teacher"),
    ("How long must a kid stay home after vomiting?", "48 hours"),
    ("how long does the school take to reply to a complaint", "15 school days"),
]
FIRST_UNANSWERABLE = [
    "How big is the flat in square metres?",
    "What happens if the rent is paid late?",
    "How many bedrooms does the flat have?",
    "Who is the landlord's lawyer?",
    "What is the landlord's phone number?",
    "How much is the rent for the parking space?",
    "Who pays for the renovation when the tenants leave?",
    "How long does the landlord's insurance run?",
    "How often should tomatoes be watered?",
    "How heavy is a Tigerella tomato?",
    "What is the price of tomato seeds?",
    "How much water does a tomato plant need per day?",
    "When should cucumbers be sown?",
    "How tall does a Roma plant get?",
    "How many pupils does the school have?",
    "What does the football club cost?",
    "Who is the deputy head?",
    "What is the school's phone number?",
    "When do the summer holidays begin?",
    "What is the dress code for pupils?",
]

Case = tuple[dict[str, bytes], list[tuple[str, str]], list[str]]


async def quiet(_: str) -> None:
    pass


async def ask(folder: Path, names: list[str], question: str, agent: Librarian) -> str | None:
    """The headline, or `None` when the librarian refuses."""
    files = tuple(local_file(folder / name) for name in names)
    try:
        outcome = await agent.perform(Assignment("t", question, folder, files), quiet)
    except AgentFailed:
        return None
    return outcome.conclusion


def headline(conclusion: str) -> str:
    """What stands in bold at the top; a list that follows it belongs to it."""
    return " ".join(conclusion.split("\n\nPassages, word for word")[0].split())


async def tally(folder: Path, case: Case, agent: Librarian) -> tuple[list[str], list[str], list[str]]:
    """Questions answered wrongly, refused though answerable, and answered though the documents are silent."""
    documents, answerable, unanswerable = case
    for name, content in documents.items():
        (folder / name).write_bytes(content)
    wrong, missed, invented = [], [], []
    for question, expected in answerable:
        conclusion = await ask(folder, list(documents), question, agent)
        if conclusion is None:
            missed.append(question)
        elif not any(words in headline(conclusion) for words in expected.split("|")):
            wrong.append(f"{question} -> {headline(conclusion)[:160]}")
    for question in unanswerable:
        conclusion = await ask(folder, list(documents), question, agent)
        if conclusion is not None:
            invented.append(f"{question} -> {headline(conclusion)[:160]}")
    return wrong, missed, invented


FIRST_CASE: Case = (FIRST, FIRST_ANSWERABLE, FIRST_UNANSWERABLE)


@pytest.mark.parametrize(("case", "may_miss"), [(FIRST_CASE, 3)], ids=["first"])
async def test_strangers_get_the_sentence_that_answers_or_a_refusal(tmp_path, case, may_miss):
    if shipped_embedder() is None:
        pytest.skip("model of meaning: not available here")
    wrong, missed, invented = await tally(tmp_path, case, Librarian())
    assert wrong == []
    assert invented == []
    assert len(missed) <= may_miss, missed
