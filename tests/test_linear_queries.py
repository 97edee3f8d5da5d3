"""Every query we send is one Linear answers, and its price is known before it is sent."""

from __future__ import annotations

import itertools
from pathlib import Path

import graphql
import pytest
from fake_linear import SLICE, price
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.linear import documents

SDL = Path(__file__).parents[2] / "shared" / "specs" / "linear-schema.graphql"
needs_sdl = pytest.mark.skipif(not SDL.exists(), reason="Linear's schema is not beside the checkout (../shared/specs)")


@pytest.fixture(scope="module")
def whole() -> graphql.GraphQLSchema:
    return graphql.build_schema(SDL.read_text(encoding="utf-8"), assume_valid=True)


@needs_sdl
@pytest.mark.parametrize("name", documents.names())
def test_each_query_is_valid_against_the_whole_schema(name: str, whole: graphql.GraphQLSchema) -> None:
    assert graphql.validate(whole, graphql.parse(documents.document(name))) == []


@needs_sdl
def test_no_query_asks_for_something_deprecated(whole: graphql.GraphQLSchema) -> None:
    rules = [graphql.NoDeprecatedCustomRule]
    for name in documents.names():
        assert graphql.validate(whole, graphql.parse(documents.document(name)), rules) == [], name


@needs_sdl
def test_the_slice_the_fake_serves_says_nothing_the_whole_schema_does_not(whole: graphql.GraphQLSchema) -> None:
    part = graphql.build_schema(SLICE.read_text(encoding="utf-8"))
    checked = 0
    for name, kind in part.type_map.items():
        if name.startswith("__") or not hasattr(kind, "fields"):
            continue
        for field, definition in kind.fields.items():
            real = whole.type_map[name].fields[field]
            assert str(real.type) == str(definition.type), f"{name}.{field}"
            for argument, given_argument in getattr(definition, "args", {}).items():
                assert str(real.args[argument].type) == str(given_argument.type), f"{name}.{field}({argument})"
            checked += 1
    assert checked > 250


@pytest.mark.parametrize("name", documents.names())
def test_the_price_computed_before_sending_is_the_price_by_the_published_rule(name: str) -> None:
    document = graphql.parse(documents.document(name))
    for first, entries in itertools.product((1, 7, 50, 250), (1, 16, 64)):
        variables = {"first": first, "entries": entries}
        assert documents.cost(name, variables) == price(document, variables)


@settings(deadline=None)
@given(first=st.integers(1, 250), points=st.floats(50, 10_000), entries=st.integers(1, 64))
def test_a_fitting_page_stays_within_its_points(first: int, points: float, entries: int) -> None:
    for name in ("details", "issues", "projects", "census"):
        size = documents.fitting(name, {"entries": entries}, points=points, most=first)
        assert 1 <= size <= first
        assert size == 1 or documents.cost(name, {"first": size, "entries": entries}) <= points
        if size < first:
            assert documents.cost(name, {"first": size + 1, "entries": entries}) > points


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ viewer { id name } }", 2),  # 1 + 2 * 0.1, rounded up
        ("{ issues { nodes { id } } }", 55),  # 50 * (1 + 0.1)
        ("query Q { issues(first: 10) { nodes { id labels { nodes { id } } } } }", 561),  # 10 * (1.1 + 50 * 1.1)
        ('{ issues(filter: {title: {eq: "first: {3}"}}, first: 2) { nodes { id } pageInfo { hasNextPage } } }', 4),  # 2.2 + 1.1
        (
            "query Q($n: Int = 7, $f: F = {a: 1}) { a: issues(first: $n) { edges { cursor node { id } } } }",
            110,
        ),  # 50 * 2.2: no variable given
        ("{ x { ...F } } fragment F on X { id y { z } ... on W { w } }", 3),  # 1 + 0.1 + 1.1 + 0.1
    ],
)
def test_the_price_of_odd_documents(text: str, points: int) -> None:
    assert documents.cost_of(documents.parse(text), {}) == points
    assert price(graphql.parse(text), {}) == points


def test_a_document_without_a_query_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no query"):
        documents.parse("fragment F on X { id }")
