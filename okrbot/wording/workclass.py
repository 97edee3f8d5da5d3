"""The work class of an item: value, discovery, keeping the lights on, or enabling, with the reason in words.

A named type decides first, then labels, components and the project, then the text; what a team configured comes before
all of these. Signs that speak of *where* work sits (component, project) are weaker than those that say *what* it is.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal, get_args

from okrbot.model import WorkClass
from okrbot.words import fold, kind_of

By = Literal["type", "label", "component", "project", "text", "parent", "none"]


@dataclasses.dataclass(frozen=True, slots=True)
class ClassSettings:
    """A team's own reading of types, labels, components and projects: name (any case, `*` wildcards) to work class.

    Raises ValueError("types.Name: …") for a class that does not exist.
    """

    types: Mapping[str, str] = dataclasses.field(default_factory=dict)
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    components: Mapping[str, str] = dataclasses.field(default_factory=dict)
    projects: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            for name, word in getattr(self, field.name).items():
                if word not in get_args(WorkClass):
                    raise ValueError(f"{field.name}.{name}: {word!r} is no work class; write one of {', '.join(get_args(WorkClass))}")


@dataclasses.dataclass(frozen=True, slots=True)
class ClassVerdict:
    """What an item is for. `by` = "parent" asks the caller to inherit; `work_class` is then only for one without a parent."""

    work_class: str
    confidence: float
    reason: str
    by: By


NO_SETTINGS = ClassSettings()

# Type names that say more than our kind does; the rest follows from the kind. Folded names.
_TYPES = {
    "enabling": "technical debt, tech debt, debt, refactoring, refactor, enabler, enabler story, enabler epic, technical story, tech story, tech epic, technical epic, infrastructure, devops, architecture, "
    "test, test case, test task, testing, qa task, automation, build, tooling, platform, cleanup, clean up, chore, chores, housekeeping, engineering, engineering task, code review, technical task, "
    "technische schuld, technische schulden, technische aufgabe, technische story, refaktorierung, architektur, infrastruktur, testfall, dette technique, tâche technique, récit technique, refactorisation, cas de test, "
    "deuda técnica, tarea técnica, historia técnica, caso de prueba, infraestructura, refactorización, débito técnico, dívida técnica, tarefa técnica, história técnica, caso de teste, infraestrutura, refatoração, "
    "technische taak, technische schuld taak, infrastructuur, testgeval, 技術的負債, リファクタリング, テスト, 技术债务, техдолг",
    "ktlo": "maintenance, upgrade, dependency, dependency upgrade, security, vulnerability, compliance, risk, audit, support, support request, support ticket, service request, service request with approvals, request, it help, "
    "access, general request, help request, onboarding, purchase, hr request, change, standard change, normal change, emergency change, problem, problem ticket, alert, operations, ops, release, deployment, "
    "documentation, docs, doc, hotfix, bugfix, postmortem, post mortem, post incident review, configuration, wartung, wartungsaufgabe, sicherheit, anfrage, serviceanfrage, service anfrage, supportanfrage, änderung, "
    "dokumentation, unterstützung, problème, maintenance corrective, demande de service, demande de support, demande d assistance, changement, sécurité, mantenimiento, solicitud de servicio, petición de servicio, "
    "petición, soporte, seguridad, documentación, problema, manutenção, solicitação de serviço, pedido de serviço, suporte, segurança, documentação, onderhoud, serviceaanvraag, serviceverzoek, "
    "ondersteuning, beveiliging, documentatie, probleem, サービスリクエスト, サービス リクエスト, サービス要求, 変更, サポート, 保守, 問題, ドキュメント, richiesta di servizio, manutenzione, 服务请求, 变更, 서비스 요청, 변경",
}
_LABELS = {
    "ktlo": "bug, bugs, bugfix, defect, regression, crash, hotfix, incident, outage, security, security fix, cve, vulnerability, pentest, compliance, gdpr, dsgvo, rgpd, lgpd, avg, soc2, soc 2, pci, pci dss, hipaa, iso27001, audit, legal, "
    "support, customer support, helpdesk, maintenance, ktlo, keep the lights on, run, bau, dependencies, dependency, deps, dependency upgrade, upgrade, upgrades, eol, end of life, patch, docs, documentation, doc, "
    "postmortem, post mortem, oncall, on call, toil, sev1, sev2, p0, fehler, störung, vorfall, sicherheit, wartung, dokumentation, anomalie, bogue, incidente, sécurité, entretien, error, fallo, defecto, seguridad, mantenimiento, "
    "erro, defeito, falha, segurança, manutenção, fout, storing, beveiliging, onderhoud, バグ, 障害, 不具合, 保守",
    "discovery": "spike, spikes, research, user research, ux research, discovery, experiment, experiments, ab test, a b test, hypothesis, assumption, investigation, investigate, prototype, poc, proof of concept, exploration, explore, "
    "interview, interviews, usability test, opportunity, recherche, forschung, untersuchung, hypothese, étude, enquête, hypothèse, expérience, investigación, experimento, hipótesis, pesquisa, investigação, "
    "hipótese, onderzoek, verkenning, 調査, 実験, 仮説",
    "enabling": "tech debt, techdebt, technical debt, debt, refactor, refactoring, cleanup, clean up, code quality, code health, code cleanup, chore, infrastructure, infra, ci, cd, ci cd, cicd, devops, sre, platform, tooling, developer experience, dx, devex, "
    "build, build system, test, tests, testing, test automation, flaky test, flaky tests, flaky, enabler, enablement, architecture, architectural, observability, monitoring, migration, engineering, technische schulden, "
    "technische schuld, dette technique, deuda técnica, débito técnico, dívida técnica, refaktorierung, refactorisation, 技術的負債, リファクタリング",
    "value": "feature, features, new feature, feature request, enhancement, improvement, user story, story, customer request, customer value, value, product, growth, revenue, 新機能, 機能, 改善, neue funktion, verbesserung, "
    "fonctionnalité, amélioration, funcionalidad, mejora, funcionalidade, melhoria, nieuwe functie, verbetering",
}
_PLACES = {
    "enabling": "infrastructure, infra, ci, ci cd, cicd, cd, build, build system, build infrastructure, build tools, devops, sre, platform, platform engineering, tooling, dev tools, developer experience, dx, tests, test, testing, test automation, qa automation, "
    "architecture, observability, monitoring, core platform, foundation, foundations, enablement, infrastruktur, infraestructura, infraestrutura, infrastructuur, plattform, plateforme, plataforma",
    "ktlo": "support, customer support, helpdesk, help desk, service desk, it support, it service desk, operations, operation, ops, it, security, compliance, incidents, maintenance, documentation, docs, betrieb, wartung, exploitation, "
    "soporte, suporte, sicherheit, sécurité, seguridad, segurança, beheer, onderhoud, servicedesk",
    "discovery": "discovery, research, user research, ux research, experiments, labs, product discovery, ideas, innovation",
}
_AREA = re.compile(
    r"^(area|component|comp|module|domain|team|squad|topic|scope|app|service|platform|os|lang|sig|subsystem)[/:=]\s*", re.IGNORECASE
)
_SKIP = re.compile(
    r"^(status|state|priority|prio|severity|size|effort|release|version|milestone|resolution|needs|triage|lifecycle|cla)[/:=]",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(kind|type|typ|category|cat|class|work|work type|worktype|t|k|c|nature|issue)\s*[/:=_]\s*", re.IGNORECASE)
_ORDER = ("ktlo", "discovery", "enabling", "value")  # of two labels the one that takes the item out of the value rules speaks

# What sets out to learn even where it names a thing to make: "Prototype of the new basket", "A/B test button colour".
_TRY = re.compile(
    r"^\W*(?:\w+\W+){0,2}?(spikes?|research|experiments?|a/b[ -]?tests?|ab[ -]tests?|prototyp\w*|proof of concept|poc|usability tests?|user (?:tests?|research)|feasibility|investigat\w*|evaluat(?:e|ion)|machbarkeit\w*|nutzertests?|"
    r"étude|prototipo|protótipo|estudio|pesquisa|onderzoek\w*|untersuch\w*|gebruikerstests?)\b",
    re.IGNORECASE,
)
_DISCOVER = re.compile(
    r"\b(spike|research\w*|investigat\w*|explor(e|ing|ation)|interview\w*|experiment\w*|a/b[ -]?test\w*|ab[ -]test\w*|prototyp\w*|proof of concept|poc|hypothes[ei]s|usability (test|stud)\w*|user test\w*|feasibility|evaluat(e|ion|ing)|discovery|survey\w*|"
    r"find out|understand|validate|assess|untersuch\w*|erforsch\w*|recherch\w*|machbarkeit\w*|evaluier\w*|herausfinden|verstehen|umfrage|nutzertest\w*|étudier|étude\w*|enquête\w*|analyser|comprendre|évaluer|entretiens?|prototyper|"
    r"investigar|investigación|explorar|entender|comprender|evaluar|entrevist\w*|encuesta\w*|pesquis\w*|investigação|compreender|avaliar|protótipo|prototipo|onderzoek\w*|verken\w*|uitzoeken|begrijpen|evalueer|interviewen|gebruikerstest\w*)\b",
    re.IGNORECASE,
)
_RUN = re.compile(
    r"\b(upgrad\w+|updat\w+|bump\w*|patch\w*|depend(ency|encies|abot)|renovate|cve(-\d+)?\S*|vulnerabilit\w+|security|gdpr|compliance|soc ?2|pci|hipaa|certificates?|certs?|renew\w*|expir\w*|rotat\w*|backups?|licen[cs]e|docs?|documentation|readme|changelog|release|version|eol|end of life|"
    r"deprecat\w+|support|aktualisier\w*|sicherheit\w*|zertifikat\w*|abhängigkeit\w*|dokumentation|dsgvo|wartung|mettre à jour|mise à (jour|niveau)|dépendances?|sécurité|certificats?|documentation|rgpd|actualizar|dependencias?|seguridad|certificados?|"
    r"documentación|atualizar|dependências?|segurança|documentação|lgpd|bijwerken|afhankelijkhe\w+|beveiliging\w*|certificaat|documentatie|avg)\b",
    re.IGNORECASE,
)


def _table(names: Mapping[str, str]) -> dict[str, str]:
    return {fold(name): word for word, line in names.items() for name in line.split(",")}


_TYPE_TABLE, _LABEL_TABLE, _PLACE_TABLE = _table(_TYPES), _table(_LABELS), _table(_PLACES)


def classify(
    *,
    their_kind: str,
    kind: str,
    labels: Sequence[str],
    components: Sequence[str],
    project: str,
    title: str,
    body: str = "",
    language: str | None = None,
    settings: ClassSettings = NO_SETTINGS,
) -> ClassVerdict:
    """Return the work class of one item, the confidence (0..1), the reason in words and which sign decided.

    A team's settings win; then a type that says what the work is (bug, spike, tech debt), then labels, then for
    generic types component, project and text. A feature type gives way only to text that is clearly upkeep or a defect.
    """
    own = _configured(settings, their_kind, labels, components, project)
    if own:
        return own
    by_type = _of_type(their_kind, kind)
    if by_type and by_type.work_class != "value":
        return by_type
    by_label = _of_labels(tuple(labels))
    if by_label:
        return by_label
    text = _of_text(title, body, language)
    if kind == "subtask":
        return dataclasses.replace(
            text, confidence=min(text.confidence, 0.5), by="parent", reason="a sub-task takes the class of its parent"
        )
    if by_type:
        return text if text.work_class not in ("value", "unknown") and text.confidence >= 0.8 else by_type
    place = _of_places((*components, *(label for label in labels if _AREA.match(label))), project)
    if place and (text.work_class == "unknown" or text.confidence < place.confidence):
        return place
    return text


def _configured(
    settings: ClassSettings, their_kind: str, labels: Sequence[str], components: Sequence[str], project: str
) -> ClassVerdict | None:
    tries: tuple[tuple[By, Mapping[str, str], Sequence[str]], ...] = (
        ("type", settings.types, (their_kind,)),
        ("label", settings.labels, labels),
        ("component", settings.components, components),
        ("project", settings.projects, (project,)),
    )
    for by, table, names in tries:
        for pattern, word in table.items():
            for name in names:
                if name and fnmatchcase(name.casefold(), pattern.casefold()):
                    return ClassVerdict(word, 1.0, f"your settings say that {by} “{name}” is {word}", by)
    return None


@lru_cache(maxsize=2048)
def _of_type(their_kind: str, kind: str) -> ClassVerdict | None:
    name = fold(their_kind)
    word = _TYPE_TABLE.get(name)
    if word:
        return ClassVerdict(word, 0.9, f"type “{their_kind}”", "type")
    ours = kind if kind not in ("", "other") else kind_of(their_kind)
    shown = f"type “{their_kind or ours}”"
    if ours in ("bug", "incident"):
        return ClassVerdict("ktlo", 0.95, shown, "type")
    if ours in ("spike", "hypothesis"):
        return ClassVerdict("discovery", 0.95, shown, "type")
    if ours in ("story", "epic", "initiative"):
        return ClassVerdict("value", 0.85, shown, "type")
    return None


@lru_cache(maxsize=4096)
def _of_labels(labels: tuple[str, ...]) -> ClassVerdict | None:
    found: dict[str, str] = {}
    for label in labels:
        if _SKIP.match(label) or _AREA.match(label):
            continue
        word = _LABEL_TABLE.get(fold(label)) or _LABEL_TABLE.get(fold(_PREFIX.sub("", label)))
        if word:
            found.setdefault(word, label)
    word = next((each for each in _ORDER if each in found), "")
    if not word:
        return None
    confidence = (0.9 if len(found) == 1 else 0.75) - (0.1 if word == "value" else 0.0)
    return ClassVerdict(word, round(confidence, 2), f"label “{found[word]}”", "label")


def _of_places(components: Sequence[str], project: str) -> ClassVerdict | None:
    for by, names in (("component", components), ("project", (project,))):
        for name in names:
            word = _PLACE_TABLE.get(fold(_AREA.sub("", name)))
            if word:
                return ClassVerdict(word, 0.65, f"{by} “{name}”", "component" if by == "component" else "project")
    return None


def _of_text(title: str, body: str, language: str | None) -> ClassVerdict:
    from okrbot.wording.items import judge_item

    judged = judge_item(title, body, language)
    because = f" ({', '.join(judged.because[:3])})" if judged.because else ""
    head = title[:500]
    if judged.kind == "unclear":
        return ClassVerdict("unknown", judged.confidence, "neither type, labels nor text say what it is for", "none")
    discover = (_TRY if judged.kind == "solution" else _DISCOVER).search(head)
    if judged.kind == "bug":
        return ClassVerdict("ktlo", judged.confidence, f"the text reports a defect{because}", "text")
    if discover and discover.start() < 40:
        return ClassVerdict("discovery", max(0.7, judged.confidence), f"the text sets out to learn (“{discover.group(0)}”)", "text")
    if judged.kind == "maintenance":
        run = _RUN.search(head)
        word = "ktlo" if run else "enabling"
        return ClassVerdict(
            word, judged.confidence, f"the text is upkeep{because}" if run else f"the text is technical work{because}", "text"
        )
    said = "a problem" if judged.kind == "problem" else "something to make or change"
    return ClassVerdict("value", judged.confidence, f"the text names {said}{because}", "text")
