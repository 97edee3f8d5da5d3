"""One Jira site as one account sees it: who we are, which Jira this is, and the small tables that are read whole each time."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote as url_quote

import jira
import msgspec

from okrbot.model import Backlog, Millis, Problem, SourceError, Sprint, Surroundings, clean, millis

from ..http import TIMEOUT, Again, Answer, RefusedError, Sender
from ..text import instant_millis, sprint_state
from . import shapes
from .fields import FieldRow
from .settings import Settings, api_address, login, site_address

T = TypeVar("T")
Map = Callable[[Callable[..., T], Iterable[Any]], Iterable[T]]  # how a list is worked through: in turn or in parallel

MOST_TABLE_PAGES = 500


class ServerInfo(msgspec.Struct):
    deployment: str | None = msgspec.field(name="deploymentType", default=None)
    base: str | None = msgspec.field(name="baseUrl", default=None)
    version: str | None = None
    time: str | None = msgspec.field(name="serverTime", default=None)


class Myself(msgspec.Struct):
    account_id: str | None = msgspec.field(name="accountId", default=None)
    key: str | None = None
    name: str | None = None
    shown: str | None = msgspec.field(name="displayName", default=None)
    zone: str | None = msgspec.field(name="timeZone", default=None)


class ProjectRow(msgspec.Struct):
    id: str | int
    key: str
    name: str | None = None
    private: bool | None = msgspec.field(name="isPrivate", default=None)
    archived: bool | None = None


class BoardPlace(msgspec.Struct):
    project: str | int | None = msgspec.field(name="projectId", default=None)


class BoardRow(msgspec.Struct):
    id: str | int
    name: str | None = None
    type: str | None = None
    location: BoardPlace | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """The account that looks and the Jira it looks at."""

    cloud: bool
    account: str
    shown: str
    zone: str
    version: str
    home: str  # where people open issues
    now: Millis  # the server's clock
    clock_said: bool  # whether the server told its clock
    own: str = ""  # the account, where what it does is okrbot's doing and no person's

    @property
    def api(self) -> str:
        return "/rest/api/3" if self.cloud else "/rest/api/2"


def open_site(settings: Settings, surroundings: Surroundings) -> Sender:
    """Return a sender on the `jira` package's session with its credential; nothing is sent. Raises ValueError."""
    base = api_address(settings)
    user, token = login(settings)
    how: dict[str, Any] = {"basic_auth": (user.encode(), token.encode())} if user else {"token_auth": token}
    # no request from the constructor, no retries of its own (it repeats comments), a deadline on every call
    client = jira.JIRA(server=base, get_server_info=False, max_retries=0, timeout=TIMEOUT, logging=False, **how)
    sender = Sender(
        base,
        surroundings,
        name=settings.name,
        secrets=(token, base64.b64encode(f"{user}:{token}".encode()).decode("ascii")),
        session=client._session,
        judge=lambda answer: not_anonymous(answer, settings.name),
        parallel=settings.parallel or 8,
    )
    sender.client = client  # keeps the session open; for plug-ins that want the package's own calls
    return sender


def not_anonymous(answer: Answer, name: str) -> Again | None:
    """Stop when Jira says that it did not accept the token: some addresses then answer 200 with nothing in it."""
    reason = answer.headers.get("X-Seraph-LoginReason", "").upper()
    if "FAILED" in reason or "DENIED" in reason or answer.headers.get("X-AUSERNAME", "").lower() == "anonymous":
        raise SourceError(
            f"{name}: Jira does not accept the token and treats us as nobody (x-seraph-loginreason); make a new token. Nothing was changed",
            code="token",
        )
    return None


def who(sender: Sender, settings: Settings, known_cloud: bool | None = None, known_home: str = "") -> Who:
    """Ask which Jira this is and who we are. `known_cloud` and `known_home` (of an earlier run) save a request. Raises SourceError."""
    site = site_address(settings)
    cloud = {"cloud": True, "datacenter": False}.get(settings.cloud, known_cloud)
    if cloud is None and (settings.cloud_id or site.endswith(".atlassian.net")):
        cloud = True
    info = ServerInfo()
    home = known_home
    if cloud is None or not home:
        info = _server_info(sender, cloud)
        if cloud is None:
            cloud = info.deployment == "Cloud"
        home = info.base.rstrip("/") if settings.cloud_id and info.base else site
    answer: Answer
    try:
        me, answer = sender.read(f"/rest/api/{3 if cloud else 2}/myself", msgspec.json.Decoder(Myself).decode)
    except RefusedError as no:
        if no.status in (401, 403):
            raise SourceError(_token_remedy(settings, no), code="token") from None
        raise
    account = me.account_id or me.key or me.name or ""
    if not account:
        raise SourceError(f"{settings.name}: Jira does not say who we are (/myself is empty); make a new token", code="token")
    moment = answer.at or _moment(info.time)
    now = millis(moment) if moment else millis(sender.clock())
    return Who(cloud, account, clean(me.shown or account), me.zone or "", info.version or "", home, now, moment is not None)


