"""Read a goal's text into words, classes and numbers: what each number measures, and what is only a date, a version or a placeholder."""

from __future__ import annotations

import itertools
import re

from okrbot.wording.goal_lexicon import BIT, NOUNS, Lexicon, read, sections

_SCALE = r"(?:\s?(?:k|K|M|m|mm|MM|mn|Mn|bn|B|tsd\.?|Tsd\.?|mio\.?|Mio\.?|MIO|Mrd\.?|mil|lakh|crore|thousand|hundred|millions?|billions?|millones|millón|milhões|milhão|miljoen|Millionen|Mio|Milliarden|milliers|milliards)(?![^\W\d_]))?"
_TOKEN = re.compile(
    r"(?P<url>https?://\S+)"
    r"|(?P<ph>\[\s*\]\s?%?|\[\W{0,2}(?:[$€£]?[xyznXYZN_?.…#-]{1,6}\s{0,8}\d{0,2}|(?i:number|numbers|nombre|n[uú]mero|zahl|anzahl|aantal|getal|target|amount|value|figure|count|metric|percent|percentage|tbd|tbc|betrag|wert|baseline|montant|cifra|valor|bedrag|insert[^\]]{0,14}))\W{0,8}\](?:\[[^\]]{1,8}\])?\s?%?|<[A-Za-z# ]{1,14}>\s?%?|_{2,}\s?%?|(?<!\w)[$€£]?[xXyYzZnN]{1,3}(?:\.[xX])?\s?%|(?<![\w&-])[$€£]?(?:X{1,3}|Y{1,2}|Z|N)[kKM]?(?![\w&'’/-])|(?<!\w)(?:TBD|TBC|tbd|tbc|n\.n\.)(?!\w)|\?{1,3}\s?%|\?{2,})"
    r"|(?P<date>\d{4}-\d\d(?:-\d\d)?(?!\d)|\d{1,2}[./]\d{1,2}[./](?:20)?\d\d(?!\d)|\d{1,2}\.\d{1,2}\.(?!\d)|(?<!\w)(?:[QHTSqK][1-4](?:[/ ’'-]*(?:20)?\d\d)?|[1-4][QT](?:[/ ’'-]*(?:20)?\d\d)?|(?:FY|CY|GJ)\s?'?\d\d(?:\d\d)?(?:/\d\d)?)(?![\w%]))"
    r"|(?P<alnum>[vV]\d+(?:\.\d+)*(?!\w)|24/7|(?<!\w)(?:[A-Za-z]{1,4}\d{1,3}[a-zA-Z]{0,3})(?!\w)|\d[a-zA-Z]\d\w*)"
    r"|(?P<num>(?:(?:US\$|R\$|A\$|C\$|[$€£¥₹#~]|(?:USD|EUR|GBP|CHF|SEK|INR|CAD|AUD|BRL)(?=\s?\d))\s?)?(?<!\w)[+\-−]?\d+(?:[.,'’]\d+)*(?:[ \u00a0\u202f]\d{3}(?!\d))*"
    + _SCALE
    + r"(?P<suf>\s?(?:%|‰|pp(?!\w)|p\.p\.|percent(?!\w)|per cent|Prozentpunkte?n?|Prozent|prozent|pour cent|pour-cent|por ciento|por cento|procent|percentage points?|points de pourcentage|puntos porcentuales|pontos percentuais)"
    r"|\s?(?:€|\$|£|EUR|USD|GBP|CHF|euros?|Euros?|dollars?|reais|pesos)(?!\w)|[xX×](?!\w)|-?fold|-fach|fach|(?:st|nd|rd|th|º|ª|ème|er|e|te|ste)(?!\w)|\s?/\s?\d+(?:\.\d+)?(?!\w)|\s?(?:out of|von|sur|de un total de)\s\d+(?!\w))?\+?)"
    r"|(?P<word>(?:[ldnsjcmtLDNSJCMT]|[qQ]u)['’](?=\w)|[^\W\d_](?:[^\W_]|[._&](?=[^\W\d_]{2})|['’\-‐‑/](?=[^\W_]))*)"
    r"|(?P<arrow>-{1,2}>|=>|→|⇒|➔|➜|>>)"
    r"|(?P<cmp>>=|<=|=<|≥|≤|>|<|≈|=|~)"
    r"|(?P<punct>[^\w\s])"
)
_FR_ELISION = re.compile(r"^(?:[ldnsjcmt]|qu)['’]$")
_YEAR = re.compile(r"^(?:19[89]\d|20[0-5]\d)$")
_NUMERAL = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*")
_CURRENCY = re.compile(r"[$€£¥₹]|USD|EUR|GBP|CHF|SEK|INR|CAD|AUD|BRL|euro|dollar|reais|pesos", re.IGNORECASE)
_PERCENT = re.compile(
    r"%|‰|pp$|p\.p\.|percent|per cent|prozent|pour.cent|por ciento|por cento|procent|puntos porc|pontos perc|points de pour", re.IGNORECASE
)
_BESIDE = {name: frozenset(words) for name, words in sections(read("number_words.txt"))}
_NAMED, _FIRST, _WITHIN = _BESIDE["named"], _BESIDE["first"], _BESIDE["within"]
_SHORT_TIMES = frozenset(("d", "j", "w", "wk", "wks", "mo", "mos", "y", "sem", "u"))
_NUMBER_NAMES = frozenset(("360", "365", "404", "9001", "27001", "14001", "27701", "13485", "42001", "22301", "45001"))
_TO = frozenset(("to", "auf", "zu", "à", "a", "para", "naar", "tot", "up", "bis", "hasta", "até", "jusqu'à"))
_BY = frozenset(("by", "um", "de", "en", "em", "met", "um", "door"))
_FROM = frozenset(("from", "von", "de", "du", "van", "desde"))


