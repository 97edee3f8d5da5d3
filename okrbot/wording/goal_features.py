"""Turn a reading and its grammar into named features for the model: classes that all languages share first, words second."""

from __future__ import annotations

from okrbot.wording.goal_grammar import TARGETS, Grammar, class_of
from okrbot.wording.goal_lexicon import BIT, NOUNS, abstract, clusters
from okrbot.wording.goal_text import Reading

_VERB_ORDER = ("up", "down", "reach", "keep", "deliver", "act", "use", "aspire")
_ALL_ORDER = (
    "up",
    "down",
    "deliver",
    "act",
    "reach",
    "keep",
    "use",
    "aspire",
    "work",
    "metric",
    "world",
    "actor",
    "zero",
    "all",
    "purpose",
    "means",
    "limit",
    "time",
)
_NOUN_ORDER = ("work", "actor", "metric", "world")
_DOES_ORDER = ("use", "up", "down", "reach", "deliver", "act", "keep", "aspire")
_SUBJECTS = frozenset(("number", "all", "zero", "actor", "world", "metric", "work", "other"))
_REACH = 9  # tokens after the head within which its object and number stand
_ASIDE = frozenset("([;–—:|")
_QUIET = BIT["func"] | BIT["skip"]


def features(reading: Reading, grammar: Grammar) -> list[str]:
    """Return the features of one text, each once, in a fixed order."""
    found: dict[str, None] = {}
    _structure(reading, grammar, found)
    _numbers(reading, grammar, found)
    _words(reading, grammar, found)
    _abstract(reading, grammar, found)
    if reading.language == "en":
        _groups(reading, grammar, found)
    return list(found)


def _abstract(reading: Reading, grammar: Grammar, found: dict[str, None]) -> None:
    """Add whether what is made can be handed over or only felt: the last noun of the object, and what stands further on."""
    if grammar.head < 0:
        return
    nouns: list[str] = []
    opened = False  # past the object's own words: "a culture | of trust"
    for at in range(grammar.head + 1, min(grammar.head + 10, len(reading.words))):
        word, bits = reading.words[at], reading.bits[at]
        if reading.kinds[at] not in "wv":
            if reading.kinds[at] in ".#":
                break
            continue
        if bits & _QUIET:
            opened = opened or bool(nouns)
            continue
        if not opened:
            nouns.append(word)
        elif abstract(word, reading.language):
            found["ab:further"] = None
            found[f"ab:further+hc={grammar.head_class}"] = None
    if not nouns:
        return
    last = "y" if abstract(nouns[-1], reading.language) else "n"
    some = "y" if any(abstract(word, reading.language) for word in nouns) else "n"
    for feature in (f"ab={last}", f"ab+hc={last}+{grammar.head_class}", f"ab:any={some}", f"ab:any+hc={some}+{grammar.head_class}"):
        found[feature] = None


def _groups(reading: Reading, grammar: Grammar, found: dict[str, None]) -> None:
    """Add the groups of like words: of the head, of what is counted, of the object, of all."""
    known = clusters()
    target = "t" if grammar.has_target else "n"
    first = True
    for at, word in enumerate(reading.words):
        if reading.kinds[at] != "w" or reading.bits[at] & _QUIET:
            continue
        for group in known.get(word) or known.get(word.split("_", 1)[0]) or ():
            found[f"g={group}"] = None
            if first:
                found[f"g0={group}"] = None
                found[f"g0+t={group}+{target}"] = None
            if at == grammar.head:
                found[f"gh={group}"] = None
            elif at == grammar.counted_at:
                found[f"gc={group}"] = None
                found[f"gc+hc={group}+{grammar.head_class}"] = None
            elif at == grammar.object_at:
                found[f"go={group}"] = None
        first = False


