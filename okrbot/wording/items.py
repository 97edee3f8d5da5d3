"""Judge the wording of a backlog item: a solution handed in, a problem, a bug or upkeep, with the words that decided.

As with goals, a title that the weighed words leave in doubt is read as a whole, and both opinions count the same.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence

from okrbot import reader
from okrbot.wording.item_features import features, heads_of
from okrbot.wording.item_grammar import lean
from okrbot.wording.item_model import KINDS, ItemModel, Scores, model
from okrbot.wording.item_text import BODY_LIMIT, TITLE_LIMIT, ItemText, take_apart
from okrbot.wording.verdict import Judgement
from okrbot.wording.wrapping import bare

LANGUAGES = ("en", "de", "fr", "es", "pt", "nl")
SURE = 0.9  # from here on the reader is not asked
OFTEN = (1.5, 0.8, 1.0, 1.0)  # how often a title is of each kind in life, against the titles learnt from: more solutions, fewer problems
UNSURE = 0.36  # below this share of belief the answer is "unclear"

_DEFECT = re.compile(
    r"steps? to reproduce|repro(duction)? steps|expected (behaviou?r|result)s?|actual (behaviou?r|result)s?|stack ?trace|traceback \(most recent|\bat [\w$.]+\([\w.]+:\d+\)|observed (behaviou?r|result)|"
    r"schritte zum reproduzieren|erwartetes (verhalten|ergebnis)|tatsächliches (verhalten|ergebnis)|étapes (pour|de) reprodu|comportement (attendu|observé)|résultat (attendu|obtenu)|"
    r"pasos para reproducir|comportamiento (esperado|actual)|resultado (esperado|actual|obtenido)|passos para reproduzir|comportamento (esperado|atual)|stappen om te reproduceren|verwacht (gedrag|resultaat)",
    re.IGNORECASE,
)
_STORY = re.compile(
    r"\b(as an? [^.\n]{2,60}?,? i (want|would like|need)|als [^.\n]{2,60} (möchte|will|wil) ich|en tant qu[e'’][^.\n]{2,60} je (veux|souhaite)|como [^.\n]{2,60} (quiero|quero|necesito|gostaria))|\b(acceptance criteria|akzeptanzkriterien|critères d['’]acceptation|criterios de aceptación|critérios de aceit|acceptatiecriteria)",
    re.IGNORECASE,
)
_ASK = "What should change, and for whom?"
_SUGGESTIONS = {
    "solution": "Which problem does this solve, and for whom? What will they do differently once it is there?",
    "problem": "How often does this happen, and what number would show that it got better?",
}


def judge_item(text: str, body: str = "", language: str | None = None) -> Judgement:
    """Return what a title (with its body, if any) is: solution, problem, bug, maintenance or unclear.

    `language` is an ISO code; None detects it. At most 500 characters of the title and 8,000 of the body are read. A
    text in a language without a lexicon, or with nothing to go by, is `unclear`.
    """
    item = take_apart(text)
    if _says_nothing(item):
        return Judgement(text, "item", "unclear", 0.0, ("nothing to go by",), _ASK, language or "")
    spoken = _language(text) if language is None else language[:2].lower()
    if spoken and spoken not in LANGUAGES and not _is_known(item):
        return Judgement(text, "item", "unclear", 0.0, (f"no lexicon for language “{spoken}”",), "", spoken)
    weighed = model()
    if len(item.words) < 3 and not item.kinds and not any(heads_of(word) or "w=" + word in weighed.weights for word in item.words):
        return Judgement(text, "item", "unclear", 0.0, ("no word of it is known",), _ASK, spoken)
    named = features(item)
    shares: tuple[float, ...] = weighed.probabilities(_sum(weighed.scores(named), lean(item)))
    if max(shares) < SURE:
        shares = reader.together(shares, reader.item(bare(text[:TITLE_LIMIT])))
    shares = _shares(shares, OFTEN)
    if body:
        shares = _with_body(shares, body[:BODY_LIMIT], weighed.temperature)
    best = max(range(len(KINDS)), key=shares.__getitem__)
    kind = KINDS[best]
    because = _because(item, best, weighed)
    if shares[best] < UNSURE:
        return Judgement(text, "item", "unclear", round(shares[best], 3), because, _ASK, spoken)
    return Judgement(text, "item", kind, round(min(shares[best], 0.99), 3), because, _SUGGESTIONS.get(kind, ""), spoken)


@functools.lru_cache(maxsize=1024)
def _language(text: str) -> str:
    from okrbot.wording.language import detect

    return detect(text[:TITLE_LIMIT])


def _says_nothing(item: ItemText) -> bool:
    """Return whether a title holds no word that could decide: empty, a key, a placeholder, a lone name."""
    if item.kinds and item.words:
        return False
    telling = [word for word in item.words if "filler" not in heads_of(word) and any(map(str.isalpha, word)) and len(word) > 1]
    return not telling


def _is_known(item: ItemText) -> bool:
    known = sum(1 for word in item.words if heads_of(word))
    return known * 5 >= len(item.words) * 3


def _sum(one: Scores, other: Scores) -> Scores:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _with_body(shares: Sequence[float], body: str, temperature: float) -> tuple[float, ...]:
    """Return the shares of the title with what the body adds: steps to reproduce speak for a bug, acceptance criteria for a solution."""
    if _DEFECT.search(body):
        return _shares(shares, (1.0, 1.0, math.exp(3.5 / temperature), 1.0))
    if _STORY.search(body):
        return _shares(shares, (math.exp(0.8 / temperature), 1.0, 1.0, 1.0))
    return tuple(shares)


def _shares(shares: Sequence[float], factors: Sequence[float]) -> tuple[float, ...]:
    """Return the shares, each times its factor, made to sum to one."""
    weighed = [share * factor for share, factor in zip(shares, factors, strict=True)]
    return tuple(one / sum(weighed) for one in weighed)


def _because(item: ItemText, kind: int, weighed: ItemModel) -> tuple[str, ...]:
    """Return up to four spans of the title that spoke most for `kind`, a tag or form first."""
    found = [tag.removeprefix("cc-") + ":" for tag in item.tags[:1] if item.kinds and (item.kinds[0] == KINDS[kind])]
    if "story" in item.shapes and KINDS[kind] == "solution":
        found.append(" ".join(item.rest.split()[:2]) + " … (a story that names what to make)")
    weights, ranked = weighed.weights, []
    for place, word in enumerate(item.words):
        names = ["w=" + word, "p=" + word[:5], "e=" + word[-3:], *("t:" + head for head in heads_of(word))]
        if place == 0:
            names += ["h=" + word, *("h:" + head for head in heads_of(word))]
        value = sum(weights[name][kind] for name in names if name in weights)
        if value > 0.3:
            ranked.append((-value, place, word))
    lower = item.rest.lower()
    for _, _, word in sorted(ranked)[:3]:
        start = lower.find(word)
        span = item.rest[start : start + len(word)] if start >= 0 and len(lower) == len(item.rest) else word
        if span not in found:
            found.append(span)
    if "asks" in item.shapes and KINDS[kind] == "problem":
        found.append("?")
    return tuple(found[:4])
