"""The report is one HTML file that opens anywhere, runs nothing, and names nothing it should not."""

from __future__ import annotations

import dataclasses
import html
import html.parser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import AS_OF
from hypothesis import given, settings
from hypothesis import strategies as st

from okrbot.app import App
from okrbot.findings import NOTHING, called
from okrbot.render import count, plain, safe_url, text_audit
from okrbot.report import html_report

HOSTILE = '"><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">{{ 7 * 7 }}'


def reported(app: App, **changes: object) -> str:
    with app.store() as store:
        audit = app.audit(store, as_of=AS_OF, remember=False)
        if changes:
            audit = dataclasses.replace(audit, findings=tuple(dataclasses.replace(f, **changes) for f in audit.findings))
        return html_report(audit, app.digests_of(store, audit), app.pages())


class Reader(html.parser.HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.events: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.events += [name for name, _ in attrs if name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "formaction", "xlink:href")]


def test_it_stands_alone_and_runs_nothing(organisation: App) -> None:
    text = reported(
        organisation, title=HOSTILE, note=HOSTILE, question=HOSTILE + "?", url="javascript:alert(1)", key=HOSTILE, product=HOSTILE
    )
    seen = Reader()
    seen.feed(text)
    assert not {"script", "img", "iframe", "object", "embed", "form", "link", "base"} & seen.tags
    assert not seen.events
    assert not seen.links
    assert "49" not in re.findall(r"\{\{.*?\}\}|49", text)
    assert "default-src 'none'" in text


def test_links_lead_to_the_tracker_only(organisation: App) -> None:
    seen = Reader()
    seen.feed(reported(organisation))
    assert seen.links
    assert all(link.startswith("https://") for link in seen.links)


def test_restricted_and_waived_findings_are_counted_not_named(organisation: App) -> None:
    with organisation.store() as store:
        audit = organisation.audit(store, as_of=AS_OF, remember=False)
        secret = dataclasses.replace(audit.findings[0], title="Project Nightingale", key="HID-1", restricted=True)
        audit = dataclasses.replace(audit, findings=(secret, *audit.findings[1:]))
        text = html_report(audit, organisation.digests_of(store, audit), organisation.pages())
    assert "Nightingale" not in text
    assert "HID-1" not in text
    assert "on restricted items (counted, not named)" in text


def test_what_was_not_checked_is_told_once_a_reason(organisation: App) -> None:
    with organisation.store() as store:
        audit = organisation.audit(store, as_of=AS_OF, remember=False)
        silent = [dataclasses.replace(r, outcome="not_checked", reason=NOTHING) for r in audit.rules[:6]]
        broken = dataclasses.replace(audit.rules[6], outcome="failed", reason="no such column")
        partly = dataclasses.replace(audit.rules[7], outcome="clear", unsure=3, reason="3 could not be judged")
        audit = dataclasses.replace(audit, rules=(*silent, broken, partly))
        text = html_report(audit, organisation.digests_of(store, audit), organisation.pages())
    told = text.split("Not clean, because not checked")[1].split("Checked and clear")[0]
    assert told.count(NOTHING) == 1
    assert all(html.escape(r.title) in told for r in (*silent, broken))
    assert told.index("no such column") < told.index(NOTHING)
    assert f"{html.escape(partly.title)} (3)" in told.split("Judged in part")[1]
    assert f"not judged: 3 by {partly.title} [{partly.rule}]" in " ".join(text_audit(dataclasses.replace(audit, rules=(partly,))).split())


def test_a_browser_shows_it_and_nothing_runs(organisation: App, tmp_path: Path) -> None:
    browser = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("no Chromium here; .ci/run installs it")
    page = tmp_path / "report.html"
    page.write_text(reported(organisation, title=HOSTILE, note=HOSTILE), encoding="utf-8")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=2000")  # fmt: skip
    done = subprocess.run([browser, *flags, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=False, timeout=100)
    assert "<title>Backlog and goals, 16 November 2026</title>" in done.stdout
    assert "To decide" in done.stdout
    assert "<script>document.title" not in done.stdout


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_foreign_text_stays_one_printable_line(text: str) -> None:
    shown = plain(text, 60)
    assert len(shown) <= 60
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


def test_addresses_are_links_only_when_they_are_addresses() -> None:
    assert safe_url("https://acme.example/browse/A-1") == "https://acme.example/browse/A-1"
    for bad in ("javascript:alert(1)", "data:text/html,x", "https://a b", 'https://a"onclick=', "//a", "", " https://a"):
        assert safe_url(bad) == ""


def test_numbers_have_their_nouns() -> None:
    assert [count(n, "finding") for n in (0, 1, 2, 1200)] == ["no findings", "1 finding", "2 findings", "1,200 findings"]
    assert count(2, "thing needs", "things need") == "2 things need"


def test_machine_keys_are_called_by_their_titles() -> None:
    assert called("11255be2e4db", "Reviews") == "Reviews"
    assert called("SHOP-12", "Reviews") == "SHOP-12"
    assert called("ari:cloud:townsquare:1:goal/2", "Reviews") == "Reviews"
    assert called("11255be2e4db", "") == "11255be2e4db"


def test_the_text_form_is_capped_and_says_how_many_more(organisation: App) -> None:
    with organisation.store() as store:
        audit = organisation.audit(store, as_of=AS_OF, remember=False)
    short, whole = text_audit(audit), text_audit(audit, everything=True)
    assert "more; --all shows them" in short
    assert "more; --all shows them" not in whole
    assert len(whole) > len(short)
