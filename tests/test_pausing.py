"""A rule that nobody acts on is paused by itself, says so, and runs again by a word; a first audit is a summary."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from conftest import AS_OF

from okrbot.app import App
from okrbot.audit.pausing import keep, pause_ignored, pauses
from okrbot.render import text_audit
from okrbot.store import tables as t

LATER = AS_OF + dt.timedelta(weeks=5)


def _told(db: sa.Connection) -> None:
    """Let people have heard of the findings since the audit."""
    at = int(AS_OF.timestamp() * 1000)
    db.execute(
        sa.insert(t.prompts).values(
            id="p", rule="r", subject="s", product="Shop", person="U1", kind="question", created=at, asked=at, state="asked"
        )
    )


def test_nothing_is_paused_before_anybody_was_told(organisation: App) -> None:
    with organisation.store() as store, store.begin() as db:
        assert pause_ignored(db, now=LATER) == []


def test_a_rule_acted_on_in_too_few_findings_is_paused_and_says_so(organisation: App, run) -> None:
    with organisation.store() as store:
        with store.begin() as db:
            _told(db)
            of_rule = [row.subject for row in db.execute(sa.select(t.findings.c.subject).where(t.findings.c.rule == "no_key_result"))]
            acted = len(of_rule) * 3 // 10 + 1
            for subject in of_rule[:acted]:
                at = int((AS_OF + dt.timedelta(weeks=2)).timestamp() * 1000)
                db.execute(sa.insert(t.finding_events).values(rule="no_key_result", subject=subject, at=at, what="answered", detail=""))
        audit = organisation.audit(store, as_of=LATER)
        with store.connect() as db:
            resting = pauses(db)
        assert "no_key_result" not in resting, "three in ten were acted on"
        assert "output_only" in resting
        again = organisation.audit(store, as_of=LATER + dt.timedelta(days=1))
        said = next(rule for rule in again.rules if rule.rule == "output_only")
        assert said.outcome == "not_checked"
        assert "paused since" in said.reason
        assert "okrbot rules keep output_only" in said.reason
        assert not [f for f in again.findings if f.rule == "output_only"]
        assert not [f for f in again.resolved if f.rule == "output_only"], "what is not looked at is not mended"
        assert "paused since" in text_audit(again)
        assert "[output_only]" in text_audit(again).split("paused since", 1)[1]
        digest = organisation.digests_of(store, again)[0]
        assert any("paused since" in reason for _, reason in digest.not_checked)
        assert [f for f in audit.findings if f.rule == "output_only"]
    assert "output_only runs again" in run("rules", "keep", "output_only", config=organisation.config.path).output
    with organisation.store() as store:
        kept = organisation.audit(store, as_of=LATER + dt.timedelta(days=2))
    assert [f for f in kept.findings if f.rule == "output_only"]


def test_a_kept_rule_is_never_paused(organisation: App) -> None:
    with organisation.store() as store, store.begin() as db:
        _told(db)
        keep(db, "output_only", now=AS_OF)
        paused = {pause.rule for pause in pause_ignored(db, now=LATER, kept=["no_success_measure"])}
    assert paused
    assert not {"output_only", "no_success_measure"} & paused


def test_the_first_audit_of_a_big_backlog_is_a_summary(organisation: App) -> None:
    with organisation.store() as store:
        with store.begin() as db:
            db.execute(sa.delete(t.audits))
            db.execute(sa.delete(t.findings))
        first = organisation.audit(store, as_of=AS_OF)
        second = organisation.audit(store, as_of=LATER)
    assert first.first
    assert len(first.findings) > 60
    assert len(text_audit(first).splitlines()) < len(text_audit(second).splitlines())
    assert "--all shows them" in text_audit(first)
    assert len(text_audit(first, everything=True).splitlines()) > 2 * len(first.findings)
