"""Measures a pull of Jira against a bare `requests` loop and the `jira` package, each in a process of its own: `python bench/pull.py`."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

FIELDS = "summary,issuetype,status,project,parent,created,updated,duedate,description,labels,components,fixVersions,issuelinks,priority,assignee,reporter"


def bare(url: str) -> int:
    """Read every page with `requests`, gunzip and parse nothing; return how many pages came."""
    import requests

    session = requests.Session()
    session.auth = ("bot@acme.example", "made-up")
    token, pages = "", 0
    while True:
        params = {"jql": "created >= 0 ORDER BY created ASC, key ASC", "maxResults": 100, "fields": FIELDS}
        if token:
            params["nextPageToken"] = token
        tail = session.get(f"{url}/rest/api/3/search/jql", params=params, timeout=60).content[-200:]
        pages += 1
        found = re.search(rb'"nextPageToken":"(\w+)"', tail)
        if not found:
            return pages
        token = found[1].decode()


def package(url: str) -> int:
    """Read every issue with the `jira` package's own paging; return how many came."""
    import jira

    client = jira.JIRA(url, basic_auth=("bot@acme.example", "made-up"))
    return len(client.enhanced_search_issues("created >= 0 ORDER BY created ASC, key ASC", maxResults=0, fields=FIELDS))


def ours(url: str, *, parallel: int, projects: int, history: bool, store: str, times: int = 1) -> dict[str, Any]:
    """Pull into a store (or, with an empty one, into nothing); return what came."""
    from connectors.jira import Settings, connect
    from okrbot.model import PullRequest, Secret, Surroundings

    settings = Settings(
        name="bench",
        url=url,
        user="bot@acme.example",
        token=Secret("made-up"),
        parallel=parallel,
        history=history,
        projects=tuple(f"P{number}" for number in range(projects)),
    )
    now = lambda: dt.datetime.now(dt.UTC)  # noqa: E731
    source = connect(settings, Surroundings(Path(), now, time.sleep))
    if not store:
        read = sum(len(page.items) for page in source.pull(PullRequest(now=now())))
        return {"read": read}
    from okrbot.pull import pull
    from okrbot.store import open_store

    opened = open_store(store)
    marks = []
    pulled = None
    for turn in range(times):
        if turn:
            command(url, "change?share=0.01")
            time.sleep(1.1)
        start, cpu, sent = time.perf_counter(), time.process_time(), requests_of(url)
        pulled = pull(opened, source, now=now())
        marks.append({"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu, "requests": requests_of(url) - sent - 1})
    opened.close()
    assert pulled is not None
    return {"read": pulled.coverage.read, "verdict": pulled.verdict, "marks": marks}


def requests_of(url: str) -> int:
    """Return how many requests the server has seen."""
    return int(command(url, "requests")["requests"])


def command(url: str, what: str) -> dict[str, Any]:
    """Tell the server something and return what it says."""
    import requests

    told: dict[str, Any] = requests.get(f"{url}/bench/{what}", timeout=60).json()
    return told


def worker(given: argparse.Namespace) -> None:
    """Run one measurement and print it as JSON."""
    if given.work == "ours":  # what a start costs is not what a pull costs
        import connectors.jira  # noqa: F401

        if given.store:
            import okrbot.pull  # noqa: F401
    else:
        import jira  # noqa: F401
    start, cpu = time.perf_counter(), time.process_time()
    told: Any
    if given.work == "bare":
        told = {"pages": bare(given.url)}
    elif given.work == "package":
        told = {"read": package(given.url)}
    else:
        told = ours(
            given.url, parallel=given.parallel, projects=given.projects, history=given.history, store=given.store, times=given.times
        )
    told |= {
        "wall": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(told))


def measure(work: str, url: str, **options: Any) -> dict[str, Any]:
    """Run one measurement in a fresh process."""
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if value is not True and value is not False]
    arguments += [f"--{name}" for name, value in options.items() if value is True]
    done = subprocess.run([sys.executable, __file__, "--work", work, "--url", url, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


class Jira:
    """A made-up Jira in a process of its own."""

    def __init__(self, issues: int, **options: Any) -> None:
        arguments = [f"--{name}={value}" for name, value in options.items()]
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "jira_server.py"), f"--issues={issues}", *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> str:
        return self.url

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


def best(work: str, url: str, repeat: int, **options: Any) -> dict[str, Any]:
    """Return the run with the least CPU of `repeat`; stores are new each time."""
    runs = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:
            store = {"store": f"sqlite:///{folder}/okrbot.db"} if options.pop("stored", False) or options.get("keep") else {}
            runs.append(measure(work, url, **{name: value for name, value in options.items() if name != "keep"}, **store))
            if store:
                options["keep"] = True
    return min(runs, key=lambda run: run["cpu"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--work", choices=["bare", "package", "ours"])
    parser.add_argument("--url", default="")
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--projects", type=int, default=0)
    parser.add_argument("--history", action="store_true")
    parser.add_argument("--store", default="")
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    if given.work:
        worker(given)
        return
    count, small = given.issues, given.small
    with Jira(small, history=5) as url:
        base = best("bare", url, given.repeat)
        slow = measure("package", url)
        few = best("ours", url, given.repeat, stored=True)
        told = best("ours", url, given.repeat, stored=True, history=True)
        print(f"{small:,} issues    requests {base['cpu']:6.2f} s CPU, {base['peak']:4.0f} MB")
        print(f"               jira package {slow['cpu']:6.2f} s CPU = {slow['cpu'] / base['cpu']:5.1f} x, {slow['peak']:4.0f} MB")
        print(f"               okrbot into the store {few['cpu']:6.2f} s CPU = {few['cpu'] / base['cpu']:5.2f} x, {few['peak']:4.0f} MB")
        print(f"               the same with five history entries an issue {told['cpu']:6.2f} s CPU, {told['peak']:4.0f} MB", flush=True)
    with Jira(count) as url:
        base = best("bare", url, given.repeat)
        rows = best("ours", url, given.repeat)
        full = best("ours", url, given.repeat, stored=True)
        pages = base["pages"]
        print(f"{count:,} issues   requests {base['cpu']:6.2f} s CPU, {base['peak']:4.0f} MB, {pages} pages")
        print(f"               okrbot, rows only {rows['cpu']:6.2f} s CPU = {rows['cpu'] / base['cpu']:5.2f} x, {rows['peak']:4.0f} MB")
        print(
            f"               okrbot into the store {full['cpu']:6.2f} s CPU = {full['cpu'] / base['cpu']:5.2f} x (goal 1.5), {full['peak']:4.0f} MB (goal 150)",
            flush=True,
        )
    with Jira(count, delay=0.15) as url, tempfile.TemporaryDirectory() as folder:
        both = measure("ours", url, parallel=16, projects=16, store=f"sqlite:///{folder}/okrbot.db", times=2)
        first, second = both["marks"]
        ideal = pages * 0.15 / 16
        print(
            f"150 ms a request, 16 slices, skewed projects: {first['wall']:5.1f} s = {first['wall'] / ideal:4.2f} x of {ideal:.1f} s (goal 1.3), {first['requests']} requests"
        )
        print(f"second pull, 1 % changed: {second['wall']:5.2f} s (goal 2), {second['requests']} requests, {second['cpu']:.2f} s CPU")


if __name__ == "__main__":
    main()
