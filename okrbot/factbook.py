"""The fact tables: every column a rule may read, with its type, its value when nothing is known, and what it means.

This page is the source of `docs/facts.md`, of the empty tables a rule page is checked against, and of the tables an
audit fills. A column's default is also what a row in a rule's examples has where the example says nothing.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

Type = Literal["text", "integer", "double", "boolean", "timestamp", "date", "text[]"]

# What a column of each type holds when nothing is known. null says "unknown"; '' and 0 say "none".
_DEFAULTS: dict[str, str] = {
    "text": "''",
    "integer": "0",
    "double": "null",
    "boolean": "false",
    "timestamp": "null",
    "date": "null",
    "text[]": "[]",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """One column of a fact table; `default` is a SQL literal."""

    name: str
    type: Type
    doc: str
    default: str


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """One fact table; `subject` says whether a rule may flag its rows (by their `key`)."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    subject: bool

    def create(self) -> str:
        """Return the statement that makes the empty table."""
        columns = ",\n  ".join(f'"{c.name}" {c.type} default {c.default}' for c in self.columns)
        return f"create table {self.name} (\n  {columns}\n)"


def _columns(text: str) -> tuple[Column, ...]:
    columns = []
    for line in text.strip().splitlines():
        name, kind, rest = (part.strip() for part in line.split("|", 2))
        type_, _, default = kind.partition("=")
        columns.append(Column(name, type_.strip(), rest, default.strip() or _DEFAULTS[type_.strip()]))  # type: ignore[arg-type]
    return tuple(columns)


