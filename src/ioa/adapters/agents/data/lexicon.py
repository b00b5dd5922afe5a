"""The words of data questions: aggregates, comparisons, time units, rankings, synonyms, and filler.

Every entry is a phrase in lower case. A word that is neither here nor in the data is not understood,
and the question is refused: it might be a filter.
"""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

from dataclasses import dataclass

from ioa.adapters.agents.data.words import word_set


@dataclass(frozen=True, slots=True)
class Entry:
    """What a phrase means: its role in the question and the value of that role."""

    kind: str
    value: str


def _entries(kind: str, table: dict[str, str]) -> dict[str, Entry]:
    return {phrase.strip(): Entry(kind, value) for value, phrases in table.items() for phrase in phrases.split("|")}


PHRASES: dict[str, Entry] = {
    **_entries(
        "agg",
        {
            "sum": "total|totals|sum|sums|sum of|total of|overall|in total|altogether|combined|sum up|add up|summed|"
            "total up|totalled|totaled|how much|cumulated|aggregate|all together",
            "avg": "average|averages|mean|means|avg|on average|averaged|arithmetic mean|typical",
            "median": "median|medians",
            "min": "minimum|min|minima",
            "max": "maximum|max|maxima",
            "stddev": "standard deviation|standard deviations|stddev|stdev|std dev|std|std deviation|sd|sample standard deviation",
            "stddev_pop": "population standard deviation",
            "var": "variance|variances|sample variance",
            "var_pop": "population variance",
            "range": "range|spread",
            "iqr": "interquartile range|iqr|inter quartile range",
            "quartiles": "quartiles",
            "q25": "first quartile|lower quartile|1st quartile|q1 quartile",
            "q75": "third quartile|upper quartile|3rd quartile",
            "mode": "mode|most common|most frequent|most popular|commonest|most often|most frequently|most commonly",
        },
    ),
    **_entries(
        "count",
        {
            "count": "how many|number of|numbers of|count of|counts of|count|counts|total number of|total count of|"
            "the number|amount of times|no. of|how often|how many times|tally|counted|headcount|"
            "total number|frequency of|frequency|frequencies|frequencies of|number of times|distribution of|breakdown of|distribution",
        },
    ),
    **_entries("distinct", {"distinct": "distinct|different|unique|separate|individual"}),
    **_entries(
        "by",
        {
            "by": "by|split by|broken down by|grouped by|group by|sliced by",
            "each": "per|for each|for every|each|every|in each|in every|of each|within each|across|from each|at each|"
            "by each|for each of the|each of the|on each|during each|for each different|for each individual|"
            "broken down per|grouped per|for any given",
        },
    ),
    **_entries(
        "cmp",
        {
            ">": "over|above|more than|greater than|higher than|larger than|bigger than|exceeding|exceeds|exceed|exceeded|"
            ">|older than|longer than|heavier than|hotter than|warmer than|bigger|in excess of|better than|taller than|faster than|beyond",
            "<": "under|below|less than|fewer than|lower than|smaller than|cheaper than|<|younger than|shorter than|"
            "colder than|lighter than|cooler than|worse than|slower than",
            ">=": "at least|>=|≥|no less than|not less than|minimum of|greater than or equal to|or more than|"
            "more than or equal to|no fewer than|not below|a minimum of|greater or equal to",
            "<=": "at most|<=|≤|no more than|not more than|up to|maximum of|less than or equal to|not over|not above|a maximum of|less or equal to|not exceeding",
            "=": "=|==|equal to|equals|equal|exactly|matching|named|called|equalling|identical to",
            "!=": "!=|<>|≠|not equal to|different from|does not equal|other than",
            "contains": "containing|contains|contain|that includes the word|including the word",
            "starts": "starting with|starts with|start with|beginning with|begins with|begin with",
            "ends": "ending with|ends with|end with|ending in|ends in",
        },
    ),
    **_entries(
        "more",
        {
            ">=": "or more|or above|or higher|or over|or older|or greater|or better|and above|and over|or later|or after|or longer",
            "<=": "or less|or fewer|or below|or lower|or under|or younger|and below|and under|or earlier|or before|or shorter",
        },
    ),
    **_entries("between", {"between": "between|ranging from|in between|in the range"}),
    **_entries(
        "when",
        {
            "<": "before|prior to|earlier than",
            ">": "after|later than|following",
            ">=": "since|starting|from|starting from|beginning",
            "<=": "until|till|through|up until",
        },
    ),
    **_entries(
        "not",
        {
            "not": "not|excluding|except|except for|without|but not|non|exclude|ignoring|leaving out|apart from|isn't|aren't|wasn't|weren't|doesn't|don't|didn't|haven't|hasn't|is not|are not|was not|were not|did not|do not|does not|have not|has not|no|never|other than|outside|outside of|not counting|omitting|not in|besides|neither|nor|minus the|aside from"
        },
    ),
    **_entries("or", {"or": "or|either"}),
    **_entries("and", {"and": "and|,|&|as well as|along with|together with|plus|/|and also|and then|but also|both"}),
    **_entries(
        "bucket",
        {
            "month": "month|months|monthly|calendar month",
            "year": "year|years|yearly|annual|annually|annum|calendar year",
            "quarter": "quarter|quarters|quarterly",
            "week": "week|weeks|weekly|calendar week",
            "day": "day|days|daily|calendar day|dates|date",
            "weekday": "weekday|weekdays|day of the week|day of week|days of the week",
            "hour": "hour|hours|hourly|hour of the day|hour of day",
            "month name": "month of the year|month of year",
        },
    ),
    **_entries(
        "ext",
        {
            "max": "highest|largest|biggest|greatest|maximal|top|best|most|leading|strongest|peak|high|record",
            "min": "lowest|smallest|least|fewest|minimal|worst|weakest|bottom|poorest|low",
        },
    ),
    **_entries(
        "hint",
        {
            "max price": "most expensive|priciest|dearest|costliest|most costly",
            "min price": "cheapest|least expensive|most affordable",
            "max age": "oldest|eldest",
            "min age": "youngest",
            "max date": "most recent|latest|newest|most recently|last",
            "min date": "earliest|least recent",
            "max duration": "longest",
            "min duration": "shortest",
            "max height": "tallest",
            "max weight": "heaviest",
            "min weight": "lightest",
            "max temperature": "hottest|warmest",
            "min temperature": "coldest|coolest",
            "max speed": "fastest|quickest",
            "min speed": "slowest",
            "max salary": "highest paid|best paid|highest earning|top earning|best earning",
            "min salary": "lowest paid|worst paid|lowest earning|least paid",
            "max rating": "highest rated|top rated|best rated|best reviewed",
            "min rating": "lowest rated|worst rated|worst reviewed",
            "max rain": "wettest|rainiest",
            "min rain": "driest|dryest",
            "max wind": "windiest",
            "max quantity": "best selling|bestselling|top selling|most sold|best seller|bestseller",
            "min quantity": "worst selling|least sold",
            "max score": "highest scoring|top scoring|best scoring",
            "min score": "lowest scoring",
        },
    ),
    **_entries(
        "share",
        {
            "share": "share|shares|percentage|percentages|percent|proportion|proportions|fraction|%|what percentage|percentage share|market share|portion|percentage of total|percent of total|percentage of the total|share of total|share of the total|percent of the total"
        },
    ),
    **_entries(
        "corr",
        {
            "corr": "correlation|correlations|correlate|correlated|correlates|correlation coefficient|pearson correlation|pearson correlation coefficient|pearson's correlation|pearson|relationship between"
        },
    ),
    **_entries("diff", {"diff": "difference|differences|gap|differ"}),
    **_entries("ratio", {"ratio": "ratio|ratios"}),
    **_entries(
        "versus",
        {
            "versus": "versus|vs|compared to|compared with|against|than|compare|comparing|comparison|comparison of|compare to"
        },
    ),
    **_entries(
        "growth",
        {
            "growth": "growth|growth rate|grow|grew|grown|change|changed|increase|increased|percentage change|percent change|development over time|rate of change|percentage growth|change rate|rise|risen"
        },
    ),
    **_entries(
        "over",
        {
            "month": "month over month|month on month|month to month|mom|from month to month",
            "year": "year over year|year on year|yoy|from year to year|year to year",
            "quarter": "quarter over quarter|quarter on quarter|qoq",
            "week": "week over week|week on week|wow",
            "day": "day over day|day on day|day to day",
        },
    ),
    **_entries("running", {"running": "running total|cumulative|cumulative total|cumulative sum|running sum|running"}),
    **_entries("which", {"which": "which|what|whose"}),
    **_entries("who", {"who": "who|whom"}),
    **_entries("whenq", {"when": "when"}),
    **_entries(
        "list",
        {
            "list": "list|show|display|print|list out|output|retrieve|select|return all|rows with|names of|extract|filter|records of"
        },
    ),
    **_entries(
        "describe",
        {
            "describe": "describe|summarise|summarize|overview|summary|profile|summary statistics|descriptive statistics|basic statistics|key statistics|statistics|explore|structure|inspect|schema|stats|summary stats|look like|summaries|describing|metadata"
        },
    ),
    **_entries(
        "columns",
        {
            "columns": "columns|column|fields|field names|column names|headers|variables|field|attributes|data types|types|type of each column"
        },
    ),
    **_entries(
        "missing",
        {
            "missing": "missing|null|nulls|empty|blank|blanks|missing values|null values|missing data|empty cells|missing value|empty values|missing entries|incomplete|not known|not filled|unknown values|nan|nans|gaps|blank cells"
        },
    ),
    **_entries(
        "duplicates",
        {"duplicates": "duplicates|duplicate|duplicated|repeated|duplicate rows|duplicated rows|repeats|twice"},
    ),
    **_entries("outliers", {"outliers": "outliers|outlier|anomalies|anomaly"}),
    **_entries(
        "sort",
        {
            "sort": "sorted by|ordered by|sort by|order by|sort them by|ranked by|rank by|sorted|ordered|sort|ranked|rank|ranking|arranged by|in order of|ranking of|sort the|rank the|sort it by"
        },
    ),
    **_entries(
        "order",
        {
            "desc": "descending|descending order|highest first|from highest to lowest|largest first|high to low|from high to low|biggest first|from largest to smallest|decreasing|decreasing order|desc|newest first|latest first|reverse order|in descending order|in decreasing order|most first",
            "asc": "ascending|ascending order|lowest first|from lowest to highest|smallest first|low to high|from low to high|increasing order|asc|from smallest to largest|alphabetically|alphabetical order|chronologically|chronological order|oldest first|in ascending order|in chronological order|in alphabetical order|over time|earliest first",
        },
    ),
    **_entries("percentile", {"percentile": "percentile|percentiles|quantile|centile"}),
    **_entries("times", {"*": "*|×|times|multiplied by", "+": "+"}),
    **_entries(
        "rows",
        {
            "rows": "row|rows|reading|readings|measurement|measurements|record|records|entry|entries|line|lines|observation|observations|data point|data points|datapoints|instances|rows of data|cases|items|item"
        },
    ),
    **_entries(
        "both",
        {
            "both": "both files|all files|the files|two files|files|both tables|all sheets|both sheets|all the files|all of the files"
        },
    ),
    **_entries(
        "result",
        {
            "result": "result|results|previous result|above result|that table|this table|resulting table|previous table|earlier result|the above|those results|these results|previous step|table above"
        },
    ),
}

