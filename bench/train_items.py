"""Train the weights of the judge of items from the titles in tests/corpus/items_train*.csv.

Recipe: the rows whose split is `train` (see bench/judgement.py; the other fifth is never read here), features of
okrbot.wording.item_features, multinomial logistic regression with an L2 penalty, plain numpy, Adam for a fixed number of
steps from zero, so that the same corpus gives the same weights. Features seen once are dropped, except words. The
temperature and the figures printed come from five-fold predictions on the train split.

    python bench/train_items.py [--dry-run] [--penalty P] [--errors N]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from judgement import ROOT, rows

from okrbot.wording.item_features import features
from okrbot.wording.item_grammar import lean
from okrbot.wording.item_model import KINDS
from okrbot.wording.item_text import take_apart

Array = NDArray[np.float64]
TARGET = ROOT / "okrbot" / "wording" / "lexicon" / "item_weights.txt"
WIDEST = 4.0


def cells(texts: list[list[str]], index: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row and column numbers of the features that `index` knows."""
    pairs = [(row, index[name]) for row, names in enumerate(texts) for name in names if name in index]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def scores(weights: Array, at: tuple[NDArray[np.int64], NDArray[np.int64]], count: int) -> Array:
    """Return one row of four sums a text; the last row of `weights` is the bias."""
    total = np.tile(weights[-1], (count, 1))
    for kind in range(len(KINDS)):
        total[:, kind] += np.bincount(at[0], weights[at[1], kind], count)
    return total


def probabilities(total: Array, temperature: float = 1.0) -> Array:
    """Return the softmax of each row."""
    raised = np.exp((total - total.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fit(
    texts: list[list[str]], truth: NDArray[np.int64], before: Array, index: dict[str, int], scale: Array, penalty: float, steps: int = 300
) -> Array:
    """Return weights (features + bias, kinds) that fit what the rules of grammar (`before`) leave open; `scale` is the penalty's factor a feature."""
    at, size = cells(texts, index), len(index)
    weights = np.zeros((size + 1, len(KINDS)))
    share = np.bincount(truth, minlength=len(KINDS)) / len(truth)
    each = (1 / (share[truth] * len(KINDS)))[:, None]
    goal = np.eye(len(KINDS))[truth]
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    pull = np.concatenate([scale, [0.0]])[:, None] * penalty
    for step in range(1, steps + 1):
        rest = (probabilities(scores(weights, at, len(texts)) + before) - goal) * each
        slope = np.empty_like(weights)
        for kind in range(len(KINDS)):
            slope[:-1, kind] = np.bincount(at[1], rest[at[0], kind], size)
        slope[-1] = rest.sum(axis=0)
        slope += pull * weights
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        weights -= 0.05 * (1 - 0.6 * step / steps) * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights


def known(texts: list[list[str]], least: int = 2) -> tuple[dict[str, int], Array]:
    """Return the features worth a weight, and how strongly each is held back: names of single words and pairs more than heads."""
    seen = Counter(name for names in texts for name in names)
    kept = sorted(
        name for name, count in seen.items() if count >= (1 if name.startswith(("w=", "h=")) else 3 if name.startswith("g=") else least)
    )
    held = np.array([3.0 if name.startswith("g=") else 2.0 if name.startswith(("b=", "s=", "h=", "tw=")) else 1.0 for name in kept])
    return {name: place for place, name in enumerate(kept)}, held


def folds(texts: list[str], count: int) -> NDArray[np.int64]:
    """Return the fold of each text, by its hash."""
    return np.array([hashlib.sha256(b"fold" + text.encode()).digest()[0] % count for text in texts])


def macro_f1(truth: NDArray[np.int64], said: NDArray[np.int64]) -> tuple[float, list[float]]:
    """Return the mean F1 and the F1 of each kind."""
    each = []
    for kind in range(len(KINDS)):
        hit = int(((truth == kind) & (said == kind)).sum())
        each.append(2 * hit / max(1, int((truth == kind).sum() + (said == kind).sum())))
    return sum(each) / len(each), each


def main() -> None:
    """Train, print the five-fold figures, and write the weights unless told not to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--no-folds", action="store_true")
    parser.add_argument("--penalty", type=float, default=0.8)
    parser.add_argument("--errors", type=int, default=0)
    chosen = parser.parse_args()
    corpus = [row for row in rows("items", "train") if row["kind"] in KINDS]
    plain = [row["text"] for row in corpus]
    texts = [sorted(set(features(take_apart(text)))) for text in plain]
    before = np.array([lean(take_apart(text)) for text in plain])
    truth = np.array([KINDS.index(row["kind"]) for row in corpus])
    temperature = 1.0
    if not chosen.no_folds:
        part = folds(plain, 5)
        total = np.zeros((len(texts), len(KINDS)))
        for fold in range(5):
            mine = [names for names, place in zip(texts, part, strict=True) if place != fold]
            index, held = known(mine)
            weights = fit(mine, truth[part != fold], before[part != fold], index, held, chosen.penalty)
            other = [names for names, place in zip(texts, part, strict=True) if place == fold]
            total[part == fold] = scores(weights, cells(other, index), len(other)) + before[part == fold]
        said = total.argmax(axis=1)
        tried = [float(value) for value in np.arange(0.5, 3.01, 0.05)]
        temperature = min(tried, key=lambda value: -np.log(probabilities(total, value)[np.arange(len(truth)), truth] + 1e-9).mean())
        overall, each = macro_f1(truth, said)
        print(
            f"{len(texts)} titles, five folds: macro-F1 {overall:.3f}",
            {kind: round(value, 3) for kind, value in zip(KINDS, each, strict=True)},
            f"temperature {temperature:.2f}",
        )
        for language in sorted({row["language"] for row in corpus}):
            mine_too = np.array([row["language"] == language for row in corpus])
            print("  ", language, int(mine_too.sum()), round(macro_f1(truth[mine_too], said[mine_too])[0], 3))
        sure = probabilities(total, temperature)
        wrong = sorted(
            (-sure[row, said[row]], plain[row], KINDS[truth[row]], KINDS[said[row]]) for row in range(len(plain)) if said[row] != truth[row]
        )
        for confidence, text, right, guess in wrong[: chosen.errors]:
            print(f"  {-confidence:.2f} {right:>11} said {guess:<11} {text}")
    if chosen.dry_run:
        return
    index, held = known(texts)
    write(fit(texts, truth, before, index, held, chosen.penalty), index, temperature)


def write(weights: Array, index: dict[str, int], temperature: float) -> None:
    """Write weights as whole numbers of one scale; features that say next to nothing are left out."""
    centred = weights - weights.mean(axis=1, keepdims=True)
    scale = max(WIDEST, float(np.abs(centred).max())) / 999
    lines = [
        "# Weights of the judge of items (solution, problem, bug, maintenance): made by bench/train_items.py from tests/corpus/items_train*.csv; do not edit.",
        f"scale\t{scale:.6f}",
        f"temperature\t{temperature:.2f}",
        "bias\t" + " ".join(str(round(float(value) / scale)) for value in centred[-1]),
    ]
    for name, place in index.items():
        numbers = [round(float(value) / scale) for value in centred[place]]
        if max(map(abs, numbers)) * scale >= 0.04:
            lines.append(name + "\t" + " ".join(map(str, numbers)))
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - 4} weights, {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
