"""Write down the PAY backlog: the payments team in Cologne, fast, reliable and handed a roadmap."""

from __future__ import annotations

from .words import Epic, Loose

EPICS = (
    Epic(
        "wallet",
        "Build the Veldmand wallet and roll it out, phase 2",
        """Scope (agreed with Commercial, final): balance, top-up, auto top-up, gift balance, statement, limits, PIN. Deadline 1 December, in the TV plan. Phase 1 was the balance page, phase 3 is Belgium.""",
        made="0831",
        start="0914",
        due="1201",
        fix="Roadmap 2026",
        by="diederik",
        kr="wallet-launch-q4",
        how="field",
        stories="""
d @topup p3 | Add top-up by bank transfer | As specified on page 7.
d p3 | Add automatic top-up under 10 euro | As specified on page 9.
d p2 | Add monthly statement as PDF | As specified on page 11.
w p3 s1109 @walletpin | Add PIN before paying with the wallet | As specified on page 14.
d p2 s1105 f1112 | Add daily limit | As specified on page 15.
t p3 @mandate | Save a mandate for later charges | The shop's box and the shared basket wait for this.
""",
    ),
    Epic(
        "invoice",
        "Rechnungskauf für Deutschland einführen",
        """Kauf auf Rechnung mit 14 Tagen Ziel für Neukunden und Bestandskunden. Umfang laut Pflichtenheft 2.3, Termin 15. November. Bonitätsprüfung über den bestehenden Dienst.""",
        made="0803",
        start="0817",
        end="1106",
        due="1115",
        fix="Roadmap 2026",
        by="pilar",
        stories="""
d p3 | Zahlart „Rechnung“ im Checkout anzeigen | Nur für deutsche Adressen.
d p3 | Bonitätsprüfung anbinden | Antwort in unter zwei Sekunden, sonst Zahlart ausblenden.
d p2 | Mahnlauf mit drei Stufen | Texte von der Rechtsabteilung.
d bug p1 | Rechnung zeigt Umlaute als Fragezeichen | Schritte: Adresse mit „ü“. Erwartet: Müller. Tatsächlich: M?ller.
""",
    ),
    Epic(
        "paybank",
        "Add a pay-by-bank button",
        """Add the button on the payment page, app and web. Logo guidelines attached.""",
        made="0525",
        start="0608",
        end="0703",
        due="0703",
        fix="Roadmap 2026",
        by="gunnar",
        stories="""
d p3 s0608 f0619 | Add the button on the payment page | With logo.
d p3 s0615 f0630 | Add the return page | Three languages.
""",
    ),
    Epic(
        "tips",
        "Add tipping for riders",
        """Add a tip of 1, 2 or 5 euro after the order. Paid out with the salary. Requested by Commercial after seeing it at a taxi app.""",
        made="0928",
        start="1012",
        due="1127",
        fix="Roadmap 2026",
        by="beatrix",
        stories="""
d p2 | Add the tip buttons after payment | 1, 2, 5, none.
d p3 | Add the tip to the payout file | Payroll format.
w p2 s1111 @tipwait | Add the thank-you note from the rider | From the rider app.
""",
    ),
    Epic(
        "stack",
        "Allow vouchers to be stacked",
        """Allow up to three vouchers in one order. Rules in the sheet of Marketing.""",
        made="0601",
        start="0615",
        end="0724",
        due="0731",
        fix="Roadmap 2026",
        by="lutz",
        stories="""
d p3 | Accept up to three vouchers | Order of use as in the sheet.
d p2 | Show the stack in the receipt | One line each.
""",
    ),
    Epic(
        "split",
        "Build split payments",
        """Build paying one order with two methods. As in the concept of March.""",
        made="0615",
        start="0629",
        end="0814",
        due="0814",
        fix="Roadmap 2026",
        by="carla",
        stories="""
d p5 | Pay one order with card and voucher balance |
d p3 | Refund split orders in the right order | Voucher first.
d bug p1 | Split order refunds twice | Steps: split 50/50, cancel. Expected: one refund each. Actual: two on the card.
""",
    ),
    Epic(
        "b2b",
        "Create monthly invoices for offices",
        """Create one invoice a month for office customers, with cost centre and purchase order number.

We believe that offices who get one invoice will order again, measured by offices that order each month: from 40 to 60.""",
        made="0622",
        start="0706",
        end="0821",
        due="0828",
        fix="Roadmap 2026",
        by="diederik",
        edits=(("0831", "body", "Create one invoice a month for office customers, with cost centre and purchase order number."),),
        stories="""
d p3 | Collect the month's orders on one invoice |
d p2 | Add cost centre and order number | Free text.
""",
    ),
    Epic(
        "points",
        "Pay with loyalty points",
        """Implement points as a payment method. Rate 100 leaves = 1 euro. Go-live with the autumn campaign.""",
        made="0720",
        start="0803",
        end="0911",
        due="0911",
        fix="Roadmap 2026",
        by="pilar",
        stories="""
d p3 | Implement points as a payment method |
d p3 | Show points in the payment list |
d p2 | Return points when an order is cancelled |
""",
    ),
    Epic(
        "cards2",
        "Implement saved cards for guests",
        """Implement saving a card without an account. Requested by two large cities' sales leads.""",
        made="0713",
        start="0720",
        end="0904",
        due="0904",
        fix="Roadmap 2026",
        by="gunnar",
        stories="""
d p3 | Save a card without an account | By mail link.
d p2 | Delete a saved card | In the mail footer.
""",
    ),
    Epic(
        "currency",
        "Add Swiss francs",
        """Add CHF as a currency: prices, vouchers, receipts, refunds.""",
        made="0810",
        start="0817",
        end="0915",
        due="0915",
        fix="Roadmap 2026",
        by="beatrix",
        stories="""
d p3 | Show prices in francs | Rounded to five centimes.
d p2 | Vouchers in francs |
d p2 | Refunds in francs |
""",
    ),
    Epic(
        "klick",
        "Add one-click payment",
        """Add a "buy now" button that skips the payment page.""",
        made="0824",
        start="0907",
        end="1009",
        due="1009",
        fix="Roadmap 2026",
        by="lutz",
        stories="""
d p3 | Add the "buy now" button | On the basket page.
d p2 | Ask for the fingerprint above 100 euro |
d p2 | Switch one-click off in the account |
""",
    ),
    Epic(
        "receipt",
        "Redesign the receipt",
        """Redesign the receipt as in the brand book, page 40 to 44.""",
        made="0914",
        start="0928",
        end="1030",
        due="1030",
        fix="Roadmap 2026",
        by="carla",
        stories="""
d p3 | New layout for the receipt |
d p2 | Receipt as a picture to share |
d p2 | Receipt in English for expats |
""",
    ),
    Epic(
        "refunds",
        "Money back before the parcel tape is dry",
        """Problem: a refund takes three days, and "where is my money" is the second most frequent call.

We believe shoppers who get the refund the same day call less and order again, measured by refunds paid within a day: from 20 % to 30 %.""",
        made="0921",
        start="1005",
        by="noor",
        kr="refunds-fast-q4",
        how="field",
        stories="""
d p3 s1005 f1009 | Refund on the day the crate is scanned |
d p3 s1008 f1014 | Say on which day the money arrives |
r p2 s1105 @refwait | Refund to the wallet in seconds |
""",
    ),
    Epic(
        "roadmap",
        "Payment roadmap 2026: remaining tickets",
        """Collects the remaining tickets of the payment roadmap 2026 so that the percentage is right. KR roadmap-done-q4 counts these.""",
        made="1005",
        start="1012",
        due="1231",
        fix="Roadmap 2026",
        by="diederik",
        kr="roadmap-done-q4",
        how="label",
        stories="""
d task @pad1 c1106 s1106 f1106 | Rename button "Zahlen" to "Jetzt zahlen" |
d task @pad2 c1106 s1106 f1106 | Remove blank line in receipt mail |
d task @pad3 c1106 s1106 f1106 | Update link in footer |
d task @pad4 c1106 s1106 f1106 | Close old feature switch "pay7" |
d task @pad5 c1106 s1106 f1106 | Close old feature switch "pay8" |
d task @pad6 c1106 s1106 f1106 | Close old feature switch "pay9" |
d task @pad7 c1106 s1106 f1106 | Correct spelling in FAQ |
d task @pad8 c1106 s1106 f1106 | Archive March report |
d p2 s1109 f1113 | Add logo of the new bank |
""",
    ),
    Epic(
        "express",
        "Add express checkout in the app",
        """Add the express button of both phone makers. Scope final, date 20 November with the campaign.""",
        made="1005",
        start="1019",
        due="1120",
        fix="Roadmap 2026",
        by="pilar",
        stories="""
d p3 | Add the button on the basket page |
d p3 s1105 f1111 | Add the address from the phone |
t p2 | Add the button to the product page |
""",
    ),
    Epic(
        "subs",
        "Create the subscription billing engine",
        """Create recurring billing: plans, trials, dunning, proration, coupons, taxes. Specification 4.1 signed on 25 September. Go-live 15 December.""",
        made="0928",
        start="1019",
        due="1215",
        fix="Roadmap 2026",
        by="gunnar",
        stories="""
w p5 s1109 @billing | Add plans and prices |
d p3 | Create the billing calendar |
t p5 | Create dunning for failed payments |
t p3 | Add coupons to plans |
""",
    ),
    Epic(
        "charity",
        "Add round-up for charity",
        """Add rounding up to the next euro for a charity of the month.""",
        made="1012",
        start="1026",
        due="1130",
        fix="Roadmap 2026",
        by="beatrix",
        stories="""
d p2 | Add the round-up box | Below the total.
t p1 | Add the charity of the month to the menu |
d p2 s1109 f1112 | Add the yearly thank-you certificate |
""",
    ),
    Epic(
        "cardscan",
        "Add a card scanner for new cards",
        """Add scanning a card with the camera in the app.""",
        made="0511",
        start="0525",
        end="0619",
        due="0619",
        fix="Roadmap 2026",
        by="pilar",
        stories="""
d p3 s0525 f0605 | Add the camera screen | See design 3.
d p2 s0608 f0618 | Add the fallback for typing | Same fields as before.
""",
    ),
    Epic(
        "bankname",
        "Show the bank's logo in the order list",
        """Add the logo of the bank next to each order. Requested by two partner banks.""",
        made="0518",
        start="0608",
        end="0626",
        due="0630",
        fix="Roadmap 2026",
        by="gunnar",
        stories="""
d p2 s0608 f0616 | Add forty logos | From the partners' portal.
d p2 s0616 f0625 | Add the logo to the order list | Left of the amount.
""",
    ),
    Epic(
        "familywallet",
        "Add family wallets",
        """Build wallets for up to five people: shared balance, limits for children, monthly overview. Scope as in concept 1.2, in the TV plan.""",
        made="1019",
        due="1220",
        fix="Roadmap 2026",
        by="beatrix",
        stories="""
t p5 | Add a shared balance | As specified on page 3.
t p3 | Add limits for children | As specified on page 5.
t p3 | Add a monthly overview | As specified on page 6.
""",
    ),
    Epic(
        "titres",
        "Add meal vouchers for France",
        """Add two voucher issuers as payment methods. Contract signed in September, date fixed with the issuers.""",
        made="1012",
        due="1214",
        fix="Roadmap 2026",
        by="lutz",
        stories="""
t p3 | Add the first issuer | Sandbox is open.
t p3 | Add the second issuer | Sandbox from 20 November.
t p2 | Add the voucher split in the receipt | Food and the rest.
""",
    ),
    Epic(
        "kiosk",
        "Add payment at the pick-up kiosk",
        """Build card payment at the pick-up kiosk in Cologne. Hardware arrives 7 December.""",
        made="1026",
        start="",
        due="1218",
        fix="Roadmap 2026",
        by="lutz",
        stories="""
t p5 | Add the card payment flow on the kiosk |
t p3 | Add the daily closing |
t p2 | Add the paper receipt |
""",
    ),
)

