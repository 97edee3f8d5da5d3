"""Run one rule's query on fact tables, and check a page against empty tables and its own examples.

A query gives one row a subject: `key` and `note`, and if it likes
- `flagged`: true, false, or null where the facts do not allow a verdict. Without the column every row is flagged;
- `severity`: another severity for this row;
- `subject_kind`: another kind of subject for this row;
any further column may be used in the question as {column}.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import string
from collections.abc import Collection, Mapping
from typing import Any

import duckdb

from okrbot.factbook import NEEDS, TABLES, Column, table
from okrbot.rulebook.page import SEVERITIES, ExampleTable, Mistake, Page, RuleError, Scenario, refuse

EXAMPLE_INSTANT = dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC)
STOPPED = (duckdb.InterruptException, duckdb.OutOfMemoryException)  # a query that took too much: the next would, too
SPECIAL = ("key", "note", "flagged", "severity", "subject_kind")
ROWS_SHOWN = 100_000  # flagged subjects; a rule that flags more is broken, not right


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What one query said: how many subjects it judged, could not judge, and the flagged rows by key.

    `by_product` gives (judged, flagged) of each product; `blind` how many of each product were not judged, since data of
    that product is missing.
    """

    checked: int
    unsure: int
    rows: tuple[dict[str, Any], ...]
    by_product: Mapping[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    blind: Mapping[str, int] = dataclasses.field(default_factory=dict)


def run_query(
    connection: duckdb.DuckDBPyConnection, page: Page, settings: Mapping[str, Any], as_of: dt.datetime, *, blind: Collection[str] = ()
) -> Result:
    """Return what `page` says about the fact tables of `connection`. Raises duckdb.Error if the query breaks.

    Subjects of the products in `blind` are not judged, whatever the page says of them. The verdicts stay in the engine: only flagged rows come to Python.
    """
    connection.execute(f"create or replace temp table verdict as {page.query}", _arguments(page, settings, as_of))
    columns = [row[0] for row in connection.execute("describe verdict").fetchall()]
    product = f"coalesce({'s.key' if page.subject == 'product' else 's.product'}, '')"
    said = "cast(v.flagged as boolean)" if "flagged" in columns else "true"
    flagged = f"case when not list_contains($blind::varchar[], {product}) then {said} end"
    seen = f"verdict v left join {page.subject} s on s.key = cast(v.key as varchar)"
    hidden = {"blind": list(blind)}
    counts = connection.execute(
        f"""select {product}, count({flagged}), count(*) filter ({flagged} is null), count(*) filter ({flagged})
            from {seen} group by all""",  # noqa: S608 -- known names
        hidden,
    ).fetchall()
    checked = sum(row[1] for row in counts)
    unjudged = {row[0]: row[2] for row in counts if row[0] in blind and row[2]}
    if "flagged" not in columns:
        checked = max(checked, _population(connection, page.subject, product, hidden))
    if sum(row[3] for row in counts) > ROWS_SHOWN:
        raise duckdb.InvalidInputException(f"flags more than {ROWS_SHOWN} subjects; narrow its where clause")
    cursor = connection.execute(f"select v.* from {seen} where {flagged} order by cast(v.key as varchar)", hidden)  # noqa: S608 -- known names
    rows = tuple(dict(zip(columns, row, strict=True)) for row in cursor.fetchall())
    return Result(checked, sum(row[2] for row in counts), rows, {row[0]: (row[1], row[3]) for row in counts}, unjudged)


def _population(connection: duckdb.DuckDBPyConnection, subject: str, product: str, hidden: Mapping[str, Any]) -> int:
    row = connection.execute(f"select count(*) from {subject} s where not list_contains($blind::varchar[], {product})", hidden).fetchone()  # noqa: S608 -- one of six known names
    return int(row[0]) if row else 0


def _arguments(page: Page, settings: Mapping[str, Any], as_of: dt.datetime) -> dict[str, Any]:
    values = {**page.settings, **settings, "as_of": as_of.astimezone(dt.UTC).replace(tzinfo=None)}
    return {name: values[name] for name in page.parameters}


def empty_facts() -> duckdb.DuckDBPyConnection:
    """Return a connection to empty fact tables, with nothing reachable outside of it."""
    connection = duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""})
    for fact in TABLES:
        connection.execute(fact.create())
    connection.execute("set enable_external_access = false")
    return connection


