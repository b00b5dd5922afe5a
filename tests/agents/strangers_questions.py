"""Documents and questions of strangers, each set written down before the librarian had ever seen its documents.

What the librarian made of each set the first time stands beside it; classes of misses were mended afterwards, so that
no set but the next one is unseen.
"""

from __future__ import annotations

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
# First run (before kinds of answers and kin words): 12 right, 3 wrong, 15 missed; 4 of 20 invented.
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

RECIPE = """# Grandma's apple cake

A moist cake that keeps well. Serves twelve. Preparation takes 25 minutes.

## Ingredients

| Ingredient | Amount |
|---|---|
| Flour | 300 g |
| Sugar | 180 g |
| Butter | 200 g |
| Eggs | 4 |
| Apples | 1.2 kg |

## Method

1. Heat the oven to 175 degrees.
2. Beat butter and sugar for five minutes, then add the eggs one by one.
3. Fold in the flour and spread the dough in a greased 26 cm tin.
4. Peel and slice the apples and lay them on top.
5. Bake for 50 minutes and let it cool for an hour.

## Keeping

Wrapped in foil the cake stays fresh for four days. It can be frozen for up to three months.
"""

CONFERENCE = """<html><body><h1>Coastal Engineering Days 2027</h1>
<p>The congress takes place from 9 to 11 June 2027 in the Harbour Hall, Bremerhaven. It is organised by the
Institute of Marine Works; the programme committee is chaired by Professor Lena Brandt.</p>
<h2>Papers</h2><p>Abstracts of no more than 400 words must reach us by 31 January 2027. Authors are informed of the
decision by 15 March. Accepted talks have a length of 20 minutes, followed by five minutes of discussion.</p>
<h2>Registration</h2>
<p>Early birds pay 320 euros until 30 April, afterwards the fee is 390 euros. Students pay 120 euros
at any time. The fee covers lunches and the boat tour, but not the dinner.</p>
<p>Anyone who cancels before 15 May gets back the fee less 50 euros. Later cancellations are not refunded.</p>
<h2>Travel</h2><p>From Bremen airport the train takes 55 minutes. Rooms are reserved at Hotel Leuchtturm under the code
CED27. Questions: info@ced-days.example or 0471 555 019.</p></body></html>"""

WORKSHOP = """FITNESS CLUB RIVERSIDE - MEMBERSHIP TERMS

OPENING HOURS
Monday to Friday 6:30 to 22:00, Saturday and Sunday 9:00 to 18:00. The sauna opens two hours later.

MEMBERSHIP
The basic membership costs 29.90 euros a month, the plus membership 44.90 euros. Minors need the signature of a
parent. The minimum age is 16.

CONTRACT
Contracts run for twelve months and are renewed by six months at a time unless cancelled four weeks before
they end. Cancellation must be in writing. In case of pregnancy or an illness of more than six weeks the membership
can be paused.

LOCKERS
Lockers must be emptied every evening. The club is not liable for stolen valuables. A lost key costs 15 euros.

COURSES
Yoga is on Wednesdays at 19:00 with Carla Mendes. Spinning takes place twice a week and is limited to 18 people.
"""

SECOND = {"cake.md": RECIPE.encode(), "congress.html": CONFERENCE.encode(), "club_terms.txt": WORKSHOP.encode()}
# First run (after the first set was mended): 8 right, 0 wrong, 7 missed; 1 of 10 invented.
SECOND_ANSWERABLE = [
    ("How hot must the oven be?", "175 degrees"),
    ("How long does the cake keep?", "four days"),
    ("How many eggs go into the cake?", "4"),
    ("how much sugar do I need", "180 g"),
    ("For how many people is the recipe?", "twelve"),
    ("When does the congress take place and where?", "9 to 11 June"),
    ("What is the last day to send in an abstract?", "31 January"),
    ("How long may a talk be?", "20 minutes"),
    ("What do students have to pay for the congress?", "120 euros"),
    ("Who heads the programme committee?", "Lena Brandt"),
    ("How do I get from the airport to the venue, how long does it take?", "55 minutes"),
    ("Until what time is the gym open on Saturdays?", "18:00"),
    ("How much is a plus membership?", "44.90"),
    ("What's the notice period for cancelling the gym contract?", "four weeks"),
    ("What does it cost if I lose my locker key?", "15 euros"),
]
SECOND_UNANSWERABLE = [
    "How many calories does a slice of cake have?",
    "How much milk do I need for the cake?",
    "How long does the cherry cake take in the oven?",
    "What does the congress dinner cost?",
    "Who gives the keynote at the congress?",
    "How many people attended the congress last year?",
    "What does a sauna visit cost?",
    "When does the pilates course start?",
    "Who owns the fitness club?",
    "How long is the membership paused in case of pregnancy?",
]

