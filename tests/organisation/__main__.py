"""Write the sample files: `python -m tests.organisation --write okrbot/sample`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import build
from .files import bundle


def main() -> int:
    """Write the files, or say which differ. Return 0 when the folder holds what the generator writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the files there")
    parser.add_argument("--compare", type=Path, metavar="FOLDER", help="only say which files differ")
    wanted = parser.parse_args()
    files = bundle(build())
    for name, text in files.items():
        if wanted.write:
            (wanted.write / name).write_text(text, encoding="utf-8")
    stale = [
        name
        for name, text in files.items()
        if wanted.compare and (not (wanted.compare / name).exists() or (wanted.compare / name).read_text(encoding="utf-8") != text)
    ]
    for name in stale:
        sys.stdout.write(f"{name} differs from what the generator writes\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
