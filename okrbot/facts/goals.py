"""Judge the wording of key results and objectives, and how near two goals are, as columns for the facts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from okrbot.config import Config
from okrbot.similar import similarity
from okrbot.store.writing import text_hash
from okrbot.wording import Judgement, Level, judge, traits

_LANGUAGES = ("en", "de", "fr", "es", "pt", "nl")


def judge_goals(
    connection: duckdb.DuckDBPyConnection, config: Config, said: Mapping[tuple[Level, int], str], model: Mapping[Level, Mapping[int, Any]]
) -> tuple[str, ...]:
    """Make `work.kr_text`, `work.objective_text` and `work.objective_near` for every key result and objective.

    A person's verdict (`said`, by level and the text's hash) goes before a language model's (`model`), and that before the
    built-in judge's. Returns what the audit should say about it, as sentences.
    """
    voices = _Voices(said, model)
    glossary = {word.lower(): meaning.lower() for product in config.products for word, meaning in product.glossary.items()}
    krs = connection.execute("select id, title, metric, objective from work.kr order by id").fetchall()
    objectives = connection.execute("select id, title from work.objective order by id").fetchall()
    kr_traits = {id_: traits(title) for id_, title, _, _ in krs}
    _fill(connection, "kr_text", _KR, [_key_result_row(id_, title, kr_traits[id_], voices) for id_, title, _, _ in krs])
    _fill(connection, "objective_text", _OBJECTIVE, [_objective_row(id_, title, voices) for id_, title in objectives])
    _near(connection, dict(objectives), [(id_, title, objective) for id_, title, _, objective in krs], glossary)
    return voices.problems()


_KR = {
    "id": "varchar", "text_kind": "varchar", "text_confidence": "double", "text_known": "boolean", "quote": "varchar", "delivery_verb": "boolean",
    "about_backlog": "boolean", "is_lagging": "boolean", "is_upkeep": "boolean", "has_actor": "boolean", "has_metric": "boolean",
}  # fmt: skip
_OBJECTIVE = {"id": "varchar", "text_kind": "varchar", "text_confidence": "double", "has_actor": "boolean", "has_metric": "boolean"}


class _Voices:
    """Whose word counts for a goal's text, and how often a language model and the built-in judge differed."""

    def __init__(self, said: Mapping[tuple[Level, int], str], model: Mapping[Level, Mapping[int, Any]]) -> None:
        self._said = said
        self._model = model
        self.judged = 0
        self.differ = 0

    def judge(self, title: str, level: Level) -> Judgement:
        """Return the verdict that counts."""
        verdict = judge(title, level=level)
        if kind := self._said.get((level, text_hash(title.strip()))):
            return dataclasses.replace(verdict, kind=kind, confidence=1.0)
        asked = self._model.get(level, {}).get(text_hash(title))
        if asked is None:
            return verdict
        self.judged += 1
        self.differ += asked["kind"] != verdict.kind
        because = tuple(asked["because"]) or verdict.because
        return dataclasses.replace(verdict, kind=asked["kind"], confidence=asked["confidence"], because=because)

    def problems(self) -> tuple[str, ...]:
        """Return the disagreement as a sentence, () if there is none."""
        if not self.differ:
            return ()
        return (f"the language model and the built-in judge differ on {self.differ} of {self.judged} goals; the model's word counts.",)


def _key_result_row(id_: str, title: str, found: Any, voices: _Voices) -> tuple[Any, ...]:
    verdict = voices.judge(title, "key_result")
    known = verdict.language in _LANGUAGES
    quote = verdict.because[0] if verdict.because else ""
    return (
        id_, verdict.kind, verdict.confidence, known, quote,
        bool(found.delivery_verb or found.activity_verb), found.about_backlog, bool(found.lagging), bool(found.business_as_usual), bool(found.actor),
        bool(found.metric),
    )  # fmt: skip


def _objective_row(id_: str, title: str, voices: _Voices) -> tuple[Any, ...]:
    verdict = voices.judge(title, "objective")
    found = traits(title)
    return (id_, verdict.kind, verdict.confidence, bool(found.actor), bool(found.metric))


def _near(
    connection: duckdb.DuckDBPyConnection,
    objectives: Mapping[str, str],
    krs: Sequence[tuple[str, str, str]],
    glossary: Mapping[str, str],
) -> None:
    def spoken(text: str) -> str:
        return " ".join(glossary.get(word, word) for word in text.lower().split())

    parents = dict(connection.execute("select id, parent from work.objective_parent").fetchall())
    own_krs: dict[str, list[tuple[str, str]]] = {}
    for id_, title, objective in krs:
        own_krs.setdefault(objective, []).append((id_, title))
    rows = []
    for id_, parent in sorted(parents.items()):
        title = spoken(objectives[id_])
        above = [spoken(kr_title) for _, kr_title in own_krs.get(parent, [])]
        rows.append((id_, similarity(title, spoken(objectives[parent])), max((similarity(title, kr) for kr in above), default=None)))
    _fill(connection, "objective_near", {"id": "varchar", "to_parent": "double", "to_parent_kr": "double"}, rows)


def _fill(connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
    unnested = ", ".join(f'unnest(?::{type_}[]) as "{column}"' for column, type_ in columns.items())
    connection.execute(f"create table work.{name} as select {unnested}", [[row[i] for row in rows] for i in range(len(columns))])
