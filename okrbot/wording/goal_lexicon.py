"""The words of a language by what they mean in a goal: read once from lexicon/*.txt, looked up by the hundred thousand."""

from __future__ import annotations

import functools
from importlib import resources

LANGUAGES = ("en", "de", "fr", "es", "pt", "nl")

# One bit a class; the order is the order of the bits, so that a mask is read the same everywhere.
CLASSES = (
    "deliver",
    "act",
    "up",
    "down",
    "reach",
    "keep",
    "use",
    "aspire",
    "metric",
    "world",
    "work",
    "lagging",
    "actor",
    "purpose",
    "means",
    "limit",
    "zero",
    "all",
    "half",
    "numword",
    "stateword",
    "skip",
    "month",
    "time",
    "long",
    "func",
)
BIT = {name: 1 << position for position, name in enumerate(CLASSES)}

VERBS = BIT["deliver"] | BIT["act"] | BIT["up"] | BIT["down"] | BIT["reach"] | BIT["keep"] | BIT["use"] | BIT["aspire"]
NOUNS = BIT["metric"] | BIT["world"] | BIT["work"] | BIT["actor"]

_MOST_REMEMBERED = 50_000
_SHORTEST_STEM = 3


class Lexicon:
    """One language's words. `bits(word)` is the class mask of a lower-case word, `phrase(words, at)` of a run of words."""

    __slots__ = ("_exact", "_heads", "_remembered", "_stems", "_tails", "language")

    def __init__(self, language: str, text: str) -> None:
        self.language = language
        self._exact: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        self._tails: dict[str, int] = {}
        self._heads: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self._remembered: dict[str, int] = {}
        for name, words in sections(text):
            bit = BIT[name]
            for word in words:
                # French elision is cut off by the tokeniser: chiffre_d'affaires is three words there.
                self._add(word.lower().replace("’", "'").replace("d'", "d'_").rstrip("_") if language == "fr" else word.lower(), bit)
        for entries in self._heads.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def _add(self, word: str, bit: int) -> None:
        if "_" in word:
            parts = tuple(word.split("_"))
            self._heads.setdefault(parts[0].rstrip("*"), []).append((parts, bit))
        elif word.startswith("*"):
            self._tails[word[1:]] = self._tails.get(word[1:], 0) | bit
        elif word.endswith("*"):
            self._stems[word[:-1]] = self._stems.get(word[:-1], 0) | bit
        else:
            self._exact[word] = self._exact.get(word, 0) | bit

    def bits(self, word: str) -> int:
        """Return the classes of a lower-case word; a hyphenated word takes its last part's nouns when it is not listed itself."""
        known = self._remembered.get(word)
        if known is not None:
            return known
        mask = self._find(word)
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[word] = mask
        return mask

    def _find(self, word: str) -> int:
        mask = self._exact.get(word, 0)
        stems = self._stems
        for length in range(_SHORTEST_STEM, len(word) + 1):
            mask |= stems.get(word[:length], 0)
        tails = self._tails
        if tails and not mask & NOUNS:
            for start in range(2, len(word) - 2):
                tail = tails.get(word[start:], 0)
                if tail:
                    mask |= tail
                    break
        if mask:
            return mask
        for suffix in ("'s", "’s", "s'", "s’"):
            if word.endswith(suffix):
                return self._find(word[: -len(suffix)])
        if "-" in word:
            return self._find(word.rsplit("-", 1)[1]) & NOUNS
        return 0

    def phrase(self, words: list[str], at: int) -> tuple[int, int]:
        """Return (mask, length) of the longest listed phrase that starts at `at`, or (0, 0)."""
        entries = self._heads.get(words[at])
        if entries is None:
            return 0, 0
        for parts, bit in entries:
            if at + len(parts) <= len(words) and all(_same(part, words[at + step]) for step, part in enumerate(parts)):
                mask = bit
                for other, more in entries:
                    if other == parts:
                        mask |= more
                return mask, len(parts)
        return 0, 0


def _same(part: str, word: str) -> bool:
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def sections(text: str) -> list[tuple[str, list[str]]]:
    """Return [(name, words)] of a word list: `[name]` lines open a section, `#` lines are for people."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            found.append((line.strip()[1:-1], []))
        else:
            found[-1][1].extend(line.split())
    return found


def read(name: str) -> str:
    """Return the text of a data file of the lexicon folder."""
    return resources.files("okrbot.wording").joinpath("lexicon").joinpath(name).read_text(encoding="utf-8")


@functools.cache
def lexicon(language: str) -> Lexicon:
    """Return the lexicon of one of LANGUAGES, read when first asked for."""
    return Lexicon(language, read(f"{language}.txt"))


@functools.cache
def clusters() -> dict[str, tuple[str, ...]]:
    """Return English word -> names of its groups of words of like use, coarse to fine (lexicon/goal_clusters.txt)."""
    groups: dict[str, tuple[str, ...]] = {}
    for line in read("goal_clusters.txt").splitlines():
        if not line.startswith("#"):
            names, _, words = line.partition("\t")
            coarse, middle, fine = names.split()
            groups.update(dict.fromkeys(words.split(), (f"a{coarse}", f"b{middle}", f"c{fine}")))
    return groups


# Endings of nouns for qualities and states, by language.
_STATES = {
    "en": ("ness", "ity", "ship", "hood", "ance", "ence", "dom", "ism"),
    "de": ("heit", "keit", "schaft", "tum", "ität", "kultur", "gefühl"),
    "fr": ("ité", "ance", "ence", "isme", "esse"),
    "es": ("dad", "tad", "eza", "anza", "encia", "ismo"),
    "pt": ("dade", "eza", "ança", "ência", "ismo"),
    "nl": ("heid", "schap", "iteit", "cultuur", "gevoel"),
}
_THINGS = frozenset(
    [
        "facility",
        "utility",
        "city",
        "university",
        "entity",
        "identity_provider",
        "insurance",
        "audience",
        "conference",
        "reference",
        "sequence",
        "licence",
        "appliance",
        "ambulance",
        "entrance",
        "fence",
        "residence",
        "agence",
        "assurance",
        "séance",
        "ordinateur",
        "ciudad",
        "universidad",
        "entidad",
        "cidade",
        "universidade",
        "entidade",
        "unidad",
        "unidade",
        "université",
        "facilité",
        "universität",
        "gesellschaft",
        "mannschaft",
        "botschaft",
        "ortschaft",
        "gewerkschaft",
        "landschap",
        "boodschap",
        "gereedschap",
        "activity",
        "abundance",
        "instance",
        "substance",
        "utilities",
        "facilities",
        "activities",
        "cities",
        "membership",
        "internship",
        "township",
    ]
)


@functools.cache
def _abstract_words(language: str) -> tuple[frozenset[str], tuple[str, ...]]:
    words = dict(sections(read("abstract.txt"))).get(language, [])
    return frozenset(word for word in words if not word.endswith("*")), tuple(word[:-1] for word in words if word.endswith("*"))


@functools.lru_cache(maxsize=20_000)
def abstract(word: str, language: str) -> bool:
    """Tell whether a noun means something that can be felt, held or believed but not handed over: from a list, else by its ending."""
    words, stems = _abstract_words(language)
    if word in words or (stems and word.startswith(stems)):
        return True
    return len(word) > 6 and word not in _THINGS and word.endswith(_STATES[language])
