"""Train the weights of the duplicate verdict on tests/corpus/pairs_train.csv and write okrbot/similar/weights.json.

    python bench/train_similar.py

Logistic regression, Newton's method, L2 penalty; the signs of features that can only speak for or against are kept
(a weight that comes out with the wrong sign is put to zero and the others are fitted again). Two thirds of the groups
train, by a hash of the group in `note`; the line for words alone is the lowest with a precision of 0.87 in five folds of the
train part. The line for words and reader together is the lowest with a precision of 0.8 on the components of groups_train.txt that
the reader was not trained on, so bench/train_reader.py comes first.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
import random
import sys
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import judgement  # noqa: E402

from okrbot import reader  # noqa: E402
from okrbot.similar.judge import FEATURES, compare, in_doubt, weighed  # noqa: E402
from okrbot.similar.phrase import phrase  # noqa: E402

FOR = {"covered_least", "covered_most", "act_same", "numbers_same", "whole", "shared_rare", "body_same"}
FREE = {
    "bias",
    "shared",
    "extra_one",
    "short",
    "act_left_out",
    "partly",
    "extra_light",
    "act_near",
    "soft_least",
    "soft_most",
    "soft_gain",
    "subject",
    "left_near",
    "left_strange",
    "evident",
    "one_swapped_near",
}
BODY = {"body_same": 3.0, "body_other": -2.5}  # no training pair has a body: set by hand
# What a feature means is known before any pair is seen: the penalty pulls towards these weights, and to 0 for the others.
PRIOR = {
    "no_other": -5.0, "opposite": -5.0, "reversed": -6.0, "numbers_other": -5.0, "platform_other": -4.0,
    "rivals": -3.5, "role_other": -4.0, "facet_other": -2.5, "swapped_known": -2.0, "act_other": -2.0, "act_undoing": -1.5,
}  # fmt: skip
PENALTY = 0.5
AIM = 0.87  # precision in five folds of the train part
READ_AIM = 0.8  # precision on the components that the reader has not seen; half their other pairs are the nearest misses there are
PAIRS_OF_ONE = 14  # pairs of the same work that are taken of a component

Floats = NDArray[np.float64]


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file of pairs."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_same(row: dict[str, str]) -> bool:
    """Say whether a row is marked as the same work."""
    return row["same"].strip().lower() in {"yes", "y", "1", "true", "same"}


def part(row: dict[str, str]) -> str:
    """Return the split of a row, train or test, the same for all pairs of a group."""
    return "test" if zlib.crc32(row["note"].split()[-1].encode()) % 3 == 0 else "train"


def evident(row: dict[str, str]) -> bool:
    """Say whether a pair teaches: pairs of the groups h… that are the same work show it in meaning only, not in a word, and would teach to guess."""
    return not (is_same(row) and row["note"].split()[-1].startswith("h"))


def matrix(rows: list[dict[str, str]]) -> tuple[Floats, Floats]:
    """Return features and labels."""
    features = [compare(phrase(row["a"]), phrase(row["b"])).features for row in rows]
    return np.array([[f[name] for name in FEATURES] for f in features]), np.array([float(is_same(row)) for row in rows])


def fit(x: Floats, y: Floats) -> Floats:
    """Return the weights, wrong signs put to zero."""
    banned = np.array([name in BODY for name in FEATURES])
    while True:
        w = _newton(x, y, ~banned, np.array([PRIOR.get(name, 0.0) for name in FEATURES]))
        wrong = np.array(
            [name not in FREE and not banned[at] and (w[at] < 0 if name in FOR else w[at] > 0) for at, name in enumerate(FEATURES)]
        )
        if not wrong.any():
            return w
        banned |= wrong


def _newton(x: Floats, y: Floats, used: NDArray[np.bool_], wanted: Floats) -> Floats:
    """Return the weights of the columns `used`, pulled towards those `wanted`; the first column is the bias."""
    w = np.zeros(x.shape[1])
    z = x[:, used]
    v = np.zeros(z.shape[1])
    prior = wanted[used]
    ridge = PENALTY * np.eye(z.shape[1])
    ridge[0, 0] = 1e-6
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(z @ v, -30, 30)))
        step = np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + ridge, z.T @ (y - p) - ridge @ (v - prior))
        v += step
        if np.abs(step).max() < 1e-8:
            break
    w[used] = v
    return w


def sure(x: Floats, w: Floats) -> Floats:
    """Return the likelihoods."""
    return 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))


def main() -> None:
    """Train and write."""
    rows = [row for row in read(ROOT / "tests/corpus/pairs_train.csv") if part(row) == "train" and evident(row)]
    x, y = matrix(rows)
    fold = np.array([zlib.crc32(b"fold" + row["note"].split()[-1].encode()) % 5 for row in rows])
    held = np.zeros(len(rows))
    for number in range(5):
        held[fold == number] = sure(x[fold == number], fit(x[fold != number], y[fold != number]))
    steps = [(f1(held >= t, y), precision(held >= t, y), t) for t in np.arange(0.3, 0.91, 0.01)]
    best = next((score, t) for score, right, t in steps if right >= AIM)
    alone = math.log(best[1] / (1 - best[1]))
    print(*(f"threshold {t:.2f}: precision {right:.3f}, F1 {score:.3f}" for score, right, t in steps[::6]), sep="\n")
    w = fit(x, y)
    weights = {name: round(float(value), 4) for name, value in zip(FEATURES, w, strict=True)} | BODY
    recipe = (
        "python bench/train_similar.py: logistic regression on the train part of tests/corpus/pairs_train.csv, written by hand for okrbot"
    )
    lines = {"alone": round(alone, 3), **mix(weights)}
    text = json.dumps({"recipe": recipe, "licence": "Apache-2.0", **lines, "weights": weights}, indent=1)
    (ROOT / "okrbot/similar/weights.json").write_text(text + "\n", encoding="utf-8")
    print(f"{len(rows)} pairs, F1 in five folds {best[0]:.3f} at {best[1]:.2f}")
    print(text)


def group_pairs(chooser: random.Random) -> tuple[list[tuple[str, str]], list[bool], list[bool]]:
    """Return pairs of titles of groups_train.txt, whether each is the same work, and whether its component is held out (one in ten).

    Of each component as many pairs of one group as of two groups that share words, and as many of any two groups; two pairs with
    a title of another product.
    """
    texts: list[tuple[str, str]] = []
    same: list[bool] = []
    held: list[bool] = []
    components = list(judgement.groups())
    for place, component in enumerate(components):
        alike = [pair for group in component for pair in itertools.combinations(group, 2)]
        other = [(a, b) for one, two in itertools.combinations(component, 2) for a in one for b in two]
        chooser.shuffle(alike)
        chooser.shuffle(other)
        other.sort(key=lambda pair: -_shared(*pair))
        alike = alike[:PAIRS_OF_ONE]
        near, far = other[: len(alike)], other[len(alike) :]
        strange = chooser.choice(components)
        foreign = [(chooser.choice(chooser.choice(component)), chooser.choice(chooser.choice(strange))) for _ in range(2)]
        for some, answer in ((alike, True), (near, False), (chooser.sample(far, min(len(far), len(alike))), False), (foreign, False)):
            texts += some
            same += [answer] * len(some)
            held += [place % 10 == 0] * len(some)
    return texts, same, held


def _shared(a: str, b: str) -> float:
    one, two = (set(phrase(title).words) for title in (a, b))
    return len(one & two) / (1 + len(one | two))


def mix(weights: dict[str, float]) -> dict[str, float]:
    """Return how much the reader's log-odds count beside those of the words (`trust`), from which sum on two titles are the same work (`read`), and how steeply their odds grow with it.

    Of all shares the one that finds most on the components held out, each from the lowest sum with a precision of READ_AIM; `slope` is that
    of a logistic regression on these sums.
    """
    texts, same, held = group_pairs(random.Random(1))
    kept = [place for place in range(len(texts)) if held[place]]
    words, read = [], []
    for place in kept:
        a, b = (phrase(title) for title in texts[place])
        match = compare(a, b)
        words.append(weighed(match, weights))
        read.append(reader.same_work(a.text, b.text) if in_doubt(match, words[-1]) else 0.0)
    right = np.array([same[place] for place in kept], dtype=float)
    found: list[tuple[float, float, float]] = []
    for trust in np.arange(0.4, 1.3, 0.2):
        sums = np.array(words) + trust * np.array(read)
        line = next((line for line in np.arange(-6, 12, 0.1) if precision(sums >= line, right) >= READ_AIM), 12.0)
        found.append((float((sums >= line)[right > 0].mean()), float(trust), float(line)))
        print(f"the reader counts {trust:.1f}: from {line:.1f} on recall {found[-1][0]:.3f} at precision {READ_AIM}")
    recall, trust, line = max(found)
    print(f"read as well, {len(kept)} pairs held out: recall {recall:.3f}")
    sums = np.clip(np.array(words) + trust * np.array(read), -12, 12)
    slope = _newton(np.stack([np.ones(len(sums)), sums], 1), right, np.array([True, True]), np.zeros(2))[1]
    return {"trust": round(trust, 2), "read": round(line, 3), "slope": round(float(slope), 3)}


def f1(said: NDArray[np.bool_], y: Floats) -> float:
    """Return F1."""
    hit = float((said & (y > 0)).sum())
    return 2 * hit / max(float(said.sum()) + float(y.sum()), 1.0)


def precision(said: NDArray[np.bool_], y: Floats) -> float:
    """Return the precision."""
    return float((said & (y > 0)).sum()) / max(float(said.sum()), 1.0)


if __name__ == "__main__":
    main()
