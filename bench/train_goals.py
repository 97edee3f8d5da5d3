"""Train the weights of the judge of goals from the sentences in tests/corpus/goals_train*.csv.

Recipe: the rows whose split is `train` (see bench/judgement.py; the other fifth is never read here), features of
okrbot.wording.goal_features, multinomial logistic regression with an L2 penalty, plain numpy, Adam for a fixed number of
steps from zero, so that the same corpus gives the same weights. The temperature comes from five-fold predictions.
`--folds` only prints the cross-validated figures; without it the weights are written.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import judgement  # noqa: E402

from okrbot.wording.goal_features import features  # noqa: E402
from okrbot.wording.goal_grammar import study  # noqa: E402
from okrbot.wording.goal_lexicon import LANGUAGES  # noqa: E402
from okrbot.wording.goal_model import KINDS  # noqa: E402
from okrbot.wording.goals import chosen_language, read  # noqa: E402

Floats = NDArray[np.float64]
STEPS = 220
RATE = 0.08
FOLDS = 5
# How strongly words and groups of words may speak beside the classes that all languages share: chosen by log-loss on goals as teams publish them.
WORDY_SCALE = 1.5
GROUP_SCALE = 1.2
_WORDY = ("w=", "x=", "b=", "c=", "s=", "ow=", "cw=", "hw=", "na=", "nb=", "w0=", "w1=", "hw+t=", "hc+ow=", "cw+nk=")
_HEADER = "# Weights of the judge of goals: a feature, then a whole number a kind ({kinds}), to be multiplied by scale.\n# Made by bench/train_goals.py from {rows} sentences written for this project; same licence as the project.\n"


class Rows:
    """The sparse matrix of one task: for each text the indices of its features, padded with one empty column."""

    def __init__(self, texts: list[list[str]], names: dict[str, int], penalty: Floats) -> None:
        width = max(len(text) for text in texts)
        empty = len(names)
        self.index = np.full((len(texts), width), empty, dtype=np.int64)
        for row, text in enumerate(texts):
            known = [names[name] for name in text if name in names]
            self.index[row, : len(known)] = known
        self.scale = np.append(penalty, 0.0)

    def scores(self, weights: Floats) -> Floats:
        return (np.vstack([weights, np.zeros((1, weights.shape[1]))]) * self.scale[:, None])[self.index].sum(axis=1)

    def gradient(self, errors: Floats, size: int) -> Floats:
        flat = self.index.ravel()
        spread = np.repeat(errors, self.index.shape[1], axis=0)
        sums = np.stack([np.bincount(flat, weights=spread[:, kind], minlength=size + 1)[:size] for kind in range(errors.shape[1])], axis=1)
        return sums * self.scale[:size, None]


def vocabulary(texts: list[list[str]], least: int) -> tuple[dict[str, int], Floats]:
    """Return feature -> index for features of at least `least` texts, and how strongly each may speak."""
    counts: dict[str, int] = {}
    for text in texts:
        for name in text:
            counts[name] = counts.get(name, 0) + 1
    names = {name: place for place, name in enumerate(sorted(name for name, count in counts.items() if count >= least))}
    return names, np.array([WORDY_SCALE if name.startswith(_WORDY) else GROUP_SCALE if name.startswith("g") else 1.0 for name in names])


def fit(rows: Rows, targets: NDArray[np.int64], size: int, kinds: int, penalty: float) -> tuple[Floats, Floats]:
    """Return (weights, bias) after STEPS steps of Adam."""
    weights, bias = np.zeros((size, kinds)), np.zeros(kinds)
    moments = [np.zeros_like(weights), np.zeros_like(weights), np.zeros_like(bias), np.zeros_like(bias)]
    truth = np.eye(kinds)[targets]
    for step in range(1, STEPS + 1):
        chances = softmax(rows.scores(weights) + bias)
        errors = (chances - truth) / len(targets)
        slopes = (rows.gradient(errors, size) + penalty * weights, errors.sum(axis=0))
        for place, (value, slope) in enumerate(zip((weights, bias), slopes, strict=True)):
            first, second = moments[2 * place], moments[2 * place + 1]
            first += 0.1 * (slope - first)
            second += 0.001 * (slope * slope - second)
            value -= RATE * (1 - step / (STEPS + 1)) * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights, bias


def softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def load(level: str, keep: str = "train") -> tuple[list[str], list[list[str]], list[str], list[str]]:
    """Return (texts, features, kinds, languages) of the rows of one level and split."""
    texts, found, kinds, languages = [], [], [], []
    for row in judgement.rows("goals", keep):
        if row["level"] != level or row["kind"] not in KINDS[level]:
            continue
        language = chosen_language(row["text"], None)
        if language not in LANGUAGES:
            language = row["language"]
        reading = read(row["text"], language)
        texts.append(row["text"])
        found.append(features(reading, study(reading)))
        kinds.append(row["kind"])
        languages.append(row["language"])
    return texts, found, kinds, languages


def cross_validate(found: list[list[str]], targets: NDArray[np.int64], kinds: int, *, penalty: float, least: int) -> Floats:
    """Return the scores of every row from a model that has not seen it."""
    fold = np.arange(len(found)) % FOLDS
    scores = np.zeros((len(found), kinds))
    for one in range(FOLDS):
        train, held = np.flatnonzero(fold != one), np.flatnonzero(fold == one)
        names, strength = vocabulary([found[row] for row in train], least)
        weights, bias = fit(Rows([found[row] for row in train], names, strength), targets[train], len(names), kinds, penalty)
        scores[held] = Rows([found[row] for row in held], names, strength).scores(weights) + bias
    return scores


def warmth(scores: Floats, targets: NDArray[np.int64]) -> float:
    """Return the temperature that makes held-out probabilities most likely."""
    choices = np.linspace(0.5, 3.0, 51)
    losses = [-np.log(softmax(scores / choice)[np.arange(len(targets)), targets] + 1e-12).mean() for choice in choices]
    return float(choices[int(np.argmin(losses))])


def figures(level: str, scores: Floats, targets: NDArray[np.int64]) -> str:
    guess = scores.argmax(axis=1)
    parts, sums = [], 0.0
    for place, kind in enumerate(KINDS[level]):
        right = int(((guess == place) & (targets == place)).sum())
        precision, recall = right / max(1, (guess == place).sum()), right / max(1, (targets == place).sum())
        sums += 2 * precision * recall / max(1e-9, precision + recall)
        parts.append(f"{kind} P {precision:.3f} R {recall:.3f}")
    return f"{level}: macro-F1 {sums / len(KINDS[level]):.3f}; " + "; ".join(parts)


def write(level: str, names: dict[str, int], weights: Floats, bias: Floats, temperature: float, rows: int) -> Path:
    """Write the weights of one level, whole numbers with one scale, and return the path."""
    scale = float(np.abs(weights).max()) / 999
    whole = np.rint(weights / scale).astype(int)
    path = ROOT / "okrbot" / "wording" / "lexicon" / f"goal_weights_{level}.txt"
    lines = [
        _HEADER.format(kinds=", ".join(KINDS[level]), rows=rows).rstrip("\n"),
        f"scale\t{scale:.8f}",
        f"temperature\t{temperature:.3f}",
        "bias\t" + " ".join(f"{value:.5f}" for value in bias),
    ]
    for name, place in names.items():
        if np.abs(whole[place]).max() >= 4:
            lines.append(f"{name}\t" + " ".join(str(value) for value in whole[place]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_words() -> Path:
    """Write the words of the train rows by language, for telling languages apart, and return the path."""
    heard: dict[str, set[str]] = {}
    for row in (*judgement.rows("goals", "train"), *judgement.rows("items", "train")):
        if row["kind"] != "unclear" and row["language"] in LANGUAGES:
            words = (word.lower() for word in re.findall(r"[^\W\d_]{3,}", row["text"]) if not word.isupper())
            heard.setdefault(row["language"], set()).update(words)
    # A word that goals of every language borrow from English (dashboard, churn) speaks for English only.
    borrowed = {word for language, words in heard.items() if language != "en" for word in words if word in heard["en"]}
    lines = ["# Words heard in the training sentences, by language. Made by bench/train_goals.py."]
    for language in LANGUAGES:
        words = sorted(heard[language] - (borrowed if language != "en" else set()))
        lines += [f"[{language}]", *(" ".join(words[at : at + 30]) for at in range(0, len(words), 30))]
    path = ROOT / "okrbot" / "wording" / "lexicon" / "heard.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", action="store_true", help="only print cross-validated figures")
    parser.add_argument("--errors", action="store_true", help="list the errors of the cross-validation")
    parser.add_argument("--penalty", type=float, default=3e-3)
    parser.add_argument("--least", type=int, default=2)
    options = parser.parse_args()
    if not options.folds:
        print("wrote", write_words().relative_to(ROOT))
    for level, kinds in KINDS.items():
        texts, found, labels, languages = load(level)
        targets = np.array([kinds.index(label) for label in labels], dtype=np.int64)
        scores = cross_validate(found, targets, len(kinds), penalty=options.penalty, least=options.least)
        temperature = warmth(scores, targets)
        print(f"{len(texts)} rows, temperature {temperature:.2f}, {figures(level, scores, targets)}")
        for language in sorted(set(languages)):
            mine = np.array([one == language for one in languages])
            print(f"   {language}: {int(mine.sum())} rows, accuracy {(scores[mine].argmax(axis=1) == targets[mine]).mean():.3f}")
        if options.errors:
            chances = softmax(scores / temperature)
            wrong = [row for row in range(len(texts)) if scores[row].argmax() != targets[row]]
            for row in sorted(wrong, key=lambda row: chances[row, targets[row]]):
                print(f"   {labels[row]:>18} taken for {kinds[int(scores[row].argmax())]:<18} {chances[row].max():.2f}  {texts[row]}")
        if not options.folds:
            names, strength = vocabulary(found, options.least)
            weights, bias = fit(Rows(found, names, strength), targets, len(names), len(kinds), options.penalty)
            print("wrote", write(level, names, weights * strength[:, None], bias, temperature, len(texts)).relative_to(ROOT))


if __name__ == "__main__":
    main()
