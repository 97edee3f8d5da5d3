"""From findings to the weekly digest of one product: one sentence, what changed, at most a few things to decide.

The digest is plain data; the terminal, Slack and the report show the same one.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Mapping, Sequence

from okrbot.config import Config
from okrbot.findings import NOTHING, Audit, Finding, ProductResult

SEVERITY_ORDER = {"high": 0, "medium": 1, "low": 2}
# Families in the order in which a decision is worth most to a product owner.
FAMILY_ORDER = ("outcome", "key_results", "integrity", "ladder", "splintering", "discovery", "project_model", "flow")
SAME_RULE = 2  # of one rule at most so many are named; the rest are counted with them
MOST_PROBLEMS = 4

# score: (what it is called, whether more is better, how it is written)
SCORES: dict[str, tuple[str, bool, str]] = {
    "aligned": ("of started work has a path to a key result", True, "share"),
    "effective": ("of started work serves a key result that moves", True, "share"),
    "efficient": ("of what was started is finished", True, "share"),
    "splinter": ("separately ranked backlogs, in effect", False, "number"),
    "layers": ("goal levels above the work, at the median", False, "number"),
    "coupling": ("of started work waits on or changed teams", False, "share"),
    "discovery": ("of started work is discovery", True, "share"),
    "followed_up": ("of shipped epics have a measured result", True, "share"),
    "factory": ("on the way from product (0) to feature factory (100)", False, "points"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """One score of the product now and at the audit before; `worse` and `better` are False when it did not move."""

    name: str
    meaning: str
    now: float | None
    before: float | None
    shown: str
    shown_before: str
    better: bool
    worse: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """One thing to decide: the finding, and how many others of its rule stand behind it."""

    finding: Finding
    also: int
    age_days: int


@dataclasses.dataclass(frozen=True, slots=True)
class Digest:
    """The week of one product. `quiet` weeks have nothing new to decide; `failed` says why there is no digest proper."""

    product: str
    channel: str
    period: str  # ISO week in the company's zone, e.g. 2026-W47
    as_of: dt.datetime
    zone: str
    first: bool
    quiet: bool
    scores: tuple[Score, ...]
    decisions: tuple[Decision, ...]
    more: int  # open findings beyond those named
    open: int
    new: int
    returned: int
    resolved: tuple[Finding, ...]
    waived: int
    restricted: int  # open findings on items that are counted, not named
    unseen: tuple[str, ...]  # sources that could not be read completely, in words
    notices: tuple[str, ...]  # other gaps, in words
    not_checked: tuple[tuple[str, str], ...]  # (rule's title, reason)
    failed_rules: tuple[tuple[str, str], ...]
    started: int = 0  # pieces of value work in progress or finished lately
    linked: int = 0  # those of them with a path to a key result; scores weigh by estimates where there are some

    def score(self, name: str) -> Score | None:
        """Return the score called `name`, None if the product has no such number."""
        return next((score for score in self.scores if score.name == name and score.now is not None), None)


def period_of(moment: dt.datetime, zone: str) -> str:
    """Return the ISO week of `moment` in `zone`, e.g. 2026-W47."""
    year, week, _ = moment.astimezone(zoneinfo.ZoneInfo(zone)).isocalendar()
    return f"{year}-W{week:02d}"


def make_digest(audit: Audit, product: ProductResult, config: Config, *, before: Mapping[str, float | None]) -> Digest:
    """Return the digest of `product`. `before` are its scores a week ago, {} if there are none."""
    mine = [f for f in audit.findings if f.product in (product.name, "") and (f.product or _serves(f, config))]
    live = [f for f in mine if f.state in ("open", "returned")]
    named = [f for f in live if not f.restricted]
    resolved = tuple(f for f in audit.resolved if f.product == product.name)
    fresh = [f for f in live if f.is_new]
    decisions = _decide(named, audit.as_of, config.digest.most)
    shown = sum(1 + d.also for d in decisions)
    zone = config.okrbot.timezone
    return Digest(
        product=product.name,
        channel=product.channel,
        period=period_of(audit.as_of, zone),
        as_of=audit.as_of,
        zone=zone,
        first=audit.first,
        quiet=not audit.first and not fresh and not resolved,
        scores=tuple(_score(name, product.scores.get(name), before.get(name)) for name in SCORES),
        decisions=decisions,
        more=max(0, len(live) - shown),
        open=len(live),
        new=len(fresh),
        returned=sum(1 for f in fresh if f.state == "returned"),
        resolved=resolved,
        waived=sum(1 for f in mine if f.state == "waived"),
        restricted=len(live) - len(named),
        unseen=tuple(_unseen(source.source, source.expected, source.read) for source in audit.coverage if not source.complete),
        notices=_notices(audit),
        not_checked=tuple(
            (rule.title, rule.reason or "") for rule in audit.rules if rule.outcome == "not_checked" and rule.reason != NOTHING
        ),
        failed_rules=tuple((rule.title, rule.reason or "") for rule in audit.rules if rule.outcome == "failed"),
        started=int(product.parts.get("aligned", {}).get("started") or 0),
        linked=int(product.parts.get("aligned", {}).get("linked") or 0),
    )


def _serves(finding: Finding, config: Config) -> bool:
    # A company goal belongs to no product; where there is one product it is that product's to talk about.
    return len(config.products) == 1 and not finding.product


def _decide(findings: Sequence[Finding], as_of: dt.datetime, most: int) -> tuple[Decision, ...]:
    ordered = sorted(findings, key=lambda f: _weight(f, as_of))
    counts = Counter(f.rule for f in findings)
    chosen: list[Finding] = []
    for finding in ordered:
        twice = any(f.subject == finding.subject for f in chosen)
        if len(chosen) < most and not twice and sum(1 for f in chosen if f.rule == finding.rule) < SAME_RULE:
            chosen.append(finding)
    named = Counter(f.rule for f in chosen)
    last = {f.rule: f for f in chosen}
    return tuple(
        Decision(f, counts[f.rule] - named[f.rule] if last[f.rule] is f else 0, max(0, (as_of - f.first_seen).days)) for f in chosen
    )


def _weight(finding: Finding, as_of: dt.datetime) -> tuple[int, int, int, int, str]:
    family = FAMILY_ORDER.index(finding.family) if finding.family in FAMILY_ORDER else len(FAMILY_ORDER)
    return (SEVERITY_ORDER[finding.severity], not finding.is_new, family, -(as_of - finding.first_seen).days, finding.key)


def _score(name: str, now: float | None, before: float | None) -> Score:
    meaning, more_is_better, form = SCORES[name]
    shown, shown_before = show_score(now, form), show_score(before, form)
    moved = now is not None and before is not None and shown != shown_before
    up = moved and now > before  # type: ignore[operator]
    return Score(name, meaning, now, before, shown, shown_before, moved and up == more_is_better, moved and up != more_is_better)


def show_score(value: float | None, form: str) -> str:
    """Return a score as people read it: a share as whole per cent, a number with one digit, points without."""
    if value is None:
        return "–"
    if form == "share":
        return f"{value * 100:.0f} %"
    return f"{value:.0f}" if form == "points" else f"{value:.1f}".removesuffix(".0")


def _unseen(source: str, expected: int | None, read: int) -> str:
    of = f" of {expected:,}" if expected is not None and expected > read else ""
    return f"{source} could not be read completely: {read:,}{of} items seen"


def _notices(audit: Audit) -> tuple[str, ...]:
    said = list(audit.problems)
    for source in audit.coverage:
        said += [
            f"{source.source}: {problem.where + ': ' if problem.where else ''}{problem.message}" for problem in source.coverage.problems
        ]
    rest = len(said) - MOST_PROBLEMS
    return (*said[:MOST_PROBLEMS], *((f"and {rest} more; see `okrbot pull`",) if rest > 0 else ()))