MANUAL = """# TurboPress 5 and TurboPress 9 juice presses

## Safety

Keep children under eight away from the appliance. Unplug it before you open the lid.

## Technical data

| | TurboPress 5 | TurboPress 9 |
|---|---|---|
| Power | 400 W | 750 W |
| Weight | 3.2 kg | 5.1 kg |
| Capacity | 0.8 l | 1.5 l |
| Noise level | 68 dB | 74 dB |

## Cleaning

Rinse the sieve under running water after each use. The jug may go into the dishwasher; the motor block may not.

## Guarantee

We give a guarantee of 24 months on the TurboPress 5 and 60 months on the TurboPress 9, counted from the invoice date.
Wear parts such as seals are excluded.

## Service

Write to service@turbopress.example or call 0800 123 4567, Monday to Thursday from 8:00 to 17:00.
Replacement sieves (order number TP-77) cost 14.50 euros.
"""

MINUTES = """# Works council meeting of 4 November 2026

Present: Amira Haddad (chair), Piotr Zielinski, Joan Baker. Excused: Luis Romero.

## 1. Canteen

The price of the daily menu goes up from 5.20 to 5.60 euros on 1 January. A vegetarian dish will be offered every day.
Piotr Zielinski will talk to the caterer by 20 November.

## 2. Flexible hours

The trial in the sales department showed 12 percent fewer sick days. The council voted for an extension to all
departments with seven votes to two.

## 3. Bicycle parking

The new shed costs 18,500 euros and has room for 60 bicycles. Construction begins in March and should be finished
before the summer party.

## Action items

- Joan Baker: publish the minutes by Friday
- Amira Haddad: order lockers
- Piotr Zielinski: obtain two further offers for the shed

Next meeting: 2 December 2026, 14:00, room B 204
"""

SUPPLY = pdf_of(
    """Supply Agreement

between Nordkorn Mills AB, Malmo (Supplier) and Bakery Chain Lotte GmbH (Buyer)

Article 1 Subject
The Supplier delivers organic flour to the Buyer's four bakeries in Kiel. The Buyer takes at
least 40 tonnes per calendar year.

Article 2 Delivery
Goods are delivered every Tuesday and Friday before 6:00. If the Supplier is more than one day
late, the Buyer may deduct two percent of the invoice for each further day, up to ten percent.

Article 3 Price and payment
The price is 0.62 euros per kilogram, freight included. It is fixed until 31 December 2027.
Invoices are payable within 30 days without deduction; within ten days a discount of 2 percent
is granted.""",
    """Article 4 Quality
Complaints about visible defects must be made within three working days of receipt. The Supplier
keeps a sample of each batch for six months.

Article 5 Term
This agreement takes effect on 1 March 2026. Each party may end it with six months' notice to the
end of a calendar year.

Article 6 Confidentiality
Both parties keep prices and recipes secret, also for five years after the agreement has ended.

Malmo, 11 February 2026. Signed for the Supplier: Karin Lindqvist. For the Buyer: Oskar Lotte.""",
)

THIRD = {"manual.md": MANUAL.encode(), "minutes.md": MINUTES.encode(), "supply.pdf": SUPPLY}
# First run (after the second): 10 right, 1 wrong, 9 missed; 2 of 12 invented.
THIRD_ANSWERABLE = [
    ("find the warranty period of the TurboPress 9 in manual.md", "60 months"),
    ("How much does the TurboPress 5 weigh?", "3.2 kg"),
    ("Which of the presses is louder, what is the noise level of the TurboPress 9?", "74 dB"),
    ("Can the motor block be put in the dishwasher?", "motor block may not"),
    ("What is the customer service phone number?", "0800 123 4567"),
    ("How much is a new sieve?", "14.50"),
    ("What will lunch in the canteen cost from January?", "5.60"),
    ("Who could not come to the works council meeting?", "Luis Romero"),
    ("How many bikes fit into the new shed?", "60 bicycles"),
    ("What does Amira Haddad have to do?", "order lockers"),
    ("When will the building of the shed start?", "March"),
    ("How many tonnes must the buyer take each year?", "40 tonnes"),
    ("On which days does the supplier deliver?", "Tuesday and Friday"),
    ("What penalty applies for late delivery according to supply.pdf?", "two percent"),
    ("What discount is given for paying within ten days?", "2 percent"),
    ("How long must samples be kept?", "six months"),
    ("When did the contract come into force?", "1 March 2026"),
    ("Who signed the supply agreement for the buyer?", "Oskar Lotte"),
    ("What is the notice period of the supply agreement and how long does the confidentiality last?", "five years"),
    ("Find out until when the flour price is fixed.", "31 December 2027"),
]
THIRD_UNANSWERABLE = [
    "What is the warranty period of the TurboPress 7?",
    "How long is the power cord?",
    "What does the TurboPress 9 cost?",
    "How much does a new jug cost?",
    "What did the council decide about the coffee machines?",
    "Who is the caterer?",
    "How many employees work in the sales department?",
    "When does the canteen open?",
    "What is the minimum order quantity per delivery?",
    "What happens if the buyer goes bankrupt?",
    "Which court is competent for disputes?",
    "What is the price of rye flour?",
]

