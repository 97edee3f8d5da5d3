"""What Linear answers, typed: only the fields the queries ask for. A field that is absent or null has an empty value."""

from __future__ import annotations

import msgspec

from ..text import instant_millis


class PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class Connection(msgspec.Struct, rename="camel"):
    """A page of a list; the rows stay undecoded so that one bad row spoils only itself."""

    nodes: list[msgspec.Raw]
    page_info: PageInfo


class Ref(msgspec.Struct):
    id: str


class Bot(msgspec.Struct):
    id: str | None = None
    type: str | None = None


class Named(msgspec.Struct):
    id: str
    name: str = ""


class Status(msgspec.Struct):
    name: str = ""
    type: str = ""


class Viewer(msgspec.Struct, rename="camel"):
    id: str
    name: str | None = None
    app: bool | None = None
    guest: bool | None = None
    admin: bool | None = None
    can_access_any_public_team: bool | None = None
    timezone: str | None = None


class Organization(msgspec.Struct, rename="camel"):
    id: str
    name: str | None = None
    url_key: str | None = None
    fiscal_year_start_month: float | None = None


class Who(msgspec.Struct):
    viewer: Viewer
    organization: Organization


class Team(msgspec.Struct, rename="camel"):
    id: str
    key: str
    name: str | None = None
    visibility: str | None = None
    timezone: str | None = None
    archived_at: str | None = None
    retired_at: str | None = None
    issue_count: float | None = None
    parent: Ref | None = None

    @property
    def closed(self) -> bool:
        """Tell whether only members see it: a private team, or one inside a private team."""
        return (self.visibility or "public") != "public"


class State(msgspec.Struct):
    id: str
    name: str = ""
    type: str = ""


class Label(msgspec.Struct, rename="camel"):
    id: str
    name: str = ""
    is_group: bool | None = None
    parent: Named | None = None
    team: Ref | None = None


class User(msgspec.Struct):
    id: str
    name: str | None = None
    app: bool | None = None


class Cycle(msgspec.Struct, rename="camel"):
    id: str
    number: float | None = None
    name: str | None = None
    description: str | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    completed_at: str | None = None
    archived_at: str | None = None
    team: Ref | None = None

    def __post_init__(self) -> None:
        _instants(self.starts_at, self.ends_at, self.completed_at)


class Milestone(msgspec.Struct, rename="camel"):
    id: str
    name: str = ""
    sort_order: float | None = None
    target_date: str | None = None
    archived_at: str | None = None
    project: Ref | None = None


class TeamPage(msgspec.Struct, rename="camel"):
    nodes: list[Ref]
    page_info: PageInfo | None = None


class Project(msgspec.Struct, rename="camel"):
    id: str
    slug_id: str | None = None
    name: str | None = None
    description: str | None = None
    content: str | None = None
    url: str | None = None
    priority_label: str | None = None
    sort_order: float | None = None
    label_ids: list[str] | None = None
    health: str | None = None
    trashed: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    canceled_at: str | None = None
    archived_at: str | None = None
    start_date: str | None = None
    start_date_resolution: str | None = None
    target_date: str | None = None
    target_date_resolution: str | None = None
    status: Status | None = None
    lead: Ref | None = None
    creator: Ref | None = None
    teams: TeamPage | None = None

    def __post_init__(self) -> None:
        _instants(self.created_at, self.updated_at, self.started_at, self.completed_at, self.canceled_at)


class ProjectRelation(msgspec.Struct, rename="camel"):
    id: str
    type: str
    project: Ref
    related_project: Ref


class Update(msgspec.Struct, rename="camel"):
    """A status update of a project or an initiative."""

    id: str
    body: str | None = None
    health: str | None = None
    created_at: str | None = None
    user: Ref | None = None
    project: Ref | None = None
    initiative: Ref | None = None

    def __post_init__(self) -> None:
        _instants(self.created_at)


class Initiative(msgspec.Struct, rename="camel"):
    id: str
    name: str | None = None
    description: str | None = None
    content: str | None = None
    status: str | None = None
    health: str | None = None
    target_date: str | None = None
    target_date_resolution: str | None = None
    created_at: str | None = None
    archived_at: str | None = None
    trashed: bool | None = None
    url: str | None = None
    owner: Ref | None = None
    lead_team: Ref | None = None
    parent_initiative: Ref | None = None

    def __post_init__(self) -> None:
        _instants(self.created_at)