SYNONYMS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in (
        "revenue sale turnover proceeds takings revenues",
        "price cost unitprice expensive",
        "quantity qty unit units count volume sold",
        "temperature temp temperatures",
        "salary pay wage earn earning earnings compensation earns earned earner paid",
        "department dept division",
        "employee staff worker",
        "customer client buyer",
        "product item article",
        "score point mark grade scored points",
        "rating star review rated",
        "gender sex",
        "city town",
        "country nation",
        "duration length minute",
        "precipitation rain rainfall",
        "wind windspeed",
        "speed velocity",
        "age aged",
        "date day datetime timestamp time",
        "genre category",
        "author writer",
        "vendor supplier",
        "amount sum total value",
        "spend spent spending amount revenue payment",
        "borrower member reader",
        "born birthday birthdate birth",
        "hired hire joined start hiring",
        "weigh weight mass weighs weighed weighing",
        "height tall",
        "population inhabitants people",
        "team club",
        "store shop branch outlet",
        "discount rebate",
        "cost expense expenditure expenses",
        "profit margin earnings",
        "weekday dow",
        "channel source",
        "humidity moisture",
        "mileage mpg",
        "goal score scored",
        "station site location",
        "sensor device",
        "consumption usage consumed",
    )
)

# Columns whose rows add up to something (money, pieces), against those that are only averaged (ages, prices).
ADDITIVE = word_set(
    "revenue sale turnover amount quantity qty unit units count total cost profit income expense goal goals match "
    "matches game games point points run runs hour hours minute minutes day days visit visits view views click "
    "clicks order orders sold volume spend spending budget production output emission emissions rainfall "
    "precipitation rain distance attendance win wins loss losses assist assists downloads passenger passengers "
    "death deaths case cases births population copies copy call calls ticket tickets signup signups seats kwh "
    "consumption energy calories steps payment pay_amount tax fee subtotal net gross sum donations donation "
    "sales_amount loans pages mm_rain guests nights bookings booking stock inventory impressions conversions "
    "installs subscribers medals gold silver bronze crops harvest yield_kg freight shipping hours_worked overtime "
    "page member members bike car vehicle cyclist pedestrian visitor truck traffic footfall rider ridership"
)
NOT_ADDITIVE = word_set(
    "price rate rating score age salary temperature humidity percent percentage pct ratio average mean per year "
    "level index grade speed height weight mark unit_price"
)

