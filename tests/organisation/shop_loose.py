"""Write down what SHOP has beside its epics: hypotheses, spikes, bugs, upkeep and stories that wander."""

from __future__ import annotations

from .words import Loose

LOOSE = Loose(
    team="Checkout",
    lines="""
t hypothesis @boxtestx c1102 | Households will reserve a Christmas box without seeing its price | Ask 200; pass mark 60 say yes and leave a mail address.
v hypothesis @holdtest c0831 s0907 f0928 | A held slot becomes an order | 400 households in Utrecht, three weeks. Pass mark: 75 % of held slots used. Result: 88 %.
v hypothesis @swaptest c0907 s0910 f0925 | Households say "never swap" for fewer than five products | 60 households on paper. Pass mark 80 % of them. Result: 85 %.
n hypothesis @whatstest c0727 s0803 f0821 | Shoppers want to order by chat | 50 invited. Pass mark: 15 order twice. Result: 4. Rejected, and good riddance to the extra inbox.
n hypothesis @slowtest c0914 s0921 f1016 | Shoppers will wait an extra day for a cheaper slot | Pass mark 10 % choose it. Result 3 %. Rejected in Belgium, unclear in the Netherlands.
h hypothesis @boxtest c0928 s1005 | Families pre-order a standing box at full price | 500 families, pass mark 60 pre-orders by 20 November. 31 so far.
d spike c0706 s0713 f0717 | Interviews: what does the evening look like at six? | Nine families, notes in the wiki.
d spike c1012 s1019 f1023 | Diary study: three weeks of slot choice in twelve homes | Two pages and a photo of a very full fridge door.
w spike c1102 s1109 | Talk to eight people who left us in October | Three done. So far: evenings, and the crate.
d bug c0709 f0714 | Basket total is one cent off with two vouchers | Steps: 10 % and 5 euro voucher. Expected 41.37, actual 41.38.
d bug c0720 f0722 | Slot page is blank on old tablets | Steps to reproduce: Android 9 tablet, open slots. Expected: slots. Actual: white.
d bug c0806 f0811 | Dutch house numbers with letters are refused | "12-bis" is a real address, my mother lives there.
d bug c0819 f0820 | The app crashes when the basket holds 200 products | Expected: slow. Actual: gone.
d bug c0903 f0907 | Voucher mail shows yesterday's date | Belgium only.
d bug c0922 f0924 | Favourites vanish after changing the e-mail address | Steps: change mail, log in again. Expected: favourites. Actual: none.
d bug c1006 f1009 | Back button loses the slot | Steps: choose a slot, back, forward.
d bug c1021 f1026 | Search for "ei" shows Eifel water first | Expected: eggs.
w bug c1105 s1110 | Some phones show prices without the comma | 399 euro for a cucumber reached the local paper.
r bug c1030 s1106 | Order mail arrives twice after a retry | Since 28 October, about 40 a day.
t bug c1111 | Address list jumps when typing fast | Low, but it annoys me each week.
d incident c0811 f0811 | Checkout down for 26 minutes on Tuesday evening | Cause: certificate of the address service. Report in the wiki.
d incident c1018 f1018 | Slot page slow on Sunday at eight | Cause: hourly job moved by the clock change test. Report in the wiki.
d debt c0714 s0720 f0731 | Retire the old basket service | Last reader moved in June.
d debt c0907 s0914 f0925 | Upgrade the web framework before support ends | 14 warnings, one real.
d debt c1005 s1012 f1023 | Slot page tests run in four minutes instead of nineteen |
w debt c1019 s1105 | Split the order mail out of the checkout service |
d task c0810 s0812 f0814 | Yearly check of the emergency stop for orders | Pressed the red button with Operations, 4 minutes.
x p3 c0914 s0928 f1013 | Countdown clock on the basket page | Stopped after a week: it sold nothing and made people nervous.
x p2 c0928 s1012 f1023 | Ask for a rating after every order | Stopped: customer service got the angry half, and we learned nothing from the happy half.
t debt @old1 c0420 | Replace the hand-written date picker | Written in 2019 by somebody who has left us for a bakery.
t p3 @old2 c0302 | Wish list for products we do not sell | From the survey of 2025.
t p2 @old3 c0223 | Dark mode | Asked twice.
t p3 @old4 c0316 | Compare two products side by side | Coffee beans mostly.
t p3 @onepage c0928 | One page for all vouchers and balances | So that people stop asking service what they have left.
d p3 @moved c0817 s0909 f1001 moved=PAY | Saved card is offered first at checkout | Began as a payments story and ended with us.
d p3 @pingpong c0921 s1001 f1106 hand=Payments,Basket,Checkout | Voucher and wallet in one total | Nobody could finish this alone.
d p3 @pingpong2 c1005 s1012 f1109 hand=Basket,Payments,Checkout | Order summary shows what was paid with what | Went round the building once.
w p5 @threegoals c1012 s1026 kr=evening-slots-q4,checkout-done-q4,weekly-families-q4 | Order page that knows slot, payment and swaps | Helps with everything, says the label.
t p3 @twin1 c1012 | Show delivery costs before the slot page | People see the delivery fee only at the end and feel tricked; show it on the basket page, with the free-delivery limit.
""",
)
