-- Verdicts on texts, spread into columns.

create table work.text as
select j.n,
  v.text_kind, v.language, v.known, v.confidence, v.has_who, v.has_problem, v.has_change, v.has_measure, v.has_baseline, v.has_target,
  v.has_hypothesis, v.instruments, v.is_container, v.is_regulation, v.quote
from work.to_judge j
join (
  select text_hash, from_json(verdict, '{"text_kind": "varchar", "language": "varchar", "known": "boolean", "confidence": "double",
    "has_who": "boolean", "has_problem": "boolean", "has_change": "boolean", "has_measure": "boolean", "has_baseline": "boolean",
    "has_target": "boolean", "has_hypothesis": "boolean", "instruments": "boolean", "is_container": "boolean", "is_regulation": "boolean",
    "quote": "varchar"}') as v
  from raw.judgements
) x on x.text_hash = j.text_hash;
