"""Cut a hundred thousand titles into numbered words with a handful of numpy passes and no loop over titles.

All titles are joined, folded and encoded once; words are runs of letter bytes; a word's name is a polynomial hash taken
from running sums. Only the vocabulary (tens of thousands of different words, whatever the number of titles) is looked
at in Python: synonyms, stems and stop words there, typing errors by shared deletions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from okrbot.similar.fold import canonical, fold, lexicon

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_CHUNK = 100_000  # titles folded at a time: bounds the memory of the byte-wise passes
_PRIME = 0x9E3779B97F4A7C15 | 1
_INVERSE = pow(_PRIME, -1, 1 << 64)
_NOT_WORD = re.compile(r"[^\w\n]+")
_CUT = re.compile(r"[a-z0-9]+")
_UNSAID = frozenset({"add", "setup", "support", "allow", "integrate"})  # "Add wishlist" and "Wishlist" have the same words
_LONGEST = 24  # words of a title that are looked at


@dataclass(frozen=True, slots=True)
class Words:
    """The words of all titles: row by row, rarest first, no word twice in a row."""

    row: Ints  # title of each word
    word: Ints  # number of each word; a lower number is a rarer word
    first: Ints  # where a title's words begin; one longer than the titles
    count: Ints  # titles that have the word, by word
    light: NDArray[np.bool_]  # words that say little, by word
    head: Hashes  # the first eight letters of each title, as a number that sorts as they do
    tail: Hashes  # the last eight, from the end


def mix(numbers: NDArray[np.generic], *, salt: int) -> Hashes:
    """Return well-spread 64-bit hashes of whole numbers (the finaliser of splitmix64)."""
    h = numbers.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


def _letters() -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789", dtype=np.uint8)] = True
    table[128:] = True
    return table


def _powers(size: int, base: int) -> Hashes:
    powers = np.ones(max(size, 1), dtype=np.uint64)
    done = 1
    while done < size:  # by doubling: a running product would wait for each multiplication
        more = min(done, size - done)
        np.multiply(powers[:more], np.uint64(pow(base, done, 1 << 64)), out=powers[done : done + more])
        done += more
    return powers[:size]


def _folded(titles: Sequence[str]) -> bytes:
    """Return the folded titles, one a line."""
    lines = [" ".join(title.splitlines()) if "\n" in title else title for title in titles]
    text = "\n".join(lines)
    if text.isascii():
        return text.lower().encode()
    foreign = [at for at, line in enumerate(lines) if not line.isascii()]
    plain = _NOT_WORD.sub(" ", fold("\n".join(lines[at] for at in foreign))).split("\n")
    for at, line in zip(foreign, plain, strict=True):
        lines[at] = line
    return "\n".join(lines).lower().encode()


def _cut(text: bytes, powers: tuple[Hashes, Hashes]) -> tuple[Ints, Ints, Ints, Hashes]:
    """Return row, start, length and hash of every word in newline-separated text."""
    data = np.frombuffer(text, dtype=np.uint8)
    inside = _letters()[data]
    edge = np.diff(inside, prepend=False, append=False)
    edges = np.flatnonzero(edge)
    starts, ends = edges[0::2], edges[1::2]
    breaks = np.flatnonzero(data == 10)
    rows = np.repeat(np.arange(breaks.size + 1), np.diff(np.searchsorted(starts, breaks), prepend=0, append=starts.size))
    up, down = powers
    running = np.zeros(data.size + 1, dtype=np.uint64)
    np.cumsum((data + np.uint64(1)) * up[: data.size], dtype=np.uint64, out=running[1:])
    hashes = (running[ends] - running[starts]) * down[starts]
    return rows, starts, ends - starts, hashes


def _ends(text: bytes) -> tuple[Hashes, Hashes]:
    """Return the first and the last eight bytes of each line as sortable numbers."""
    data = np.frombuffer(b"\n" * 8 + text + b"\n" * 9, dtype=np.uint8)
    breaks = np.flatnonzero(data == 10)[7:-8]
    head, tail = np.zeros(breaks.size - 1, dtype=np.uint64), np.zeros(breaks.size - 1, dtype=np.uint64)
    for step in range(8):
        head = (head << np.uint64(8)) | data[breaks[:-1] + 1 + step]
        tail = (tail << np.uint64(8)) | data[breaks[1:] - 1 - step]
    return head, tail


def _vocabulary(chunks: list[tuple[bytes, Ints, Ints, Hashes]]) -> tuple[Hashes, list[str]]:
    """Return the different hashes in order and the word behind each."""
    found: dict[int, str] = {}
    for text, starts, lengths, hashes in chunks:
        different = distinct(hashes)
        at = np.empty(different.size, dtype=np.int64)
        at[np.searchsorted(different, hashes[::-1])] = np.arange(hashes.size)[::-1]
        spans = zip(different.tolist(), starts[at].tolist(), lengths[at].tolist(), strict=True)
        found.update((h, text[s : s + n].decode("utf-8", "replace")) for h, s, n in spans if h not in found)
    names = np.fromiter(found, dtype=np.uint64, count=len(found))
    order = np.argsort(names)
    words = list(found.values())
    return names[order], [words[at] for at in order.tolist()]


def _own_words(words: list[str]) -> tuple[Ints, list[str]]:
    """Return for each written word the number of our word (-1 for one that titles may leave out), and our words."""
    stop = lexicon().stop
    numbers: dict[str, int] = {}
    ours = [None if word in stop else canonical(word) for word in words]
    own = [-1 if word is None or word in _UNSAID else numbers.setdefault(word, len(numbers)) for word in ours]
    return np.asarray(own, dtype=np.int64), list(numbers)


@dataclass(frozen=True, slots=True)
class _Spelled:
    """Some written words, letter by letter, with what is needed to hash any part of them."""

    chosen: Ints  # their numbers in the vocabulary
    word: Ints  # which of the chosen each letter belongs to
    start: Ints  # first letter of each letter's word
    end: Ints
    at: Ints
    running: Hashes
    up: Hashes
    down: Hashes

    def part(self, low: Ints, high: Ints) -> Hashes:
        """Return the hash that the letters from `low` up to `high` would have as a word."""
        return (self.running[high] - self.running[low]) * self.down[low]


def _spelled(words: list[str], chosen: Ints) -> _Spelled:
    encoded = [words[at].encode() for at in chosen.tolist()]
    data = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    ends = np.cumsum(lengths)
    word = np.repeat(np.arange(lengths.size), lengths)
    up, down = _powers(data.size + 1, _PRIME), _powers(data.size + 1, _INVERSE)
    running = np.zeros(data.size + 1, dtype=np.uint64)
    np.cumsum((data + np.uint64(1)) * up[: data.size], dtype=np.uint64, out=running[1:])
    return _Spelled(chosen, word, (ends - lengths)[word], ends[word], np.arange(data.size), running, up, down)


def _alphabetic(words: list[str], *, least: int) -> NDArray[np.bool_]:
    return np.fromiter((len(w) >= least and w.isalpha() for w in words), dtype=bool, count=len(words))


def _typing_errors(words: list[str], count: Ints) -> Ints:
    """Return for each word the word it is probably a typing error of, or itself.

    Two words one edit (or one swap) apart share a word that is left when a letter is deleted. A rare word goes to the
    commonest such neighbour of three letters and more. Words with digits never do: a version is not a slip.
    """
    target = np.arange(len(words))
    chosen = np.flatnonzero(_alphabetic(words, least=3))
    if chosen.size == 0:
        return target
    s = _spelled(words, chosen)
    without = s.part(s.start, s.at) + s.part(s.at + 1, s.end) * s.up[s.at - s.start]
    letters = np.flatnonzero(s.at == s.start)
    whole = s.part(s.start[letters], s.end[letters])
    keys, owner = np.concatenate([without, whole]), np.concatenate([s.word, np.arange(chosen.size)])
    rank = np.empty(chosen.size, dtype=np.int64)  # by how common
    by_count = np.argsort(count[chosen], kind="stable")
    rank[by_count] = np.arange(chosen.size)
    bits = np.uint64(max(chosen.size - 1, 1).bit_length())
    packed = np.sort((keys >> bits << bits) | rank[owner].astype(np.uint64))
    key, place = packed >> bits, (packed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    last = np.flatnonzero(np.append(key[1:] != key[:-1], True))
    commonest = place[np.repeat(last, np.diff(last, prepend=-1))]
    best = np.zeros(chosen.size, dtype=np.int64)
    np.maximum.at(best, by_count[place], commonest)
    neighbour = by_count[best]
    mine, theirs = count[chosen], count[chosen][neighbour]
    slip = (mine <= 3) | (mine * 200 <= theirs)
    neighbour = np.where(slip, neighbour, np.arange(chosen.size))
    target[chosen] = chosen[neighbour[neighbour]]  # a slip of a slip too
    return target


def _find(names: Hashes, wanted: Hashes) -> Ints:
    """Return where each wanted hash is among the ordered names, -1 where it is not."""
    at = np.minimum(np.searchsorted(names, wanted), names.size - 1)
    return np.where(names[at] == wanted, at, -1)


def _glued(row: Ints, written: Ints, names: Hashes, lengths: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Join two neighbours of which one is rare when together they are a known word: "inv oice" is invoice."""
    at = np.flatnonzero((row[:-1] == row[1:]) & (np.minimum(count[written[:-1]], count[written[1:]]) <= 3))
    if not at.size:
        return row, written
    joined = names[written[at]] + names[written[at + 1]] * _powers(int(lengths.max()) + 1, _PRIME)[lengths[written[at]]]
    found = _find(names, joined)
    known = found >= 0
    known &= np.append(True, ~(known[:-1] & (np.diff(at) == 1)))  # a word is joined once
    written = written.copy()
    written[at[known]] = found[known]
    kept = np.ones(row.size, dtype=bool)
    kept[at[known] + 1] = False
    return row[kept], written[kept]


