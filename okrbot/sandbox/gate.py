"""The gate for rules of a user's own: read the parse tree of a query and refuse whatever is not on the list.

The gate is there for good messages. The wall is the child process (`okrbot.sandbox.child`), which runs the gate again.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

import duckdb

from okrbot.factbook import TABLES
from okrbot.sandbox import allowed

LONGEST = 20_000  # characters of a query
DEEPEST = 300  # levels of the parse tree
_NOWHERE = 2**63
_FACTS = frozenset(table.name for table in TABLES)


class Refusal(Exception):  # noqa: N818 -- said to a person as such
    """A query that a rule may not be. `line` counts from 0 inside the query."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclasses.dataclass(slots=True)
class Reads:
    """What a query reads: fact tables, names that may be columns, and whether it may read every column (`*`)."""

    tables: set[str] = dataclasses.field(default_factory=set)
    columns: set[str] = dataclasses.field(default_factory=set)
    every: bool = False


def admit(query: str, arguments: Mapping[str, Any] | None = None, *, connection: duckdb.DuckDBPyConnection | None = None) -> Reads:
    """Return what `query` reads if a rule may run it; `arguments` are the values of its parameters.

    `connection` parses (it runs nothing of the query); without one a fresh engine does. Raises Refusal.
    """
    if len(query) > LONGEST:
        raise Refusal(f"the query has {len(query)} characters; at most {LONGEST} are allowed. Split the rule in two.")
    if "\x00" in query or any("\ud800" <= letter <= "\udfff" for letter in query):
        raise Refusal("the query holds a character that is no text (NUL or half an emoji). Type it again.")
    own = connection is None
    engine = connection or duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""})
    try:
        row = engine.execute("select json_serialize_sql(?::varchar)", [query]).fetchone()
        tree = json.loads(row[0]) if row else {}
        return _Walk(query, arguments or {}).start(tree)
    except Refusal:
        raise
    except Exception as error:  # anything a parser can throw at us means no
        raise Refusal(f"the query cannot be read ({type(error).__name__}). Write one plain select.") from None
    finally:
        if own:
            engine.close()


