"""Reads key results from CSV, one a row, and check-ins from a further CSV or from columns of the same one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from okrbot.model import CheckIn, Cycle, KeyResult, Objective, Problem, clean
from okrbot.words import fold

from ..files.dates import DateColumn, DateError, moment, settle
from ..files.rows import Damage, Row, read_rows
from .amounts import AmountError, amount, decimal_comma
from .checks import Collected, OkrFileError, confidence, known_word

_NAMES: dict[str, str] = {
    "objective_id": "objective id|o id|objectiveid|okr id|objektiv id|id objectif|id de l'objectif|id objetivo|id del objetivo|id do objetivo|ziel id|目標id|objective key",
    "objective": "objective|objective title|objectives|goal|o|ziel|objektiv|zieltitel|objectif|objetivo|título del objetivo|título do objetivo|目標|objective name|オブジェクティブ",
    "objective_owner": "objective owner|ziel verantwortlich|responsable de l'objectif|responsable del objetivo|responsável pelo objetivo|目標担当者",
    "objective_status": "objective status|zielstatus|statut de l'objectif|estado del objetivo|status do objetivo",
    "id": "id|key result id|kr id|kr|krid|key|schlüsselergebnis id|id résultat clé|id resultado clave|id do resultado chave|kr番号|key result key",
    "title": "title|key result|key result title|key results|kr title|result|measure|schlüsselergebnis|titel|key result titel|résultat clé|titre|resultado clave|título|resultado chave|主な成果|主要な成果|成果指標|kr title name|キーリザルト",
    "cycle": "cycle|quarter|period|zyklus|quartal|zeitraum|cycle okr|trimestre|période|ciclo|período|期間|四半期|サイクル",
    "cycle_start": "cycle start|zyklusbeginn|début du cycle|inicio del ciclo|início do ciclo|サイクル開始",
    "cycle_end": "cycle end|zyklusende|fin du cycle|fin del ciclo|fim do ciclo|サイクル終了",
    "level": "level|ebene|niveau|nivel|nível|レベル|階層",
    "parent": "parent|parent id|parent objective|supports|aligned to|übergeordnet|übergeordnetes ziel|parent objectif|objectif parent|objetivo padre|objetivo superior|objetivo pai|親|親目標|上位目標",
    "product": "product|produkt|produit|producto|produto|プロダクト|製品",
    "team": "team|squad|équipe|equipo|equipe|チーム",
    "owner": "owner|key result owner|kr owner|responsible|dri|verantwortlich|verantwortliche|eigentümer|responsable|propriétaire|propietario|dueño|responsável|dono|担当者|責任者|オーナー",
    "metric": "metric|kpi|measurement|metrik|kennzahl|messgröße|métrique|indicateur|métrica|indicador|指標|メトリック",
    "unit": "unit|einheit|unité|unidad|unidade|単位",
    "baseline": "baseline|start value|from|initial|startwert|ausgangswert|basis|valeur initiale|valeur de départ|référence|línea base|valor inicial|linha de base|ベースライン|初期値|現状値",
    "target": "target|target value|to|goal value|zielwert|zielgröße|soll|cible|valeur cible|meta|valor objetivo|objetivo numérico|alvo|valor alvo|目標値|ターゲット",
    "current": "current|current value|actual|now|latest|aktuell|aktueller wert|ist|istwert|actuel|valeur actuelle|actual value|valor actual|atual|valor atual|現在値|実績|実績値",
    "start": "start|start date|startdatum|beginn|date de début|début|fecha de inicio|data de início|開始日",
    "due": "due|due date|deadline|end|end date|fällig|fälligkeitsdatum|frist|échéance|date d'échéance|vencimiento|fecha límite|fecha de vencimiento|prazo|data limite|vencimento|期限|期日",
    "kind": "kind|type|commitment|okr type|art|typ|type d'okr|tipo|種類|種別",
    "cadence": "cadence|check in cadence|rhythm|rhythmus|takt|cadencia|cadência|frequency|fréquence|frecuencia|frequência|頻度",
    "progress": "progress|progress source|progress from|fortschritt|progrès|progresión|progresso|進捗|progress type",
    "status": "status|state|health|rag|statut|état|estado|ステータス|状態",
    "lag_days": "lag days|lag|verzögerung in tagen|délai en jours",
    "items": "items|issues|tickets|epics|work items|vorgänge|éléments|elementos|itens|課題",
    "url": "url|link",
    "body": "description|body|notes|beschreibung|description de l'objectif|descripción|descrição|説明",
    "closing_note": "closing note|abschlussnotiz|note de clôture|nota de cierre|nota de encerramento",
    # check-ins
    "key_result": "key result ref|for key result|zu schlüsselergebnis",
    "on": "on|date|day|check in on|check in date|checkin date|datum|am|jour|fecha|data|日付|check in datum|checked on",
    "value": "value|check in value|wert|valeur|valor|値",
    "confidence": "confidence|check in confidence|zuversicht|konfidenz|confiance|confianza|confiança|信頼度|自信度",
    "note": "note|comment|check in note|notiz|kommentar|commentaire|comentario|comentário|nota|メモ|コメント",
    "author": "author|by|check in by|von|auteur|autor|記入者",
}
_NUMBERS = ("baseline", "target", "current")
_DAYS = ("start", "due", "cycle_start", "cycle_end", "on")
_CHECK_IN_ONLY = frozenset({"key_result", "on", "value", "confidence", "note", "author"})


@cache
def _roles() -> dict[str, str]:
    found: dict[str, str] = {}
    for role, names in _NAMES.items():
        for name in (role, *names.split("|")):
            found.setdefault(_squeeze(name), role)
    return found


def _squeeze(name: str) -> str:
    return fold(name).replace(" ", "")


@dataclasses.dataclass(slots=True)
class _Sheet:
    """The rows of a sheet under their roles."""

    name: str
    zone: dt.tzinfo
    header: list[str]
    roles: dict[str, list[int]]
    rows: list[Row]
    dated: list[tuple[int, str]]  # columns headed by a day: a check-in each
    dates: dict[str, DateColumn] = dataclasses.field(default_factory=dict)
    comma: bool | None = None

    def where(self, row: Row) -> str:
        return f"{self.name}:{row.line}"

    def cell(self, row: Row, role: str, place: int = 0) -> str:
        """Return a cell by its role; `place` counts repeated columns."""
        places = self.roles.get(role, ())
        at = places[place] if place < len(places) else len(row.cells)
        return clean(row.cells[at].strip()) if at < len(row.cells) else ""

    def number(self, row: Row, role: str, place: int = 0) -> tuple[float | None, str]:
        """Return a number and the unit beside it. Raises OkrFileError."""
        return self._amount(row, role, self.cell(row, role, place))

    def _amount(self, row: Row, role: str, text: str) -> tuple[float | None, str]:
        try:
            found = amount(text, comma=self.comma)
        except AmountError as error:
            raise OkrFileError(self.where(row), f"{role}: {error}; write a number, with its unit if you like (62 %)") from None
        return found or (None, "")

    def day(self, row: Row, role: str, place: int = 0) -> str:
        """Return a day. Raises OkrFileError."""
        text = self.cell(row, role, place)
        if not text:
            return ""
        try:
            return self.dates[role].day(text)
        except (DateError, OverflowError) as error:
            raise OkrFileError(self.where(row), f"{role}: {error}; write it as 2026-12-31") from None

    def word(self, row: Row, role: str) -> str:
        return known_word(role, self.cell(row, role), self.where(row))


def read_sheet(data: bytes, name: str, into: Collected, *, zone: dt.tzinfo) -> None:
    """Enter everything a CSV file says. Raises OkrFileError."""
    sheet = _open(data, name, zone, into)
    if "title" not in sheet.roles and ("key_result" in sheet.roles or "id" in sheet.roles) and "on" in sheet.roles:
        for row in sheet.rows:
            _check_in_row(sheet, row, into)
        return
    if "title" not in sheet.roles and "objective" not in sheet.roles:
        shown = ", ".join(sheet.header[:8])
        raise OkrFileError(
            f"{name}:1", f"no column for an objective or a key result (columns: {shown}); head them objective and key_result"
        )
    _key_results(sheet, into)


def _open(data: bytes, name: str, zone: dt.tzinfo, into: Collected) -> _Sheet:
    lines = _decode(data, name).splitlines(keepends=True)
    if not any(line.strip() for line in lines):
        raise OkrFileError(name, "is empty; export the sheet again")
    if lines[0].lstrip().lower().startswith(("<!doctype", "<html")):
        raise OkrFileError(name, "is a web page, not CSV; publish the sheet as CSV (File, Share, Publish to web) or save it as CSV")
    best: tuple[int, str, list[Row]] = (-1, ",", [])
    for delimiter in (",", ";", "\t", "|"):
        rows = []
        for row in read_rows(lines, delimiter=delimiter, looks_like_row=bool):
            if isinstance(row, Damage):
                rows.append(Row(row.line, ["\x00damaged", row.reason]))
            elif any(cell.strip() for cell in row.cells):
                rows.append(row)
        score = max((sum(_squeeze(cell) in _roles() for cell in row.cells) for row in rows[:10]), default=0)
        if score > best[0]:
            best = (score, delimiter, rows)
    score, _, rows = best
    for row in rows:
        if row.cells[0] == "\x00damaged":
            raise OkrFileError(f"{name}:{row.line}", f"{row.cells[1]}; close it")
    place = max(range(min(10, len(rows))), key=lambda at: sum(_squeeze(cell) in _roles() for cell in rows[at].cells))
    return _assign(name, zone, rows[place], rows[place + 1 :], into)


def _decode(data: bytes, name: str) -> str:
    for encoding in ("utf-16",) if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise OkrFileError(name, "is no text in UTF-8; save it as CSV (UTF-8)")


def _assign(name: str, zone: dt.tzinfo, header: Row, rows: list[Row], into: Collected) -> _Sheet:
    names = [cell.strip() for cell in header.cells]
    roles: dict[str, list[int]] = {}
    dated: list[tuple[int, str]] = []
    day_heads = DateColumn("header", zone)
    for place, cell in enumerate(names):
        role = _roles().get(_squeeze(cell))
        day = re.sub(r"(?i)^check[\s_-]?in[:\s]*", "", cell)
        if role:
            roles.setdefault(role, []).append(place)
        elif cell and moment(day):
            day_heads.see(day)
            dated.append((place, day))
        elif cell:
            _stranger(cell, f"{name}:{header.line}", into)
    _untwist(roles, rows)
    sheet = _Sheet(name, zone, names, roles, rows, dated)
    columns = {role: DateColumn(role, zone) for role in _DAYS}
    for role, column in columns.items():
        for row in rows:
            for place in range(len(roles.get(role, ()))):
                column.see(sheet.cell(row, role, place))
    columns["header"] = day_heads
    for column in settle(list(columns.values()), day_first=None):
        raise OkrFileError(name, f"column {column.name!r} has days like {column.example!r}: day or month first? write them as 2026-12-31")
    sheet.dates = columns
    numbers = [sheet.cell(row, role, place) for row in rows for role in (*_NUMBERS, "value") for place in range(len(roles.get(role, ())))]
    sheet.comma = decimal_comma(numbers)
    return sheet


def _stranger(cell: str, where: str, into: Collected) -> None:
    """Refuse a column that looks like a slip of the pen; say of any other that it was not read."""
    near = difflib.get_close_matches(_squeeze(cell), _roles(), n=1, cutoff=0.8)
    if near:
        raise OkrFileError(where, f'unknown column {cell!r} (did you mean "{_roles()[near[0]]}"?); rename it, or take it out')
    into.problems.append(Problem("unknown_column", f"{where}: column {cell!r} is none of an OKR's and was not read", where=where))


def _untwist(roles: dict[str, list[int]], rows: list[Row]) -> None:
    """Read `key_result` as what it names by its cells: ids in a list of check-ins, else titles; `kr` likewise."""
    if "on" in roles and "objective" not in roles and "objective_id" not in roles and "title" in roles:
        roles["key_result"] = roles.pop("title")
    if "title" not in roles and "id" in roles and "on" not in roles:
        texts = [row.cells[roles["id"][0]].strip() for row in rows if roles["id"][0] < len(row.cells)]
        if any(" " in text for text in texts):
            roles["title"] = roles.pop("id")


def _check_in_row(sheet: _Sheet, row: Row, into: Collected) -> None:
    number = sheet.cell(row, "key_result") or sheet.cell(row, "id")
    where = sheet.where(row)
    if not number:
        raise OkrFileError(where, "a check-in without key_result; write the id of its key result")
    _enter(sheet, row, number, 0, into)


def _enter(sheet: _Sheet, row: Row, number: str, place: int, into: Collected) -> None:
    where = sheet.where(row)
    on = sheet.day(row, "on", place)
    if not on:
        raise OkrFileError(where, f"a check-in of {number!r} without a day; write it under on as 2026-10-12")
    value, _ = sheet.number(row, "value", place)
    sure, _ = sheet.number(row, "confidence", place)
    status = known_word("status", sheet.cell(row, "status", place), where) if place == 0 and "title" not in sheet.roles else ""
    check_in = CheckIn(number, on, value, confidence(sure, where), status, sheet.cell(row, "note", place), sheet.cell(row, "author", place))
    into.check_ins.append((check_in, where))


def _key_results(sheet: _Sheet, into: Collected) -> None:
    by_title: dict[tuple[str, str], str] = {}
    merged = _is_merged(sheet)
    above = ""
    for row in sheet.rows:
        title, kr_title = sheet.cell(row, "objective"), sheet.cell(row, "title")
        number = sheet.cell(row, "objective_id")
        if title or number:
            above = _objective(sheet, row, title, number, by_title, into)
        elif kr_title and not (merged and above):
            raise OkrFileError(sheet.where(row), f"key result {kr_title[:40]!r} has no objective; write its objective_id or objective")
        if kr_title:
            _key_result(sheet, row, kr_title, above, into)
        elif sheet.cell(row, "id"):
            raise OkrFileError(sheet.where(row), f"key result {sheet.cell(row, 'id')!r} has no title; write it under key_result")


def _is_merged(sheet: _Sheet) -> bool:
    """Whether the sheet names each objective once and leaves the cells below it empty, as merged cells are saved."""
    named = [sheet.cell(row, "objective_id") or sheet.cell(row, "objective") for row in sheet.rows]
    named = [name for name in named if name]
    return len(named) == len(set(named))


def _objective(sheet: _Sheet, row: Row, title: str, number: str, by_title: dict[tuple[str, str], str], into: Collected) -> str:
    """Enter the row's objective unless it is known; return its id."""
    where = sheet.where(row)
    cycle = sheet.cell(row, "cycle")
    known = into.objectives.get(number) if number else into.objectives.get(by_title.get((title.casefold(), cycle), ""))
    if known:
        if title and known.title.casefold() != title.casefold():
            raise OkrFileError(where, f"objective_id {number!r} is {known.title[:40]!r} at {known.where}; give this objective another id")
        return known.id
    if not title:
        raise OkrFileError(where, f"objective {number!r} has no title; write it under objective")
    if not cycle:
        raise OkrFileError(where, f"objective {title[:40]!r} has no cycle; write one such as 2026-Q4 under cycle")
    start, end = sheet.day(row, "cycle_start"), sheet.day(row, "cycle_end")
    if start and end:
        into.add_cycle(Cycle(cycle, start, end), where)
    number = number or _slug(title, into)
    alone = not sheet.cell(row, "title")
    objective = Objective(
        id=number,
        title=title,
        cycle=cycle,
        level=sheet.word(row, "level"),
        parent=sheet.cell(row, "parent"),
        product=sheet.cell(row, "product"),
        team=sheet.cell(row, "team"),
        owner=sheet.cell(row, "objective_owner") or (sheet.cell(row, "owner") if alone or "objective_owner" not in sheet.roles else ""),
        status=known_word("status", sheet.cell(row, "objective_status") or (sheet.cell(row, "status") if alone else ""), where),
        body=sheet.cell(row, "body"),
        where=where,
    )
    into.add_objective(objective)
    by_title[title.casefold(), cycle] = number
    return number


