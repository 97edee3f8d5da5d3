-- Custom fields that the configuration gives a meaning, and the day users got an item.

create table work.own_field as
select n,
  json_extract_string(fields, '$."' || $measure_field || '"') as measure,
  json_extract_string(fields, '$."' || $hypothesis_field || '"') as hypothesis,
  json_extract_string(fields, '$."' || $result_field || '"') as result
from work.item
where fields <> '{}';

create table work.released as
select n, max("at") as "at"
from (
  select n, epoch_ms(try_cast(left(coalesce(json_extract_string(fields, '$."Release date"'), json_extract_string(fields, '$."Release Date"'),
    json_extract_string(fields, '$."Released"')), 10) as timestamp)) as "at"
  from work.item
  where fields <> '{}'
)
where "at" is not null and "at" <= $as_of_ms
group by n;
