"""Puts the sentences of a goal together into steps: carries context over, finds references, repeats "the same"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ioa.adapters.policy.rules.act_phrases import act_phrase
from ioa.adapters.policy.rules.acts import (
    files_in,
    head_verb,
    kind_of,
    question_start,
)
from ioa.adapters.policy.rules.antecedents import one_number
from ioa.adapters.policy.rules.carrying import fits, full_source, inside, latest
from ioa.adapters.policy.rules.conditions import hangs, hangs_behind
from ioa.adapters.policy.rules.conversions import converts
from ioa.adapters.policy.rules.draft import (
    Draft,
    asks_extreme,
    bare_thing,
    draft_source,
    goes_on,
    points_into,
    self_contained,
    swapped,
)
from ioa.adapters.policy.rules.each_chart import of_one, one_for_each
from ioa.adapters.policy.rules.ellipses import complete
from ioa.adapters.policy.rules.follow_ups import refined
from ioa.adapters.policy.rules.heard import Heard, hear, lemma
from ioa.adapters.policy.rules.merging import only_source
from ioa.adapters.policy.rules.plan import Plan, Step
from ioa.adapters.policy.rules.readings import Reading
from ioa.adapters.policy.rules.references import resolve
from ioa.adapters.policy.rules.restrictions import Restriction, drops, restriction
from ioa.adapters.policy.rules.same_again import again
from ioa.adapters.policy.rules.search_phrases import phrase_of
from ioa.adapters.policy.rules.sentences import Sentence
from ioa.adapters.policy.rules.sources import lead_length, source_of
from ioa.adapters.policy.rules.tokens import Token, extension, render
from ioa.adapters.policy.rules.told_where import called_file, read_there, said_in_document
from ioa.adapters.policy.rules.verbs import VERBS, Kind, gerund_root
from ioa.adapters.policy.rules.vocabulary import HEADING, PREPOSITIONS
from ioa.adapters.policy.rules.wordlists import word_set

_LOST = " (in: "
_SUBTRACTING = ("subtract one earlier result from another", "subtract numbers")
MAX_STEPS = 200
"""A goal with more steps than this is not one goal: the rest is said to be not understood."""

_FOR_ONE = word_set("""
    after once having before because since while when to as so if unless whenever although instead rather where
