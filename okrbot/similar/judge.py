"""Decide whether two items are the same piece of work, and say why.

What the titles' words have in common and what they do not is weighed first. Where that leaves a doubt, the network that reads both
titles as a whole is asked, and its log-odds are added.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations

from okrbot import reader
from okrbot.similar.fold import canonical, fold, lexicon
from okrbot.similar.phrase import Phrase, act_neutral, alike, denied, is_known, near_acts, phrase
from okrbot.similar.sense import nearness

FEATURES = (
    "bias",
    "covered_least",  # weighted share of words that have a partner, of the title that has less
    "covered_most",
    "shared",  # how many words have a partner
    "shared_rare",  # of these, words the lexicon does not have: they name what it is about
    "extra_one",  # a single word is without a partner
    "partly",  # words whose partner is only a likely slip or relative
    "whole",  # every word that counts has a partner
    "swapped",  # words without a partner on both sides: perhaps another object
    "swapped_known",  # and both in the lexicon: surely another object
    "extra",  # words without a partner on one side only
    "extra_known",  # of these, words in the lexicon
    "extra_light",  # of these, the weight of words that say little
    "reversed",  # "from A to B" against "from B to A"
    "act_same",
    "act_left_out",  # one title names no act, and the other's goes without saying
    "act_near",  # acts that people use for one another
    "act_other",
    "act_extra",  # one title names an act that does not go without saying
    "act_undoing",  # and that act takes something away
    "opposite",
    "rivals",  # two words of one dimension: csv and pdf, Germany and France
    "numbers_same",
    "numbers_other",
    "numbers_one_side",
    "no_other",  # one says no, the other does not
    "facet_other",  # tests for a thing against the thing
    "platform_other",
    "platform_one_side",
    "role_other",
    "trouble_other",  # something is broken against something to be made
    "short",  # the shorter title has one or two words that count
    "soft_least",  # share of words that have a partner or a neighbour in use, of the title that has less
    "soft_most",
    "soft_gain",  # how much of that is neighbours
    "one_swapped",  # all is the same but one word
    "one_swapped_near",  # and that has another of its like in its place: a sibling, not a synonym
    "left_near",  # nearness of the words without a partner on both sides
    "left_strange",  # words without a partner that have no vector
    "evident",  # at least two words have a partner
    "body_same",
    "body_other",
)


# Acts that go without saying where the other title tells of the trouble they end.
_MENDING = frozenset(("fix", "prevent", "improve", "increase", "decrease", "allow", "support", "enable"))
_ABSENCE = frozenset(("missing", "cannot", "empty", "speed"))  # a complaint that something is not there, or is slow, is a wish
SAME = 0.8  # score from which two items are the same work
_ODDS = math.log(SAME / (1 - SAME))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two items are one piece of work. `score` says how alike they are, 0..1, the same work from 0.8 on."""

    same: bool
    confidence: float
    score: float
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What two titles share and what they do not."""

    features: dict[str, float]
    shared: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    reasons: tuple[str, ...]  # against


DOUBT = 6.0  # log-odds of the words beyond which the reader is not asked: it could not turn them


# What the words know for certain is not put to the reader. That one title tells of trouble is no such thing: a complaint may be a wish.
CERTAIN = ("opposite", "reversed", "rivals", "numbers_other", "platform_other", "no_other", "role_other")
WITHIN = 0.99  # share of a title's words with a partner from which a yes of the words stands: of those the reader would deny, nine in ten were right
SIBLINGS = 0.6  # nearness from which the one word that differs is another of its kind: before and after


@dataclass(frozen=True, slots=True)
class Scale:
    """The weights of the words, the log-odds from which two titles are the same work by their words alone and read as well, and the reader's share."""

    weights: dict[str, float]
    alone: float
    read: float
    trust: float  # how much of the reader's log-odds counts
    slope: float  # how steeply the odds grow with the sum of both