SLA = """# Service level agreement: CloudDesk hosting

Version 3.2, valid from 1 April 2026. Owner of this document: Naomi Feld, head of operations.

## Availability

CloudDesk guarantees 99.9 percent availability per calendar month. Planned maintenance, announced five days ahead,
does not count as downtime.

## Support

| Priority | First reply | Solution |
|---|---|---|
| Critical | 30 minutes | 4 hours |
| High | 2 hours | 1 day |
| Normal | 1 day | 5 days |

Critical incidents are handled around the clock. For all others the desk is staffed on weekdays from 7:00 to 19:00.

## Credits

For every started hour of unplanned downtime beyond the guarantee the customer receives a credit of two percent of the
monthly fee, 30 percent at most. Claims have to be filed within 15 days.

## Backups

Backups are made every night and kept for 35 days. They are stored in a second data centre in Graz. Restoring a single
file is free twice a year; every further restoration costs 40 euros.

## Security

Data are encrypted with AES-256. An external audit takes place once a year; the last one was carried out by Kessler and
Partners in October 2025.
"""

LIBRARY = """<html><body><h1>Town library: rules of use</h1>
<h2>Joining</h2><p>Anyone aged six or over may join. Bring an identity card and proof of address. The yearly fee is 18
euros; under-18s and students join free of charge.</p>
<h2>Borrowing</h2><p>Up to ten items can be borrowed at once. Books may be kept for four weeks, films and games for one
week. Loans can be extended twice unless somebody has reserved the item.</p>
<h2>Late returns</h2><p>For each item that is late we charge 20 cents a day. Whoever owes more than ten euros
cannot borrow
until the debt is settled.</p>
<h2>Lost or damaged items</h2><p>You replace the item or pay its price plus a handling charge of five euros.</p>
<h2>Conduct</h2><ul><li>Phones are switched to silent.</li><li>Eating is allowed in the cafe only.</li>
<li>Bags larger than A4 go into the lockers.</li></ul>
<p>The reading room is on the second floor. Group rooms are booked at the desk, for three hours at
most.</p></body></html>"""

TRIP = """STAFF OUTING 2026 - INFORMATION FOR EVERYBODY

We meet on Friday 19 June at 7:45 at the north entrance of the main station. The train leaves at 8:06.

In Oberried a guide, Marta Kolb, awaits us for a walk of 9 km through the gorge. The path climbs 320 metres and
takes about
three and a half hours. Wear sturdy shoes.

Lunch is at the Sonne inn at 13:00. A vegetarian menu must be ordered from Deniz in accounting by 5 June.

In the afternoon you can choose between the glass museum and a boat trip. The boat holds 24 people; first come, first
served.

The company pays for the train and lunch. Drinks are at your own expense. Back at the main station at 18:40.

If it rains heavily the outing is moved to 26 June.
"""

FOURTH = {"sla.md": SLA.encode(), "library.html": LIBRARY.encode(), "outing.txt": TRIP.encode()}
# First run (after the third): 11 right, 1 wrong, 8 missed; 1 of 12 invented.
FOURTH_ANSWERABLE = [
    ("What availability does CloudDesk promise?", "99.9 percent"),
    ("How quickly do they answer critical tickets?", "30 minutes"),
    ("How long are backups stored?", "35 days"),
    ("Where are the backups kept?", "Graz"),
    ("What is the maximum credit a customer can get?", "30 percent"),
    ("Who audited the company last?", "Kessler"),
    ("How much does a third restoration in the same year cost?", "40 euros"),
    ("By when do claims have to be made?", "15 days"),
    ("How much is the annual library fee?", "18"),
    ("How many books can I take out at the same time?", "ten items"),
    ("How long can I keep a DVD or film?", "one"),
    ("What is the fine for overdue items?", "20 cents"),
    ("What documents do I need to register at the library?", "identity card"),
    ("Where is the reading room?", "second floor"),
    ("Where and when do we meet for the outing?", "7:45"),
    ("How far do we walk?", "9 km"),
    ("Who is our guide in Oberried?", "Marta Kolb"),
    ("What is the deadline for ordering a vegetarian meal?", "5 June"),
    ("How many people fit on the boat?", "24 people"),
    ("What happens if it rains?", "26 June"),
]
FOURTH_UNANSWERABLE = [
    "What does CloudDesk hosting cost per month?",
    "How many customers does CloudDesk have?",
    "What is the first reply time for low priority tickets?",
    "Who is the chief executive of CloudDesk?",
    "What are the opening hours of the library?",
    "How much does a photocopy cost in the library?",
    "How many books does the library own?",
    "What does the glass museum cost?",
    "How long does the boat trip take?",
    "What is the phone number of the guide?",
    "Who organises the outing?",
    "How many employees take part in the outing?",
]

