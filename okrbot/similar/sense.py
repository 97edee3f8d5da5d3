"""Say how near two English words are in use and whether they have a meaning in common, from word vectors and WordNet.

The files beside this one are made by bench/train_similar_words.py: vectors.npy with vectors.txt (GloVe 6B, PDDL 1.0, cut down)
and synonyms.txt (WordNet 3.0, Princeton University). Words of other languages come here by their English name in lexicon.toml.
"""

from __future__ import annotations

import functools
import math
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from okrbot.similar.fold import canonical, lexicon, stem

Vector = NDArray[np.float32]
# Names in the lexicon that are no English words, or mean more there than the word itself.
_NAMED = {
    "2fa": "authentication", "a11y": "accessibility", "auth": "authentication", "config": "configuration", "db": "database", "docs": "documentation",
    "i18n": "language", "k8s": "cluster", "l10n": "language", "repo": "repository", "setup": "configuration", "sso": "login", "ui": "interface",
    "prod": "production", "env": "environment", "admin": "administrator", "speed": "slow", "fail": "error", "signup": "registration",
}  # fmt: skip


@functools.cache
def _table() -> tuple[dict[str, int], Vector]:
    """Return the row of each word and the vectors, each of length one."""
    here = files(__package__)
    words = here.joinpath("vectors.txt").read_text(encoding="ascii").split()
    with as_file(here.joinpath("vectors.npy")) as path:
        cloud = np.load(path).astype(np.float32)
    cloud /= np.linalg.norm(cloud, axis=1, keepdims=True)
    return {word: at for at, word in enumerate(words)}, cloud


@functools.lru_cache(maxsize=200_000)
def place(own: str, said: str) -> int:
    """Return the row of a word in the table of vectors, -1 where it has none; `own` is our word for what was `said`."""
    rows = _table()[0]
    known = own in lexicon().synonyms
    for word in (_NAMED.get(own, ""), own if known else said, said if said.isascii() else "", own, said.removesuffix("s"), stem(said)):
        at = rows.get(word)
        if at is not None:
            return at
    return -1


@functools.lru_cache(maxsize=65_536)
def commonness(at: int) -> float:
    """Return how little a word says by how common it is in English: 1 for the commonest, 0 for a rare or unknown one."""
    return 0.0 if at < 0 else float(max(0.0, 1.0 - math.log2(at / 250 + 1) / 6))


@functools.lru_cache(maxsize=200_000)
def nearness(a: int, b: int) -> float:
    """Return the cosine of two rows of the table, 0 for words that have no vector."""
    if a < 0 or b < 0:
        return 0.0
    cloud = _table()[1]
    return float(cloud[a] @ cloud[b])


@functools.cache
def _synonyms() -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for line in files(__package__).joinpath("synonyms.txt").read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        first, *others = (canonical(word) for word in line.split())
        found.update(pair for other in others if other != first for pair in ((first, other), (other, first)))
    return frozenset(found)


def same_meaning(a: str, b: str) -> bool:
    """Say whether two words of ours have a meaning in common."""
    return (a, b) in _synonyms()
