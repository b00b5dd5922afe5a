"""How often the librarian answers what its documents say, and refuses what they do not.

Documents and questions are of this test; the bar in `passages.py` was set on them. A question is answered when the
expected words stand in the most relevant sentence or in the first passage; it is refused when `AgentFailed` is raised.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.librarian import Librarian
from ioa.adapters.agents.passages import shipped_embedder
from ioa.adapters.agents.standalone import local_file
from ioa.ports.agent import AgentFailed, Assignment

DOCUMENTS = {
    "employee_handbook.md": """# Employee Handbook

Welcome to Northwind Traders. This handbook applies to all staff from the first day of employment.

## Working hours

The regular working week has 38 hours. Core time, during which everybody should be reachable, is from 10:00 to 15:00.
Overtime must be approved in advance by the line manager and is compensated by time off.

## Vacation

Every full-time employee receives 28 days of paid vacation each calendar year. Requests are entered in the HR portal at
least two weeks ahead.

### Carry-over

Up to five unused vacation days may be carried over into the next year. They expire on 31 March.

## Remote work

Staff may work from home up to three days a week. Working from abroad needs the written consent of the HR department.

## Expenses

Travel costs are reimbursed within 30 days when the receipts are submitted through the finance portal. Meals are covered
up to 45 euros a day.

## Sick leave

Illness must be reported by 9:00 on the first day. A doctor's certificate is required from the fourth day on.
""",
    "service_agreement.txt": """SERVICE AGREEMENT

This agreement is made on 3 May 2025 between Harbour Logistics Ltd ("the Client") and Brightline Systems GmbH
("the Provider").

1. SCOPE

The Provider operates the warehouse management software and answers support requests on working days.

2. FEES AND PAYMENT

The Client pays a monthly fee of 4,200 euros. Invoices are due within 14 days of receipt. Late payments bear interest of
five percent a year.

3. TERM AND TERMINATION

The agreement runs for 24 months. Either party may terminate it with three months' written notice to the end of a
quarter.

4. LIABILITY

The liability of the Provider is limited to 250,000 euros for each incident.

5. GOVERNING LAW

This agreement is governed by the law of the Free and Hanseatic City of Hamburg.

Signed: Ingrid Solheim, managing director, for the Client
Signed: Tobias Renner, chief executive, for the Provider
""",
    "coffee_machine.html": """<html><head><title>BrewMaster 300</title><style>p {color: red}</style></head><body>
<nav>Home Products Support</nav><h1>BrewMaster 300 manual</h1>
<h2>Warranty</h2><p>The warranty period is 36 months from the date of purchase.
It does not cover damage by lime scale.</p>
<h2>Cleaning</h2><p>Descale the machine every two months. Empty the drip tray daily.</p>
<ul><li>Use only mild detergent.</li><li>Never immerse the machine in water.</li></ul>
<h2>Technical data</h2><table><tr><th>Power</th><td>1450 W</td></tr><tr><th>Tank</th><td>1.8 litres</td></tr>
<tr><th>Pressure</th><td>15 bar</td></tr></table>
<h2>Trouble</h2><p>If the red lamp flashes, the water tank is empty. If no coffee comes out, clean the filter.</p>
<script>alert('never shown')</script></body></html>""",
    "project_notes.md": """# Kick-off notes, project Albatross

Present: Mia Chen, Jonas Weber, Priya Nair. The project lead is Priya Nair.

## Risks

- The supplier of the sensors may deliver six weeks late.
- Two developers leave the team in August.
- The budget for cloud hosting is not approved yet.

## Decisions

We use PostgreSQL as the database. The first release is planned for 15 September.

## Budget

