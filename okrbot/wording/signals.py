"""Notice what an item's text states: who, which problem, what shall change, how it is measured, and what kind of container it is.

Every signal carries the words it was seen in. Words come from lexicon/item_signals.txt; each text is read once, word by
word; patterns run only on what that reading points to.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re

from okrbot.wording import item_patterns as patterns
from okrbot.wording.item_features import heads_of
from okrbot.wording.item_reading import Reading, phrases_of, read_text
from okrbot.wording.item_text import BODY_LIMIT, TITLE_LIMIT
from okrbot.wording.items import judge_item

LANGUAGES = ("en", "de", "fr", "es", "pt", "nl")


@dataclasses.dataclass(frozen=True, slots=True)
class Signal:
    """How sure it is that something is stated (0 = not seen), and the words of the text that state it."""

    confidence: float = 0.0
    span: str = ""

    def __bool__(self) -> bool:
        return self.confidence >= 0.5


ABSENT = Signal()


@dataclasses.dataclass(frozen=True, slots=True)
class ItemSignals:
    """What an item's title and body state. `known` is False for a language without a lexicon: then nothing was judged."""

    who: Signal = ABSENT  # a customer, user or other actor
    problem: Signal = ABSENT  # a problem or need
    change: Signal = ABSENT  # what somebody will do differently
    measure: Signal = ABSENT  # a metric
    baseline: Signal = ABSENT  # where the metric is today
    target: Signal = ABSENT  # where it shall be
    hypothesis: Signal = ABSENT  # "we believe … will …", an assumption
    criteria_only: Signal = ABSENT  # nothing but acceptance criteria
    instrument_metric: Signal = ABSENT  # the item is there to make something measurable
    project_container: Signal = ABSENT  # phase 2, roll-out, project X, migration wave
    regulation: Signal = ABSENT  # a law or a standard asks for it
    repro_steps: Signal = ABSENT  # steps to reproduce, stack trace
    staged: Signal = ABSENT  # exposed step by step: flag, pilot, beta
    output_only: float = 0.0  # confidence that none of who, problem, change and measure is stated
    language: str = ""
    known: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class UpdateSignals:
    """What a status update speaks of: work shipped, a result in the world, something learned."""

    shipped: Signal = ABSENT
    result: Signal = ABSENT
    learning: Signal = ABSENT
    language: str = ""
    known: bool = True


def signals(title: str, body: str = "", language: str | None = None) -> ItemSignals:
    """Return what an item's text states, with the words that state it.

    `language` is an ISO code; None detects it. At most 500 characters of the title and 8,000 of the body are read. In a
    language without a lexicon only the container, regulation and steps to reproduce are looked for and `known` is False.
    """
    head, tail = title[:TITLE_LIMIT].strip(), body[:BODY_LIMIT]
    text = head + "\n" + tail
    spoken = _language(text[:300]) if language is None else language[:2].lower()
    read = read_text(text)
    container, regulation = _container(head), _section(read, "regulation", 0.85)
    repro = _first(patterns.REPRO, text, 0.95) if "repro" in read.found else ABSENT
    if spoken and spoken not in LANGUAGES:
        return ItemSignals(project_container=container, regulation=regulation, repro_steps=repro, language=spoken, known=False)
    heads = _headings(text) if ":" in tail or "\n" in tail else {}
    measure = _best(heads.get("measure", ABSENT), _measure(read))
    baseline, target = _numbers(text, measured=bool(measure)) if any(map(str.isdigit, text)) else (ABSENT, ABSENT)
    if not measure and target and patterns.UNIT.search(target.span):
        measure = Signal(0.6, target.span)
    who = _best(heads.get("who", ABSENT), _who(read, text))
    problem = _best(heads.get("problem", ABSENT), _section(read, "problem", 0.8))
    if not problem and head:
        judged = judge_item(head, "", spoken)
        if judged.kind == "problem":
            problem = Signal(min(judged.confidence, 0.8), head[:120])
    change = _best(heads.get("change", ABSENT), _change(read))
    hypothesis = _best(heads.get("hypothesis", ABSENT), _hypothesis(read, text))
    stated = bool(who or problem or change or measure or hypothesis)
    return ItemSignals(
        who=who,
        problem=problem,
        change=change,
        measure=measure,
        baseline=baseline,
        target=target,
        hypothesis=hypothesis,
        criteria_only=_criteria(tail, stated=bool(problem or measure or hypothesis)),
        instrument_metric=_instrument(head),
        project_container=container,
        regulation=regulation,
        repro_steps=repro,
        staged=_section(read, "staged", 0.7),
        output_only=0.0 if stated or not read.words else round(0.72 + min(len(tail.strip()), 300) / 300 * 0.2, 2),
        language=spoken,
    )