def check_page(page: Page, connection: duckdb.DuckDBPyConnection | None = None) -> None:
    """Check that the page's query fits the fact tables and that its examples hold. Raises RuleError with all that is wrong."""
    refuse(page.path, mistakes(page, connection))


def mistakes(page: Page, connection: duckdb.DuckDBPyConnection | None = None) -> list[Mistake]:
    """Return (line, what is wrong) for everything in which the page does not fit the fact tables, its question or its examples.

    Raises RuleError or duckdb.Error where the query had to be stopped.
    """
    connection = connection or empty_facts()
    wrong = mistakes_on_paper(page)
    columns = _check_query(page, connection, wrong)
    if columns is None:
        return wrong
    wrong.extend(
        (1, f"the question uses {{{name}}}, which the query does not return. It returns {', '.join(columns)}.")
        for name in _named(page.question) or ()
        if name not in (*columns, "key", "title")
    )
    for scenario in page.scenarios:
        try:
            wrong.extend(run_scenario(page, scenario, connection))
        except RuleError as error:
            if isinstance(error.__cause__, STOPPED):
                raise
            wrong.extend(error.mistakes)
    return wrong


def mistakes_on_paper(page: Page) -> list[Mistake]:
    """Return (line, what is wrong) for what can be told without running the query: settings, braces, the number of examples."""
    wrong: list[Mistake] = [
        (page.sql_line + _row_of(page.sql, f":{name}"), f":{name} is no setting. Add `{name} = …` to the toml block.")
        for name in _unknown(page)
    ]
    wrong.extend(
        (1, f"the setting '{name}' is not used in the query. Use :{name} or remove it.")
        for name in page.settings
        if name not in page.parameters
    )
    if _named(page.question) is None:
        wrong.append((1, "the question's braces do not fit. Write {key}, or {{ for a brace."))
    marks = [flag for scenario in page.scenarios for rows in scenario.tables if rows.flagged for flag in rows.flagged]
    if not page.scenarios:
        wrong.append((1, "has no examples. Add a table of fact rows whose last column is 'flagged'."))
    elif marks.count(True) < 3 or marks.count(False) < 3:
        found = f"{marks.count(True)} flagged and {marks.count(False)} clear"
        wrong.append((page.scenarios[0].line, f"the examples hold {found} rows; at least three of each are needed."))
    return wrong


def _unknown(page: Page) -> list[str]:
    return [name for name in page.parameters if name not in page.settings and name != "as_of"]


def _named(question: str) -> list[str] | None:
    """Return the columns a question names, None where its braces do not fit."""
    try:
        return [name for _, name, _, _ in string.Formatter().parse(question) if name is not None]
    except ValueError:
        return None


def _check_query(page: Page, connection: duckdb.DuckDBPyConnection, wrong: list[Mistake]) -> list[str] | None:
    """Return the columns of the query, None where it does not run."""
    if _unknown(page):
        return None
    try:
        cursor = connection.execute(page.query, _arguments(page, {}, EXAMPLE_INSTANT))
        columns = [column[0] for column in cursor.description or ()]
    except STOPPED:
        raise
    except duckdb.Error as error:
        wrong.append((page.sql_line + _error_row(error), f"the query does not fit the fact tables: {_reason(error)}"))
        return None
    missing = [name for name in ("key", "note") if name not in columns]
    wrong.extend((page.sql_line, f"the query returns no column '{name}'. It must return key and note.") for name in missing)
    return None if missing else columns


