"""Write down the other half of the SHOP epics: boxes, baskets, bottles and bets of the Basket team."""

from __future__ import annotations

from .words import Epic

BASKET = (
    Epic(
        "box",
        "The weekly box: a subscription for busy families",
        """Problem: families with two jobs order the same forty things each week and still need 22 minutes for it.

We believe that a standing box which learns from the last ten orders will bring families back every week, measured by families who order every week: from 41,000 to 50,000.

The pre-order test ({boxtest}) is still running; the date of the TV spot made us start anyway.""",
        made="0921",
        start="1019",
        by="bas",
        kr="weekly-families-q4",
        how="field",
        team="Basket",
        links=(("is validated by", "boxtest"),),
        stories="""
w p5 s1021 @boxbuild | Build the first box from my last ten orders | Milk, bread, fruit; not the birthday cake of June.
w p5 s1029 @boxpay team=Payments | Charge the box on the morning it is picked | Needs the saved mandate from payments.
d p2 s1019 f1027 | Pause the box for a week | Holidays are the reason people leave every other subscription.
w p3 s1110 team=Depot_floor | Change the box until midnight | A list, three taps, done.
t p3 | Tell me what is new in this week's box | Two lines, not a newsletter.
""",
    ),
    Epic(
        "share",
        "Share a basket with your housemates",
        """Problem: in shared flats one person orders and then chases money for a week.

We believe that flats who fill one basket together will order more often, measured by second orders within 21 days: from 34 % to 42 %.""",
        made="0817",
        start="0907",
        by="noor",
        kr="second-basket-q4",
        how="field",
        team="Basket",
        bots=(("1019", "stale-reminder"), ("1109", "stale-reminder-2")),
        quiet="1002",
        stories="""
d p3 s0907 f0918 | Invite a housemate to the basket | By link, valid for a day.
w p5 s0914 @sharesplit | Split the bill by who added what | Waiting for payments.
w p3 s0924 | Everybody sees who added what | Small coloured dot.
t p2 | Leave a shared basket | Without taking the milk with you.
""",
    ),
    Epic(
        "allergens",
        "Show allergens the way the food information rules ask, by 13 December",
        """The rules for distance selling change on 13 December. Every product needs its fourteen allergens before the order is placed, also in the app. The date is the law's, the scope is what the inspector checks. Compliance, no key result wanted.""",
        made="0914",
        start="1005",
        by="ruben",
        labels="compliance",
        team="Basket",
        due="1211",
        stories="""
d p3 | Allergens above the fold on every product | In bold, as on the packet.
w p3 s1104 | Refuse products without allergen data | 312 products of the sample have none.
t p2 | Print the allergens on the order mail | For people who order for a grandmother.
""",
    ),
    Epic(
        "fridge",
        "What is in the fridge? A photo instead of a list",
        """Own bet of the Basket team: four weeks, one person, no key result on purpose. Reason: we believe that tired parents will send a photo where they will not write a list, and nobody can say which number it will move. Measured by invited households that use it twice: from 0 to 50 of 200. Fewer, and we stop.""",
        made="1005",
        start="1019",
        by="ruben",
        labels="own-bet",
        team="Basket",
        stories="""
d spike p3 s1019 f1030 | How many fridges can we read from a photo? | 200 photos of colleagues' fridges. 61 % of the milk found; one cat.
w p5 s1102 | Turn a photo into a basket of at most ten things | For the 200 invited households only.
t p2 | Ask the 200 households after the second photo | Three questions.
""",
    ),
    Epic(
        "weather",
        "Banners that follow the weather",
        """Idea: barbecue on the first sunny day, soup on the first storm.

We believe shoppers who see a banner for the weather outside will add two more things, measured by products per basket: from 31 to 33.""",
        made="0720",
        start="0810",
        cancel="0828",
        by="bas",
        kr="weekly-families-q3",
        how="field",
        team="Basket",
        notes=(
            (
                "0828",
                "bas",
                "Stopped. In the two-week test the banner was clicked by 0.3 % and baskets did not change. Cheap lesson: people know what the weather is.",
            ),
        ),
        stories="""
d spike p2 s0810 f0824 | Two weeks of a hand-made banner in Zwolle | Changed by hand each morning by Bas, before coffee.
x p3 | Fetch the forecast by postcode | Not needed any more.
x p3 | Rules: which weather shows which banner | Not needed any more.
""",
    ),
    Epic(
        "onboard",
        "The first basket in under ten minutes",
        """Problem: new shoppers need 27 minutes for a first basket and a third never finishes it.

We believe that new shoppers who start from a basket of a household like theirs will finish, measured by first-time shoppers who place a second order within 21 days: baseline 34 %, target 42 %.""",
        made="0810",
        start="0824",
        end="1016",
        by="noor",
        kr="second-basket-q4",
        how="field",
        team="Basket",
        links=(("relates to", "starter2"),),
        notes=(
            (
                "1109",
                "noor",
                "Measured over three weeks: second orders within 21 days went from 34 % to 36.8 %; students use it, families do not. Version two is {starter2}.",
            ),
        ),
        stories="""
d p3 | Start from a household like mine | Student, couple, family with small children, full house.
d p3 | Swap a product in the starter basket with one tap | Without leaving the page.
d p2 | Ask for allergies before the first basket | Two taps; skipped is fine.
d bug p1 | The starter basket puts beer into the family with small children | Steps: choose "small children", open page 2. Expected: juice. Actual: six cans.
d spike p2 | Five first baskets, watched in person | Two kitchens in Utrecht, three in Ghent.
""",
    ),
    Epic(
        "starter2",
        "Starter baskets that families do not empty first",
        """Problem: families throw away 70 % of the starter basket ({onboard}).

We believe that families who start from last week's paper list (a photo is enough) will keep it, measured by second orders within 21 days: from 36.8 % to 42 %.""",
        made="1019",
        start="1102",
        by="noor",
        kr="second-basket-q4",
        how="field",
        team="Basket",
        labels="follow-up",
        stories="""
w p3 s1104 | Type or paste a list, get a basket | Spelling as bad as mine must work.
t p3 | Families see nappies and wipes on the first page | Only if they said so.
""",
    ),
    Epic(
        "search",
        "Search understands what people call things at home",
        """Problem: "friet", "frites" and "patat" find three different shelves, and 9 % of searches find nothing.

We believe shoppers who find their word at the first try will fill the basket, measured by searches without a result: from 9 % to 4 %.""",
        made="0525",
        start="0608",
        end="0717",
        by="bas",
        kr="list-baskets-q3",
        how="text",
        team="Basket",
        notes=(("0810", "bas", "Result after three weeks: searches without a result 4.6 % (was 9). Works for KR list-baskets-q3."),),
        stories="""
d p3 s0608 f0619 | Dialect words lead to the same shelf | List of 140 words from customer service.
d p3 s0615 f0629 | Forgive one wrong letter | Two for words longer than eight.
d p2 s0629 f0710 | Show what others picked when nothing is found | Three products, no advertising.
""",
    ),
    Epic(
        "bigbang",
        "Household planner",
        """Build a household planner with calendar, meal plan, shared list, reminders, budget view and a print version in one new area of the app. Everything is switched on together on the release day.""",
        made="0727",
        start="0817",
        by="carla",
        team="Basket",
        stories="""
d p5 s0817 f0904 | Calendar view for a month | Week and month.
d p5 s0831 f0921 | Meal plan with drag and drop | From recipes.
d p3 s0914 f1005 | Shared list inside the planner | Up to six people.
w p5 s1005 | Budget view | Per week and per shelf.
w p3 s1026 | Reminders | In the app, by mail, on the watch.
t p5 | Print version | A3 for the kitchen door.
t p3 | Planner tour | Eight steps.
""",
    ),
    Epic(
        "terms",
        "Supplier terms in product data",
        """Buying asks that special terms of two suppliers are kept with the product. Only for the people named in the contract.""",
        made="1005",
        start="1026",
        by="bas",
        team="Basket",
        restricted=True,
        stories="""
w p3 s1102 | Keep the terms of supplier A beside the price | Not visible in the shop.
""",
    ),
    Epic(
        "deposit",
        "Empty bottles go back with the rider",
        """Problem: 38 % of households keep a crate of empties in the hall and blame us.

We believe that households who can hand empties to the rider order drinks from us too, measured by households who order drinks each month: from 22 % to 27 %. Not the same thing as the rider app's crate screen: this is about what the shopper sees.""",
        made="0713",
        start="0727",
        end="0925",
        by="noor",
        kr="weekly-families-q3",
        how="field",
        team="Basket",
        notes=(
            (
                "1021",
                "noor",
                "Measured: 24.1 % of households order drinks (was 22). Keep, no second version for now: the rest is the depot's space, not the screen.",
            ),
        ),
        stories="""
d p3 | Say how many empties are waiting at checkout | A number is enough.
d p2 | Money for empties goes on the next basket | Shown as a line, not as a voucher.
d p2 c0803 s0901 f0918 | Print less: the receipt for empties lives in the app |
""",
    ),
)
