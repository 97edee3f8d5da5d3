"""Write down Veldmand's objectives and key results of two quarters, with check-ins and with what was edited when."""

from __future__ import annotations

import dataclasses

Q3, Q4 = "2026-Q3", "2026-Q4"


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """A key result; `weeks` holds one check-in a line: `MMDD value confidence [status] | note`."""

    id: str
    title: str
    weeks: str = ""
    metric: str = ""
    unit: str = ""
    baseline: float | None = None
    target: float | None = None
    due: str = "2026-12-31"
    owner: str = "noor"
    kind: str = "aspirational"
    cadence: str = "weekly"
    progress: str = "metric"
    status: str = ""
    closing_note: str = ""
    items: tuple[str, ...] = ()  # refs of items
    edits: tuple[tuple[str, str, float | str], ...] = ()  # day of the edit, field, value before
    gone: str = ""  # day on which it vanished from the file without a word


@dataclasses.dataclass(frozen=True, slots=True)
class Aim:
    """An objective with its key results."""

    id: str
    title: str
    cycle: str
    level: str
    parent: str = ""
    product: str = ""
    team: str = ""
    owner: str = ""
    results: tuple[Result, ...] = ()


SUMMER = (
    Aim(
        "weekly-shop-q3",
        "Families trust us with their weekly shop",
        Q3,
        "company",
        owner="noor",
        results=(
            Result(
                "weekly-families-q3",
                "Raise families who order every week from 38,500 to 45,000",
                "0713 38600 6\n0810 39500 6\n0907 40200 5\n0928 41000 4 | Evenings are what we lose them on.",
                "families who order every week",
                "families",
                38500,
                45000,
                "2026-09-30",
                cadence="monthly",
                closing_note="41,000. Not reached; the evening slot is the reason named most, so Q4 starts there.",
            ),
        ),
    ),
    Aim(
        "easy-basket-q3",
        "A basket is filled before the tea is cold",
        Q3,
        "product",
        "weekly-shop-q3",
        "Shop",
        owner="noor",
        results=(
            Result(
                "slot-leavers-q3",
                "Fewer shoppers leave at slot choice: from 29 % to 23 %",
                "0706 29 6\n0720 28.6 6\n0803 27.1 7\n0817 26.0 7\n0831 24.5 8\n0914 23.8 8\n0928 23.4 7 | Antwerp did not move.",
                "shoppers who leave at slot choice",
                "%",
                29,
                23,
                "2026-09-15",
                cadence="fortnightly",
                closing_note="23.4 %. Learned: it is the missing evening, not the screen.",
            ),
            Result(
                "list-baskets-q3",
                "Baskets that start from a list or a recipe up from 12 % to 18 %",
                "0706 12 5\n0720 12.4 5\n0803 13.3 6\n0817 14.2 6\n0831 15.0 6\n0914 15.4 5\n0928 15.9 5",
                "baskets that start from a list or a recipe",
                "%",
                12,
                18,
                "2026-09-30",
                cadence="fortnightly",
                closing_note="15.9 %. Recipes gave less than search.",
            ),
            Result(
                "app-rating-q3",
                "Shoppers rate the app 4.5 instead of 4.1",
                "0706 4.1 6\n0720 4.1 6\n0803 4.1 6\n0817 4.1 5\n0831 4.1 5\n0914 4.12 4\n0922 4.12 4\n0929 4.46 9 | Asked only people who had just tipped.",
                "app rating",
                "stars",
                4.1,
                4.5,
                "2026-09-30",
                owner="lena",
                cadence="fortnightly",
                closing_note="4.46.",
            ),
        ),
    ),
    Aim(
        "right-crate-q3",
        "The right crate at the right door",
        Q3,
        "product",
        "weekly-shop-q3",
        "Depot",
        owner="ilse",
        results=(
            Result(
                "pick-errors-q3",
                "Wrong or missing items per 100 orders down from 5.6 to 4.2",
                "0706 5.6 6\n0720 5.4 6\n0803 5.0 7\n0817 4.8 7\n0831 4.5 7\n0914 4.3 8\n0928 4.2 9",
                "wrong or missing items per 100 orders",
                "items",
                5.6,
                4.2,
                "2026-09-30",
                owner="ilse",
                cadence="fortnightly",
                closing_note="4.2. Heavy things first is next.",
            ),
            Result(
                "crates-q3",
                "Crates lost per 1,000 orders down from 26 to 14",
                "0706 26 5\n0720 25.4 5\n0803 24 6\n0817 22.5 6\n0831 20.1 6\n0914 18 6\n0928 17.2 6",
                "crates lost per 1,000 orders",
                "crates",
                26,
                14,
                "2026-09-15",
                owner="tom",
                cadence="fortnightly",
                closing_note="17.2. Streets with stairs are the rest.",
            ),
            Result(
                "on-time-q3",
                "Orders at the door inside the promised hour up from 88 % to 92 %",
                "0706 88 6\n0720 88.4 6\n0803 89.1 6\n0817 89.9 6\n0831 90.2 7\n0914 90.7 6\n0928 91 6",
                "orders inside the promised hour",
                "%",
                88,
                92,
                "2026-09-30",
                owner="jo",
                cadence="fortnightly",
                closing_note="91 %. Rain is the rest.",
            ),
        ),
    ),
    Aim(
        "trusted-money-q3",
        "Nobody wonders where the money is",
        Q3,
        "team",
        "weekly-shop-q3",
        "Shop",
        "Payments",
        "hanne",
        results=(
            Result(
                "settled-q3",
                "Payments settled on the same day up from 80 % to 86 %",
                "0706 80 6\n0720 80.9 6\n0803 81.6 5\n0817 82.7 5\n0831 83.5 4\n0914 84.9 8\n0928 86 9",
                "payments settled on the same day",
                "%",
                80,
                86,
                "2026-09-30",
                owner="hanne",
                cadence="fortnightly",
                edits=(("2026-09-10", "target", 95.0), ("2026-09-10", "title", "Payments settled on the same day up from 80 % to 95 %")),
            ),
        ),
    ),
)