def run_scenario(page: Page, scenario: Scenario, connection: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    """Return (line, what is wrong) for every example row that the query does not judge as its `flagged` column says."""
    for fact in TABLES:
        connection.execute(f"delete from {fact.name}")  # noqa: S608 -- known names
    for rows in scenario.tables:
        _insert(page, rows, connection)
    try:
        result = run_query(connection, page, {}, EXAMPLE_INSTANT)
    except STOPPED as error:
        raise RuleError(page.path, scenario.line, f"the query breaks on these examples: {_reason(error)}") from error
    except duckdb.Error as error:
        return [(scenario.line, f"the query breaks on these examples: {_reason(error)}")]
    found = {str(row["key"]): row.get("severity") or page.severity for row in result.rows}
    wrong = []
    for rows in scenario.tables:
        for offset, (row, flag, severity) in enumerate(zip(rows.rows, rows.flagged or (), rows.severities, strict=False), 2):
            key = dict(zip(rows.columns, row, strict=True))["key"]
            if (key in found) != flag:
                told = "is flagged, its example says it is clear" if key in found else "is not flagged, its example says it is"
                wrong.append((rows.line + offset, f"'{key}' {told}."))
            elif severity and found[key] != severity:
                wrong.append((rows.line + offset, f"'{key}' gets the severity {found[key]}, its example says {severity}."))
    keys = {row[rows.columns.index("key")] for rows in scenario.tables if rows.flagged for row in rows.rows}
    wrong.extend((scenario.line, f"'{stray}' is flagged but is no example row.") for stray in sorted(found.keys() - keys))
    wrong.extend(
        (scenario.line, f"'{row['key']}' gets the severity {row['severity']!r}; it must be one of {', '.join(SEVERITIES)}.")
        for row in result.rows
        if row.get("severity") not in (None, *SEVERITIES)
    )
    return wrong


def _insert(page: Page, rows: ExampleTable, connection: duckdb.DuckDBPyConnection) -> None:
    try:
        fact = table(rows.table)
    except KeyError:
        raise RuleError(
            page.path, rows.line, f"there is no fact table '{rows.table}'. There are {', '.join(t.name for t in TABLES)}."
        ) from None
    known = {column.name: column for column in fact.columns}
    for name in rows.columns:
        if name not in known:
            raise RuleError(page.path, rows.line, f"{fact.name} has no column '{name}'. See docs/facts.md.")
    if rows.flagged is not None and "key" not in rows.columns:
        raise RuleError(page.path, rows.line, "a table with 'flagged' needs the column 'key'.")
    for offset, row in enumerate(rows.rows, 2):
        values = {
            name: value
            for name, text in zip(rows.columns, row, strict=True)
            if (value := _value(page, rows.line + offset, known[name], text)) is not _DEFAULT
        }
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(f"cast(? as {known[name].type})" for name in values)
        try:
            connection.execute(f"insert into {fact.name} ({names}) values ({marks})", list(values.values()))  # noqa: S608 -- known names
        except duckdb.Error as error:
            raise RuleError(page.path, rows.line + offset, f"this example row does not fit: {_reason(error)}") from None


_DEFAULT = object()


def _value(page: Page, line: int, column: Column, text: str) -> Any:
    if text in ("null", "–", "-"):
        return None
    if column.type == "boolean":
        if text.lower() not in ("yes", "no", "true", "false", "x", ""):
            raise RuleError(page.path, line, f"'{text}' in the column {column.name} must be yes or empty.")
        return text.lower() in ("yes", "true", "x")
    if not text:
        return _DEFAULT
    if column.type == "text[]":
        return [part.strip() for part in text.split(",")]
    return text


def render_question(page: Page, row: Mapping[str, Any], title: str) -> str:
    """Return the page's question with the row's columns filled in."""
    values = {"title": title, **{name: _shown(value) for name, value in row.items()}}
    return page.question.format_map(values)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.2g}"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return "" if value is None else str(value)


def _reason(error: duckdb.Error) -> str:
    text = re.sub(r"^[A-Za-z ]+Error: ", "", str(error)).split("\n\nLINE", 1)[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[:2])


def _error_row(error: duckdb.Error) -> int:
    found = re.search(r"LINE (\d+):", str(error))
    return int(found.group(1)) - 1 if found else 0


def _row_of(text: str, part: str) -> int:
    return next((i for i, line in enumerate(text.splitlines()) if part in line), 0)


__all__ = ["NEEDS", "Result", "check_page", "empty_facts", "mistakes", "mistakes_on_paper", "render_question", "run_query", "run_scenario"]
