"""Measure near-duplicate detection: seconds, memory and recall on made-up titles, and the verdict on pairs written by hand.

    python bench/similar.py                   # 100,000 and 1,000,000 titles, baselines on 5,000, verdicts
    python bench/similar.py --sizes 100000    # one size
    python bench/similar.py --quick           # small sizes
    python bench/similar.py --verdict         # only the pairs

Each size runs in a process of its own, so that peak memory is its own. "Recall" is the share of planted copies that come
out as a pair; "joined" also counts a copy whose original has the same words as another title it is paired with (a cluster).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from titles import planted  # noqa: E402 - the two folders above are not installed
from train_similar import is_same, part, read  # noqa: E402

from okrbot.similar import Row, candidates, twins, verdict  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
Pairs = set[tuple[int, int]]


def peak() -> float:
    """Return the peak memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss of a child starts at its parent's
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def recall(truth: dict[str, list[tuple[int, int]]], found: Pairs) -> dict[str, float]:
    """Return the share of planted pairs that were found, by kind of edit."""
    return {kind: sum(pair in found for pair in pairs) / len(pairs) for kind, pairs in truth.items()}


def joined(truth: dict[str, list[tuple[int, int]]], found: Iterable[tuple[int, int]], titles: list[str]) -> dict[str, float]:
    """Return the share of planted pairs within two steps, where one step is between titles with the same words."""
    words = [" ".join(sorted(title.lower().split())) for title in titles]
    met = {(words[a], words[b]) for a, b in found}
    met |= {(b, a) for a, b in met}
    return {kind: sum((words[a], words[b]) in met or words[a] == words[b] for a, b in pairs) / len(pairs) for kind, pairs in truth.items()}


def line(name: str, seconds: float, pairs: int, shares: dict[str, float], memory: float | None = None) -> None:
    """Print one line of figures."""
    shown = "  ".join(f"{kind} {share:.3f}" for kind, share in shares.items())
    print(f"{name:34} {seconds:7.2f} s {pairs:9,} pairs {'' if memory is None else f'{memory:6,.0f} MB'}  {shown}", flush=True)


def measure(size: int) -> None:
    """Measure candidates for one size: the first run (words unknown yet) and the memory it needs above the titles themselves."""
    titles, truth = planted(size)
    backlogs = None
    before = peak()
    began, worked = time.perf_counter(), time.process_time()
    found = candidates(titles, partitions=backlogs)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    memory = peak()
    pairs = set(found)
    line(f"candidates, {size:,} titles", seconds, len(found), recall(truth, pairs), memory)
    shown = "  ".join(f"{kind} {share:.3f}" for kind, share in joined(truth, pairs, titles).items())
    print(f"{'':34} joined in a cluster: {shown}; {worked:.1f} s of a processor; {before:,.0f} MB of the peak before it began", flush=True)


def measure_twins(size: int) -> None:
    """Measure the whole thing, verdicts and clusters included, on seven backlogs of one product."""
    titles, _ = planted(size)
    rows = [Row(str(at), "product", f"backlog {at % 7}", title) for at, title in enumerate(titles)]
    began = time.perf_counter()
    found = twins(rows)
    line(f"twins, {size:,} titles, 7 backlogs", time.perf_counter() - began, len(found), {}, peak())
    crowd = [Row(str(at), "product", f"backlog {at % 7}", "Sprint retro" if at % 2 else f"Sprint {at % 97} retro") for at in range(size)]
    began = time.perf_counter()
    found = twins(crowd)
    line(f"twins, {size:,} templates", time.perf_counter() - began, len(found), {}, peak())


def all_pairs(titles: list[str]) -> Pairs:
    """Compare each title with each by the edits between sorted words (rapidfuzz, when installed)."""
    from rapidfuzz import fuzz, process  # a baseline only, no dependency of ours

    texts = [" ".join(sorted(title.lower().split())) for title in titles]
    found: Pairs = set()
    for low in range(0, len(texts), 1000):
        table = process.cdist(texts[low : low + 1000], texts, scorer=fuzz.ratio, score_cutoff=75, dtype=np.uint8)
        found.update((int(a) + low, int(b)) for a, b in zip(*np.nonzero(table), strict=True) if a + low < b)
    return found


def _grams(title: str) -> set[str]:
    text = f" {title.lower()} "
    return {text[at : at + 3] for at in range(len(text) - 2)}


