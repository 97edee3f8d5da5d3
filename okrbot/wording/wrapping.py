"""Take off what people wrap around a goal or a title: bullets, numbers, quarter and owner tags, markup, addresses, pictures.

Nothing is cut out: what is taken off becomes blanks, so that places in the bare text are places in the text as written and
whatever a judgement quotes stands there.
"""

from __future__ import annotations

import functools
import re

_MARKUP = re.compile(
    r"</?[A-Za-z][A-Za-z0-9]{0,10}(?:\s[^<>]{0,200})?/?>|&(?:nbsp|amp|lt|gt|quot|#\d{1,5});|\[\[|\]\]|[`*_]{2,}|~~"
    r"|(?:\(\s?)?(?:(?:see|cf\.?|e\.g\.,?|siehe|voir|ver|zie)\s)?(?:!?\[#?\d{1,7}\]\([^\s()]{0,500}\)(?:,\s?)?)+(?:\s?\))?"  # ([#12](…), [#13](…))
    r"|!?\[(?=[^\[\]]{1,200}\]\([^\s()]{0,500}(?:\([^\s()]{0,100}\)[^\s()]{0,200})?\))|\]\([^\s()]{0,500}(?:\([^\s()]{0,100}\)[^\s()]{0,200})?\)"  # [text](address)
    r"|https?://\S{1,500}|(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])|(?<!\w)_(?=[^\W_])|(?<=[^\W_])_(?!\w)"
)
_PICTURES = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55]")
_NAMES = (
    r"(?:KRs?|O|OKRs?|Obj\.?|Objectives?|Key[\s-]?Results?|Goals?|Targets?|KPIs?|R[ée]sultats?[\s-]cl[ée]s?|Objectifs?|Schl[üu]sselergebnis(?:se)?|Ergebnis|Ziele?"
    r"|Indicateurs?|Indicadore?s?|Indikator|Indicators?|Resultados?[\s-]clave|Resultados?[\s-]chave|Objetivos?|Metas?|Kernresultaat|Kernresultaten|Doelstelling(?:en)?|Doel(?:en)?|Sleutelresultaat|Sleutelresultaten)"
)
_WHOSE = r"(?:Annual|Yearly|Quarterly|Monthly|Team|Company|Strategic|Main|Overall|Top|Personal|Individual|Group|Department|Our|[QHT][1-4]|FY\s?\d\d)"
# Whose goal it is, before a colon: "Customer Success: …", "VP Engineering: …".
_TEAM = (
    r"(?-i:(?:(?:VP|SVP|EVP|Head|Director|Chief|Team|Abteilung|[ÉE]quipe|Equipo|Time|Afdeling)\s(?:of\s)?)?(?:[A-Z][\w&/-]{1,14}\s){0,2}"
    r"(?:C[EFTMOPRI]O|CISO|CHRO|VP|HR|IT|Sales|Marketing|Engineering|Product|Design|Data|Finance|Legal|People|Support|Success|Security|Operations|Ops|DevOps|Platform"
    r"|Infrastructure|Infra|Frontend|Backend|Mobile|Web|QA|Research|Growth|Community|Content|Partnerships|Recruiting|Talent|Programs|Relations|Vertrieb|Entwicklung|Produkt|Personal"
    r"|Finanzen|Einkauf|Ventes|Produit|RH|Juridique|Ventas|Finanzas|Compras|Vendas|Produto|Financeiro|Verkoop|Inkoop|Financi[ëe]n)(?:\s(?:Team|Department|Dept\.?))?):\s+(?-i:(?=[A-ZÀ-Þ]))"
)
_LEADING = re.compile(
    r"\s*(?:[-*•·–—‣▪◦○●>+]\s+|\#{1,6}\s+"
    rf"|\[[ xX✓]?\]\s+|(?-i:P[0-4])\s*[:–-]?\s+(?-i:(?=[A-ZÀ-Þ]))|{_TEAM}"
    r"|[\[(]\s?(?:(?:FY|CY)?\s?'?\d{2,4}\s?)?[QHTSK][1-4](?:[\s/’'-]{0,3}(?:20)?\d\d)?\s?[\])]\s*[:\-–—]?"
    r"|[\[(]\s?(?:FY\s?)?20\d\d\s?[\])]\s*[:\-–—]?"
    r"|(?:[QHTSK][1-4](?:[\s/’'-]{0,3}(?:20)?\d\d)?|20\d\d[\s/-]?[QHTSK][1-4])\s*[:|]\s"
    r"|[\[(](?:stretch|aspirational|committed|moonshot|draft|wip|p[0-4]|high|medium|low|must|should|could|kr|okr|objective|key\s?results?|o|team|company|ambitioniert|entwurf|brouillon|borrador|rascunho|concept)[\])]\s*[:\-–—]?"
    r"|#\d{1,3}(?:[.):]\s+(?=\D)|\s+(?-i:(?=[A-ZÀ-Þ])))"
    rf"|\(?(?:{_WHOSE}\s)?{_NAMES}\s?(?:#|Nr\.?|No\.?|n[º°])?\s?\d{{0,2}}[a-z]?(?:[.\-]\d{{1,2}}){{0,3}}\)?\s*(?:[:.)\-–—|]|=>)+(?!\d)\s*"
    rf"|\(?{_NAMES}\s?#?\d{{1,2}}(?:\.\d{{1,2}}){{0,2}}\)?\s+(?=[^\W\d]|[\[(\"“„'«])"
    r"|(?-i:[A-Z])[\w&/]{1,15}(?:\s[\w&/]{1,15})?\s(?:KR|OKR)\s?\d{0,2}\s?:\s*"
    r"|\(?\d{1,2}(?:\.\d{1,2}){0,3}[.):]\s+(?=\D)"
    r"|\d{1,2}(?:\.\d{1,2}){1,2}\s+(?-i:(?=[A-ZÀ-Þ]))"
    r"|\(?[a-hA-H][.)]\s+)",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"\s*(?:[\[(](?:owner|responsible|verantwortlich|resp\.?|responsable|respons[áa]vel|eigenaar|due|bis|status|weight|gewicht)\s?[:=]?[^\])]{0,60}[\])]"
    r"|[\[(]\s?@[\w. -]{1,40}[\])]|(?:\s[-–—|])?\s@[\w.-]{2,40}|\s[-–—]\s+(?-i:[A-Z][a-z]+)|\(\s?(?-i:[A-Z][a-z]+)\s?\)|\s[-–—|:]{1,2}\s(?:[01]?[.,]\d{1,2}|\(\d(?:[.,]\d{1,2})?\))"
    r"|\s(?:=>|→|->)\s(?-i:[A-Z])[^\d]{0,120}|\s(?:=>|->)\s(?-i:[A-Z]\w+)\s\d.{0,60}|[\[(]\s?(?:done|in progress|not started|on track|at risk|off track|complete|completed|erledigt|offen|fait|hecho|feito|klaar)\s?[\])]"
    r"|\[(?-i:P\d|[A-Z][A-Z0-9/&. -]{0,14})\]|[-–—|]\s?(?:owner|responsible|verantwortlich|responsable|respons[áa]vel|eigenaar)\s?:\s?[^|\n]{1,40}"
    r"|[\[(]\s?(?:FY\s?\d{2,4}\s?)?[QH][1-4](?:[\s/’'-]{0,3}(?:20)?\d\d)?\s?[\])]|\s#[\w-]{2,30}|\.{2,}|…|[.;,]\s*)$",
    re.IGNORECASE,
)
_TAGGED = re.compile(
    r"</?(?:b|i|u|p|br|em|strong|span|div|li|ul|ol|a|h[1-6]|font|code)(?:\s[^<>]{0,200})?/?>|&(?:nbsp|amp|lt|gt|quot|#\d{1,5});|https?://\S{1,500}",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*•·–—‣▪◦○●+]\s+|\[[ xX✓]?\]\s+|\d{1,2}[.)]\s+(?=\D))+")
