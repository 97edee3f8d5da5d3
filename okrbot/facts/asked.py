"""What people and a language model said about texts: kept in the store by the text's hash, and put before the built-in judge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import duckdb
import sqlalchemy as sa

from okrbot.config import Config
from okrbot.model import clean
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.bulk import upsert
from okrbot.store.writing import text_hash
from okrbot.wording import LEVELS, Level
from okrbot.wording.llm import KINDS, LlmJudge, task

WHAT = "judgement"
_MARK = "judge:"  # before the level, in the column `answer` of what was taught from the shell


class Kept(MutableMapping[str, dict[str, Any]]):
    """A model's verdicts on texts of one level, in the table `judgements`; written at once, so that a killed run keeps them."""

    def __init__(self, store: Store, level: Level, model: str) -> None:
        self._store = store
        self._task = task(level, model)
        self._known = read_verdicts(store, self._task)

    def __getitem__(self, text: str) -> dict[str, Any]:
        return self._known[text_hash(text)]

    def __setitem__(self, text: str, verdict: dict[str, Any]) -> None:
        self._known[text_hash(text)] = verdict
        with self._store.begin() as db:
            upsert(db, t.judgements, [(self._task, text_hash(text), json.dumps(verdict, ensure_ascii=False))])

    def __delitem__(self, text: str) -> None:
        del self._known[text_hash(text)]

    def __iter__(self) -> Iterator[str]:
        return iter(())  # the texts themselves are not kept

    def __len__(self) -> int:
        return len(self._known)


def read_verdicts(store: Store, name: str) -> dict[int, dict[str, Any]]:
    """Return the verdicts kept under a task's name, by the text's hash."""
    with store.connect() as db:
        rows = db.execute(sa.select(t.judgements.c.text_hash, t.judgements.c.verdict).where(t.judgements.c.task == name))
        return {row.text_hash: json.loads(row.verdict) for row in rows}


def model_verdicts(store: Store, config: Config) -> dict[Level, dict[int, dict[str, Any]]]:
    """Return what the configured model said, by level and the text's hash; {} of each level where no model is configured."""
    if config.judge.kind != "llm":
        return {level: {} for level in LEVELS}
    return {level: read_verdicts(store, task(level, config.judge.model)) for level in LEVELS}


def consult(store: Store, judge: LlmJudge) -> None:
    """Ask the model about every key result and objective that is there now and that it has not judged yet."""
    k, o = t.key_results.c, t.objectives.c
    with store.connect() as db:
        results = db.execute(sa.select(k.title).where(k.gone_since == 0, k.archived == 0).distinct().order_by(k.title)).scalars().all()
        objectives = db.execute(sa.select(o.title).where(o.gone_since == 0, o.archived == 0).distinct().order_by(o.title)).scalars().all()
    for title in results:
        judge(title, level="key_result")
    for title in objectives:
        judge(title, level="objective")


# --- what people said -------------------------------------------------------------------------------------------------


def levels_of(kind: str) -> tuple[Level, ...]:
    """Return the levels at which `kind` is a verdict; () for a word that is none."""
    return tuple(level for level in LEVELS if kind in KINDS[level] and kind != "unclear")


def teach(db: sa.Connection, text: str, *, level: Level, kind: str, why: str, who: str, now: int) -> None:
    """Keep a person's verdict on `text`; an earlier one on the same text and level ends. `now` is in milliseconds."""
    forget(db, text, level=level, now=now)
    said = clean(text.strip())
    db.execute(
        sa.insert(t.overrides).values(
            what=WHAT,
            subject=str(text_hash(said)),
            value=kind,
            text=said,
            who=clean(who),
            why=clean(why),
            created=now,
            answer=_MARK + level,
        )
    )


def forget(db: sa.Connection, text: str, *, level: Level | None, now: int) -> int:
    """End what people said about `text` (at one level, or at every) and return how many verdicts that were."""
    o = t.overrides.c
    subject = str(text_hash(clean(text.strip())))
    rows = db.execute(sa.select(o.id, o.value, o.answer).where(o.what == WHAT, o.subject == subject, o.ended == 0)).all()
    ids = [row.id for row in rows if level is None or level in _levels(row.value, row.answer)]
    if ids:
        db.execute(sa.update(t.overrides).where(o.id.in_(ids)).values(ended=now))
    return len(ids)


def _levels(value: str, answer: str) -> tuple[Level, ...]:
    named = tuple(level for level in LEVELS if answer == _MARK + level and value in KINDS[level])
    return named or levels_of(value)


def taught_rows(store: Store) -> list[tuple[str, Level, str, str, str]]:
    """Return (text, level, kind, why, who) of everything people said that still holds, oldest first."""
    o = t.overrides.c
    with store.connect() as db:
        rows = db.execute(sa.select(o.text, o.value, o.why, o.who, o.answer).where(o.what == WHAT, o.ended == 0).order_by(o.id)).all()
    return [(row.text, level, row.value, row.why, row.who) for row in rows for level in _levels(row.value, row.answer)[:1]]


def taught(store: Store, *, as_of: int | None = None) -> dict[tuple[Level, int], str]:
    """Return people's verdicts by (level, hash of the text): those in force now, or at `as_of` (milliseconds); the newest wins."""
    o = t.overrides.c
    chosen = sa.select(o.subject, o.value, o.answer).where(o.what == WHAT).order_by(o.id)
    in_force = (o.ended == 0,) if as_of is None else (o.created <= as_of, sa.or_(o.ended == 0, o.ended > as_of))
    with store.connect() as db:
        rows = db.execute(chosen.where(*in_force)).all()
    found: dict[tuple[Level, int], str] = {}
    for row in rows:
        for level in _levels(row.value, row.answer):
            found[level, int(row.subject)] = row.value
    return found


def apply_to_items(connection: duckdb.DuckDBPyConnection, said: Mapping[tuple[Level, int], str]) -> None:
    """Give the items whose title a person judged that person's verdict in `work.text`."""
    mine = {hash_: kind for (level, hash_), kind in said.items() if level == "item"}
    if not mine:
        return
    titles = connection.execute("select n, title from work.item").fetchall()
    rows = [(n, mine[hash_]) for n, title in titles if (hash_ := text_hash(title.strip())) in mine]
    connection.execute(
        """update work.text x set text_kind = y.kind, confidence = 1.0
           from (select unnest(?::bigint[]) as n, unnest(?::varchar[]) as kind) y where y.n = x.n""",
        [[n for n, _ in rows], [kind for _, kind in rows]],
    )