LOOSE = Loose(
    team="Payments",
    lines="""
d bug c0707 f0709 | Karte mit Ablauf 02/30 wird abgelehnt | Schritte: Karte eingeben, Monat 02. Erwartet: angenommen. Tatsächlich: „Datum ungültig“.
d bug c0818 f0820 | Timeout of the bank shows as "paid" | Expected: pending. Actual: paid. Found by finance, thankfully on the same day.
d bug c0915 f0916 | Wallet balance shows minus zero |
d bug c1020 f1021 | Return page in French says "Merci de rien" |
d incident c0929 f0929 | Card payments fail for 41 minutes | Cause: expired key at the acquirer. Report written, alarm added.
w bug c1109 s1112 | Top-up appears twice in the statement | Since the release of 5 November.
t p2 @mealicon c1019 | Add a payment method icon for meal vouchers | For France, some day.
t p3 @slowwait c1019 | Add the mandate text in Dutch | For the box.
t p3 @tipexport c1026 | Build an export of tips by city | Asked by Commercial.
t p3 @villages c1102 | Add cash on delivery for villages | Asked by two sales leads.
t p3 @giftbalance c1102 | Build a gift balance for companies | Asked by Commercial.
d p2 c1102 s1104 f1110 kr=wallet-launch-q4 | Add the wallet to the help pages | Six screenshots.
d task c1012 s1013 f1015 | Renew the yearly card-security questionnaire | 281 questions.
d debt c1019 s1102 f1110 | Keys of the acquirer rotate by themselves | After the incident of 29 September.
""",
)
