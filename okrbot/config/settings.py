"""What a configuration file may say: one dataclass a table, one field a key, its meaning beside it."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from okrbot.model import Secret


def _key(text: str, default: Any = dataclasses.MISSING, **more: Any) -> Any:
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata={"help": text, **more})
    return field(default=default, metadata={"help": text, **more})


@dataclasses.dataclass(frozen=True, slots=True)
class General:
    """`[okrbot]`: where okrbot remembers, and whose clock it reads."""

    store: str = _key(
        "SQLite file or PostgreSQL database: sqlite:///okrbot.db or postgresql+psycopg://user@host/name.", "sqlite:///okrbot.db"
    )
    timezone: str = _key("IANA time zone of your company; working days and weekly slots are counted in it.", "UTC")
    holidays: tuple[str, ...] = _key("Days on which nobody works, as ISO dates.", ())
    working_days: tuple[str, ...] = _key("Days of the working week.", ("mon", "tue", "wed", "thu", "fri"))
    fiscal_year_start: int = _key("Month in which your year begins, 1 to 12; quarters are counted from it.", 1)
    ca_bundle: str = _key("PEM file of your company's own certificate authority; empty: the system's.", "")
    proxies: dict[str, str] = _key('Proxy by scheme, e.g. { https = "http://proxy.acme.example:3128" }.', {})


@dataclasses.dataclass(frozen=True, slots=True)
class Product:
    """`[[products]]`: what a customer would call one product."""

    name: str = _key("The product's name, as people say it.")
    backlogs: tuple[str, ...] = _key('Its backlogs as source/KEY; "source/*" takes all of a source.', ())
    owners: tuple[str, ...] = _key('Its product owners, asked by the bot and allowed to answer: e-mail, or "slack:U…".', ())
    channel: str = _key("Slack channel of its weekly digest: #name or channel id.", "")
    areas: bool = _key("Requirement areas (LeSS Huge) on purpose: several backlogs are then no finding.", False)
    stabilising: bool = _key("A declared phase of stabilisation: a high share of upkeep is then no finding.", False)
    discovery_elsewhere: bool = _key("Discovery lives in another tool: its absence here is then no finding.", False)
    glossary: dict[str, str] = _key("Words that mean the same at two levels of your goals (acronyms, translations).", {})


@dataclasses.dataclass(frozen=True, slots=True)
class Team:
    """`[[teams]]`: what okrbot cannot see about a team."""

    name: str = _key("The team's name as the tracker spells it (its team field, else the backlog's name).")
    platform: bool = _key("A platform or enabling team: component work is its job.", False)
    product: str = _key("The product it works for, if not the one most of its items belong to.", "")


@dataclasses.dataclass(frozen=True, slots=True)
class Links:
    """`[okrs.links]`: how an item names its key result. Tried in the order of docs/ladder.md; the first that matches counts."""

    field: str = _key("Custom field that holds the key result's id or title.", "")
    label_prefix: str = _key("Labels that begin so name a key result: kr-checkout → checkout.", "")
    link_types: tuple[str, ...] = _key("Issue link types that lead to a key result or goal kept as an item.", ())
    projects: dict[str, str] = _key('Project or release → key result id, e.g. { "Checkout revamp" = "KR1" }.', {})
    epics: dict[str, str] = _key('Epic key → key result id, e.g. { "SHOP-12" = "KR1" }.', {})
    text: bool = _key("Take a key result's id mentioned in title or text as a link.", True)
    measure_field: str = _key("Custom field that holds an item's success measure.", "")
    result_field: str = _key("Custom field that holds what came of it after release.", "")
    hypothesis_field: str = _key("Custom field that holds an item's hypothesis or riskiest assumption.", "")


@dataclasses.dataclass(frozen=True, slots=True)
class Okrs:
    """`[okrs]`: where objectives and key results are read."""

    files: tuple[str, ...] = _key("TOML or CSV files, or the address of a published CSV sheet.", ())
    earlier: tuple[str, ...] = _key(
        "Earlier states of these files, each with its ISO date in the name; they give edits of goals a history.", ()
    )
    links: Links = _key("", None)


@dataclasses.dataclass(frozen=True, slots=True)
class WorkClasses:
    """`[work_classes]`: your own words for value, discovery, ktlo and enabling work. `*` stands for any text; case does not count."""

    types: dict[str, str] = _key('Tracker type → class, e.g. { "Change Request" = "value" }.', {})
    labels: dict[str, str] = _key('Label → class, e.g. { "tech-*" = "enabling" }.', {})
    components: dict[str, str] = _key("Component → class.", {})
    projects: dict[str, str] = _key("Project or backlog key → class.", {})


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """`[rules]`: which rules run. A table `[rules.NAME]` overrides the settings of one rule's page."""

    profile: Literal["first_week", "steady", "strict"] = _key("How much is judged: first_week, steady or strict.", "steady")
    folders: tuple[str, ...] = _key("Folders with rule pages of your own.", ())
    on: tuple[str, ...] = _key("Rules to run although the profile leaves them out.", ())
    off: tuple[str, ...] = _key("Rules not to run.", ())
    own: dict[str, dict[str, Any]] = field(default_factory=dict, metadata={"help": ""})


