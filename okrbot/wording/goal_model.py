"""Weigh the features of a goal with the shipped weights: a linear model whose every weight has a name that a person can read.

The weights are in lexicon/goal_weights.txt. They are made by bench/train_goals.py from the sentences in
tests/corpus/goals_train*.csv, which were written for this project; weights and sentences are under the project's licence.
"""

from __future__ import annotations

import dataclasses
import functools
import math

from okrbot.wording import goal_lexicon

KINDS = {"key_result": ("outcome", "output", "outcome_unmeasured"), "objective": ("qualitative", "has_metric", "output")}


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """`weights[feature]` holds one number a kind, in the order of KINDS[level]; `temperature` softens the probabilities."""

    kinds: tuple[str, ...]
    weights: dict[str, tuple[float, ...]]
    bias: tuple[float, ...]
    temperature: float

    def weigh(self, features: list[str]) -> tuple[float, ...]:
        """Return the probability of each kind; unknown features weigh nothing."""
        weights = self.weights
        first, second, third = self.bias
        for feature in features:
            found = weights.get(feature)
            if found is not None:
                first += found[0]
                second += found[1]
                third += found[2]
        return softmax((first, second, third), self.temperature)

    def known(self, features: list[str]) -> float:
        """Return the share of word features (w=…) that the model has seen."""
        words = [feature for feature in features if feature.startswith("w=")]
        return sum(feature in self.weights for feature in words) / len(words) if words else 0.0


def softmax(scores: tuple[float, ...], temperature: float) -> tuple[float, ...]:
    """Return probabilities of `scores` divided by `temperature`."""
    top = max(scores)
    raised = [math.exp((score - top) / temperature) for score in scores]
    total = sum(raised)
    return tuple(value / total for value in raised)


@functools.cache
def model(level: str) -> Model:
    """Return the model of `key_result` or `objective`, read when first asked for."""
    weights: dict[str, tuple[float, ...]] = {}
    bias: tuple[float, ...] = (0.0, 0.0, 0.0)
    temperature = 1.0
    scale = 1.0
    for line in goal_lexicon.read(f"goal_weights_{level}.txt").splitlines():
        if line.startswith("#"):
            continue
        name, _, values = line.rpartition("\t")
        numbers = values.split()
        if name == "scale":
            scale = float(numbers[0])
        elif name == "temperature":
            temperature = float(numbers[0])
        elif name == "bias":
            bias = tuple(float(number) for number in numbers)
        else:
            weights[name] = tuple(int(number) * scale for number in numbers)
    return Model(KINDS[level], weights, bias, temperature)
