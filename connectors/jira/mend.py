"""Reads JSON that is almost right: half of a letter pair (an emoji cut by somebody's 255-letter limit) spoils one text, not the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from okrbot.model import clean

T = TypeVar("T")


def forgiving(decode: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Return a decoder that tries again with texts cleaned when the strict one refuses; damage stays refused."""

    def read(body: bytes) -> T:
        try:
            return decode(body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            if b"\\u" not in body:
                raise
            return decode(_cleaned(body))

    return read


def _cleaned(body: bytes) -> bytes:
    """Return JSON with every text clean. Raises msgspec.DecodeError when it is no JSON at all."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise msgspec.DecodeError("damaged") from None
    return msgspec.json.encode(_clean(value))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {clean(name): _clean(one) for name, one in value.items()}
    return value
