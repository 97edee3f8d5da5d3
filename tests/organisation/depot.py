"""Write down the DEPOT backlog: pickers, crates and cold chain in Utrecht and Ghent, the healthiest list in the house."""

from __future__ import annotations

from .words import Epic, Loose

EPICS = (
    Epic(
        "route1",
        "Pickers walk a shorter round",
        """Problem: a picker walks 14 km a shift, a third of it back for things that were passed already.

We believe that pickers who get the round in shelf order will walk less and miss less, measured by wrong or missing items per 100 orders: from 5.6 to 4.2 by the end of September.

First one aisle in Utrecht, by hand, with a printed list ({walktest}).""",
        made="0608",
        start="0629",
        end="0821",
        by="ilse",
        kr="pick-errors-q3",
        how="field",
        links=(("is validated by", "walktest"), ("relates to", "route2")),
        notes=(
            (
                "0914",
                "ilse",
                "Result after three weeks: 4.3 wrong or missing items per 100 orders (was 5.6), 11 km a shift. Version two is {route2}: heavy things first.",
            ),
        ),
        stories="""
d p5 | Order the round by shelf, not by basket | Ambient aisles only.
d p3 | Show the next three shelves on the scanner | Pickers asked to look ahead.
d p2 | A picker can skip and come back | With a reason: empty, blocked, cannot reach.
- d | Reasons in four languages
- d | Count the reasons for the weekly talk
d bug p1 | The scanner sends people to aisle 0 | Steps: product without shelf. Expected: "ask". Actual: aisle 0, which is the canteen.
""",
    ),
    Epic(
        "route2",
        "Heavy things first, eggs last",
        """Problem: 31 % of the damaged items lay under something heavy.

We believe that a round which starts with the heavy shelves leads to fewer damaged crates, measured by wrong, missing or damaged items per 100 orders: from 4.2 to 2.5 by 15 December.

Riskiest assumption: that the walk does not get longer. Tested for two days with tape on the floor ({tapetest}).""",
        made="0907",
        start="1005",
        by="ilse",
        kr="pick-errors-q4",
        how="field",
        labels="follow-up",
        links=(("is validated by", "tapetest"),),
        notes=(("1109", "ilse", "3.6 per 100 now (4.2 at the start). The walk is 300 metres longer; pickers say it is worth it."),),
        stories="""
d p3 s1006 f1016 | Weight class for every product | From the supplier file, the scale for the rest.
d p5 s1012 f1030 @heavyround | Round starts with the heavy shelves | Utrecht first.
w p3 s1104 | Ghent gets the new round | The cold room is at the other end there.
w p2 s1110 | Warn when an egg would lie under a melon | One beep, not a siren.
t p3 c1102 | Crates show where the fragile side is | Sticker or light, to be tried.
""",
    ),
    Epic(
        "shift",
        "Shifts end when they should",
        """Problem: 38 % of the shifts run over by more than fifteen minutes, mostly because the last wave is planned on yesterday's forecast.

We believe that team leads who see the wave growing at three o'clock will move people in time, measured by shifts that run over: from 38 % to 20 % by 30 November.""",
        made="0914",
        start="0928",
        by="tom",
        kr="late-shifts-q4",
        how="field",
        links=(("is validated by", "boardtest"),),
        notes=(("1102", "tom", "30 % now. Team leads look at the board at three; the night shift does not have one yet."),),
        stories="""
d p3 s0930 f1009 | The afternoon wave, updated every ten minutes | On the big screen at the dock.
d p3 s1008 f1021 | Say how many people are missing, in people, not in percent | "Two more at ambient".
r p3 s1103 | The same board for the night shift | With smaller letters, they sit closer.
t p2 | Ask for help from the other hall with one tap | A message, and an answer.
""",
    ),
    Epic(
        "coldchain",
        "Pass the cold-chain audit on 1 December",
        """The food authority visits on 1 December. Every crate needs a temperature record from dock to door. Legal date, fixed scope: chapter 4 of their checklist.""",
        made="0831",
        start="0921",
        by="ilse",
        kr="cold-chain-q4",
        how="field",
        labels="compliance",
        due="1127",
        stories="""
d p3 s0922 f1006 | Log the temperature of the dock every minute | Three sensors a door.
d p3 s1005 f1023 | Alarm after four minutes above seven degrees | To the phone of the dock lead.
w p3 s1102 | Report per van and day for the inspector | PDF, signed.
t p2 c1026 | Rehearse the audit with the neighbours' dock lead | Cake afterwards.
""",
    ),
    Epic(
        "crates",
        "A crate that is missing is missed the same day",
        """Problem: 4,000 crates a month stay in hallways; each costs six euro and nobody knows which street has them.

We believe that depots who see crates by street will collect them on the next round, measured by crates lost per 1,000 orders: from 26 to 12.""",
        made="0713",
        start="0727",
        end="0918",
        by="tom",
        kr="crates-q3",
        how="field",
        links=(("relates to", "crates2"),),
        notes=(
            (
                "1013",
                "tom",
                "Result: crates lost per 1,000 orders down from 26 to 17. Streets with many stairs are the rest; see {crates2}.",
            ),
        ),
        stories="""
d p3 | Scan crates out and in at the dock | One arch, no stopping.
d p3 | Map of crates by street | Colours a tired person can read.
d p2 | Ask the household once, kindly | One line in the order mail.
d spike p2 | Would a deposit scare people off? | Twelve calls: yes, with families on a budget.
""",
    ),
    Epic(
        "crates2",
        "Crates come back down the stairs",
        """Problem: in houses without a lift two crates of three stay upstairs.

We believe riders who get folding crates for third floors and up will bring them back, measured by crates lost per 1,000 orders: from 17 to 12.""",
        made="1012",
        start="1026",
        end="1112",
        by="tom",
        kr="cost-order-q4",
        how="field",
        labels="follow-up",
        stories="""
d p2 s1026 f1104 | Mark addresses without a lift | From the riders' notes.
d p3 s1102 f1111 | Pack third floors and up in folding crates | Two hundred crates to begin with.
""",
    ),
    Epic(
        "weigh",
        "Weigh the crate, find the missing butter",
        """Problem: half of the missing items would show on a scale before the crate is closed.

We believe that a crate which is weighed against its list will leave complete, measured by wrong or missing items per 100 orders: from 5.6 to 4.2.""",
        made="0622",
        start="0706",
        cancel="0807",
        by="ilse",
        kr="pick-errors-q3",
        how="field",
        notes=(
            (
                "0807",
                "ilse",
                "Stopped after three weeks. The scale finds a missing melon, not a missing butter: natural weight of fruit hides everything under 400 g. 9 days of work, well spent.",
            ),
        ),
        stories="""
d p3 s0707 f0717 | A scale under one packing table | Utrecht, table 4.
x p5 | Compare weight and list for every crate | Stopped with the epic.
x p3 | Red light when the weight is wrong | Stopped with the epic.
""",
    ),
    Epic(
        "firstday",
        "A new picker is fast on day three",
        """Problem: in peak weeks 40 new people a week need ten days to reach normal pace, and make half of the mistakes.

We believe new pickers who learn on the real scanner with a pretend order will be up to pace on day three, measured by wrong or missing items per 100 orders: from 4.2 to 2.5.""",
        made="0921",
        start="1012",
        by="tom",
        kr="pick-errors-q4",
        how="label",
        links=(("is validated by", "buddytest"),),
        stories="""
d p3 s1013 f1027 | Practice order on the real scanner | Ten products, three traps.
w p3 s1105 | Voices in Polish, Arabic and Tigrinya | Recorded by colleagues.
t p2 | The buddy sees where the new colleague hesitates | Only in the first week.
""",
    ),
    Epic(
        "cold",
        "De koelcel op volgorde",
        """Probleem: pickers lopen met koude handen drie keer langs de zuivel, omdat de koelcel nog op alfabet ligt.

Wij geloven dat pickers die de koelcel in loopvolgorde krijgen sneller en met minder fouten klaar zijn, gemeten aan fouten per 100 bestellingen: van 4,2 naar 2,5.""",
        made="1005",
        start="1019",
        end="1113",
        by="ilse",
        kr="pick-errors-q4",
        how="field",
        stories="""
d p2 s1020 f1029 | Zuivel en vlees in loopvolgorde | Eerst op papier, een week proberen.
d p3 s1102 f1112 | Handschoenknop op de scanner | Een knop die je met handschoenen kunt raken.
d p1 s1105 f1110 | Wekelijks vragen aan de vroege ploeg wat er nog in de weg staat | Vijf minuten, met koffie.
""",
    ),
    Epic(
        "forecast",
        "Bake what will be eaten",
        """Problem: we threw away 3.1 kg per 100 orders in August, most of it bread.

We believe that bakers who see tomorrow's held slots tonight will bake closer to the need, measured by bread left at eight in the evening: from 9 % to 5 %.""",
        made="0706",
        start="0720",
        end="0911",
        by="tom",
        kr="bread-q3",
        how="field",
        notes=(
            (
                "1007",
                "tom",
                "Measured for four weeks: bread left at eight is 6.1 % (was 9). A second version needs weather, and weather needs somebody with time.",
            ),
        ),
        stories="""
d p3 | Tomorrow's orders by product at six in the evening | A mail, seriously, a mail.
d p2 | Compare forecast and reality every Friday | With the bakers, over bread.
d p3 | Forecast by depot instead of by country | Ghent eats more bread than Utrecht.
""",
    ),
    Epic(
        "bags",
        "Fewer paper bags, same dry bread",
        """Problem: households asked 1,100 times in summer why the bread is in two bags.

We believe that shoppers who get one bag can carry it upstairs in one hand and stop writing to us, measured by complaints about bags per week: from 260 to 80.""",
        made="0803",
        start="0817",
        end="0930",
        by="tom",
        kr="bags-q3",
        how="field",
        notes=(
            (
                "1026",
                "tom",
                "Result: complaints about bags down from 260 to 40 a week, and 0.06 euro per order saved. Done, no second version.",
            ),
        ),
        stories="""
d p2 | One bag for bread unless it rains | The rider decides.
d p2 | Pickers see the bag size on the scanner |
d p1 | Count bag complaints for six weeks | Before and after.
""",
    ),
    Epic(
        "lockers",
        "Pick-up lockers for the late train",
        """Problem: 12 % of the failed deliveries are people who were on the train.

We believe commuters will collect from a cold locker at the station, measured by second delivery attempts: from 3.4 % to 2.0 %.""",
        made="0817",
        start="0907",
        cancel="1009",
        by="tom",
        kr="failed-doors-q4",
        how="field",
        notes=(
            (
                "1009",
                "tom",
                "Stopped. Hypothesis {lockertest} failed: 7 of 300 commuters used it twice. The station loved us, the commuters went home.",
            ),
        ),
        stories="""
d spike p3 s0908 f0925 | A rented locker at Utrecht Overvecht for three weeks | With ice packs and a lot of walking.
x p5 | Cold lockers at four stations | Not now.
x p3 | Code for the locker in the order mail | Not now.
""",
    ),
)

