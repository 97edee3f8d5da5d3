"""Judge key results and objectives: outcome or output, measured or not, and say which words decided.

The weighed words judge first. Where they are in doubt, the network that reads the whole sentence is asked, and both count the same.
"""

from __future__ import annotations

import re
from typing import Literal

from okrbot import reader
from okrbot.wording import language as tongue
from okrbot.wording.goal_features import features
from okrbot.wording.goal_grammar import TARGETS, Grammar, study
from okrbot.wording.goal_lexicon import BIT, LANGUAGES, lexicon
from okrbot.wording.goal_model import KINDS, model
from okrbot.wording.goal_text import Reading
from okrbot.wording.verdict import GoalTraits, Judgement
from okrbot.wording.wrapping import bare

GoalLevel = Literal["key_result", "objective"]

# Below these the answer is `unclear`. To call somebody's key result an output is the accusation that must be right, so it
# needs more; chosen on goals as they stand in files, where it costs 0.01 of F1 and lifts precision from 0.86 to 0.93.
UNSURE = 0.4
UNSURE_OUTPUT = 0.66
# What the weighed words are surer of than this is not read: it would cost time and change the figures by nothing that can be measured on published goals.
SURE = {"key_result": 0.8, "objective": 0.9}
OUTPUTS = 0.6  # how often an objective is an output, against the training rows
_STRONG = frozenset(("pct", "cur", "mult", "ratio", "zero"))
_LONGEST = 600  # characters that are read; a goal that needs more says it in its first lines
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_BACKLOG = re.compile(
    r"\b(?:backlog|bugs?|defects?|tickets?|tech(?:nical)?[ -]debt|fehler|bogues?|errores|defeitos|fouten)\b", re.IGNORECASE
)
_TODAY = re.compile(r"\b(?:currently|current|today|baseline|was|aktuell|derzeit|heute|bisher|actuellement|contre|actual|actualmente|hoy|atual|atualmente|hoje|nu|momenteel|vs\.?|up from|down from)\b[^\d]{0,12}\d", re.IGNORECASE)  # fmt: skip
_SUGGESTIONS = {
    "output": "What would change for whom if this worked, and what number would show it?",
    "outcome_unmeasured": "Where is this number today, and where is enough?",
    "unclear": "Can you say who will do what differently, and by how much?",
    "outcome": "",
}
_OBJECTIVE_SUGGESTIONS = {
    "output": "What should be better for whom once this is done? Say that as the objective and keep the work as a bet.",
    "has_metric": "Can the number move to a key result, and the objective say why it matters?",
    "unclear": "Which change for which people is this objective about?",
    "qualitative": "",
}


def chosen_language(text: str, language: str | None) -> str:
    """Return the language to read `text` in: the given one, the detected one, or English when nothing speaks against it."""
    return language or tongue.likely(bare(text[:_LONGEST]))[0]


def read(text: str, language: str) -> Reading:
    """Return the reading of `text` with the lexicon of `language` (one of LANGUAGES)."""
    text = text[:_LONGEST]
    reading = Reading(bare(text), lexicon(language))
    reading.text = text  # what is quoted stands in the text as written
    return reading


def judge_goal(text: str, *, level: GoalLevel, language: str | None = None) -> Judgement:
    """Return the judgement of one key result or objective. A language without a lexicon and a text without words are `unclear`."""
    spoken = chosen_language(text, language)
    suggestions = _SUGGESTIONS if level == "key_result" else _OBJECTIVE_SUGGESTIONS
    if spoken not in LANGUAGES:
        return Judgement(text, level, "unclear", 0.0, (f"no word list for language {spoken}",), "", spoken)
    reading = read(text, spoken)
    if _ADDRESS.fullmatch(text.strip()) or (not any(kind in "wv" for kind in reading.kinds) and not reading.numbers):
        return Judgement(text, level, "unclear", 0.0, ("no words",), suggestions["unclear"], spoken)
    grammar = study(reading)
    chances = model(level).weigh(features(reading, grammar))
    if max(chances) < SURE[level]:
        chances = reader.together(chances, reader.goal(bare(text[:_LONGEST]), level))
    if level == "key_result" and _measured(reading, grammar):
        chances = (chances[0] + chances[2], chances[1], 0.0)  # whatever it is, it has a target
    if level == "objective":
        chances = _less_often(chances)
    best = max(range(3), key=lambda place: chances[place])
    kind = KINDS[level][best]
    confidence = round(chances[best], 3)
    if confidence < (UNSURE_OUTPUT if level == "key_result" and kind == "output" else UNSURE):
        return Judgement(
            text, level, "unclear", confidence, (*because(reading, grammar, kind, level), "not sure"), suggestions["unclear"], spoken
        )
    return Judgement(text, level, kind, confidence, because(reading, grammar, kind, level), suggestions[kind], spoken)