EXPENSES = """# Travel and expense policy

Issued by the finance team, March 2026. Questions go to Helena Strand (helena.strand@fjordline.example).

## Flights and trains

Book economy class for flights under six hours. Trains are preferred for distances below 500 km. Tickets are bought
through the TravelHub portal at least ten days before departure.

## Hotels

The ceiling is 140 euros a night in large cities and 105 euros elsewhere. Breakfast is included.

## Meals

The daily allowance is 38 euros within the country and 52 euros abroad. Alcohol is not reimbursed.

## Own car

Those who use their own car receive 0.30 euros per kilometre. Parking fees are refunded, fines are not.

## Claims

Send your claim with all receipts within 20 days of your return. Payment follows with the next salary. Claims above
1,000 euros need the signature of the department head.
"""

WASHER = pdf_of(
    """AquaSpin W7 washing machine
Instructions for use

Installation
Remove the four transport bolts before the first use. The drain hose must not be higher than
90 cm above the floor.

Programmes
Cotton 60: for towels and bed linen, 140 minutes, full load 7 kg.
Quick 30: for lightly soiled clothes, 30 minutes, load no more than 3 kg.
Wool: 40 minutes, cold, spin speed 600 rpm.

Care
Clean the filter every three months. Run an empty hot cycle once a month to prevent odours.""",
    """Faults
E01: The door is not shut. Press it until it clicks.
E04: No water. Open the tap and check the inlet hose.
E09: The pump is blocked. Clean the filter.

Guarantee
The guarantee is two years for the machine and ten years for the motor. It ends if repairs are
carried out by unauthorised persons.

Technical data
Width 60 cm, depth 55 cm, weight 68 kg. Noise when spinning: 73 dB. Energy class A.""",
)
FIFTH = {"expenses.md": EXPENSES.encode(), "washer.pdf": WASHER}
# First run (after the fourth): 13 right, 0 wrong, 3 missed; 1 of 10 invented.
FIFTH_ANSWERABLE = [
    ("What is the hotel limit in big cities?", "140 euros"),
    ("How much do I get per kilometre if I take my own car?", "0.30"),
    ("How many days do I have to hand in my expense claim?", "20 days"),
    ("Who do I ask about the travel policy?", "Helena Strand"),
    ("How early do tickets have to be booked?", "ten days"),
    ("Are parking fines paid back?", "fines are not"),
    ("What is the meal allowance abroad?", "52 euros"),
    ("Who has to sign claims over 1,000 euros?", "department head"),
    ("How long does the cotton programme take?", "140 minutes"),
    ("What does error E04 mean?", "No water"),
    ("How often should I clean the filter?", "every three months"),
    ("How long is the motor under warranty?", "ten years"),
    ("How heavy is the washing machine?", "68 kg"),
    ("How loud is it during spinning?", "73 dB"),
    ("What has to be removed before using the machine for the first time?", "transport bolts"),
    ("How many kilos may be washed with the quick programme?", "3 kg"),
]
FIFTH_UNANSWERABLE = [
    "What is the hotel limit in London?",
    "How much is reimbursed for taxis?",
    "Who is the head of finance?",
    "What does the TravelHub portal cost?",
    "What does error E12 mean?",
    "How much water does the cotton programme use?",
    "What is the price of the AquaSpin W7?",
    "How long does the synthetic programme take?",
    "What is the guarantee on the pump?",
    "Where is the washing machine made?",
]

Case = tuple[dict[str, bytes], list[tuple[str, str]], list[str]]
CASES: dict[str, Case] = {
    "first": (FIRST, FIRST_ANSWERABLE, FIRST_UNANSWERABLE),
    "second": (SECOND, SECOND_ANSWERABLE, SECOND_UNANSWERABLE),
    "third": (THIRD, THIRD_ANSWERABLE, THIRD_UNANSWERABLE),
    "fourth": (FOURTH, FOURTH_ANSWERABLE, FOURTH_UNANSWERABLE),
    "fifth": (FIFTH, FIFTH_ANSWERABLE, FIFTH_UNANSWERABLE),
}