def _key_result(sheet: _Sheet, row: Row, title: str, objective: str, into: Collected) -> None:
    where = sheet.where(row)
    values: dict[str, float | None] = {}
    unit = sheet.cell(row, "unit")
    for role in _NUMBERS:
        values[role], found = sheet.number(row, role)
        unit = unit or found
    lag, _ = sheet.number(row, "lag_days")
    number = sheet.cell(row, "id") or _slug(title, into)
    result = KeyResult(
        id=number,
        objective=objective,
        title=title,
        metric=sheet.cell(row, "metric"),
        unit=unit,
        baseline=values["baseline"],
        target=values["target"],
        current=values["current"],
        start=sheet.day(row, "start"),
        due=sheet.day(row, "due"),
        owner=sheet.cell(row, "owner"),
        kind=sheet.word(row, "kind"),
        cadence=sheet.word(row, "cadence"),
        progress=sheet.word(row, "progress"),
        status=sheet.word(row, "status"),
        lag_days=int(lag) if lag is not None else None,
        items=tuple(part for part in re.split(r"[\s,;]+", sheet.cell(row, "items")) if part),
        closing_note=sheet.cell(row, "closing_note"),
        url=sheet.cell(row, "url"),
        where=where,
    )
    into.add_key_result(result)
    for place in range(len(sheet.roles.get("on", ()))):
        if sheet.cell(row, "on", place):
            _enter(sheet, row, number, place, into)
    for at, day in sheet.dated:
        text = row.cells[at].strip() if at < len(row.cells) else ""
        value, _ = sheet._amount(row, day, text) if text else (None, "")
        if value is not None:
            into.check_ins.append((CheckIn(number, sheet.dates["header"].day(day), value), where))


def _slug(title: str, into: Collected) -> str:
    """Return an id made of a title's words, for sheets that give none; it stays while the title does."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", title.casefold()) if not unicodedata.combining(letter))
    base = "-".join(re.findall(r"\w+", plain))[:48].strip("-") or "goal"
    return next(name for name in _numbered(base) if name not in into.objectives and name not in into.key_results)


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1
