"""Read a text, or two, as a whole with a small neural network: the second opinion where weighed words are in doubt.

`goals.onnx`, `items.onnx` and `pairs.onnx` (transformers of three to six layers, weights of seven bits) are made by bench/train_reader.py from
the sentences and titles in tests/corpus; what they were begun from stands in NOTICE.txt. They run on one thread and need no line to anywhere.
"""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from okrbot.reader import pieces

HERE = Path(__file__).parent


def goal(text: str, level: str) -> tuple[float, ...]:
    """Return how likely each kind of a `key_result` or an `objective` is, in the order of wording's KINDS; `text` has no wrapping."""
    return _chances("goals", level, text)


def item(title: str) -> tuple[float, ...]:
    """Return how likely each kind of an item is by its title, in the order of wording's KINDS; `title` has no wrapping."""
    return _chances("items", "item", title)


def together(one: Sequence[float], other: Sequence[float]) -> tuple[float, ...]:
    """Return what two judges think together: the geometric mean of their chances, made to sum to one."""
    means = [math.sqrt(first * second) + 1e-9 for first, second in zip(one, other, strict=True)]
    return tuple(mean / sum(means) for mean in means)


def same_work(a: str, b: str) -> float:
    """Return the log-odds that two titles ask for one piece of work; `same_work(b, a)` is the same."""
    no, yes = _answer("pairs", "same", pieces.pair(*sorted((a, b))))
    return yes - no


def mark(network: str, room: Path) -> str:
    """Return a mark of a judge: of its network and of every file in its `room`. What was judged under another mark is judged again."""
    files = sorted(path for path in room.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    crc = 0
    for path in (HERE / f"{network}.onnx", HERE / "pieces.txt", *files):
        crc = zlib.crc32(path.read_bytes(), crc)
    return f"{crc:08x}"


def _chances(name: str, head: str, text: str) -> tuple[float, ...]:
    scores = _answer(name, head, pieces.numbers(text))
    raised = [math.exp(score - max(scores)) for score in scores]
    return tuple(one / sum(raised) for one in raised)


def _answer(name: str, head: str, numbers: list[int]) -> list[float]:
    """Return the scores of one head of a network; numpy and onnxruntime are loaded with the first text in doubt."""
    import numpy as np

    scores: list[float] = _network(name).run([head], {"pieces": np.array([numbers])})[0][0].tolist()
    return scores


@functools.cache
def _network(name: str) -> Any:
    """Return the session of a network, opened when the first text is in doubt."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)  # errors; on some machines it tells at every start that there is no graphics card
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(HERE / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