def _less_often(chances: tuple[float, ...]) -> tuple[float, ...]:
    """Return the chances of an objective's kinds with outputs as often as they are in life: one published objective in five, not one in three as in training."""
    whole = chances[0] + chances[1] + chances[2] * OUTPUTS
    return chances[0] / whole, chances[1] / whole, chances[2] * OUTPUTS / whole


def _measured(reading: Reading, grammar: Grammar) -> bool:
    """Say whether a share, a sum, a multiple, a ratio, a zero or a step from one number to another stands in the text, and no placeholder."""
    found = reading.from_to or any(kind in _STRONG for _, kind in reading.numbers)
    return bool(grammar.has_target and found and not reading.placeholders)


def because(reading: Reading, grammar: Grammar, kind: str, level: GoalLevel) -> tuple[str, ...]:
    """Return the spans of the text that speak for `kind`, and short reasons."""
    found: list[str] = []
    if grammar.head >= 0 and grammar.head_class not in ("number", "zero"):
        found.append(reading.span(grammar.head))
    if grammar.counted_at >= 0 and grammar.number >= 0 and grammar.number_kind in TARGETS:
        found.append(reading.text[reading.spans[grammar.number][0] : reading.spans[grammar.counted_at][1]])
    elif grammar.number >= 0 and grammar.number_kind in TARGETS:
        found.append(reading.span(grammar.number))
    if grammar.object_at >= 0 and grammar.object_at != grammar.head:
        found.append(reading.span(grammar.object_at))
    found.append(_reason(grammar, kind, level, bool(reading.placeholders)))
    return tuple(dict.fromkeys(part for part in found if part))


def _reason(grammar: Grammar, kind: str, level: GoalLevel, placeholder: bool) -> str:
    if level == "objective":
        return {
            "output": "something made or done",
            "has_metric": "a number stands in the objective",
            "qualitative": "a direction without a number",
        }[kind]
    if kind == "output":
        return "counts our own work" if grammar.counted_class == "work" else "something made or done"
    if kind == "outcome_unmeasured":
        return "a change, but its target is a placeholder" if placeholder else "a change without a target"
    return (
        "the number belongs to the result, not to the means"
        if grammar.number_in_purpose
        else "a change or level in the world, with a target"
    )


def traits(text: str, language: str | None = None) -> GoalTraits:
    """Return what can be observed in a goal's wording, each with the words that show it; a language without a lexicon shows little."""
    spoken = chosen_language(text, language)
    reading = read(text, spoken if spoken in LANGUAGES else "en")
    known = spoken in LANGUAGES
    grammar = study(reading)
    measures = [kind for _, kind in reading.numbers if kind in TARGETS]
    target = grammar.has_target
    head = reading.span(grammar.head) if grammar.head >= 0 and known else ""
    return GoalTraits(
        delivery_verb=head if grammar.head_class == "deliver" else "",
        activity_verb=head if grammar.head_class == "act" else "",
        has_number=bool(measures),
        has_baseline=reading.from_to or (len(measures) > 0 and bool(_TODAY.search(reading.text))),
        has_target=target,
        lagging=_first(reading, "lagging"),
        business_as_usual=_first(reading, "keep") if grammar.head_class == "keep" or "keep" in _first_classes(reading) else "",
        metric=_first(reading, "metric"),
        actor=_first(reading, "actor"),
        about_backlog=bool(_BACKLOG.search(reading.text)) and (grammar.counted_class in ("world", "") and target),
        language=spoken,
    )


def _first(reading: Reading, name: str) -> str:
    bit = BIT[name]
    for at, mask in enumerate(reading.bits):
        if mask & bit:
            return reading.span(at)
    return ""


def _first_classes(reading: Reading) -> tuple[str, ...]:
    for mask in reading.bits[:3]:
        if mask & BIT["keep"]:
            return ("keep",)
    return ()
