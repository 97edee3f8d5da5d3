"""Say how much two goal texts have in common, for goals that drift from their parent or copy it."""

from __future__ import annotations

import re

from okrbot.similar.fold import canonical, fold, lexicon, phrased
from okrbot.similar.phrase import alike

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")


def similarity(a: str, b: str) -> float:
    """Return how alike two goal texts are: 0 nothing in common, 1 the same words.

    Three quarters are words in our vocabulary (synonyms and stems in six languages; words of one theme, such as churn and
    retention, count half), as the mean of Dice and containment, so that a short goal above a long one is not called
    strange; a quarter is runs of three letters, so that a copied text scores over 0.9 and a retold one does not. Verbs of
    every goal (increase, reach) and numbers weigh little. Texts on one subject come out above 0.25, unrelated ones below.
    """
    plain_a, plain_b = " ".join(_WORD.findall(fold(a))), " ".join(_WORD.findall(fold(b)))
    if plain_a == plain_b:
        return 1.0
    words_a, words_b = _words(a), _words(b)
    if not words_a or not words_b:
        return 0.0
    forth, back = _found(words_a, words_b), _found(words_b, words_a)
    whole_a, whole_b = sum(words_a.values()), sum(words_b.values())
    dice = (forth + back) / (whole_a + whole_b)
    containment = max(forth / whole_a, back / whole_b) if min(len(words_a), len(words_b)) > 1 else dice
    grams_a, grams_b = _grams(plain_a), _grams(plain_b)
    letters = 2 * len(grams_a & grams_b) / (len(grams_a) + len(grams_b))
    return round(0.75 * (dice + containment) / 2 + 0.25 * letters, 4)


def _words(text: str) -> dict[str, float]:
    """Return our words of a text with their weights."""
    known = lexicon()
    moves = known.kinds["moves"]
    plain = phrased(fold(text))
    weights: dict[str, float] = {}
    for word in _WORD.findall(plain):
        if word[0].isdigit():
            weights[word] = 0.3
        elif word not in known.stop and len(word) > 1:
            weights[canonical(word)] = 0.25 if word in moves or canonical(word) in moves else 1.0
    return weights


def _found(words: dict[str, float], others: dict[str, float]) -> float:
    """Return the weight of the words that the other text has too, a theme in common counting half."""
    themes = lexicon().themes
    total = 0.0
    for word, weight in words.items():
        if word in others:
            total += weight
            continue
        mine = themes.get(word, frozenset())
        near = max((max(alike(word, other), 0.5 if mine & themes.get(other, frozenset()) else 0.0) for other in others), default=0.0)
        total += weight * near
    return total


def _grams(text: str) -> set[str]:
    text = f" {text} "
    return {text[at : at + 3] for at in range(len(text) - 2)}
