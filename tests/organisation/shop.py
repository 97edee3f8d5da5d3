"""Write down the SHOP backlog: what shoppers see of Veldmand, from the basket to the slot they choose."""

from __future__ import annotations

from .shop_basket import BASKET
from .shop_loose import LOOSE
from .words import Epic

EPICS = (
    Epic(
        "slots1",
        "See all of tomorrow's slots on one screen",
        """Problem: shoppers on a phone scroll sideways through twelve slots and one in four gives up before the evening ones appear.

We believe that shoppers who see the whole day on one screen will choose a slot in one go, measured by people who leave at slot choice: from 29 % to 23 % by the end of September.

Smallest version: Utrecht only, two weeks, then the rest of the country.""",
        made="0622",
        start="0706",
        end="0828",
        by="noor",
        kr="slot-leavers-q3",
        how="field",
        team="Checkout",
        notes=(
            (
                "0924",
                "noor",
                "Four weeks live everywhere. People who leave at slot choice went from 29 % to 23.4 %; Antwerp did not move at all, the evening is sold out there by noon. What we learned: it is not the screen any more, it is the missing evening slot. Follow-up is {slots}.",
            ),
        ),
        stories="""
d p3 @slotday | The whole day fits on a phone without scrolling sideways | Given twelve slots, when I open the slot page on a small phone, then I see morning, afternoon and evening as three rows.
- d | Row layout for screens under 360 px
- d | Screen reader says the part of the day before the hour
d p2 | Sold-out slots shrink instead of disappearing | Shoppers wrote that slots "jump". Keep the place, grey the text, say when the next one opens.
d p3 | Remember the part of the day I chose last time | As a returning shopper I want the evening row open first, because I have never once been home at ten in the morning.
d p5 | Switch Utrecht over first, the rest stays as it is | One depot behind a switch, so that we can compare two weeks of Utrecht with Zwolle.
d spike p1 | Why do people in Antwerp leave at a page that looks the same? | Watch ten recordings, call three shoppers, write half a page.
x p2 | Show the driver's name on the slot | Stopped: riders asked us not to, and nobody chose a slot by name in the test.
""",
    ),
    Epic(
        "slots",
        "Evening shoppers find a slot before the basket goes cold",
        """Problem: 23 % of shoppers leave at slot choice. In the interviews of September seven of nine said the same thing: "by the time I am home, the evening is gone".

We believe that shoppers who can hold an evening slot while they fill the basket will stay, measured by people who leave at slot choice: baseline 23 %, target 15 %, looked at every Monday.

Riskiest assumption: that held slots are used. Tested with 400 households in Utrecht ({holdtest}); 88 % of the held slots became orders.

If the share of unused holds goes over 20 % in any week we stop and rethink.""",
        made="0907",
        start="1005",
        by="noor",
        kr="evening-slots-q4",
        how="field",
        team="Checkout",
        edits=(("0914", "title", "Hold a slot while the basket fills"),),
        links=(("is validated by", "holdtest"), ("relates to", "slots1")),
        notes=(
            ("1102", "noor", "Week four: 20.1 % leave at slot choice (was 23). Unused holds 11 %. Going on to Ghent."),
            ("1109", "ruben", "19.4 %. The first rain of November helped, so let us not open the champagne."),
        ),
        stories="""
d p3 c0914 s1005 f1014 | Hold an evening slot for thirty minutes | When I tap "hold", the slot is mine for half an hour and the basket says so in plain words.
- d | Countdown that a screen reader announces once, not every second
- d | What happens at 00:00: keep the basket, lose the slot, offer the next
d p2 c0914 s1008 f1016 | Tell me when my hold is about to run out | One quiet note five minutes before. No second one.
d p5 c0921 s1012 f1028 @holdstock | Held slots count against the depot's capacity | The depot must never promise forty orders for thirty-eight crates.
d p2 c1005 s1021 f1030 | Give a hold back with one tap | Shoppers who change their mind free the slot for a neighbour.
w p3 c1005 s1106 @slotnext | Offer the next evening when tonight is full | Instead of "no slots", show the first two evenings that are free and how many are left.
w p5 c1012 s1109 @slotpay | A held slot survives the trip to the bank and back | Payment redirects lose the hold on some phones; nine complaints in October.
r p3 c1012 s1102 | Ghent: open holds to every household | After Utrecht, with the same stop rule.
t p2 c1005 | Households with a standing order keep their evening | Families with a weekly order should not have to race for it.
t p2 c1109 | Write to the people who left in September | A short letter to 300 shoppers who left at slot choice: it is fixed, come and look.
""",
    ),
    Epic(
        "instrument",
        "Measure where shoppers give up between basket and slot",
        """We cannot say today at which step people leave; the counter stops at the basket. Instrument the five steps so that the slot work has a baseline and a number to move. Done when the Monday board shows all five steps for app and web.""",
        made="0629",
        start="0706",
        end="0731",
        by="ruben",
        kr="slot-leavers-q3",
        how="label",
        team="Checkout",
        notes=(
            (
                "0817",
                "ruben",
                "Result: for two weeks we have all five steps. 29 % leave at slot choice, not at payment as all of us had thought.",
            ),
        ),
        stories="""
d p2 | Count people who open the slot page and choose nothing | One event a visit, not one a tap.
d p2 | Put the five steps on the Monday board | Numbers by city, app and web apart.
d bug p1 | Steps are counted twice after a refresh | Steps to reproduce: open slot page, pull to refresh. Expected: one visit. Actual: two.
""",
    ),
    Epic(
        "giftcards",
        "Gift cards",
        """Build gift cards. PDF, e-mail and printed version, amounts 10/25/50/100, own page in the menu, admin screen for customer service, export for finance. Designs are in the shared folder, final.""",
        made="1001",
        start="1012",
        by="carla",
        team="Basket",
        edits=(("1026", "due", "1115"),),
        due="1201",
        stories="""
d p3 | Gift card page in the menu | Own entry under "More", see design 4.
d p3 | E-mail with the code | Template from marketing, see attachment.
w p5 s1106 | PDF gift card with barcode | A4 and A6.
w p3 s1109 | Redeem field in the basket | Below the voucher field.
t p5 | Admin screen for customer service | Search by code, block, refund.
t p3 | Export of sold cards for finance | CSV, monthly.
""",
    ),
    Epic(
        "recipes",
        "Recipe pages 2.0",
        """New recipe pages: bigger pictures, steps with a timer, "add all to basket", nutrition table, video header. Migrate the 640 old recipes.""",
        made="0615",
        start="0706",
        end="0911",
        by="bas",
        team="Basket",
        kr="list-baskets-q3",
        how="label",
        kr_on="0915",
        stories="""
d p5 | New recipe page with big picture and timer | See design 12.
d p3 | Add all ingredients to the basket | One button, amounts by number of eaters.
d p3 | Nutrition table under every recipe | Per portion, as on the label.
d p5 | Move the 640 old recipes | Script plus two days of looking at soup.
d bug p1 | Timer rings in silent mode | Steps: silent phone, start timer, wait. Expected: vibrates. Actual: the whole train looks up.
d p2 f0911 | Video header for the twelve best recipes | Only over wifi.
""",
    ),
    Epic(
        "loyalty",
        "Loyalty club with levels, badges and a birthday surprise",
        """Shoppers collect leaves for every order and climb from Seed to Oak. Leaves can be traded for products. Members get a badge, a birthday surprise and early slots.

Shoppers who are members should come back sooner; we look at people who order again within 21 days.""",
        made="0706",
        start="0803",
        by="carla",
        kr="second-basket-q4",
        how="field",
        team="Basket",
        stories="""
d p5 s0803 f0821 | Leaves are counted for every order | 1 leave per euro, nothing on deposit bottles.
d p3 s0817 f0903 | Level shown on the account page | Seed, Sprout, Branch, Oak.
d p3 s0831 f0914 | Badge next to the name | Four drawings from the studio.
d p5 s0907 f1002 | Trade leaves for products | Catalogue of twenty products.
w p8 s0921 @leavesledger | Ledger of leaves that finance can close | Finance wants to see what we owe at the end of each month.
w p5 s1026 | Birthday surprise | We do not know most birthdays yet.
w p5 s1102 | Early slots for Oaks | Conflicts a little with {slots}; talk first.
r p3 s1103 | Leaves expire after a year | Mail 30 days before.
t p5 | Family accounts share their leaves | Up to five people.
t p3 | Leaves for returned crates | As the depot asked.
t p3 | Invite a friend, get a branch | With a limit, last time somebody invited 212 friends.
t p5 | Loyalty page in three languages | NL, DE, FR.
t p2 | Customer service can correct leaves | With a reason.
""",
    ),
    Epic(
        "substitutes",
        "A substitute you would have picked yourself",
        """Problem: when a product is sold out, the picker chooses. One substitute in three is handed back at the door; "I got coconut milk for oat milk" is the most shared complaint of the summer.

We believe that households who set "never swap this" and see the swap before the van leaves will accept it, measured by substitutes accepted at the door: from 71 % to 80 % by 30 November.

Tested on paper with 60 households first ({swaptest}).""",
        made="0831",
        start="0928",
        by="noor",
        kr="substitutes-q4",
        how="field",
        team="Basket",
        links=(("is validated by", "swaptest"),),
        notes=(
            (
                "1019",
                "noor",
                "74 % in the three test districts after two weeks. Milk and bread are fine, baby food is not: 'never swap' is now on by default there.",
            ),
        ),
        stories="""
d p3 s0930 f1009 | Mark a product as "never swap this" | From the basket and from the order, both remembered.
d p3 s1007 f1019 | Show the swap before the van leaves | A note at picking time with yes, no, and a picture.
d p2 s1014 f1022 | Baby food is never swapped unless asked | Default after the first two weeks.
w p3 s1103 @swaptop | Suggest the swap that people like me accepted | From the accepted ones of the last 90 days, same shelf only.
w p2 s1110 | Let pickers see why a swap was refused | One line on the scanner: "too sweet", "other brand", "no thanks".
t p3 c1026 | Refund a refused swap without a call | Money back before the rider is at the corner.
""",
    ),
    *BASKET,
)

__all__ = ["EPICS", "LOOSE"]
