"""Take the title of a backlog item apart: tags before it, its words, and the shapes that speak (story form, code, versions)."""

from __future__ import annotations

import dataclasses
import re

from okrbot.wording.wrapping import unwrapped

TITLE_LIMIT = 500
BODY_LIMIT = 8000

_KEY = re.compile(r"^\s*[A-Z][A-Z0-9]{1,9}-\d+\s*[:\-–]?(?:\s+|$)")
_BRACKET = re.compile(r"^\s*[\[【({<]([^\])}>】]{1,40})[\])}>】]\s*[:\-–]?\s*")
_COMMIT = re.compile(
    r"^\s*(feat|fix|docs?|chore|ci|build|tests?|refactor|perf|style|revert|deps|bugfix|hotfix)\s*(?:\(([^)]{0,40})\))?!?:\s+", re.IGNORECASE
)
_COLON = re.compile(r"^\s*([^\W\d_][^:.?!,;\"“]{0,38}?)\s*(?::(?![:/])\s+|：|\s+[-–—|]\s+)(?=\S)")
_ELISION = re.compile(r"\b(l|d|qu|n|s|j|m|c)['’](?=\w)", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]+(?:[-'’./+#&][^\W_]+)*\+{0,2}")
_HUMP = re.compile(r"\b[a-z]+[a-z0-9]*[A-Z]\w*|\b[A-Z][a-z0-9]+[A-Z]\w*|\w+\(\)|\w::\w|`[^`]{1,80}`|\b\w+_\w+\b|\b[a-z]\w+\.[a-z]\w+\b")
_RAISED = re.compile(r"\b\w*[a-z](?:Exception|Error|Fault)\b|\bNPE\b|\bOOM\b|\bSIG(?:SEGV|ABRT)\b")
_TESTED = re.compile(r"\b[Tt]est[A-Z]\w+|\b\w+(?:Test|Tests|Spec|IT)\b|\.(?:spec|test)\.")
_VERSION = re.compile(r"\bv?\d+\.\d+(?:\.\d+)*\b|\bv\d+\b")
_STATUS = re.compile(r"\b(?:error |http |status |code )?(?:40[0-9]|42[29]|50[0-4])\b", re.IGNORECASE)
_STORY = re.compile(
    r"^\W*(?:as an?|als|en tant qu[e'’]|como|in my role as)\s*(.{2,80}?)[,;:]?\s+(?:i|we|möchte|will|wil|je|j['’]|quiero|necesito|quero|preciso|gostaria|kann|kan|weiß|weet|no|não|pierdo|perco|mis|verpasse)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:i|we)(?: would|['’]d)? (?:want|like|wish|need|should|must|can|expect|prefer)\b(?! to know| to understand| to see whether)|\b(?:möchte|will|wil|soll|je veux|je souhaite|je voudrais|j['’]aimerais|quiero|quisiera|necesito|quero|gostaria|preciso|debo|devo)\b(?! saber| wissen| weten| savoir)",
    re.IGNORECASE,
)
_BUILDER = re.compile(
    r"\b(developer|dev|devops|engineer|maintainer|operator|sre|entwickler|développeur|desarrollador|programador|desenvolvedor|ontwikkelaar|tester|qa)\b",
    re.IGNORECASE,
)

_TAGS = {
    "bug": "bug bugs bugfix hotfix fix defect regression crash error fehler anomalie incident erreur error erro fout bug-report broken issue sev1 sev2 prod-bug bogue fallo falha",
    "solution": "feat feature features fr feature-request feature-req enhancement enh improvement rfe request new-feature story user-story us proposal idea suggestion wish mvp epic ux design "
    "funktion wunsch verbesserung fonctionnalité amélioration idée funcionalidad mejora idea funcionalidade melhoria ideia functie verbetering idee",
    "maintenance": "chore ci build test tests testing refactor refactoring docs doc documentation style perf revert deps dependencies tech-debt techdebt technical-debt debt maintenance cleanup clean-up infra infrastructure security "
    "release devops ops tooling migration upgrade qa lint ci/cd spike-tech housekeeping tech technical doku dokumentation wartung dette-technique maintenance deuda-técnica mantenimiento dívida-técnica débito-técnico manutenção onderhoud technische-schuld dependabot",
    "problem": "question problem research discovery pain-point pain user-problem user-need need opportunity user-research problem-statement insight help support how-to frage problème problema probleem question pregunta pergunta vraag hmw",
    "learn": "spike investigate investigation analysis poc experiment explore",
}
TAGS = {word: kind for kind, words in _TAGS.items() for word in words.split()}


@dataclasses.dataclass(frozen=True, slots=True)
class ItemText:
    """A title taken apart. `tags` are the words of tags before it, `kinds` what known tags stand for, `words` are lower case."""

    rest: str
    tags: tuple[str, ...]
    kinds: tuple[str, ...]
    words: tuple[str, ...]
    shapes: tuple[str, ...]


def take_apart(title: str) -> ItemText:
    """Return the parts of a title; only its first 500 characters are read."""
    rest = _KEY.sub("", unwrapped(title[:TITLE_LIMIT]).strip())
    tags: list[str] = []
    kinds: list[str] = []
    commit = _COMMIT.match(rest)
    if commit:
        tags.append("cc-" + commit.group(1).lower())
        tags += [part for part in re.split(r"[\s,/]+", (commit.group(2) or "").lower()) if part]
        kinds.append(TAGS[commit.group(1).lower()])
        rest = rest[commit.end() :]
    for _ in range(3):
        found = _BRACKET.match(rest) or _COLON.match(rest)
        if not found or found.end() >= len(rest):
            break
        words = found.group(1).lower().split()
        name = "-".join(words)
        if len(words) > 3 or (
            len(words) > 1 and name not in TAGS and rest.lstrip()[:1] not in "[(【{<" and found.group(0).rstrip()[-1:] not in ":："
        ):
            break
        known = TAGS.get(name) or next((TAGS[word] for word in words if word in TAGS), None)
        tags.append(name)
        if known:
            kinds.append(known)
        rest = rest[found.end() :]
    text = _ELISION.sub(r"\1' ", rest) if "'" in rest or "’" in rest else rest
    words_of = tuple(word.replace("’", "'") for word in _TOKEN.findall(text.lower()))
    return ItemText(rest, tuple(tags), tuple(kinds), words_of, tuple(_shapes(rest, len(words_of))))


def _shapes(rest: str, count: int) -> list[str]:
    shapes = [f"n{min(count, 16) // 2}"]
    if "?" in rest:
        shapes.append("asks")
    if any(character.isdigit() for character in rest):
        shapes.append("digit")
        if _VERSION.search(rest):
            shapes.append("version")
        if _STATUS.search(rest):
            shapes.append("status")
        if "%" in rest:
            shapes.append("percent")
    if _HUMP.search(rest):
        shapes.append("code")
    if _RAISED.search(rest):
        shapes.append("raised")
    if _TESTED.search(rest):
        shapes.append("tested")
    if '"' in rest or "“" in rest or "«" in rest:
        shapes.append("quote")
    story = _STORY.match(rest)
    if story:
        wish = _WISH.search(rest, story.end(1))
        shapes.append("story" if wish else "plight")
        if _BUILDER.search(story.group(1)):
            shapes.append("builder")
    return shapes
