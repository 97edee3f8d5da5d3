"""Whatever the backlog holds, the digest is a message Slack takes, and text from a tracker can do nothing in it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from fake_slack import links, mentions, shown, styled
from fake_slack.blocks import wrong_message
from fake_slack.mrkdwn import mrkdwn_texts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_digests import MONDAY, digest, finding

from okrbot.blocks import DigestPosts, Gap, GoalLine, TooMuchError, check_message, digest_posts, escape, late_note, link
from okrbot.blocks.limits import MOST_CHARACTERS, MOST_FALLBACK, size
from okrbot.blocks.pieces import actions, button, context, header, section, table
from okrbot.digest import SCORES, Decision, Digest, Score
from okrbot.model import clean

NASTY = (
    "<!channel>", "<!here>", "<!everyone>", "<@U1>", "<@U1|ann>", "<#C1|general>", "<!subteam^S1|team>", "<https://evil.example|Log in>", "&lt;!here&gt;",
    "<!date^1^{date}^https://evil.example|x>", "@channel", "@here", "*bold*", "_it_", "~gone~", "`code`", "```block```", "> quote", ">>> all", ":tada:",
    "https://evil.example/a?b=c&d", "mailto:a@b.example", "www.evil.example", "a\nb\rc\u2028d", "\u202egnp.exe", "\x00\x1b[31m", "|", "||a|b", "&", "&&amp;amp;",
    "<", ">", "<<<>>>", "<http://a|<!channel>>", "*_~`*_~`", "\ufeff", "\ud83d", "ﷺ" * 80, "👩‍👩‍👧‍👦" * 60, "x" * 600, "中文" * 300, "- * a\n- * b", "&#60;!channel&#62;",
)  # fmt: skip
PIECES = st.sampled_from(NASTY) | st.text(max_size=40)
TEXTS = st.lists(PIECES, min_size=1, max_size=8).map(lambda parts: clean(" ".join(parts)))


def everything(posts: DigestPosts) -> list[tuple[list[dict[str, Any]], str]]:
    return [(list(post.blocks), post.text) for post in (posts.message, *posts.thread)]


def hostile(seed: int) -> str:
    chooser = random.Random(seed)
    return clean(chooser.choice(["", " ", "*", "("]).join(chooser.choices(NASTY, k=chooser.randint(1, 6))))


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_escaped_text_pings_links_formats_and_decodes_to_nothing(text: str) -> None:
    for shown_as in (escape(text), escape(text, 80), link("https://tracker.example/SHOP-1", text, 60)):
        assert mentions([{"type": "mrkdwn", "text": shown_as}]) == set()
        assert styled(shown_as) == []
        assert links([{"type": "mrkdwn", "text": shown_as, "verbatim": True}]) <= {"https://tracker.example/SHOP-1"}
        assert "\n" not in shown_as


def test_ordinary_titles_are_left_as_they_are() -> None:
    for text in (
        "Raise checkout_rate from 62 % to 70 %",
        "2*3*4 = 24",
        "Größe & Preis",
        "Ship snake_case_names",
        "What? Why - now: soon",
        "3:30 pm",
    ):
        assert escape(text).replace("&amp;", "&") == text


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "https://user:pw@a.example", "https://", "//a.example", "https://[", ""],
)
def test_only_plain_http_addresses_become_links(url: str) -> None:
    assert link(url, "SHOP-1") == "SHOP-1"


@pytest.mark.parametrize("url", ["https://a.example/x|y>z<!channel>", "https://a.example/ä ö?q=<@U1>"])
def test_an_address_cannot_end_its_own_link(url: str) -> None:
    found = link(url, "SHOP-1")
    assert mentions([{"type": "mrkdwn", "text": found}]) == set()
    assert shown([{"type": "mrkdwn", "text": found}]) == "SHOP-1"


def test_a_thousand_hostile_titles_mention_nobody() -> None:
    said = 0
    for seed in range(0, 1000, 5):
        five = [finding(n, title=hostile(seed + n), key=hostile(seed + n + 5000)[:40] or "K", note=hostile(seed + n + 9000),
                        question=hostile(seed + n + 7000), url=f"https://t.example/{hostile(seed + n)}") for n in range(5)]  # fmt: skip
        posts = digest_posts(
            digest(
                findings=five,
                product=hostile(seed)[:60] or "P",
                notices=(hostile(seed + 1),),
                not_checked=((hostile(seed), hostile(seed + 2)),),
            )
        )
        for blocks, text in everything(posts):
            assert wrong_message(blocks, text) == []
            assert mentions(blocks, text) == set()
            assert all(address.startswith("https://t.example/") for address in links(blocks))
            foreign = [words for words, _ in mrkdwn_texts(blocks)]
            assert all(piece not in "".join(foreign) for piece in ("<!", "<@", "<#"))
        said += 5
    assert said == 1000


def test_every_mrkdwn_text_is_verbatim_so_bare_addresses_stay_words() -> None:
    posts = digest_posts(digest(findings=[finding(1, title="see https://evil.example/now")]))
    assert all(verbatim for blocks, _ in everything(posts) for _, verbatim in mrkdwn_texts(blocks))


@st.composite
def digests(draw: st.DrawFn) -> Digest:
    """A digest of a backlog of any size."""
    many = draw(st.sampled_from([0, 1, 5, 10, 300, 50_000]))
    decisions = tuple(
        Decision(
            finding(
                n,
                title=draw(TEXTS),
                key=draw(TEXTS),
                note=draw(TEXTS),
                question=draw(TEXTS),
                url="https://t.example/" + "p" * draw(st.integers(0, 3000)),
            ),
            many,
            400,
        )
        for n in range(draw(st.integers(0, 10)))
    )
    scores = tuple(
        Score(name, SCORES[name][0], now, before, "4 %", "3 %", now is not None and before is not None, False)
        for name, now, before in ((n, draw(st.none() | st.floats(0, 9)), draw(st.none() | st.floats(0, 9))) for n in SCORES)
    )
    words = tuple(draw(st.lists(TEXTS, max_size=60)))
    pairs = tuple((text, text) for text in words)
    gone = tuple(finding(n, key=text or "K", restricted=bool(n % 2)) for n, text in enumerate(words))
    return dataclasses.replace(
        digest(findings=()), product=draw(TEXTS) or "P", decisions=decisions, scores=scores, more=many, open=many, new=many, resolved=gone, restricted=many,
        unseen=words, notices=words, not_checked=pairs, failed_rules=pairs, quiet=draw(st.booleans()), first=draw(st.booleans()),
    )  # fmt: skip


@given(digests(), st.lists(TEXTS, max_size=120), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_backlog_gives_messages_that_slack_takes(week: Digest, words: Sequence[str], short: bool) -> None:
    goals = [GoalLine(text or "KR", text, 1.0, None, 1e15, "2026-12-31", "") for text in words]
    kinds = dict.fromkeys(words, 50000)
    gaps = [Gap(text, MONDAY) for text in words]
    posts = digest_posts(week, goals=goals, kinds=kinds, gaps=gaps, skipped=[f"2026-W{n:02d}" for n in range(1, 50)], short=short)
    for blocks, text in everything(posts):
        assert wrong_message(blocks, text) == []
        assert size(blocks) <= MOST_CHARACTERS
        assert 0 < len(text) <= MOST_FALLBACK
        check_message(blocks, text)
    late = [*posts.message.blocks, late_note(dt.timedelta(days=3), MONDAY, "Europe/Paris")]
    assert wrong_message(late, "x") == []


def test_the_message_fits_a_phone_and_the_first_sentence_stands_alone() -> None:
    posts = digest_posts(digest(), kinds={"Work with no key result": 17})
    assert len(posts.message.blocks) <= 8
    assert posts.message.text.startswith("Shop, week 48: 41 % of started work (17 of 42 pieces) has a path to a key result (up from 38 %).")
    words = shown(list(posts.message.blocks))
    assert "worse than 2.2 a week ago" in words
    assert words.index("worse than") < words.index("as a week ago"), "change before level"
    assert words.count("has a path to a key result") == 1, "the headline's number is not said twice"
    assert words.count("Which key result moves") == 3
    assert "17 other findings" in words


def test_numbers_come_with_what_they_are_of_and_with_their_mean() -> None:
    goals = [
        GoalLine("No major finding in the audit", "findings", 3.0, 1.0, 0.0, "2026-12-01", ""),
        GoalLine("Checkout", "%", 62, 64, 70, "", ""),
    ]
    posts = digest_posts(digest(), goals=goals, means={"splinter": "2.4", "effective": "19 %"}, sources=["jira", "linear"])
    words = shown(list(posts.message.blocks))
    assert "worse than 2.2 a week ago; four-week mean 2.4" in words
    assert "Data from jira, linear as of Mon 23 Nov" in words
    scores, standing = ([[cell["text"] for cell in row] for row in post.blocks[-1]["rows"]] for post in posts.thread[:2])
    assert scores[0] == ["Now", "What", "A week ago", "Change", "Four-week mean"]
    assert scores[1][-1] == "–"
    assert standing[1][1:5] == ["3", "1", "0 findings", "67 %"]
    assert standing[2][1:5] == ["62 %", "64 %", "70 %", "25 %"]


def test_the_footer_says_when_the_data_was_read_and_when_that_is_old() -> None:
    def footer(**ago: int) -> str:
        return shown(list(digest_posts(digest(), sources=["jira"], read=MONDAY - dt.timedelta(**ago)).message.blocks))

    assert "Data from jira as of Mon 23 Nov 2026 08:40 (UTC);" in footer(minutes=20)
    assert "Data from jira as of Thu 12 Nov 2026 09:00 (UTC): *11 days old*;" in footer(days=11)


def test_a_note_begins_a_sentence_and_says_since_when_it_is_known() -> None:
    old = dataclasses.replace(digest(), decisions=(Decision(finding(1), 2, 8), Decision(finding(2, note="kr-3 is due"), 0, 20)))
    words = shown(list(digest_posts(old).message.blocks))
    assert "In progress, and no path leads from it to a key result (flagged 1 week ago)." in words
    assert "kr-3 is due (flagged 2 weeks ago)." in words


def test_at_most_five_are_named_and_the_rest_is_counted() -> None:
    posts = digest_posts(digest(findings=[finding(n) for n in range(5)], more=4321))
    assert "4,321 other findings" in shown(list(posts.message.blocks))


def test_a_quiet_week_is_one_line_unless_a_full_one_is_wanted() -> None:
    quiet = digest(quiet=True, findings=(), more=0, new=0)
    assert len(digest_posts(quiet).message.blocks) == 1
    assert digest_posts(quiet).thread == ()
    assert len(digest_posts(quiet, short=False).message.blocks) > 3


def test_what_could_not_be_read_is_said_with_its_day_and_no_zero_is_shown() -> None:
    nothing = tuple(dataclasses.replace(s, now=None, shown="–", better=False, worse=False) for s in digest().scores)
    failed = digest(findings=(), scores=nothing, open=0, more=0, new=0, unseen=("jira could not be read completely: 0 items seen",))
    posts = digest_posts(failed, gaps=[Gap("jira could not be read completely: 0 items seen", MONDAY - dt.timedelta(days=6))])
    words = shown(list(posts.message.blocks))
    assert "Nothing was read completely since Tue 17 Nov" in words
    assert "0 %" not in words
    assert posts.thread == ()


def test_a_gap_is_said_even_in_a_quiet_week() -> None:
    posts = digest_posts(digest(quiet=True, unseen=("jira could not be read completely: 12 of 120 items seen",)))
    assert "12 of 120 items seen" in shown(list(posts.message.blocks))


def test_restricted_findings_are_counted_not_named() -> None:
    secret = finding(9, key="SECRET-9", title="Buy the rival", restricted=True)
    posts = digest_posts(digest(resolved=(secret, finding(1)), restricted=3))
    words = "\n".join(shown(blocks) + text for blocks, text in everything(posts))
    assert "SECRET" not in words
    assert "rival" not in words
    assert "3 findings are on restricted items" in words


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x")] * 51,
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [section(" ")],
        [section("x", block_id="a"), section("y", block_id="a")],
        [actions([button("x", "a"), button("y", "a")])],
        [actions([button("x", f"a{n}") for n in range(26)])],
        [{"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x" * 76}}]}],
        [{"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}, "value": "v" * 2001}]}],
        [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
        [{"type": "input", "label": {"type": "plain_text", "text": "x"}, "element": {"type": "plain_text_input", "action_id": "a"}}],
        [table(("a",), [("b",)]), table(("a",), [("b",)])],
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}],
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}], []]}],
        [section("x" * 2900) for _ in range(5)],
        [],
    ],
)  # fmt: skip
def test_what_slack_refuses_our_own_check_refuses_too(blocks: list[dict[str, Any]]) -> None:
    with pytest.raises(TooMuchError):
        check_message(blocks, "text")
    if blocks and blocks[0]["type"] != "input":
        assert wrong_message(blocks, "text")


def test_a_message_without_words_for_a_screen_reader_is_refused() -> None:
    for text in ("", " ", "x" * 4001):
        with pytest.raises(TooMuchError):
            check_message([header("x"), context("y")], text)


def test_an_item_that_got_rid_of_two_findings_is_named_once() -> None:
    twice = dataclasses.replace(finding(1), rule="another")
    posts = digest_posts(digest(resolved=(finding(1), twice, finding(2))))
    (line,) = [line for block in posts.message.blocks for line in json.dumps(block).split("\\n") if "Resolved:" in line]
    assert line.count("SHOP-1") == 1
    assert "SHOP-2" in line
