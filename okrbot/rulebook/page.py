"""Read a rule page: one Markdown file that says what is flagged, why, what to do, what to ask, how it is found."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from okrbot.factbook import NEEDS, SUBJECTS

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
PROFILES = ("first_week", "steady", "strict")
HEADS = ("What to do", "What the bot asks", "How it is found", "Examples")
RESERVED = ("severity", "subject", "needs", "profile", "off")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|::|:([a-z_][a-z0-9_]*)")


Mistake = tuple[int, str]  # line in the page (0: the page as a whole), what is wrong and how to mend it


class RuleError(Exception):
    """A rule page that cannot be used. `str()` names file, line, mistake and remedy, and how many `others` the page has."""

    def __init__(self, path: Path, line: int, message: str, others: Sequence[Mistake] = ()) -> None:
        more = f" ({len(others)} more on this page; `okrbot rules check` tells all.)" if others else ""
        super().__init__(_told(path, (line, message)) + more)
        self.path = path
        self.line = line
        self.message = message
        self.mistakes: tuple[Mistake, ...] = ((line, message), *others)

    @property
    def lines(self) -> tuple[str, ...]:
        """Return every mistake of the page in a line of its own."""
        return tuple(_told(self.path, mistake) for mistake in self.mistakes)


def _told(path: Path, mistake: Mistake) -> str:
    line, message = mistake
    return f"{path}:{line}: {message}" if line else f"{path}: {message}"


def refuse(path: Path, mistakes: Sequence[Mistake]) -> None:
    """Raise RuleError with all `mistakes`, in the order of their lines, if there are any."""
    if mistakes:
        (line, message), *others = sorted(dict.fromkeys(mistakes))
        raise RuleError(path, line, message, others)


@dataclasses.dataclass(frozen=True, slots=True)
class ExampleTable:
    """Rows of one fact table; `flagged` is None for tables that only give the scene.

    A row's flagged cell may name a severity instead of yes; `severities` holds it, '' where none is named.
    """

    table: str
    line: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    flagged: tuple[bool, ...] | None
    severities: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Scenario:
    """Tables that stand in the store together."""

    title: str
    line: int
    tables: tuple[ExampleTable, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One rule as its page says it. `settings` are the page's numbers and words, usable as :name in the query."""

    name: str
    family: str
    path: Path
    title: str
    why: str
    severity: Severity
    subject: str
    needs: tuple[str, ...]
    profile: str
    off: bool
    settings: Mapping[str, Any]
    remedy: str
    question: str
    sql: str
    sql_line: int
    scenarios: tuple[Scenario, ...]
    shipped: bool = True

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the names used as :name in the query, in order of appearance."""
        return tuple(dict.fromkeys(m.group(1) for m in _PARAMETER.finditer(self.sql) if m.group(1)))

    @property
    def query(self) -> str:
        """Return the query with $name for :name, as DuckDB reads parameters."""
        return _PARAMETER.sub(lambda m: f"${m.group(1)}" if m.group(1) else m.group(0), self.sql)


def read_page(path: Path, *, family: str, shipped: bool = True) -> Page:
    """Parse the page at `path`. Raises RuleError with everything that a reader of the page could stumble over."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(path, 0, f"cannot be read ({error}). Save it as UTF-8 text.") from None
    wrong: list[Mistake] = []
    if not _NAME.fullmatch(path.stem):
        wrong.append((0, "the file's name is the rule's name: small letters, digits and _ only, e.g. no_key_result.md."))
    try:
        title, sections = _sections(path, text.splitlines())
    except RuleError as error:
        refuse(path, [*wrong, *error.mistakes])
        raise
    (toml_line, toml_text), why = _block(sections["why"], "toml", "the introduction", wrong)
    table = _settings(toml_line, toml_text, wrong)
    (sql_line, sql), _ = _block(sections["How it is found"], "sql", "'How it is found'", wrong)
    question_line, question = _prose(sections["What the bot asks"])
    _, remedy = _prose(sections["What to do"])
    for name, value, line in (("What to do", remedy, sections["What to do"][0]), ("What the bot asks", question, question_line)):
        if not value:
            wrong.append((line, f"'## {name}' is empty. Write one or two sentences a product owner can act on."))
    if not why:
        wrong.append((1, "says nothing between its title and the toml block. Write why this is a pattern, in one or two sentences."))
    if question and not question.endswith("?"):
        wrong.append((question_line, "the question must end in '?'."))
    chosen = _head_settings(toml_line, toml_text, table, wrong) if table is not None else {}
    scenarios = _scenarios(sections["Examples"], chosen.get("subject", ""), wrong)
    refuse(path, wrong)
    settings = table or {}
    return Page(
        name=path.stem,
        family=family,
        path=path,
        title=title,
        why=why,
        severity=cast("Severity", chosen["severity"]),
        subject=chosen["subject"],
        needs=tuple(settings.get("needs", [])),
        profile=chosen["profile"],
        off=bool(settings.get("off", False)),
        settings={key: value for key, value in settings.items() if key not in RESERVED},
        remedy=remedy,
        question=question,
        sql=sql.strip().rstrip(";").strip(),
        sql_line=sql_line,
        scenarios=scenarios,
        shipped=shipped,
    )


