"""A Jira Cloud on loopback that answers from pre-rendered gzip pages, so that a benchmark measures the client and not the server."""

from __future__ import annotations

import argparse
import asyncio
import bisect
import datetime as dt
import gzip
import json
import random
import re
from urllib.parse import parse_qs, urlsplit

PAGE = 100
START = 1_640_995_200_000  # 2022-01-01
SPAN = 3 * 365 * 86_400_000
WORDS = (
    "checkout",
    "payment",
    "slot",
    "basket",
    "driver",
    "depot",
    "family",
    "price",
    "search",
    "order",
    "refund",
    "label",
    "invoice",
    "pick",
    "pack",
    "route",
    "stock",
    "screen",
    "page",
    "hint",
)
POINT = "customfield_10016"


class Site:
    """Issues in the order of their creation, each project a stretch of it; projects are skewed (one holds half of all)."""

    def __init__(self, count: int, projects: int, size: int, history: int) -> None:
        self.dice = random.Random(7)
        self.count, self.size, self.history = count, size, history
        weights = [1 / 2 ** min(number + 1, 6) for number in range(projects)]
        shares = [max(1, round(count * weight / sum(weights))) for weight in weights]
        shares[0] += count - sum(shares)
        self.starts = [sum(shares[:number]) for number in range(projects)] + [count]
        self.created = sorted(START + int(SPAN * self.dice.random() ** 2) for _ in range(count))
        self.filler = [" ".join(self.dice.choice(WORDS) for _ in range(60)) for _ in range(400)]
        self.chunks: list[bytes] = []  # whole pages, packed, each a stretch of at most PAGE issues of one project
        self.edges: list[int] = []
        for number in range(projects):
            first, last = self.starts[number], self.starts[number + 1]
            for start in range(first, last, PAGE):
                stop = min(start + PAGE, last)
                self.edges.append(start)
                rows = ",".join(self.issue(place) for place in range(start, stop))
                self.chunks.append(page_of(rows, str(stop) if stop < count else ""))
        self.edges.append(count)
        self.changed: list[int] = []
        self.changed_pages: list[bytes] = []
        self.cut: dict[tuple[int, int, bool], bytes] = {}
        self.requests = 0

    def project(self, place: int) -> int:
        """Return the number of the project an issue is in."""
        return bisect.bisect_right(self.starts, place) - 1

    def issue(self, place: int, updated: int = 0) -> str:
        """Return one issue as JSON text of about `size` bytes."""
        number, dice = self.project(place), self.dice
        created = stamp(self.created[place])
        person = {"self": "https://acme.example/rest/api/3/user?accountId=5b10", "accountId": f"5b10{place % 50:04d}", "displayName": f"Person {place % 50}",
                  "avatarUrls": {size: f"https://avatars.example/{place % 50}/{size}" for size in ("48x48", "24x24", "16x16", "32x32")}, "active": True,
                  "timeZone": "Europe/Amsterdam", "accountType": "atlassian"}  # fmt: skip
        paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": self.filler[dice.randrange(400)]}]} for _ in range(3)]
        body = {
            "expand": "operations,versionedRepresentations", "id": str(10_000 + place), "key": f"P{number}-{place}", "self": f"https://acme.example/rest/api/3/issue/{place}",
            "fields": {
                "summary": f"{self.filler[dice.randrange(400)][:50]} {place}",
                "issuetype": {"self": "https://acme.example/rest/api/3/issuetype/10001", "id": "10001", "description": "Functionality", "iconUrl": "https://acme.example/icon",
                              "name": "Story", "subtask": False, "avatarId": 10315, "hierarchyLevel": 0},
                "status": {"self": "https://acme.example/rest/api/3/status/3", "description": "", "iconUrl": "https://acme.example/", "name": "In Progress", "id": "3",
                           "statusCategory": {"self": "https://acme.example/rest/api/3/statuscategory/4", "id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"}},
                "project": {"self": "https://acme.example/rest/api/3/project/1", "id": str(100 + number), "key": f"P{number}", "name": f"Project {number}", "projectTypeKey": "software"},
                "parent": {"id": str(10_000 + place // 20), "key": f"P{number}-{place // 20}", "fields": {"summary": "An epic", "issuetype": {"id": "10000", "name": "Epic"}}},
                "created": created, "updated": stamp(updated) if updated else created, "duedate": None, "resolutiondate": None, "statuscategorychangedate": created,
                "description": {"type": "doc", "version": 1, "content": paragraphs}, "labels": ["kr-1", "web"], "components": [{"id": "1", "name": "app"}], "fixVersions": [],
                "issuelinks": [{"id": str(place), "type": {"id": "1", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
                                "outwardIssue": {"id": str(10_000 + place // 2), "key": f"P{number}-{place // 2}", "fields": {"summary": "Other"}}}],
                "priority": {"self": "https://acme.example/p", "iconUrl": "https://acme.example/i", "name": "Medium", "id": "3"},
                "assignee": person, "reporter": person, "resolution": None, "security": None, "customfield_10020": [{"id": 5, "name": "Sprint 5", "state": "closed", "boardId": 1}],
                "customfield_10019": f"0|i{place:05x}:", POINT: float(place % 8), "comment": {"comments": [], "maxResults": 0, "total": 0, "startAt": 0},
            },
        }  # fmt: skip
        text = json.dumps(body)
        lack, more = self.size - len(text), {}
        field = 0
        while lack > 0:  # what a wider question would bring: custom fields nobody needs
            value = self.filler[dice.randrange(400)][: min(lack, 160)] if field % 3 else None
            more[f"customfield_{11_000 + field}"] = value
            lack -= len(value or "null") + 26
            field += 1
        body["fields"].update(more)  # type: ignore[attr-defined]
        return json.dumps(body)

    def change(self, share: float) -> int:
        """Let a share of the issues change now; return how many."""
        now = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
        self.changed = sorted(self.dice.sample(range(self.count), int(self.count * share)))
        rows = [self.issue(place, updated=now + number) for number, place in enumerate(self.changed)]
        stops = range(PAGE, len(rows) + PAGE, PAGE)
        self.changed_pages = [
            page_of(",".join(rows[stop - PAGE : stop]), str(number + 1) if stop < len(rows) else "") for number, stop in enumerate(stops)
        ]
        return len(rows)

    def span(self, jql: str) -> tuple[int, int]:
        """Return the stretch of issues that a query by project and creation time means."""
        first, last = 0, self.count
        if found := re.search(r'project in \("P(\d+)"\)', jql):
            number = int(found[1])
            first, last = self.starts[number], self.starts[number + 1]
        if found := re.search(r"created >= (\d+)", jql):
            first = max(first, bisect.bisect_left(self.created, int(found[1])))
        if found := re.search(r"created < (\d+)", jql):
            last = min(last, bisect.bisect_left(self.created, int(found[1])))
        return first, max(first, last)

    def search(self, query: dict[str, str]) -> bytes:
        """Return one page, packed."""
        jql, token = query["jql"], query.get("nextPageToken", "")
        if found := re.search(r"updated >= (\d+)", jql):
            if not self.changed_pages or int(found[1]) > int(dt.datetime.now(dt.UTC).timestamp() * 1000):
                return page_of(self.issue(0) if "updated >= 0" in jql else "", "")
            return self.changed_pages[int(token or 0)]
        first, last = self.span(jql)
        place = int(token) if token else first
        if query.get("fields") == "id":
            stop = min(place + 5000, last)
            return page_of(",".join(f'{{"id":"{10_000 + one}"}}' for one in range(place, stop)), str(stop) if stop < last else "")
        if place >= last:
            return page_of("", "")
        if " DESC" in jql:
            return page_of(self.issue(last - 1), "")
        chunk = bisect.bisect_right(self.edges, place) - 1
        start, stop = self.edges[chunk], min(self.edges[chunk + 1], last)
        if place == start and stop == self.edges[chunk + 1] and (stop < last or stop == self.count):
            return self.chunks[chunk]
        key = (place, stop, stop < last)
        if key not in self.cut:
            rows = json.loads(gzip.decompress(self.chunks[chunk]))["issues"][place - start : stop - start]
            self.cut[key] = page_of(",".join(map(json.dumps, rows)), str(stop) if stop < last else "")
        return self.cut[key]

    def histories(self, ids: list[str]) -> str:
        """Return a bulk change log."""
        issues = []
        for id_ in ids:
            entries = [
                {"id": f"{id_}{number}", "author": {"accountId": "5b10", "displayName": "Person"}, "created": self.created[int(id_) - 10_000] + number * 1000,
                 "items": [{"field": "status", "fieldId": "status", "from": "1", "fromString": "To Do", "to": "3", "toString": "In Progress"}]}
                for number in range(self.history)
            ]  # fmt: skip
            issues.append({"issueId": id_, "changeHistories": entries})
        return json.dumps({"issueChangeLogs": issues})


def stamp(moment: int) -> str:
    """Return epoch milliseconds as Jira writes them."""
    return dt.datetime.fromtimestamp(moment / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}+0000"


def page_of(issues: str, token: str) -> bytes:
    """Return a page of search results, packed."""
    more = f'"nextPageToken":"{token}","isLast":false' if token else '"isLast":true'
    return gzip.compress(f'{{"issues":[{issues}],{more}}}'.encode(), 1)


class Server:
    """Answers by hand, without a framework: the benchmark runs on two cores and this must not be what is measured."""

    def __init__(self, site: Site, delay: float) -> None:
        self.site, self.delay = site, delay

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1])) if length else b""
                parts = urlsplit(target)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if self.delay and not parts.path.startswith("/bench"):
                    await asyncio.sleep(self.delay)
                self.site.requests += 1
                packed = self.answer(method, parts.path, query, body)
                date = dt.datetime.now(dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
                headers = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
                writer.write(headers.encode() + packed)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> bytes:
        """Return a packed answer."""
        if path.endswith("/search/jql"):
            return self.site.search(query if method == "GET" else json.loads(body))
        return gzip.compress(self.small(path, query, body).encode(), 1)

    def small(self, path: str, query: dict[str, str], body: bytes) -> str:
        """Return the JSON of everything that is not a search."""
        site = self.site
        match path.rsplit("/", 1)[1]:
            case "serverInfo":
                return json.dumps(
                    {"deploymentType": "Cloud", "version": "1001", "versionNumbers": [1001, 0, 0], "baseUrl": "https://acme.example"}
                )
            case "myself":
                return json.dumps({"accountId": "5b10", "displayName": "Bot", "timeZone": "UTC"})
            case "field":
                gh = "com.pyxis.greenhopper.jira:"
                rows = [
                    ("customfield_10020", "Sprint", gh + "gh-sprint"),
                    ("customfield_10019", "Rank", gh + "gh-lexo-rank"),
                    (POINT, "Story points", gh + "jsw-story-points"),
                ]
                return json.dumps(
                    [
                        {"id": id_, "name": name, "custom": True, "clauseNames": [name], "schema": {"custom": custom}}
                        for id_, name, custom in rows
                    ]
                )
            case "search" if "project" in path:
                rows = [
                    {"id": str(100 + number), "key": f"P{number}", "name": f"Project {number}"} for number in range(len(site.starts) - 1)
                ]
                return json.dumps({"values": rows, "isLast": True, "total": len(rows), "startAt": 0})
            case "approximate-count":
                first, last = site.span(json.loads(body)["jql"])
                return json.dumps({"count": last - first})
            case "bulkfetch":
                return site.histories(json.loads(body)["issueIdsOrKeys"])
            case "change":
                return json.dumps({"changed": site.change(float(query["share"]))})
            case "requests":
                return json.dumps({"requests": site.requests})
            case "delay":
                self.delay = float(query["seconds"])
                return "{}"
            case "board" | "sprint":
                return json.dumps({"values": [], "isLast": True})
            case _:
                return "[]"


async def run(site: Site, delay: float) -> None:
    """Serve until the process is ended; the first line of output is the address."""
    server = await asyncio.start_server(Server(site, delay).serve, "127.0.0.1", 0, limit=1 << 20)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--projects", type=int, default=16)
    parser.add_argument("--size", type=int, default=6600)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--history", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(run(Site(given.issues, given.projects, given.size, given.history), given.delay))
