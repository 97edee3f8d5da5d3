"""Weigh the features of an item's title with the shipped weights: a linear model whose weights have readable names.

The weights are in lexicon/item_weights.txt, made by bench/train_items.py from tests/corpus/items_train*.csv; sentences and
weights were written for this project and are under its licence.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from importlib import resources

KINDS = ("solution", "problem", "bug", "maintenance")
Scores = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class ItemModel:
    """`weights[feature]` holds one number a kind, in the order of KINDS; `temperature` makes the probabilities honest."""

    weights: dict[str, Scores]
    bias: Scores
    temperature: float

    def scores(self, features: list[str]) -> Scores:
        """Return the sum of the weights of each kind; a feature seen twice counts once."""
        one, two, three, four = self.bias
        weights = self.weights
        for feature in set(features):
            found = weights.get(feature)
            if found is not None:
                one += found[0]
                two += found[1]
                three += found[2]
                four += found[3]
        return one, two, three, four

    def probabilities(self, scores: Scores) -> Scores:
        """Return probabilities of the scores, softened by the temperature."""
        top = max(scores)
        one, two, three, four = (math.exp((score - top) / self.temperature) for score in scores)
        total = one + two + three + four
        return one / total, two / total, three / total, four / total


@functools.cache
def model() -> ItemModel:
    """Return the shipped model, read when first asked for."""
    weights: dict[str, Scores] = {}
    scale = temperature = 1.0
    text = resources.files("okrbot.wording").joinpath("lexicon/item_weights.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, _, numbers = line.partition("\t")
        if name == "scale":
            scale = float(numbers)
        elif name == "temperature":
            temperature = float(numbers)
        else:
            one, two, three, four = map(int, numbers.split())
            weights[name] = (one * scale, two * scale, three * scale, four * scale)
    bias = weights.pop("bias")
    return ItemModel(weights, bias, temperature)
