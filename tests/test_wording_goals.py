"""Promises of the judge of key results and objectives, with its figures as a floor."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from okrbot.wording import guess_level, judge, traits
from okrbot.wording.language import detect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench"))

import judgement  # noqa: E402

_CASE = re.compile(r"^\| (.+?) \| (outcome|output|outcome_unmeasured|qualitative|has_metric) \|", re.MULTILINE)
KEY_RESULTS = [
    ("Publish 12 articles", "output"),
    ("Launch new onboarding to raise activation from 20 % to 35 %", "outcome"),
    ("Launch new onboarding", "output"),
    ("Improve retention", "outcome_unmeasured"),
    ("Reduce churn by X %", "outcome_unmeasured"),
    ("Grow NPS from X to Y", "outcome_unmeasured"),
    ("NPS 60", "outcome"),
    ("D7 retention: 40% -> 50%", "outcome"),
    ("$1M MRR", "outcome"),
    ("100k monthly active users", "outcome"),
    ("Zero P1 incidents", "outcome"),
    ("99.9% uptime", "outcome"),
    ("All teams use the design system", "outcome"),
    ("Get 500 sign-ups", "outcome"),
    ("10 paying customers", "outcome"),
    ("Conduct 30 interviews", "output"),
    ("100 % of engineers trained", "output"),
    ("Achieve SOC2 certification", "output"),
    ("Complete migration of 80 % of services", "output"),
    ("Reduce build time", "outcome_unmeasured"),
    ("Test coverage at 80%", "output"),
    ("Hire 10 engineers", "output"),
    ("Attrition under 5 %", "outcome"),
    ("Establish a baseline for customer satisfaction", "output"),
    ("Improve 90-day retention of new hires", "outcome_unmeasured"),
    ("Increase Q4 revenue", "outcome_unmeasured"),
    ("Umsatz im Neukundengeschäft um 20 % steigern", "outcome"),
    ("12 Fachartikel veröffentlichen", "output"),
    ("Kundenbindung verbessern", "outcome_unmeasured"),
    ("Réduire le taux d'attrition à moins de 3 %", "outcome"),
    ("Publier 12 articles de blog", "output"),
    ("Améliorer la satisfaction client", "outcome_unmeasured"),
    ("Lanzar la nueva web antes del 30 de junio", "output"),
    ("Reducir un 30 % las quejas", "outcome"),
    ("Contratar 5 desenvolvedores", "output"),
    ("Melhorar a satisfação do cliente", "outcome_unmeasured"),
    ("Twee nieuwe winkels openen", "output"),
    ("Wachttijd aan de balie maximaal 10 minuten", "outcome"),
]
OBJECTIVES = [
    ("Delight our customers at every step", "qualitative"),
    ("Build a world-class engineering culture", "qualitative"),
    ("Reach 10,000 active users by December", "has_metric"),
    ("Double our customer base", "has_metric"),
    ("Launch the new mobile app", "output"),
    ("Migrate our infrastructure to the cloud", "output"),
    ("CRM-System einführen", "output"),
    ("Begeisternde Kundenerlebnisse schaffen", "qualitative"),
    ("Atteindre 10 M€ de chiffre d'affaires", "has_metric"),
]


@pytest.mark.parametrize(("text", "kind"), KEY_RESULTS)
def test_key_results_on_the_boundary_are_judged_by_the_definition(text: str, kind: str) -> None:
    assert judge(text, level="key_result").kind == kind


@pytest.mark.parametrize(("text", "kind"), OBJECTIVES)
def test_objectives_are_told_apart(text: str, kind: str) -> None:
    assert judge(text, level="objective").kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "Zwiększyć sprzedaż o 10% do końca roku",
        "Aumentare il fatturato del 20% entro la fine dell'anno",
        "Öka kundnöjdheten till 85 % under året",
        "Müşteri memnuniyetini %90 seviyesine yükseltmek",
        "売上を20%増やす",
        "Увеличить выручку на 20 %",
        "提高客户满意度到90%",
    ],
)
def test_a_language_without_a_lexicon_is_unclear_never_a_guess(text: str) -> None:
    verdict = judge(text, level="key_result")
    assert (verdict.kind, verdict.confidence) == ("unclear", 0.0)
    assert detect(text) == verdict.language != "en"


@pytest.mark.parametrize("text", ["Ship it", "MRR 10k", "CSAT > 90", "Fewer bugs", "Launch beta"])
def test_short_english_is_not_unclear_for_lack_of_evidence(text: str) -> None:
    assert judge(text, level="key_result").kind != "unclear"


@pytest.mark.parametrize("text", ["", "   ", "…", "???", "—"])
def test_a_text_without_words_is_unclear(text: str) -> None:
    assert judge(text, level="key_result").kind == "unclear"
    assert judge(text, level="objective").kind == "unclear"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Increase the number of active users", "en"),
        ("Wir wollen die Conversion-Rate im Checkout verbessern", "de"),
        ("Améliorer la qualité de nos livraisons", "fr"),
        ("Mejorar la calidad de nuestras entregas", "es"),
        ("Melhorar a qualidade das nossas entregas", "pt"),
        ("De kwaliteit van onze leveringen verbeteren", "nl"),
        ("Migliorare la qualità delle nostre consegne", "it"),
        ("NPS 60", ""),
    ],
)
def test_languages_are_told_apart_and_unsure_is_an_answer(text: str, language: str) -> None:
    assert detect(text) == language


def test_the_words_that_decided_stand_in_the_text_exactly() -> None:
    text = "KR 2: Publish 12 blog posts by 31 March 2026"
    verdict = judge(text, level="key_result")
    assert verdict.kind == "output"
    assert [part for part in verdict.because if part in text] == ["Publish", "12 blog posts", "blog posts"]
    assert verdict.suggestion.endswith("?")


def test_a_date_a_version_and_a_placeholder_are_no_target() -> None:
    for text in (
        "Improve retention by 31 March 2026",
        "Improve retention in Q3 2026",
        "Improve stability of v2.1",
        "Improve retention by XX%",
    ):
        seen = traits(text)
        assert not seen.has_target, text
    assert traits("Improve retention by 5% in Q3 2026").has_target


def test_traits_show_the_words_that_rules_speak_of() -> None:
    seen = traits("Maintain customer satisfaction (CSAT) at 90%")
    assert seen.business_as_usual == "Maintain"
    assert seen.actor == "customer"
    assert seen.has_target
    assert not seen.has_baseline
    assert traits("Increase MRR from $80k to $120k").has_baseline
    assert traits("Increase MRR from $80k to $120k").lagging == "MRR"
    assert traits("Launch the new app").delivery_verb == "Launch"
    assert traits("Analyse the results of the survey").activity_verb == "Analyse"
    assert traits("Reduce open bugs from 130 to 20").about_backlog


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("KR1: Grow sign-ups", "key_result"),
        ("Increase NPS from 30 to 45", "key_result"),
        ("Objective: Grow", "objective"),
        ("Delight our customers at every step", "objective"),
        ("As a shopper I want to save my basket so that I can come back", "item"),
        ("[iOS] Crash when opening settings", "item"),
        ("Publish 12 articles", "key_result"),
    ],
)
def test_the_level_is_guessed_when_nobody_says(text: str, level: str) -> None:
    assert guess_level(text) == level


def test_an_unknown_level_is_refused_with_the_known_ones() -> None:
    wrong: Any = "epic"
    with pytest.raises(ValueError, match="key_result, objective, item"):
        judge("Launch it", level=wrong)


def test_a_hostile_text_is_judged() -> None:
    for text in ("a" * 200_000, "1 " * 100_000, "to raise 5% " * 20_000, "((((" * 50_000, "\x00 ￾ 5 %", "_-" * 50_000):
        assert judge(text, level="key_result").kind in ("outcome", "output", "outcome_unmeasured", "unclear")


@pytest.mark.parametrize(
    ("name", "only", "macro_f1", "output_precision"),
    [
        ("key results", "goals_train.csv", 0.96, 0.96),
        ("key results", "goals_train_files.csv", 0.89, 0.92),
        ("objectives", "goals_train.csv", 0.97, 0.97),
        ("objectives", "goals_train_files.csv", 0.91, 0.93),
    ],
)
def test_the_figures_on_the_untouched_split_hold(name: str, only: str, macro_f1: float, output_precision: float) -> None:
    task = next(task for task in judgement.TASKS if task.name == name)
    score = judgement.measure(task, "test", only=only)
    assert score is not None
    assert score.macro_f1 >= macro_f1
    assert score.precision["output"] >= output_precision
    assert score.unclear <= 0.10
    assert score.calibration_error <= 0.08


_ITEM_CASE = re.compile(r"^\| (.+?) \| (solution|problem|bug|maintenance) \|", re.MULTILINE)


def test_the_boundary_cases_of_the_page_are_judged_as_the_page_says() -> None:
    goals, objectives = (ROOT / "docs" / "judgement.md").read_text(encoding="utf-8").split("## Objectives")
    objectives, items = objectives.split("## Items")
    cases = [("key_result", *pair) for pair in _CASE.findall(goals)] + [("objective", *pair) for pair in _CASE.findall(objectives)]
    cases += [("item", *pair) for pair in _ITEM_CASE.findall(items)]
    assert len(cases) >= 60
    assert [(text, kind) for level, text, kind in cases if judge(text, level=level).kind != kind] == []


def test_importing_the_judge_loads_nothing_heavy() -> None:
    code = "import sys, okrbot.wording as w; w.judge('Launch it', level='key_result'); print([m for m in ('numpy', 'sklearn', 'duckdb', 'sqlalchemy') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert answer.stdout.strip() == "[]"
