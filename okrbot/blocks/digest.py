"""The weekly digest as Slack messages: one in the channel that fits a phone, the details in its thread.

Sentences stand in `templates/slack_digest.j2`; what does not fit is counted, never sent as a second half.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from okrbot.blocks.escape import one_line
from okrbot.blocks.limits import MOST_CHARACTERS, MOST_FALLBACK, TEXTS, Block, check_message, size
from okrbot.blocks.pieces import actions, button, context, fields, header, section, table
from okrbot.blocks.sentences import say
from okrbot.digest import Digest, Score
from okrbot.prompts import mark
from okrbot.render import headline

TEMPLATE = "slack_digest.j2"
# Action ids carry a version: a message stays clickable for years.
OPEN, WHY, CHANGE_DAY, MUTE = "okr.v1.digest.open", "okr.v1.digest.why", "okr.v1.digest.day", "okr.v1.digest.mute"
GOAL_HEAD = ("Key result", "From", "Now", "To", "Progress", "Due", "Last check-in")
MOST_CHANGES, MOST_ROWS, MOST_KINDS, MOST_UNSEEN, MOST_GAPS = 4, 20, 20, 15, 5
OLD = dt.timedelta(days=2)  # data that was read longer ago is called old
BUDGET = MOST_CHARACTERS - 1000  # room for the line about being late, which is added when it is sent


@dataclasses.dataclass(frozen=True, slots=True)
class Post:
    """One message: `text` for notifications and screen readers, `blocks` for eyes."""

    text: str
    blocks: tuple[Block, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DigestPosts:
    """What is sent of one digest: the message, then the replies in its thread."""

    message: Post
    thread: tuple[Post, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Gap:
    """A source that could not be read completely, in words, and when it last was (None: never)."""

    words: str
    since: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class GoalLine:
    """Where one key result stands; numbers None where they are unknown."""

    title: str
    unit: str
    baseline: float | None
    current: float | None
    target: float | None
    due: str
    checked: str  # day of the last check-in, ISO; "" if there was none


def digest_posts(
    digest: Digest,
    *,
    gaps: Sequence[Gap] = (),
    goals: Sequence[GoalLine] = (),
    kinds: Mapping[str, int] | None = None,
    skipped: Sequence[str] = (),
    means: Mapping[str, str] | None = None,
    sources: Sequence[str] = (),
    read: dt.datetime | None = None,
    short: bool = True,
) -> DigestPosts:
    """Return the messages of one digest.

    `gaps` say what could not be read and since when (default: the digest's own words), `goals` are the product's key results,
    `kinds` counts open findings by their rule's title, `skipped` are periods whose digest was never sent, `means` are scores over
    the last four weeks as people read them, `sources` the trackers the data is from, `read` when the one
    that was read longest ago was last read completely (default: the digest's own instant). A quiet week is one line if `short`. Raises TooMuchError never: whatever the backlog, the result fits.
    """
    holes = tuple(gaps) or tuple(Gap(words, None) for words in digest.unseen)
    zone = zoneinfo.ZoneInfo(digest.zone)
    holes = tuple(Gap(h.words, h.since.astimezone(zone) if h.since else None) for h in holes)
    values: dict[str, Any] = {
        "d": digest,
        "week": int(digest.period[-2:]),
        "headline": headline(digest),
        "gaps": holes[:MOST_GAPS],
        "more_gaps": max(0, len(holes) - MOST_GAPS),
        "means": means or {},
        "sources": sources,
        "when": (read or digest.as_of).astimezone(zone),
        "old": (digest.as_of - read).days if read and digest.as_of - read >= OLD else 0,
    }
    if holes and all(score.now is None for score in digest.scores) and not digest.open:
        return DigestPosts(_failed(digest, values, skipped), ())
    if digest.quiet and short:
        return DigestPosts(_quiet(values, skipped), ())
    message, beyond = _message(digest, values, skipped)
    return DigestPosts(message, tuple(_thread(digest, values, goals, kinds or {}, beyond)))


def late_note(late: dt.timedelta, due: dt.datetime, zone: str) -> Block:
    """Return the line that says by how much a message is late. `due` is an aware instant."""
    hours = int(late.total_seconds() // 3600)
    words = f"{hours // 24} days" if hours >= 48 else f"{hours} hours" if hours >= 2 else f"{int(late.total_seconds() // 60)} minutes"
    return context(say(TEMPLATE, "late", {"late": words, "due": due.astimezone(zoneinfo.ZoneInfo(zone)), "zone": zone}))


def skipped_note(periods: Sequence[str]) -> Block:
    """Return the line that lists weeks whose digest was not sent."""
    newest = list(periods)[-6:]
    return context(say(TEMPLATE, "skipped", {"periods": newest, "more": len(periods) - len(newest)}))


def _message(digest: Digest, values: dict[str, Any], skipped: Sequence[str]) -> tuple[Post, int]:
    """Return the message and how many decisions did not fit: the last are left out until the rest does."""
    blocks: list[Block] = []
    for most in range(len(digest.decisions), -1, -1):
        blocks, beyond = _whole(digest, values, skipped, most)
        if size(blocks) <= BUDGET:
            break
    return _post(values, _shortened(blocks)), beyond


def _shortened(blocks: Sequence[Block]) -> list[Block]:
    """Return `blocks` with their longest footnotes left out until the whole fits: the headline and the decisions come first."""
    kept = list(blocks)
    while size(kept) > BUDGET:
        notes = [number for number, block in enumerate(kept) if block["type"] == "context"]
        others = [number for number, block in enumerate(kept) if block["type"] == "section"]
        if not (notes or others[1:]):
            break
        longest = max(notes or others[1:], key=lambda number: size([kept[number]]))
        del kept[longest]
    return kept


def _whole(digest: Digest, values: dict[str, Any], skipped: Sequence[str], most: int) -> tuple[list[Block], int]:
    blocks = [header(f"{digest.product}: work and goals, week {values['week']}"), section(say(TEMPLATE, "headline", values))]
    if values["gaps"]:
        blocks.append(section(_fit(say(TEMPLATE, "gaps", values))))
    if changes := _changes(digest.scores):
        blocks.append(fields([say(TEMPLATE, part, {"s": score, "mean": values["means"].get(score.name, "")}) for part, score in changes]))
    beyond = 0
    if most:
        lines, beyond = _decisions(digest, values, most)
        blocks.append(section(lines))
    hidden = sum(1 for f in digest.resolved if f.restricted)
    shown = {f.subject: f for f in reversed(digest.resolved) if not f.restricted}  # one item may have got rid of several findings
    rest = values | {"shown_resolved": [*shown.values()][::-1], "hidden_resolved": hidden}
    if small := say(TEMPLATE, "rest", rest):
        blocks.append(context(_fit(small)))
    if skipped:
        blocks.append(skipped_note(skipped))
    return [*blocks, context(say(TEMPLATE, "footer", values)), _footer(digest)], beyond + len(digest.decisions) - most


def _quiet(values: dict[str, Any], skipped: Sequence[str]) -> Post:
    blocks = [section(f"*{say(TEMPLATE, 'title', values)}.* {say(TEMPLATE, 'headline', values)}")]
    if values["gaps"]:
        blocks.append(section(_fit(say(TEMPLATE, "gaps", values))))
    if skipped:
        blocks.append(skipped_note(skipped))
    return _post(values, blocks)


def _failed(digest: Digest, values: dict[str, Any], skipped: Sequence[str]) -> Post:
    words = _fit(say(TEMPLATE, "failed", values))
    blocks = [header(f"{digest.product}: work and goals, week {values['week']}"), section(f":warning: {words}")]
    if len(values["gaps"]) > 1:
        blocks.append(section(_fit(say(TEMPLATE, "gaps", values | {"gaps": values["gaps"][1:]}))))
    if skipped:
        blocks.append(skipped_note(skipped))
    blocks.append(_footer(digest))
    return _post(values | {"headline": "could not be judged."}, blocks)


def _post(values: dict[str, Any], blocks: Sequence[Block]) -> Post:
    text = say(TEMPLATE, "fallback", values)
    check_message(blocks, text[:MOST_FALLBACK])
    return Post(text[:MOST_FALLBACK], tuple(blocks))


def _footer(digest: Digest) -> Block:
    named: dict[str, Any] = {"product": digest.product[:200], "period": digest.period}
    value = json.dumps(named)
    asked = json.dumps(named | {"decide": [mark(one.finding.rule, one.finding.subject) for one in digest.decisions]})
    first = [button("Decide…", OPEN, value=asked, style="primary")] if digest.decisions else []
    return actions(
        [
            *first,
            button("Why this?", WHY, value=value),
            button("Change day", CHANGE_DAY, value=value),
            button("Mute 4 weeks", MUTE, value=value, sure="For four weeks nobody in this channel gets this digest. Mute it?"),
        ],
        block_id=f"okr.v1.digest.{digest.period}",
    )


def _changes(scores: Sequence[Score]) -> list[tuple[str, Score]]:
    """Return what moved, then what stands, at most four: change before level. The score of the headline is not said again."""
    others = [s for s in scores if s.now is not None and s.name != "aligned"]
    moved = [("moved", s) for s in others if s.better or s.worse]
    stands = [("level", s) for s in others if not (s.better or s.worse)]
    return (moved + stands)[:MOST_CHANGES]


def _decisions(digest: Digest, values: dict[str, Any], most: int) -> tuple[str, int]:
    lines = [say(TEMPLATE, "decide", values)]
    for number, decision in enumerate(digest.decisions[:most], 1):
        line = say(TEMPLATE, "decision", values | {"x": decision, "number": number})
        if sum(len(text) + 2 for text in lines) + len(line) > TEXTS["section"]:
            return "\n\n".join(lines), most - number + 1
        lines.append(line)
    return "\n\n".join(lines), 0


def _thread(digest: Digest, values: dict[str, Any], goals: Sequence[GoalLine], kinds: Mapping[str, int], beyond: int) -> Iterable[Post]:
    known = [s for s in digest.scores if s.now is not None]
    if known:
        means = values["means"]
        columns = [("Now", [s.shown for s in known]), ("What", [s.meaning for s in known])]
        if any(s.before is not None for s in known):
            columns += [("A week ago", [s.shown_before for s in known]), ("Change", [_moved(s) for s in known])]
        if means:
            columns.append(("Four-week mean", [means.get(s.name, "–") for s in known]))
        rows = zip(*(cells for _, cells in columns), strict=True)
        yield _reply(say(TEMPLATE, "thread_scores", values), table([head for head, _ in columns], [*rows]))
    if goals:
        lines = [(g.title, _number(g.baseline, g.unit), _number(g.current, g.unit), _number(g.target, g.unit, last=True), _way(g), g.due, g.checked or "never")
                for g in goals[:MOST_ROWS]]  # fmt: skip
        yield _reply(say(TEMPLATE, "thread_goals", {"more": max(0, len(goals) - MOST_ROWS)}), table(GOAL_HEAD, lines))
    ordered = sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))
    if (ordered and digest.more) or beyond:
        said = {"kinds": ordered[:MOST_KINDS], "more_kinds": max(0, len(ordered) - MOST_KINDS), "beyond": beyond}
        yield _reply(_fit(say(TEMPLATE, "thread_rest", said)))
    if digest.failed_rules or digest.not_checked or digest.notices:
        failed, unchecked = digest.failed_rules[:MOST_UNSEEN], digest.not_checked[:MOST_UNSEEN]
        more = len(digest.failed_rules) + len(digest.not_checked) - len(failed) - len(unchecked)
        said = {"failed": failed, "not_checked": unchecked, "more": more, "notices": digest.notices[:6]}
        yield _reply(_fit(say(TEMPLATE, "thread_unseen", said)))


def _reply(text: str, *more: Block) -> Post:
    blocks = (section(text), *more)
    while size(blocks) > MOST_CHARACTERS and len(blocks[-1].get("rows", ())) > 1:
        blocks = (*blocks[:-1], blocks[-1] | {"rows": blocks[-1]["rows"][:-1]})
    check_message(blocks, text)
    return Post(text, blocks)


def _fit(text: str) -> str:
    """Return `text` cut at the end of a line so that it fits a section."""
    if len(text) <= TEXTS["section"]:
        return text
    lines = text[: TEXTS["section"] - 4].split("\n")[:-1]
    return "\n".join([*lines, "…"])


def _moved(score: Score) -> str:
    return "better" if score.better else "worse" if score.worse else "same" if score.before is not None else ""


def _number(value: float | None, unit: str, *, last: bool = False) -> str:
    """Return a number with its unit; a unit that is a word stands once a row, in the last column."""
    if value is None:
        return "unknown"
    shown = unit if last or not unit.strip().isalpha() or len(unit.strip()) == 1 else ""
    return one_line(f"{value:,.2f}".rstrip("0").rstrip(".") + (f" {shown}" if shown else ""), 40)


def _way(goal: GoalLine) -> str:
    """Return how much of the way from baseline to target is gone, in per cent; "" where it cannot be told."""
    if goal.baseline is None or goal.current is None or goal.target is None or goal.target == goal.baseline:
        return ""
    return f"{(goal.current - goal.baseline) / (goal.target - goal.baseline) * 100:.0f} %"