class Reading:
    """One text taken apart. Lists run in parallel, one entry a token: `words` (lower case), `bits`, `kinds`, `spans`.

    `kinds`: w word, # number, p placeholder, d date, v version or name, > arrow, c comparison, . punctuation.
    `numbers`: (token position, kind) with kind pct cur mult ratio dur win rank ord zero count plain.
    """

    __slots__ = ("bits", "dates", "from_to", "kinds", "language", "lexicon", "numbers", "placeholders", "spans", "text", "words")

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.language = lexicon.language
        self.lexicon = lexicon
        self.words: list[str] = []
        self.bits: list[int] = []
        self.kinds: list[str] = []
        self.spans: list[tuple[int, int]] = []
        self.numbers: list[tuple[int, str]] = []
        self.placeholders = 0
        self.dates = 0
        self.from_to = False
        self._split()
        self._classify()
        self._number()

    def _split(self) -> None:
        keep_elision = self.language == "fr"
        for match in _TOKEN.finditer(self.text):
            group = match.lastgroup
            raw = match.group()
            if group == "suf" or group == "num":
                kind = "#"
            elif group == "word":
                kind = "w"
                if _FR_ELISION.match(raw.lower()) and not keep_elision:
                    kind = "w"
            elif group == "ph":
                kind = "p"
                self.placeholders += 1
            elif group == "date":
                kind = "d"
                self.dates += 1
            else:
                kind = {"url": "v", "alnum": "v", "arrow": ">", "cmp": "c", "punct": "."}[group or "punct"]
            self.words.append(raw.lower().replace("’", "'").replace("‑", "-").replace("‐", "-"))
            self.kinds.append(kind)
            self.spans.append(match.span())

    def _classify(self) -> None:
        lexicon, words, kinds = self.lexicon, self.words, self.kinds
        self.bits = [lexicon.bits(word) if kind in "wv" else 0 for word, kind in zip(words, kinds, strict=True)]
        at, end = 0, len(words)
        while at < end:
            if kinds[at] == "w":
                mask, length = lexicon.phrase(words, at)
                if length:
                    self.bits[at] = mask if length > 1 else self.bits[at] | mask
                    words[at] = "_".join(words[at : at + length])
                    self.spans[at] = (self.spans[at][0], self.spans[at + length - 1][1])
                    del (
                        words[at + 1 : at + length],
                        self.bits[at + 1 : at + length],
                        kinds[at + 1 : at + length],
                        self.spans[at + 1 : at + length],
                    )
                    end = len(words)
            at += 1

    def _number(self) -> None:
        for at, kind in enumerate(self.kinds):
            if kind == "#":
                found = self._kind_of(at)
                if found == "date":
                    self.kinds[at] = "d"
                    self.dates += 1
                elif found == "ver":
                    self.kinds[at] = "v"
                else:
                    self.numbers.append((at, found))
            elif kind == "w":
                bits = self.bits[at]
                if bits & BIT["half"]:
                    self.numbers.append((at, "mult"))
                elif bits & BIT["numword"]:
                    self.numbers.append((at, self._span_of_time(at) or "count"))
                elif bits & BIT["stateword"]:
                    self.numbers.append((at, "state"))
        places = [at for at, _ in self.numbers]
        for first, second in itertools.pairwise(places):
            between = range(first + 1, second)
            if len(between) <= 5 and any(self.kinds[step] == ">" or self.words[step] in _TO for step in between):
                before = self.words[first - 1] if first else ""
                if before in _FROM or any(self.kinds[step] == ">" for step in between):
                    self.from_to = True

    def _kind_of(self, at: int) -> str:
        raw = self.words[at]
        before = self.words[at - 1] if at else ""
        after = self.words[at + 1] if at + 1 < len(self.words) else ""
        after_bits = self.bits[at + 1] if after else 0
        before_bits = self.bits[at - 1] if before else 0
        digits = _NUMERAL.search(raw)
        bare = digits.group() if digits else raw
        if _PERCENT.search(raw):
            return "pct"
        if _CURRENCY.search(raw):
            return "cur"
        if raw == bare:
            if (before_bits | after_bits) & BIT["month"] and len(bare) <= 4:
                return "date"
            if _YEAR.match(bare) and not after_bits & NOUNS:
                return "date"
            if bare in _NUMBER_NAMES or (before in _NAMED and self.kinds[at - 1] != "#" and not after_bits & (NOUNS | BIT["time"])):
                return "ver"
        return self._measure(at, raw, bare, before)

    def _measure(self, at: int, raw: str, bare: str, before: str) -> str:
        if raw.startswith("#") or before == "top":
            return "rank"
        tail = raw[raw.find(bare) + len(bare) :].strip()
        if (tail[:1] in "x×" and tail) or "fold" in tail or "fach" in tail:
            return "mult"
        if tail.startswith(("/", "out", "von", "sur")):
            return "ratio"
        if tail in ("st", "nd", "rd", "th", "º", "ª", "ème", "er", "e", "te", "ste"):
            return "ord"
        if bare == "0":
            return "zero"
        hyphen = at + 2 < len(self.words) and self.words[at + 1] == "-" and self.bits[at + 2] & BIT["time"]
        if hyphen:
            return "win"
        return self._span_of_time(at) or ("count" if self._counted(at)[0] else "plain")

    def _span_of_time(self, at: int) -> str:
        """Return `dur` when a span of time follows the number at `at`, `win` when the span only says during which time, "" for neither."""
        if at + 1 >= len(self.words):
            return ""
        after = self.bits[at + 1]
        if not after & BIT["time"]:
            short = self.words[at + 1] in _SHORT_TIMES and self.spans[at][1] == self.spans[at + 1][0]  # 7d, but not "7 d"
            return "dur" if short else ""
        before = self.words[at - 1] if at else ""
        return "win" if (after & BIT["long"] and before in _WITHIN) or before in _FIRST else "dur"

    def _counted(self, at: int) -> tuple[int, int]:
        """Return (mask, position) of the noun that the number at `at` counts, (0, -1) when there is none within its phrase."""
        romance = self.language in ("fr", "es", "pt")
        best, place = 0, -1
        steps = 0
        for step in range(at + 1, min(at + 7, len(self.words))):
            kind, bits = self.kinds[step], self.bits[step]
            if kind in ".>#cpd" and self.words[step] not in ("-", "/", "“", '"', "'"):
                break
            if bits & (BIT["func"] | BIT["purpose"] | BIT["means"] | BIT["limit"]) and not bits & NOUNS:
                if best or self.words[step] not in (
                    "of",
                    "de",
                    "d'",
                    "des",
                    "new",
                    "neue",
                    "neuen",
                    "von",
                    "más",
                    "plus",
                    "mais",
                    "more",
                    "nouveaux",
                    "nuevos",
                    "novos",
                    "nieuwe",
                    "our",
                    "the",
                ):
                    break
                continue
            if bits & NOUNS:
                best, place = bits & NOUNS, step
                if romance:
                    break
            elif best and bits & (BIT["deliver"] | BIT["act"] | BIT["use"] | BIT["reach"]):
                break
            elif not best and place < 0:
                place = step
            steps += 1
            if steps >= 5:
                break
        return best, place

    def counted(self, at: int) -> tuple[int, int]:
        """Return (mask of noun classes, token position) of what the number at token `at` counts; (0, -1) for nothing known."""
        return self._counted(at)

    def span(self, at: int) -> str:
        """Return the token at `at` exactly as it stands in the text."""
        start, end = self.spans[at]
        return self.text[start:end]
