"""What a digest calls new is new to its channel: since the last digest, not since the audit of yesterday."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from conftest import AS_OF

from okrbot.app import App
from okrbot.slack.digests import plan
from okrbot.store import tables as t

WEEK = dt.timedelta(days=7)


def test_the_first_digest_is_a_first_look_though_audits_ran_before(organisation: App) -> None:
    with organisation.store() as store:
        organisation.audit(store, as_of=AS_OF + dt.timedelta(days=1))
        digest = organisation.digests(store, product="Shop", as_of=AS_OF + dt.timedelta(days=2))[0]
    assert digest.first
    assert not digest.quiet


def test_a_daily_audit_does_not_make_the_week_quiet(organisation: App) -> None:
    with organisation.store() as store:
        first = organisation.digests(store, product="Shop", as_of=AS_OF)[0]
        with store.begin() as db:
            key = plan(db, organisation.config, first, now=AS_OF, due=AS_OF, titles={})
            db.execute(sa.update(t.deliveries).where(t.deliveries.c.key == key).values(state="sent"))
        quiet = organisation.digests(store, product="Shop", as_of=AS_OF + WEEK)[0]
        organisation.audit(store, as_of=AS_OF + dt.timedelta(days=5))  # a daily audit in between takes the news in
        again = organisation.digests(store, product="Shop", as_of=AS_OF + WEEK)[0]
    assert (again.new, len(again.resolved), again.first) == (quiet.new, len(quiet.resolved), False)
    assert again.new + len(again.resolved) > 0
    assert not again.quiet
