"""What kind of thing a question asks for, and what such a thing looks like in a text: a duration, a date, a price.

"How long does the warranty last?" is answered by a sentence with a duration, whatever its verb; a sentence without
one does not answer it, however many of the question's words it has. Rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen"
)
_NUM = (
    rf"(?:\d[\d.,]*(?:\s?(?:million|thousand|billion|bn|k))?|"
    rf"(?:{_NUMBER_WORDS})(?:[ -](?:and |a )?(?:{_NUMBER_WORDS}))*|half(?: an?)?|an?|several|both)"
)
_PLAIN_NUM = rf"(?:\d[\d.,]*|\b(?:{_NUMBER_WORDS}|half|none|no|unlimited|once|twice)\b)"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
_UNIT_OF_TIME = (
    r"(?:seconds|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|fortnights?|months?|quarters?|years?|yrs?|terms?|"
    r"semesters?|decades?|seasons?)\b"
)
_CURRENCY = r"(?:euros?|dollars?|pounds?|cents?|pence|francs?|kron(?:er|or|a)|yen|rupees?|usd|eur|gbp|chf|sek)\b|[€£¥$]"
_CLOCK = r"\b\d{1,2}[:.]\d\d\b(?!\s?(?:%|percent))|\b\d{1,2}\s?(?:am|pm|a\.m|p\.m|o['’]clock)\b|\bnoon\b|\bmidnight\b"
_DATE = (
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH}|may\b)|\b{_MONTH}|\b(?:in|of|mid|until|till|by|early|late|from|"
    rf"since) may\b|\bmay \d|\b\d{{4}}-\d\d(?:-\d\d)?\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b|\b{_WEEKDAY}|"
    r"\b(?:19|20)\d\d\b|\b(?:spring|summer|autumn|winter|easter|christmas)\b|\bq[1-4]\b"
)
_DURATION = (
    rf"\b{_NUM}(?:[\s-]*(?:to|or|and|–|-)[\s-]*{_NUM})?[\s-]+(?:[\w'’-]+\s+){{0,2}}?{_UNIT_OF_TIME}"
    r"|\bovernight\b|\bindefinite(?:ly)?\b|\bfor life\b|\blife-?time\b|\bunlimited\b|\bpermanent(?:ly)?\b"
    r"|\b\d+(?:\.\d+)?\s?(?:h|min|s|d|yrs?)\b"
)
_RELATIVE = (
    rf"\b(?:immediately|at once|straight away|daily|weekly|monthly|quarterly|annual(?:ly)?|yearly|always|never|today|"
    rf"tomorrow|morning|afternoon|evening|once|as soon as|until|till|before|after|during|when|whenever|every|from|by|"
    rf"on)\b|\b(?:within|in)\b[^.]*?{_UNIT_OF_TIME}|\b(?:first|second|third|fourth|fifth|last|end|beginning)\b"
)


# "An illness of more than six weeks" is a condition: it does not say how long anything lasts.
_CONDITION = re.compile(rf"\b(?:of|lasting|by) (?:more|longer|less) than [^,.;]*?{_UNIT_OF_TIME}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of answer. `hard`: what lacks it is no answer; else it is only preferred. `words`: stems in raw words that
    the question needs for asking and the answer need not repeat. `noun`: for a count, what is counted."""

    name: str
    looks: re.Pattern[str]
    hard: bool = True
    words: frozenset[str] = frozenset()
    noun: str = ""

    def found(self, text: str) -> re.Match[str] | None:
        """The first thing of this kind in a sentence, or in `label: value`."""
        if self.name in ("duration", "length"):
            text = _CONDITION.sub(lambda match: " " * len(match[0]), text)
        return self.looks.search(text)


def _pattern(text: str, labels: str = "") -> re.Pattern[str]:
    labelled = rf"|\b(?:{labels})\b[^:|.;=]{{0,30}}[:|=]\s*[^\w;|]?\s*(?:\d|free\b)" if labels else ""
    return re.compile(text + labelled, re.IGNORECASE)


def _measure(units: str, labels: str) -> re.Pattern[str]:
    return _pattern(rf"{_PLAIN_NUM}[\s-]*(?:(?:to|x|×|by|–|-|and)\s*{_PLAIN_NUM}[\s-]*)?(?:{units})", labels)


