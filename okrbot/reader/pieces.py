"""Cut a text into the pieces of words that the reader knows (WordPiece, as BERT's uncased models are fed)."""

from __future__ import annotations

import functools
import unicodedata
from importlib.resources import files

UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
LONGEST = 64  # pieces of a text that are read, the two marks around them included
LONGEST_TITLE = 40  # pieces of each title of a pair
_LONGEST_WORD = 40  # characters; what is longer is no word


@functools.cache
def vocabulary() -> dict[str, int]:
    """Return the number of every piece; a piece within a word begins with ##."""
    lines = files(__package__).joinpath("pieces.txt").read_text(encoding="utf-8").split("\n")
    return {piece: number for number, piece in enumerate(line for line in lines if line)}


def words(text: str) -> list[str]:
    """Return the words and signs of `text`: lower case, without accents; every sign stands alone."""
    found: list[str] = []
    word = ""
    for sign in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(sign)
        if kind == "Mn" or (kind[0] == "C" and sign not in "\t\n\r"):
            continue
        alone = kind[0] in "PS" or "\u4e00" <= sign <= "\u9fff"
        if alone or sign.isspace():
            if word:
                found.append(word)
                word = ""
            if alone and not sign.isspace():
                found.append(sign)
        else:
            word += sign
    return [*found, word] if word else found


@functools.lru_cache(maxsize=20_000)
def cut(word: str) -> tuple[int, ...]:
    """Return the numbers of the longest known pieces that make up `word`, or the one of the unknown."""
    known = vocabulary()
    if len(word) > _LONGEST_WORD:
        return (known[UNKNOWN],)
    found: list[int] = []
    at = 0
    while at < len(word):
        for end in range(len(word), at, -1):
            number = known.get(word[at:end] if at == 0 else "##" + word[at:end])
            if number is not None:
                found.append(number)
                at = end
                break
        else:
            return (known[UNKNOWN],)
    return tuple(found)


def numbers(text: str) -> list[int]:
    """Return the pieces of `text` as numbers between the marks of begin and end, at most LONGEST of them."""
    known = vocabulary()
    found = [number for word in words(text) for number in cut(word)]
    return [known[BEGIN], *found[: LONGEST - 2], known[END]]


def pair(a: str, b: str) -> list[int]:
    """Return the pieces of two titles, one after the other, as numbers, with a mark of the end after each."""
    known = vocabulary()
    first, second = ([number for word in words(text) for number in cut(word)][:LONGEST_TITLE] for text in (a, b))
    return [known[BEGIN], *first, known[END], *second, known[END]]