class InitiativeProject(msgspec.Struct):
    id: str
    initiative: Ref
    project: Ref


class IssueEnd(msgspec.Struct):
    id: str
    identifier: str | None = None


class Relation(msgspec.Struct, rename="camel"):
    id: str
    type: str
    issue: IssueEnd
    related_issue: IssueEnd


class TwinMetadata(msgspec.Struct, rename="camel"):
    issue_key: str | None = None


class Twin(msgspec.Struct):
    """The same piece of work in another service."""

    id: str
    service: str | None = None
    metadata: TwinMetadata | None = None


class RelationChange(msgspec.Struct):
    identifier: str
    type: str


class History(msgspec.Struct, rename="camel"):
    id: str
    created_at: str
    actor_id: str | None = None
    from_state_id: str | None = None
    to_state_id: str | None = None
    from_assignee_id: str | None = None
    to_assignee_id: str | None = None
    from_cycle_id: str | None = None
    to_cycle_id: str | None = None
    from_project_id: str | None = None
    to_project_id: str | None = None
    from_parent_id: str | None = None
    to_parent_id: str | None = None
    from_team_id: str | None = None
    to_team_id: str | None = None
    from_priority: float | None = None
    to_priority: float | None = None
    from_estimate: float | None = None
    to_estimate: float | None = None
    from_due_date: str | None = None
    to_due_date: str | None = None
    from_title: str | None = None
    to_title: str | None = None
    added_label_ids: list[str] | None = None
    removed_label_ids: list[str] | None = None
    updated_description: bool | None = None
    archived: bool | None = None
    auto_archived: bool | None = None
    auto_closed: bool | None = None
    trashed: bool | None = None
    to_converted_project_id: str | None = None
    bot_actor: Bot | None = None
    relation_changes: list[RelationChange] | None = None

    def __post_init__(self) -> None:
        _instants(self.created_at)


class HistoryPage(msgspec.Struct, rename="camel"):
    nodes: list[History]
    page_info: PageInfo


class Parent(msgspec.Struct, rename="camel"):
    id: str
    label_ids: list[str] | None = None


class Issue(msgspec.Struct, rename="camel"):
    id: str
    identifier: str
    title: str | None = None
    description: str | None = None
    url: str | None = None
    priority_label: str | None = None
    estimate: float | None = None
    sort_order: float | None = None
    label_ids: list[str] | None = None
    previous_identifiers: list[str] | None = None
    trashed: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    canceled_at: str | None = None
    archived_at: str | None = None
    due_date: str | None = None
    state: Status | None = None
    team: Ref | None = None
    assignee: Ref | None = None
    delegate: Ref | None = None
    creator: Ref | None = None
    parent: Parent | None = None
    project: Named | None = None
    project_milestone: Named | None = None
    cycle: Ref | None = None
    synced_with: list[Twin] | None = None
    history: HistoryPage | None = None

    def __post_init__(self) -> None:
        _instants(self.created_at, self.updated_at, self.started_at, self.completed_at, self.canceled_at)


class Comment(msgspec.Struct, rename="camel"):
    id: str
    body: str | None = None
    created_at: str | None = None
    issue_id: str | None = None
    bot_actor: Bot | None = None
    user: Ref | None = None

    def __post_init__(self) -> None:
        _instants(self.created_at)


class Moved(msgspec.Struct, rename="camel"):
    """An id with its clock: of an issue, or of a comment and the issue it is on."""

    id: str
    updated_at: str | None = None
    issue_id: str | None = None

    def __post_init__(self) -> None:
        _instants(self.updated_at)


class Extensions(msgspec.Struct, rename="camel"):
    code: str | None = None
    type: str | None = None
    user_presentable_message: str | None = None


class Problem(msgspec.Struct, rename="camel"):
    """One entry of `errors`."""

    message: str = ""
    extensions: Extensions | None = None


class Failed(msgspec.Struct):
    """The head of an answer that may carry errors."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[Problem] | None = None


def _instants(*texts: str | None) -> None:
    """Refuse a row with an instant that is none, while it is decoded and can still be named."""
    for text in texts:
        try:
            instant_millis(text)
        except OverflowError as trouble:
            raise ValueError(str(trouble)) from None