_LOOKS: dict[str, re.Pattern[str]] = {
    "money": _pattern(
        rf"[€£¥$]\s?\d|{_PLAIN_NUM}(?:\s(?:million|thousand|billion))?\s?-?(?:{_CURRENCY})|\bfree\b(?! of (?!charge))"
        r"|\bno (?:extra )?(?:charge|cost|fee)s?\b|\bnothing\b",
        r"price|cost|fee|rent|salary|budget|deposit|amount|total|rate|charge|wage|fare|fine",
    ),
    "duration": _pattern(_DURATION, r"duration|period|term|time|days?|weeks?|months?|years?|hours?|minutes?"),
    "date": _pattern(rf"{_DATE}|{_CLOCK}|{_DURATION}|{_RELATIVE}"),
    "exact date": _pattern(rf"{_DATE}"),
    "clock": _pattern(_CLOCK),
    "frequency": _pattern(
        rf"\bevery\b|\beach (?:day|week|month|quarter|year|term|time|morning|evening|night|use|season)|\bonce\b|"
        rf"\btwice\b"
        rf"|{_PLAIN_NUM} times\b|\b(?:half-?)?(?:dai|week|month|quarter|year|hour)ly\b|\bannual(?:ly)?\b|\bbi-?\w+ly\b"
        rf"|\b(?:an?|per) {_UNIT_OF_TIME}|\bafter (?:each|every)\b|\bregularly\b"
    ),
    "weight": _measure(
        r"kg\b|kilos?\b|kilogram(?:me)?s?\b|g\b|grams?\b|grammes?\b|mg\b|tons?\b|tonnes?\b|t\b|lbs?\b|pounds?\b|oz\b|"
        r"ounces?\b|stone\b",
        "weight|mass",
    ),
    "length": _measure(
        r"(?:k|c|m)?m\b|(?:kilo|centi|milli)?met(?:er|re)s?\b|miles?\b|feet\b|foot\b|ft\b|inch(?:es)?\b|yards?\b|[\"″]|"
        r"x\s*\d|×\s*\d",
        "length|height|width|depth|distance|diameter|size|dimensions?|range",
    ),
    "area": _measure(
        r"m²|m2\b|sq\w*\.?\s|square\b|hectares?\b|ha\b|acres?\b|(?:k|c)m²", "area|floor space|living space"
    ),
    "volume": _measure(
        r"(?:m|c|d)?l\b|(?:milli|centi)?lit(?:er|re)s?\b|gallons?\b|cups?\b|pints?\b|m³|cubic\b|tea-?spoons?\b|"
        r"table-?spoons?\b|tbsp\b|tsp\b",
        "volume|capacity|tank",
    ),
    "temperature": _pattern(
        rf"{_PLAIN_NUM}\s*(?:to\s+{_PLAIN_NUM}\s*)?(?:°|degrees?\b|celsius\b|fahrenheit\b|[CF]\b)|"
        r"\broom temperature\b|\bgas mark\b|\b(?:luke|hand-?)?(?:warm|hot|cold)\b",
        "temperature",
    ),
    "percent": _pattern(
        rf"{_PLAIN_NUM}?\s?(?:%|\bper ?cent\b)|\bpercentage points?\b|\bbasis points?\b|\b(?:half|third|quarter)\b"
    ),
    "number": _pattern(_PLAIN_NUM),
    "person": re.compile(
        r"\w.*?\b[A-Z][\w'’-]+|^[A-Z][\w'’-]+ [A-Z][\w'’-]+|"
        r"\b(?:[Mm]anagers?|[Tt]eams?|[Dd]epartment|[Hh]ead|[Dd]irectors?|[Oo]wners?|[Bb]oard|[Cc]ustomers?|[Cc]lients?|"
        r"[Tt]enants?|[Ll]andlord|[Bb]uyer|[Ss]eller|[Ss]upplier|[Pp]arents?|[Tt]eachers?|[Oo]ffice|[Ee]mployees?|"
        r"[Ee]mployer|[Cc]ompany|[Mm]embers?|[Tt]reasurer|[Ss]ecretary|[Cc]hair(?:man|woman|person)?|[Cc]ommittee|[Ss]taff|"
        r"[Dd]octor|[Dd]river|[Oo]rganisers?|[Ss]ponsors?|[Ff]irm|[Pp]rovider|[Gg]overnors?|[Vv]olunteers?|[Ss]tudents?|"
        r"[Uu]sers?|[Aa]dults?|[Cc]hildren|[Aa]nyone|[Ee]veryone|[Nn]obody|[Ee]verybody|[Ii]nsurance)\b",
        re.DOTALL,
    ),
    "place": _pattern(
        r"\b(?:in|at|on|near|to|from|behind|beside|under|above|inside|outside|next to|opposite|into|onto|via|"
        r"through)\b|"
        r"\b(?:room|street|road|lane|square|avenue|building|floor|address|venue|location|place)\b"
    ),
    "phone": _pattern(r"(?:\+|\b0|\()\d[\d\s()/.-]{4,}\d|\b\d{3}[- ]\d{3,4}(?:[- ]\d+)?\b|"
    r"\bext(?:ension)?\.? \d+|\b999\b|\b112\b"),
    "email": _pattern(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "website": _pattern(r"\bhttps?://|\bwww\.|\b[\w-]+\.(?:com|org|net|io|eu|de|uk)\b"),
    # An imperative cannot be told from a noun by its looks; these verbs begin most of what manuals tell to do.
    "advice": re.compile(
        r"(?:^|[,;:.]\s+|\b(?:then|and|please)\s+)(?:\W*\d*[.)]?\s*)(?i:remove|keep|use|put|press|clean|call|contact|check|"
        r"turn|switch|make|add|take|wash|do not|don['’]t|never|always|replace|disconnect|unplug|plug|connect|"
        r"open|close|"
        r"fill|empty|hold|wait|rinse|wipe|dry|apply|insert|pull|push|place|leave|store|avoid|ensure|ask|tell|report|send|"
        r"submit|fill in|complete|sign|write|enter|click|select|choose|go|set|reset|start|stop|let|mix|stir|pour|bake|"
        r"cut|water|feed|sow|plant|cover|move|throw|bring|inform|notify|ring|phone|email|read|follow|tighten|loosen)\b|"
        r"\b(?:must|should|shall|has to|have to|is to be|are to be|needs? to|by \w+ing)\b"
    ),
    "colour": _pattern(
        r"\b(?:red|green|blue|black|white|gr[ae]y|yellow|orange|purple|pink|brown|silver|gold(?:en)?|beige|turquoise|violet|"
        r"navy|cream|transparent)\b"
    ),
}  # fmt: skip

_TIME_WORDS = "last take takes run runs go stay remain valid continue long period duration term time"
_COST_WORDS = "cost costs pay paid much expensive money amount spend worth"
_WHEN_WORDS = "when date day time happen happens take place take until deadline due latest time year month"
_BEING = "do|does|did|is|are|was|were|am|can|could|may|might|must|shall|should|will|would|has|have|had|need|needs"

# The first that fits decides: (what the question says, kind, hard, words of the asking).
_ASKING: tuple[tuple[str, str, bool, str], ...] = (
    (r"\bhow (?:much|many) (?:calendar |working |business |full )?(?:times?) (?:an?|per|each|every|"
     r"in)\b", "frequency", True,
     "many much time"),
    (r"\bhow (?:much|many) (?:[\w-]+ ){0,2}?(?:time|notice|warning|days?|weeks?|months?|years?|hours?|minutes?|"
     r"seconds?|"
     r"nights?|leave|vacation|holiday)\b(?! per\b)", "duration", True, "many much time give"),
    (r"\bhow (?:much|many)\b.*\bweighs?\b|\bhow heavy\b|\b(?:what|how much) (?:do|does|did) .*\bweigh\b|"
     r"\bhow many (?:kilos?|kilograms?|kg|grams?|tons?|"
     r"tonnes?)\b", "weight", True, "weigh weight heavy much many kilo"),
    (r"\bhow much (?:[\w-]+ )?(?:water|milk|oil|liquid|fuel|petrol|juice|wine|detergent|stock|cream)\b", "volume", True,
     "much need use"),
    (r"\bhow much (?:[\w-]+ )?(?:flour|sugar|butter|salt|rice|soil|cheese|meat|fertili[sz]er|luggage|baggage)\b",
     "portion", True, "much need use"),
    (r"\bby how (?:much|many)\b|\bhow (?:much|many) (?:percent|of an increase)\b|\bwhat (?:percentage|percent|share)\b",
     "percent", True, "percentage percent share much"),
    (r"\bhow (?:expensive|costly)\b|\bhow (?:much|many)\b.*\b(?:costs?|price|pay|paid|charged?|fees?|earns?|"
     r"rent|deposit|"
     r"money|salary|budget|spen[dt]|fine|bid|dues|euros?|dollars?|pounds?|refund|reimbursed?|donat\w+|raised)\b|"
     r"\bwhat (?:do|does|did|will|would) [^?]*\bcost\b", "money", True, _COST_WORDS),
    (r"\bhow many\b", "count", True, "many"),
    (r"\bhow much\b", "number", True, "much"),
    (r"\bhow (?:soon|fast|quickly|early|late)\b|\bhow (?:far|long) (?:ahead|in advance|beforehand|"
     r"before)\b", "date", True,
     "soon fast quickly early late far ahead advance beforehand long"),
    (r"\bhow (?:often|frequently|regularly)\b", "frequency", True, "often frequently regularly"),
    (r"\bhow long (?:is|are|was|were) the\b(?!.*\b(?:period|warranty|notice|lease|contract|term|break|meeting|course|"
     r"training|trip|probation|wait)\b)", "long", True, "long length"),
    (r"\bhow long\b", "duration", True, _TIME_WORDS),
    (r"\b(?:by|until|till|since|from|before|up to) when\b|\bhow long until\b", "date", True, _WHEN_WORDS),
    (r"\b(?:what|which) times?\b|\bwhat hours\b|\bopening (?:hours|times)\b|\bat what hour\b", "clock", True,
     "time hour opening"),
    (r"\bhow (?:tall|wide|deep|thick|far)\b", "length", True, "tall wide deep thick far apart height width"),
    (r"\bhow (?:high|big|large|small|strong|powerful|loud)\b", "number", True, "high big large small size"),
    (r"\bsquare (?:met|f|y)\w+|\bhow many (?:acres|hectares)\b|\bfloor (?:area|"
     r"space)\b", "area", True, "square metre big"),
    (r"\bhow old\b", "duration", True, "old age"),
    (r"\bhow (?:hot|warm|cold)\b|\b(?:what|which) temperature\b", "temperature", True, "hot warm cold temperature"),
    (r"\b(?:what|which) colou?rs?\b", "colour", True, "colour color"),
    (r"^\W*(?:and )?(?:who|whose|whom)\b|\b(?:find(?: out)?|tell me|in the [\w ]+?) who\b|"
     r"\b(?:which|what) (?:person|people|company|firm|supplier|contractor)\b|\bname of the\b", "person", True,
     "who name person"),
    (r"\bwhat (?:should|must|do|can|to|shall|has|have)\b.*\bdo\b|^\W*how (?:do|should|can|must|to|are|is)\b|\bhow to\b",
     "advice", False, "do should"),
    (r"\bwhere\b", "place", True, "where place locate located find"),
    (r"\b(?:what|which) (?:dates?|days?|years?|months?|weekdays?|seasons?)\b", "exact date", True, _WHEN_WORDS),
    (r"\bwhen\b(?! (?:the|a|an|my|our|it|i|you|we|they|he|she|using|you'?re)\b.*[,?]?\s*(?:what|who|"
     r"how)\b)(?<!what happens when)",
     "when", True, _WHEN_WORDS),
)  # fmt: skip

# The noun that is asked for: "what is the weight of …", "find the price".
_NOUNS: tuple[tuple[str, str, bool], ...] = (
    ("phone|telephone|mobile|fax|phone number|telephone number|hotline", "phone", True),
    ("e-?mail|e-?mail address|mail address", "email", True),
    ("website|web site|url|web address|homepage", "website", True),
    ("weight|mass", "weight", True),
    ("height|width|depth|length|distance|diameter|spacing", "length", True),
    ("dimensions|size", "number", False),
    ("temperature", "temperature", True),
    ("area|floor space", "area", False),
    ("capacity|volume|power|pressure|speed|voltage|limit|cap|maximum|minimum|allowance|number", "number", False),
    ("price|cost|costs|rent|salary|wage|deposit|budget|fee|fees|charge|surplus|deficit|fine|turnover|"
     "revenue", "money", True),
    ("last day|last date|latest date|final day|cut-?off(?: date)?|closing date|deadline|due date|expiry date|"
     "start date|end date|date|birthday", "date", True),
    ("percentage|interest rate|rate|discount|share", "percent", False),
    ("duration|notice period|probation period|period|term|warranty|guarantee|lifetime|shelf life", "duration", False),
    ("opening hours|opening times|office hours|start time", "clock", True),
    ("address|location|venue", "place", False),
    ("colou?r", "colour", True),
)  # fmt: skip
_HEAD = (
    r"^\W*(?:and )?(?:what(?:['’]s| is| are| was| were| will be)?\s+|which\s+)?(?:(?:the|an?|its|their|our|my)\s+)?"
    r"(?:(?!(?:if|when|happens?|that|of|for|in|do|does|did|should|must|is|are)\b)[\w'’-]+\s+){0,3}?"
)
_AFTER_HEAD = (
    r"(?=\s*(?:[?.,;:]|$|\b(?:of|for|in|per|to|from|is|on|at|when|if|by|that|which|are|was|were|set|"
    r"given|and|stated)\b))"
)


def kind_of(question: str) -> Kind | None:
    """The kind of answer that a question asks for; `None` when it may be anything."""
    for asking, name, hard, words in _ASKING:
        if re.search(asking, question, re.IGNORECASE):
            return _made(name, hard, frozenset(words.split()), question)
    for nouns, name, hard in _NOUNS:
        if re.search(rf"{_HEAD}(?:{nouns})\b{_AFTER_HEAD}", question, re.IGNORECASE):
            words = "last latest final closing day date cut deadline due expiry" if name == "date" else ""
            return _made(name, hard, frozenset(words.split()), question)
    return None


def of_name(name: str) -> Kind:
    """The kind of this name, as in "list all dates"."""
    return Kind(name, _LOOKS[name])


# What "how many watts" counts stands as "1450 W" in a text.
_UNITS = {
    "watt": "w|watts?", "kilowatt": "kw|kilowatts?", "volt": "v|volts?", "amp": "a|amps?|amperes?", "bar": "bar",
    "litre": "l|lit(?:er|re)s?", "liter": "l|lit(?:er|re)s?", "millilitre": "ml|millilit(?:er|re)s?",
    "gram": "g|gr|grams?|grammes?", "kilo": "kg|kilos?|kilograms?", "kilogram": "kg|kilos?|kilograms?",
    "metre": "m|met(?:er|re)s?", "meter": "m|met(?:er|re)s?", "centimetre": "cm|centimet(?:er|re)s?",
    "millimetre": "mm|millimet(?:er|re)s?", "kilometre": "km|kilomet(?:er|re)s?", "mile": "mi|miles?",
    "degree": "°|degrees?", "decibel": "db|decibels?", "calorie": "kcal|cal|calories?", "gigabyte": "gb|gigabytes?",
    "megabyte": "mb|megabytes?", "pixel": "px|pixels?|mp", "percent": "%|percent", "euro": "€|euros?|eur",
    "dollar": r"\$|dollars?|usd", "pound": "£|pounds?|gbp|lbs?",
}  # fmt: skip


def _made(name: str, hard: bool, words: frozenset[str], question: str) -> Kind:
    if name == "count":
        noun = _counted(question)
        if units := _UNITS.get(noun.removesuffix("s")):
            looks = re.compile(rf"(?:\d|\b(?:{_NUMBER_WORDS}))[\d.,]*\s?-?(?:{units})(?!\w)|[€£$]\s?\d", re.IGNORECASE)
            return Kind("number", looks, hard, words | {noun})
        return Kind("count", _LOOKS["number"], hard, words, noun)
    if name == "long":  # a cable in metres, a break in minutes
        looks = re.compile(f"{_LOOKS['length'].pattern}|{_LOOKS['duration'].pattern}", re.IGNORECASE)
        return Kind("length", looks, hard, words)
    if name == "portion":
        looks = re.compile(f"{_LOOKS['weight'].pattern}|{_LOOKS['volume'].pattern}", re.IGNORECASE)
        return Kind("weight", looks, hard, words)
    if name == "when":
        return Kind("date", _LOOKS["date"], hard, words)
    if name == "percent":
        looks = re.compile(f"{_LOOKS['percent'].pattern}|{_LOOKS['money'].pattern}", re.IGNORECASE)
        return Kind("percent", looks, hard, words)
    return Kind(name, _LOOKS[name], hard, words)


def _counted(question: str) -> str:
    """The noun after `how many`, which is a plural: "days" of "how many sick days may I take"."""
    words = re.findall(r"[\w'’-]+|[?.,;]", re.split(r"\bhow many\b", question, maxsplit=1, flags=re.IGNORECASE)[-1])
    noun = ""
    for word in words[:5]:
        plural = re.fullmatch(r"\w[\w'’-]*[^s]s|people|children|persons?|men|women|staff|mice|feet|teeth", word.lower())
        if plural and not re.fullmatch(_BEING, word.lower()):
            noun = word.lower()
        elif noun:
            break
    return noun or (words[0].lower() if words else "")


DATES_AND_TIMES = re.compile(f"{_DATE}|{_CLOCK}", re.IGNORECASE)
NUMBER = re.compile(_PLAIN_NUM, re.IGNORECASE)
EXACT_WHEN = re.compile(
    rf"{_DATE}|{_CLOCK}|(?:\d|\b(?:{_NUMBER_WORDS})\b)[\s-]+(?:[\w'’-]+\s+)?{_UNIT_OF_TIME}|\b(?:first|second|third|fourth|fifth|last)\s(?:[\w-]+\s)?{_UNIT_OF_TIME}",
    re.IGNORECASE,
)
