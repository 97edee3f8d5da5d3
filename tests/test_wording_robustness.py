"""Promises of the judges on texts as people write them: wrapped, shouted, decorated, damaged, far too long."""

from __future__ import annotations

import itertools

import pytest

from okrbot.similar import verdict
from okrbot.wording import judge, traits
from okrbot.wording.items import judge_item
from okrbot.wording.wrapping import bare

WRAPS = [
    "- {}",
    "* {}",
    "• {}",
    "– {}",
    "1. {}",
    "2) {}",
    "(3) {}",
    "a) {}",
    "KR1: {}",
    "- KR1: {}",
    "KR 2.1 – {}",
    "KR2.3. {}",
    "KR 1.2.3: {}",
    "Key Result 3: {}",
    "[Q4] {}",
    "[Q4 2026] {}",
    "(Q1/27) {}",
    "[2026 Q4] {}",
    "Q4: {}",
    "• [Q4] KR2: {}",
    "KR2 (stretch): {}",
    "[stretch] {}",
    "(committed) {}",
    "[ ] {}",
    "[x] {}",
    "{}.",
    "{}...",
    "{}…",
    "  {}  ",
    "{} (owner: Ana Díaz)",
    "{} [Owner: J. Smith]",
    "{} @maria.k",
    "{} (@team-shop)",
    "{} – Owner: Ana",
    "{} [Q4]",
    "{} #growth",
    "<b>{}</b>",
    "<p>{}</p>",
    "**{}**",
    "🚀 {}",
    "🎯 KR1: {} ✅",
    "\u200b{}\u200b",
    "\u202e{}\u202c",
    "{} https://example.org/okr/12?x=5",
]
KEY_RESULTS = [
    ("Raise NPS from 31 to 45", "outcome"),
    ("Publish 12 articles", "output"),
    ("Improve retention", "outcome_unmeasured"),
    ("Kundenzufriedenheit von 78 % auf 85 % steigern", "outcome"),
]


@pytest.mark.parametrize("wrap", WRAPS)
def test_wrapping_changes_no_key_result(wrap: str) -> None:
    for text, kind in KEY_RESULTS:
        said = judge(wrap.format(text), level="key_result")
        assert said.kind == kind, (wrap.format(text), said)


@pytest.mark.parametrize(
    "wrap",
    [
        "O1: {}",
        "- O2: {}",
        "Objective 1 – {}",
        "Objective: {}",
        "[Q4] O1: {}",
        "1. {}",
        "{} (owner: Ana)",
        "🎯 {}",
        "<b>{}</b>",
        "O 3.1 – {}",
    ],
)
def test_wrapping_changes_no_objective(wrap: str) -> None:
    assert judge(wrap.format("Delight our customers"), level="objective").kind == "qualitative"
    assert judge(wrap.format("Launch the customer portal"), level="objective").kind == "output"


@pytest.mark.parametrize("wrap", ["- {}", "1. {}", "• {}", "[ ] {}", "🔥 {}", "<p>{}</p>", "{}.", "SHOP-12 {}", "{} https://example.org/x"])
def test_wrapping_changes_no_item(wrap: str) -> None:
    assert judge_item(wrap.format("Add CSV export to the order page")).kind == "solution"
    assert judge_item(wrap.format("App crashes when opening the cart")).kind == "bug"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("NPS ≥ 60", "outcome"),
        ("Churn < 5%", "outcome"),
        ("Checkout conversion 50%", "outcome"),
        ("MRR of €2m", "outcome"),
        ("3x more active users", "outcome"),
        ("API latency <200ms", "outcome"),
        ("Availability ≥ 99.9 %", "outcome"),
        ("2.1 seconds load time", "outcome"),
        ("1.5 million monthly active users", "outcome"),
        ("Page load time: 3.2s -> 1.8s", "outcome"),
        ("Revenue +20%", "outcome"),
        ("Grow revenue by $1.2M", "outcome"),
        ("REDUCE CHURN FROM 8% TO 5%", "outcome"),
        ("PUBLISH 12 ARTICLES ON THE BLOG", "output"),
        ("Reduce churn by X%", "outcome_unmeasured"),
        ("Reduce churn by __ %", "outcome_unmeasured"),
        ("Reduce churn to [TBD]", "outcome_unmeasured"),
    ],
)
def test_numbers_are_read_with_their_units_glued_on(text: str, kind: str) -> None:
    assert judge(text, level="key_result").kind == kind, judge(text, level="key_result")


@pytest.mark.parametrize(
    "text",
    [
        "1.5 million users",
        "2.1 seconds load time",
        "95 % uptime",
        "#1 in customer service",
        "3x more users",
        "50% of users pay",
        "KR1",
        "O1:",
        "[Q4]",
    ],
)
def test_numbers_that_belong_to_the_text_stay(text: str) -> None:
    assert bare(text) == text


@pytest.mark.parametrize("wrap", WRAPS)
def test_what_is_quoted_stands_in_the_text_as_written(wrap: str) -> None:
    text = wrap.format("Raise checkout conversion from 31 % to 45 %")
    plain = bare(text)
    assert len(plain) == len(text)
    said = judge(text, level="key_result")
    assert any(part in text for part in said.because), said
    assert traits(text).has_target


NOTHING = ["", " ", "\n\t", "...", "—", "🎉🎉", "\u200b", "<br/>", "?", "12", "KR1:", "-", "[Q4]", "https://example.org"]


@pytest.mark.parametrize(("text", "level"), list(itertools.product(NOTHING, ["key_result", "objective", "item"])))
def test_nothing_to_judge_is_no_accusation(text: str, level: str) -> None:
    said = judge(text, level=level)  # type: ignore[arg-type]
    assert said.kind in ("unclear", "outcome", "has_metric", "qualitative", "outcome_unmeasured"), said
    assert said.text == text


@pytest.mark.parametrize(
    "text",
    ["رفع رضا العملاء إلى 90٪", "הגדלת שביעות רצון הלקוחות", "顧客満足度を90%に上げる", "Увеличить продажи на 20 %", "고객 만족도 향상"],
)
def test_a_script_without_a_lexicon_is_unclear(text: str) -> None:
    assert judge(text, level="key_result").kind == "unclear"
    assert judge(text, level="item").kind == "unclear"


@pytest.mark.parametrize(
    "piece", ["a", "Raise NPS to 60. ", "KR1: ", "<b>", "- ", "(", "[Q4] ", "12 ", "é", "🎯", "*_`", "&nbsp;", "@ana ", "[owner: "]
)
def test_a_hundred_kilobytes_are_judged(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for level in ("key_result", "objective", "item"):
        assert judge(text, level=level).text == text  # type: ignore[arg-type]
    verdict(text[:5000], text[:5000])


@pytest.mark.parametrize(
    "title",
    ["Household planner", "Meal kit builder", "Trip planner", "Team planner", "Rental planner", "Household budget planner", "Store finder"],
)
def test_short_english_titles_are_taken_for_english(title: str) -> None:
    assert judge_item(title).kind != "unclear", judge_item(title)


@pytest.mark.parametrize(
    "title", ["Build the wallet", "Build a returns portal", "Build wishlists", "Build chat widget", "Build seat map for trains"]
)
def test_to_build_something_is_a_solution(title: str) -> None:
    assert judge_item(title).kind == "solution"


@pytest.mark.parametrize(
    "title", ["Build fails on Windows agents", "Build takes 40 minutes", "Build pipeline is flaky", "Build cache is never cleaned"]
)
def test_the_build_itself_is_upkeep(title: str) -> None:
    assert judge_item(title).kind in ("maintenance", "bug")
