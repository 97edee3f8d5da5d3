"""What a link between issues means in our words, by the phrase Jira shows and by the name of its type."""

from __future__ import annotations

from functools import lru_cache

from okrbot.words import fold

from .shapes import LinkType

# Phrases as `fold` leaves them; the first column is what the item does to the target.
_PHRASES = {
    "blocks": "blocks, blockiert, bloque, bloquea, bloqueia, blokkeert, blocca, gates, is required by, is depended on by, is a dependency of",
    "blocked_by": "is blocked by, blocked by, wird blockiert von, wird blockiert durch, wird durch blockiert, ist blockiert durch, est bloqué par, est bloquée par, "
    "está bloqueado por, está bloqueada por, é bloqueado por, wordt geblokkeerd door, è bloccato da, depends on, depends upon, hängt ab von, dépend de, depende de, "
    "hangt af van, is gated by, requires, has to be done after",
    "duplicates": "duplicates, dupliziert, duplique, duplica, est un doublon de, ist ein duplikat von, dupliceert",
    "duplicated_by": "is duplicated by, wird dupliziert von, wird dupliziert durch, est dupliqué par, está duplicado por, é duplicado por, wordt gedupliceerd door",
    "clones": "clones, klont, clone, clona, kloont",
    "cloned_by": "is cloned by, wird geklont von, est cloné par, está clonado por, é clonado por, wordt gekloond door",
    "relates": "relates to, relates, is related to, bezieht sich auf, hat bezug zu, steht in beziehung zu, est lié à, se rapporte à, está relacionado con, "
    "relaciona se com, está relacionado a, heeft betrekking op, è correlato a",
    "validates": "validates, is validating, validiert, valide, valida, proves, is evidence for, tests the hypothesis",
    "measures": "measures, measures the effect of, misst, mesure, mide, mede, meet",
}
_BY_PHRASE = {fold(phrase): kind for kind, phrases in _PHRASES.items() for phrase in phrases.split(",")}
_BY_TYPE = {
    "blocks": ("blocks", "blocked_by"),
    "blocker": ("blocks", "blocked_by"),
    "duplicate": ("duplicates", "duplicated_by"),
    "duplicates": ("duplicates", "duplicated_by"),
    "cloners": ("clones", "cloned_by"),
    "relates": ("relates", "relates"),
    "related": ("relates", "relates"),
}


@lru_cache(maxsize=1024)
def kind_of_phrase(phrase: str, type_name: str = "", inward: bool = False) -> str:
    """Return our kind for a phrase ("is blocked by") or, if nobody knows it, for its type's name; else the phrase itself."""
    folded = fold(phrase)
    kind = _BY_PHRASE.get(folded)
    if kind is None and (pair := _BY_TYPE.get(fold(type_name))) is not None:
        kind = pair[inward]
    return kind or folded or fold(type_name) or "relates"


def link_kind(link: LinkType | None, *, inward: bool) -> tuple[str, str]:
    """Return (our kind, their phrase) of a link as its issue sees it."""
    if link is None:
        return "relates", ""
    their = (link.inward if inward else link.outward) or link.name or ""
    return kind_of_phrase(their, link.name or "", inward), their


def kind_in_sentence(sentence: str) -> str:
    """Return our kind for history's "This issue is blocked by SHOP-12"; the longest known phrase in it decides."""
    folded = f" {fold(sentence)} "
    best = max((phrase for phrase in _BY_PHRASE if f" {phrase} " in folded), key=len, default="")
    if best:
        return _BY_PHRASE[best]
    words = folded.split()
    return " ".join(words[2:-2]) if words[:2] == ["this", "issue"] and len(words) > 4 else "relates"