The total budget is 180,000 dollars, of which 60 percent are staff costs.
""",
}

ANSWERABLE = [
    ("What does the handbook say about vacation carry-over?", "31 March|five unused"),
    ("How many days of paid vacation do employees receive?", "28 days"),
    ("Find out how many days a week staff may work from home.", "three days a week"),
    ("When is a doctor's certificate required?", "fourth day"),
    ("According to the handbook, how fast are travel costs reimbursed?", "30 days"),
    ("Find the rules for overtime in employee_handbook.md and cite the section.", "line manager"),
    ("Who signed the agreement?", "Ingrid Solheim"),
    ("What is the monthly fee in the service agreement?", "4,200"),
    ("Look up the notice period for terminating the contract in service_agreement.txt", "three months"),
    ("Which law governs the agreement?", "Hamburg"),
    ("What is the liability cap of the provider?", "250,000"),
    ("Find the warranty period in coffee_machine.html", "36 months"),
    ("How often should the machine be descaled?", "every two months"),
    ("What does it mean if the red lamp flashes?", "water tank is empty"),
    ("How many watts of power does the coffee machine have?", "1450 W"),
    ("List the risks mentioned in project_notes.md", "six weeks late"),
    ("Who is the project lead of Albatross?", "Priya Nair"),
    ("Which database was chosen for the project?", "PostgreSQL"),
    ("When is the first release planned?", "15 September"),
    ("Search the documents for the meal allowance per day.", "45 euros"),
    ("Quote what the handbook says on illness reporting.", "9:00"),
    ("What happens when an invoice is paid late?", "five percent"),
]

UNANSWERABLE = [
    "What is the capital of France?",
    "What does the handbook say about parental leave?",
    "How high is the annual bonus?",
    "What is the dress code at Northwind Traders?",
    "Which pension plan does the company offer?",
    "Find the company's policy on pets in the office.",
    "What is the penalty for a breach of confidentiality in the service agreement?",
    "Who is the insurance carrier of Harbour Logistics?",
    "What data protection officer is named in the agreement?",
    "What colours is the BrewMaster available in?",
    "How do I connect the coffee machine to wifi?",
    "What is the price of the coffee machine?",
    "What does the machine weigh?",
    "Which programming language will the project use?",
    "Who is the customer of project Albatross?",
    "What marketing strategy do the notes describe?",
    "How do I bake sourdough bread?",
    "What was the score of the football match?",
    "Find the CEO's email address.",
    "What does the handbook say about maternity benefits?",
    "How many employees does Northwind Traders have?",
    "What is the salary of a software engineer?",
]


# Never looked at when the bar was set.
HELD_OUT_DOCUMENTS = {
    "minutes.md": """# Board meeting, 12 March 2026

Attendees: Laura Ortiz (chair), Ben Falk, Sunita Rao. Apologies: Dmitri Volkov.

## Treasurer's report

Sunita Rao reported a surplus of 12,400 dollars for the fiscal year. Membership dues brought in 31,000 dollars.

## Roof repair

Three bids were received. The board accepted the bid of Kowalski Roofing for 58,750 dollars. Work starts on 4 May and
will take three weeks.

## Parking

Members asked for bicycle racks. Ben Falk will get quotes by the next meeting.

## Next meeting

16 April 2026, 7 pm, in the community room.
""",
    "tent_manual.txt": """ALPINE DOME 3 - USER GUIDE

SETUP
Lay out the groundsheet. Insert the two long poles into the red sleeves and the short pole into the grey sleeve. Peg out
the corners before raising the inner tent.

CARE
Never store the tent wet. Wash by hand with lukewarm water and no detergent. Re-proof the seams once a year.

SPECIFICATIONS
Weight: 2.9 kg
Sleeps: 3 persons
Water column: 4000 mm
Packed size: 48 x 18 cm