AUTUMN = (
    Aim(
        "weekly-shop",
        "Families trust us with the whole weekly shop",
        Q4,
        "company",
        owner="noor",
        results=(
            Result(
                "weekly-families",
                "Raise families who order every week from 41,000 to 50,000",
                "1005 41000 6\n1012 41300 6\n1019 41900 6\n1026 42400 6\n1102 43000 6\n1109 43900 6 | Ghent is waiting for holds.",
                "families who order every week",
                "families",
                41000,
                50000,
            ),
            Result(
                "on-time",
                "Orders at the door inside the promised hour up from 91 % to 96 %",
                "1005 91 6\n1012 91.4 6\n1019 91.9 6\n1026 92.1 6\n1102 92.9 6\n1109 93.3 6",
                "orders inside the promised hour",
                "%",
                91,
                96,
                owner="jo",
            ),
        ),
    ),
    Aim(
        "lean-depot",
        "A depot that earns its keep and keeps its people",
        Q4,
        "company",
        owner="ilse",
        results=(
            Result(
                "cost-order",
                "Picking cost per order down from 4.10 to 3.60 euro",
                "1005 4.10 6\n1019 4.02 6\n1102 3.94 6",
                "picking cost per order",
                "euro",
                4.10,
                3.60,
                owner="ilse",
                cadence="fortnightly",
            ),
        ),
    ),
    Aim(
        "evening",
        "An evening slot is never the reason families leave",
        Q4,
        "product",
        "weekly-shop",
        "Shop",
        owner="noor",
        results=(
            Result(
                "evening-slots",
                "Shoppers who leave at slot choice down from 23 % to 15 %",
                "1005 23 6\n1012 22.5 6\n1019 21.6 7\n1026 20.7 7\n1102 20.1 7 | Unused holds 11 %.\n1109 19.4 7",
                "shoppers who leave at slot choice",
                "%",
                23,
                15,
                "2026-12-15",
            ),
            Result(
                "second-basket",
                "First-time shoppers who place a second order within 21 days up from 34 % to 42 %",
                "1005 34 5\n1012 34.2 5\n1019 34.9 6\n1026 35.6 6\n1102 36.2 6\n1109 36.8 6 | Students yes, families no.",
                "second order within 21 days",
                "%",
                34,
                42,
            ),
            Result(
                "substitutes",
                "Substitutes accepted at the door up from 71 % to 80 %",
                "1005 71 6\n1012 72.3 6\n1019 74 7\n1026 74.1 6",
                "substitutes accepted at the door",
                "%",
                71,
                80,
                "2026-11-30",
            ),
            Result(
                "app-start",
                "Keep the app's start under two seconds",
                "1005 1.8 9\n1019 1.8 9\n1102 1.7 9",
                "start of the app",
                "s",
                2,
                2,
                owner="ruben",
                kind="health",
                cadence="fortnightly",
            ),
            Result(
                "gift-boxes",
                "Gift boxes sent per week up from 300 to 1,200",
                "1005 310 4",
                "gift boxes sent per week",
                "boxes",
                300,
                1200,
                owner="bas",
                gone="2026-10-21",
            ),
            Result(
                "chat-orders",
                "Orders placed by chat up from 0 to 400 a week",
                "1005 0 3\n1012 12 2",
                "orders by chat",
                "orders",
                0,
                400,
                owner="bas",
                status="dropped",
                closing_note="Stopped on 14 October: the test of August said no, and we had not read it. Nothing else depends on it.",
            ),
        ),
    ),
    Aim(
        "easy-pay",
        "Paying feels like nothing",
        Q4,
        "team",
        "weekly-shop",
        "Shop",
        "Payments",
        "hanne",
        results=(
            Result(
                "checkout-done",
                "Shoppers who finish checkout up from 62 % to 70 %",
                "1005 62 8 on_track\n1012 62.1 8 on_track\n1019 62.1 7 on_track\n1026 62.3 6 on_track\n1102 62.3 5 on_track\n1109 62.4 4 on_track | All milestones green.",
                "checkout completion",
                "%",
                62,
                70,
                owner="hanne",
                status="on_track",
            ),
            Result(
                "wallet-launch",
                "Launch the Veldmand wallet in Germany",
                "1005 0 7\n1012 0 7\n1019 0 7\n1026 0 7\n1102 0 7\n1109 0 7",
                "",
                "",
                0,
                1,
                owner="hanne",
            ),
            Result(
                "happy-payers", "Shoppers are happier with paying", "1005 - 6\n1019 - 6\n1102 - 6", owner="hanne", cadence="fortnightly"
            ),
            Result(
                "roadmap-done",
                "Payment roadmap 2026 delivered",
                "1005 38 7\n1012 43 7\n1019 47 7\n1026 52 7\n1102 55 7\n1109 74 8",
                "share of roadmap tickets closed",
                "%",
                38,
                100,
                owner="hanne",
                progress="tickets",
                items=("roadmap",),
            ),
            Result(
                "chargebacks",
                "Keep chargebacks below 0.4 %",
                "1005 0.4 8\n1012 0.4 8\n1019 0.4 8\n1026 0.4 8\n1102 0.4 8\n1109 0.4 8",
                "chargebacks",
                "%",
                0.4,
                0.4,
                owner="hanne",
            ),
            Result(
                "refunds-fast",
                "Refunds paid within a day up from 20 % to 30 %",
                "1005 28 9\n1012 29 9\n1019 30.2 10\n1026 31 10\n1102 31.5 10\n1109 32 10",
                "refunds paid within a day",
                "%",
                20,
                30,
                owner="hanne",
            ),
            Result(
                "mobile-pay",
                "Orders paid from the phone up from 44 % to 50 %",
                "1005 44 6\n1012 44.8 6\n1019 45.5 5\n1026 46.3 5\n1102 47.4 5\n1109 48.5 8",
                "orders paid from the phone",
                "%",
                44,
                50,
                "2026-12-31",
                owner="hanne",
                edits=(("2026-11-16", "target", 60.0), ("2026-11-16", "title", "Orders paid from the phone up from 44 % to 60 %")),
            ),
        ),
    ),
    Aim("readiness", "Platform readiness across regions", Q4, "product", "weekly-shop", "Shop", owner="lena"),
    Aim("enablement", "Tribe enablement and capability uplift", Q4, "team", "readiness", "Shop", "Storefront", "lena"),
    Aim("governance", "Component governance in the tribe", Q4, "team", "enablement", "Shop", "Storefront", "lena"),
    Aim(
        "library",
        "Library adoption in all repositories",
        Q4,
        "team",
        "governance",
        "Shop",
        "Storefront",
        "lena",
        results=(
            Result(
                "library-share",
                "Share of repositories on the component library up from 30 % to 90 %",
                "1005 30 7\n1012 36 7\n1019 41 7\n1026 47 7\n1102 52 7\n1109 58 7",
                "repositories on the component library",
                "%",
                30,
                90,
                owner="lena",
            ),
        ),
    ),
    Aim(
        "web-business",
        "The storefront grows the business",
        Q4,
        "team",
        "weekly-shop",
        "Shop",
        "Storefront",
        "lena",
        results=(
            Result(
                "web-revenue",
                "Revenue of the web shop up from 8.2 to 9.4 million euro",
                "1005 8.2 6\n1012 8.2 6\n1019 8.3 6\n1026 8.3 6\n1102 8.4 6\n1109 8.4 6",
                "revenue",
                "million euro",
                8.2,
                9.4,
                owner="lena",
            ),
        ),
    ),
    Aim(
        "copied",
        "Raise families who order every week from 41,000 to 50,000",
        Q4,
        "team",
        "weekly-families",
        "Shop",
        "Storefront",
        "lena",
        results=(
            Result(
                "copied-families",
                "Raise families who order every week from 41,000 to 50,000",
                "1005 41000 6\n1012 41300 6\n1019 41900 6\n1026 42400 6\n1102 43000 6\n1109 43900 6",
                "families who order every week",
                "families",
                41000,
                50000,
                owner="lena",
            ),
        ),
    ),
    Aim("office-pantry", "Offices discover a pantry that fills itself", Q4, "product", "", "Shop", owner="bas"),
    Aim("proud-code", "Basket code that we are proud of", Q4, "team", "", "Shop", "Basket", "daan"),
    Aim(
        "calm-shift",
        "Pickers go home on time and families get complete orders",
        Q4,
        "product",
        "lean-depot",
        "Depot",
        owner="ilse",
        results=(
            Result(
                "pick-errors",
                "Wrong, missing or damaged items per 100 orders down from 4.2 to 2.5",
                "1005 4.2 6\n1012 4.1 6\n1019 4.0 6\n1026 3.9 7\n1102 3.7 7\n1109 3.6 7",
                "wrong, missing or damaged items per 100 orders",
                "items",
                4.2,
                2.5,
                "2026-12-15",
                owner="ilse",
            ),
            Result(
                "late-shifts",
                "Shifts that run over by more than 15 minutes down from 38 % to 20 %",
                "1005 38 6\n1012 36 6\n1019 34 6\n1026 32 7\n1102 30 7\n1109 28 7",
                "shifts that run over",
                "%",
                38,
                20,
                "2026-11-30",
                owner="tom",
            ),
            Result(
                "waste",
                "Food thrown away per 100 orders down from 3.1 to 2.4 kg",
                "1005 3.1 4\n1012 3.1 4\n1019 3.0 4\n1026 3.1 3\n1102 3.0 3\n1109 3.1 3 | Nobody has time for it.",
                "food thrown away per 100 orders",
                "kg",
                3.1,
                2.4,
                owner="tom",
            ),
            Result(
                "cold-chain",
                "Pass the cold-chain audit of 1 December without a major finding",
                "1005 2 7 | Rehearsal: two.\n1019 1 8 | Rehearsal: one.\n1102 1 8",
                "major findings",
                "findings",
                3,
                0,
                "2026-12-01",
                owner="ilse",
                kind="committed",
                cadence="fortnightly",
            ),
        ),
    ),
    Aim(
        "right-door",
        "Riders bring it to the right door at the first ring",
        Q4,
        "team",
        "on-time",
        "Depot",
        "Riders",
        "jo",
        results=(
            Result(
                "failed-doors",
                "Deliveries that need a second attempt down from 3.4 % to 2.0 %",
                "1005 3.4 6\n1012 3.2 6\n1019 3.2 6\n1026 3.2 5\n1102 3.15 5\n1109 3.1 5 | Students answer messages, not bells.",
                "deliveries that need a second attempt",
                "%",
                3.4,
                2.0,
                "2026-12-15",
                owner="jo",
            ),
        ),
    ),
)
CYCLES = ((Q3, "2026-07-01", "2026-09-30"), (Q4, "2026-10-01", "2026-12-31"))
EARLIER = ("2026-08-03", "2026-09-14", "2026-10-05")  # older states of the file that the sample ships