def update_signals(text: str, language: str | None = None) -> UpdateSignals:
    """Return whether a status update speaks of shipped work, of a result in the world, of something learned."""
    text = text[:BODY_LIMIT]
    spoken = _language(text[:300]) if language is None else language[:2].lower()
    if spoken and spoken not in LANGUAGES:
        return UpdateSignals(language=spoken, known=False)
    read = read_text(text)
    result = ABSENT
    moved = _near(read, "metric", "direction")
    if moved or "metric" in read.found:
        number = any(map(str.isdigit, text))
        if moved:
            result = Signal(0.9 if number else 0.75, moved)
        elif number and re.search(r"\d\s?%", text):
            result = Signal(0.7, read.span("metric"))
    if any(map(str.isdigit, text)):
        result = _best(result, _told(text))
    result = _best(result, _section(read, "result", 0.6))
    return UpdateSignals(shipped=_section(read, "shipped", 0.85), result=result, learning=_section(read, "learning", 0.8), language=spoken)


@functools.lru_cache(maxsize=512)
def _language(text: str) -> str:
    from okrbot.wording.language import detect

    return detect(text)


def _best(one: Signal, other: Signal) -> Signal:
    return one if one.confidence >= other.confidence else other


def _told(text: str) -> Signal:
    """Return a result that is told in numbers without the name of a metric; versions, dates and counts of our own work are none."""
    for window in _windows(text):
        for pattern in (patterns.MOVED, patterns.SAVED, patterns.LESS):
            found = pattern.search(window)
            if found and not patterns.DOTTED.search(found.group()) and not patterns.WORK_COUNTED.search(window[: found.end()]):
                amounts = [part.strip() for part in found.groups() if part]
                if pattern is patterns.LESS or all(patterns.UNIT.search(part) for part in amounts) or pattern is patterns.MOVED:
                    return Signal(0.8, " ".join(found.group().split()))
    return ABSENT


def _section(read: Reading, section: str, confidence: float) -> Signal:
    found = read.found.get(section)
    return Signal(round(min(confidence + 0.03 * (len(found) - 1), 0.97), 2), read.span(section)) if found else ABSENT


def _first(pattern: re.Pattern[str], text: str, confidence: float) -> Signal:
    found = pattern.search(text)
    return Signal(confidence, " ".join(found.group().split())[:120]) if found else ABSENT


def _headings(text: str) -> dict[str, Signal]:
    found: dict[str, Signal] = {}
    for match in patterns.HEADING.finditer(text):
        name = match.group(1).lower()
        signal = next((signal for start, signal in patterns.HEADINGS.items() if name.startswith(start)), "")
        rest = text[match.end() : match.end() + 200].strip().split("\n", 1)[0]
        if signal and rest and rest.lower() not in ("n/a", "tbd", "-", "none"):
            found.setdefault(signal, Signal(0.9, rest[:120]))
    return found


def _who(read: Reading, text: str) -> Signal:
    story = patterns.STORY.search(text) if "role" in read.found else None
    if story:
        return Signal(0.95, story.group(1).strip())
    for first, last in read.found.get("who", ()):
        follows = read.words[last + 1] if last + 1 < len(read.words) else ""
        single = not read.words[last].endswith("s")
        if single and follows in phrases_of("technical"):
            continue
        return Signal(0.85, read.text[read.starts[first] : read.ends[last]])
    return ABSENT


