"""Score the judges of wording on the corpora in tests/corpus: precision, recall, F1, confusion, calibration, speed, errors.

    python bench/judgement.py [--split train|test|blind] [--task NAME] [--errors] [--quick]

A corpus row belongs to `test` when the SHA-256 of its text falls in the lowest fifth, else to `train`; nothing is tuned on
`test`. `blind` files were written by somebody else: they are scored as a whole, and their errors are listed on request only.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
CORPUS = ROOT / "tests" / "corpus"
Row = dict[str, str]
Verdict = tuple[str, float]  # kind, confidence


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One thing that is judged: which rows of which files, the kinds, and the judge of one row."""

    name: str
    family: str  # files <family>_train*.csv and blind_<family>.csv
    level: str  # only rows with this value in the column `level`; "" takes all
    kinds: tuple[str, ...]
    judge: Callable[[Row], Verdict]
    truth: str = "kind"  # the column that holds the right answer


def _goal(level: str) -> Callable[[Row], Verdict]:
    def judge_row(row: Row) -> Verdict:
        from okrbot.wording import judge

        verdict = judge(row["text"], level=level)  # type: ignore[arg-type]
        return verdict.kind, verdict.confidence

    return judge_row


def _item(row: Row) -> Verdict:
    from okrbot.wording.items import judge_item

    verdict = judge_item(row["text"], row.get("body") or "")
    return verdict.kind, verdict.confidence


def _pair(row: Row) -> Verdict:
    from okrbot.similar.judge import verdict

    found = verdict(row["a"], row["b"])
    return ("yes" if found.same else "no"), found.confidence


ITEMS = Task("items", "items", "", ("solution", "problem", "bug", "maintenance"), _item)
TASKS = (
    Task("key results", "goals", "key_result", ("outcome", "output", "outcome_unmeasured"), _goal("key_result")),
    Task("objectives", "goals", "objective", ("qualitative", "has_metric", "output"), _goal("objective")),
    ITEMS,
    Task("duplicates", "pairs", "", ("yes", "no"), _pair, truth="same"),
)


def split_of(row: Row) -> str:
    """Return `test` for a fifth of all texts (a third of all groups of pairs), `train` for the others, always the same for the same row."""
    if "a" in row:
        return "test" if zlib.crc32(row["note"].split()[-1].encode()) % 3 == 0 else "train"
    text = row["text"]
    return "test" if hashlib.sha256(text.strip().encode()).digest()[0] < 51 else "train"


def rows(family: str, split: str, only: str = "") -> Iterator[Row]:
    """Yield the rows of one family of corpus files that belong to `split` (train, test, blind), or of the file named `only`."""
    if split == "blind":
        paths = sorted(CORPUS.glob(f"blind_{family}*.csv"))
    else:
        paths = sorted(CORPUS.glob(f"{family}_train*.csv")) or sorted(CORPUS.glob(f"{family}*.csv"))
    for path in paths:
        if only and path.name != only:
            continue
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if split == "blind" or split_of(row) == split:
                    yield {key: value or "" for key, value in row.items() if key}


def groups() -> Iterator[list[list[str]]]:
    """Yield the components of groups_train*.txt: each a list of groups of titles, those of one group being the same work."""
    for path in sorted(CORPUS.glob("groups_train*.txt")):
        component: list[list[str]] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# ") and component:
                yield component
            if line.startswith("# "):
                component = [[]]
            elif line == "-":
                component.append([])
            elif line.startswith("= "):
                component[-1].append(line.removeprefix("= "))
        if component:
            yield component


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """The figures of one task on one split."""

    count: int
    unclear: float
    precision: dict[str, float]
    recall: dict[str, float]
    f1: dict[str, float]
    macro_f1: float
    confusion: dict[tuple[str, str], int]
    calibration: tuple[tuple[float, float, int], ...]  # mean confidence, share right, texts
    calibration_error: float
    a_second: float
    errors: tuple[tuple[float, str, str, str], ...]  # confidence, right, said, text; worst first