""")
"""A lead that opens with one of these belongs to the act that follows it, not to all acts of the sentence."""
_LISTING = word_set("list show give get name tell provide put")
_FILE_POINTERS = word_set("it its them their this these the there")
AND = Token("word", "and", -1, -1, "and")
_READING_KINDS: frozenset[Kind] = frozenset(["table", "ask", "find", "plot"])


class Drafting:
    """Takes readings one by one and keeps what later ones build on."""

    def __init__(self, *, alone: bool, files: Sequence[str] = (), mentions_file: bool = False) -> None:
        self.steps: list[Draft] = []
        self.heard: list[Heard] = []
        self.unknown: list[str] = []
        self.background: list[str] = []
        self.list_lead: tuple[Token, ...] = ()
        self.list_verb: tuple[Token, ...] = ()
        self.list_tail: tuple[Token, ...] = ()
        self.groups: list[list[int]] = [[]]
        self.named: list[tuple[Token, ...]] = []
        self.files = [Token("file", name, -9, -9, name.lower()) for name in dict.fromkeys(files) if name.strip()]
        self.mentions_file = mentions_file
        self.alone = alone
        self.scope: tuple[Token, ...] = ()
        self.restrictions: list[Restriction] = []

    def take(self, reading: Reading, number: int) -> None:
        """One sentence."""
        sentence = reading.sentence
        verbatim = render(sentence.tokens)
        if not sentence.item and reading.role not in {"empty"}:
            self.list_lead = self.list_verb = self.list_tail = ()
        if reading.role in {"background", "detail"} and self._told_where(sentence):
            return
        match reading.role:
            case "empty":
                return
            case "intro":
                self._intro(reading)
            case "background":
                self.background.append(verbatim)
                self._name(sentence.tokens)
            case "detail":
                self._remark(verbatim, sentence)
                self._point_to(sentence)
            case "elliptic" | "same":
                if not self._same(reading, number) and not self._completed(reading, number):
                    self.unknown.append(verbatim)
            case "restriction":
                self._restrict(reading)
            case "unknown":
                self.unknown.append(verbatim)
            case "request":
                self._request(reading, number)

    def _name(self, tokens: Sequence[Token]) -> None:
        """Notes what a statement names to read from; what it names later stands in the place of the same kind."""
        files = files_in(tokens)
        named = [(token,) for token in files] if files else [source_of(tokens)]
        self.named = [old for old in self.named if not any(files_in(old)) or len(files) != 1] if files else self.named
        self.named += [source for source in named if source]

    def _intro(self, reading: Reading) -> None:
        tokens = [t for t in reading.sentence.tokens if t.kind != "newline"]
        while tokens and tokens[-1].text in {":", "."}:
            tokens.pop()
        source = source_of(tokens)
        length = lead_length([*tokens])
        verb = next((n for n, t in enumerate(tokens[:5]) if t.low in VERBS and t.low not in HEADING), None)
        if source:
            if tokens and tokens[0].low in PREPOSITIONS | {"using", "given"}:
                self.list_lead = tuple(tokens[: length or len(tokens)])
            else:
                self.list_tail = source
        elif length:
            self.list_lead = tuple(tokens[:length])
        elif any(t.kind == "word" and t.low not in HEADING and t.low not in VERBS for t in tokens):
            self.background.append(render(reading.sentence.tokens))
        if verb is not None and tokens[verb].low in VERBS:
            self.list_verb = (tokens[verb],)

    def _restrict(self, reading: Reading) -> None:
        """ "Leave out the cancelled ones": goes along with the questions before and behind it that read the rows."""
        self._name(reading.sentence.tokens)
        self._limit(reading.lead, reading.clauses[0].tokens, reading.sentence)

    def _limit(self, lead: Sequence[Token], core: Sequence[Token], sentence: Sentence) -> None:
        found = restriction(lead, core)
        if self.steps:
            last = [step for step in self.steps if step.sentence == self.steps[-1].sentence]
            own = [step for step in last if found.holds_for(draft_source(step))]
            if not own and not found.files:  # "Skip it." speaks of no rows: how the last steps are to be done
                return self._remark(render(core), sentence)
            for step in own:
                step.remarks.append(found.text)
            if own and not found.files:
                files = frozenset(token.low for step in own for token in files_in(draft_source(step)))
                found = replace(found, files=files)
        self.restrictions.append(found)
        return None

    def _restricted(self, draft: Draft) -> None:
        for one in self.restrictions:
            if draft.kind not in {"code", "send", "translate"} and one.holds_for(draft_source(draft)):
                draft.remarks.append(one.text)

    def _remark(self, verbatim: str, sentence: Sentence) -> None:
        """A condition on earlier steps: those of the last sentence, or all where it says "all" or ends a list."""
        lows = {t.low for t in sentence.tokens}
        last = self.steps[-1].sentence
        everywhere = bool(lows & {"all", "every", "everything", "always", "everywhere", "throughout"})
        many = lows & {"results", "answers", "numbers", "figures", "values"} and not sentence.item
        one = (
            bool({t.low for t in sentence.tokens[1:4]} & {"it", "result", "answer"})
            and sentence.tokens[0].low == "round"
        )
        for step in self.steps[-1:] if one else self.steps:
            if everywhere or many or step.sentence == last:
                step.remarks.append(verbatim)

    def _told_where(self, sentence: Sentence) -> bool:
        """ "The list is in members.csv." says where the steps before read that name nothing to read from."""
        if not read_there(self.steps, self.heard, sentence.tokens):
            return False
        self._name(sentence.tokens)
        self.background.append(render(sentence.tokens))
        return True

    def _point_to(self, sentence: Sentence) -> None:
        """ "See rules.md." says where the steps of the sentence before read."""
        files = files_in(sentence.tokens)
        for step in self.steps if files else ():
            if step.sentence == self.steps[-1].sentence and not files_in(step.tokens):
                step.around = tuple(files)
                step.kind = kind_of(step.clause.act, files) if step.kind in {"ask", "make"} else step.kind

    def _request(self, reading: Reading, number: int) -> None:
        before = len(self.steps) + len(self.unknown)
        if self._only_names_source(reading):
            self._name(reading.clauses[0].tokens)
            self.background.append(render(reading.sentence.tokens))
            return
        lead = reading.lead or self.list_lead
        if reading.lead and source_of(reading.lead, whole=True):
            self.scope = reading.lead if reading.lead[-1].text == ":" else ()
        elif any(source_of(clause.tokens, whole=True) for clause in reading.clauses):
            self.scope = ()
        if hangs(reading.lead, reading.clauses[0].tokens) or hangs(reading.clauses[0].tokens[:1], ()):
            self.unknown.append(render(reading.sentence.tokens))
            return
        once = bool(reading.lead) and reading.lead[0].low in _FOR_ONE
        drafts: list[Draft] = []
        limits: list[tuple[Token, ...]] = []
        for place, clause in enumerate(reading.clauses):
            if not clause.tokens:
                continue
            if [t.low for t in clause.tokens[:2]] == ["the", "same"]:
                self.unknown.append(render(clause.tokens))
                continue
            if hangs(clause.tokens[: clause.main], clause.act) or hangs_behind(clause.act):
                self.unknown.append(render(clause.tokens))
                continue
            if place and drafts and drops(clause.tokens):
                limits.append(clause.tokens)
                continue
            done = not place and len(reading.clauses) > 1 and gerund_root(clause.tokens[0].low)
            if done and any(h.verb == done for h in self.heard):
                continue  # "After enrolling, ...": that step is there already
            borrowed = (
                self.list_verb
                if reading.sentence.item and not clause.prefix and bare_thing(clause.tokens)
                else clause.prefix
            )
            written = said_in_document(clause, [*self.steps, *drafts][-1:])
            own = replace(written, prefix=borrowed)
            draft = Draft(own, number, reading.sentence.label, reading.question and place == len(reading.clauses) - 1)
            draft.lead = lead if (not place or not once) and written is clause else ()
            around = (*draft.lead, *clause.tokens[: clause.main], *self.list_tail)
            draft.kind = kind_of(clause.tokens if clause.prefix and not converts(own.act) else own.act, around)
            drafts.append(draft)
        for place, draft in enumerate(drafts):
            self._add(draft, drafts, place, reading, explicit=bool(reading.lead) and not once)
        for limit in limits:
            self._limit((), limit, reading.sentence)
        if len(self.steps) + len(self.unknown) == before:
            self.unknown.append(render(reading.sentence.tokens))

    def _only_names_source(self, reading: Reading) -> bool:
        """ "Use attendance.csv.": no request, but where the requests that follow read."""
        if len(reading.clauses) != 1 or reading.clauses[0].main or reading.lead or reading.question or self.alone:
            return False
        tokens = reading.clauses[0].tokens
        named = any(t.kind == "file" for t in tokens)
        return named and head_verb(tokens) not in {"parse", "access"} and only_source(tokens)

    def _add(self, draft: Draft, drafts: list[Draft], place: int, reading: Reading, *, explicit: bool) -> None:
        if len(self.steps) >= MAX_STEPS:
            self.unknown.append(draft.text())
            return
        number = len(self.steps) + 1
        heard = hear(number, draft.clause.act, draft.sentence, draft.label, draft.kind)
        context = (*(draft.lead if not place else ()), *draft.clause.tokens[: draft.clause.main])
        built = min(draft.clause.built, len(self.heard))
        needs, lost = resolve(heard, self.heard[: len(self.heard) - built], context)
        needs |= {number - n for n in range(1, built + 1)}
        draft.needs = needs
        draft.minus = heard.minus
        draft.kind = heard.kind = refined(heard, needs, numbers=any(t.kind == "number" for t in context))
        if built and draft.kind in {"table", "find"}:
            draft.kind = heard.kind = "ask"  # the numbers are found already: what is left is to compare them
        if needs and (place or not reading.lead):
            draft.lead = ()
        if draft.kind == "send" or (place and draft.kind in {"translate", "code"}):
            draft.lead = draft.lead if not place else ()
        if (
            not needs
            and not draft.lead
            and self.scope
            and draft.kind in _READING_KINDS
            and not source_of(draft.tokens, whole=True)
        ):
            draft.lead = self.scope
        draft.same_rows = heard.rows
        if heard.rows and not draft.lead:
            self._same_rows(draft, heard)
        person = draft.question and any(t.low in {"she", "he", "they"} for t in draft.tokens)
        if (not needs or person) and not draft.lead:
            self._carry(draft, drafts, place, reading, needs)
        asks = question_start(draft.tokens) or bool({"its", "their"} & {t.low for t in draft.tokens})
        if needs and not draft.lead and draft.kind in {"ask", "find", "table"} and asks and not draft.tail:
            last = self.steps[-1] if self.steps else draft
            source = draft_source(last)
            if last.kind == "find" and fits(source, "find") and not full_source(draft.tokens):
                draft.tail = inside(source)  # "... and what is its main conclusion?"
                draft.kind = heard.kind = "find"
                draft.same_rows = number - 1
            asked = {t.low for t in draft.tokens[:3]} & {"which", "when", "where", "who"}
            if (
                asked
                and last.kind == "table"
                and needs == {number - 1}
                and not draft.tail
                and fits(source, "table")
                and asks_extreme(last)
            ):
                draft.tail = inside(source)  # "what was the highest attendance, and on which day was it?"
                draft.kind = heard.kind = "table"
        if draft.kind in {"ask", "find", "make", "table"} and (draft.tail or draft.lead) and not needs:
            draft.kind = heard.kind = kind_of(draft.clause.act, (*draft.tail, *draft.lead))
        if lost and draft.tail:
            lost = [word for word in lost if word.split()[0].lower() not in _FILE_POINTERS]
        opening = draft.clause.opening if place else reading.opening
        if (opening.sequence or draft.clause.opening.sequence) and self.steps:
            draft.after = set(self.groups[-1]) if self.groups[-1] else set()
            self.groups.append([])
        apart = one_for_each(heard, needs, self.heard)
        for word in lost:
            self.unknown.append(f"{word}{_LOST}{draft.text()})")
        self._restricted(draft)
        for other in self.heard:
            other.used = other.used or (other.number in needs and not heard.rows)
        if not apart:
            self._put(draft, heard)
        for need in apart:
            one = replace(draft, needs={need}, after=set(draft.after), remarks=list(draft.remarks))
            one.clause = replace(draft.clause, tokens=of_one(draft.clause.tokens))
            self._put(one, hear(len(self.steps) + 1, one.clause.act, one.sentence, one.label, one.kind))

    def _put(self, draft: Draft, heard: Heard) -> None:
        """One step more, if there is room for it."""
        if len(self.steps) >= MAX_STEPS:
            self.unknown.append(draft.text())
            return
        self.groups[-1].append(len(self.steps) + 1)
        self.heard.append(heard)
        self.steps.append(draft)

    def _same_rows(self, draft: Draft, heard: Heard) -> None:
        """A question about the rows of an earlier step reads the file again, where that step gave only a number."""
        other = self.steps[heard.rows - 1]
        source = draft_source(other)
        asked = question_start(other.clause.act) or asks_extreme(other)
        if fits(source, "table") and (asked or one_number([self.heard[heard.rows - 1]])):
            draft.tail = inside(source)
            draft.kind = heard.kind = "table"

    def _carry(self, draft: Draft, drafts: list[Draft], place: int, reading: Reading, needs: set[int]) -> None:
        """Repeats, after a step without a source of its own, the one that its neighbours read from."""
        tokens = draft.tokens
        own = source_of(tokens, whole=True) or files_in(tokens) or self_contained(tokens)
        lows = [t.low for t in tokens]
        given = sum(t.kind == "number" for t in tokens) > 1 and draft.kind in {"ask", "table", "math"}
        supposed = "if" in lows and any(t.kind == "number" for t in tokens)  # "how much is it if the rent is 850"
        if own or (question_start(tokens) and ((given and "between" in lows) or (supposed and "how" in lows[:1]))):
            return
        files = [t for s in (*self.named, *map(draft_source, self.steps)) for t in files_in(s)] + self.files
        called = called_file(tokens, files)
        if called:
            draft.tail = called
            return
        kind = draft.kind
        if kind == "make" and tokens[0].low in _LISTING:
            kind = "table" if self.steps and self.steps[-1].kind == "table" else "find"
        opens_text = kind == "write" and head_verb(tokens) in {"summarise", "summarize"} and not self.heard
        if kind not in _READING_KINDS and not opens_text:
            return
        sources = [draft_source(d) for d in self.steps]
        spot = points_into(tokens)
        spot = 0 if spot and tokens[spot].low == "them" and self.steps else spot
        if spot and not needs:
            file = [t for t in latest([*self.named, *sources], "ask") if t.kind == "file"]
            if file:
                own = draft.clause.tokens
                at = spot - len(draft.clause.prefix)
                draft.clause = replace(draft.clause, tokens=(*own[:at], *file, *own[at + 1 :]))
                return
        behind = next((s for d in drafts[place + 1 :] if (s := source_of(d.tokens)) and fits(s, kind)), ())
        if kind == "table" and not (behind or latest([*self.named, *sources], kind) or self._attached(kind)):
            kind = "find"  # "Find the most important deadline" after "Read handbook.md."
        before = latest([full_source(d.tokens) for d in drafts[:place]], kind)
        tail = before or behind or self.list_tail or self._named_for(tokens, kind)
        if not tail and sources:
            linked = reading.opening.addition or reading.opening.enumeration or reading.opening.sequence
            found = latest(sources, kind)
            last = next((d for d in reversed(self.steps) if d.kind != "math" or draft_source(d)), self.steps[-1])
            sources = [source for source in sources if source]
            if kind in {"table", "plot"} or (found and found == sources[-1] and goes_on(last, tokens, linked=linked)):
                tail = found
        draft.tail = inside(tail or self._attached(kind))

    def _named_for(self, tokens: Sequence[Token], kind: Kind) -> tuple[Token, ...]:
        """The source that statements before named ("All loans are in loans.csv."), or all of them if several fit."""
        fitting = [source for source in self.named if fits(source, "find" if kind == "ask" else kind)]
        fitting = fitting or [source for source in self.named if fits(source, kind)]
        words = {lemma(t.low) for t in tokens}
        called = [source for source in fitting if {lemma(t.low.rpartition(".")[0]) for t in source} & words]
        if len(called or fitting) == 1:
            return (called or fitting)[0]
        both: list[Token] = []
        for source in fitting:
            both += [AND, *inside(source)[1:]] if both else inside(source)
        return tuple(both)

    def _attached(self, kind: Kind) -> tuple[Token, ...]:
        """The one attached file that an act of this kind can read, where the goal names no other that it can."""
        if self.mentions_file and kind not in {"table", "plot"}:
            return ()
        fitting = [token for token in self.files if fits([token], "find" if kind == "ask" else kind)]
        if kind == "ask" and len(self.files) > 1:
            return ()
        return (fitting[0],) if len(fitting) == 1 else ()

    def _same(self, reading: Reading, number: int) -> bool:
        """ "Do the same for costs.csv": the steps of the last sentence once more, with one thing replaced."""
        last = self.steps[-1].sentence if self.steps else -1
        model = [(n, step) for n, step in enumerate(self.steps, 1) if step.sentence == last]
        if not model or len(self.steps) + len(model) > MAX_STEPS:
            return False
        wanted = list(reading.sentence.tokens[reading.opening.length :])
        replaced = again([[*s.lead, *s.tokens, *s.tail] for _, s in model], wanted)
        if replaced is None:
            return False
        offset = len(self.steps) + 1 - model[0][0]
        old, new = replaced
        for n, step in model:
            swap = {id(token): new for token in old}
            copy = Draft(
                replace(
                    step.clause,
                    tokens=swapped(step.clause.tokens, swap),
                    opening=reading.opening,
                    prefix=swapped(step.clause.prefix, swap),
                ),
                number,
                reading.sentence.label,
                step.question,
                swapped(step.lead, swap),
                swapped(step.tail, swap),
                remarks=list(step.remarks),
                kind=step.kind,
            )
            first = model[0][0]
            copy.needs = {need + offset if need >= first else need for need in step.needs}
            if reading.opening.sequence and n == first:
                copy.after = set(self.groups[-1])
                self.groups.append([])
            elif n > first:
                copy.after = {other + offset for other in step.after if other >= first}
            self.groups[-1].append(n + offset)
            self.heard.append(hear(n + offset, copy.clause.act, number, copy.label, copy.kind))
            self.steps.append(copy)
        return True

    def _completed(self, reading: Reading, number: int) -> bool:
        """ "And the median?": the question before once more, with its one measure or grouping replaced."""
        model = self.steps[-1] if self.steps else None
        if model is None or sum(step.sentence == model.sentence for step in self.steps) != 1:
            return False
        tokens = complete(model.clause.tokens, reading.sentence.tokens[reading.opening.length :])
        if tokens is None or len(self.steps) >= MAX_STEPS:
            return False
        clause = replace(model.clause, tokens=tokens, opening=reading.opening)
        copy = replace(
            model, clause=clause, sentence=number, remarks=list(model.remarks), needs=set(model.needs), after=set()
        )
        place = len(self.steps) + 1
        self.groups[-1].append(place)
        self.heard.append(hear(place, copy.clause.act, number, copy.label, copy.kind))
        self.steps.append(copy)
        return True

    def plan(self) -> Plan:
        """What was understood, in its final form."""
        steps: list[Step] = []
        for number, draft in enumerate(self.steps, 1):
            needs = tuple(sorted(n for n in draft.needs if n < number))
            after = tuple(sorted(n for n in draft.after if n < number and n not in needs))
            source = (*draft.lead, *draft.tail, *draft.around)
            around = (*source, *draft.clause.tokens[: draft.clause.main])
            phrase = phrase_of(draft.tokens, source)
            short = act_phrase(draft.clause.act, around, draft.kind)
            text = draft.text()
            context = render(draft.tail) or render(draft.lead).rstrip(",: ")
            search = tuple(dict.fromkeys(p for p in (phrase or text[:300], short) if p))
            search = _SUBTRACTING if draft.minus else search
            same_rows = draft.same_rows if draft.same_rows in needs else 0
            reads = tuple(dict.fromkeys(extension(t) for t in files_in((*draft.tokens, *source))))
            may_read = () if reads else tuple(dict.fromkeys(extension(t) for t in self.files))
            steps.append(
                Step(number, text, needs, after, search, context, draft.kind, same_rows, reads, may_read, draft.minus)
            )
        return Plan(tuple(steps), tuple(dict.fromkeys(self.unknown)), tuple(dict.fromkeys(self.background)))


def is_lost_word(part: str) -> bool:
    """Whether what was not understood is only a word that refers to nothing in the text."""
    return _LOST in part