def _structure(reading: Reading, grammar: Grammar, found: dict[str, None]) -> None:
    head = grammar.head_class
    counted = grammar.counted_class
    kind = grammar.number_kind or "none"
    target = "t" if grammar.has_target else ("p" if reading.placeholders else "n")
    head_word = reading.words[grammar.head] if grammar.head >= 0 and reading.kinds[grammar.head] == "w" else "#"
    object_word = reading.words[grammar.object_at] if grammar.object_at >= 0 else ""
    for feature in (
        f"hc={head}",
        f"hw={head_word}",
        f"hw+t={head_word}+{target}",
        f"t={target}",
        f"hc+t={head}+{target}",
        f"hc+nk={head}+{kind}",
        f"oc={grammar.object_class}",
        f"hc+oc={head}+{grammar.object_class}",
        f"hc+oc+t={head}+{grammar.object_class}+{target}",
        f"cc={counted}",
        f"hc+cc={head}+{counted}",
        f"nk+cc={kind}+{counted}",
        f"hc+nk+cc={head}+{kind}+{counted}",
        f"v={grammar.verdict}",
        f"v+hc={grammar.verdict}+{head}",
    ):
        found[feature] = None
    if object_word:
        found[f"ow={object_word}"] = None
        found[f"hc+ow={head}+{object_word}"] = None
    if grammar.purpose >= 0:
        found["pp"] = None
        found[f"pp={grammar.purpose_class}+{'n' if grammar.number_in_purpose else '-'}"] = None
        found[f"pp+hc={head}+{'n' if grammar.number_in_purpose else '-'}"] = None
    if grammar.done >= 0:
        found["done"] = None
        found[f"done+nk={kind}"] = None
        found[f"done+cc={counted}"] = None
        found[f"done+w={reading.words[grammar.done][:5]}"] = None
    if head in _SUBJECTS:
        _subject(reading, grammar, found)
    if grammar.head >= 0:
        for name in _ALL_ORDER:
            if reading.bits[grammar.head] & BIT[name]:
                found[f"hb={name}"] = None


def _subject(reading: Reading, grammar: Grammar, found: dict[str, None]) -> None:
    """Add who does what when the goal opens with a subject: all teams *use* it, 80 % of services *migrated*."""
    subject = ""
    for at in range(grammar.head, min(grammar.head + 9, len(reading.words))):
        bits, word = reading.bits[at], reading.words[at]
        if reading.kinds[at] != "w" or at == grammar.head:
            continue
        noun = class_of(bits, _NOUN_ORDER)
        verb = class_of(bits, _DOES_ORDER)
        if noun and not (subject and verb and verb != "aspire"):
            subject = noun
        elif verb and not bits & BIT["limit"]:
            form = (
                "ed"
                if word.endswith(("ed", "t", "en", "é", "és", "ée", "ées", "ado", "ada", "ados", "adas", "ido", "idos", "ida"))
                else "-"
            )
            found[f"sv={subject}+{verb}"] = None
            found[f"sv={subject}+{verb}+{form}"] = None
            found[f"sv={grammar.head_class}+{subject}+{verb}+{form}"] = None
            found[f"sw={word}"] = None
            return
        elif not bits & _QUIET and subject and reading.bits[at] == 0 and not word.endswith("ly"):
            found[f"sv={subject}+?"] = None
            found[f"sw={word}"] = None
            return


