"""Give the shape of a goal as it is written down: key results with check-ins, and what was edited when."""

from __future__ import annotations

import dataclasses

Q3, Q4 = "2026-Q3", "2026-Q4"


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """A key result; `weeks` holds one check-in a line: `MMDD value confidence [status] | note`."""

    id: str
    title: str
    weeks: str = ""
    metric: str = ""
    unit: str = ""
    baseline: float | None = None
    target: float | None = None
    due: str = "2026-12-31"
    owner: str = "noor"
    kind: str = "aspirational"
    cadence: str = "weekly"
    progress: str = "metric"
    status: str = ""
    closing_note: str = ""
    items: tuple[str, ...] = ()  # refs of items
    edits: tuple[tuple[str, str, float | str], ...] = ()  # day of the edit, field, value before
    gone: str = ""  # day on which it vanished from the file without a word


@dataclasses.dataclass(frozen=True, slots=True)
class Aim:
    """An objective with its key results."""

    id: str
    title: str
    cycle: str
    level: str
    parent: str = ""
    product: str = ""
    team: str = ""
    owner: str = ""
    results: tuple[Result, ...] = ()


CYCLES = ((Q3, "2026-07-01", "2026-09-30"), (Q4, "2026-10-01", "2026-12-31"))
EARLIER = ("2026-08-03", "2026-09-14", "2026-10-05")  # older states of the file that the sample ships
