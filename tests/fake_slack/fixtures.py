"""Fixtures for tests that talk to the fake Slack: import them by name. Every test ends with no breach, or fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fake_slack.server import FakeSlack


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """Yield a running workspace; the test fails if the bot did anything that Slack forbids."""
    with FakeSlack() as fake:
        yield fake
        assert fake.breaches == []