ROW_NOUNS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in (
        "sale order transaction purchase deal receipt sold",
        "employee staff worker person people personnel colleague hr member workforce team headcount team_member",
        "reading measurement observation sample log",
        "loan borrowing checkout lending",
        "invoice bill",
        "game match fixture",
        "student pupil learner person people",
        "book title",
        "customer client person people shopper buyer",
        "user person people account member",
        "patient person people",
        "passenger person people traveller",
        "player athlete person people",
        "movie film",
        "car vehicle",
        "house property listing home",
        "product item article good",
        "ticket issue case request",
        "trip ride journey",
        "flight departure",
        "payment transaction",
        "expense cost expenditure",
        "event incident",
        "country nation",
        "city town",
        "visit appointment session",
        "course class",
        "song track",
        "shipment delivery parcel",
        "runner person people participant",
        "donor donation gift",
        "animal pet",
        "survey response respondent answer person people",
        "job position",
        "harvest picking",
        "project task",
    )
)

PEOPLE = word_set(
    "person people employee customer client student pupil player member user patient passenger worker staff "
    "participant borrower teacher author artist athlete donor guest voter child adult visitor reader colleague "
    "runner candidate manager salesperson driver respondent"
)

# What an answer in a table of answers is said with: `answered Yes to "Would recommend"`.
ANSWERED = word_set(
    "answered answer answers said say says replied responded voted ticked chose choose picked stated put"
)
# Verbs that say nothing about a row that another row would not have: passengers travel, and apples are picked.
DONE = word_set(
    "travelled traveled travelling traveling carried transported guided handled served picked harvested gathered "
    "collected issued caught grown"
)
# What comes in, the columns it may be in, and words of tables in which money may as well go out.
TAKEN_IN = word_set("turnover takings proceeds revenue revenues")
AMOUNTS = word_set("amount total sum paid payment gross sale")
PAID_OUT = word_set(
    "expense cost spending expenditure purchase bill fine salary wage budget loan donation debit credit balance net "
    "refund spend invoice tax price discount fee loss profit margin income transfer fare"
)
# Words before rows that do not count. `without` and `no` also say that a value is missing.
LEAVING_OUT = word_set("excluding except exclude ignoring outside omitting besides") | {
    "except for", "leaving out", "apart from", "other than", "outside of", "not counting", "aside from", "but not",
    "minus the",
}  # fmt: skip
# Verbs that say again what the comparison behind them is about: `visits that lasted longer than 2 hours`.
LASTED = word_set("lasted lasting last lasts took taking take takes stayed staying run runs ran")
# What happened in a row, and the noun for the row: `books were lent` in a table of loans.
ROW_VERBS = {
    "lent": "loan", "borrowed": "loan", "loaned": "loan", "sold": "sale", "ordered": "order", "bought": "purchase",
    "purchased": "purchase", "rented": "rental", "hired": "rental", "booked": "booking", "donated": "donation",
    "given": "gift", "played": "game", "delivered": "delivery", "repaired": "repair", "visited": "visit",
}  # fmt: skip
# What a column of marks is called besides its own name: `the maths mark` of a column Maths.
MARKS = word_set("mark marks score scores grade grades result reading readings figure points level")
# Nouns for one happening: in their tables a person may be in several rows.
EVENTS = word_set(
    "sale order transaction purchase loan borrowing booking visit stay appointment session payment invoice gift "
    "donation trip ride rental ticket log event game match delivery call entry checkout"
)

