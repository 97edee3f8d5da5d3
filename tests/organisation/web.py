"""Write down the WEB backlog in Linear: the Storefront team, busy, cheerful and in love with launches."""

from __future__ import annotations

from .words import Epic, Initiative, Loose, Update

INITIATIVES = (
    Initiative(
        "relaunch",
        "Storefront relaunch",
        "Everything new by Christmas, phase by phase; the team returns to Brand after close.",
        "WEB",
        "onTrack",
        "2026-12-18",
        (
            Update(
                "0921",
                "lena",
                "onTrack",
                "Shipped the new header in all countries. Shipped the category page. 14 tickets closed.",
                "header",
            ),
            Update("0928", "lena", "onTrack", "Shipped the store finder map and the cookie bar. 12 tickets closed.", "header"),
            Update(
                "1005",
                "lena",
                "onTrack",
                "Launched the new footer. Launched the store finder. 11 tickets closed, 9 to go this month.",
                "pdp",
            ),
            Update("1019", "lena", "onTrack", "Released the product page in Belgium. Finished the icon set. Great week.", "pdp"),
            Update("1026", "lena", "onTrack", "Completed the tabs and the order list. 18 tickets closed, velocity is up.", "pdp"),
            Update("1102", "lena", "onTrack", "Delivered the account page. Merged 23 pull requests. Rollout is at 64 %.", "account"),
            Update("1109", "lena", "onTrack", "Shipped the landing page builder and 4 new templates. Rollout at 71 %.", "account"),
            Update("1030", "lena", "onTrack", "All 40 landing pages are live. Project completed on time.", "builder"),
        ),
    ),
    Initiative(
        "starlight",
        "Project Starlight",
        "Christmas shop with gift finder, advent calendar and countdown. Handed to Marketing on 2 January.",
        "WEB",
        "onTrack",
        "2026-12-24",
        (
            Update("1012", "yara", "onTrack", "Finished the designs. Built the calendar frame.", "advent"),
            Update("1026", "yara", "onTrack", "Launched the gift finder. Calendar doors 1 to 12 are done.", "finder"),
            Update("1109", "yara", "onTrack", "Doors 13 to 24 delivered. Countdown shipped.", "advent"),
        ),
    ),
)

EPICS = (
    Epic(
        "header",
        "Storefront relaunch phase 1: header and menu",
        """Roll out the new header with mega menu, sticky search and country switch on all pages.""",
        made="0810",
        start="0817",
        end="0918",
        due="0918",
        by="lena",
        initiative="relaunch",
        stories="""
d p3 | Mega menu with pictures | Four columns.
d p2 | Sticky search | On scroll.
d p2 | Country switch in the header | Flags and names.
""",
    ),
    Epic(
        "pdp",
        "Storefront relaunch phase 2: product page",
        """Product page as in the design file, all countries, with 360° pictures, tabs and a recommendation strip.""",
        made="0907",
        start="0921",
        due="1120",
        by="lena",
        kr="library-share-q4",
        how="label",
        initiative="relaunch",
        stories="""
d p3 | Picture gallery with zoom |
d p3 | Tabs for nutrition, origin, reviews |
w p5 s1026 w=yara | Turn-around pictures | 120 products.
w p3 s1105 w=emil | Recommendation strip | Same as on the basket page.
- t | Strip without pictures for slow phones
t p3 | Reviews with photos |
""",
    ),
    Epic(
        "account",
        "Storefront relaunch phase 3: account page",
        """Account page as in the design file.""",
        made="0921",
        start="1005",
        due="1218",
        by="lena",
        kr="library-share-q4",
        how="label",
        initiative="relaunch",
        stories="""
d p3 | Order list with filters |
w p3 s1102 w=sana | Address book |
w p2 s1109 w=emil | Avatar |
t p2 | Newsletter settings |
""",
    ),
    Epic(
        "advent",
        "Project Starlight: advent calendar with 24 doors",
        """Calendar with 24 doors, one offer each, snow on the page. Fixed for 1 December.""",
        made="0928",
        start="1005",
        by="carla",
        initiative="starlight",
        due="1201",
        stories="""
d p3 | Calendar frame with snow | Snow can be switched off.
d p5 | Doors 1 to 12 |
d p5 | Doors 13 to 24 |
w p2 s1110 w=yara | Sound when a door opens |
""",
    ),
    Epic(
        "finder",
        "Project Starlight: gift finder",
        """Five questions, ten gifts. Build as in the click dummy.""",
        made="1001",
        start="1012",
        by="carla",
        initiative="starlight",
        due="1120",
        stories="""
d p3 | Five questions |
d p3 | Ten gifts |
w p2 s1109 w=sana | Share the result |
""",
    ),
    Epic(
        "builder",
        "Landing page builder",
        """Editor with blocks so that Marketing builds pages alone.""",
        made="0706",
        start="0713",
        end="1023",
        by="lena",
        initiative="relaunch",
        stories="""
d p5 s0713 f0807 w=piet | Block editor |
d p3 s0810 f0828 | 40 templates |
d p3 s0914 f1009 | Approval before publishing |
""",
    ),
    Epic(
        "guestslot",
        "Show free evening slots before log-in",
        """Problem: shoppers must log in before they see whether an evening is free; half of them do not come back.

We believe that guests who see free evenings on the first page will stay, measured by people who leave at slot choice: 23 % to 15 %.""",
        made="1005",
        start="",
        by="noor",
        kr="evening-slots-q4",
        how="label",
        stories="""
t p3 @waitingslot | Free evenings on the first page, by postcode | Ready to start since 12 October, waiting for somebody with time.
t p2 | Remember the postcode for the log-in |
""",
    ),
    Epic(
        "reviews",
        "Reviews on every product",
        """Collect and show reviews with stars. Import 9,000 old ones from the mail tool.""",
        made="1019",
        start="1026",
        by="lena",
        bots=(("1106", "needs-refinement"),),
        stories="""
w p3 s1027 w=emil | Stars on the product page |
w p3 s1109 w=sana | Import 9,000 old reviews |
t p3 | Moderate reviews |
""",
    ),
)