LOOSE = Loose(
    team="Depot floor",
    lines="""
v hypothesis @walktest c0608 s0615 f0626 | Shelf order shortens the walk by a fifth | Printed lists for twelve pickers. Pass mark 20 %. Result: 23 %.
v hypothesis @tapetest c0907 s0914 f0925 | Heavy first does not make the walk longer than 500 m | Tape on the floor. Result: 310 m.
v hypothesis @boardtest c0907 s0914 f0924 | Team leads move people when they see the wave | Paper board for two weeks. Pass mark: moved on 6 of 10 days. Result: 8.
n hypothesis @lockertest c0817 s0907 f1002 | Commuters collect from a locker twice in three weeks | 300 invited, pass mark 45. Result: 7. Rejected.
n hypothesis @musictest c0720 s0727 f0807 | Music in the hall lowers mistakes | Pass mark: 10 % fewer. Result: 2 % more, and a quarrel about the playlist. Rejected.
n hypothesis @bonustest c0914 s0921 f1009 | A team bonus lowers mistakes more than the new round | Rejected: no difference between the halls.
v hypothesis @buddytest c0914 s0921 f1007 | A practice order saves a week | 14 new colleagues against 15. Pass mark: pace on day four. Result: day three.
h hypothesis @lighttest c1102 s1109 | A light on the shelf is faster than a number on the scanner | One aisle, 200 small lamps, two weeks. Pass mark 8 % faster.
t hypothesis @gloves c1109 | Warmer gloves lower mistakes in the cold room | Thirty pairs. Pass mark one mistake fewer per 100 orders.
d spike c0713 s0714 f0722 | Two days on the floor in Ghent | Everybody of the team picked for a day. Mostly humbling.
d spike c1005 s1006 f1014 | Why do shifts run over on Thursdays? | Because of Wednesday's deliveries. Notes in the wiki.
d spike c1026 s1028 f1105 | Talk to nine pickers about the last hour | They know at three what the screen says at five.
w spike c1105 s1110 | What would we need to weigh fruit? | For the curious, one week at most.
d spike c0824 s0826 f0904 | Can the arch read wet tags? | 96 % when dry, 71 % when wet.
d bug c0702 f0706 | Scanner freezes on products without a picture | Steps: scan a loose pepper.
d bug c0715 f0717 | Weight of melons is in pounds | Expected: kilograms.
d bug c0803 f0805 | Two pickers get the same crate | Steps: scan within one second of each other.
d bug c0825 f0828 | Dock door 3 shows as door 30 | Since the new signs.
d bug c0911 f0915 | Printed labels cut the house number | Only from the printer we all dislike.
d bug c1002 f1006 | Dagomzet klopt niet na middernacht | Stappen: order om 23:59, dagafsluiting om 00:05. Verwacht: gisteren. Werkelijk: allebei de dagen.
d bug c1019 f1022 | Substitutes are counted as mistakes | Steps: accept a swap, look at the board.
d bug c1028 f1030 | Night shift cannot log in during the backup | Between 02:00 and 02:20.
w bug c1109 s1111 | Folding crates are booked as two crates | Since Monday.
t bug c1112 | Aisle names in Ghent show the old letters |
d incident c0721 f0721 | Scanners offline for 50 minutes in Utrecht | Cause: the network cabinet was unplugged to charge a phone. Cabinet now has a lock.
d incident c0923 f0923 | Cold room door open for twelve minutes | No product lost, alarm worked, hinge repaired.
d incident c1107 f1107 | Orders of Saturday arrived twice at the depot | Cause: retry without a key. Report in the wiki.
d debt c0706 s0713 f0729 | Move the scanner app to the new framework | Last one on the old one.
d debt c0817 s0824 f0911 | Orders reach the depot by events instead of a nightly file |
d debt c1005 s1012 f1030 | Replace the label server | Twelve years old, still called TEST2.
w debt c1026 s1104 | Shelf data in one place | Three tables say three things about aisle 14.
d task c0914 s0915 f0918 | Yearly scale calibration | The man with the weights.
d task c1012 s1013 f1016 | Winter tyres and winter crates | Each November, this time in October.
s p2 c1019 kr=pick-errors-q4 | Pickers can say that a shelf label is wrong | One tap, goes to the morning lead.
t p3 c1026 kr=late-shifts-q4 | Show how much time the round has left | Only if the pickers still want it after the test.
t p3 c1102 kr=late-shifts-q4 | Plan the breaks into the wave | Breaks move, people do not.
x p3 c0803 s0810 f0824 | Ranking of the fastest pickers on the big screen | Stopped after talking to the pickers. We audit rounds, not people.
x p2 c0907 f0921 | Voice control for the scanner | The hall is too loud, tried with a phone.
d p2 c0921 s0928 f1006 kr=pick-errors-q4 | Ask "all eggs whole?" before the crate is closed | One question, one tap.
d p2 c1012 s1019 f1028 kr=late-shifts-q4 | Count the late vans at the dock in the three o'clock forecast | They explain half of the error.
d p3 c1005 s1014 f1026 kr=pick-errors-q4 text | Scan the shelf before the product | Moves KR pick-errors-q4: 0.3 fewer mistakes in the test aisle.
""",
)
