"""Bring titles to one plain writing: lower case, no accents, no typographic marks, words as people would look them up."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from importlib.resources import files

_MARKS = re.compile("[\u0300-\u036f\u200b-\u200f\u2060\ufeff]+")
_IDEOGRAPH = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])")
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ł": "l", "œ": "oe", "đ": "d", "ı": "i", "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})


def fold(text: str) -> str:
    """Return `text` in lower case without accents; every ideograph stands alone, so that a title without spaces has words."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.translate(_LETTERS).casefold())
    return _IDEOGRAPH.sub(r" \1 ", _MARKS.sub("", text).translate(_LETTERS))


_OPENER = re.compile(r"[^\W_]+")
_VOWEL = re.compile("[aeiouy]")


@functools.lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return a light stem that serves English, German, French, Spanish, Portuguese and Dutch alike.

    It drops endings of number, tense and noun making; two words of one family meet, which is all that is asked of it.
    """
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("coes", "soes")):
        word = word[:-3] + "ao"
    elif word.endswith(("sses", "ches", "shes", "xes", "zzes", "ones", "ores")):
        word = word[:-2]
    elif (word.endswith("s") and not word.endswith(("ss", "us", "is", "as", "os"))) or (word.endswith(("as", "os")) and len(word) > 4):
        word = word[:-1]
    for ending, least in (("ungen", 9), ("ment", 8), ("ing", 6), ("ung", 7), ("ed", 5), ("en", 6), ("ly", 6), ("ity", 7), ("ao", 6)):
        if word.endswith(ending) and len(word) >= least and _VOWEL.search(word[: -len(ending)]):
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsaeiou":
                word = word[:-1]
            break
    if word.endswith(("tion", "sion", "cion")) and len(word) > 6:
        word = word[:-3]
    if len(word) > 4 and word[-1] in "eao":
        word = word[:-1]
    return word


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What lexicon.toml says, ready to look up."""

    synonyms: dict[str, str]  # word or stem → our word
    phrases: dict[str, str]  # several words → one token
    openers: frozenset[str]  # the first words of phrases
    stop: frozenset[str]
    light: frozenset[str]  # our words
    dimension: dict[str, str]  # our word → dimension
    opposites: frozenset[tuple[str, str]]  # both ways
    facet: dict[str, str]  # our word → facet
    kinds: dict[str, frozenset[str]]
    near_acts: tuple[frozenset[str], ...]
    near: frozenset[tuple[str, str]]  # both ways
    themes: dict[str, frozenset[str]]  # our word → subjects of goals


def spaced(text: str) -> str:
    """Return `text` with hyphens and runs of white space as one space each, as phrases are looked up."""
    return " ".join(text.replace("-", " ").split())


def phrased(text: str) -> str:
    """Return folded text in which every known phrase is one token."""
    known = lexicon()
    openers = known.openers.intersection(_OPENER.findall(text))
    if not openers:
        return text
    # only the phrases that may begin in this text are looked for; longer ones first, as a set has no order of its own
    return _pattern(frozenset(openers)).sub(lambda m: f" {known.phrases[spaced(m.group())]} ", text)


@functools.lru_cache(maxsize=20_000)
def _pattern(openers: frozenset[str]) -> re.Pattern[str]:
    """Return what matches the phrases that begin with one of these words."""
    chosen = [phrase for phrase in lexicon().phrases if opener(phrase) in openers]
    longest_first = sorted(chosen, key=lambda p: (-len(p), p))
    return re.compile(r"(?<![\w])(?:" + "|".join(re.escape(p).replace(r"\ ", r"[\s-]+") for p in longest_first) + r")(?![\w])")


def opener(phrase: str) -> str:
    """Return the first word of a phrase."""
    found = _OPENER.search(phrase)
    return found.group() if found else phrase


