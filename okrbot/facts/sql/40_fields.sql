-- Custom fields that the configuration gives a meaning, and the day users got an item: as they stood at :as_of.

create table work.field_then as
select n, substr(field, 7) as name, coalesce(nullif(before_text, ''), before) as value
from work.later
where starts_with(field, 'field:') and substr(field, 7) in ($link_field, $measure_field, $hypothesis_field, $result_field, 'Release date', 'Release Date', 'Released');

create table work.own_field as
select i.n,
  coalesce(any_value(f.value) filter (f.name = $link_field), any_value(json_extract_string(i.fields, '$."' || $link_field || '"'))) as link,
  coalesce(any_value(f.value) filter (f.name = $measure_field), any_value(json_extract_string(i.fields, '$."' || $measure_field || '"'))) as measure,
  coalesce(any_value(f.value) filter (f.name = $hypothesis_field), any_value(json_extract_string(i.fields, '$."' || $hypothesis_field || '"'))) as hypothesis,
  coalesce(any_value(f.value) filter (f.name = $result_field), any_value(json_extract_string(i.fields, '$."' || $result_field || '"'))) as result,
  coalesce(any_value(f.value) filter (f.name = 'Release date'), any_value(json_extract_string(i.fields, '$."Release date"')),
    any_value(f.value) filter (f.name = 'Release Date'), any_value(json_extract_string(i.fields, '$."Release Date"')),
    any_value(f.value) filter (f.name = 'Released'), any_value(json_extract_string(i.fields, '$."Released"'))) as released
from work.item i
left join work.field_then f on f.n = i.n
where i.fields <> '{}' or f.n is not null
group by i.n;

create table work.released as
select n, max("at") as "at"
from (select n, epoch_ms(try_cast(left(released, 10) as timestamp)) as "at" from work.own_field where released <> '')
where "at" is not null and "at" <= $as_of_ms
group by n;
