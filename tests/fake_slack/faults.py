"""What can go wrong on the way to Slack and back: named faults, each at a chosen call, once, always or every other time."""

from __future__ import annotations

import dataclasses
import fnmatch

# name: (does the call take effect?, what the client gets)
FAULTS: dict[str, tuple[str, str]] = {
    "reset_before": ("no", "connection reset before the request is read"),
    "reset_after": ("yes", "connection reset, no answer"),
    "half_body": ("yes", "connection closed in the middle of the answer"),
    "hang": ("no", "no answer ever"),
    "late_answer": ("yes", "answer after the client gave up"),
    "late_effect": ("late", "no answer; takes effect 60 s later by Slack's clock"),
    "very_late_effect": ("late", "no answer; takes effect 10 minutes later by Slack's clock"),
    "500_before": ("no", "500"),
    "500_after": ("yes", "500"),
    "502_html": ("yes", "502 with a web page"),
    "503": ("no", "503 with Retry-After"),
    "429": ("no", "429 with Retry-After in seconds"),
    "429_date": ("no", "429 with Retry-After as a date"),
    "429_bare": ("no", "429 without Retry-After"),
    "empty": ("yes", "200 without a body"),
    "truncated": ("yes", "200 with half a JSON text"),
    "login_page": ("no", "200 with a web page"),
    "internal_error": ("yes", "200 with ok: false, internal_error"),
    "fatal_error": ("no", "200 with ok: false, fatal_error"),
    "redirect": ("no", "302 to another host"),
    "huge": ("yes", "200 with 64 MB of blanks before the JSON"),
}
DELAYS = {"late_effect": 60.0, "very_late_effect": 600.0}


@dataclasses.dataclass(slots=True)
class Fault:
    """One fault, on methods that match `method`: skip the first `after` calls, then strike `times` times (0 = always), every `every`th."""

    name: str
    method: str = "chat.postMessage"
    after: int = 0
    times: int = 1
    every: int = 1
    error: str = ""  # any documented error of Slack instead of a named fault: answered with ok: false, no effect
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if not self.error and self.name not in FAULTS:
            raise ValueError(f"there is no fault {self.name!r}")

    def strikes(self, method: str) -> bool:
        """Count one call and return whether this fault hits it."""
        if not fnmatch.fnmatch(method, self.method):
            return False
        self.seen += 1
        turn = self.seen - 1 - self.after
        if turn < 0 or turn % self.every or (self.times and self.struck >= self.times):
            return False
        self.struck += 1
        return True
