"""Make backlog titles by a grammar, with words as unevenly common as in a real tracker, and plant edited copies."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from itertools import accumulate

ACTS = """Add Fix Update Remove Create Improve Implement Investigate Migrate Refactor Show Hide Allow Support Enable Disable Rename Replace
Validate Export Import Upgrade Cache Log Monitor Translate Document Test Redesign Simplify Automate Schedule Archive Merge Split Handle
Prevent Reduce Track Sync Encrypt Paginate Deprecate Rotate Throttle""".split()  # noqa: SIM905 - easier to read than a list
THINGS = """checkout login invoice report dashboard profile search order cart payment refund coupon customer account password email webhook export
import filter calendar reminder notification subscription address shipment warehouse supplier price discount tax currency language
translation menu sidebar banner footer table chart map photo attachment comment review rating survey chat ticket contract employee shift
salary booking room seat route driver vehicle sensor meter tariff claim policy premium patient appointment prescription course lesson exam
grade library article author newsletter campaign segment lead deal pipeline forecast budget ledger receipt balance transfer card wallet
loan mortgage ident session token certificate cluster queue index backup snapshot migration schema endpoint gateway proxy firewall""".split()  # noqa: SIM905 - easier to read than a list
PARTS = """button page form field modal list table column header tooltip dropdown link label icon tab wizard step summary preview history details
settings limits permissions template layout validation message error timeout job worker API endpoint service event log metric alert test
flag banner export sorting pagination autocomplete totals rounding encoding upload download thumbnail""".split()  # noqa: SIM905 - easier to read than a list
CASES = """for guests|for returning customers|on mobile|on Safari|in dark mode|after logout|before payment|when the cart is empty|with two currencies
|for admins|in the back office|during maintenance|for large accounts|without javascript|on slow networks|for German customers|in staging
|by keyboard|for screen readers|with special characters|over HTTPS|from the archive|per region|by default|on first visit""".replace(
    "\n", ""
).split("|")
PREFIXES = ["iOS: ", "Android: ", "[Web] ", "[API] ", "(mobile) ", "Backend - ", "Shop: ", "BE: ", "FE: "]
_SYLLABLES = "ba be bi bo bra cal cen cor da del dex fa fer fin ga gen gra ha hel in ka kel la len lo lux ma mer mi mon na nex no or pa per pi qua ra rex ri sal sen sol ta ten tri ul va ver vi xa ya zen zo".split()  # noqa: SIM905 - easier to read than a list


def _names(size: int, rng: random.Random) -> list[str]:
    """Return made-up names of services, products and clients, as every company has them."""
    names: set[str] = set()
    while len(names) < size:
        names.add("".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4))).capitalize())
    return sorted(names)


def _zipf(words: list[str], rng: random.Random) -> Callable[[], str]:
    words = list(words)
    rng.shuffle(words)
    weights = list(accumulate(1 / (at + 2.7) for at in range(len(words))))
    return lambda: rng.choices(words, cum_weights=weights)[0]


def titles(size: int, *, seed: int = 1) -> list[str]:
    """Return `size` titles of three to a dozen words; some prefixes, numbers, templates and exact repeats among them."""
    rng = random.Random(seed)
    act, thing, part = _zipf(ACTS, rng), _zipf(THINGS, rng), _zipf(PARTS, rng)
    name, case = _zipf(_names(2500, rng), rng), _zipf(CASES, rng)
    shapes: list[Callable[[], str]] = [
        lambda: f"{act()} {thing()} {part()} {case()}",
        lambda: f"{act()} {part()} to {thing()} {part()} {case()}",
        lambda: f"{name()}: {act().lower()} {thing()} {part()}",
        lambda: f"{act()} {name()} {thing()} {part()} {case()}",
        lambda: f"{thing().capitalize()} {part()} fails {case()}",
        lambda: f"As a {thing()} owner I want to {act().lower()} the {part()} of the {name()} {thing()} {case()}",
        lambda: f"{thing().capitalize()} {part()} of {name()} is slow {case()}",
        lambda: f"{act()} {thing()} and {thing()} {part()} for {name()}",
        lambda: f"{act()} {name()} to {name()} {rng.randint(1, 9)}.{rng.randint(0, 20)}",
        lambda: f"Sprint {rng.randint(1, 80)} retro",
        lambda: f"{act()} {thing()} {part()}",
    ]
    common = list(accumulate((14, 12, 12, 16, 8, 8, 8, 10, 5, 1, 6)))
    made = []
    for _ in range(size):
        title = rng.choices(shapes, cum_weights=common)[0]()
        made.append(rng.choice(PREFIXES) + title if rng.random() < 0.08 else title)
    return made


def slip(title: str, rng: random.Random) -> str:
    """Return `title` with one typing error anywhere, spaces included: a letter lost, doubled, wrong, added or swapped."""
    at = rng.randrange(len(title))
    letter = rng.choice(string.ascii_lowercase)
    kind = rng.randrange(4)
    if kind == 0:
        return title[:at] + title[at + 1 :]
    if kind == 1:
        return title[:at] + letter + title[at:]
    if kind == 2:
        return title[:at] + letter + title[at + 1 :]
    return title[:at] + title[at + 1 : at + 2] + title[at : at + 1] + title[at + 2 :]


def reword(title: str, rng: random.Random) -> str:
    """Return `title` with one word dropped, added, or moved to the end."""
    words = title.split()
    at = rng.randrange(len(words))
    kind = rng.randrange(3)
    if kind == 0 and len(words) > 3:
        del words[at]
    elif kind == 1:
        words.insert(at, rng.choice(PARTS))
    else:
        words.append(words.pop(at))
    return " ".join(words)


def planted(size: int, *, seed: int = 1, share: float = 0.02) -> tuple[list[str], dict[str, list[tuple[int, int]]]]:
    """Return `size` titles and, by kind of edit, the (original, copy) rows that were planted among them."""
    rng = random.Random(seed + 1)
    kinds: dict[str, Callable[[str], str]] = {
        "1 typing edit": lambda t: slip(t, rng),
        "2 typing edits": lambda t: slip(slip(t, rng), rng),
        "3 typing edits": lambda t: slip(slip(slip(t, rng), rng), rng),
        "1 word edit": lambda t: reword(t, rng),
        "3 edits, mixed": lambda t: reword(slip(slip(t, rng), rng), rng),
    }
    each = int(size * share)
    made = titles(size - each * len(kinds), seed=seed)
    originals = rng.sample(range(len(made)), each * len(kinds))
    truth: dict[str, list[tuple[int, int]]] = {}
    for number, (kind, edit) in enumerate(kinds.items()):
        truth[kind] = []
        for original in originals[number * each : (number + 1) * each]:
            truth[kind].append((original, len(made)))
            made.append(edit(made[original]))
    return made, truth
