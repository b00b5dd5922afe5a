"""Words and phrases of requests in English: openers, courtesies, result words, sources. Data only."""

from __future__ import annotations

from ioa.adapters.policy.rules.wordlists import phrase_set, word_set

SEQUENCE: frozenset[str] = phrase_set("""
    then/and then/next/after that/after this/afterwards/afterward/and
    afterwards/subsequently/thereafter/finally/ and finally/lastly/and lastly/last/at the end/in the
    end/to finish/to conclude/once that is done/once this is done/ once done/once you are done/once
    you have done that/once you have that/once finished/when done/when you are done/ when that is
    done/when this is done/when you have finished/after you have done that/after having done that/
    after doing that/after doing this/as a next step/as the next step/as a final step/as a last
    step/then next/ in a second step/in the next step/in the last step/following that/with that
    done/having done that/last of all/ last but not least/next up/from there/after which/once
    complete/once completed/upon completion/and after that/ when you finish/when finished/afterwards
    then/then finally/as soon as that is done/as soon as this is done/ once all that is done/once
    everything is done/when everything is done/once you're done/when you're done/ once all this is
    done/once that's done/once this is complete/once that is complete/once it is done/ when all is
    done/the next step is to/the last step is to/the final step is to/next step is to/the second
    step is to/ the third step is to/the last thing is to/the next thing is to/the final task is
    to/the next task is to
""")
ENUMERATION: frozenset[str] = phrase_set("""
    first/firstly/first of all/to begin with/to start/to start with/as a first step/in a first
    step/second/secondly/ third/thirdly/fourth/fourthly/fifth/for starters/initially/at first/begin
    with this/the first step is to/the first thing is to/the first task is to
""")
ADDITION: frozenset[str] = phrase_set("""
    also/and/and also/additionally/in addition/in addition to
    that/furthermore/moreover/besides/besides that/ further/plus/similarly/likewise/at the same
    time/meanwhile/in parallel/separately/independently/on top of that/ as well/another thing/one
    more thing/by the way/apart from that/and please/but/or/so/well/ok/okay/now/hence/thus/
    therefore/no/just/alternatively/in the meantime/aside from that/to do this/to do that/to do so/for
    this/for that/for this purpose/in this regard/in particular/ specifically/more
    specifically/basically/in short/for example/if possible/ideally/note/also if possible
""")
COURTESY: frozenset[str] = phrase_set("""
    please/kindly/pls/could you/can you/would you/will you/could we/can we/can i/could i/may i/may i
    ask you to/ could you help me/could you help me to/can you help me/can you help me to/would you
    be so kind as to/help me/ help me to/help us/help us to/help to/i would like you to/i'd like you
    to/i want you to/i need you to/ we would like you to/we'd like you to/we want you to/we need you
    to/i would like to/i'd like to/i want to/ i need to/i wish to/i have to/i must/we would like
    to/we'd like to/we want to/we need to/we have to/we must/ we should/you should/you must/you need
    to/you have to/your task is to/your job is to/your goal is to/ the task is to/the goal is to/the
    aim is to/my goal is to/our goal is to/my aim is to/our aim is to/my task is to/ let's/let us/go
    ahead and/try to/i am trying to/i'm trying to/we are trying to/we're trying to/ i was hoping you
    could/it would be great if you could/it would be nice if you could/it would be helpful if you
    could/ i'd appreciate it if you could/i would appreciate it if you could/i would appreciate if
    you could/ i'd appreciate if you could/i was wondering if you could/i wonder if you could/do you
    think you could/ would it be possible to/is it possible to/would it be possible for you to/would
    you mind/do you mind/feel free to/ start by/begin by/proceed to/proceed by/continue by/end
    by/finish by/i ask you to/i request you to/ you are asked to/you are to/may i request you to/do
    me a favour and/do me a favor and/go and/be so kind as to/ be so good as to/i need help to/i
    need your help to/i need your assistance to/i need some help to/it is time to/ i'd love to/i
    would love to/i'd love you to/we are asked to/it is necessary to/i am going to need to/ the
    first thing to do is to/what i want is to/what i need is to/all i want is to/i would need to/i'd
    need to/ i would need you to/you could/you can/we could/someone should/somebody should/someone
    please/can someone/ could someone/can somebody/could somebody/can anyone/could anyone/who
    can/can you also/would like to/want to/need to/ i need someone to/i need somebody to/i am
    looking to/i'm looking to/we are looking to/assist me to/please assist me to/assist us to/we're
    looking to/i plan to
""")
KNOWING: frozenset[str] = phrase_set("""
    i want to know/i would like to know/i'd like to know/i need to know/we want to know/we would
    like to know/ we'd like to know/we need to know/i wish to know/i wonder/we wonder/i am
    wondering/i'm wondering/ i was wondering/i want to understand/i would like to understand/i want
    to find out/we want to find out/ do you know/can you tell me/could you tell me/would you tell
    me/will you tell me/please tell me/i must know/ can you let me know/could you let me know/let me
    know/let us know/can you say/tell me/tell us/ could you tell us/can you tell us/i have to
    know/i'd love to know/i would love to know/question
""")
"""A question, indirect, follows. ("tell me" is kept in the text, see clauses.)"""
WANTING: frozenset[str] = phrase_set("""
    i need/we need/i want/we want/i would like/i'd like/we would like/we'd like/i would like to
    have/ i'd like to have/we would like to have/we'd like to have/i want to have/i would like to
    get/i'd like to get/ i need to have/we need to have/i am looking for/i'm looking for/we are
    looking for/we're looking for/ i am interested in/i'm interested in/we are interested in/we're
    interested in/i am curious about/ i'm curious about/i require/we require/what i need is/what we
    need is/what i want is/what we want is/wanted/ needed/required/can i have/could i have/can i
    get/could i get/may i have/can we have/could we have/can we get/ the deliverable is/the
    deliverables are/i expect/we expect/i ask for/i am asking for/i request/how about/ i have to
    have/it would be good to have/it would be nice to have/would like/looking for/i would love/i'd
    love/ i could use/we could use/i need your help with/i need your assistance with/i need help
    with/ i need some help with/i need assistance with/i need some assistance with/i need your help
    in/ i need your assistance in/i need help in/help me with/help us with/help with/we need your
    help with/ we need help with/i'd like your help with/i would like your help with/i need your
    support with/could you help me with/can you help me with/could you help us with/assist me
    in/assist me with/assist us in/assist us with/help me in/help us in/ i need assistance in/i need
    some assistance in/i need help on/i would like help with/i'd like help with/i need some help in
""")
"""A thing that is asked for follows, as a noun phrase or a gerund."""
FILLER: frozenset[str] = word_set("""
    also just really now simply still further additionally then kindly please first next finally
    specifically particularly currently lastly again always therefore thus basically actually
    perhaps maybe quickly firstly secondly
""")
EMPTY_SENTENCES: frozenset[str] = phrase_set("""
    hi/hello/hey/hi there/hello there/dear all/dear team/good morning/good afternoon/good
    evening/good day/ thanks/thank you/many thanks/thanks a lot/thank you very much/thanks in
    advance/thank you in advance/cheers/ best regards/kind regards/regards/sincerely/thank you for
    your help/thanks for your help/thanks for the help/ thank you so much/yours/that's it/that is
    all/that's all/bye/goodbye/yes/ok/okay/sure/great/hey there/hi all/ hello everyone/hi
    everyone/hi team/hello team/thank you for your assistance/thanks for your assistance/ thank you
    for your time/greetings/best/please/lol/wow/hello all/dear sir or madam/ta/thx/ty/tia/please and
    thank you
""")
HELPING: frozenset[str] = frozenset(["help", "assistance", "assist", "support"])
"""Openers with one of these often only announce what follows ("I need your help with my essay. First, ...")."""
HEADING: frozenset[str] = word_set("""
    do the following these those task tasks goal goals step steps todo to-do question questions
    question(s) work item items please following here is are what i we need want you your my our
    list as below thing things that should be done carry out perform answer and then job jobs
    instructions instruction request requests requirements requirement deliverables deliverable plan
    some few couple several of in order a an me with help can could for all out assistance would
    like to have points point it assignment exercise exercises problems problem asks ask us now two
    three four five six next first done today this week about data analysis hello hi dear team there
    objective objectives aim aims complete solve give handle
""")
"""Words of which a heading or an intro line is made ("Please do the following:", "My questions:")."""