@functools.cache
def scale() -> Scale:
    """Return what bench/train_similar.py found."""
    raw = json.loads(files(__package__).joinpath("weights.json").read_text(encoding="utf-8"))
    weights = {str(name): float(value) for name, value in raw["weights"].items()}
    return Scale(weights, *(float(raw[name]) for name in ("alone", "read", "trust", "slope")))


def _pair_up(a: list[str], b: list[str]) -> tuple[list[tuple[str, str, float]], list[str], list[str]]:
    """Pair equal words first, then likely slips, then compounds ("book mark" and "bookmark"); return pairs and the rest."""
    pairs: list[tuple[str, str, float]] = []
    rest_a, rest_b = [], list(b)
    for word in a:
        if word in rest_b:
            rest_b.remove(word)
            pairs.append((word, word, 1.0))
        else:
            rest_a.append(word)
    near = sorted(((alike(x, y), x, y) for x in rest_a for y in rest_b), reverse=True)
    for sure, x, y in near:
        if sure > 0 and x in rest_a and y in rest_b:
            rest_a.remove(x)
            rest_b.remove(y)
            pairs.append((x, y, sure))
    for one, other in ((rest_a, rest_b), (rest_b, rest_a)):
        for long in list(one):
            halves = [word for word in other if len(word) > 2 and (long.startswith(word) or long.endswith(word))]
            if len(halves) >= 2 or (halves and len(halves[0]) >= 4 and len(long) <= len(halves[0]) + 7):
                one.remove(long)
                pairs.extend((long, half, 0.8) if one is rest_a else (half, long, 0.8) for half in halves)
                for half in halves:
                    other.remove(half)
    return pairs, rest_a, rest_b


def _bodies(a: str, b: str) -> tuple[float, float]:
    """Return how much two bodies are the same and how much they differ; (0, 0) when one of them says too little."""
    mine, theirs = (frozenset(canonical(w) for w in fold(body[:4000]).split() if len(w) > 3) for body in (a, b))
    if min(len(mine), len(theirs)) < 6:
        return 0.0, 0.0
    common = len(mine & theirs) / min(len(mine), len(theirs))
    whole = len(mine & theirs) / len(mine | theirs)
    share = (common + whole) / 2
    return max(0.0, share - 0.3) / 0.7, max(0.0, 0.3 - share) / 0.3


