"""Change the query and the settings of every rule page, one small thing at a time, and count the changes no example notices.

    python bench/mutate_rules.py [RULE ...]

What is changed: each predicate is turned round and dropped, `and` becomes `or`, each comparison shifts to its neighbour
(< to <=, = to <>), each number moves by one (or a tenth), each word changes, each setting too. The wording of the note and
of columns that only fill the question is left alone: examples check verdicts and severities, not sentences.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from okrbot.rulebook import Page, read_folder, shipped_folder
from okrbot.rulebook.query import EXAMPLE_INSTANT, empty_facts, run_scenario

Node = dict[str, Any]
VERDICT = ("flagged", "severity", "key", "subject_kind")
SHIFTED = {
    "COMPARE_LESSTHAN": "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHAN": "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_GREATERTHAN",
    "COMPARE_EQUAL": "COMPARE_NOTEQUAL",
    "COMPARE_NOTEQUAL": "COMPARE_EQUAL",
    "COMPARE_IN": "COMPARE_NOT_IN",
    "COMPARE_NOT_IN": "COMPARE_IN",
    "OPERATOR_IS_NULL": "OPERATOR_IS_NOT_NULL",
    "OPERATOR_IS_NOT_NULL": "OPERATOR_IS_NULL",
    "CONJUNCTION_AND": "CONJUNCTION_OR",
    "CONJUNCTION_OR": "CONJUNCTION_AND",
}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "least": "greatest", "greatest": "least", "min": "max", "max": "min"}


@dataclasses.dataclass(frozen=True, slots=True)
class Mutant:
    """One changed rule: what was changed, the changed query, the arguments it runs with."""

    what: str
    sql: str
    arguments: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """How many changes of one rule were tried, and those that no example noticed."""

    rule: str
    tried: int
    survivors: tuple[str, ...]


def mutants(page: Page, connection: duckdb.DuckDBPyConnection) -> Iterator[Mutant]:
    """Yield every changed form of `page`, each different from the page in one place."""
    values: dict[str, Any] = {**page.settings, "as_of": EXAMPLE_INSTANT.replace(tzinfo=None)}
    for name, value in page.settings.items():
        for other in _neighbours(value):
            yield Mutant(f"{name} = {value!r} -> {other!r}", page.query, _used(page.query, {**values, name: other}))
    tree = json.loads(_one(connection, "select json_serialize_sql($text)", page.query))
    original = _sql(connection, tree)
    for what, path, node in list(_changes(tree["statements"][0]["node"], ("statements", 0, "node"), outer=True)):
        changed = copy.deepcopy(tree)
        place = changed
        for step in path[:-1]:
            place = place[step]
        if isinstance(place[path[-1]], dict) and isinstance(node, dict):
            node = {**node, "alias": place[path[-1]].get("alias", "")}
        place[path[-1]] = node
        sql = _sql(connection, changed)
        if sql != original:
            yield Mutant(what, sql, _used(sql, values))


def _one(connection: duckdb.DuckDBPyConnection, statement: str, text: str) -> str:
    row = connection.execute(statement, {"text": text}).fetchone()
    return str(row[0]) if row else ""


def _sql(connection: duckdb.DuckDBPyConnection, tree: Node) -> str:
    return _one(connection, "select json_deserialize_sql($text)", json.dumps(tree))


def _used(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in set(re.findall(r"\$([a-z_][a-z0-9_]*)", sql)) if name in values}


def _neighbours(value: object) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value - 1, value + 1]
    if isinstance(value, float):
        return [value * 0.9, value * 1.1]
    return [f"{value}~"]


Change = tuple[str, tuple[Any, ...], Any]


def _changes(node: Any, path: tuple[Any, ...], *, outer: bool = False) -> Iterator[Change]:
    """Yield (what, path, replacement) for `node` and everything below it; `outer` marks the select whose rows are the verdicts."""
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from _changes(child, (*path, index))
        return
    if not isinstance(node, dict):
        return
    yield from _own(node, path)
    for name, child in node.items():
        if name == "select_list" and outer:
            for index, column in enumerate(child):
                if column.get("alias") in VERDICT:
                    yield from _predicate(column, (*path, name, index))
                    yield from _changes(column, (*path, name, index))
        elif name in ("where_clause", "having", "qualify", "when_expr") and child:
            yield from _predicate(child, (*path, name))
            yield from _changes(child, (*path, name))
        elif name not in ("modifiers", "order_bys"):
            yield from _changes(child, (*path, name))


def _predicate(node: Node, path: tuple[Any, ...]) -> Iterator[Change]:
    """Yield a whole condition turned round, and dropped."""
    if node["class"] in ("CASE", "CONSTANT") or node.get("alias") in ("severity", "key", "subject_kind"):
        return
    yield f"not ({_said(node)})", path, _turned(node)
    if node.get("alias") != "flagged":
        yield f"without {_said(node)}", path, _constant("BOOLEAN", "true")


def _own(node: Node, path: tuple[Any, ...]) -> Iterator[Change]:
    """Yield the changes of this node alone."""
    kind = node.get("type")
    if kind in SHIFTED:
        yield f"{_said(node)}: {kind} -> {SHIFTED[kind]}", path, {**node, "type": SHIFTED[kind]}
    if kind in ("CONJUNCTION_AND", "CONJUNCTION_OR"):
        children = node["children"]
        for index, child in enumerate(children):
            rest = children[:index] + children[index + 1 :]
            yield f"without {_said(child)}", path, rest[0] if len(rest) == 1 else {**node, "children": rest}
            if child["type"] not in SHIFTED:
                yield f"not ({_said(child)})", (*path, "children", index), _turned(child)
    elif kind in ("COMPARE_IN", "COMPARE_NOT_IN") and len(node["children"]) > 2:
        for index in range(1, len(node["children"])):
            rest = node["children"][:index] + node["children"][index + 1 :]
            yield f"{_said(node)} without {_said(node['children'][index])}", path, {**node, "children": rest}
    elif kind == "FUNCTION" and node["function_name"] in ARITHMETIC:
        other = ARITHMETIC[node["function_name"]]
        yield f"{_said(node)}: {node['function_name']} -> {other}", path, _renamed(node, other)
    elif kind == "FUNCTION" and node["function_name"] == "if":
        condition = node["arguments"][0]["expression"]
        if condition["type"] not in SHIFTED:
            yield f"not ({_said(condition)})", (*path, "arguments", 0, "expression"), _turned(condition)
    elif kind == "VALUE_CONSTANT":
        for literal in _literals(node["literal"]):
            yield f"{node['literal']['text']} -> {literal['text']}", path, {**node, "literal": literal}


def _renamed(node: Node, name: str) -> Node:
    return {**node, "function_name": name, "qualified_name": {"path": [name]}}


def _turned(node: Node) -> Node:
    if node["type"] == "OPERATOR_NOT":
        return dict(node["children"][0])
    return {
        "class": "OPERATOR",
        "type": "OPERATOR_NOT",
        "alias": "",
        "query_location": 0,
        "query_location_length": 0,
        "children": [{**node, "alias": ""}],
    }


def _constant(kind: str, text: str) -> Node:
    return {
        "class": "CONSTANT",
        "type": "VALUE_CONSTANT",
        "alias": "",
        "query_location": 0,
        "query_location_length": 0,
        "literal": {"kind": kind, "text": text},
    }


def _literals(literal: Node) -> list[Node]:
    kind, text = literal["kind"], literal["text"]
    if kind == "NULL_LITERAL":
        return []
    if kind == "BOOLEAN":
        return [{**literal, "text": "false" if text == "true" else "true"}]
    if kind == "STRING":
        return [{**literal, "text": f"{text}~"}]
    if kind == "INTEGER":
        return [{**literal, "text": str(int(text) + step)} for step in (-1, 1)]
    return [{**literal, "text": f"{float(text) * step:.6f}"} for step in (0.9, 1.1)]


def _said(node: Node) -> str:
    """Return a condition in a few words, for the list of survivors."""
    if node["type"] == "COLUMN_REF":
        return ".".join(node["column_names"])
    if node["type"] == "VALUE_CONSTANT":
        return str(node["literal"]["text"] or "null")
    if node["type"] == "VALUE_PARAMETER":
        return f":{node['identifier']}"
    below = [node[name] for name in ("left", "right") if name in node]
    below += node.get("children", [])
    below += [argument["expression"] for argument in node.get("arguments", [])]
    name = node.get("function_name") or node["type"].rpartition("_")[2].lower()
    return f"{name}({', '.join(_said(child) for child in below)})"


def count(page: Page, connection: duckdb.DuckDBPyConnection) -> Count:
    """Return how many changed forms of `page` its examples let pass; forms that DuckDB refuses are no forms of a rule."""
    alive = [mutant for mutant in mutants(page, connection) if _runs(mutant, connection)]
    tried = len(alive)
    for scenario in page.scenarios:
        wrong = run_scenario(page, scenario, connection)
        assert not wrong, f"{page.path}:{wrong[0][0]}: {wrong[0][1]}"  # the rows stay in the tables for what follows
        flagged: set[str] = set()
        told: dict[str, str] = {}
        for rows in scenario.tables:
            at = rows.columns.index("key") if "key" in rows.columns else 0
            for row, flag, severity in zip(rows.rows, rows.flagged or (), rows.severities, strict=False):
                if flag:
                    flagged.add(row[at])
                if severity:
                    told[row[at]] = severity
        alive = [mutant for mutant in alive if not _caught(mutant, page, connection, flagged, told)]
    return Count(page.name, tried, tuple(mutant.what for mutant in alive))


def _runs(mutant: Mutant, connection: duckdb.DuckDBPyConnection) -> bool:
    try:
        connection.execute(f"explain {mutant.sql}", mutant.arguments)
    except duckdb.Error:
        return False
    return True


def _caught(mutant: Mutant, page: Page, connection: duckdb.DuckDBPyConnection, flagged: set[str], told: Mapping[str, str]) -> bool:
    try:
        cursor = connection.execute(mutant.sql, mutant.arguments)
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except duckdb.Error:
        return True
    found = {str(row["key"]): row.get("severity") or page.severity for row in rows if row.get("flagged", True)}
    return found.keys() != flagged or any(found[key] != severity for key, severity in told.items())


def main(names: list[str]) -> None:
    """Print the share of changes noticed, by rule, and the survivors."""
    connection = empty_facts()
    pages = read_folder(shipped_folder())
    start = dt.datetime.now(dt.UTC)
    counts = [count(page, connection) for name, page in pages.items() if not names or name in names]
    for one in counts:
        print(f"{one.rule:32} {one.tried:4} changes, {one.tried - len(one.survivors):4} noticed, {len(one.survivors):3} not")
        for survivor in one.survivors:
            print(f"{'':8}{survivor}")
    tried = sum(one.tried for one in counts)
    missed = sum(len(one.survivors) for one in counts)
    seconds = (dt.datetime.now(dt.UTC) - start).total_seconds()
    print(f"{len(counts)} rules, {tried} changes, {1 - missed / max(tried, 1):.1%} noticed by an example, {seconds:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