def tf_idf(titles: list[str]) -> Pairs:
    """Compare each with each by the cosine of letter trigrams weighted by rarity (numpy, dense in blocks)."""
    grams = [_grams(title) for title in titles]
    count = Counter(gram for each in grams for gram in each)
    number = {gram: at for at, (gram, times) in enumerate(count.most_common(8192)) if times > 1}
    table = np.zeros((len(titles), len(number)), dtype=np.float32)
    for row, each in enumerate(grams):
        for gram in each:
            if gram in number:
                table[row, number[gram]] = np.log(len(titles) / count[gram])
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-6)
    found: Pairs = set()
    for low in range(0, len(titles), 1000):
        near = table[low : low + 1000] @ table.T > 0.6
        found.update((int(a) + low, int(b)) for a, b in zip(*np.nonzero(near), strict=True) if a + low < b)
    return found


def min_hash(titles: list[str]) -> Pairs:
    """Pair titles that share one of 32 bands of 4 minima of hashed letter trigrams."""
    rng = np.random.default_rng(1)
    factor, shift = rng.integers(1, 2**61, 128, dtype=np.uint64) | np.uint64(1), rng.integers(0, 2**61, 128, dtype=np.uint64)
    buckets: dict[tuple[int, bytes], list[int]] = {}
    for row, title in enumerate(titles):
        hashes = np.fromiter((hash(gram) & 0xFFFFFFFFFFFF for gram in _grams(title)), dtype=np.uint64)
        minima = (hashes[:, None] * factor + shift).min(axis=0)
        for band in range(32):
            buckets.setdefault((band, minima[band * 4 : band * 4 + 4].tobytes()), []).append(row)
    found: Pairs = set()
    for members in buckets.values():
        if len(members) < 200:
            found.update((a, b) for at, a in enumerate(members) for b in members[at + 1 :])
    return found


def baselines(size: int) -> None:
    """Measure what else one could do, in the same run."""
    titles, truth = planted(size)
    ours: Callable[[list[str]], Pairs] = lambda given: set(candidates(given))  # noqa: E731
    ways: list[tuple[str, Callable[[list[str]], Pairs]]] = [
        ("okrbot candidates", ours),
        ("all pairs, rapidfuzz", all_pairs),
        ("letter TF-IDF, numpy", tf_idf),
        ("MinHash, 32 bands of 4", min_hash),
    ]
    for name, way in ways:
        began = time.perf_counter()
        try:
            found = way(titles)
        except ImportError as missing:
            print(f"{name}: not measured, {missing}")
            continue
        line(f"{name}, {size:,}", time.perf_counter() - began, len(found), recall(truth, found))


def judged(name: str, rows: list[dict[str, str]]) -> None:
    """Print precision and recall of the verdict on marked pairs, and verdicts a second."""
    began = time.perf_counter()
    said = [verdict(row["a"], row["b"], body_a=row.get("body_a") or "", body_b=row.get("body_b") or "").same for row in rows]
    seconds = time.perf_counter() - began
    truth = [is_same(row) for row in rows]
    hit = sum(a and b for a, b in zip(said, truth, strict=True))
    right, found = hit / max(sum(said), 1), hit / max(sum(truth), 1)
    f1 = 2 * right * found / max(right + found, 1e-9)
    print(
        f"verdict, {name:24} {len(rows):5} pairs, {sum(truth):4} same: precision {right:.3f} recall {found:.3f} F1 {f1:.3f}; {len(rows) / seconds:,.0f} a second"
    )


def verdicts() -> None:
    """Measure the verdict on the pairs of tests/corpus; of blind pairs only the sums are shown."""
    rows = read(ROOT / "tests/corpus/pairs_train.csv")
    for split in ("train", "test"):
        judged(f"pairs_train.csv, {split}", [row for row in rows if part(row) == split])
    blind = ROOT / "tests/corpus/blind_pairs.csv"
    if blind.exists():
        judged("blind_pairs.csv", read(blind))
    else:
        print("blind_pairs.csv: not there")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--baselines", type=int, default=5_000, help="titles for the slow ways, 0 for none")
    parser.add_argument("--twins", type=int, default=20_000, help="titles for the whole thing, 0 for none")
    parser.add_argument("--verdict", action="store_true", help="only the pairs")
    parser.add_argument("--quick", action="store_true", help="10,000 titles and no other ways: under half a minute")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        measure(asked.one)
        return
    if asked.quick:
        asked.sizes, asked.baselines, asked.twins = [10_000], 0, 5_000
    verdicts()
    if asked.verdict:
        return
    if asked.baselines:
        baselines(asked.baselines)
    if asked.twins:
        measure_twins(asked.twins)
    for size in asked.sizes:
        subprocess.run([sys.executable, __file__, "--one", str(size)], check=True)


if __name__ == "__main__":
    main()