def _parts(words: list[str], names: Hashes, count: Ints, single: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return for each word the two known words it is made of ("invoicelist"), or itself and -1."""
    first, second = np.arange(len(words)), np.full(len(words), -1, dtype=np.int64)
    chosen = np.flatnonzero(_alphabetic(words, least=6) & (count <= 3) & single)
    if not chosen.size:
        return first, second
    s = _spelled(words, chosen)
    inner = np.flatnonzero((s.at - s.start >= 2) & (s.end - s.at >= 2))
    for lost in (1, 0):  # the space was overwritten by a letter, or left out; the latter is likelier and written last
        left, right = _find(names, s.part(s.start[inner], s.at[inner])), _find(names, s.part(s.at[inner] + lost, s.end[inner]))
        known = np.flatnonzero((left >= 0) & (right >= 0))
        known = known[np.minimum(count[left[known]], count[right[known]]) > 3]
        rarer = np.minimum(count[left[known]], count[right[known]])
        known = known[np.argsort(rarer, kind="stable")]  # the split whose rarer half is commonest is written last and stays
        word = chosen[s.word[inner[known]]]
        first[word], second[word] = left[known], right[known]
    return first, second


def _phrased(row: Ints, written: Ints, words: list[str]) -> tuple[Ints, Ints, list[str]]:
    """Put one token for each known phrase of two or three words ("log in"); return also the tokens, numbered after the words."""
    number = {word: at for at, word in enumerate(words)}
    tokens: dict[str, int] = {}
    for length in (3, 2):
        keys, meant = [], []
        for phrase, token in lexicon().phrases.items():
            spelled = [number.get(word, -1) for word in _CUT.findall(phrase)]
            if len(spelled) == length and min(spelled) >= 0:
                keys.append(spelled)
                meant.append(tokens.setdefault(token, len(words) + len(tokens)))
        if not keys or row.size < length:
            continue
        known = _in_a_row(np.array(keys).T)
        order = np.argsort(known)
        last = row.size - length + 1
        found = _find(known[order], _in_a_row(np.stack([written[at : last + at] for at in range(length)])))
        at = np.flatnonzero((found >= 0) & (row[:last] == row[length - 1 :]))
        at = at[np.diff(at, prepend=-length) >= length]  # no word in two phrases
        written = written.copy()
        written[at] = np.array(meant)[order][found[at]]
        kept = np.ones(row.size, dtype=bool)
        for step in range(1, length):
            kept[at + step] = False
        row, written = row[kept], written[kept]
    return row, written, list(tokens)


def _in_a_row(numbers: Ints) -> Hashes:
    """Return a hash for words that follow one another, one a column."""
    hashes = np.zeros(numbers.shape[1], dtype=np.uint64)
    for place, each in enumerate(numbers):
        hashes = hashes * np.uint64(_PRIME) + mix(each, salt=10 + place)
    return hashes


def read(titles: Sequence[str]) -> Words:
    """Cut `titles` into words in our own vocabulary, rarest first within each title, at most 24 of them."""
    folded = [_folded(titles[at : at + _CHUNK]) for at in range(0, len(titles), _CHUNK)]
    longest = max(map(len, folded), default=0) + 1
    powers = _powers(longest, _PRIME), _powers(longest, _INVERSE)
    rows, chunks = [], []
    for number, text in enumerate(folded):
        row, starts, lengths, hashes = _cut(text, powers)
        rows.append(row + number * _CHUNK)
        chunks.append((text, starts, lengths, hashes))
    if not any(hashes.size for *_, hashes in chunks):
        nothing, silent = np.zeros(0, dtype=np.int64), np.zeros(len(titles), dtype=np.uint64)
        return Words(nothing, nothing, np.zeros(len(titles) + 1, dtype=np.int64), nothing, nothing > 0, silent, silent)
    names, words = _vocabulary(chunks)
    row = np.concatenate(rows)
    written = np.concatenate([np.searchsorted(names, hashes) for *_, hashes in chunks])
    ends = [_ends(text) for text in folded]
    head, tail = np.concatenate([head for head, _ in ends]), np.concatenate([tail for _, tail in ends])
    del chunks, folded, powers, rows
    row, word, vocabulary = _understood(row, written, names, words)
    row, word, first, count, order = _rarest_first(row, word, len(vocabulary), len(titles))
    known = lexicon()
    little = known.light | known.kinds["neutral"]
    light = np.fromiter((vocabulary[at] in little for at in order.tolist()), dtype=bool, count=len(vocabulary))
    return Words(row, word, first, count, light, head, tail)


def _understood(row: Ints, written: Ints, names: Hashes, words: list[str]) -> tuple[Ints, Ints, list[str]]:
    """Return row and our word for each written word, slips of the keyboard mended, and our vocabulary."""
    count = np.bincount(written, minlength=len(words))
    lengths = np.fromiter((len(word.encode()) for word in words), dtype=np.int64, count=len(words))
    row, written = _glued(row, written, names, lengths, count)
    target = _typing_errors(words, count)
    first, second = _parts(words, names, count, target == np.arange(len(words)))
    row, written, tokens = _phrased(row, target[written], words)
    more = np.arange(len(words), len(words) + len(tokens))
    first = np.concatenate([first, more])
    second = np.concatenate([second, np.full(more.size, -1, dtype=np.int64)])
    own, vocabulary = _own_words(words + tokens)
    both = second[written] >= 0
    row, word = np.concatenate([row, row[both]]), np.concatenate([own[first[written]], own[second[written[both]]]])
    return row[word >= 0], word[word >= 0], vocabulary


def _rarest_first(row: Ints, word: Ints, vocabulary: int, titles: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Number words by how rare they are, then order each title's words by that number, each once; return also that order."""
    count = np.bincount(word, minlength=vocabulary)
    order = np.argsort(count, kind="stable")
    number = np.empty(vocabulary, dtype=np.int64)
    number[order] = np.arange(vocabulary)
    bits = max(vocabulary - 1, 1).bit_length()
    packed = distinct((row.astype(np.uint64) << np.uint64(bits)) | number[word].astype(np.uint64))
    row, word = (packed >> np.uint64(bits)).astype(np.int64), (packed & np.uint64((1 << bits) - 1)).astype(np.int64)
    first = np.searchsorted(row, np.arange(titles + 1))
    few = np.arange(row.size) - first[row] < _LONGEST
    row, word = row[few], word[few]
    first = np.searchsorted(row, np.arange(titles + 1))
    return row, word, first, np.bincount(word, minlength=vocabulary), order


def distinct(numbers: Hashes) -> Hashes:
    """Return the numbers in order, each once. (numpy's own `unique` builds a hash table and is ten times slower here.)"""
    numbers = np.sort(numbers)
    return numbers[np.append(True, numbers[1:] != numbers[:-1])] if numbers.size else numbers
