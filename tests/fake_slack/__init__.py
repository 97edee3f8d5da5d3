"""A strict, stateful Slack on loopback: Web API, Block Kit limits, Socket Mode, signed HTTP, faults, and people who click.

    with FakeSlack() as slack:
        ann = slack.person("ann@acme.example", tz="Europe/Paris")
        slack.channel("#shop", members=[ann])
        ...                                   # the real Bolt app and SDK, with base_url=slack.api_url
        slack.connect_http("http://127.0.0.1:3000/slack/events")   # or Socket Mode: nothing to do
        ann.click(ann.messages("#shop")[-1], "Not a problem…")
        assert slack.breaches == []

Slack's clock stands still unless `slack.clock.advance(seconds)` or `slack.clock.sleep` moves it.
"""

from __future__ import annotations

from fake_slack.faults import FAULTS, Fault
from fake_slack.mrkdwn import links, mentions, shown, styled
from fake_slack.people import NotAnsweredError, Person
from fake_slack.server import FakeSlack
from fake_slack.workspace import Clock, Message

__all__ = ["FAULTS", "Clock", "FakeSlack", "Fault", "Message", "NotAnsweredError", "Person", "links", "mentions", "shown", "styled"]
