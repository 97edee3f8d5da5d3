"""Fetch a published sheet: one https address, redirects to https only, no credentials, a size limit."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import requests

from okrbot.model import SourceError, Surroundings

from .addresses import address

MOST_BYTES = 20_000_000
HOPS = 5  # a published Google sheet answers with one redirect to the file itself
TIMEOUT = (5.0, 30.0)


def fetch(url: str, surroundings: Surroundings) -> bytes:
    """Return what `url` answers. Raises SourceError, or ValueError for an address that is neither https nor loopback."""
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = dict(surroundings.proxies)
        if surroundings.ca_bundle:
            session.verify = str(surroundings.folder / surroundings.ca_bundle)
        for _ in range(HOPS):
            parts = urlsplit(url)
            address(f"{parts.scheme}://{parts.netloc}", key="files")
            try:
                with session.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
                    if answer.is_redirect:
                        url = urljoin(url, answer.headers["location"])
                        continue
                    return _whole(answer, parts.netloc)
            except requests.RequestException as error:
                raise SourceError(
                    f"the sheet at {parts.netloc} cannot be reached ({type(error).__name__}). Is it published to the web?"
                ) from None
    raise SourceError(f"the sheet at {urlsplit(url).netloc} redirects without end. Publish it as CSV and use that address.")


def _whole(answer: requests.Response, host: str) -> bytes:
    if answer.status_code != 200:
        raise SourceError(f"the sheet at {host} answered {answer.status_code}. Publish it to the web as CSV and use that address.")
    if "html" in answer.headers.get("content-type", ""):
        raise SourceError(f"the sheet at {host} answered a web page, not CSV. Publish it as CSV and use that address.")
    body = bytearray()
    for piece in answer.iter_content(65_536):
        body += piece
        if len(body) > MOST_BYTES:
            raise SourceError(f"the sheet at {host} is larger than {MOST_BYTES // 1_000_000} MB. Publish the OKR sheet alone.")
    return bytes(body)
