"""Which planted pattern of the sample organisation each rule finds, and what else it flags. Run: python bench/sample.py"""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from organisation import CLEAN, PLANTED, build, resolved  # noqa: E402 -- the tests' own generator

from okrbot.app import open_app  # noqa: E402
from okrbot.rulebook import read_folder, shipped_folder  # noqa: E402

AS_OF = dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC)


def main() -> None:
    """Audit the sample under the strict profile with every rule on, and print one line a rule."""
    company = build()
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(ROOT / "okrbot" / "sample", name, dirs_exist_ok=True)
        config = Path(name) / "okrbot.toml"
        off = [rule for rule, page in read_folder(shipped_folder()).items() if page.off]
        config.write_text(f'{config.read_text(encoding="utf-8")}\n[rules]\nprofile = "strict"\non = {off}\n', encoding="utf-8")
        app = open_app(config, clock=lambda: AS_OF, environment={})
        with app.store() as store:
            app.pull(store)
            audit = app.audit(store)
    found: dict[str, set[str]] = defaultdict(set)
    for finding in audit.findings:
        found[finding.rule].add(finding.key.split("/")[-1])
    sums = [0, 0, 0, 0]
    print(f"{'rule':<28}{'planted':>8}{'found':>7}{'missed':>8}{'clean flagged':>15}{'others':>8}")
    for rule in sorted({outcome.rule for outcome in audit.rules} | {plant.rule for plant in PLANTED}):
        planted, clean = (
            {key for plant in resolved(plants, company) if plant.rule == rule for key in plant.subjects} for plants in (PLANTED, CLEAN)
        )
        hit, missed, wrong = found[rule] & planted, planted - found[rule], found[rule] & clean
        other = found[rule] - planted - clean
        print(
            f"{rule:<28}{len(planted):>8}{len(hit):>7}{len(missed):>8}{len(wrong):>15}{len(other):>8}  {' '.join(sorted(missed | wrong))}"
        )
        for place, number in enumerate((len(planted), len(hit), len(wrong), len(other))):
            sums[place] += number
    print(
        f"{sums[1]} of {sums[0]} planted subjects found, {sums[2]} clean ones flagged, {sums[3]} others flagged; {len(audit.rules)} rules"
    )


if __name__ == "__main__":
    main()