class _Walk:
    def __init__(self, query: str, arguments: Mapping[str, Any]) -> None:
        self.query = query
        self.bytes = query.encode()
        self.arguments = arguments
        self.reads = Reads()
        self.aliases: set[str] = set()
        self.alone: set[str] = set()  # names that stand without a table before them

    def start(self, tree: dict[str, Any]) -> Reads:
        if tree.get("error"):
            if "SELECT statements" in str(tree.get("error_message")):
                raise Refusal(
                    "a rule is one select and nothing else: it changes nothing, sets nothing, opens nothing; pivot is no select either."
                )
            line = _line(self.bytes, int(tree.get("position") or 0))
            raise Refusal(f"the query cannot be read: {_short(tree.get('error_message'))}.", line)
        statements = tree.get("statements") or []
        if len(statements) != 1:
            raise Refusal(f"a rule is exactly one select; this has {len(statements)}. Remove the rest.")
        self.statement(statements[0], frozenset(), 0)
        if self.aliases & self.alone:
            self.reads.every = True  # `select i from item i` reads the whole row
        return self.reads

    def refuse(self, what: str, node: Mapping[str, Any], word: str = "") -> Refusal:
        place = node.get("query_location")
        if isinstance(place, int) and place < _NOWHERE:
            return Refusal(what, _line(self.bytes, place))
        found = self.query.lower().find(word.lower()) if word else -1
        return Refusal(what, self.query.count("\n", 0, found) if found > 0 else 0)

    def statement(self, statement: Mapping[str, Any], scope: frozenset[str], depth: int) -> None:
        if set(statement) - {"node", "named_param_map", "type", "query_location", "query_location_length"}:
            raise Refusal("the query holds something besides a select.")
        self.query_node(statement["node"], scope, depth + 1)

    def query_node(self, node: Mapping[str, Any], scope: frozenset[str], depth: int) -> None:
        """Check a select with the common tables it names; a name is known from its own definition on."""
        kind = str(node.get("type"))
        if kind not in allowed.QUERY_NODES:
            said = kind.removesuffix("_NODE").removesuffix("_QUERY").replace("_", " ").lower()
            raise self.refuse(f"`{said}` is not allowed in a rule: it may only select.", node, said)
        if kind == "RECURSIVE_CTE_NODE" and node.get("cte_name"):
            scope |= {str(node["cte_name"]).lower()}
        for entry in (node.get("cte_map") or {}).get("map") or []:
            name = str(entry["key"]).lower()
            body = entry["value"].get("query_node") or (entry["value"].get("query") or {}).get("node")
            if not isinstance(body, dict):
                raise self.refuse(f"the common table '{name}' is no select.", node, name)
            own = {name} if body.get("type") == "RECURSIVE_CTE_NODE" else set()
            self.query_node(body, scope | own, depth + 1)
            rest = {key: value for key, value in entry["value"].items() if key not in ("query_node", "query")}
            self.walk(rest, scope, depth + 1)
            scope |= {name}
        self.inside(node, scope, depth, skip=("cte_map",))

    def walk(self, value: Any, scope: frozenset[str], depth: int) -> None:
        if depth > DEEPEST:
            raise Refusal(f"the query is nested more than {DEEPEST} levels deep. Write it flatter.")
        if isinstance(value, list):
            for part in value:
                self.walk(part, scope, depth + 1)
        elif isinstance(value, dict):
            self.node(value, scope, depth)

    def node(self, node: Mapping[str, Any], scope: frozenset[str], depth: int) -> None:
        kind = node.get("type")
        if "class" in node:
            self.expression(node, scope, depth)
        elif isinstance(kind, str):
            if kind in allowed.QUERY_NODES or kind.endswith("_NODE"):
                self.query_node(node, scope, depth)
            elif kind in allowed.TABLE_NODES:
                self.table(node, scope, depth)
            elif kind in allowed.MODIFIERS or kind in allowed.ORDERS:
                self.inside(node, scope, depth)
            else:
                said = {"SHOW_REF": "describe, show and summarize", "PIVOT": "pivot and unpivot"}.get(kind, kind.lower())
                raise self.refuse(f"{said}: not allowed in a rule. Select from the fact tables (docs/facts.md).", node)
        elif "node" in node and "named_param_map" in node:
            self.statement(node, scope, depth)
        else:
            self.inside(node, scope, depth)

    def inside(self, node: Mapping[str, Any], scope: frozenset[str], depth: int, skip: tuple[str, ...] = ()) -> None:
        if node.get("sample"):
            raise self.refuse("a sample differs each time; a rule must give the same answer twice.", node, "sample")
        for key, value in node.items():
            if key not in skip and isinstance(value, dict | list):
                self.walk(value, scope, depth + 1)

    def table(self, node: Mapping[str, Any], scope: frozenset[str], depth: int) -> None:
        if node.get("alias"):
            self.aliases.add(str(node["alias"]).lower())
        if node["type"] == "BASE_TABLE":
            name = str(node.get("table_name")).lower()
            if node.get("schema_name") or node.get("catalog_name") or len((node.get("qualified_name") or {}).get("path") or [name]) != 1:
                raise self.refuse(f"'{name}' is named with a schema. Rules read the fact tables only, by their plain names.", node)
            if node.get("at_clause"):
                raise self.refuse("`at (…)` is not allowed: facts stand at one instant.", node)
            if name not in scope and name not in _FACTS:
                near = ", ".join(sorted(_FACTS))
                raise self.refuse(f"there is no fact table '{name[:60]}'. A rule may read {near}, and what its own `with` defines.", node)
            if name not in scope:
                self.reads.tables.add(name)
                self.aliases.add(name)
        elif node["type"] == "TABLE_FUNCTION":
            called = node.get("function") or {}
            name = str(called.get("function_name")).lower()
            if name not in allowed.TABLE_FUNCTIONS:
                raise self.refuse(f"from {name}(…) is not allowed. A rule may read {', '.join(sorted(_FACTS))}.", node, name)
        elif node["type"] == "JOIN":
            self.reads.columns |= {str(name).lower() for name in node.get("using_columns") or []}
            if node.get("ref_type") not in ("REGULAR", "CROSS", "POSITIONAL", "LATERAL", None):
                self.reads.every = True  # natural joins read what both sides share
        self.inside(node, scope, depth)

    def expression(self, node: Mapping[str, Any], scope: frozenset[str], depth: int) -> None:
        kind = node["class"]
        if kind not in allowed.EXPRESSIONS:
            raise self.refuse(f"{str(kind).replace('_', ' ').lower()}: not allowed in a rule.", node)
        if kind == "STAR":
            self.reads.every = True
        elif kind == "COLUMN_REF":
            names = [str(name).lower() for name in node.get("column_names") or []]
            if len(names) == 1 and names[0] in allowed.SESSION_WORDS:
                raise self.refuse(f"'{names[0]}' {_instead(names[0])}", node)
            self.reads.columns |= set(names)
            self.alone |= set(names[:1]) if len(names) == 1 else set()
        elif kind in ("FUNCTION", "WINDOW"):
            self.function(node)
        elif kind == "TYPE":
            name = str(node.get("type_name")).lower()
            if name not in allowed.TYPES or node.get("schema") or node.get("catalog"):
                raise self.refuse(f"the type '{name}' is not available to rules.", node, name)
        self.inside(node, scope, depth)

    def function(self, node: Mapping[str, Any]) -> None:
        name = str(node.get("function_name")).lower()
        if node.get("schema") or node.get("catalog") or len((node.get("qualified_name") or {}).get("path") or [name]) != 1:
            raise self.refuse(f"{name}() is named with a schema. Functions go by their plain names.", node, name)
        if node.get("is_operator") and name in allowed.OPERATORS:
            return
        if name not in allowed.FUNCTIONS and name not in allowed.OPERATORS:
            raise self.refuse(f"the function {name}() {_instead(name)}", node, name)
        if name == "format" and not self.narrow(node):
            raise self.refuse("format() takes its pattern written out, with widths of at most three digits, e.g. '{:.1f}'.", node, name)
        if name in allowed.COUNTING:
            for argument in node.get("arguments") or node.get("children") or []:
                inner = argument.get("expression", argument)
                if not self.small(inner):
                    raise self.refuse(
                        f"{name}() takes plain whole numbers up to {allowed.MOST_COUNTED:,} here, not {_kind_of(inner)}.", node, name
                    )

    def narrow(self, node: Mapping[str, Any]) -> bool:
        """Tell whether a pattern is a literal that cannot make a long text: no width of four digits, none taken from a value."""
        arguments = node.get("arguments") or [{}]
        first = arguments[0].get("expression", arguments[0])
        literal = first.get("literal") or {}
        pattern = str(literal.get("text", ""))
        plain = re.sub(r"\{\{|\}\}", "", pattern)
        return first.get("class") == "CONSTANT" and literal.get("kind") == "STRING" and not re.search(r"\d{4}|\{[^}]*\{", plain)

    def small(self, node: Mapping[str, Any]) -> bool:
        """Tell whether an argument is a whole number, or a setting that is one, small enough to count to."""
        if node.get("class") == "FUNCTION" and node.get("function_name") == "-" and len(node.get("arguments") or []) == 1:
            node = node["arguments"][0].get("expression", {})
        value: Any = None
        if node.get("class") == "CONSTANT":
            literal = node.get("literal") or node.get("value") or {}
            text = str(literal.get("text", literal.get("value", "")))
            value = int(text) if text.isdigit() and len(text) < 12 else None
        elif node.get("class") == "PARAMETER":
            value = self.arguments.get(str(node.get("identifier")))
        return isinstance(value, int) and abs(value) <= allowed.MOST_COUNTED


def _instead(name: str) -> str:
    if name in allowed.CLOCK_WORDS:
        return "reads the clock. Use :as_of, the instant of the audit."
    if name in allowed.SESSION_WORDS:
        return "is about the session, not about the work. Leave it out."
    near = difflib.get_close_matches(name, allowed.FUNCTIONS, n=1, cutoff=0.75)
    return f"is not available to rules of your own.{f' Did you mean {near[0]}()?' if near else ''} docs/own-rules.md lists what is."


def _kind_of(node: Mapping[str, Any]) -> str:
    if node.get("class") == "CONSTANT":
        literal = node.get("literal") or {}
        return str(literal.get("text", "a constant"))[:40]
    return {"COLUMN_REF": "a column", "PARAMETER": "this setting", "CAST": "a cast", "SUBQUERY": "a subquery"}.get(
        str(node.get("class")), "an expression"
    )


def _line(text: bytes, place: int) -> int:
    return text.count(b"\n", 0, place)


def _short(message: object) -> str:
    return " ".join(str(message).split())[:200].rstrip(".")