_LAYERS = 6  # "- [Q4] KR 2.1 – (stretch) …" has four


@functools.lru_cache(maxsize=8)  # the language, the grammar and the reader ask for one text in a row
def bare(text: str) -> str:
    """Return `text` with its wrapping blanked, as long as it was; a text that is nothing but wrapping stays as it is."""
    plain = _MARKUP.sub(_blank, text) if any(sign in text for sign in "<&`*_~[:") else text
    if not plain.isascii():
        plain = _PICTURES.sub(_blank, plain)
    at = 0
    for _ in range(_LAYERS):
        found = _LEADING.match(plain, at)
        if not found or found.end() == at or found.end() >= len(plain.rstrip()):
            break
        at = found.end()
    end = len(plain.rstrip())
    for _ in range(_LAYERS):
        last = _TRAILING.search(plain, max(at, end - 120), end)
        if not last or last.start() <= at:
            break
        end = len(plain[: last.start()].rstrip())
    kept = " " * at + plain[at:end] + " " * (len(plain) - end)
    return quiet(kept) if kept.strip() else text


def unwrapped(title: str) -> str:
    """Return the title of an item without markup, pictures, a bullet and shouting; its tags and code stay, they tell what it is."""
    plain = _TAGGED.sub(" ", title) if "<" in title or "&" in title or "://" in title else title
    if not plain.isascii():
        plain = _PICTURES.sub(" ", plain)
    return quiet(_BULLET.sub("", plain)) if plain.strip() else title


def quiet(text: str) -> str:
    """Return a text that shouts in small letters, as long as it was; any other text as it is."""
    letters = [letter for letter in text if letter.isalpha()]
    words = [word for word in text.split() if word.isalpha()]
    if len(words) >= 3 and len(letters) >= 12 and sum(map(str.isupper, letters)) >= 0.9 * len(letters):
        lower = text.lower()
        return lower if len(lower) == len(text) else text
    return text


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())
