"""Run the rules of a user's own: through the gate, in a child process, on the columns they read."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import duckdb

from okrbot.factbook import SUBJECTS, table
from okrbot.rulebook import SEVERITIES, Page, RuleError
from okrbot.rulebook.page import Mistake, refuse
from okrbot.rulebook.query import Result, mistakes, mistakes_on_paper, run_query
from okrbot.sandbox import Broken, Cell, Reads, Refusal, admit


class OwnRules:
    """Runs pages that did not come with okrbot, outside of this process; one child serves all of `pages` until one must be stopped.

    `connection` holds the fact tables, `own` the settings that the configuration overrides, by rule, `blind` the
    products of which a rule may judge nothing.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        as_of: dt.datetime,
        pages: Sequence[Page],
        own: Mapping[str, Mapping[str, Any]],
        *,
        blind: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.as_of = as_of
        self._blind = blind or {}
        self._connection = connection
        wanted: dict[str, set[str]] = {}
        for page in pages:
            try:
                reads = admit(page.query, _arguments(page, own.get(page.name, {})), connection=connection)
            except Refusal:
                continue  # said when the page is asked
            _add(wanted, page, reads)
        self._cell = Cell(connection, wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._cell.close()

    def __call__(self, page: Page, settings: Mapping[str, Any]) -> Result:
        """Return what `page` says. Raises RuleError that names the rule and what stopped it."""
        gate(page, settings, connection=self._connection)
        ask = functools.partial(
            run_query, page=page, settings=dict(settings), as_of=self.as_of, blind=tuple(self._blind.get(page.name, ()))
        )
        try:
            said = self._cell.ask(ask, query=page.query, arguments=_arguments(page, settings))
        except Broken as broken:
            raise RuleError(page.path, page.sql_line + broken.line, f"the rule '{page.name}' gave no verdict: {broken.message}") from None
        try:
            return _result(said)
        except (KeyError, TypeError, ValueError) as odd:
            raise RuleError(page.path, page.sql_line, f"the rule '{page.name}' gave no verdict: {odd}") from None


def _result(said: Any) -> Result:
    """Return the child's answer as a result. What it names is looked up outside: only kinds of subject and severities we know."""
    rows = tuple(dict(row) for row in said["rows"])
    for row in rows:
        if row.get("subject_kind") not in (None, *SUBJECTS):
            raise ValueError(f"subject_kind {str(row['subject_kind'])[:40]!r} must be one of {', '.join(SUBJECTS)}.")
        if row.get("severity") not in (None, *SEVERITIES):
            raise ValueError(f"severity {str(row['severity'])[:40]!r} must be one of {', '.join(SEVERITIES)}.")
        row["key"] = str(row["key"])
    by_product = {str(name): (int(pair[0]), int(pair[1])) for name, pair in said["by_product"].items()}
    blind = {str(name): int(number) for name, number in said["blind"].items()}
    return Result(int(said["checked"]), int(said["unsure"]), rows, by_product, blind)


def gate(page: Page, settings: Mapping[str, Any] | None = None, *, connection: duckdb.DuckDBPyConnection | None = None) -> Reads:
    """Return what the query of a user's page reads; `connection` parses it. Raises RuleError with the line of what is refused."""
    plain = re.sub(r"\{\{|\}\}", "", page.question)
    wrong: list[Mistake] = [
        (1, f"the question uses {part}. Between braces stands the name of a column and nothing else: {{key}}.")
        for part in re.findall(r"\{[^}]*\}?", plain)
        if not re.fullmatch(r"\{[A-Za-z_][A-Za-z0-9_]*\}", part)
    ]
    try:
        reads = admit(page.query, _arguments(page, settings or {}), connection=connection)
    except Refusal as no:
        wrong.append((page.sql_line + no.line, no.message))
    refuse(page.path, wrong)
    return reads


def check_own(page: Page, cell: Cell) -> None:
    """Check a user's page as `check_page` does, but in the child: even its examples cannot run away. Raises RuleError."""
    try:
        gate(page)
    except RuleError as refused:  # what is refused is not run; what can be told without running it is told
        refuse(page.path, [*refused.mistakes, *mistakes_on_paper(page)])
    try:
        said = cell.ask(functools.partial(mistakes, page), query=page.query, arguments=_arguments(page, {}), read_only=False)
    except Broken as broken:
        line = broken.line if broken.kind == "RuleError" else page.sql_line + broken.line
        raise RuleError(page.path, line, broken.message) from None
    refuse(page.path, [(int(line), str(message)) for line, message in said])


def _arguments(page: Page, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {**page.settings, **settings}


def _add(wanted: dict[str, set[str]], page: Page, reads: Reads) -> None:
    for name in reads.tables | {page.subject}:
        columns = {column.name for column in table(name).columns}
        wanted.setdefault(name, set()).update(columns if reads.every else columns & (reads.columns | {"key", "product"}))