def _server_info(sender: Sender, cloud: bool | None) -> ServerInfo:
    path = "/rest/api/3/serverInfo" if cloud else "/rest/api/2/serverInfo"
    try:
        return sender.read(path, msgspec.json.Decoder(ServerInfo).decode)[0]
    except RefusedError as no:
        if cloud is not None:
            return ServerInfo()  # kind is known; only the version stays unknown
        remedy = (
            f'{sender.name}: {sender.base} does not say which Jira it is ({no.status}); check `url`, or set cloud = "cloud" or "datacenter"'
        )
        raise SourceError(remedy, code="token" if no.status in (401, 403) else no.code) from None


def _token_remedy(settings: Settings, no: RefusedError) -> str:
    hint = "it is wrong, expired or revoked"
    if site_address(settings).endswith(".atlassian.net") and not settings.cloud_id:
        hint += ", or it is a scoped token: those need `cloud_id`"
    if not settings.user:
        hint += "; an API token of Jira Cloud also needs `user`"
    return f"{settings.name}: Jira does not accept the token ({no.status}): {hint}"


def _moment(text: str | None) -> dt.datetime | None:
    try:
        stamp = instant_millis(text)
    except ValueError:
        return None
    return dt.datetime.fromtimestamp(stamp / 1000, dt.UTC) if stamp else None


def read_fields(sender: Sender, who: Who) -> list[FieldRow]:
    """Return the field table."""
    return sender.read(f"{who.api}/field", msgspec.json.Decoder(list[FieldRow]).decode)[0]


def read_statuses(sender: Sender, who: Who) -> dict[str, tuple[str, str]]:
    """Return status id → (name, category key), for what history calls by id; empty where the account may not see it."""
    try:
        rows = sender.read(f"{who.api}/status", msgspec.json.Decoder(list[shapes.Status]).decode)[0]
    except RefusedError as no:
        if no.status in (403, 404):
            return {}
        raise
    return {str(row.id): (row.name or "", (row.category.key or "") if row.category else "") for row in rows}


def read_types(sender: Sender, who: Who) -> list[shapes.IssueType]:
    """Return the issue types the account may see; none where it may not see the table."""
    try:
        return sender.read(f"{who.api}/issuetype", msgspec.json.Decoder(list[shapes.IssueType]).decode)[0]
    except RefusedError as no:
        if no.status in (403, 404):
            return []
        raise


def read_projects(sender: Sender, who: Who, wanted: tuple[str, ...]) -> tuple[list[Backlog], list[Problem]]:
    """Return the projects to read as backlogs, and a problem for each wanted one that cannot be seen. Raises SourceError when none can."""
    rows = _all_projects(sender, who)
    problems: list[Problem] = []
    if wanted:
        by_key = {row.key.casefold(): row for row in rows}
        chosen: dict[str, ProjectRow] = {}
        for key in wanted:
            row = by_key.get(key.strip().casefold()) or _renamed(sender, who, key.strip())
            if row is None:
                text = f"the project {key} does not exist or is not visible to {who.shown}; check `projects` or the account's rights"
                problems.append(Problem("hidden", text, where=key, partial=True))
            else:
                chosen[str(row.id)] = row
        if not chosen:
            text = f"{sender.name}: none of the projects {', '.join(wanted)} is visible to {who.shown}; check `projects` and the account's rights"
            raise SourceError(text, code="filter")
        rows = list(chosen.values())
    return [
        Backlog(
            id=str(row.id),
            key=row.key,
            name=clean(row.name or row.key),
            kind="project",
            url=f"{who.home}/browse/{row.key}",
            private=bool(row.private),
            archived=bool(row.archived),
        )
        for row in rows
    ], problems


def _all_projects(sender: Sender, who: Who) -> list[ProjectRow]:
    if who.cloud:
        try:
            return read_table(sender, f"{who.api}/project/search", ProjectRow)
        except RefusedError as no:
            if no.status != 404:
                raise
    return sender.read(f"{who.api}/project", msgspec.json.Decoder(list[ProjectRow]).decode)[0]


def _renamed(sender: Sender, who: Who, key: str) -> ProjectRow | None:
    """Return a project by an earlier key of it, None when there is none to see."""
    try:
        return sender.read(f"{who.api}/project/{url_quote(key, safe='')}", msgspec.json.Decoder(ProjectRow).decode)[0]
    except RefusedError as no:
        if no.status in (400, 403, 404):
            return None
        raise


def nothing_seen(settings: Settings, who: Who, projects: int) -> Problem:
    """Return what to say where a site shows no issue: whether it is empty or closed to us looks the same from here."""
    counted = "1 project" if projects == 1 else f"{projects} projects"
    text = f"{settings.name}: Jira shows {who.shown} {counted} and no issue: check the account's rights and the filter"
    return Problem("hidden", text, partial=True)


