"""Jira: what is read is what is there, on Cloud and Data Center, the first time and every time after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_jira import Clock, FakeJira, Site, jira_time, ms
from shelf import Shelf
from spec_check import every_request_is_described  # noqa: F401 - autouse

from connectors.jira import JiraConnector, Settings, connect
from okrbot.model import PullRequest, Secret, SourceError, Surroundings

KINDS = pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "datacenter"])
FIELDS = [
    {"id": "customfield_10020", "name": "Sprint", "custom": True, "schema": {"custom": "com.pyxis.greenhopper.jira:gh-sprint"}},
    {"id": "customfield_10019", "name": "Rang", "custom": True, "schema": {"custom": "com.pyxis.greenhopper.jira:gh-lexo-rank"}},
    {
        "id": "customfield_10016",
        "name": "Story points",
        "custom": True,
        "schema": {"custom": "com.atlassian.jira.plugin.system.customfieldtypes:float"},
    },
    {
        "id": "customfield_10050",
        "name": "Key Result",
        "custom": True,
        "schema": {"custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"},
    },
]


def site_of(count: int, clock: Clock, *, projects: tuple[str, ...] = ("SHOP", "PAY"), minutes: int = 37) -> Site:
    """Return a site of `count` issues, created every few minutes until shortly before now."""
    site = Site({"fields": FIELDS}, clock)
    start = ms(clock()) - (count + 40) * minutes * 60_000
    for number in range(count):
        created = start + number * minutes * 60_000
        id_ = site.create(projects[number % len(projects)], f"Work {number}", created=created)
        if number % 3 == 0:
            site.issues[id_]["histories"] = [
                {
                    "id": f"8{id_}",
                    "author": {"accountId": "557058:ann", "displayName": "Ann", "accountType": "atlassian"},
                    "created": jira_time(created + 1000),
                    "items": [
                        {
                            "field": "summary",
                            "fieldId": "summary",
                            "from": None,
                            "fromString": "Old",
                            "to": None,
                            "toString": f"Work {number}",
                        }
                    ],
                }
            ]
            site.indexed[id_]["histories"] = site.issues[id_]["histories"]
    return site


def connector(fake: FakeJira, **settings: Any) -> JiraConnector:
    """Return a connector to a stand-in."""
    given = {"name": "acme", "url": fake.url, "user": fake.user, "token": Secret(fake.token), "parallel": 2, **settings}
    assert isinstance(fake.clock, Clock)
    return connect(Settings(**given), Surroundings(Path(), fake.clock, fake.clock.sleep, fields=("Key Result",)))


def pull(fake: FakeJira, store: Shelf, *, full: bool = False, **settings: Any) -> Shelf:
    """Pull once into a store."""
    request = PullRequest(now=fake.clock(), checkpoint=store.checkpoint, resume=store.resume, full=full, known=len(store.visible))
    return store.take_all(connector(fake, **settings).pull(request))


def same(store: Shelf, fake: FakeJira, projects: tuple[str, ...] | None = None) -> list[str]:
    """Return how a store differs from what the account may see."""
    truth = fake.site.truth(projects)
    wrong = [f"missing {truth[id_]['key']}" for id_ in truth.keys() - store.visible.keys()]
    wrong += [f"not there {store.items[id_].key}" for id_ in store.visible.keys() - truth.keys()]
    for id_ in truth.keys() & store.visible.keys():
        item, issue = store.items[id_], truth[id_]
        fields = issue["fields"]
        for what, ours, theirs in (
            ("key", item.key, issue["key"]),
            ("title", item.title, fields["summary"]),
            ("updated", item.updated, ms(fields["updated"])),
            ("status", item.their_state, fields["status"]["name"]),
            ("project", item.backlog, fields["project"]["id"]),
            ("due", item.due, fields["duedate"] or ""),
            ("labels", item.labels, tuple(fields["labels"])),
            ("restricted", item.restricted, fields["security"] is not None),
            ("changes", len(store.changes_of(id_)), sum(len(entry["items"]) for entry in issue["histories"])),
        ):
            if ours != theirs:
                wrong.append(f"{issue['key']} {what}: {ours!r} instead of {theirs!r}")
    return wrong


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jira(clock: Clock) -> Iterator[Callable[..., FakeJira]]:
    """Open stand-ins that are closed at the end."""
    opened: list[FakeJira] = []

    def make(site: Any = None, **how: Any) -> FakeJira:
        fake = FakeJira(site, clock=clock, **how).__enter__()
        opened.append(fake)
        return fake

    yield make
    for fake in opened:
        fake.__exit__()


@KINDS
def test_a_first_pull_reads_everything(jira: Callable[..., FakeJira], clock: Clock, cloud: bool) -> None:
    fake = jira(site_of(250, clock), cloud=cloud)
    store = pull(fake, Shelf())
    assert same(store, fake) == []
    assert store.coverage is not None
    assert (store.coverage.expected, store.coverage.read, store.coverage.with_history, store.coverage.complete) == (250, 250, 250, True)
    assert store.checkpoint is not None
    assert {backlog.key for backlog in store.backlogs.values()} == {"SHOP", "PAY"}


@KINDS
def test_a_second_pull_asks_for_changes_only_and_finds_edits_moves_deletes_and_hidden_issues(
    jira: Callable[..., FakeJira], clock: Clock, cloud: bool
) -> None:
    fake = jira(site_of(120, clock), cloud=cloud)
    store = pull(fake, Shelf())
    clock.forward(hours=2)
    ids = list(fake.site.issues)
    fake.site.edit(ids[3], summary="Renamed", labels=["kr-7"])
    fake.site.transition(ids[4], "Done")
    fake.site.move(ids[5], "PAY" if fake.site.issues[ids[5]]["key"].startswith("SHOP") else "SHOP")
    old_key = next(key for key, id_ in fake.site.old_keys.items() if id_ == ids[5])
    fake.site.delete(ids[6])
    fake.site.restrict(ids[7])
    fake.site.create("PAY", "New")
    clock.forward(minutes=5)
    fake.requests.clear()
    pull(fake, store)
    assert same(store, fake) == []
    assert store.aliases[old_key] == ids[5]
    assert store.items[ids[4]].state == "done"
    assert store.items[ids[4]].finished > 0
    assert not any(
        "created >= 0 ORDER" in asked.query.get("jql", "") and "summary" in asked.query.get("fields", "") for asked in fake.requests
    )
    clock.forward(minutes=5)
    fake.site.release(ids[7])
    pull(fake, store)
    assert same(store, fake) == []


@KINDS
def test_parallel_slices_read_each_issue_once_however_skewed_the_projects(jira: Callable[..., FakeJira], clock: Clock, cloud: bool) -> None:
    site = Site({"fields": FIELDS}, clock)
    start = ms(clock()) - 400 * 86_400_000
    for number in range(900):
        created = start + min(700, number) * 3_600_000 + number  # the last two hundred at one moment
        site.create("SHOP" if number % 30 else "PAY", f"Work {number}", created=created)
    fake = jira(site, cloud=cloud, cap=20)
    store = pull(fake, Shelf(), parallel=8, page_size=20, projects=("SHOP", "PAY"), history=False)
    assert len(store.items) == 900
    assert store.coverage is not None
    assert store.coverage.read == 900
    searches = [
        asked for asked in fake.requests if asked.path.endswith(("/search", "/search/jql")) and asked.query.get("maxResults") == "20"
    ]
    assert len({asked.query["jql"] for asked in searches}) > 4, "nobody helped"


def test_a_killed_pull_goes_on_where_it_stopped(jira: Callable[..., FakeJira], clock: Clock) -> None:
    fake = jira(site_of(400, clock), cap=20)
    store = Shelf()
    pages = connector(fake, parallel=3, page_size=20).pull(PullRequest(now=clock()))
    for _, page in zip(range(12), pages, strict=False):
        store.take(page)
    pages.close()  # type: ignore[attr-defined]
    before = len(store.items)
    assert 0 < before < 400
    fake.requests.clear()
    pull(fake, store, parallel=3, page_size=20)
    assert same(store, fake) == []
    fetched = sum(1 for asked in fake.requests if "summary" in asked.query.get("fields", ""))
    assert fetched < 40, "it began again"


def test_the_cursor_of_a_resumed_pull_is_the_start_of_the_first_attempt(jira: Callable[..., FakeJira], clock: Clock) -> None:
    fake = jira(site_of(100, clock), cap=10)
    store = Shelf()
    pages = connector(fake, page_size=10).pull(PullRequest(now=clock()))
    for _, page in zip(range(6), pages, strict=False):
        store.take(page)
    pages.close()  # type: ignore[attr-defined]
    began = ms(clock())
    clock.forward(hours=3)
    pull(fake, store, page_size=10)
    assert store.checkpoint is not None
    assert json.loads(store.checkpoint)["start"] == began


@KINDS
def test_the_users_own_filter_is_bracketed_and_loses_its_order(jira: Callable[..., FakeJira], clock: Clock, cloud: bool) -> None:
    site = site_of(60, clock)
    for id_ in list(site.issues)[::5]:
        site.edit(id_, labels=["okr"])
    fake = jira(site, cloud=cloud)
    store = pull(fake, Shelf(), jql='labels = okr OR summary ~ "nothing of it" ORDER BY rank DESC')
    assert {item.id for item in store.visible.values()} == set(list(site.issues)[::5])
    clock.forward(hours=1)
    fake.requests.clear()
    pull(fake, store, jql='labels = okr OR summary ~ "nothing of it" ORDER BY rank DESC')
    jqls = [asked.query["jql"] for asked in fake.requests if "updated" in asked.query.get("jql", "")]
    assert jqls
    assert all(jql.startswith('(labels = okr OR summary ~ "nothing of it") AND updated >= ') for jql in jqls)
    assert all(jql.endswith("ORDER BY updated ASC, key ASC") for jql in jqls)
    assert len(store.visible) == 12


def test_times_are_asked_in_epoch_milliseconds_from_the_servers_clock(jira: Callable[..., FakeJira], clock: Clock) -> None:
    fake = jira(site_of(20, clock))
    store = Shelf()
    ahead = Clock("2031-01-01T00:00:00+00:00")  # ours is years ahead of the server's
    settings = Settings(name="acme", url=fake.url, user=fake.user, token=Secret(fake.token))
    source = connect(settings, Surroundings(Path(), ahead, ahead.sleep))
    store.take_all(source.pull(PullRequest(now=ahead())))
    clock.forward(hours=1)
    fake.site.edit(next(iter(fake.site.issues)), summary="Edited")
    store.take_all(source.pull(PullRequest(now=ahead(), checkpoint=store.checkpoint, known=20)))
    assert same(store, fake) == []
    assert all('"' not in asked.query.get("jql", "") for asked in fake.requests)


def test_a_change_of_filter_account_or_week_leads_to_a_full_pass(jira: Callable[..., FakeJira], clock: Clock) -> None:
    fake = jira(site_of(50, clock))
    store = pull(fake, Shelf(), projects=("SHOP",))

    def was_full() -> bool:
        return any("created >= 0" in asked.query.get("jql", "") and "summary" in asked.query.get("fields", "") for asked in fake.requests)

    for change, code in (
        (lambda: {"projects": ("SHOP", "PAY")}, "filter_changed"),
        (lambda: fake.site.account.update(accountId="557058:other") or {"projects": ("SHOP", "PAY")}, "account_changed"),
        (lambda: clock.forward(days=8) or {"projects": ("SHOP", "PAY")}, ""),
    ):
        clock.forward(minutes=30)
        fake.requests.clear()
        pull(fake, store, **change())  # type: ignore[arg-type]
        assert was_full(), code
        assert store.coverage is not None
        assert [problem.code for problem in store.coverage.problems] == ([code] if code else [])
    clock.forward(minutes=30)
    fake.requests.clear()
    pull(fake, store, projects=("SHOP", "PAY"))
    assert not was_full()


def test_a_changed_time_zone_is_said_and_changes_nothing(jira: Callable[..., FakeJira], clock: Clock) -> None:
    fake = jira(site_of(30, clock))
    store = pull(fake, Shelf())
    clock.forward(hours=1)
    fake.site.account["timeZone"] = "Pacific/Kiritimati"
    fake.site.edit(next(iter(fake.site.issues)), summary="Edited")
    pull(fake, store)
    assert same(store, fake) == []
    assert store.coverage is not None
    assert [problem.code for problem in store.coverage.problems] == ["zone_changed"]


@pytest.mark.parametrize("moment", ["2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00", "2026-03-29T00:59:30+00:00"])
def test_the_hour_that_comes_twice_is_read_twice_rather_than_never(jira: Callable[..., FakeJira], clock: Clock, moment: str) -> None:
    clock.now = Clock(moment).now
    fake = jira(site_of(20, clock))
    store = pull(fake, Shelf())
    for _ in range(5):
        clock.forward(minutes=21)
        fake.site.create("SHOP", f"At {clock()}")
        pull(fake, store)
        assert same(store, fake) == []


@pytest.mark.parametrize("count", [100, 24])
def test_when_most_issues_vanish_nothing_is_taken_out_until_somebody_says_so(
    jira: Callable[..., FakeJira], clock: Clock, count: int
) -> None:
    fake = jira(site_of(count, clock))
    store = pull(fake, Shelf())
    clock.forward(hours=1)
    for id_ in list(fake.site.issues)[: count * 3 // 4]:
        fake.site.delete(id_)
    pull(fake, store)
    assert len(store.visible) == count
    assert store.coverage is not None
    assert not store.coverage.complete
    assert [problem.code for problem in store.coverage.problems] == ["shrunk"]
    pull(fake, store, full=True)
    assert same(store, fake) == []


@KINDS
def test_nothing_where_there_was_something_is_an_error_not_a_clean_backlog(
    jira: Callable[..., FakeJira], clock: Clock, cloud: bool
) -> None:
    fake = jira(site_of(40, clock), cloud=cloud)
    store = pull(fake, Shelf())
    for id_ in list(fake.site.issues):
        fake.site.restrict(id_)
    for full in (False, True):
        clock.forward(hours=1)
        with pytest.raises(SourceError, match="40 issues before and none now"):
            pull(fake, store, full=full)
        assert len(store.visible) == 40


def test_a_project_that_cannot_be_seen_makes_the_pull_partial(jira: Callable[..., FakeJira], clock: Clock) -> None:
    fake = jira(site_of(40, clock))
    store = pull(fake, Shelf(), projects=("SHOP", "SECRET"))
    assert {item.key.split("-")[0] for item in store.visible.values()} == {"SHOP"}
    assert store.coverage is not None
    assert not store.coverage.complete
    assert [(problem.code, problem.where) for problem in store.coverage.problems] == [("hidden", "SECRET")]
    assert store.checkpoint is None
    with pytest.raises(SourceError, match="none of the projects"):
        pull(fake, Shelf(), projects=("SECRET",))


def test_a_renamed_project_is_still_found(jira: Callable[..., FakeJira], clock: Clock) -> None:
    site = site_of(40, clock)
    site.projects["SHOP"]["old_keys"] = ["STORE"]
    fake = jira(site)
    store = pull(fake, Shelf(), projects=("STORE",))
    assert same(store, fake, ("SHOP",)) == []


def test_a_refused_filter_names_the_setting_and_what_jira_says(jira: Callable[..., FakeJira], clock: Clock) -> None:
    fake = jira(site_of(5, clock))
    with pytest.raises(SourceError, match=r"does not exist.*Check `jql`") as told:
        pull(fake, Shelf(), jql="nonsense = 5")
    assert told.value.code == "filter"
    with pytest.raises(SourceError, match="bracket") as told:
        pull(fake, Shelf(), jql="project = SHOP) OR (project = PAY")
    assert told.value.code == "filter"


def test_the_cloud_id_address_is_used_for_scoped_tokens(jira: Callable[..., FakeJira], clock: Clock) -> None:
    cloud_id = "11111111-2222-3333-4444-555555555555"
    fake = jira(site_of(5, clock), prefix=f"/ex/jira/{cloud_id}")
    settings = Settings(name="acme", url=fake.url.removesuffix(fake.prefix), token=Secret(fake.token), cloud_id=cloud_id)
    store = Shelf().take_all(connect(settings, Surroundings(Path(), clock, clock.sleep)).pull(PullRequest(now=clock())))
    assert len(store.items) == 5
    assert fake.requests[0].headers["authorization"].startswith("Bearer ")
    assert next(iter(store.items.values())).url.startswith("https://jira.example/browse/")


@KINDS
def test_check_says_who_we_are_and_what_cannot_be_seen(jira: Callable[..., FakeJira], clock: Clock, cloud: bool) -> None:
    fake = jira(site_of(30, clock), cloud=cloud)
    found = connector(fake, jql="labels is empty").probe()
    assert (found.account, found.timezone, found.limits["issues"], found.history) == ("Okr Bot", "Europe/Amsterdam", "30", True)
    assert found.version.startswith("Cloud" if cloud else "Data Center 10.3")
    assert found.fields["sprint"] == "customfield_10020"
    assert found.fields["Key Result"] == "customfield_10050"
    assert len(found.samples) == 3
    assert {"hidden", "archived", "filter"} <= {problem.code for problem in found.problems}
    assert all(asked.method == "GET" or asked.path.endswith(("approximate-count", "bulkfetch")) for asked in fake.requests)


def test_connecting_sends_nothing_and_names_the_key_that_is_wrong(jira: Callable[..., FakeJira], clock: Clock) -> None:
    fake = jira()
    connector(fake)
    assert fake.requests == []
    for settings, key in (
        ({"url": ""}, "url"),
        ({"url": "http://jira.acme.example"}, "url"),
        ({"url": "https://me:pw-in-the-address@acme.example"}, "url"),
        ({"token": Secret("")}, "token"),
        ({"token": None}, "token"),
        ({"token": Secret("with\u200bzero width", "env:JIRA_TOKEN")}, "token"),
        ({"user": "a:b"}, "user"),
        ({"cloud": "server"}, "cloud"),
        ({"cloud_id": "x/../y"}, "cloud_id"),
        ({"parallel": -1}, "parallel"),
        ({"page_size": 5000}, "page_size"),
        ({"overlap_minutes": 1}, "overlap_minutes"),
        ({"jql": "a = \x00"}, "jql"),
    ):
        with pytest.raises(ValueError, match=f"^{key}: ") as told:
            connector(fake, **settings)
        assert "pw-in-the-address" not in str(told.value)
        assert "width" not in str(told.value)