DETERMINERS: frozenset[str] = word_set("""
    the a an my our your his her its their this that these those each every all any some both no
    another either such
""")
OBJECT_PRONOUNS: frozenset[str] = word_set("it them me us him her this that these those everything everyone")
PREPOSITIONS: frozenset[str] = word_set("""
    in on at of from by for with to into onto over under about across per between among through
    during within against as than via without after before since until like inside below above along
    around near using toward towards upon regarding concerning including except versus vs vs. minus
    plus times according based
""")
WH: frozenset[str] = word_set("what which who whom whose where when why how")
AUXILIARIES: frozenset[str] = word_set("""
    is are was were am do does did has have had can could will would should shall may might must
    isn't aren't doesn't don't didn't wasn't weren't hasn't haven't hadn't
""")
FINITE: frozenset[str] = AUXILIARIES - frozenset(["do", "don't"]) | word_set("""
    contains contain includes include lists shows holds needs comes come belongs belong covers cover
    gives describes records stores sells sell sold wants want means starts ends costs runs works
    lives live came went got made wrote said says think thinks believe believes seems seem looks
    let's i'm we're it's that's there's they're you're i've we've they've i'll we'll works work
    started happened arrived bought sent keeps kept uses used cannot can't won't like likes prefer
    prefers own owns charges charge pays paid earns expires applies consists supply supplies serve
    serves produces tracks represents refers stands cares care hope hopes heard noticed moved opened
    closed became becomes got gets wrote lies sits plan plans hate hates love loves operates operate
    runs run keep
""")
SUBJECTS: frozenset[str] = word_set("""
    i we you he she they it there i'm we're it's that's there's they're you're i've we've they've
    i'd we'd i'll we'll somebody someone everybody everyone nobody
""")
RELATIVES: frozenset[str] = word_set("which who whose that where whom")
NOT_VERBS: frozenset[str] = (
    DETERMINERS
    | PREPOSITIONS
    | WH
    | (AUXILIARIES - frozenset(["do"]))
    | SUBJECTS
    | word_set("""
    and or but nor not if then so because while although though whether half twice once also only
    even just very too more most less least same other others one two three four five six seven
    eight nine ten please yes no first second third last next left right ever never always often
    almost nearly roughly approximately exactly who's what's here there out up off down back away
    together apart quite rather either neither except despite till unless whereas whereby wherever
    whenever however therefore thus hence besides let's him her them us me mine ours yours e.g. i.e.
    etc. approx. incl. excl. got made gave found took sold bought left came went paid sent kept lost
    won spent met told said saw knew held led built meant ran hello hi dear thanks hey data
""")
)
"""Words that never open an act, whatever follows."""