def _near(read: Reading, one: str, other: str, reach: int = 6) -> str:
    """Return the text from a word of `one` to a word of `other` at most `reach` words apart, "" if there is none."""
    for first, last in read.found.get(one, ()):
        for begin, end in read.found.get(other, ()):
            if begin != first and -reach <= begin - last <= reach:
                low, high = min(first, begin), max(last, end)
                return read.text[read.starts[low] : read.ends[high]]
    return ""


def _measure(read: Reading) -> Signal:
    found = read.found.get("metric")
    if not found:
        return ABSENT
    return Signal(0.85 if len(found) > 1 or any(map(str.isdigit, read.text)) else 0.7, read.span("metric"))


def _change(read: Reading) -> Signal:
    stated = _section(read, "change", 0.75)
    moved = _near(read, "direction", "metric")
    return _best(Signal(0.85, moved) if moved else ABSENT, stated)


def _hypothesis(read: Reading, text: str) -> Signal:
    if "hypothesis" not in read.found:
        return _first(patterns.IF_THEN, text, 0.7) if "condition" in read.found else ABSENT
    return _best(_first(patterns.BELIEVE, text, 0.95), _section(read, "hypothesis", 0.75))


def _numbers(text: str, *, measured: bool) -> tuple[Signal, Signal]:
    """Return baseline and target. Bare numbers count only beside a metric: "from 2.1 to 3.0" may be versions."""
    base = goal = ABSENT
    for window in _windows(text):
        for move in patterns.FROM_TO.finditer(window):
            low, high = (part.strip() for part in (move.group(1) or move.group(3), move.group(2) or move.group(4)))
            dotted = patterns.DOTTED.search(move.group())
            if patterns.UNIT.search(low) or patterns.UNIT.search(high) or (measured and not dotted):
                return Signal(0.9, low), Signal(0.9, high)
        today = patterns.BASE.search(window)
        if today and not base and (measured or patterns.UNIT.search(today.group(1).strip())):
            base = Signal(0.8, " ".join(today.group().split()))
        for found in patterns.GOAL.finditer(window):
            if not goal and patterns.UNIT.search(found.group(1).strip()) and (today is None or found.start(1) != today.start(1)):
                goal = Signal(0.8, " ".join(found.group().split()))
    return base, goal


def _windows(text: str) -> list[str]:
    """Return the surroundings of the first forty numbers, so that the patterns of numbers need not read the rest."""
    edges: list[tuple[int, int]] = []
    for number in itertools.islice(patterns.NUMBER.finditer(text), 40):
        low, high = max(0, number.start() - 45), number.end() + 30
        if edges and low <= edges[-1][1]:
            edges[-1] = (edges[-1][0], high)
        else:
            edges.append((low, high))
    return [text[low:high] for low, high in edges]


def _criteria(body: str, *, stated: bool) -> Signal:
    lines = [line for line in body.split("\n") if line.strip()]
    if not lines or stated:
        return ABSENT
    titled = [line for line in lines if patterns.CRITERIA.search(line)]
    points = [line for line in lines if patterns.CRITERION.match(line)]
    if len(points) + len(titled) >= 0.8 * len(lines) and (titled or len(points) >= 2):
        return Signal(0.9 if titled else 0.75, (titled or points)[0].strip()[:120])
    return ABSENT


def _instrument(title: str) -> Signal:
    read = read_text(title)
    found = read.found.get("instrument")
    if not found:
        return ABSENT
    opens = found[0][0] <= 1
    about = "metric" in read.found or "events" in read.found
    if opens and about:
        return Signal(0.9, read.span("instrument"))
    measuring = read.found.get("measuring", ())
    return Signal(0.75, read.span("instrument")) if about or (opens and found[0] in measuring) else ABSENT


def _container(title: str) -> Signal:
    for pattern, confidence in ((patterns.PLACE, 0.9), (patterns.PROJECT, 0.8), (patterns.ROLLOUT, 0.75)):
        found = pattern.search(title)
        if found and not (pattern is patterns.PROJECT and any("uipart" in heads_of(word) for word in title.lower().split())):
            return Signal(confidence, found.group().strip())
    programme = patterns.PROGRAMME.search(title)
    if programme and (programme.group(1) or "").lower() not in phrases_of("sold") and not patterns.MADE.match(title):
        return Signal(0.65, programme.group().strip())
    return ABSENT
