"""Jira: a site that changes while it is pulled, an index that lags, clocks that differ, pulls that are killed; nothing is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fake_jira import Clock, FakeJira
from shelf import Shelf
from spec_check import every_request_is_described  # noqa: F401 - autouse
from test_jira import same, site_of

from connectors.jira import Settings, connect
from okrbot.model import PullRequest, Secret, SourceError, Surroundings

RUNS = 204
BATCHES = 12
LAG = 180.0  # seconds until search knows of an edit, at most


class Life:
    """Edits to a site, chosen by a seed."""

    def __init__(self, fake: FakeJira, seed: int) -> None:
        self.fake, self.dice = fake, random.Random(seed)
        self.rate = self.dice.choice([0.0, 0.3, 0.8])
        fake.site.lag = lambda: self.dice.random() * LAG if self.dice.random() < 0.6 else 0.0

    def step(self, number: int) -> None:
        """Let a moment pass and perhaps change something; called before every request."""
        assert isinstance(self.fake.clock, Clock)
        self.fake.clock.forward(seconds=self.dice.choice([0, 0, 0.4, 1, 7, 40]))
        while self.dice.random() < self.rate:
            self.change()

    def change(self) -> None:
        site, dice = self.fake.site, self.dice
        ids = list(site.issues)
        id_ = dice.choice(ids)
        match dice.randrange(11):
            case 0 | 1 | 2:
                site.edit(id_, summary=f"Edited {dice.random():.6f}")
            case 3:
                site.transition(id_, dice.choice(["In Progress", "Done", "To Do"]))
            case 4:
                site.move(id_, dice.choice(["SHOP", "PAY"]))
            case 5:
                if len(ids) > 20:
                    site.delete(id_)
            case 6:
                site.create(dice.choice(["SHOP", "PAY"]), "New")
            case 7:
                site.restrict(id_)
            case 8:
                if site.restricted & site.issues.keys():
                    site.release(dice.choice(sorted(site.restricted & site.issues.keys())))
            case 9:
                site.edit(id_, silent=True)
            case _:
                moment = site.clock()
                for one in dice.sample(ids, min(6, len(ids))):  # a bulk edit: many at the same moment
                    site.edit(one, duedate=f"2026-12-{dice.randrange(1, 28):02d}")
                assert site.clock() == moment


def one_run(seed: int) -> list[str]:
    """Let a site live through several pulls, some of them killed; return what differs once it is quiet."""
    dice = random.Random(seed * 7919)
    clock = Clock()
    skewed = Clock()
    skewed.now = clock.now
    skew = dice.choice([0.0, -86_400.0, 86_400.0, 600.0])
    skewed.forward(seconds=skew)
    site = site_of(dice.choice([20, 40, 75]), clock, minutes=dice.choice([1, 37, 400]))
    site.boards = []
    cloud = dice.random() < 0.7
    with FakeJira(site, cloud=cloud, clock=clock, cap=dice.choice([7, 20, 100])) as fake:
        fake.api.fewer = dice.random() < 0.3
        life = Life(fake, seed)
        fake.before_request = life.step
        projects = dice.choice([(), ("SHOP", "PAY")])
        settings = Settings(
            name="acme",
            url=fake.url,
            user=fake.user,
            token=Secret(fake.token),
            parallel=dice.choice([1, 1, 3]),
            page_size=dice.choice([10, 100]),
            projects=projects,
        )
        source = connect(settings, Surroundings(Path(), skewed, skewed.sleep))
        store = Shelf()
        for _ in range(dice.choice([2, 3, 4])):
            kill = dice.choice([None, None, 1, 2, 4, 6])
            _pull(source, store, skewed, kill)
            clock.forward(minutes=dice.choice([1, 4, 30, 200]))
            for _ in range(dice.choice([0, 2, 9])):
                life.change()
        fake.before_request = lambda number: None
        life.rate = 0.0
        clock.forward(seconds=LAG + 1)
        _pull(source, store, skewed, None)
        if store.coverage and any(problem.code == "shrunk" for problem in store.coverage.problems):
            _pull(source, store, skewed, None, full=True)  # as the message asks when more than a fifth is gone
        return [f"seed {seed} ({'cloud' if cloud else 'datacenter'}): {what}" for what in same(store, fake)]


def _pull(source: object, store: Shelf, clock: Clock, kill: int | None, *, full: bool = False) -> None:
    request = PullRequest(now=clock(), checkpoint=store.checkpoint, resume=store.resume, full=full, known=len(store.visible))
    pages = source.pull(request)  # type: ignore[attr-defined]
    try:
        for number, page in enumerate(pages):
            if kill is not None and number >= kill:
                return
            store.take(page)
    except SourceError as trouble:
        if trouble.code != "token":  # all issues may be hidden for a moment; anything else is a fault of ours
            raise
        store.resume = trouble.resume
    finally:
        pages.close()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_store_equals_the_site_once_it_is_quiet(batch: int, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [what for seed in range(batch, RUNS, BATCHES) for what in one_run(seed)]
    with capsys.disabled():
        if batch == BATCHES - 1:
            print(f" {RUNS} seeded runs")
    assert wrong == []
