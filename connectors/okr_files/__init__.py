"""Reads objectives and key results from okrs.toml, CSV files and published sheets, and refuses what cannot be meant."""

from __future__ import annotations

import datetime as dt
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from okrbot.model import Goals

from .checks import Collected, OkrFileError
from .sheet import read_sheet
from .toml_file import read_toml

__all__ = ["OkrFileError", "read"]

_LARGEST = 10_000_000  # bytes; a list of OKRs is a few kilobytes
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_GOOGLE = re.compile(r"^(https://docs\.google\.com/spreadsheets/d/[\w-]+)/(?:edit|view)[^#]*(?:#gid=(\d+))?$")


def read(paths_or_urls: Iterable[str], *, folder: Path, fetch: Callable[[str], bytes], timezone: dt.tzinfo = dt.UTC) -> Goals:
    """Return the OKRs of all places as one set, checked as a whole.

    Paths and patterns are relative to `folder`. `fetch` gets an address (https, or http on loopback) and returns its
    bytes; it may raise OSError. `timezone` reads times beside days in sheets. Raises OkrFileError, whose message names
    file, line, key and what to write instead.
    """
    collected = Collected()
    for place in paths_or_urls:
        for name, data in _contents(place, folder, fetch):
            if len(data) > _LARGEST:
                raise OkrFileError(name, f"has {len(data) // 1_000_000} MB; a list of OKRs is smaller, check the path")
            if not data.strip():
                raise OkrFileError(name, "is empty; write at least one [[objectives]] table, or take it off the list")
            if _is_toml(name, data):
                read_toml(data, name, collected)
            else:
                read_sheet(data, name, collected, zone=timezone)
    return collected.goals()


def _contents(place: str, folder: Path, fetch: Callable[[str], bytes]) -> Iterator[tuple[str, bytes]]:
    if "://" in place:
        address = sheet_address(place)
        try:
            yield _short(place), fetch(address)
        except OSError as error:
            reason = str(error).replace(place, "").replace(address, "")[:120]
            raise OkrFileError(
                _short(place), f"cannot be fetched ({type(error).__name__}: {reason}); check that the sheet is published"
            ) from error
        return
    for path in _files(place, folder):
        try:
            yield _shown(path, folder), path.read_bytes()
        except OSError as error:
            raise OkrFileError(_shown(path, folder), f"cannot be opened ({error.strerror or error}); check its permissions") from error


def _files(place: str, folder: Path) -> list[Path]:
    plain = folder / Path(place).expanduser()
    if plain.is_dir():
        raise OkrFileError(place, "is a folder; name a file, or a pattern such as okrs/*.toml")
    if plain.exists():
        return [plain]
    anchor = Path(plain.anchor) if plain.is_absolute() else folder
    found = sorted(path for path in anchor.glob(str(plain.relative_to(anchor))) if path.is_file())
    if not found:
        raise OkrFileError(place, f"is not in {folder}; check files under [okrs]")
    return found


def sheet_address(address: str) -> str:
    """Return the address of a sheet's CSV: a Google sheet's own page becomes its export. Raises OkrFileError for plain http."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise OkrFileError(address, "is no address that can be read; write https://…")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise OkrFileError(_short(address), "goes over plain http; write https://…")
    if parts.username or parts.password:
        raise OkrFileError(_short(address), "holds a name or password; publish the sheet and write its plain address")
    google = _GOOGLE.match(address)
    return f"{google[1]}/export?format=csv" + (f"&gid={google[2]}" if google[2] else "") if google else address


def _short(address: str) -> str:
    """Return an address without its query, which may hold a key."""
    parts = urllib.parse.urlsplit(address)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _shown(path: Path, folder: Path) -> str:
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return path.name


def _is_toml(name: str, data: bytes) -> bool:
    """Whether to read as TOML: by the name's ending, else by the first line that says something."""
    lower = name.lower()
    if lower.endswith(".toml"):
        return True
    if lower.endswith((".csv", ".tsv", ".txt")) or "://" in name:
        return False
    first = next(
        (
            line.strip()
            for line in data[:4000].decode("utf-8", "replace").splitlines()
            if line.strip() and not line.lstrip().startswith("#")
        ),
        "",
    )
    return first.startswith("[") or bool(re.match(r"^[A-Za-z_-]+\s*=", first))