ITEM = Table(
    "item",
    "One row an item of any backlog, as of the audit's instant. `key` is unique: where two sources share a key it reads source/KEY.",
    _columns(
        """
key | text | the tracker's key, e.g. SHOP-12
source | text | name of the source
backlog | text | source/key of the backlog
team | text | the team field, else the backlog's name
product | text | product that owns the backlog, '' if none is configured
title | text | title
kind | text = 'story' | our word: initiative, epic, story, task, subtask, bug, spike, hypothesis, incident, other
their_kind | text | the tracker's word
level | integer | -1 sub-task, 0 story, 1 epic, 2 and more above
state | text = 'todo' | our word: todo, doing, done, cancelled
their_state | text | the tracker's word
work_class | text = 'value' | value, discovery, ktlo, enabling, unknown
class_by | text | what decided the class: answer, config, type, label, component, project, text, parent, none
unit | boolean = true | rules judge this item itself: an epic or above, or a story that no epic stands over; a child inherits from its unit
unit_key | text | key of the item that is judged for it (itself if `unit`)
parent | text | key of the parent, '' if none
top | text | key of the topmost ancestor (itself if none)
depth | integer | steps up to the topmost ancestor
restricted | boolean | security level or private team: counted, never named in a channel
has_history | boolean = true | its changes were read completely
labels | text[] | labels, lower case
components | text[] | components
created | timestamp | created (UTC), null if unknown
started | timestamp | first entry into doing, null if never or unknown
finished | timestamp | entry into done or cancelled, null if open
released | timestamp | when users got it: release date of its version or a release field, else finished
due | date | due date
age_days | double | days since created, null if unknown
work_days_old | integer = 99 | working days since created (team's zone, holidays out), null if unknown
started_days | double | days since started; for finished items days from start to finish; null if not started
quiet_days | double | days since a person last changed or commented (bots do not count); since created if never; null if unknown
family_quiet_days | double | of a unit: the least quiet_days of itself and everything below it; of any other item: that of its unit; null if unknown
state_days | double | days in the present state, null if unknown
live_days | double | days since released; null if not, or if the day is unknown
backlog_rank | integer = 9999 | place among the open items of its backlog, 1 = top; 9999 if no rank is known
ranked | boolean = true | its place among the open items of its backlog is known
estimate | double | estimate in the team's unit
children | integer | direct and indirect children, sub-tasks not counted
children_started | integer | of these doing or done
children_done | integer | of these done
first_child_done | timestamp | first child done
last_child_done | timestamp | last child done
released_share | double | share of children done when the first of them was released, the share done now if none is released yet; null if no release is known in its backlog
key_result | text | id of the key result it works for, '' if none
objective | text | id of that key result's objective
linked | boolean | there is a path to an active key result
link_via | text | what matched first: answer, field, label, items, goal, link, project, parent, children, text
linked_at | timestamp | when that link was made, null if unknown
objectives_linked | integer | how many active objectives it names itself
own_bet | boolean | marked as a bet of the team's own (label own-bet), with a reason in its text
text_kind | text | what its title states: solution, problem, bug, maintenance, unclear
language | text = 'en' | language of its text, '' if unknown
text_known | boolean = true | the text could be judged: its language has a lexicon and there is text
text_confidence | double = 1.0 | 0 to 1, of the four signals below
has_who | boolean | names who it is for
has_problem | boolean | states the problem or need
has_change | boolean | states an expected change in behaviour
has_measure | boolean | names a measure
has_baseline | boolean | says where the measure stands today
has_target | boolean | says where it should go
has_hypothesis | boolean | states a hypothesis or assumption
instruments | boolean | its own purpose is to measure
is_container | boolean | named like a project: phase, rollout, programme
is_regulation | boolean | done for law or compliance
is_reversible | boolean | marked small or reversible (label, or estimate in the lowest quarter of its backlog)
quote | text | the words that decided, for the note
hypothesis | text | key of the hypothesis linked to it
validated_at | timestamp | when that hypothesis was decided as valid
result_noted | boolean | after release a result was written: field, comment or update with a number or a learning
checked_in_after | boolean | its key result had a check-in within 30 days after release
follow_ups | integer | items that follow it up (link, clone, label) and were created within 60 days after it was finished
planned_one_off | boolean | marked as a one-off
reason_added | timestamp | when its key result, measure or reason was first written; null if at creation or never
reason_in_bulk | boolean | that was part of a bulk edit (over 20 items of one author in 10 minutes)
mostly_done | timestamp | when 80 % of its children (or itself) were done; null if not yet, or unknown
hand_offs | integer | changes of team or backlog between start and finish
teams | integer | teams that work on it or its children
blocked_by_team | text | another team it waits for or waited for after start, '' if none
blocked_days | double | days it was blocked by another team after start
blocked_external | boolean | the wait is for somebody outside the company (label external or vendor)
from_outside | boolean | created by somebody who has not worked in its team; null if unknown
scope_locked | boolean | due date and children were fixed before discovery or start
due_moves | integer | how often the due date moved later
on_hold | boolean | legal or security hold
"""
    ),
    subject=True,
)