def compare(a: Phrase, b: Phrase, body_a: str = "", body_b: str = "") -> Match:
    """Return what speaks for and against two titles being the same work."""
    known = lexicon()
    f = dict.fromkeys(FEATURES, 0.0)
    f["bias"] = 1.0
    against: list[str] = []
    words_a, words_b = list(a.hefts), list(b.hefts)
    pairs, rest_a, rest_b = _pair_up(words_a, words_b)
    light, trouble, whole_a, whole_b = known.light, known.kinds["trouble"], sum(a.hefts.values()), sum(b.hefts.values())
    shared_a, shared_b = sum(a.hefts[x] * s for x, _, s in pairs), sum(b.hefts[y] * s for _, y, s in pairs)
    covered = shared_a / (whole_a or 1.0), shared_b / (whole_b or 1.0)
    f["covered_least"], f["covered_most"] = min(*covered, 1.0), min(max(covered), 1.0)
    f["shared"] = min(shared_a, shared_b, 4.0)
    f["shared_rare"] = float(min(sum(x == y and not is_known(x) for x, y, _ in pairs), 2))
    f["partly"] = float(sum(1 for *_, sure in pairs if sure < 1))
    left_a = [word for word in rest_a if word not in a.acts and word not in trouble]
    left_b = [word for word in rest_b if word not in b.acts and word not in trouble]
    heavy_a, heavy_b = sum(a.hefts[word] for word in left_a), sum(b.hefts[word] for word in left_b)
    known_a, known_b = (sum(side.hefts[word] for word in left if is_known(word)) for side, left in ((a, left_a), (b, left_b)))
    f["swapped_known"] = min(known_a, known_b, 2.0)
    f["swapped"] = min(heavy_a, heavy_b, 3.0) - f["swapped_known"]
    f["extra"] = min(abs(heavy_a - heavy_b), 4.0)
    f["extra_known"] = min(max(known_a - heavy_b, known_b - heavy_a, 0.0), 2.0)
    f["extra_one"] = float(len(left_a) + len(left_b) == 1)
    f["extra_light"] = float(min(sum(word in light for word in rest_a + rest_b), 3))
    _judge_order(f, a, b, against)
    _judge_acts(f, a, b, rest_a, rest_b, against)
    f["whole"] = float(not left_a and not left_b and not f["act_other"] and not f["act_extra"])
    _judge_rivals(f, a, b, (rest_a, rest_b), against)
    _judge_numbers(f, a, b, against)
    if denied(a, b) or (
        a.no != b.no and not a.trouble and not b.trouble and not {"hide", "prevent", "disable"} & (set(rest_a) | set(rest_b))
    ):
        f["no_other"] = 1.0
        against.append("one says no, the other does not")
    common = frozenset(a.words) & frozenset(b.words)
    facets = _facets(rest_a, common) ^ _facets(rest_b, common)
    if facets:
        f["facet_other"] = 1.0
        against.append("another kind of work: " + ", ".join(sorted(facets)))
    if a.platforms and b.platforms and not a.platforms & b.platforms:
        f["platform_other"] = 1.0
        against.append(f"{', '.join(sorted(a.platforms))} against {', '.join(sorted(b.platforms))}")
    elif bool(a.platforms) != bool(b.platforms) and not a.labelled and not b.labelled:
        f["platform_one_side"] = 1.0
    if a.role and b.role and a.role != b.role:
        f["role_other"] = 1.0
        against.append(f"{a.role} against {b.role}")
    f["trouble_other"] = float(_troubled(a, b) or _troubled(b, a))
    if f["trouble_other"]:
        f["whole"] = 0.0
    _judge_sense(f, a, b, pairs, left_a, left_b)
    f["short"] = float(min(whole_a, whole_b) < 1.6)
    f["body_same"], f["body_other"] = _bodies(body_a, body_b) if body_a and body_b else (0.0, 0.0)
    if f["body_other"] > 0.5:
        against.append("the descriptions differ")
    if left_a and left_b and not against:
        against.append(f"{' '.join(_told(a, left_a))} against {' '.join(_told(b, left_b))}")
    return Match(
        f, tuple(dict.fromkeys(_both(a, b, x, y) for x, y, _ in pairs)), tuple(_told(a, rest_a)), tuple(_told(b, rest_b)), tuple(against)
    )


def _both(a: Phrase, b: Phrase, x: str, y: str) -> str:
    """Return a word of one title and its partner as the titles have them; a phrase is told by whichever is one word."""
    here, there = ((side.said[word],) if side.said[word] in side.plain else () for side, word in ((a, x), (b, y)))
    said = list(dict.fromkeys(here + there)) or [x]
    return f"{said[0]} ({said[1]})" if len(said) > 1 else said[0]


def _told(side: Phrase, words: list[str]) -> list[str]:
    """Return words as the title has them."""
    return list(dict.fromkeys(side.said.get(word, word) for word in words))


def _troubled(one: Phrase, other: Phrase) -> bool:
    """Say whether one title tells of something broken and the other of nothing of the kind."""
    broken = lexicon().kinds["trouble"].intersection(one.words) - _ABSENCE
    wish = not broken and not _ABSENCE.isdisjoint(one.words)
    return (
        one.trouble and not other.trouble and not other.no and not wish and _MENDING.isdisjoint(other.acts - {"allow", "support", "enable"})
    )


