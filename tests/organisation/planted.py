"""List what was planted on purpose for each rule, and the clean work that looks like it and must be left alone."""

from __future__ import annotations

import dataclasses

from .company import Company


@dataclasses.dataclass(frozen=True, slots=True)
class Plant:
    """A rule, the subjects it should (or should never) flag, and why. Items are named by ref until `resolved`."""

    rule: str
    kind: str  # item | key_result | objective | backlog | team | product
    subjects: tuple[str, ...]
    why: str


PLANTED = (
    # outcome
    Plant(
        "no_key_result",
        "item",
        (
            "giftcards",
            "bigbang",
            "terms",
            "reviews",
            "advent",
            "finder",
            "express",
            "subs",
            "charity",
            "tips",
            "kiosk",
            "familywallet",
            "titres",
        ),
        "open value epics that name no key result",
    ),
    Plant(
        "no_key_result",
        "item",
        ("mealicon", "slowwait", "tipexport", "onepage", "twin1", "twin2", "logo", "social"),
        "stories near the top of their list, with neither epic nor key result",
    ),
    Plant(
        "output_only",
        "item",
        ("mealicon", "slowwait", "tipexport", "logo"),
        "asked for by somebody, for reasons nobody wrote down",
    ),
    Plant("unaligned_backlog", "backlog", ("PAY", "WEB"), "fewer than half of the started value items lead to a key result"),
    Plant(
        "output_only",
        "item",
        (
            "giftcards",
            "kiosk",
            "bigbang",
            "express",
            "subs",
            "charity",
            "pdp",
            "account",
            "advent",
            "finder",
            "reviews",
            "titres",
        ),
        "the text lists what will be built, for nobody and against nothing",
    ),
    Plant(
        "no_success_measure",
        "item",
        (
            "giftcards",
            "bigbang",
            "wallet",
            "subs",
            "express",
            "tips",
            "roadmap",
            "charity",
            "pdp",
            "account",
            "advent",
            "finder",
            "reviews",
            "terms",
        ),
        "started without metric, baseline and target",
    ),
    Plant("no_success_measure", "item", ("loyalty",), "names a metric but neither baseline nor target"),
    Plant(
        "ship_and_forget",
        "item",
        (
            "klick",
            "currency",
            "points",
            "cards2",
            "split",
            "b2b",
            "stack",
            "cardscan",
            "bankname",
        ),
        "closed with the last child, no result for a month and more",
    ),
    Plant("never_tweaked", "backlog", ("PAY",), "ten and more value epics finished in two quarters, none with a follow-up"),
    Plant("nothing_stopped", "backlog", ("PAY", "WEB"), "dozens of value items started in a quarter, none cancelled"),
    Plant("efficient_not_effective", "backlog", ("PAY",), "finishes nearly all it starts while few of it names a key result"),
    Plant("value_written_afterwards", "item", ("recipes",), "the key result label was added four days after Done"),
    Plant("value_written_afterwards", "item", ("b2b",), "the belief was written into the text ten days after Done"),
    # key results
    Plant("output_in_disguise", "key_result", ("wallet-launch-q4", "roadmap-done-q4"), "launch and deliver, no behaviour"),
    Plant("fed_by_tickets", "key_result", ("roadmap-done-q4",), "progress is the share of closed tickets"),
    Plant("no_baseline_or_target", "key_result", ("happy-payers-q4",), "neither metric, baseline nor target"),
    Plant("too_many_goals", "objective", ("easy-pay",), "seven key results"),
    Plant("too_many_goals", "team", ("Storefront",), "five objectives in one cycle"),
    Plant("frozen_key_result", "key_result", ("substitutes-q4",), "weekly, last check-in on 26 October, linked stories moved in November"),
    Plant(
        "key_result_without_bet",
        "key_result",
        ("waste-q4", "happy-payers-q4", "web-revenue-q4", "copied-families-q4", "chargebacks-q4", "mobile-pay-q4", "owned-parts-q4"),
        "nobody works for it",
    ),
    Plant("no_real_dates", "team", ("Payments",), "all seven key results are due on the last day of the quarter"),
    Plant("business_as_usual", "key_result", ("chargebacks-q4",), "keep, and the target equals the baseline"),
    Plant("too_far_away", "key_result", ("web-revenue-q4",), "a team owns revenue, with no behaviour below it"),
    # integrity
    Plant("goalposts_moved", "key_result", ("settled-q3",), "target lowered from 95 to 86 % in September"),
    Plant("goalposts_moved", "key_result", ("mobile-pay-q4",), "target lowered from 60 to 50 % in the middle of November"),
    Plant("sandbagged", "key_result", ("refunds-fast-q4",), "started at 28 of 30 and was there before October ended"),
    Plant("watermelon", "key_result", ("checkout-done-q4",), "said on track, 0.4 of 8 points after half of the quarter, confidence 8 to 4"),
    Plant("quiet_disposal", "key_result", ("gift-boxes-q4",), "in the file of 5 October, gone without a word"),
    Plant("quiet_disposal", "key_result", ("app-rating-q3",), "nearly all of the progress was booked in the last week"),
    Plant("padded_progress", "item", ("threegoals",), "one order page for three key results of three objectives"),
    Plant("padded_progress", "key_result", ("roadmap-done-q4",), "eight tiny tickets made and closed on 6 November"),
    # ladder
    Plant("too_many_layers", "key_result", ("library-share-q4",), "five objectives between the company's goal and the key result"),
    Plant("meaning_drifts", "objective", ("enablement", "governance", "library"), "the families are gone two levels down"),
    Plant("copy_paste_cascade", "objective", ("copied",), "repeats the company's key result word for word"),
    Plant("homeless_goal", "objective", ("office-pantry", "proud-code"), "no parent, no key result, no work for six weeks"),
    # splintering
    Plant("many_backlogs_one_product", "product", ("Shop",), "three backlogs of similar weight, ranked apart"),
    Plant("hand_offs", "item", ("pingpong", "pingpong2"), "three changes of team between start and done"),
    Plant("hand_offs", "item", ("box",), "needs three teams"),
    Plant(
        "dependency_wall",
        "backlog",
        ("SHOP", "PAY"),
        "a third of the started stories wait or waited for payments or the depot, and payments waits for the shop",
    ),
    Plant("component_team", "team", ("Payments",), "one component, and most of what it builds waits for another team"),
    Plant(
        "rival_product_owners", "product", ("Shop",), "two people pulled the same three stories up and down thirteen times in four weeks"
    ),
    Plant(
        "local_ranking",
        "backlog",
        ("PAY",),
        "the wallet's help pages were started in November while free evening slots for guests wait since October",
    ),
    Plant("same_work_twice", "item", ("twin1", "twin2"), "the delivery costs before the slot page, once in Jira and once in Linear"),
    # discovery
    Plant("built_before_validated", "item", ("box",), "in progress although its hypothesis is still being tested"),
    Plant(
        "built_before_validated",
        "item",
        (
            "loyalty",
            "bigbang",
            "giftcards",
            "wallet",
            "tips",
            "roadmap",
            "pdp",
            "account",
            "advent",
            "finder",
        ),
        "weeks of work without a hypothesis",
    ),
    Plant(
        "no_hypothesis",
        "item",
        (
            "giftcards",
            "loyalty",
            "bigbang",
            "wallet",
            "express",
            "subs",
            "tips",
            "roadmap",
            "charity",
            "kiosk",
            "pdp",
            "account",
            "finder",
            "advent",
            "reviews",
            "terms",
            "familywallet",
            "titres",
        ),
        "nothing is believed, so nothing can be wrong",
    ),
    Plant("no_discovery_lane", "backlog", ("PAY",), "no spike, no interview, no test in six weeks"),
    Plant("everything_validates", "product", ("Shop",), "nine of nine in the storefront, eight of them on the day they were opened"),
    # flow
    Plant("too_much_in_progress", "team", ("Storefront",), "five value epics and a dozen items open for four people"),
    Plant("too_much_in_progress", "team", ("Basket", "Payments"), "seven and more value epics open at once"),
    Plant(
        "large_batch",
        "item",
        (
            "loyalty",
            "bigbang",
            "wallet",
            "share",
        ),
        "in progress for more than eight weeks",
    ),
    Plant("zombie_work", "item", ("share",), "only the automation touched it since the second of October"),
    Plant("zombie_work", "item", ("old2", "old3", "old4"), "in the backlog, untouched since spring"),
    Plant("unbalanced_mix", "backlog", ("RIDE",), "bugs, incidents and upkeep are most of what was finished"),
    # project model
    Plant("scope_and_date_locked", "backlog", ("PAY",), "nearly every epic has a date and a fixed version, few a key result"),
    Plant(
        "project_container",
        "item",
        (
            "wallet",
            "pdp",
            "account",
        ),
        "phases, each with an end",
    ),
    Plant("team_tetris", "team", ("Storefront",), "three of four people changed with the quarter"),
    Plant("solutions_handed_in", "backlog", ("PAY",), "all of the top was written by somebody of Commercial, as add and build"),
    Plant("success_theatre", "backlog", ("WEB",), "eleven updates, all of them about what was shipped"),
)