KEY_RESULT = Table(
    "key_result",
    "One row a key result, active or not, as of the audit's instant.",
    _columns(
        """
key | text | id of the key result
source | text | where it was read
title | text | title
objective | text | id of its objective
objective_title | text | title of its objective
product | text | product of its objective
team | text | team of its objective
level | text | company, product or team, '' if unknown
cycle | text | name of the cycle
active | boolean = true | its cycle runs and neither it nor its objective is archived or gone
cycle_share | double = 0.5 | share of the cycle that has passed, 0 to 1; null if unknown
cycle_days | double = 45.0 | days since the cycle began, without one since it was created; null if unknown
ended_days | double = 0.0 | days since the last day of its cycle, 0 while it runs; null if its cycle is unknown
kind | text | aspirational, committed, health or ''
metric | text | metric
unit | text | unit
baseline | double | where it started
target | double | where it should be
current | double | where it is, last known
progress | double | share of the way from baseline to target, null if unknown; may be under 0 or over 1
progress_from | text = 'metric' | where its progress comes from: metric, tickets, milestones or ''
due | date | due date
owner | boolean | somebody owns it
status | text | on_track, at_risk, off_track, done, dropped or '', as said by people
cadence_days | integer = 7 | days between check-ins, as declared
lag_days | integer | days until work can show in the metric, as declared
text_kind | text | outcome, output, outcome_unmeasured, unclear
text_confidence | double = 1.0 | 0 to 1
text_known | boolean = true | its language has a lexicon
quote | text | the words that decided
delivery_verb | boolean | opens with a verb of delivery or activity
about_backlog | boolean | really is about the backlog, e.g. open defects to zero
is_lagging | boolean | a company's lagging metric: revenue, churn, NPS
is_upkeep | boolean | maintain, keep, continue
seeks_baseline | boolean | its own purpose is to find out where the metric stands
leading_below | boolean | a product outcome stands beside or below it
check_ins | integer | number of check-ins in its cycle
news_days | double | days since the last check-in or change of value; since the cycle began if none; null if unknown
confidence_drop | double | highest confidence in the cycle minus the last, 0 to 10
in_steps | boolean | its value moves in steps: done or not done, milestones, or a metric read once a quarter
moved_4w | boolean | its value moved in the last four weeks (or its declared lag)
start_share | double | share of the way already gone at the first check-in of the cycle; null if unknown, as nobody looked within its first third
reached_share | double | share of the cycle that had passed when the target was reached, null if not
forecast | double | share of the way it will have gone at the end if it goes on as over the cycle so far, null if unknown
surge_share | double | share of its progress booked in the last 7 days of the cycle
high_scores | integer | cycles in a row in which the same aspirational key result ended at 0.95 or more
same_text_cycles | integer = 1 | cycles in which the same text stood
eased_at | timestamp | last edit of target, baseline, unit or metric in the easier direction, null if none
eased_field | text | which field
eased_before | text | value before
eased_after | text | value after
eased_share | double = 0.0 | share of the cycle that had passed then, 0 if nothing was eased; null if its cycle or its earlier state is unknown
eased_after_hours | double | hours between that edit and the one before it on the same field (typo window)
gone | boolean | deleted or archived while its cycle ran
reworded | boolean | its text was replaced while its cycle ran; null if its earlier state is unknown
closing_note | boolean | a closing note says why
layers | integer = 1 | objective levels from the top objective down to its own, both counted
items | integer | items linked to it
items_started | integer | of these started
items_moved_14d | integer | of these changed by a person in the last 14 days
items_started_below | integer | started items under the active goals that hang from it; for a company key result, from its objective
started_link_days | double | days since the last start of an item linked to it; since the cycle began if none; null if unknown
same_day_items | integer | tiny items linked to it, created and closed the same day, last 28 days
templated_items | integer | of these created from a sub-task template
"""
    ),
    subject=True,
)

OBJECTIVE = Table(
    "objective",
    "One row an objective, active or not, as of the audit's instant.",
    _columns(
        """
key | text | id of the objective
source | text | where it was read
title | text | title
level | text | company, product or team, '' if unknown
parent | text | id of the objective or key result above, '' if none
product | text | product
team | text | team
cycle | text | cycle
active | boolean = true | its cycle runs and it is not archived or gone
cycle_days | double = 45.0 | days since the cycle began, without one since it was created; null if unknown
key_results | integer | key results of its own, without those dropped or archived
children | integer | objectives below it, without those dropped, archived or of a cycle that is over
items_started | integer | started items linked to it or to anything below it
quiet_days | double | days since a start or change of linked work, or a check-in; since the cycle began if none; null if unknown
has_reason | boolean | its text says why it stands alone or explores
depth | integer = 1 | levels from the top objective to this one, both counted
text_kind | text | qualitative, has_metric, output, unclear
text_confidence | double = 1.0 | 0 to 1
similarity_to_parent | double | 0 to 1, to the objective above (its title), null if none
similarity_to_parent_kr | double | 0 to 1, to the nearest key result of the objective above, null if none
parent_similarity_up | double | the parent's own similarity to its parent, null if none
actor_lost | boolean | the objective above names a customer or user, this one and its key results do not
metric_lost | boolean | the objective above or its key results name a metric, this one's do not
shared | boolean | the same objective on purpose: marked shared
"""
    ),
    subject=True,
)

