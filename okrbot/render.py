"""Sentences and pages from `templates/`, by Jinja in its strictest form; every text from a tracker is escaped for where it goes."""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from okrbot.digest import SEVERITY_ORDER, Digest
from okrbot.findings import NOTHING, Audit, Finding, RuleOutcome

MOST_A_RULE = 5
MANY = 60  # findings; a first audit with more is told in summary
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


def templates_folder() -> Path:
    """Return the folder of the templates: inside the installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "templates"


@functools.cache
def _environment(html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(templates_folder()),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {"plain": plain, "count": count, "safe_url": safe_url}
    return environment


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return `templates/<template>` filled with `values`; names ending in .html.j2 are escaped for HTML."""
    return _environment(".html" in template).get_template(template).render(**values)


def plain(text: str, width: int = 0) -> str:
    """Return foreign text fit for a terminal: no control characters, one line, cut to `width` characters if given."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if not width or len(line) <= width else line[: width - 1].rstrip() + "…"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: 1 finding, 3 findings, no findings."""
    noun = one if number == 1 else many or f"{one}s"
    return f"{number:,} {noun}" if number else f"no {noun}"


def safe_url(url: str) -> str:
    """Return `url` if it is an http address, else ""."""
    return url if re.match(r"https?://[^\s\"'<>]+$", url) else ""


def text_digest(digest: Digest) -> str:
    """Return the digest as it would look in Slack, for a terminal."""
    when = digest.as_of.astimezone(zoneinfo.ZoneInfo(digest.zone))
    return render("digest.txt.j2", {"d": digest, "when": when, "headline": headline(digest)})


def headline(digest: Digest) -> str:
    """Return the sentence for someone who reads only that."""
    return render("headline.txt.j2", {"d": digest, "aligned": digest.score("aligned")}).strip()


def text_audit(audit: Audit, *, everything: bool = False) -> str:
    """Return the audit for a terminal: findings by rule, the first few of each unless `everything`, then what could not be seen."""
    groups: dict[str, list[Finding]] = {}
    for finding in audit.findings:
        if finding.state != "waived":
            groups.setdefault(finding.rule, []).append(finding)
    titles = {rule.rule: rule.title for rule in audit.rules}
    order = sorted(groups, key=lambda rule: (min(SEVERITY_ORDER[f.severity] for f in groups[rule]), rule))
    found = sum(len(group) for group in groups.values())
    # The first look at a big backlog is a summary: one example a rule, not four hundred findings.
    most = 1_000_000 if everything else 1 if audit.first and found > MANY else MOST_A_RULE
    sections = [(titles.get(rule, rule), rule, groups[rule][:most], max(0, len(groups[rule]) - most), groups[rule]) for rule in order]
    live = [f for group in groups.values() for f in group if not f.product]
    goals = sum(1 for f in live if f.subject_kind in ("key_result", "objective"))
    homeless = [
        (name, number) for name, number in (("Goals of no product", goals), ("Other work of no product", len(live) - goals)) if number
    ]
    clear = [_named(rule) for rule in audit.rules if rule.outcome == "clear"]
    off = [(reason, [_named(rule) for rule in rules]) for reason, rules in silent_rules(audit)]
    partly = [(rule, _named(rule)) for rule in partly_judged(audit)]
    return render("audit.txt.j2", {"a": audit, "sections": sections, "homeless": homeless, "off": off, "partly": partly, "clear": clear})


def silent_rules(audit: Audit) -> list[tuple[str, list[RuleOutcome]]]:
    """Return the rules that gave no verdict by reason: broken ones first, those with nothing to judge last."""
    reasons: dict[str, list[RuleOutcome]] = {}
    for rule in sorted(audit.rules, key=lambda rule: (rule.outcome != "failed", rule.reason == NOTHING)):
        if rule.outcome in ("failed", "not_checked"):
            how = "broken" if rule.outcome == "failed" else "not checked"
            reasons.setdefault(f"{how}: {rule.reason}", []).append(rule)
    return list(reasons.items())


def partly_judged(audit: Audit) -> list[RuleOutcome]:
    """Return the rules that judged some of their subjects and could not judge others; `reason` says how many and why."""
    return [rule for rule in audit.rules if rule.outcome in ("flagged", "clear") and rule.unsure and rule.reason]


def _named(rule: RuleOutcome) -> str:
    return f"{plain(rule.title)} [{rule.rule}]"