def _judge_sense(
    f: dict[str, float], a: Phrase, b: Phrase, pairs: list[tuple[str, str, float]], left_a: list[str], left_b: list[str]
) -> None:
    """Weigh words that have no partner by the nearest word of the other title."""
    sides = []
    for mine, theirs, side in ((a, b, 0), (b, a, 1)):
        partner = {pair[side]: pair[2] for pair in pairs}
        whole = soft = hard = 0.0
        for word, weight in mine.rarities.items():
            sure = partner.get(word, 0.0)
            whole += weight
            hard += weight * sure
            if sure < 1:
                at = mine.places[word]
                sure = max(sure, max([nearness(at, other) for other in theirs.places.values()], default=0.0))
            soft += weight * sure
        sides.append((soft / whole, hard / whole) if whole else (0.0, 0.0))
    f["soft_least"], f["soft_most"] = min(sides[0][0], sides[1][0]), max(sides[0][0], sides[1][0])
    f["soft_gain"] = (sides[0][0] - sides[0][1] + sides[1][0] - sides[1][1]) / 2
    f["left_near"] = max([nearness(a.places[x], b.places[y]) for x in left_a for y in left_b], default=0.0)
    f["one_swapped"] = float(len(left_a) == 1 and len(left_b) == 1)
    f["one_swapped_near"] = f["one_swapped"] * f["left_near"]
    f["left_strange"] = float(min(sum(a.places[x] < 0 for x in left_a) + sum(b.places[x] < 0 for x in left_b), 3))
    f["evident"] = float(f["shared"] >= 1.5)


def _facets(words: list[str], common: frozenset[str]) -> set[str]:
    """Return the kinds of work that these words name and the other title does not imply."""
    known = lexicon().facet
    return {known[word] for word in words if word in known and not act_neutral(word, common)}


def _judge_order(f: dict[str, float], a: Phrase, b: Phrase, against: list[str]) -> None:
    if not all(" from " in side.plain or " to " in side.plain for side in (a, b)):
        return
    for x, y in combinations(sorted(a.hefts.keys() & b.hefts.keys()), 2):
        kind = lexicon().dimension.get(x)
        rivals = (kind is not None and kind == lexicon().dimension.get(y)) or f"from {x}" in a.plain or f"from {y}" in a.plain
        if rivals and _goes(a.plain, x, y) * _goes(b.plain, x, y) < 0:
            f["reversed"] = 1.0
            against.append(f"{x} and {y} change places")


def _goes(plain: str, x: str, y: str) -> int:
    """Return 1 when the text goes from x to y, -1 from y to x, 0 when it does not say."""
    at_x, at_y = plain.find(x), plain.find(y)
    if at_x < 0 or at_y < 0:
        return 0
    first, then = (at_x, at_y) if at_x < at_y else (at_y, at_x)
    between, before = plain[first:then], plain[max(0, first - 6) : first]
    forward = " to " in between or ("from " in before and " from " not in between)
    backward = " from " in between
    if forward == backward:
        return 0
    sign = 1 if at_x < at_y else -1
    return sign if forward else -sign


def _judge_acts(f: dict[str, float], a: Phrase, b: Phrase, rest_a: list[str], rest_b: list[str], against: list[str]) -> None:
    if a.acts & b.acts:
        f["act_same"] = 1.0
    mine, theirs = [word for word in rest_a if word in a.acts], [word for word in rest_b if word in b.acts]
    # whoever writes that it is broken need not write that it must be fixed
    mine, theirs = ([word for word in acts if word not in _MENDING or not other.trouble] for acts, other in ((mine, b), (theirs, a)))
    if mine and theirs:
        near = any(near_acts(x, y) for x in mine for y in theirs)
        f["act_near" if near else "act_other"] = 1.0
        if not near:
            against.append(f"{', '.join(_told(a, mine))} against {', '.join(_told(b, theirs))}")
    elif mine or theirs:
        shared = frozenset(a.words) & frozenset(b.words)
        plain = all(act_neutral(act, shared) for act in mine or theirs)
        f["act_left_out" if plain else "act_extra"] = 1.0
        f["act_undoing"] = float(any(act in lexicon().kinds["undoing"] for act in mine or theirs))
        if not plain:
            against.append(f"only one: {', '.join(_told(a, mine) or _told(b, theirs))}")