BACKLOG = Table(
    "backlog",
    "One row a backlog: one separately ranked list of work.",
    _columns(
        """
key | text | source/key
title | text | name
source | text | source
product | text | product
team | text | team that works from it
items | integer | items, all states
open_items | integer | todo or doing
has_history | boolean = true | most of its items have history
started_value | integer | value units started (doing, or finished in the last 90 days)
linked_value | integer | of these linked to an active key result
linked_share | double | the same as a share by estimate if the backlog estimates, else by count; null if none started
unlinked_examples | text | up to three unlinked units, largest first: their keys, or their titles in quotes where the key is only a number for machines
value_finished | integer | value epics finished in the last two quarters
value_tweaked | integer | of these followed up within 60 days
value_one_offs | integer | of the finished value epics those marked as a planned one-off (never among the tweaked)
started_quarter | integer | value and discovery items started in the last 91 days
stopped_quarter | integer | of the running ones cancelled in the last 91 days, and discovery decided against
say_do | double | share of items planned into the last six weeks' sprints that were done in them; without sprints finished / started
cycle_days | double | median days from start to finish, last six weeks
cycle_days_before | double | the same for the half year before
krs_linked | integer | active key results that its work links to
krs_moved | integer | of these moved in the last four weeks or their declared lag
started_6w | integer | items started in the last six weeks
discovery_6w | integer | of these discovery
finished_6w | integer | items finished (done) in the last six weeks
upkeep_6w | integer | of these ktlo or enabling
stabilising | boolean | declared as a phase of stabilisation (config)
discovery_elsewhere | boolean | discovery is declared to live in another tool (config)
started_items | integer | items doing now
waiting_items | integer | of these blocked by another team and not external
wait_median | double | median days blocked by another team, finished items of the last half year
work_median | double | median days from start to finish without these waits
rank_reversals | integer | times in four weeks that one person's re-ranking of a top-30 item was undone by another
rankers | integer | people who re-ranked the top 30 in four weeks (counted, never named)
low_started | integer | items started in the last 14 days for key results in the lower half of the product's list
high_waiting | integer | items of other backlogs of the product, for key results in the upper half, that wait over 14 days; null if none is known to and how long some wait is unknown
high_waiting_example | text | key of one of these, or its title in quotes where the key is only a number for machines
roadmap_epics | integer | open epics with a due date or planned dates, value class
locked_epics | integer | of these with date and scope fixed before discovery
bound_epics | integer | of the locked ones those whose date a law or an event sets (regulation, or label event or legal)
linked_epics | integer | of these linked to a key result
top_items | integer | of the top 30 open items those judged by text whose reporter is known
handed_in | integer | of these created outside the team and phrased as a solution
updates_8w | integer | status updates of its projects in eight weeks
shipped_only_8w | integer | of these that speak of shipped work only
launch_8w | integer | of the shipped-only ones those written within seven days after a release or a finished epic of the backlog
learned_8w | integer | of these that state a result or a learning
"""
    ),
    subject=True,
)

TEAM = Table(
    "team",
    "One row a team. People are counted, never named.",
    _columns(
        """
key | text | name of the team
title | text | name of the team
product | text | product it works for most
has_history | boolean = true | most of its items have history
items | integer | items of the last half year
objectives | integer | active objectives of its own, shared company objectives not counted
goals_dated | integer | active key results and milestones with a due date
goals_on_last_day | integer | of these due on the last day of the cycle
goals_quarterly | integer | of these whose metric is only read at the quarter's end
value_epics_doing | integer | value epics doing
items_doing | integer | items doing, sub-tasks not counted
upkeep_doing | integer | of these ktlo: incidents, support and fixes, as people on call hold them
members | integer | people who changed or held its items in the last four weeks
members_before | integer | the same for the four weeks a quarter earlier
members_changed | integer | people in one of the two groups and not in the other
component_before | text | component with most finished work a quarter earlier
component_now | text | the same now
component_kept | double | share of the items finished in the last six weeks, with a component, that still name component_before; null if none
growing | boolean | it grew and nobody left
main_component | text | component that most of its items of the last half year name
main_component_share | double | share of items with a component that name it
epics | integer | its epics of the last half year
epics_with_others | integer | of these that needed another team
is_platform | boolean | declared platform or enabling team (config)
krs_authored_outside | integer | its key results written by somebody outside the team
krs_with_author | integer | its active key results of which the owners tell who wrote them
key_results | integer | its active key results
"""
    ),
    subject=True,
)