FILLER = word_set(
    "a an the this that these those there here it its is are was were be been being am do does did done has have "
    "had having will would can could should shall may might must i me my we us our you your please kindly to of "
    "in on at for from with yet still within into as so then also just only me tell give find get compute calculate "
    "determine work out figure need want know like see let show report what's whats all any some data dataset "
    "file table csv tsv json xlsx excel parquet spreadsheet sheet workbook using use based about regarding "
    "concerning given which whose where whom who that when if value values figure figures number overall their "
    "they them his her its own same respectively made make makes placed place recorded record records occurred "
    "occur occurs happened happen took happens take takes taken come comes came belong belongs belonging located "
    "live lives living work works working based listed contained contain contains include includes included "
    "including exist exists present appear appears available found go answer question look at by now first next "
    "finally again ok okay hello hi thanks thank equivalently namely i.e e.g etc exact exactly precise rounded "
    "nicely clearly simple simply quick quickly following below above : . ? ! ; ( ) - , how much many analysis "
    "analyse analyze analyzing examine check review statistic statistical calculation computation result's out up "
    "down corresponding associated return returned's produce create generate build obtain present provide display "
    "each's entire whole full complete total's across among amongst amongst's during throughout over via say "
    "state name identify single one's get's fetch measured observed reported say's were's amounts amounted "
    "amount's add adding together went gone ever currently current buy buys bought purchase purchased everything "
    "anything information info details detail things kind kinds type's got per's one ones's occurrences contents "
    "content gives gave shows showed"
) - {
    "complete",
    "current",
    "currently",
    "ever",
    "single",
    "available",
    "present",
    "working",
    "by",
    "over",
    "number",
    "above",
    "below",
    "first",
    "record",
    "each",
    "returned",
    "mean",
}