def _head_settings(line: int, text: str, table: Mapping[str, Any], wrong: list[Mistake]) -> dict[str, str]:
    """Return severity, subject and profile as the toml block says them."""
    needs = table.get("needs", [])
    if not isinstance(needs, list) or not all(need in NEEDS for need in needs):
        wrong.append((_line_of(line, text, "needs"), f"needs must be a list out of {', '.join(NEEDS)}."))
    return {
        "subject": _choice(line, text, table, "subject", SUBJECTS, wrong),
        "severity": _choice(line, text, table, "severity", SEVERITIES, wrong),
        "profile": _choice(line, text, table, "profile", PROFILES, wrong) if "profile" in table else "steady",
    }


Section = tuple[int, list[str]]  # line number of the first line, lines


def _sections(path: Path, lines: list[str]) -> tuple[str, dict[str, Section]]:
    title = ""
    heads: list[tuple[str, int]] = []
    fenced = False
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and line.startswith("# ") and not title:
            title = line[2:].strip()
            heads.append(("why", number + 1))
        elif not fenced and line.startswith("## "):
            heads.append((line[3:].strip(), number + 1))
    if fenced:
        raise RuleError(path, len(lines), "a ``` block is not closed.")
    if not title:
        raise RuleError(path, 1, "has no title. Begin with '# ' and the finding said aloud.")
    names = tuple(name for name, _ in heads[1:])
    if names != HEADS:
        missing = [name for name in HEADS if name not in names]
        last_head = heads[-1][1] - 1
        wanted = ", ".join(f"'## {name}'" for name in HEADS)
        problem = f"the head '## {missing[0]}' is missing" if missing else "the heads are not these, in this order"
        raise RuleError(path, last_head, f"{problem}. A page has {wanted}.")
    ends = [line - 1 for _, line in heads[1:]] + [len(lines) + 1]
    return title, {name: (start, lines[start - 1 : end - 1]) for (name, start), end in zip(heads, ends, strict=True)}


def _block(section: Section, language: str, where: str, wrong: list[Mistake]) -> tuple[tuple[int, str], str]:
    start, lines = section
    opens = [i for i, line in enumerate(lines) if line.startswith("```") and line.strip() != "```"]
    mine = [i for i in opens if lines[i].strip() == f"```{language}"]
    if len(mine) != 1:
        found = "no" if not mine else str(len(mine))
        wrong.append((start, f"{where} holds {found} ```{language} blocks; it must hold exactly one."))
        return (0, ""), "\n".join(lines).strip()
    first = mine[0] + 1
    last = next(i for i in range(first, len(lines)) if lines[i].startswith("```"))
    rest = lines[: mine[0]] + lines[last + 1 :]
    return (start + first, "\n".join(lines[first:last])), "\n".join(rest).strip()