PRODUCT = Table(
    "product",
    "One row a product of the configuration.",
    _columns(
        """
key | text | name of the product
title | text | name of the product
backlogs | integer | its backlogs with started work
effective_backlogs | double | effective number of separately ranked backlogs, 1 / sum of squared shares of started work (inverse Simpson)
started_items | integer | started items behind that number
biggest | text | its backlogs by started work, largest first
teams | integer | teams
areas | boolean | requirement areas are declared (config)
hypotheses_decided | integer | hypotheses decided
hypotheses_valid | integer | of these decided as valid
hypotheses_same_day | integer | of these decided the day they were opened
smoke_tests | integer | of these marked as cheap smoke tests
"""
    ),
    subject=True,
)

PAIR = Table(
    "pair",
    "Two open items of different backlogs of one product that look like the same work, or are linked as duplicates.",
    _columns(
        """
key | text | key of the older item
other | text | key of the newer one
other_called | text | what people call the newer one: its key, or its title in quotes where the key is only a number for machines
product | text | product
backlog | text | backlog of the older item
other_backlog | text | backlog of the newer one
title | text | title of the older item
other_title | text | title of the newer one
score | double | 0 to 1
because | text | what decided
linked | boolean | the tracker links them as duplicates
mirrored | boolean | one mirrors the other by a sync
chore | boolean | a template or release chore
open_both | boolean = true | both are todo or doing
"""
    ),
    subject=False,
)

LINK = Table(
    "link",
    "Relations between items, each once from each side.",
    _columns(
        """
key | text | item
kind | text | blocks, blocked_by, duplicates, duplicated_by, clones, cloned_by, relates, validates, measures, mirrors or the tracker's word
other | text | the other item
"""
    ),
    subject=False,
)

CHANGE = Table(
    "change",
    "The history of items up to the audit's instant.",
    _columns(
        """
key | text | item
changed | timestamp | when (UTC)
field | text | state, parent, backlog, team, assignee, title, body, due, start, estimate, labels, sprint, priority, rank, link, key, type, version, resolution, goal, or field:<name>
before | text | value before; for state our word
after | text | value after; for state our word
by_bot | boolean | made by an automation or by okrbot
"""
    ),
    subject=False,
)

CHECK_IN = Table(
    "check_in",
    "Check-ins of key results up to the audit's instant.",
    _columns(
        """
key_result | text | key result
day | date | day
value | double | value said
confidence | double | 0 to 10
status | text | status said
has_note | boolean | a note was written
"""
    ),
    subject=False,
)

TABLES: tuple[Table, ...] = (ITEM, KEY_RESULT, OBJECTIVE, BACKLOG, TEAM, PRODUCT, PAIR, LINK, CHANGE, CHECK_IN)

# What a rule may need beside the structure of items: missing data makes it `not_checked`, with the reason. A rule that
# says something is *not there* needs `complete`: every source was read to its end.
NEEDS: tuple[str, ...] = ("okrs", "history", "org", "metrics", "language", "complete")
SUBJECTS: tuple[str, ...] = tuple(table.name for table in TABLES if table.subject)


def table(name: str) -> Table:
    """Return the fact table called `name`. Raises KeyError."""
    return {t.name: t for t in TABLES}[name]