def read_table(sender: Sender, path: str, row: type[T], *, params: Mapping[str, Any] | None = None, size: int = 50) -> list[T]:
    """Return all rows of a table that Jira offers by offset; advances by the number received. Raises SourceError for one without end."""
    decode, decode_row = msgspec.json.Decoder(shapes.Table).decode, msgspec.json.Decoder(row).decode
    rows: list[T] = []
    last: list[bytes] = []
    for _ in range(MOST_TABLE_PAGES):
        page = sender.read(path, decode, params={**(params or {}), "startAt": len(rows), "maxResults": size}, endpoint=f"GET {path}")[0]
        values = [bytes(value) for value in page.values or ()]
        if values and values == last:
            raise SourceError(f"{sender.name}: {path} gives the same page again and again; nothing was changed", code="protocol")
        last = values
        rows += [decode_row(value) for value in values]
        if not values or page.is_last or (page.is_last is None and page.total is not None and len(rows) >= page.total):
            return rows
    raise SourceError(f"{sender.name}: {path} has no end", code="protocol")


def read_sprints(
    sender: Sender, projects: Iterable[Backlog], wanted: tuple[str, ...], work: Map[Any]
) -> tuple[tuple[Sprint, ...] | None, list[Problem]]:
    """Return all sprints of the boards of `projects` (None with a problem where boards cannot be read).

    A board table that is out of order does not stop a pull: it is small, and the issues tell of their sprints as well.
    """
    try:
        return _read_sprints(sender, projects, wanted, work)
    except SourceError as trouble:
        if trouble.code in ("quota", "token"):
            raise
        return None, [Problem("sprints", f"sprints not read: {trouble}")]


def _read_sprints(
    sender: Sender, projects: Iterable[Backlog], wanted: tuple[str, ...], work: Map[Any]
) -> tuple[tuple[Sprint, ...] | None, list[Problem]]:
    ids = {project.id for project in projects}
    try:
        if wanted and len(ids) <= 10:
            per_project = work(
                lambda id_: read_table(sender, "/rest/agile/1.0/board", BoardRow, params={"projectKeyOrId": id_}), sorted(ids)
            )
            boards = {str(board.id): board for found in per_project for board in found}
        else:
            boards = {str(board.id): board for board in read_table(sender, "/rest/agile/1.0/board", BoardRow)}
    except RefusedError as no:
        if no.status not in (400, 401, 403, 404):
            raise
        text = (
            "boards and sprints cannot be read with this account, so only what issues say of their sprints is known; "
            "give it Jira Software access (scope read:sprint:jira-software)"
        )
        return None, [Problem("sprints", text)]
    timed = [board for board in boards.values() if board.type != "kanban"]
    sprints: dict[str, Sprint] = {}
    closed: list[str] = []
    for board, rows in zip(timed, work(lambda board: _sprints_of(sender, board), timed), strict=True):
        place = str(board.location.project or "") if board.location else ""
        if rows is None:
            closed.append(clean(board.name or str(board.id)))
        for row in rows or ():
            if str(row.id) not in sprints or str(row.board or "") == str(board.id):
                sprints[str(row.id)] = _sprint(row, place)
    text = "some boards cannot be read with this account, so only what issues say of their sprints is known"
    return tuple(sprints.values()), [Problem("sprints", text, where=closed[0], count=len(closed))] if closed else []


def _sprints_of(sender: Sender, board: BoardRow) -> list[shapes.SprintTable] | None:
    """Return the sprints of a board, none for one that has no sprints, None for one that is closed to us."""
    try:
        return read_table(sender, f"/rest/agile/1.0/board/{board.id}/sprint", shapes.SprintTable)
    except RefusedError as no:
        if no.status == 400:
            return []
        if no.status in (403, 404):
            return None
        raise


def _sprint(row: shapes.SprintTable, backlog: str) -> Sprint:
    return Sprint(
        id=str(row.id),
        name=clean(row.name or ""),
        state=sprint_state(row.state or ""),
        start=_stamp(row.start),
        end=_stamp(row.end),
        completed=_stamp(row.completed),
        goal=clean(row.goal or ""),
        backlog=backlog,
    )


def sprint_of(id_: str, told: shapes.SprintRef | Sprint) -> Sprint:
    """Return a sprint as an issue told of it."""
    if isinstance(told, Sprint):
        return told
    words = {name: value if isinstance(value := getattr(told, name), str) else None for name in ("name", "state", "goal")}
    times = {name: value if isinstance(value := getattr(told, name), str) else None for name in ("start", "end", "completed")}
    return _sprint(shapes.SprintTable(id=id_, **words, **times), "")


def _stamp(text: str | None) -> Millis:
    try:
        return instant_millis(text)
    except ValueError:
        return 0
