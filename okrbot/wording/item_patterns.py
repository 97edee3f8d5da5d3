"""The patterns that an item's text is searched with, in six languages; every repetition in them is bounded."""

from __future__ import annotations

import re

AMOUNT = r"[€$£]?\s?\d[\d.,\s]{0,12}\s?(?:%|percent\b|prozent\b|pour cent\b|por ciento\b|por cento\b|procent\b|‰|€|\$|£|eur\b|usd\b|k\b|ms\b|s\b|sec\w{0,5}\b|seconds?\b|min\w{0,5}\b|minut\w{0,4}|hours?\b|h\b|stunden?\b|heures?\b|horas?\b|uur\b|days?\b|tage?n?\b|jours?\b|d[ií]as?\b|dagen\b|weeks?\b|points?\b|x\b)?"
FROM_TO = re.compile(
    rf"(?:\b(?:from|von|de|du|desde|van)\s+({AMOUNT})\s*(?:to|auf|à|a|para|até|hasta|naar|down to|up to)\s+({AMOUNT}))|(?:({AMOUNT})\s?(?:→|->|➔|=>)\s?({AMOUNT}))",
    re.IGNORECASE,
)
BASE = re.compile(
    rf"\b(?:baseline|currently|today|now at|currently at|as of today|status quo|ausgangswert|aktuell|derzeit|heute|actuellement|aujourd['’]hui|valeur actuelle|actualmente|hoy|línea base|atualmente|hoje|linha de base|momenteel|nu|nulmeting)\b[\s:=(~]{{0,4}}(?:(?:is|at|bei|à|en|em|op|around|about|only|nur|ist|est|es|é)\s+){{0,2}}({AMOUNT})",
    re.IGNORECASE,
)
GOAL = re.compile(
    rf"\b(?:target|goal|at least|at most|below|under|less than|more than|over|above|within|to|by|zielwert|ziel|mindestens|höchstens|unter|über|auf|um|cible|objectif|au moins|moins de|plus de|d['’]au moins|objetivo|meta|al menos|menos de|más de|en un|pelo menos|mais de|em|doel|minstens|minder dan|meer dan|met)\b[\s:=(~<>≥≤]{{0,4}}({AMOUNT})",
    re.IGNORECASE,
)
UNIT = re.compile(
    r"%|percent|prozent|pour cent|por ciento|por cento|procent|€|\$|£|\b(?:ms|s|sec\w*|min\w*|hours?|h|stunden?|heures?|horas?|uur|days?|tage?n?|jours?|d[ií]as?|dagen|weeks?|points?|x)\s*$",
    re.IGNORECASE,
)
STORY = re.compile(
    r"\b(?:as an?|als|en tant qu['’e]|como)\s+(?:an?\s+)?([^,.\n:;]{2,60}?),?\s+(?:i|we|möchte|will|wil|je|j['’]|quiero|necesito|quero|preciso|gostaria|kann|kan|weiß|weet|no|não)\b",
    re.IGNORECASE,
)
HEADING = re.compile(
    r"(?:^|\n)[\s#*_>\-]{0,6}(problem(?: statement)?|why|who|need|pain|context|background|hypothesis|assumptions?|success (?:metrics?|measures?|criteria)|kpis?|metrics?|outcomes?|impact|problemstellung|hypothese|annahmen|erfolgskriteri\w+|problème|hypothèse|indicateurs?|problema|hipótesis|hipótese|métricas?|probleem|aannames)\b[*_\s]{0,4}[:\n]",
    re.IGNORECASE,
)
HEADINGS = {"problem": "problem", "need": "problem", "pain": "problem", "hypoth": "hypothesis", "assum": "hypothesis", "annah": "hypothesis", "aanna": "hypothesis", "hipót": "hypothesis", "success": "measure", "kpi": "measure", "metric": "measure", "métric": "measure", "erfolg": "measure", "indicat": "measure", "outcome": "change", "impact": "change", "who": "who", "problè": "problem", "proble": "problem"}  # fmt: skip
IF_THEN = re.compile(
    r"\bif we\b[^.\n]{3,160}\b(?:then|will)\b|\bwenn wir\b[^.\n]{3,160}\b(?:dann|werden|wird)\b|\bsi nous\b[^.\n]{3,160}\balors\b|\bals we\b[^.\n]{3,160}\bdan\b|\bsi (?:hacemos|añadimos)\b[^.\n]{3,160}\bentonces\b",
    re.IGNORECASE,
)
BELIEVE = re.compile(
    r"\b(?:we believe|wir glauben|nous (?:pensons|croyons)|creemos|acreditamos|w(?:e|ij) geloven)\b[^\n]{3,300}?\b(?:will|would|werden|wird|va|vont|permettra|va a|van a|aumentará|reducirá|irá|vai|zal|zullen)\b",
    re.IGNORECASE,
)
# A result told in numbers: "down from 260 to 40", "von 260 auf 40 gesunken", "saves 3 minutes per order", "40 % fewer calls".
MOVED = re.compile(
    rf"\b(?:down|up|fell|fallen|rose|risen|dropped|grew|grown|went|improved|decreased|increased|climbed|shrank|jumped|sank|reduced|cut|baiss\w{{1,4}}|pass\w{{1,3}}|tomb\w{{1,3}}|augment\w{{1,3}}|descend\w{{1,3}}|recul\w{{1,3}}"
    rf"|baj\w{{1,4}}|sub\w{{1,4}}|pas\w{{1,3}}|cay\w{{1,3}}|ca[ií]\w{{1,3}}|aument\w{{1,4}}|reduj\w{{1,3}}|reduzi\w{{1,3}}|diminu\w{{1,4}}|ging|gingen|daalde\w?|steeg|gedaald|gestegen|gezakt|sank|stieg|fiel|gefallen)\b[^.\n\d]{{0,24}}?"
    rf"\b(?:from|von|de|du|del|desde|van)\s+({AMOUNT})\s*(?:(?:down |up )?to|auf|à|a|al|para|até|hasta|naar|tot)\s+({AMOUNT})"
    rf"|\b(?:von|van)\s+({AMOUNT})\s*(?:auf|naar)\s+({AMOUNT})[^.\n\d]{{0,30}}?\b(?:gesunken|gestiegen|gefallen|gewachsen|reduziert|verbessert|zurückgegangen|gedaald|gestegen|gezakt|per|pro)\b",
    re.IGNORECASE,
)
SAVED = re.compile(
    rf"\b(?:sav(?:es?|ed|ing)|spar(?:t|en|te)|erspart|fait gagner|font gagner|économise\w{{0,2}}|ahorra\w{{0,3}}|economiza\w{{0,2}}|poupa\w{{0,2}}|bespa(?:art|ren|arde|ard))\b[^.\n\d]{{0,30}}({AMOUNT})",
    re.IGNORECASE,
)
LESS = re.compile(
    r"\d[\d.,]{0,6}\s?(?:%|percent|prozent|pour cent|por ciento|por cento|procent)\s+(?:de\s+)?(?:more|fewer|less|faster|higher|lower|weniger|mehr|schneller|höher|niedriger|moins|plus|menos|más|mais|minder|meer|sneller)\b",
    re.IGNORECASE,
)
WORK_COUNTED = re.compile(
    r"\b(?:story points?|stories|tickets? (?:done|closed)|version|release|deadline|team|sprint|velocity|pull requests?|prs?|commits?|tests?)\b",
    re.IGNORECASE,
)
REPRO = re.compile(
    r"steps? to reproduce|repro(?:duction)? steps|expected (?:behaviou?r|results?)|actual (?:behaviou?r|results?)|stack ?trace|traceback \(most recent|schritte zum reproduzieren|erwartetes (?:verhalten|ergebnis)|étapes (?:pour|de) reprodu|comportement (?:attendu|observé)|"
    r"pasos para reproducir|comportamiento esperado|resultado esperado|passos para reproduzir|comportamento esperado|stappen om te reproduceren|verwacht(?:e)? (?:gedrag|resultaat)",
    re.IGNORECASE,
)
CRITERION = re.compile(
    r"^\s*(?:[-*•]|\d+[.)]|\[[ x]?\])\s+|^\s*(?:given|when|then|and|angenommen|wenn|dann|und|étant donné|quand|alors|et|dado|cuando|entonces|quando|então|gegeven|als|dan)\b",
    re.IGNORECASE,
)
PLACE = re.compile(
    r"\b(?:(?:phase|stage|wave|tranche|iteration|increment|fase|etapa|étape|lot|onda|ola|welle|golf|stufe|teil|part|release train|pi)\s*[-#]?\s*(?:\d{1,2}|[ivx]{1,4}|one|two|three|eins|zwei|drei)\b|(?:migration|rollout|roll-out|deployment) waves?\b|"
    r"(?:mvp|v)\s?(?:phase|stage)\b|(?:first|second|third|zweite|dritte|deuxième|segunda|tweede)\s+(?:phase|wave|stage|fase|etapa|welle|vague|onda|golf)\b)",
    re.IGNORECASE,
)
ROLLOUT = re.compile(
    r"\b(?:roll-?out|go-?live|cut-?over|big bang|ausrollen|einführungsprojekt|uitrol|implantación|implantação|generalisation du déploiement|déploiement national)\b",
    re.IGNORECASE,
)
PROJECT = re.compile(
    r"^\W*(?:\w+\s)?(?:[Pp]roject|[Pp]rojekt|[Pp]rojet|[Pp]royecto|[Pp]rojeto)\s*[:\-–]?\s+[\"“„«]?([A-ZÄÖÜÉ][\w\-]+)[\"”“»]?(?:\s+(?:\d{4}|[A-ZÄÖÜÉIVX][\w\-]*)){0,3}\s*$|^\W*[A-ZÄÖÜÉ][\w\-]+(?:\s[A-ZÄÖÜÉ\d][\w\-]*){0,3}[\s\-](?:[Pp]rojec?kt|[Pp]roject)\s*(?:\d{4})?\s*$"
)
PROGRAMME = re.compile(
    r"(?:\b(\w+)[\s\-]+)?\b(programme?|programm|programa|programma|transformation|modernisation|modernization|replatforming|re-platforming|overhaul)\b",
    re.IGNORECASE,
)
MADE = re.compile(r"\W*(?:create|add|launch|build|set up)\b", re.IGNORECASE)
NUMBER = re.compile(r"\d[\d.,]*")
DOTTED = re.compile(r"\d\.\d+\.\d")
CRITERIA = re.compile(
    r"acceptance criteria|akzeptanzkriterien|abnahmekriterien|critères d['’]acceptation|criterios de aceptación|critérios de aceita?ç?|acceptatiecriteria",
    re.IGNORECASE,
)