def measure(task: Task, split: str, most: int | None = None, only: str = "") -> Score | None:
    """Return the figures of `task` on `split`, None when no row is there, over the first `most` rows, of the file named `only` or of all.

    Rows whose right answer is `unclear` are left out of F1.
    """
    chosen = [row for row in rows(task.family, split, only) if not task.level or row.get("level") == task.level][:most]
    if not chosen:
        return None
    task.judge(chosen[0])
    begun = time.perf_counter()
    said = [task.judge(row) for row in chosen]
    spent = time.perf_counter() - begun
    truth = [row[task.truth] for row in chosen]
    confusion: dict[tuple[str, str], int] = {}
    for right, (kind, _) in zip(truth, said, strict=True):
        confusion[right, kind] = confusion.get((right, kind), 0) + 1
    precision, recall, f1 = {}, {}, {}
    for kind in task.kinds:
        hit = confusion.get((kind, kind), 0)
        called = sum(count for (right, guess), count in confusion.items() if guess == kind and right in task.kinds)
        there = sum(count for (right, _), count in confusion.items() if right == kind)
        precision[kind] = hit / called if called else 0.0
        recall[kind] = hit / there if there else 0.0
        f1[kind] = 2 * hit / (called + there) if called + there else 0.0
    judged = [(kind == right, sure) for right, (kind, sure) in zip(truth, said, strict=True) if kind != "unclear" and right in task.kinds]
    bins, error = _calibration(judged)
    wrong = [
        (sure, right, kind, row.get("text") or f"{row['a']} / {row['b']}")
        for row, right, (kind, sure) in zip(chosen, truth, said, strict=True)
        if kind != right
    ]
    scored = [kind for right, (kind, _) in zip(truth, said, strict=True) if right in task.kinds]
    return Score(
        count=len(chosen),
        unclear=sum(kind == "unclear" for kind in scored) / len(scored),
        precision=precision,
        recall=recall,
        f1=f1,
        macro_f1=sum(f1.values()) / len(f1),
        confusion=confusion,
        calibration=bins,
        calibration_error=error,
        a_second=len(chosen) / spent,
        errors=tuple(sorted(wrong, reverse=True)),
    )


def _calibration(judged: list[tuple[bool, float]]) -> tuple[tuple[tuple[float, float, int], ...], float]:
    bins, error = [], 0.0
    for low, high in ((0.0, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.01)):
        mine = [(right, sure) for right, sure in judged if low <= sure < high]
        if mine:
            mean, share = sum(sure for _, sure in mine) / len(mine), sum(right for right, _ in mine) / len(mine)
            bins.append((mean, share, len(mine)))
            error += abs(mean - share) * len(mine) / len(judged)
    return tuple(bins), error


def show(task: Task, split: str, *, errors: bool, most: int | None) -> None:
    """Print the figures of one task."""
    score = measure(task, split, most)
    if score is None:
        print(f"{task.name}: no rows in {split}\n")
        return
    print(
        f"{task.name}, {split}: {score.count} texts, macro-F1 {score.macro_f1:.3f}, unclear {score.unclear:.1%}, {score.a_second:,.0f} texts a second"
    )
    for kind in task.kinds:
        print(f"  {kind:<20} precision {score.precision[kind]:.3f}  recall {score.recall[kind]:.3f}  F1 {score.f1[kind]:.3f}")
    columns = (*task.kinds, "unclear")
    print("  right \\ said         " + "".join(f"{kind[:12]:>14}" for kind in columns))
    for right in columns:
        if any(score.confusion.get((right, kind)) for kind in columns):
            print(f"  {right:<20} " + "".join(f"{score.confusion.get((right, kind), 0):>14}" for kind in columns))
    print(
        f"  calibration error {score.calibration_error:.3f}: "
        + ", ".join(f"said {mean:.2f} right {share:.2f} ({count})" for mean, share, count in score.calibration)
    )
    if errors:
        print("  worst errors")
        for sure, right, kind, text in score.errors[:10]:
            print(f"    {sure:.2f} {kind} (right: {right}): {text}")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("train", "test", "blind"), default="test")
    parser.add_argument("--task", help="only this task, e.g. 'key results'")
    parser.add_argument("--errors", action="store_true", help="list errors of the blind files too")
    parser.add_argument("--quick", action="store_true", help="only the first 200 rows of each task")
    options = parser.parse_args()
    for task in TASKS:
        if options.task in (None, task.name):
            show(task, options.split, errors=options.split != "blind" or options.errors, most=200 if options.quick else None)


if __name__ == "__main__":
    main()