RETURNS
Unused tents can be sent back within 60 days for a full refund. The customer bears the cost of shipping.
""",
}
HELD_OUT_ANSWERABLE = [
    ("Who chaired the board meeting?", "Laura Ortiz"),
    ("How much did the roof repair bid cost?", "58,750"),
    ("Which company won the roofing bid?", "Kowalski"),
    ("When is the next meeting?", "16 April"),
    ("What was the surplus for the fiscal year?", "12,400"),
    ("Who will get quotes for bicycle racks?", "Ben Falk"),
    ("How heavy is the tent?", "2.9 kg"),
    ("How should I wash the tent?", "lukewarm"),
    ("How long do I have to return an unused tent?", "60 days"),
    ("Who pays for return shipping?", "customer bears"),
    ("How many people can sleep in the Alpine Dome?", "3 persons"),
    ("What does the user guide say about storing the tent?", "Never store"),
    ("what is the packed size", "48 x 18"),
    ("How much money came from membership dues?", "31,000"),
    ("when does the roof work start and how long does it take", "4 May"),
    ("Find in the minutes who was absent", "Dmitri"),
]
HELD_OUT_UNANSWERABLE = [
    "How much is the membership fee per person?",
    "Who is the vice chair?",
    "What colour is the tent?",
    "Is the tent fire resistant?",
    "What is the price of the Alpine Dome?",
    "When was the tent manual published?",
    "What did the board decide about the swimming pool?",
    "What is the phone number of Kowalski Roofing?",
    "How many members does the association have?",
    "What is the interest rate of the loan?",
    "Who repairs the elevator?",
    "Where is the company headquarters?",
    "What is the warranty on the poles?",
    "How do I cook rice?",
    "What is the wind speed rating of the tent?",
    "Who is the president of Brazil?",
    "Which insurance covers the roof?",
    "Find the section about visa requirements.",
    "How old is Ben Falk?",
    "When will the bicycle racks be installed?",
]


async def quiet(_: str) -> None:
    pass


Case = tuple[dict[str, str], list[tuple[str, str]], list[str]]
SEEN: Case = (DOCUMENTS, ANSWERABLE, UNANSWERABLE)
HELD_OUT: Case = (HELD_OUT_DOCUMENTS, HELD_OUT_ANSWERABLE, HELD_OUT_UNANSWERABLE)


async def ask(folder: Path, names: list[str], question: str, agent: Librarian) -> str | None:
    files = tuple(local_file(folder / name) for name in names)
    try:
        return (await agent.perform(Assignment("t", question, folder, files), quiet)).conclusion
    except AgentFailed:
        return None


def answers(conclusion: str, expected: str) -> bool:
    first = " ".join(conclusion.split("\n>\n> —")[0].split())
    return any(words in first for words in expected.split("|"))


async def tally(folder: Path, case: Case, agent: Librarian) -> tuple[list[str], list[str], list[str]]:
    """Questions answered wrongly, refused though answerable, and answered though the documents are silent."""
    documents, answerable, unanswerable = case
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    wrong, missed, invented = [], [], []
    for question, expected in answerable:
        conclusion = await ask(folder, list(documents), question, agent)
        if conclusion is None:
            missed.append(question)
        elif not answers(conclusion, expected):
            wrong.append(question)
    for question in unanswerable:
        if await ask(folder, list(documents), question, agent) is not None:
            invented.append(question)
    return wrong, missed, invented


@pytest.mark.parametrize(("case", "may_miss"), [(SEEN, 2), (HELD_OUT, 4)], ids=["seen", "held out"])
async def test_words_and_meaning_answer_what_is_there_and_refuse_what_is_not(tmp_path, case, may_miss):
    if shipped_embedder() is None:
        pytest.skip("model of meaning: not available here")
    wrong, missed, invented = await tally(tmp_path, case, Librarian())
    assert wrong == []
    assert invented == []
    assert len(missed) <= may_miss, missed


@pytest.mark.parametrize("case", [SEEN, HELD_OUT], ids=["seen", "held out"])
async def test_words_alone_are_more_careful(tmp_path, case):
    wrong, missed, invented = await tally(tmp_path, case, Librarian(embedder=lambda: None))
    assert wrong == []
    assert invented == []
    assert len(missed) <= 0.6 * len(case[1]), missed
