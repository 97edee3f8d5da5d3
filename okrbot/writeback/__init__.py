"""Write the audit back into the trackers that allowed it: planned as rows, capped, looked up, read back, taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from okrbot.config.settings import WriteBack
from okrbot.model import Clock
from okrbot.store import Store
from okrbot.writeback.running import Desk, Outcome, Tracker, preview, write_back
from okrbot.writeback.wanted import ACTIONS, Wanted, wanted

__all__ = ["Desk", "Outcome", "Tracker", "problem", "run"]

DONE, UNDELIVERED = 0, 4


def problem(settings: WriteBack, *, harmless: bool) -> tuple[str, str] | None:
    """Return the key of `[write_back]` that forbids a run and what to do about it; `harmless` runs write nothing new."""
    if not (settings.enabled or harmless):
        return "enabled", "writing to trackers is off. Look at `okrbot writeback --dry-run`; write enabled = true here to allow it."
    for action in settings.actions:
        if action not in ACTIONS:
            return "actions", f"there is no action '{action}'. There are: {', '.join(ACTIONS)}."
    if "label" in settings.actions and not settings.label.strip():
        return "label", "is empty. Write the label to put on flagged items."
    return None


def run(
    store: Store,
    settings: WriteBack,
    desks: Mapping[str, Desk],
    *,
    titles: Mapping[str, str],
    clock: Clock,
    tell: Callable[[str], None],
    dry_run: bool = False,
    undo: bool = False,
    most: int | None = None,
) -> int:
    """Make the trackers say what the last audit says, or (`undo`) nothing of ours any more, and return the exit code.

    `desks` are the sources that can be written to, by name; `tell` gets the lines for a person. A dry run tells the exact
    requests and sends none of them. Raises StoreError, SourceError (dry run only: Jira is asked which kind of Jira it is).
    """
    cap = most or settings.most
    with store.connect() as db:
        notes, counts = wanted(db, settings, sources=desks, titles=titles)
        for source in sorted(counts.keys() - desks.keys()):
            if not undo:
                tell(f"{source}: {_times(counts[source], 'finding')} not written: a source of this kind cannot be written to.")
        if dry_run:
            return _preview(db, [] if undo else notes, desks, cap, tell)

    def now_wanted(db: sa.Connection) -> list[Wanted]:
        return [] if undo else wanted(db, settings, sources=desks, titles=titles)[0]

    outcome = write_back(store, now_wanted, desks, most=cap, clock=clock, tell=tell)
    for line in [*outcome.failed, *outcome.stopped.values()]:
        tell(line)
    _sum_up(outcome, f"{_times(outcome.written, 'note')} written, {outcome.taken_back} taken back", tell)
    if not outcome.ok:
        tell("What did not come about is looked up and tried again at the next run; nothing is written twice.")
    return DONE if outcome.ok else UNDELIVERED


def _preview(db: sa.Connection, notes: list[Wanted], desks: Mapping[str, Desk], cap: int, tell: Callable[[str], None]) -> int:
    shown, outcome = preview(db, notes, desks, most=cap)
    for write, address, body in shown:
        tell(f"{write.source}: {write.key}: {'take back' if write.remove else 'write'} the {write.action}")
        tell(f"  {address}")
        if body is not None:
            text = json.dumps(body, ensure_ascii=False)
            tell("  " + "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text))
    _sum_up(outcome, f"Dry run: {_times(len(shown), 'write')} would be sent, nothing was", tell)
    return DONE


def _sum_up(outcome: Outcome, text: str, tell: Callable[[str], None]) -> None:
    waiting = f"; {outcome.waiting} more wait for the next run (most)" if outcome.waiting else ""
    theirs = f"; {_times(outcome.theirs, 'item')} had the label from somebody else" if outcome.theirs else ""
    doubt = f"; {outcome.doubtful} in doubt, looked up first at the next run" if outcome.doubtful else ""
    away = (
        f"; {_times(outcome.out_of_reach, 'note')} out of reach (hidden, archived, or a source no longer configured)"
        if outcome.out_of_reach
        else ""
    )
    tell(f"{text}{waiting}{theirs}{doubt}{away}.")


def _times(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