@dataclasses.dataclass(frozen=True, slots=True)
class Scores:
    """`[scores]`: weights of the factory score (0 product … 100 feature factory), by rule family."""

    factory: dict[str, float] = _key("Family → weight, e.g. { outcome = 2.0 }; families left out weigh 1.", {})


@dataclasses.dataclass(frozen=True, slots=True)
class Digest:
    """`[digest]`: the weekly message in each product's channel."""

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = _key("Day of the week.", "mon")
    time: str = _key("Wall-clock time in the company's zone, HH:MM.", "09:00")
    most: int = _key("Things to decide that are shown; the rest is counted.", 5, low=1, high=10)
    quiet: bool = _key("Say one line, not a digest, in a week in which nothing changed.", True)
    on_doubt: Literal["hold", "resend"] = _key(
        "When Slack's answer was lost and the channel's history may not be read: hold, or send again.", "hold"
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Questions:
    """`[questions]`: what product owners are asked in a direct message."""

    enabled: bool = _key("Ask product owners about findings.", True)
    per_week: int = _key("Questions a person and week.", 2, low=0, high=20)
    hours: tuple[str, ...] = _key("Hours of the person's own day in which the bot may write: from, to.", ("09:00", "17:00"))
    unanswered: int = _key("Unanswered questions in a row after which the bot stops asking that person.", 2, low=1, high=20)
    others: tuple[str, ...] = _key('Further people who may answer for every product: e-mail, or "slack:U…".', ())


@dataclasses.dataclass(frozen=True, slots=True)
class Slack:
    """`[slack]`: the app's credentials. Socket Mode needs an app token, HTTP a signing secret."""

    bot_token: Secret | None = _key("Bot token (xoxb-…).", None)
    app_token: Secret | None = _key("App-level token (xapp-…) for Socket Mode.", None)
    signing_secret: Secret | None = _key("Signing secret for HTTP instead of Socket Mode.", None)
    api_url: str = _key("Another address of the Web API (tests, proxies); http only for loopback.", "https://slack.com/api/")
    listen: str = _key("Address of the HTTP server in HTTP mode.", "127.0.0.1:3000")
    admins: tuple[str, ...] = _key("Slack user ids who see the bot's health in App Home.", ())
    allow_external: bool = _key(
        "Post digests to channels shared with other companies (Slack Connect), and ask owners who are members of another company.", False
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Schedule:
    """`[schedule]`: when `okrbot serve` works. "every 30 minutes", "every 2 hours", "daily 06:00", "mon 06:00" or "off"."""

    pull: str = _key("When sources are pulled.", "every 30 minutes")
    audit: str = _key("When the audit runs.", "daily 06:00")
    health: str = _key("Local address of /healthz, /readyz and /metrics.", "127.0.0.1:9464")


@dataclasses.dataclass(frozen=True, slots=True)
class WriteBack:
    """`[write_back]`: writing the audit into the tracker. Off unless you say so; every write is capped, read back, reversible."""

    enabled: bool = _key("Allow writes to the tracker: by `okrbot writeback`, and by `okrbot serve` after its audits.", False)
    actions: tuple[str, ...] = _key("Which: comment, label, link.", ("link",))
    label: str = _key("Label put on flagged items, with the action label.", "okrbot-flagged")
    link_to: str = _key('Where the link leads, e.g. your published report; "{key}" stands for the item. Empty: to the item itself.', "")
    most: int = _key("Writes a run at most.", 20, low=1, high=500)


@dataclasses.dataclass(frozen=True, slots=True)
class Judge:
    """`[judge]`: who judges wording. The built-in judge needs no network; a language model may be asked as well."""

    kind: Literal["built-in", "llm"] = _key("built-in, or llm for any OpenAI-compatible service.", "built-in")
    url: str = _key("Base address of that service, e.g. https://llm.acme.example/v1.", "")
    key: Secret | None = _key("Its key.", None)
    model: str = _key("Its model.", "")
    most_calls: int = _key("Calls a run at most (cost cap).", 200, low=0, high=100_000)


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One `[[sources]]` table: its name, its kind, and the settings that the kind's connector declares."""

    name: str
    kind: str
    settings: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Config:
    """A whole, valid configuration. `folder` is where relative paths start."""

    path: Path
    folder: Path
    okrbot: General
    sources: tuple[Source, ...]
    products: tuple[Product, ...]
    teams: tuple[Team, ...]
    okrs: Okrs
    work_classes: WorkClasses
    rules: Rules
    scores: Scores
    digest: Digest
    questions: Questions
    slack: Slack
    schedule: Schedule
    write_back: WriteBack
    judge: Judge

    def product_of(self, backlog: str) -> str:
        """Return the product that owns `backlog` (source/KEY), "" if none."""
        source = backlog.split("/", 1)[0]
        exact = next((p.name for p in self.products if backlog in p.backlogs), "")
        return exact or next((p.name for p in self.products if f"{source}/*" in p.backlogs), "")


SECTIONS: dict[str, type] = {
    "okrbot": General,
    "okrs": Okrs,
    "work_classes": WorkClasses,
    "rules": Rules,
    "scores": Scores,
    "digest": Digest,
    "questions": Questions,
    "slack": Slack,
    "schedule": Schedule,
    "write_back": WriteBack,
    "judge": Judge,
}
LISTS: dict[str, type] = {"products": Product, "teams": Team}