def _numbers(reading: Reading, grammar: Grammar, found: dict[str, None]) -> None:
    if reading.from_to:
        found["from_to"] = None
        found[f"from_to+hc={grammar.head_class}"] = None
    if reading.placeholders:
        found["placeholder"] = None
    if reading.dates:
        found["date"] = None
    measures = 0
    for at, kind in reading.numbers:
        found[f"nk={kind}"] = None
        measures += kind in TARGETS
        if at:
            found[f"nb={reading.words[at - 1]}+{kind}"] = None
        if at + 1 < len(reading.words):
            found[f"na={kind}+{reading.words[at + 1]}"] = None
        _mask, place = reading.counted(at)
        if place >= 0:
            found[f"cw={reading.words[place]}"] = None
            found[f"cw+nk={reading.words[place]}+{kind}"] = None
    found[f"n#={min(measures, 3)}"] = None
    for at, kind in enumerate(reading.kinds):
        if kind == "c" or kind == ">":
            found[f"mark={kind}"] = None
        if reading.bits[at] & BIT["zero"]:
            found["zero@0" if at < 2 else "zero@n"] = None
        if reading.bits[at] & BIT["all"]:
            found["all@0" if at < 2 else "all@n"] = None
    if reading.words and reading.kinds[0] == "#":
        found["first=#"] = None


def _tail(reading: Reading, grammar: Grammar) -> int:
    """Return where the main clause ends: at the means, the purpose or the aside that follows what is said and counted."""
    core = max(
        (at for at in (grammar.head, grammar.object_at, grammar.counted_at, grammar.number) if at <= grammar.head + _REACH), default=0
    )
    numbers = dict(reading.numbers)
    for at in range(max(core, 1) + 1, len(reading.words)):
        if reading.kinds[at] == "." and reading.words[at] in _ASIDE:
            return at
        if reading.bits[at] & (BIT["means"] | BIT["purpose"]) and at + 1 not in numbers:
            return at
    return len(reading.words)


def _in_a_row(sequence: list[str], found: dict[str, None]) -> None:
    """Add the classes that follow one another, by two and by three."""
    for first, second in zip(["^", *sequence], [*sequence, "$"], strict=True):
        found[f"kb={first} {second}"] = None
    for first, second, third in zip(["^", *sequence], sequence, [*sequence[1:], "$"], strict=False):
        found[f"kt={first} {second} {third}"] = None


def _token(reading: Reading, at: int, kinds: dict[int, str]) -> str:
    """Return what a token is called in a feature, "" for punctuation that says nothing."""
    kind, word = reading.kinds[at], reading.words[at]
    if kind == "w":
        return word
    if at in kinds:
        return f"#{kinds[at]}"
    if kind == ".":
        return word if word in ":()&/;" else ""
    return f"#{kind}"


def _words(reading: Reading, grammar: Grammar, found: dict[str, None]) -> None:
    kinds = dict(reading.numbers)
    tail = _tail(reading, grammar)
    sequence: list[str] = []
    previous = "^"
    seen_words = 0
    for at, word in enumerate(reading.words):
        kind = reading.kinds[at]
        bits = reading.bits[at]
        token = _token(reading, at, kinds)
        if not token:
            continue
        if at >= tail:  # the words of an aside speak for themselves, not for the goal
            found[f"x={token}"] = None
            if name := class_of(bits, _ALL_ORDER) if kind == "w" else token:
                found[f"xk={name}"] = None
            continue
        if kind == "w":
            found[f"w={token}"] = None
            if len(word) > 5 and not bits & _QUIET:
                found[f"c={word[:5]}"] = None
                found[f"s={word[-4:]}"] = None
                if len(word) > 8:
                    found[f"c={word[:7]}"] = None
            if seen_words < 2 and not bits & BIT["skip"]:
                found[f"w{seen_words}={token}"] = None
                seen_words += 1
        found[f"b={previous} {token}"] = None
        previous = token
        name = class_of(bits, _ALL_ORDER) if kind == "w" else token
        if name:
            found[f"k={name}"] = None
            sequence.append(name)
        elif kind == "w" and not bits & _QUIET:
            sequence.append("?")
    found[f"b={previous} $"] = None
    _in_a_row(sequence, found)
    found[f"len={min(len(reading.words) // 3, 8)}"] = None
    found[f"nouns={min(sum(1 for mask in reading.bits if mask & NOUNS), 5)}"] = None
    found[f"verb={any(mask & BIT[name] for mask in reading.bits for name in _VERB_ORDER[:6])}"] = None
