"""Guess whether a text is a key result, an objective or a backlog item when nobody says."""

from __future__ import annotations

import re

from okrbot.wording.goal_grammar import study
from okrbot.wording.goal_lexicon import BIT, LANGUAGES
from okrbot.wording.goals import chosen_language, read
from okrbot.wording.verdict import Level

_KEY_RESULT = re.compile(r"^\s*\(?(?:KR|Key Result|Résultat clé|Schlüsselergebnis|Resultado[s]? clave|Resultado-chave)\b", re.IGNORECASE)
_OBJECTIVE = re.compile(r"^\s*\(?(?:O\d*(?:\.\d+)?\s*[:.)\-–]|Objective|Objetivo|Objectif|Ziel\s*\d*:|Doelstelling)", re.IGNORECASE)
_ITEM = re.compile(
    r"^\s*(?:\[[^\]]{2,20}\]\s|[A-Z][A-Z0-9]{1,9}-\d+\b|(?:as an? .{2,60}\b(?:i want|i need|i can)\b)|als .{2,60} (?:möchte|will) ich|en tant qu|como .{2,60} quiero|(?:bug|fix|feat|chore|spike|story|task|epic|refactor|docs)(?:\([^)]*\))?\s*[:!]|(?:ios|android|web|backend|frontend|api)\s*:)"
    r"|\b(?:returns? (?:4|5)\d\d|stack ?trace|nullpointer|null pointer|does(?:n't| not) work|is broken|throws|crash(?:es)? (?:when|on|if)|cannot |can't |fails? (?:when|to|with|if)|button|dropdown|tooltip)\b",
    re.IGNORECASE,
)


def guess(text: str) -> Level:
    """Return `key_result` unless the text is marked, or plainly reads, as an objective or an item."""
    if _KEY_RESULT.search(text):
        return "key_result"
    if _OBJECTIVE.search(text):
        return "objective"
    if _ITEM.search(text):
        return "item"
    language = chosen_language(text, None)
    if language not in LANGUAGES:
        return "key_result"
    reading = read(text, language)
    grammar = study(reading)
    if reading.numbers or grammar.has_target or reading.placeholders:
        return "key_result"
    aspiring = any(mask & BIT["aspire"] for mask in reading.bits)
    if grammar.head_class == "aspire" or (aspiring and grammar.object_class not in ("metric", "world")):
        return "objective"
    return "key_result"
