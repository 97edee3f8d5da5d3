"""Find what decides a goal: its head, what its numbers count, and whether the number stands in a clause that says what for."""

from __future__ import annotations

import dataclasses

from okrbot.wording.goal_lexicon import BIT, NOUNS, VERBS
from okrbot.wording.goal_text import Reading

_DOING = BIT["deliver"] | BIT["act"]
_CHANGE = BIT["up"] | BIT["down"] | BIT["reach"]
_WORLD = BIT["metric"] | BIT["world"] | BIT["actor"]
_EMPTY = BIT["skip"] | BIT["func"] | BIT["limit"] | BIT["means"] | BIT["numword"]
_VERB_ORDER = ("up", "down", "reach", "keep", "deliver", "act", "use", "aspire")
_NOUN_ORDER = ("work", "metric", "world", "actor")
_PURPOSE_STRONG = frozenset(("to", "um", "pour", "para", "om", "and", "y", "e", "et", "und", "en"))
_CLAUSE = frozenset(("damit", "sodass", "wodurch", "zodat", "waardoor", "until"))
_RELATIVE = frozenset(("that", "which", "die", "das", "der", "qui", "que", "dat", "wat"))
_PARTICIPLES = {
    "en": ("ed",),
    "de": ("t", "en"),
    "nl": ("d", "t", "en"),
    "fr": ("é", "és", "ée", "ées", "i", "is", "ie", "ies", "u", "us", "ue", "ues"),
    "es": ("ado", "ada", "ados", "adas", "ido", "ida", "idos", "idas"),
    "pt": ("ado", "ada", "ados", "adas", "ido", "ida", "idos", "idas"),
}
_IRREGULAR = frozenset(
    [
        "held",
        "written",
        "built",
        "run",
        "set_up",
        "taught",
        "done",
        "live",
        "sent",
        "made",
        "given",
        "shown",
        "sold",
        "bought",
        "drawn",
        "begun",
        "put",
        "hecho",
        "hecha",
        "hechos",
        "hechas",
        "escrito",
        "escrita",
        "feito",
        "feita",
        "feitos",
        "feitas",
    ]
)
# The percentage *of* documented services is about the services.
_MEASURE_OF = frozenset(
    [
        "percentage",
        "percent",
        "share",
        "proportion",
        "number",
        "amount",
        "rate",
        "anteil",
        "anzahl",
        "zahl",
        "prozentsatz",
        "part",
        "pourcentage",
        "nombre",
        "proportion",
        "porcentaje",
        "número",
        "proporción",
        "percentual",
        "porcentagem",
        "percentagem",
        "número",
        "aandeel",
        "aantal",
        "percentage",
    ]
)
_OF = frozenset(("of", "de", "des", "du", "d'", "der", "an", "van", "dos", "das"))
TARGETS = frozenset(("pct", "cur", "mult", "ratio", "dur", "zero", "count", "plain", "rank", "state"))


@dataclasses.dataclass(frozen=True, slots=True)
class Grammar:
    """What was found in one text. Positions are token positions of its `Reading`, -1 for none."""

    head: int
    head_class: str  # a verb class, a noun class, number, all, zero or other
    object_class: str  # class of the first noun after the head
    object_at: int
    number: int  # the number that matters most
    number_kind: str  # "" for none
    counted_class: str  # what that number counts
    counted_at: int
    purpose: int  # the word that opens a clause of purpose or result
    purpose_class: str  # verb class just after it
    number_in_purpose: bool
    done: int  # a participle of doing after the counted noun: 12 articles *published*
    has_target: bool
    verdict: str  # outcome | output | outcome_unmeasured by grammar alone


def class_of(bits: int, order: tuple[str, ...]) -> str:
    """Return the first class of `order` that is in the mask, or ""."""
    for name in order:
        if bits & BIT[name]:
            return name
    return ""