@functools.cache
def lexicon() -> Lexicon:
    """Read the lexicon that ships beside this file, once."""
    raw, more = (tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8")) for name in ("lexicon.toml", "domains.toml"))
    exact: dict[str, str] = {}
    for table in (raw, more):
        for ours, theirs in table["synonyms"].items():
            exact.setdefault(ours, ours)
            for word in theirs.split():
                exact.setdefault(word, ours)
    stems: dict[str, str] = {}
    for word, ours in exact.items():
        stems.setdefault(stem(word), ours)
    synonyms = stems | exact

    def own(word: str) -> str:
        return synonyms.get(word) or synonyms.get(stem(word)) or stem(word)

    synonyms |= {ours: ours for ours in (*raw["phrases"], *more["phrases"]) if ours not in synonyms}
    phrases = {
        phrase: ours
        for table in (more, raw)
        for ours, theirs in table["phrases"].items()
        for phrase in map(spaced, theirs.split("|"))
        if phrase
    }
    opposites = {
        pair
        for left, rights in raw["opposites"].items()
        for right in rights.split()
        for pair in ((left, right), (right, left), (own(left), own(right)), (own(right), own(left)))
    }
    return Lexicon(
        synonyms=synonyms,
        phrases=phrases,
        openers=frozenset(map(opener, phrases)),
        stop=frozenset(raw["stop"].split()),
        light=frozenset(own(word) for word in raw["light"].split()),
        dimension={own(word): name for name, words in raw["dimensions"].items() for word in words.split()},
        opposites=frozenset(pair for pair in opposites if pair[0] != pair[1]),
        kinds={name: frozenset(words.split()) for name, words in raw["kinds"].items()},
        near_acts=tuple(frozenset(line.split()) for line in raw["near_acts"]["lines"]),
        near=frozenset(
            pair for one, other in (pair.split("/") for pair in raw["near"]["pairs"].split()) for pair in ((one, other), (other, one))
        ),
        themes={
            own(word): frozenset(name for name, all_words in raw["themes"].items() if word in all_words.split())
            for words in raw["themes"].values()
            for word in words.split()
        },
        facet={own(word): name for name, words in raw["facets"].items() for word in words.split()},
    )


# Endings of verbs and verbal nouns, and what the dictionary form ends in instead.
_FORMS = tuple(
    (ending, forms)
    for endings, forms in (
        (
            "ando endo iendo am an em ado ada ados adas ido ida idos idas amento amiento imiento acion aciones acao acoes",
            ("ar", "er", "ir"),
        ),
        ("ation ations ee ees e es ez ent ement", ("er", "ir", "re")),
        ("ung ungen t te ten ing ingen st", ("en", "n", "eren")),
        ("ed ing er ers or ors ion ions able", ("", "e")),
    )
    for ending in endings.split()
)


def _dictionary_form(word: str, known: dict[str, str]) -> str | None:
    """Return our word for an inflected form of a known verb, when there is one."""
    bare = word[2:] if word.startswith("ge") and len(word) > 7 else ""  # gespeichert
    for form in (word, bare):
        for ending, others in _FORMS:
            if form.endswith(ending) and len(form) - len(ending) >= 4:
                for other in others:
                    found = known.get(form[: -len(ending)] + other)
                    if found:
                        return found
    return None


def distance(a: str, b: str, *, most: int) -> int:
    """Return the edits (a letter added, lost, changed, or two swapped) from `a` to `b`, or `most` + 1 when more are needed."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]


@functools.cache
def _slips() -> dict[str, str]:
    """Return the known word of seven letters and more for what is left of it when a letter is left out."""
    slips: dict[str, str] = {}
    for word in lexicon().synonyms:
        if len(word) >= 7:
            for at in range(1, len(word)):
                slips.setdefault(word[:at] + word[at + 1 :], word)
    return slips


def _slip_of(word: str) -> str | None:
    """Return our word for a long known word with one slip of the keyboard: a letter lost, added, changed, or two swapped."""
    slips, known = _slips(), lexicon().synonyms
    for shorter in (word, *(word[:at] + word[at + 1 :] for at in range(1, len(word)))):
        meant = shorter if shorter in known and len(shorter) >= 7 else slips.get(shorter)
        if meant is not None and distance(word, meant, most=1) <= 1:
            return known[meant]
    return None


@functools.lru_cache(maxsize=200_000)
def canonical(word: str) -> str:
    """Return our word for a folded word: its synonym, that of its dictionary form or of the word it is a slip of, or its stem."""
    known = lexicon().synonyms
    found = known.get(word) or known.get(stem(word))
    if found is None and len(word) >= 6 and word.isalpha():
        found = _dictionary_form(word, known) or (_slip_of(word) if len(word) >= 7 else None)
    return found or stem(word)


@functools.lru_cache(maxsize=65_536)
def parts(word: str) -> tuple[str, ...]:
    """Return our words for a folded word: two for a compound of known words ("rechnungsnummer"), else one."""
    known = lexicon().synonyms
    if len(word) >= 8 and word.isalpha() and word not in known and stem(word) not in known:
        for at in range(len(word) - 3, 3, -1):
            head = word[at:]
            second = known.get(head) or (known.get(stem(head)) if len(head) > 4 else None)
            if second is None:
                continue
            for joint in ("", "s", "n", "en", "es", "er", "e"):
                if word[:at].endswith(joint) and at - len(joint) >= 3:
                    first = known.get(word[: at - len(joint)])
                    if first is not None:
                        return first, second
    return (canonical(word),)
