"""Write down the RIDE backlog in Linear: the small Riders team, drowning in upkeep and honest about it."""

from __future__ import annotations

from .words import Epic, Initiative, Loose, Update

INITIATIVES = (
    Initiative(
        "doorstep",
        "Doorstep",
        "Riders find the right door at the first try. Long-lived home of everything between van and doormat.",
        "RIDE",
        "atRisk",
        "",
        (
            Update(
                "0928",
                "jo",
                "onTrack",
                "Second attempts moved from 3.7 % to 3.4 %. Learned: bells without names are the problem, not the map.",
                "doornotes",
            ),
            Update("1012", "jo", "onTrack", "Moved: 3.4 % to 3.2 %. Stopping the photo of the door: riders wear gloves.", "doornotes"),
            Update(
                "1026",
                "jo",
                "atRisk",
                "No movement, 3.2 %. Surprise: back yards count for a third. Two people are off with the flu.",
                "doornotes",
            ),
            Update(
                "1109",
                "jo",
                "atRisk",
                "3.1 %. We learned that students answer messages, not bells. Asking for one person from Storefront.",
                "ringless",
            ),
        ),
    ),
)

EPICS = (
    Epic(
        "doornotes",
        "Notes from the last rider who found the door",
        """Problem: 3.4 % of the deliveries need a second attempt, most often because the bell has no name.

We believe that riders who see the note of the last colleague will find the door, measured by deliveries that need a second attempt: from 3.4 % to 2.0 % by 15 December.""",
        made="0914",
        start="0928",
        by="jo",
        kr="failed-doors-q4",
        how="label",
        initiative="doorstep",
        notes=(("1109", "jo", "3.1 % this week. Notes exist for 38 % of the addresses."),),
        stories="""
d p3 s0929 f1009 kr=failed-doors-q4 | Leave a note for the next rider | Twelve words at most.
- d | No phone numbers in notes
d p2 s1008 f1019 | Read the note out before the stop | Hands stay on the wheel.
w p3 s1105 w=nina | Households can correct a note | "The dog is friendly" was not true.
""",
    ),
    Epic(
        "ringless",
        "Send a message instead of ringing",
        """Problem: students and people with babies do not answer the bell.

We believe that households who get "two minutes" on the phone will be at the door, measured by second attempts: from 3.4 % to 2.0 %. Tested with 80 addresses by hand ({ringtest}).""",
        made="1012",
        start="1026",
        by="jo",
        kr="failed-doors-q4",
        how="label",
        initiative="doorstep",
        links=(("related", "ringtest"),),
        stories="""
d p2 s1026 f1104 | "Two minutes" message to the phone | Once per order.
w p3 s1109 @ridermsg | Answer with one tap: door, neighbour, wait |
""",
    ),
    Epic(
        "rainmap",
        "Rounds that know about bridges and rain",
        """Problem: on rainy evenings one round in five is late.

We believe riders whose round avoids open bridges will be on time, measured by orders inside the promised hour: 91 % to 96 %.""",
        made="0706",
        start="0720",
        end="0918",
        by="jo",
        kr="on-time-q3",
        how="label",
        initiative="doorstep",
        notes=(("1012", "jo", "Result after three weeks: 92.4 % on time on rainy evenings (was 88). Follow-up planned after the doors."),),
        stories="""
d p3 s0720 f0807 | Bridge times from the city |
d p3 s0810 f0904 | Rounds move when the rain starts |
""",
    ),
)

LOOSE = Loose(
    team="Riders",
    lines="""
v hypothesis @ringtest c1005 s1006 f1014 | A message gets more doors opened than a bell | 80 addresses by hand. Pass mark 70 %. Result: 81 %.
n hypothesis @phototest c0914 s0915 f1001 | A photo of the door helps the next rider | Pass mark 60 % useful. Result 22 %, gloves. Rejected.
d spike c1019 s1020 f1027 | Ride along on four evenings | Notes in the wiki. Bring a scarf.
d bug c0918 f0921 | Map turns the wrong way up after a call |
d bug c0925 f0928 | Round list is empty after midnight | Steps: start round at 23:50.
d bug c1001 f1005 | Rider app logs out on the ferry | Two cities have ferries, it turns out.
d bug c1007 f1009 | Signature field is upside down |
d bug c1013 f1015 | Scanner beep is missing on new phones |
d bug c1020 f1022 | Empties are counted twice | Steps: scan, go back, scan.
d bug c1026 f1028 | Battery is empty at seven in the evening | GPS asked every second.
d bug c1102 f1104 | Wrong phone number for households that moved |
d bug c1105 f1109 | Chat of the depot opens in landscape only |
d bug c1109 f1111 | Two riders get the same round | Since Saturday's double orders.
w bug c1111 s1112 w=bram | Notes with emoji crash the old phones | Steps: write a note with a dog.
d incident c1003 f1003 | No rounds for 35 minutes on Saturday | Cause: map service limit. Limit raised, alarm added.
d incident c1107 f1107 | Rounds of Saturday doubled | Follows the depot's double orders.
d debt c0921 s0928 f1007 | Update the map library | Two versions behind.
d debt c1005 s1012 f1021 | Replace the push service before it ends | Ends on 1 December.
d debt c1019 s1026 f1106 | Rider app builds without Jonas's laptop |
w debt c1102 s1110 | Store rounds on the phone for dead spots |
d p2 c1026 s1102 f1110 kr=on-time-q4 | Rounds leave ten minutes earlier when it rains | Moves KR on-time-q4: two wet evenings so far, 95 % and 94 %.
d task c1012 s1013 f1014 | New phones for Ghent | 24 pieces.
t p3 c1102 kr=on-time-q4 | Riders can swap a stop between them | Asked for in three ride-alongs.
t p2 c1109 kr=failed-doors-q4 | Say thank you to the household that keeps the dog in | Two riders were bitten in summer; riders believe that a thank-you keeps the dog in the next time, too.
""",
)