CHART_WORDS: frozenset[str] = word_set("""
    chart charts plot plots graph graphs diagram diagrams histogram histograms scatterplot boxplot
    heatmap pie piechart barchart figure visualisation visualization drawing sketch picture image
    map infographic scatter graphic curve
""")
REPORT_WORDS: frozenset[str] = word_set("""
    report reports summary memo overview briefing brief conclusion conclusions digest presentation
    slides write-up writeup recap document newsletter synopsis handout dossier one-pager paper page
    abstract
""")
LETTER_WORDS: frozenset[str] = word_set("""
    email e-mail mail letter message note post announcement poem story article essay blog speech
    tweet invitation reply haiku song caption paragraph text description sentence advert slogan
""")
CODE_WORDS: frozenset[str] = word_set("""
    code script program function class snippet regex macro app application software bot algorithm
""")
MEASURE_WORDS: frozenset[str] = word_set("""
    mean median average sum total totals count number share percentage proportion growth ratio
    difference minimum maximum min max deviation variance correlation rate quartile percentile
    distribution frequency range mode averages medians counts sums ranking top highest lowest
    largest smallest biggest cheapest slowest fastest outliers outlier trend subtotal subtotals
    breakdown std figures quantity revenue turnover quantiles shares
""")
RESULT_WORDS: frozenset[str] = word_set("""
    result results answer answers outcome outcomes finding findings output outputs figures numbers
    value values number solution solutions above conclusion insights analysis calculation
    calculations computation estimate statistics stats information details facts amounts
""")
PLURAL_RESULTS: frozenset[str] = word_set("""
    results answers outcomes findings outputs figures numbers values insights calculations above
    statistics stats amounts solutions facts
""")
SUMMARY_OBJECTS: frozenset[str] = word_set("""
    everything all findings results above insights conclusions analysis outcome outcomes answers
    work this that it them these
""")
SOURCE_NOUNS: frozenset[str] = word_set("""
    handbook manual document documents file files spreadsheet spreadsheets dataset database log logs
    contract contracts policy guide book books pdf pdfs paper papers article articles minutes
    workbook sheet catalogue catalog archive folder brochure notes website wiki agreement statement
    invoice invoices ledger register survey inventory guidelines regulations regulation encyclopedia
    novel chapter thesis readme faq page transcript transcripts directory leaflet table tables data
    csv
""")
"""What one reads from: with "in/from the ..." it is the source of an act."""

NOT_RESULTS: frozenset[str] = word_set("""
    file files document text sentence paragraph equation expression code snippet website url link
    image month year week quarter morning evening afternoon season time way case moment goal task
    page country city company data dataset spreadsheet query function formula passage email letter
    message contract manual handbook reason purpose word phrase person team project club school shop
    book article century decade today system problem request
""")
"""Nouns that, after "this" or "that", point to what the user gave, not to what a step found."""

ENGLISH: frozenset[str] = (
    DETERMINERS
    | (PREPOSITIONS - frozenset(["in", "me", "as", "plus", "via", "versus", "per", "by", "on"]))
    | WH
    | AUXILIARIES
    | SUBJECTS
    | word_set("""
    and or but not if then so please it them me us more most than with there each between also only
    my
""")
) - frozenset(["no", "a", "am", "his", "all", "was", "will", "were", "has", "plus", "i", "like", "do", "to", "an"])
FOREIGN: frozenset[str] = word_set("""
    der das den dem des ein eine einen einem einer und oder nicht mit von zu auf für ist sind bitte
    wie viele aus bei nach über ich wir sie berechne erstelle le la les un une des et ou du dans
    avec pour sur est sont que quel quelle combien calculer calcule el los las una unos unas en con
    para por del cuál cuántos cuánto es son calcula il lo gli della delle dei nel nella di che per
    quanti quale sono het een van voor naar uit bereken os da dos das em com uma não och att det som
    på är jag nie jest się na oraz wie wat welke hoeveel
""")
