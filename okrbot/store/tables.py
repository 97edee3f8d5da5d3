"""The tables of the store, written once for SQLite and PostgreSQL.

Instants are milliseconds since the epoch in UTC (0 = unknown), days are ISO texts, lists and objects are JSON texts.
A change here needs a step in `migrations/`; a test compares the two.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True, nullable=False)


def _json(name: str, empty: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=empty)


def _serial() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


# --- what the trackers said -------------------------------------------------------------------------------------------

items = sa.Table(
    "items",
    metadata,
    _key("source"),
    _key("id"),
    _text("key"),
    _text("title"),
    _text("kind"),
    _text("their_kind"),
    _number("level"),
    _text("state"),
    _text("their_state"),
    _text("backlog"),
    _text("parent"),
    _number("created"),
    _number("updated"),
    _number("started"),
    _number("finished"),
    _text("due"),
    _text("start"),
    _text("body"),
    _json("labels", "[]"),
    _json("components", "[]"),
    _json("versions", "[]"),
    _json("sprints", "[]"),
    _json("goals", "[]"),
    _json("fields", "{}"),
    sa.Column("estimate", sa.Float),
    _text("priority"),
    _text("rank"),
    _text("team"),
    _text("project"),
    _text("assignee"),
    _text("reporter"),
    _text("resolution"),
    _text("url"),
    _number("restricted"),
    _number("archived"),
    _number("history"),
    _number("text_hash"),  # of title and body: judgements are kept by it
    _number("hidden_since"),  # 0 = visible at the last census
)

changes = sa.Table(
    "changes",
    metadata,
    _key("source"),
    _key("item"),
    _key("id"),
    _number("at"),
    _text("field"),
    _text("before"),
    _text("after"),
    _text("before_text"),
    _text("after_text"),
    _text("author"),
    _text("author_kind"),
)

links = sa.Table(
    "links",
    metadata,
    _key("source"),
    _key("item"),
    _key("kind"),
    _key("target"),
    _text("their_kind"),
    _text("target_key"),
)

notes = sa.Table(
    "notes",
    metadata,
    _key("source"),
    _key("subject"),
    _key("id"),
    _number("at"),
    _text("kind"),
    _text("author"),
    _text("author_kind"),
    _text("body"),
    _text("health"),
)

aliases = sa.Table("aliases", metadata, _key("source"), _key("key"), _text("id"))

backlogs = sa.Table(
    "backlogs",
    metadata,
    _key("source"),
    _key("id"),
    _text("key"),
    _text("name"),
    _text("kind"),
    _text("parent"),
    _text("url"),
    _number("private"),
    _number("archived"),
    _text("timezone"),
)

sprints = sa.Table(
    "sprints",
    metadata,
    _key("source"),
    _key("id"),
    _text("name"),
    _text("state"),
    _number("start"),
    _number("end"),
    _number("completed"),
    _text("goal"),
    _text("backlog"),
)

# --- the OKR side -----------------------------------------------------------------------------------------------------

cycles = sa.Table("cycles", metadata, _key("source"), _key("name"), _text("start"), _text("end"))

objectives = sa.Table(
    "objectives",
    metadata,
    _key("source"),
    _key("id"),
    _text("title"),
    _text("cycle"),
    _text("level"),
    _text("parent"),
    _text("product"),
    _text("team"),
    _text("owner"),
    _text("status"),
    _text("body"),
    _number("created"),
    _number("archived"),
    _text("url"),
    _text("where"),
    _number("first_seen"),
    _number("gone_since"),
)

key_results = sa.Table(
    "key_results",
    metadata,
    _key("source"),
    _key("id"),
    _text("objective"),
    _text("title"),
    _text("metric"),
    _text("unit"),
    sa.Column("baseline", sa.Float),
    sa.Column("target", sa.Float),
    sa.Column("current", sa.Float),
    _text("start"),
    _text("due"),
    _text("owner"),
    _text("kind"),
    _text("cadence"),
    _text("progress"),
    _text("status"),
    sa.Column("lag_days", sa.Integer),
    _json("items", "[]"),
    _number("created"),
    _number("archived"),
    _text("closing_note"),
    _text("url"),
    _text("where"),
    _number("first_seen"),
    _number("gone_since"),
)

check_ins = sa.Table(
    "check_ins",
    metadata,
    _key("source"),
    _key("key_result"),
    _key("on"),
    sa.Column("value", sa.Float),
    sa.Column("confidence", sa.Float),
    _text("status"),
    _text("note"),
    _text("author"),
)

goal_changes = sa.Table(
    "goal_changes",
    metadata,
    _key("source"),
    _key("goal"),
    sa.Column("at", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
    _key("field"),
    _text("kind"),
    _text("before"),
    _text("after"),
    _text("author"),
)

# --- runs and coverage ------------------------------------------------------------------------------------------------

pulls = sa.Table(
    "pulls",
    metadata,
    _serial(),
    _text("source"),
    _number("started"),
    _number("ended"),
    _text("verdict"),  # running | complete | partial | refused
    _text("settings_hash"),
    sa.Column("checkpoint", sa.Text),
    sa.Column("resume", sa.Text),
    sa.Column("expected", sa.BigInteger),
    _number("read"),
    _number("with_history"),
    _number("pages"),
    _text("account"),
    _json("problems", "[]"),
    sa.Index("pulls_by_source", "source", "id"),
)

# --- findings and their life ------------------------------------------------------------------------------------------

audits = sa.Table(
    "audits",
    metadata,
    _serial(),
    _number("as_of"),
    _number("ran"),
    _json("scores", "{}"),  # {product: {score: value}}
    _json("rules", "[]"),  # one object a rule: rule, outcome, checked, flagged, reason
)

findings = sa.Table(
    "findings",
    metadata,
    _key("rule"),
    _key("subject"),  # "kind:source/key" ; see audit.subject_id
    _text("family"),
    _text("severity"),
    _text("subject_kind"),
    _text("source"),
    _text("key"),
    _text("title"),
    _text("url"),
    _text("product"),
    _text("backlog"),
    _text("note"),
    _text("question"),
    _json("evidence", "{}"),
    _number("restricted"),
    _number("first_seen"),
    _number("last_seen"),
    _text("state"),  # open | waived | resolved | returned
    _number("state_since"),
    sa.Index("findings_by_state", "state", "product"),
)

finding_events = sa.Table(
    "finding_events",
    metadata,
    _serial(),
    _text("rule"),
    _text("subject"),
    _number("at"),
    _text("what"),  # opened | resolved | returned | waived | waiver_ended | asked | answered
    _text("detail"),
    sa.Index("finding_events_by_finding", "rule", "subject"),
)

waivers = sa.Table(
    "waivers",
    metadata,
    _serial(),
    _text("rule"),  # "*" = every rule
    _text("subject"),
    _text("who"),
    _text("why"),
    _number("created"),
    _number("until"),  # 0 = until it changes
    _text("fingerprint"),  # of what the finding said; a waiver "until it changes" ends when this does
    _number("ended"),  # 0 = in force unless `until` has passed
    _text("answer"),  # id of the answer it came from
    sa.Index("waivers_by_rule", "rule", "subject"),
)

overrides = sa.Table(
    "overrides",
    metadata,
    _serial(),
    _text("what"),  # work_class | key_result | judgement
    _text("subject"),  # "item:source/key", or the text's hash for a judgement
    _text("value"),
    _text("text"),  # the judged text, so that it can be given back as an example
    _text("who"),
    _text("why"),
    _number("created"),
    _number("ended"),
    _text("answer"),
    sa.Index("overrides_by_subject", "what", "subject"),
)

paused_rules = sa.Table("paused_rules", metadata, _key("rule"), _number("since"), _text("reason"), _number("kept"))

judgements = sa.Table(
    "judgements",
    metadata,
    _key("task"),  # item_text@3f9a01bc, twins@77e1d2c0 ...: the name with a mark of the judge
    sa.Column("text_hash", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
    _json("verdict", "{}"),
)

# --- conversation -----------------------------------------------------------------------------------------------------

prompts = sa.Table(
    "prompts",
    metadata,
    _key("id"),
    _text("rule"),
    _text("subject"),
    _text("product"),
    _text("person"),  # Slack user id
    _text("kind"),  # question | followup | connect
    _number("created"),
    _number("asked"),
    _number("closed"),
    _text("state"),  # planned | asked | answered | superseded | expired
    _text("channel"),
    _text("ts"),
    _number("version"),
    _json("payload", "{}"),
)

answers = sa.Table(
    "answers",
    metadata,
    _key("id"),  # workspace, prompt, user, action_ts: one delivery, one row
    _text("prompt"),
    _text("person"),
    _text("action"),
    _json("value", "{}"),
    _number("at"),
    _number("current"),  # 1 = the answer that counts
    _number("undone"),
    _text("outcome"),  # accepted | also_said | late | refused
    _number("applied"),
    sa.Index("answers_by_prompt", "prompt"),
)

people = sa.Table(
    "people",
    metadata,
    _key("person"),  # Slack user id
    _text("name"),  # how an owner is written in the config, e.g. po@acme.example
    _text("timezone"),
    _number("seen"),
    _json("settings", "{}"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    _key("key"),  # kind + product + channel + period
    _text("kind"),
    _text("product"),
    _text("channel"),
    _text("period"),
    _text("method"),
    _json("payload", "{}"),
    _text("payload_hash"),
    _text("state"),  # planned | sending | sent | doubt | held | skipped | refused
    _number("due"),
    _number("created"),
    _number("attempts"),
    _number("started"),
    _number("sent"),
    _number("not_before"),
    _text("holder"),
    _text("channel_id"),
    _text("ts"),
    _text("error"),
    _text("thread_of"),
    sa.Index("deliveries_by_state", "state", "due"),
)

firings = sa.Table(
    "firings",
    metadata,
    _key("job"),
    _key("period"),
    _text("holder"),
    _number("claimed"),
    _number("done"),
    _text("outcome"),
)

writes = sa.Table(
    "writes",
    metadata,
    _key("id"),
    _text("source"),
    _text("item"),
    _text("action"),
    _json("payload", "{}"),
    _text("state"),  # planned | sending | done | failed | reversed
    _number("created"),
    _number("done"),
    _text("ref"),
    _text("message"),
)

settings = sa.Table("settings", metadata, _key("name"), _json("value", "{}"))
