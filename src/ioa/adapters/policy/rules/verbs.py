"""A lexicon of English verbs as they open a request, by the kind of work that they ask for.

It decides where one act ends and the next begins, and which earlier result a word such as "it" can mean.
It does not decide who does the work: that is found by search. A verb that is not here still opens a step
where its position shows it ("Zorbify the data").
"""

from __future__ import annotations

from typing import Literal

from ioa.adapters.policy.rules.wordlists import word_set

Kind = Literal["table", "math", "find", "ask", "plot", "write", "translate", "code", "send", "make", "other"]
"""What an act yields: rows or figures, a number, a passage, an answer, a picture, a text, ... `make` is undecided."""

_BY_KIND: dict[Kind, str] = {
    "table": """
        aggregate average bin bucket bucketize categorise chart-check classify clean cluster
        correlate count cross-tabulate dedupe deduplicate describe-data filter group impute
        interpolate join merge normalise pivot profile rank resample sample segment select sort
        standardise subset sum tabulate tally total transpose query crosstab top
    """,
    "math": """
        add approximate calculate compute convert deduct differentiate divide estimate evaluate
        expand extrapolate factor factorise halve integrate invert maximise minimise multiply
        optimise prove raise round simplify solve square work figure subtract triple double work-out
        derive determine verify substitute plug
    """,
    "find": """
        browse cite consult lookup discover extract fetch find google identify locate lookup look pinpoint
        quote read research retrieve scan search trace track detect inspect check examine
        investigate explore skim recall obtain collect gather access
    """,
    "ask": """
        answer ask compare confirm contrast define describe diagnose discuss elaborate explain
        illustrate interpret judge justify name outline suggest recommend advise tell clarify assess
        rate analyse predict forecast evaluate review project monitor measure audit study say state
        specify enumerate guess highlight comment characterise
    """,
    "plot": """
        chart draw graph map plot render sketch visualise illustrate diagram depict paint
    """,
    "write": """
        abridge abstract compile compose conclude condense draft edit format paraphrase polish
        proofread recap rephrase report rewrite shorten summarise synthesise write document reword
        redact annotate
    """,
    "translate": """
        translate transcribe transliterate localise caption subtitle dub interpret-speech
    """,
    "code": """
        code compile-code debug execute implement lint parse program refactor run script simulate
        test benchmark deploy validate scrape
    """,
    "send": """
        announce book buy call cancel contact deliver dispatch email e-mail forward invite mail
        message notify order pay ping post publish register reply remind reserve schedule send share
        submit subscribe text transfer tweet upload warn alert enrol enroll sign
    """,
    "make": """
        arrange assemble build combine construct create design develop display do establish fill
        generate get give handle help include insert list make offer organise output perform plan
        prepare present print produce propose provide put recount set show supply bring demonstrate
    """,
    "other": """
        accept activate adapt adjust align allocate allow anonymise append apply approve archive
        assign attach authenticate backup begin block brainstorm break calibrate capture change
        choose close colour color compress configure connect control copy correct crop cut decide
        decode decompose decrypt delete detail deploy dictate disable disconnect discard download
        drop enable encode encrypt enhance enter exclude export extend feed fix flag fold follow
        generalise grade heat hide ignore import improve index initiate install introduce issue keep
        label launch leave let lock log lower maintain manage mark match migrate modify mount move
        mute negotiate note open pack partition pause pick play predict prevent process promote
        protect purchase purge queue quantify reboot reconcile record recruit redesign reduce refine
        refund reject release remove rename renew reorder repair repeat replace reschedule reset
        resize resolve restart restore restrict resume retry return reverse revise rotate save score
        secure separate set-up setup shift shuffle simulate skip split start stop store stream strip
        structure subdivide swap switch sync synchronise tag take teach train transform trim turn
        tune unlock unpack unzip update upgrade use verify wait walk wash watch weigh wrap zip zoom
        cook clear bake brew cost assume assist ensure conduct learn organize consult carry spend
        treat visit hold meet load repeat recite rehearse practise practice
    """,
}

NOUN_TOO: frozenset[str] = word_set("""
    average answer abstract access account address alert approach archive audit average backup
    balance bin block book bucket buy call cancel caption cause change chart check close cluster
    code colour color comment cost contact contrast control copy correct count cut date delete
    detail design diagram document double download draft drop dub edit email e-mail estimate exclude
    export factor feed file filter fix flag fold forecast format function google graph grade group
    guess heat help index index input invite issue join judge label launch lead leave list load lock
    log look lower mail map mark match mean measure merge message monitor mount move mute name note
    number offer open order outline output pack pause pay pick ping pivot plan play plot post
    practice present print process produce profile program project promise purchase query queue
    question quote rank rate raise read recap record refund release rename repair repeat replace
    reply report research reserve reset result return reverse review round run sample save say scan
    schedule score script search secure segment select send sense set shape share shift show sign
    sketch skip sort sound split square stack stage start state stop store stream strip structure
    study subject subset sum supply support survey switch table tag take talk tally target task test
    text time title top total trace track train transfer transform trial trim triple tune turn
    update upgrade upload use value view visit volume vote wait work figure walk wash watch weight
    wrap zip zoom top clean clear complete separate double triple level mean
""")
"""Verbs that are as often nouns or adjectives ("the sum and count of rows"): they need an object to count."""

PREPARING: frozenset[str] = word_set("load read open import take use consider look inspect access parse")
"""Acts on a source that are only the way to the next act: "Load sales.csv and count the rows" is one request."""

ARRANGING: frozenset[str] = word_set("""
    sort filter group order rank restrict limit select join merge combine clean deduplicate dedupe
    drop remove exclude subset normalise normalize
""")
"""Acts on rows whose result nobody asked for by itself: they stay with the question that follows on the same rows."""

DELIVERING: frozenset[str] = word_set("""
    show print display return give tell present output state save export store provide list keep
    round name deliver format mention mark highlight label sort order quote cite
""")
"""Acts on the result itself: "compute the mean and show it" is one request."""

CONSTRAINING: frozenset[str] = word_set("""
    ignore exclude omit skip include use keep label limit ensure assume note remember disregard
    avoid be make round format only don't never always treat consider cite mention sort order leave
    restrict save mark specify stick
""")
"""Acts that say how an earlier act is to be done, when they do not bring a subject of their own."""


def _variants(word: str) -> tuple[str, ...]:
    """The word, and its American spelling ("summarise", "summarize"; "analyse", "analyze")."""
    if word.endswith("yse"):
        return word, word[:-3] + "yze"
    exceptions = {"raise", "advise", "revise", "promise", "exercise", "practise", "supervise", "improvise"}
    if word.endswith("ise") and word not in exceptions:
        return word, word[:-3] + "ize"
    return (word,)


VERBS: dict[str, Kind] = {}
for _kind, _words in _BY_KIND.items():
    for _word in _words.split():
        for _form in _variants(_word):
            VERBS.setdefault(_form, _kind)
VERBS["describe"] = "ask"


def gerund_root(word: str) -> str | None:
    """The verb of which `word` is the -ing form ("plotting" -> "plot"), or None."""
    if not word.endswith("ing") or len(word) < 5:
        return None
    stem = word[:-3]
    candidates = [stem, stem + "e"]
    if len(stem) > 2 and stem[-1] == stem[-2]:
        candidates.append(stem[:-1])
    return next((root for root in candidates if root in VERBS), None)