def _prose(section: Section) -> tuple[int, str]:
    start, lines = section
    filled = [i for i, line in enumerate(lines) if line.strip()]
    return (start + filled[0] if filled else start), "\n".join(lines).strip()


def _settings(line: int, text: str, wrong: list[Mistake]) -> dict[str, Any] | None:
    """Return the settings of the toml block, None where there is no block or it cannot be read."""
    if not line:
        return None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        wrong.append((line, f"the toml block cannot be read ({error})."))
        return None
    for key, value in table.items():
        if not _NAME.fullmatch(key):
            wrong.append((_line_of(line, text, key), f"'{key}' is no name for a setting: small letters, digits and _."))
        if key not in RESERVED and not isinstance(value, str | int | float | bool):
            wrong.append((_line_of(line, text, key), f"'{key}' must be a number, a text or true/false."))
    if not isinstance(table.get("off", False), bool):
        wrong.append((_line_of(line, text, "off"), "off must be true or false."))
    return table


def _choice(line: int, text: str, table: Mapping[str, Any], key: str, allowed: tuple[str, ...], wrong: list[Mistake]) -> str:
    value = table.get(key)
    if value not in allowed:
        problem = f"{key} = {value!r} is not known" if key in table else f"'{key}' is missing"
        wrong.append((_line_of(line, text, key), f"{problem}. Write one of: {', '.join(allowed)}."))
    return str(value)


def _line_of(line: int, text: str, key: str) -> int:
    return next((line + i for i, row in enumerate(text.splitlines()) if re.match(rf"\s*{re.escape(key)}\s*=", row)), line)


def _scenarios(section: Section, subject: str, wrong: list[Mistake]) -> tuple[Scenario, ...]:
    start, lines = section
    scenarios: list[Scenario] = []
    title, title_line, tables = "", start, list[ExampleTable]()
    table_name = subject
    i = 0
    while i < len(lines):
        line = lines[i]
        if line.startswith("### "):
            if tables:
                scenarios.append(Scenario(title, title_line, tuple(tables)))
            title, title_line, tables, table_name = line[4:].strip(), start + i, [], subject
        elif named := re.match(r"`([a-z_]+)`", line):
            table_name = named.group(1)
        elif line.startswith("|"):
            end = next((j for j in range(i, len(lines)) if not lines[j].startswith("|")), len(lines))
            tables.append(_example_table(start + i, lines[i:end], table_name, wrong))
            table_name = subject
            i = end - 1
        i += 1
    if tables:
        scenarios.append(Scenario(title, title_line, tuple(tables)))
    return tuple(scenarios)


def _cells(line: str) -> list[str]:
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _example_table(line: int, lines: list[str], name: str, wrong: list[Mistake]) -> ExampleTable:
    header = _cells(lines[0])
    rows = []
    for offset, text in enumerate(lines[2:], 2):
        cells = _cells(text)
        if len(cells) != len(header):
            wrong.append((line + offset, f"this example row has {len(cells)} cells, its table has {len(header)} columns."))
        else:
            rows.append(cells)
    judged = header[-1] == "flagged"
    used = [i for i, column in enumerate(header) if column not in ("why", "flagged")]
    return ExampleTable(
        table=name,
        line=line,
        columns=tuple(header[i] for i in used),
        rows=tuple(tuple(row[i] for i in used) for row in rows),
        flagged=tuple(row[-1].lower() in ("yes", "x", "true", *SEVERITIES) for row in rows) if judged else None,
        severities=tuple(row[-1].lower() if row[-1].lower() in SEVERITIES else "" for row in rows) if judged else (),
    )