def _judge_rivals(f: dict[str, float], a: Phrase, b: Phrase, rest: tuple[list[str], list[str]], against: list[str]) -> None:
    known = lexicon()
    for x in rest[0]:
        for y in rest[1]:
            if (x, y) in known.opposites:
                f["opposite"] = 1.0
                against.append(f"{a.said[x]} is the opposite of {b.said[y]}")
            elif x in known.dimension and known.dimension[x] == known.dimension.get(y) and known.dimension[x] != "platform":
                f["rivals"] = 1.0
                against.append(f"{a.said[x]} against {b.said[y]}")


def _judge_numbers(f: dict[str, float], a: Phrase, b: Phrase, against: list[str]) -> None:
    if a.numbers and a.numbers == b.numbers:
        f["numbers_same"] = 1.0
    elif a.numbers - b.numbers and b.numbers - a.numbers:
        f["numbers_other"] = 1.0
        against.append(f"{', '.join(sorted(a.numbers - b.numbers))} against {', '.join(sorted(b.numbers - a.numbers))}")
    elif a.numbers != b.numbers:
        f["numbers_one_side"] = 1.0


def verdict(a: str, b: str, *, body_a: str = "", body_b: str = "") -> Verdict:
    """Return whether titles `a` and `b`, with their bodies where known, are the same piece of work.

    The score is a logistic sum over FEATURES with the weights in weights.json (recipe there) and, in doubt, of what the reader says.
    """
    return verdict_of(phrase(a), phrase(b), body_a=body_a, body_b=body_b)


def verdict_of(a: Phrase, b: Phrase, *, body_a: str = "", body_b: str = "", read: bool = True) -> Verdict:
    """Return what `verdict` says, for titles that were taken apart before; without `read` by their words alone."""
    match = compare(a, b, body_a, body_b)
    found = scale()
    total, line, turned = weighed(match, found.weights), found.alone, False
    if read and in_doubt(match, total):
        turned, line = total >= found.alone, found.read
        total += found.trust * reader.same_work(a.text, b.text)
        turned = turned != (total >= line)
        total = line + found.slope * (total - line)
    total += _ODDS - line
    score = 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
    same = score >= SAME
    confidence = 0.5 + abs(score - SAME) / (2 * (1 - SAME) if same else 2 * SAME)
    return Verdict(same, round(confidence, 3), round(score, 4), _because(match, same=same, turned=turned))


def in_doubt(match: Match, total: float) -> bool:
    """Say whether words that give the log-odds `total` leave room for the reader."""
    known = any(match.features[name] for name in CERTAIN) or match.features["one_swapped_near"] >= SIBLINGS
    within = total > 0 and match.features["covered_most"] >= WITHIN
    return abs(total) < DOUBT and not known and not within


def weighed(match: Match, weights: dict[str, float]) -> float:
    """Return the log-odds that the words of two titles give."""
    return sum(weights[name] * value for name, value in match.features.items() if value)


def _because(match: Match, *, same: bool, turned: bool) -> tuple[str, ...]:
    shared: tuple[str, ...] = ("both: " + " ".join(match.shared),) if match.shared else ()
    if turned:
        shared += ("read as a whole they ask for the same" if same else "read as a whole they do not ask for the same",)
    if same:
        body = ("the descriptions say the same",) if match.features["body_same"] > 0.5 else ()
        return shared + body
    return (
        tuple(dict.fromkeys(match.reasons))
        or tuple(f"only one: {' '.join(rest)}" for rest in (match.only_a, match.only_b) if rest)
        or shared
    )