CLEAN = (
    Plant(
        "no_key_result",
        "item",
        ("slots", "slots1", "substitutes", "starter2", "search", "route2", "shift", "crates2", "cold", "doornotes", "ringless", "rainmap"),
        "they name a key result by field, label or text",
    ),
    Plant("no_key_result", "item", ("fridge",), "own bet, with the reason"),
    Plant("no_key_result", "item", ("allergens",), "the law asks for it"),
    Plant("no_key_result", "item", ("shop.7", "shop.9", "depot.14", "depot.25"), "bugs, incidents and upkeep need no key result"),
    Plant(
        "output_only",
        "item",
        ("slots", "slots1", "instrument", "substitutes", "route1", "route2", "cold", "doornotes"),
        "problem, people, change and number are all there; one of them in Dutch",
    ),
    Plant("no_success_measure", "item", ("instrument",), "it builds the measure"),
    Plant(
        "no_success_measure",
        "item",
        ("slots", "slots1", "onboard", "route2", "shift", "doornotes"),
        "metric, baseline and target are written",
    ),
    Plant("no_hypothesis", "item", ("slots", "slots1", "substitutes", "route1", "cold", "ringless"), "we believe, and wij geloven"),
    Plant(
        "ship_and_forget",
        "item",
        ("slots1", "onboard", "search", "deposit", "route1", "crates", "forecast", "bags", "rainmap"),
        "a measured result within a month",
    ),
    Plant("never_tweaked", "backlog", ("DEPOT",), "rounds and crates got their second version"),
    Plant("nothing_stopped", "backlog", ("DEPOT", "SHOP"), "the scale, the lockers and the weather banners were stopped"),
    Plant("unaligned_backlog", "backlog", ("DEPOT", "RIDE"), "most of the started value work names a key result"),
    Plant("output_in_disguise", "key_result", ("cold-chain-q4",), "a committed milestone of the law, with evidence"),
    Plant(
        "output_in_disguise",
        "key_result",
        ("evening-slots-q4", "second-basket-q4", "pick-errors-q4", "failed-doors-q4"),
        "somebody does something by how much",
    ),
    Plant("business_as_usual", "key_result", ("app-start-q4",), "declared as a health metric"),
    Plant("frozen_key_result", "key_result", ("cost-order-q4",), "fortnightly, last check-in two weeks ago"),
    Plant("sandbagged", "key_result", ("evening-slots-q4", "pick-errors-q4", "late-shifts-q4"), "half of the way at half-time"),
    Plant("watermelon", "key_result", ("evening-slots-q4", "late-shifts-q4"), "on the way"),
    Plant("quiet_disposal", "key_result", ("chat-orders-q4",), "dropped with a closing note"),
    Plant(
        "key_result_without_bet",
        "key_result",
        ("evening-slots-q4", "second-basket-q4", "pick-errors-q4", "late-shifts-q4", "failed-doors-q4"),
        "work is going on",
    ),
    Plant("too_many_layers", "key_result", ("evening-slots-q4", "failed-doors-q4"), "one step to the company's goal"),
    Plant("homeless_goal", "objective", ("evening", "calm-shift", "right-door"), "parent, key results and work"),
    Plant("built_before_validated", "item", ("slots", "substitutes", "route2", "shift"), "validated before the first day of work"),
    Plant("everything_validates", "product", ("Depot",), "four of nine hypotheses were rejected"),
    Plant("no_discovery_lane", "backlog", ("DEPOT", "SHOP"), "spikes and tests each fortnight"),
    Plant("same_work_twice", "item", ("deposit",), "empties for shoppers and empties for riders are two things"),
    Plant("zombie_work", "item", ("slots", "shift"), "people touched it last week"),
    Plant("large_batch", "item", ("slots", "shift", "route2"), "weeks, not months"),
    Plant("rival_product_owners", "product", ("Depot",), "one person ranks"),
    Plant("success_theatre", "backlog", ("RIDE",), "moved, learned, stopping"),
    Plant("team_tetris", "team", ("Depot floor", "Payments"), "the same people since summer"),
    Plant("scope_and_date_locked", "item", ("coldchain", "allergens"), "legal dates"),
)


def resolved(plants: tuple[Plant, ...], company: Company) -> list[Plant]:
    """Return the plants with the keys of items instead of their refs."""
    return [
        dataclasses.replace(plant, subjects=tuple(company.key(ref) for ref in plant.subjects)) if plant.kind == "item" else plant
        for plant in plants
    ]