LOOSE = Loose(
    team="Storefront",
    lines="""
v hypothesis @wh1 c0706 s0706 f0706 | Shoppers like the new header | Validated in the team review.
v hypothesis @wh2 c0720 s0720 f0720 | Bigger pictures sell more | Validated: the pictures look better.
v hypothesis @wh3 c0803 s0804 f0810 w=kofi | A country switch is needed | Validated with Marketing.
v hypothesis @wh4 c0817 s0817 f0817 | People want a gift finder | Validated by survey among colleagues.
v hypothesis @wh5 c0831 s0831 f0831 | Snow makes people buy | Validated.
v hypothesis @wh6 c0914 s0914 f0914 | Reviews raise trust | Validated: known from literature.
v hypothesis @wh7 c0928 s0928 f0928 | Turn-around pictures raise trust | Validated in the design review.
v hypothesis @wh8 c1012 s1012 f1012 | Avatars make the account personal | Validated.
v hypothesis @wh9 c1026 s1026 f1026 | A sound makes the calendar fun | Validated: everybody laughed.
d bug c0714 f0716 | Menu opens behind the banner | Steps: open menu on the home page. Expected: above.
d bug c0902 f0904 | Zoom does not close with Escape |
d bug c1008 f1012 | Search field loses the first letter | Steps: type fast. Expected: "milk". Actual: "ilk".
d bug c1022 f1026 | Country switch forgets the basket | Steps: basket in NL, switch to BE.
w bug c1110 s1112 w=yara | Snow covers the order button | Steps: open calendar on a small phone.
t bug c1111 | Footer is blue on one page |
t p2 @logo | Animated logo for the loading screen |
t p3 @twin2 c1026 | Show the delivery costs before the slot page | Shoppers see the delivery fee only at the end and feel tricked; show it on the basket page with the free-delivery limit.
t p3 @social c1102 | Social log-in with two more providers |
d p2 c0713 s0720 f0803 w=lena | Store finder with map | For the three pick-up points.
d p2 c0907 s0914 f0923 | Icon set 2.0 | 120 icons.
d p2 c1005 s1012 f1021 | Footer with newsletter box |
d p2 c0601 s0615 f0626 | Wishlist heart on product cards |
d p2 c0615 s0629 f0710 | Picture slider on the home page | Five pictures, autoplay.
x p2 c0720 s0727 f0803 w=marta | Virtual shelf in 3D | Too heavy for phones.
""",
)

TEAM_BY_QUARTER = {"2026-Q3": ("lena", "kofi", "marta", "piet"), "2026-Q4": ("lena", "yara", "emil", "sana")}