def _head(reading: Reading) -> tuple[int, str]:
    bits, kinds = reading.bits, reading.kinds
    last = -1
    numbers = dict(reading.numbers)
    for at, kind in enumerate(kinds):
        if at in numbers and numbers[at] != "mult":
            return at, "zero" if numbers[at] == "zero" else "number"
        mask = bits[at]
        if kind not in "wv":
            continue
        verb = class_of(mask, _VERB_ORDER)
        if mask & BIT["zero"] and at < 2:
            return at, "zero"
        if mask & BIT["all"] and at < 2 and not verb:
            return at, "all"
        if mask & BIT["skip"] and not (verb and at == 0 and mask & (_DOING | _CHANGE)):
            last = at
            continue
        if verb and not (mask & BIT["means"]):
            noun = class_of(mask, ("metric", "world", "actor"))
            if noun and _next_is_noun_position(reading, at):
                return at, noun
            if mask & (_DOING | BIT["up"] | BIT["down"] | BIT["reach"]) or not noun:
                return at, class_of(mask, _VERB_ORDER)
            return at, noun
        noun = class_of(mask, _NOUN_ORDER)
        if noun:
            return at, noun
        if mask & _EMPTY:
            last = at
            continue
        if mask == 0 and at + 1 < len(kinds) and at < 3:
            last = at
            if kind == "w" and at == 0 and reading.language == "en":
                continue
            continue
        last = at
    return (max(last, 0), "other") if kinds else (-1, "other")


def _next_is_noun_position(reading: Reading, at: int) -> bool:
    """Tell whether a word that may be verb or noun stands as a noun: 'Sales growth', 'Load time', 'Report downloads'."""
    if at + 1 >= len(reading.words):
        return True
    following = reading.bits[at + 1]
    if reading.kinds[at + 1] in "c>.#":
        return reading.kinds[at + 1] != "#" or not reading.bits[at] & (_CHANGE | _DOING)
    return bool(following & BIT["metric"]) and not reading.bits[at] & (BIT["up"] | BIT["down"])


def _weight(at: int, kind: str) -> float:
    base = {
        "pct": 3.0,
        "cur": 3.0,
        "mult": 2.5,
        "ratio": 2.8,
        "dur": 1.8,
        "zero": 2.6,
        "count": 2.2,
        "plain": 2.0,
        "rank": 1.5,
        "state": 2.0,
        "ord": 0.3,
        "win": 0.5,
    }[kind]
    return base - at * 0.001


def _purpose(reading: Reading, head: int) -> tuple[int, str]:
    """Return place and class of the word that opens a clause of purpose or result, (-1, "") when there is none."""
    words, bits, kinds = reading.words, reading.bits, reading.kinds
    maybe, last_number = -1, max((at for at, kind in reading.numbers if kind in TARGETS), default=-1)
    for at in range(max(head, 0) + 1, len(words) - 1):
        mask = bits[at]
        if mask & BIT["purpose"] or words[at] in _PURPOSE_STRONG:
            for step in (at + 1, at + 2, at + 3):
                if step >= len(words) or kinds[step] in "#pd":
                    break
                verb = class_of(bits[step], ("up", "down", "reach"))
                if verb and not (bits[step] & BIT["limit"]):
                    return at, verb
            if mask & BIT["purpose"] and ("_" in words[at] or words[at] in _CLAUSE):
                return at, "clause"
            if maybe < 0 and mask & BIT["purpose"] and _unlisted_verb(reading, at + 1) and last_number > at + 1:
                maybe = at
        elif words[at] in _RELATIVE and last_number > at + 1 and maybe < 0:
            maybe = at
        elif words[at].endswith("ing") and mask & (BIT["up"] | BIT["down"]) and at > 1 and (words[at - 1] in (",", "-", "–", "thereby")):
            return at, class_of(mask, ("up", "down"))
    return (maybe, "maybe") if maybe >= 0 else (-1, "")


def _unlisted_verb(reading: Reading, at: int) -> bool:
    """Tell whether the word after `to` may be a verb that no list has: to deflect 40 % of calls."""
    if at >= len(reading.words) or reading.kinds[at] != "w":
        return False
    return not reading.bits[at] & (NOUNS | _EMPTY | BIT["all"] | BIT["month"] | BIT["time"]) or bool(reading.bits[at] & VERBS)


