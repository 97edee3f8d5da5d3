"""Checks every request that reaches a stand-in against the trackers' own OpenAPI descriptions, where those are at hand."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fake_jira import FakeJira

SPECS = Path(__file__).parents[2] / "shared" / "specs"
# Documented elsewhere than in the two Cloud files: goals and the cloud id.
BESIDE = {("POST", "/gateway/api/graphql"), ("GET", "/_edge/tenant_info")}


class Spec:
    """One OpenAPI description. A `faulty` one is trusted for routes and parameters, not for what bodies hold inside."""

    def __init__(self, path: Path, *, prefix: str = "", faulty: bool = False) -> None:
        self.document = json.loads(path.read_text())
        self.faulty = faulty
        self.routes = []
        for template, methods in self.document["paths"].items():
            pattern = re.compile(re.sub(r"\\\{[^/]+?\\\}", r"[^/]+", re.escape(prefix + template)))
            self.routes.append((template.count("{"), pattern, template, methods))
        self.routes.sort(key=lambda route: route[0])  # a literal path wins over one with a hole

    @functools.lru_cache(maxsize=200)  # noqa: B019 - a handful of descriptions, alive as long as the tests
    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """Return (template, operation) of a request."""
        for _, pattern, template, methods in self.routes:
            if pattern.fullmatch(path) and method.lower() in methods:
                return template, {**methods[method.lower()], "shared": methods.get("parameters", [])}
        return None

    @functools.lru_cache(maxsize=100)  # noqa: B019
    def validator(self, template: str, method: str) -> jsonschema.Draft202012Validator | None:
        """Return a validator of a request's body."""
        body = self.document["paths"][template][method.lower()].get("requestBody")
        if not body:
            return None
        schema = body.get("content", {}).get("application/json", {}).get("schema", {})
        return jsonschema.Draft202012Validator({**schema, "components": self.document["components"]})

    def complaints(self, method: str, path: str, query: dict[str, str], body: Any) -> Iterator[str]:
        """Yield what is wrong with a request."""
        found = self.operation(method, path)
        if found is None:
            yield f"{method} {path} is not described"
            return
        template, operation = found
        known = {one["name"]: one for one in [*operation.get("parameters", ()), *operation["shared"]] if one.get("in") == "query"}
        for name, value in query.items():
            if name not in known:
                yield f"{method} {template} takes no {name}"
                continue
            kind = known[name].get("schema", {}).get("type")
            if (kind == "integer" and not re.fullmatch(r"-?\d+", value)) or (kind == "boolean" and value not in ("true", "false")):
                yield f"{method} {template}: {name}={value} is no {kind}"
        for name, one in known.items():
            if one.get("required") and name not in query:
                yield f"{method} {template} needs {name}"
        validator = self.validator(template, method)
        if body is not None and validator is None:
            yield f"{method} {template} takes no body"
        elif body is not None and validator is not None and not self.faulty:
            yield from (f"{method} {template}: {error.message[:200]}" for error in validator.iter_errors(body))
        elif isinstance(body, dict) and self.faulty:
            schema = operation["requestBody"].get("content", {}).get("application/json", {}).get("schema", {})
            named = self.document["components"]["schemas"].get(schema.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties")
            if named is not None and (strange := set(body) - set(named)):
                yield f"{method} {template}: the body has no {sorted(strange)}"


class Specs:
    """All descriptions of Jira, and how many requests were held against them."""

    def __init__(self) -> None:
        self.cloud = [Spec(SPECS / "jira-cloud-v3.json"), Spec(SPECS / "jira-cloud-software.json")]
        self.center = [Spec(SPECS / "jira-dc-10.3.json", prefix="/rest", faulty=True)]
        self.checked = 0

    def check(self, fake: FakeJira) -> list[str]:
        """Return what is wrong with the requests a stand-in got."""
        wrong = []
        for asked in fake.requests:
            self.checked += 1
            if (asked.method, asked.path) in BESIDE and fake.cloud:
                continue
            path = asked.path
            if fake.cloud and path == "/rest/api/2/serverInfo":  # how the kind is found out before it is known
                path = "/rest/api/3/serverInfo"
            results = [
                list(spec.complaints(asked.method, path, asked.query, asked.body)) for spec in (self.cloud if fake.cloud else self.center)
            ]
            if all(results):
                wrong += min(results, key=lambda found: "is not described" in found[0])
        return wrong


@functools.cache
def specs() -> Specs | None:
    """Return the descriptions, None where the folder is absent."""
    return Specs() if (SPECS / "jira-cloud-v3.json").exists() else None


@pytest.fixture(autouse=True)
def every_request_is_described() -> Iterator[None]:
    """Hold every request of a test against the descriptions; without them, only what the stand-in itself refuses fails."""
    known = specs()
    seen: list[FakeJira] = []
    FakeJira.observers.append(seen.append)
    yield
    FakeJira.observers.remove(seen.append)
    if known is not None:
        assert [complaint for fake in seen for complaint in known.check(fake)] == []
