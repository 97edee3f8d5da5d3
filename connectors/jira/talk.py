"""Comments of issues that have more of them than a search answer holds."""

from __future__ import annotations

import msgspec

from okrbot.model import Problem, SourceError

from ..http import RefusedError, Sender
from . import shapes
from .mend import forgiving
from .rows import Found, note
from .site import Who

PAGE = 100


class Listener:
    """Reads all comments of talkative issues into a page of search results."""

    def __init__(self, sender: Sender, who: Who) -> None:
        self._sender = sender
        self._who = who
        self._decode = forgiving(msgspec.json.Decoder(shapes.Comments).decode)

    def complete(self, found: Found) -> None:
        """Replace the comments of a page's talkative issues by all of them. Raises SourceError."""
        for id_ in found.talkative:
            comments = self._all(id_)
            if comments is None:
                found.problems.append(Problem("comments_missing", "some comments of some issues cannot be read", where=id_))
                continue
            found.notes = [one for one in found.notes if one.subject != id_] + [note(id_, comment, self._who.own) for comment in comments]

    def _all(self, id_: str) -> list[shapes.Comment] | None:
        comments: list[shapes.Comment] = []
        before: list[str] = []
        while True:
            params = {"startAt": len(comments), "maxResults": PAGE, "orderBy": "created"}
            try:
                path = f"{self._who.api}/issue/{id_}/comment"
                page = self._sender.read(path, self._decode, params=params, endpoint="GET comments")[0]
            except RefusedError as no:
                if no.status in (403, 404):
                    return None
                raise
            ids = [str(comment.id) for comment in page.comments or ()]
            if ids and ids == before:
                text = f"{self._sender.name}: Jira gives the same comments of issue {id_} again and again; what was read is kept, try again later"
                raise SourceError(text, code="protocol")
            before = ids
            comments += page.comments or ()
            if not page.comments or (page.total is not None and len(comments) >= page.total):
                return comments
