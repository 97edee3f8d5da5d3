"""Keep training and blind texts apart: drop from tests/corpus/*_train*.csv every row that holds a blind text or pair, and print counts only.

    python bench/train_apart.py

A row is dropped when one of its cells (for pairs: two of its cells, in any order) is a blind text but for case, punctuation and white space. No text is shown, so that
nobody who runs it reads a blind file. Train the weights again afterwards.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "corpus"


def bare(text: str) -> str:
    """Return the text in one case, with each run of anything but letters and digits as one space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(char if char.isalnum() else " " for char in folded).split())


def blind() -> set[frozenset[str]]:
    """Return the bare text of each blind goal and item and the two bare titles of each blind pair."""
    keys: set[frozenset[str]] = set()
    for path in sorted(CORPUS.glob("blind_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                key = frozenset((bare(row["a"]), bare(row["b"]))) if "a" in row else frozenset((bare(row["text"]),))
                if len(key) == (2 if "a" in row else 1):
                    keys.add(key)
    return keys


def main() -> None:
    """Write each training file again without the rows that are blind."""
    keys = blind()
    for path in sorted([*CORPUS.glob("*_train*.csv"), *CORPUS.glob("*_read.csv")]):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        kept = []
        for row in rows:
            cells = sorted({bare(cell) for cell in row})
            if not any(frozenset((one, other)) in keys for one in cells for other in cells):
                kept.append(row)
        if len(kept) < len(rows):
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(kept)
            path.write_text(text.getvalue(), encoding="utf-8")
        print(f"{path.name}: {len(rows) - len(kept)} of {len(rows) - 1} rows dropped")


if __name__ == "__main__":
    main()