def study(reading: Reading) -> Grammar:
    """Return the grammar of a key result or objective, with the verdict that grammar alone would give."""
    head, head_class = _head(reading)
    object_class, object_at = "", -1
    for at in range(head + 1 if head_class not in _NOUN_ORDER else head, len(reading.words)):
        found = class_of(reading.bits[at], _NOUN_ORDER)
        if found and reading.words[at] in _MEASURE_OF and at + 1 < len(reading.words) and reading.words[at + 1] in _OF:
            continue
        if found and reading.kinds[at] in "wv":
            object_class, object_at = _phrase_noun(reading, at)
            break
    purpose, purpose_class = _purpose(reading, head)
    number, kind = -1, ""
    best = -1.0
    for at, one in reading.numbers:
        weight = _weight(at, one) + (1.0 if 0 <= purpose < at else 0.0)
        if weight > best:
            number, kind, best = at, one, weight
    counted_class, counted_at = "", -1
    if number >= 0:
        mask, counted_at = reading.counted(number)
        counted_class = class_of(mask, _NOUN_ORDER)
    done = _done(reading, next((at for at in (counted_at, number) if at >= 0), -1 if head_class in _VERB_ORDER else object_at))
    all_first = any(reading.bits[at] & BIT["all"] for at in range(min(2, len(reading.words))))
    zero_word = any(
        reading.bits[at] & BIT["zero"] and (at < 2 or reading.words[at] not in ("no", "personne")) for at in range(len(reading.words))
    )
    has_target = kind in TARGETS or all_first or zero_word
    verdict = _verdict(head_class, object_class, kind, number, counted_class, purpose, purpose_class, done, has_target)
    return Grammar(
        head=head,
        head_class=head_class,
        object_class=object_class,
        object_at=object_at,
        number=number,
        number_kind=kind,
        counted_class=counted_class,
        counted_at=counted_at,
        purpose=purpose,
        purpose_class=purpose_class,
        number_in_purpose=0 <= purpose < number,
        done=done,
        has_target=has_target,
        verdict=verdict,
    )


def _phrase_noun(reading: Reading, at: int) -> tuple[str, int]:
    """Return class and place of the head noun of the run of nouns at `at`: the last in Germanic languages, the first in Romance ones."""
    place = at
    if reading.language not in ("fr", "es", "pt"):
        while (
            place + 1 < len(reading.words)
            and reading.kinds[place + 1] in "wv"
            and reading.bits[place + 1] & NOUNS
            and not reading.bits[place + 1] & (BIT["func"] | BIT["purpose"])
        ):
            place += 1
    return class_of(reading.bits[place], _NOUN_ORDER), place


def _done(reading: Reading, start: int) -> int:
    """Return the place of a participle of doing after the counted noun (12 articles *published*), -1 for none."""
    if start < 0:
        return -1
    for at in range(start + 1, len(reading.words)):
        mask, word = reading.bits[at], reading.words[at]
        if reading.kinds[at] in "#>":
            return -1
        if mask & (BIT["use"] | _CHANGE) and not mask & _DOING:
            return -1
        if mask & _DOING and (word.endswith(_PARTICIPLES[reading.language]) or word in _IRREGULAR):
            return at
        if not mask and _looks_done(reading.language, word):
            return at
    return -1


def _looks_done(language: str, word: str) -> bool:
    """Tell whether a word that no list has ends like a participle: renegotiated, gedigitaliseerd."""
    if language == "en":
        return len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
    if language in ("de", "nl"):
        return (word.startswith("ge") and word.endswith(("t", "en", "d"))) or word.endswith(("iert", "eerd"))
    return False


def _verdict(
    head_class: str, object_class: str, kind: str, number: int, counted: str, purpose: int, purpose_class: str, done: int, has_target: bool
) -> str:
    """Ask the questions of the definition in their order: whose is the number, what is the head, what is counted."""
    measured = "outcome" if has_target else "outcome_unmeasured"
    if 0 <= purpose < number and purpose_class != "maybe" and kind in TARGETS:
        return "outcome"
    if head_class in ("deliver", "act"):
        delivered_result = (
            head_class == "deliver" and object_class == "metric" and kind in ("pct", "cur", "mult", "ratio") and counted != "work"
        )
        return measured if delivered_result else "output"
    if head_class == "work" and kind not in ("pct", "ratio", "dur", "cur", "mult"):
        return "output"
    if counted == "work" and kind in ("count", "plain", "pct"):
        return "output"
    if done >= 0 and kind in ("pct", "count", "plain", "zero", ""):
        return "output"
    if head_class == "other" and not has_target and object_class != "metric":
        return "output"
    return measured
