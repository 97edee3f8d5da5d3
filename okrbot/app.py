"""The one place that knows all parts: a configuration becomes a store, connectors, a rulebook, and the verbs on them."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import re
import time
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from okrbot.answers import keep_evidence
from okrbot.audit import audit, last_scores
from okrbot.audit.news import last_told, news_of
from okrbot.config import Config, ConfigError, Source, fetch_secret, load
from okrbot.config.lines import line_of
from okrbot.digest import Digest, make_digest
from okrbot.facts.asked import Kept, consult
from okrbot.findings import Audit, ProductResult
from okrbot.model import Connector, Coverage, Goals, Surroundings
from okrbot.plugins import Kinds, fetch_sheet, okr_reader, sender
from okrbot.pull import Pulled, has_goals, pull, store_goals
from okrbot.rulebook import Page, RuleError, in_profile, read_folder, shipped_folder
from okrbot.store import Store, StoreError, open_store
from okrbot.wording import LEVELS
from okrbot.wording.llm import LlmJudge, completion

OKR_FILES = "okr-files"  # the store's name for goals read from [okrs] files


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """A loaded configuration with what is needed to act on it. `clock` returns aware instants."""

    config: Config
    kinds: Kinds
    clock: Callable[[], dt.datetime]
    sleep: Callable[[float], None]

    @contextlib.contextmanager
    def store(self, *, create: bool = True) -> Iterator[Store]:
        """Yield the open store, and close it. Raises StoreError."""
        opened = open_store(self.config.okrbot.store, folder=self.config.folder, create=create)
        try:
            yield opened
        finally:
            opened.close()

    def connector(self, source: Source, *, more_fields: Sequence[str] = ()) -> Connector:
        """Return the connector of one source; `more_fields` are custom fields to look for besides the configured ones. Raises ConfigError."""
        try:
            return self.kinds.connect(source.kind, source.settings, self._surroundings(more_fields))
        except ValueError as error:
            raise self._source_error(source, str(error)) from None

    def _surroundings(self, more_fields: Sequence[str] = ()) -> Surroundings:
        links = self.config.okrs.links
        wanted = (links.field, links.measure_field, links.result_field, links.hypothesis_field)
        return Surroundings(
            folder=self.config.folder,
            clock=self.clock,
            sleep=self.sleep,
            fields=tuple(name for name in (*wanted, *more_fields) if name),
            proxies=self.config.okrbot.proxies,
            ca_bundle=self.config.okrbot.ca_bundle,
            writes=self.config.write_back.enabled,
        )

    def _source_error(self, source: Source, message: str) -> ConfigError:
        text = self.config.path.read_text(encoding="utf-8-sig")
        index = [s.name for s in self.config.sources].index(source.name)
        key = message.split(":", 1)[0]
        return ConfigError(f"{self.config.path}:{line_of(text, 'sources', key, index=index)}: [sources] {message}")

    def sources(self, only: str | None = None) -> tuple[Source, ...]:
        """Return the configured sources, or the one called `only`. Raises ConfigError."""
        if only is None:
            return self.config.sources
        found = tuple(source for source in self.config.sources if source.name == only)
        if not found:
            names = ", ".join(source.name for source in self.config.sources) or "none"
            raise ConfigError(f"There is no source named '{only}'. There are: {names}.")
        return found

    def pull(
        self,
        store: Store,
        *,
        only: str | None = None,
        full: bool = False,
        now: dt.datetime | None = None,
        progress: Callable[[str, int, int | None], None] | None = None,
    ) -> list[Pulled]:
        """Pull the sources and the OKR files into `store`; return one result a source, OKR files first."""
        at = now or self.clock()
        results = [] if only else [*self._pull_goals(store, at)]
        for source in self.sources(only):
            connector = self.connector(source)

            def told(read: int, expected: int | None, name: str = source.name) -> None:
                if progress:
                    progress(name, read, expected)

            results.append(pull(store, connector, now=at, full=full, progress=told))
        return results

    def _pull_goals(self, store: Store, now: dt.datetime) -> Iterator[Pulled]:
        okrs = self.config.okrs
        if not okrs.files:
            return
        if not has_goals(store, OKR_FILES):
            for path, day in sorted(self._earlier(), key=lambda pair: pair[1]):
                store_goals(store, OKR_FILES, self.read_goals([path]), at=day)
        goals = self.read_goals(okrs.files)
        store_goals(store, OKR_FILES, goals, at=now)
        if goals.problems:
            yield Pulled(OKR_FILES, "complete", Coverage(read=0, problems=goals.problems))

    def read_goals(self, paths: Sequence[str]) -> Goals:
        """Return the objectives and key results of OKR files or published sheets. Raises ConfigError with file, line and remedy."""
        reader = okr_reader()
        try:
            goals: Goals = reader.read(
                paths, folder=self.config.folder, fetch=self._fetch, timezone=zoneinfo.ZoneInfo(self.config.okrbot.timezone)
            )
        except reader.OkrFileError as error:
            raise ConfigError(str(error)) from None
        return goals

    def _earlier(self) -> Iterator[tuple[str, dt.datetime]]:
        for path in self.config.okrs.earlier:
            found = re.search(r"(\d{4}-\d{2}-\d{2})", Path(path).name)
            if not found:
                raise ConfigError(
                    f"{self.config.path}: [okrs] earlier: '{path}' has no date in its name. Call it e.g. okrs-2026-10-05.toml."
                )
            yield path, dt.datetime.fromisoformat(found.group(1)).replace(tzinfo=dt.UTC)

    def _fetch(self, url: str) -> bytes:
        return fetch_sheet(url, self._surroundings())

    def pages(self) -> dict[str, Page]:
        """Return every rule page there is: shipped ones and those of the configured folders. Raises RuleError."""
        pages = read_folder(shipped_folder())
        for folder in self.config.rules.folders:
            for name, page in read_folder(self.config.folder / folder, shipped=False).items():
                if name in pages:
                    raise RuleError(
                        page.path, 0, f"there is already a rule '{name}'. Give yours another name, or switch the other off and rename."
                    )
                pages[name] = page
        return pages

    def rulebook(self) -> dict[str, Page]:
        """Return the rules that run under this configuration. Raises ConfigError for a rule or setting that does not exist."""
        rules = self.config.rules
        pages = self.pages()
        text = self.config.path.read_text(encoding="utf-8-sig") if self.config.path.exists() else ""
        for key in ("on", "off"):
            for name in getattr(rules, key):
                if name not in pages:
                    raise ConfigError(
                        f"{self.config.path}:{line_of(text, 'rules', key)}: [rules] {key}: there is no rule '{name}'.{_near(name, pages)}"
                    )
        for name, own in rules.own.items():
            self._check_own(name, own, pages, text)
        return in_profile(pages, rules.profile, on=rules.on, off=rules.off)

    def _check_own(self, name: str, own: Mapping[str, object], pages: Mapping[str, Page], text: str) -> None:
        if name not in pages:
            raise ConfigError(f"{self.config.path}:{line_of(text, f'rules.{name}')}: there is no rule '{name}'.{_near(name, pages)}")
        for key, value in own.items():
            line = line_of(text, f"rules.{name}", key)
            where = f"{self.config.path}:{line}: [rules.{name}] {key}:"
            if key == "severity":
                if value not in ("high", "medium", "low"):
                    raise ConfigError(f"{where} is {value!r}; write high, medium or low.")
            elif key not in pages[name].settings:
                raise ConfigError(f"{where} is no setting of this rule.{_near(key, {**pages[name].settings, 'severity': ''})}")
            elif not _same_kind(value, pages[name].settings[key]):
                raise ConfigError(f"{where} must be like {pages[name].settings[key]!r}, not {value!r}.")

    def audit(
        self,
        store: Store,
        *,
        as_of: dt.datetime | None = None,
        remember: bool = True,
        progress: Callable[[int, int], None] | None = None,
    ) -> Audit:
        """Audit `store` as of an instant (default: now)."""
        now = self.clock().replace(microsecond=0)
        with store.begin() as db:
            keep_evidence(db)
        pages = self.rulebook()
        notes: tuple[str, ...] = ()
        if (model := self.llm_judge(store)) is not None:
            consult(store, model)
            notes = model.problems()
        said = audit(store, self.config, pages, as_of=as_of or now, ran=now, remember=remember, progress=progress)
        return dataclasses.replace(said, problems=said.problems + notes)

    def llm_judge(self, store: Store | None) -> LlmJudge | None:
        """Return the language model of `[judge]` as a judge, None where the built-in one is alone; `store` keeps its verdicts.

        Raises ConfigError for an address or key that cannot be used. Nothing is sent yet.
        """
        own = self.config.judge
        if own.kind != "llm":
            return None
        text = self.config.path.read_text(encoding="utf-8-sig")
        for key in ("url", "model"):
            if not getattr(own, key).strip():
                raise ConfigError(f"{self.config.path}:{line_of(text, 'judge')}: [judge] {key} is missing. A language model needs it.")
        key = fetch_secret(self.config, "judge", "key", own.key).reveal() if own.key is not None else ""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            service = sender(own.url, self._surroundings(), name="judge", headers=headers, secrets=(key,) if key else ())
        except ValueError as error:
            raise ConfigError(f"{self.config.path}:{line_of(text, 'judge', 'url')}: [judge] {error}") from None
        caches = None if store is None else {level: Kept(store, level, own.model) for level in LEVELS}
        return LlmJudge(completion(service.write), model=own.model, most_calls=own.most_calls, caches=caches)

    def digests(self, store: Store, *, product: str | None = None, as_of: dt.datetime | None = None) -> list[Digest]:
        """Audit without remembering and return the digests, of every product or of the one called `product`."""
        return self.digests_of(store, self.audit(store, as_of=as_of, remember=False), product=product)

    def digests_of(self, store: Store, said: Audit, *, product: str | None = None) -> list[Digest]:
        """Return the digests that an audit gives. Raises ConfigError for a product that is not configured."""
        names = [p.name for p in said.products]
        if product is not None and product not in names:
            raise ConfigError(f"There is no product '{product}'.{_near(product, dict.fromkeys(names))}")
        wanted = [p for p in said.products if product in (None, p.name)]
        return [self._digest_of(store, said, p) for p in wanted]

    def _digest_of(self, store: Store, said: Audit, product: ProductResult) -> Digest:
        since = last_told(store, product.name, as_of=said.as_of)
        scores = last_scores(store, before=min(since + dt.timedelta(hours=12), said.as_of)).get(product.name, {})
        return make_digest(news_of(store, said, product.name, since=since), product, self.config, before=scores)

    def send_digests(
        self,
        store: Store,
        *,
        product: str | None = None,
        said: Audit | None = None,
        due: dt.datetime | None = None,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> int:
        """Send the digests (of `said`, else of an audit made now) and return 0, or 4 when one has not arrived yet.

        `due` is the slot they belong to; `tell` gets one line a product. Raises ConfigError.
        """
        from okrbot.slack import send_digests

        audit = said or self.audit(store, remember=False)
        titles, kinds = {rule.rule: rule.title for rule in audit.rules}, _by_kind(audit)
        digests = self.digests_of(store, audit, product=product)
        return send_digests(store, self.config, digests, clock=self.clock, sleep=self.sleep, due=due, titles=titles, kinds=kinds, tell=tell)

    def previews(self, store: Store, *, product: str | None = None) -> list[str]:
        """Write pages that show each digest, the next question and an owner's Home as Slack would; return where each is.

        The line of a digest comes with a link into Slack's Block Kit Builder. Nothing is sent and nothing remembered.
        """
        from okrbot.blocks import Post
        from okrbot.blocks.home import home_view
        from okrbot.blocks.prompt import question, text
        from okrbot.listeners.homing import sample
        from okrbot.slack.digests import render
        from okrbot.slack.preview import preview_digest, preview_home, preview_question

        audit = self.audit(store, remember=False)
        titles, kinds, pages = {rule.rule: rule.title for rule in audit.rules}, _by_kind(audit), self.pages()
        said = []
        for digest in self.digests_of(store, audit, product=product):
            with store.connect() as db:
                posts = render(db, self.config, digest, titles=titles, kinds=kinds.get(digest.product, {}))
                home = sample(db, self.config, pages, digest.product, now=self.clock())
            said.append(preview_digest(digest, self.config.folder, posts=posts))
            if home.waiting:
                first = home.waiting[0]
                blocks = question(first, number=1, of=self.config.questions.per_week, first=True)
                said.append(preview_question(digest.product, Post(text(first), tuple(blocks)), self.config.folder))
            said.append(preview_home(digest.product, home_view(home), self.config.folder))
        return said

    def write_back(
        self,
        store: Store,
        *,
        dry_run: bool = False,
        undo: bool = False,
        most: int | None = None,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> int:
        """Write the last audit's findings into the trackers (`undo`: take ours back) and return 0, or 4 when something failed.

        `tell` gets lines for a person; with `dry_run` the exact requests. Raises ConfigError where it is not allowed.
        """
        from okrbot.writeback import Desk, Tracker, problem, run

        if wrong := problem(self.config.write_back, harmless=dry_run or undo):
            line = line_of(self.config.path.read_text(encoding="utf-8-sig"), "write_back", wrong[0])
            raise ConfigError(f"{self.config.path}:{line}: [write_back] {wrong[0]}: {wrong[1]}")
        desks = {}
        for source in self.config.sources:
            action, connector = getattr(self.kinds.module(source.kind), "Action", None), self.connector(source)
            if action is not None and isinstance(connector, Tracker):
                desks[source.name] = Desk(connector, action)
        titles = {name: page.title for name, page in self.pages().items()}
        settings = self.config.write_back
        return run(store, settings, desks, titles=titles, clock=self.clock, tell=tell, dry_run=dry_run, undo=undo, most=most)

    def check_slack(self) -> tuple[bool, list[str]]:
        """Return whether Slack can be used, and lines that say as whom and what is missing; nothing is posted. Raises ConfigError."""
        from okrbot.slack.checking import check

        return check(self.config, now=self.clock())


def open_app(
    path: Path, *, secrets: bool = True, environment: Mapping[str, str] = os.environ, clock: Callable[[], dt.datetime] | None = None
) -> App:
    """Load the configuration at `path` and return the application. Raises ConfigError."""
    kinds = Kinds()
    return App(load(path, kinds=kinds, secrets=secrets, environment=environment), kinds, clock or system_clock, time.sleep)


def _by_kind(audit: Audit) -> dict[str, dict[str, int]]:
    """Return how many open findings each rule has, by product."""
    counts: dict[str, dict[str, int]] = {}
    for finding in audit.findings:
        if finding.state in ("open", "returned"):
            of = counts.setdefault(finding.product, {})
            of[finding.rule] = of.get(finding.rule, 0) + 1
    return counts


def system_clock() -> dt.datetime:
    """Return the present instant, aware, UTC."""
    return dt.datetime.now(dt.UTC)


def _same_kind(value: object, example: object) -> bool:
    if isinstance(example, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(example, bool)
    if isinstance(example, int | float):
        return isinstance(value, int | float)
    return isinstance(value, type(example))


def _near(name: str, known: Mapping[str, object]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else f" There are: {', '.join(sorted(known)[:8])} …" if known else ""


__all__ = ["App", "ConfigError", "RuleError", "StoreError", "open_app", "system_clock"]