# Values that are written in different ways, in columns about sex only.
SEX = {
    "woman": ("female", "f", "w", "woman", "women"),
    "female": ("f", "w", "woman"),
    "man": ("male", "m", "man", "men"),
    "male": ("m", "man"),
}

# What a comparison says about its column: `older than 40`.
COMPARED = {
    "older": "age", "younger": "age", "longer": "duration", "shorter": "duration", "heavier": "weight", "lighter": "weight",
    "hotter": "temperature", "warmer": "temperature", "colder": "temperature", "cooler": "temperature", "taller": "height",
    "faster": "speed", "slower": "speed", "cheaper": "price",
}  # fmt: skip

_PARTICIPLES = word_set(
    "sold bought made done seen read lent sent held paid taken given chosen worn drunk eaten driven flown written won "
    "lost hit met kept left put set shown drawn known spoken caught taught built sung run"
)


def is_participle(word: str) -> bool:
    """Whether a word can say what happened in a row: `borrowed`, `played`, `sold`."""
    return word in _PARTICIPLES or (len(word) > 4 and word.endswith("ed") and word.isalpha())


PAID = word_set("donation gift payment expense sale purchase cost spending income takings")
"""Rows that are sums of money: their total may be a number of rows or of money."""

SUMMING = frozenset(["sum", "sum of", "the sum of", "add up", "sum up", "add", "adding up", "total up", "summing"])
"""Verbs that ask for a sum and never for a count."""
