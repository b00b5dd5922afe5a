"""Everyday words for one thing, and the irregular forms of one word: what a question and its answer may each use.

A small table, on purpose: only words that may stand for each other in a question over a document. Opposites and mere
neighbours (`landlord` and `tenant`, `employee` and `employer`) never share a line, however alike they are otherwise.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ioa.adapters.index.words import stem

# One line, one meaning. A word may stand on several lines; it is then kin to all of them.
_GROUPS = """weigh weight heavy
largest biggest greatest
smallest tiniest
cost price fee charge rate tariff
cost pay paid bear bore borne expense
pay paid payment payable due
pay salary wage earnings earn
rent rental lease
tenancy lease rent
term period duration validity
last duration period run term valid
continue run last
begin start began begun commence open
end finish expire expiry terminate termination stop close conclude
cancel cancellation terminate termination withdraw withdrawal revoke end
leave vacate quit end terminate
holiday vacation leave
phone telephone ring call mobile
email mail
deliver delivery ship shipping shipment dispatch arrive
deadline due submit
buy bought purchase order
sell sold sale
allow allowed permit permitted permission may
authorise authorize approve approval grant granted permit consent
forbid forbidden prohibit prohibited ban banned
smoke smoking
kid child children pupil
pupil student
baby infant
person people persons
staff employee worker personnel
boss manager supervisor
customer client buyer
owner landlord
own owns owned owner
lessee tenant
lessor landlord
job position role post
car vehicle
bike bicycle cycle
dog pet
cat pet
pet animal
doctor physician medical
sick ill illness sickness sick
vomit vomiting stomach
absent absence missing apologies excused
present attend attendee attendance participant
attend participate
chair chaired chairman chairwoman chairperson
lead leader led head chair chaired run
head headteacher principal
write wrote written author
made make manufacture manufacturer produce producer
create created author
sign signed signature signatory
repair fix mend
broken defective damaged faulty defect fault damage
guarantee warranty
reply answer response respond
reimburse reimbursement refund repay
return returned refund
return send
return hand
submit hand file send return reach receive
report notify inform tell announce
announce notice notify notification
complain complaint
change alter modify modification amendment amend
raise increase rise rose risen grow
lower reduce decrease reduction cut
big large size
tall height high
long length
wide width broad
deep depth
thick thickness
hot warm temperature
fast speed quick
old age aged
far distance
outdoors outside
indoors inside
germinate sprout
sow sown seed
plant planting planted
harvest pick
feed fed fertilise fertilize fertiliser fertilizer
fertiliser fertilizer
trash rubbish garbage waste bin
locate located location address situated place
reside live home address
found founded establish established
choose chose chosen choice select selection
select selected pick
decide decision decided agree agreed resolve
accept accepted accept
win won winner
win won accept accepted award awarded
cap limit limited ceiling maximum
allowance cover covered reimburse reimbursed
bid offer tender quote
budget fund funding
revenue turnover
profit surplus
loss deficit
guest visitor
visit inspection
store storage stored keep
clean cleaning wash
wash washed cleaning
bake baked oven
cook cooked boil
mix stir combine
meal food
lunch meal
drink beverage
money amount sum
fine penalty deduct deduction interest
insure insurance
responsible charge
contact reach
safe safety
danger hazard risk
mistake error
begin beginning
need require required requirement necessary must
require required need
hire recruit employ
resign resignation
dismiss dismissal
meet met meeting
session meeting
travel trip journey
trip excursion outing
flat apartment
house home
room
fridge refrigerator
freeze freezer frost
garden yard
parking park
picture photo image
password passcode
log login
reset restore
install installation set
charge recharge battery
switch turn
maximum max most
minimum min least
annual yearly year
month monthly
week weekly
day daily
quarter quarterly
vice deputy
speaker lecturer presenter
teach taught teacher
hold held
lose lost
take took taken
give gave given
go went gone
put go place
see saw seen
sleep slept
speak spoke spoken
grow grew grown
show shown
build built building construct construction
keep kept stay fresh
lay laid
set
run ran
lend lent borrow loan
borrow borrowed loan lend
spend spent
drive drove driven
fall fell fallen
wear wore worn
break broke broken
steal stole stolen theft
bring brought
bring carry
think thought
eat ate eaten
freeze froze frozen
hear heard
throw threw thrown
withdraw withdrew withdrawn
late delay delayed
late overdue
colour color
metre meter
centre center
litre liter
programme program
licence license
kilo kilogram kg
kilometre km
centimetre cm
millimetre mm
metre m
gram g gramme
litre l
watt w
volt v
minute min
hour hr h
percent percentage
half 50
notice cancel cancellation terminate termination
gym fitness
shop store retail
conference congress convention symposium
firm company business
machine device appliance equipment
laptop computer notebook device
app application software program
club association society
course class training workshop seminar
lose lost loss missing
pay wage salary compensation remuneration
work job employment
probation probationary trial
fault failure malfunction problem trouble error
lamp light led indicator
flash blink flashing
power wattage
loud noise sound
screen display
supplier vendor
invoice bill
elect elected election chosen appoint appointed
approve approved adopt adopted accept accepted
postpone postponed defer delay
plan planned schedule scheduled
register registration enrol enroll enrolment join
clothes clothing dress outfit uniform
medicine medication drug tablet pill
dose dosage
minor underage
free gratis complimentary
discount reduction rebate
luggage baggage suitcase bag
confidential confidentiality secret
retire retirement pension
harass harassment bullying
equipment gear kit
receipt proof
advance ahead prior beforehand
extend extension prolong renew renewal
liable liability responsible
sublet sublease subletting
maintain maintenance service serviced
inspect inspection check
caretaker janitor
elevator lift
stairs staircase
basement cellar
attic loft
bathroom toilet restroom
autumn fall
lorry truck
petrol gasoline fuel
tyre tire
plane flight airplane aeroplane
tap faucet
cover lid
serve serving portion people
dough batter
stove hob cooker
exceed over beyond
reward prize award
donate donation gift
expel expulsion exclude
graduate graduation
exam examination test
grade mark
homework assignment
tutor teacher instructor trainer
instructor coach trainer
swim swimming pool
rain weather
snow winter
promise guarantee assure commit
meal menu dish food
fine charge penalty
book item
hold room space seat capacity fit
provide offer supply
assist assistance help support
launch start begin
finish complete completed
verify check
include contain comprise consist
exclude except exempt
happen occur
prevent avoid
delete erase destroy remove
purpose aim goal objective target
reason cause
result outcome
advantage benefit
disadvantage drawback
spouse partner
accident injury
target forecast expected
headquarters office
found founder
vary differ
attach enclose
consume consumption
empty drain
hang mount
tighten fasten
oil lubricate
protect protection
train training
travel mileage
volunteer voluntary
"""

# Two words that say what one says: replaced before anything else, in the question and in the text.
_PHRASES = {
    r"mov(?:e|es|ed|ing) out": "vacate",
    r"mov(?:e|es|ed|ing) in": "begin",
    r"giv(?:e|es|en|ing) back|hand(?:s|ed|ing)? back|pay(?:s|ing)? back|sen[dt](?:s|ing)? back|gets? back": "return",
    r"hand(?:s|ed|ing)? in|turn(?:s|ed|ing)? in": "submit",
    r"go(?:es)? up|put(?:s|ting)? up": "increase",
    r"go(?:es)? down": "decrease",
    r"pick(?:s|ed|ing)? up": "collect",
    r"call(?:s|ed|ing)? off": "cancel",
    r"set(?:s|ting)? up": "install",
    r"carr(?:y|ies|ied|ying)[- ]?over": "carryover",
    r"tak(?:e|es|ing) place": "happen",
    r"in charge": "responsible",
    r"work(?:s|ed|ing)? from home|home ?office|telework(?:ing)?": "remote work",
    r"(?:turn|switch)(?:s|es|ed|ing)? on|power(?:s|ed|ing)? (?:on|up)": "start",
    r"(?:turn|switch)(?:s|es|ed|ing)? off|power(?:s|ed|ing)? (?:off|down)": "shut",
    r"run(?:s|ning)? out": "expire",
    r"sign(?:s|ed|ing)? up": "register",
    r"(?:com(?:e|es|ing)|came|enter(?:s|ed)?) into (?:force|effect)|tak(?:e|es|ing) effect|took effect": "begin",
    r"customer (?:service|support)|support line|help ?line|hot ?line|help ?desk": "service",
    r"tak(?:e|es|en|ing) out|check(?:s|ed|ing)? out": "borrow",
    r"(?:at )?the same time|at once|simultaneously": "at once",
    r"money back": "refund",
    r"take(?:s|n)? off|took off": "remove",
    r"get(?:s|ting)? rid of": "remove",
    r"bring(?:s|ing)? along": "bring",
    r"throw(?:s|n|ing)? away": "trash",
    r"at most|up to|no more than|not exceed(?:ing)?": "at most maximum",
    r"at least|no(?:t)? less than|no fewer than": "at least minimum",
    r"no later than|latest": "latest deadline",
    r"e-mail": "email",
    r"wi-fi": "wifi",
    r"web ?site": "website",
}
_PHRASE = re.compile(r"\b(?:" + "|".join(f"({pattern})" for pattern in _PHRASES) + r")\b", re.IGNORECASE)
_INSTEAD = tuple(_PHRASES.values())


def levelled(text: str) -> str:
    """`text` with the phrases of the table put as their one word; for matching, never for showing."""
    return _PHRASE.sub(lambda match: _INSTEAD[(match.lastindex or 1) - 1], text)


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    kin: dict[str, set[str]] = {}
    for line in _GROUPS.splitlines():
        stems = {stem(word) for word in line.split()}
        for one in stems:
            kin.setdefault(one, set()).update(stems)
    return {word: frozenset(stems) for word, stems in kin.items()}


def kin(word: str) -> frozenset[str]:
    """The stems that may stand for this stem, itself among them."""
    return _table().get(word, frozenset()) | {word}


def occurs(word: str, words: frozenset[str] | set[str]) -> bool:
    """Is this stem, a derivation of it (`deliver`, `delivery`), or kin of it among these stems?"""
    return any(written(one, words) for one in kin(word))


def written(word: str, words: frozenset[str] | set[str]) -> bool:
    """Is this stem itself, or a derivation of it, among these stems?"""
    if word in words:
        return True
    # policies/policy and other ends that stemming leaves apart, and compounds ("carry" in "carryover").
    return len(word) >= 5 and any(
        other.startswith(word) or (len(other) >= 5 and word.startswith(other)) for other in words
    )
