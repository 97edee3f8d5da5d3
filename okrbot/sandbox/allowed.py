"""What a rule of a user's own may be made of: node types of the parse tree, functions, operators, types.

Whatever is not here is refused. Left out on purpose: functions that read settings, files or the clock, that build text
or lists of any length (repeat, lpad, format), whose cost grows with the square of a text (levenshtein), that run text as
a query, and that answer differently each time (random, now).
"""

from __future__ import annotations

QUERY_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
TABLE_NODES = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION"})
MODIFIERS = frozenset({"LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "DISTINCT_MODIFIER"})
ORDERS = frozenset({"ORDER_DEFAULT", "ASCENDING", "DESCENDING"})
EXPRESSIONS = frozenset(
    {
        "CONSTANT", "COLUMN_REF", "FUNCTION", "WINDOW", "COMPARISON", "CONJUNCTION", "OPERATOR", "CASE", "CAST", "BETWEEN",
        "SUBQUERY", "LAMBDA", "LAMBDA_REF", "STAR", "PARAMETER", "POSITIONAL_REFERENCE", "TYPE",
    }
)  # fmt: skip

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
COUNTING = frozenset({"range", "generate_series"})  # make rows out of nothing: only with plain numbers
MOST_COUNTED = 100_000

OPERATORS = frozenset(
    {
        "+", "-", "*", "/", "//", "%", "||", "~~", "!~~", "~~*", "!~~*", "~~~", "^@", "&&", "@>", "<@", "&", "|", "<<", ">>", "~", "^", "**",
        "like_escape", "not_like_escape", "ilike_escape", "not_ilike_escape",
    }
)  # fmt: skip

_AGGREGATES = """
any_value arg_max arg_min argmax argmin array_agg avg bool_and bool_or corr count count_if count_star countif entropy favg first
fsum geometric_mean group_concat kurtosis last list listagg mad max max_by mean median min min_by mode product quantile
quantile_cont quantile_disc skewness stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance arbitrary regr_slope
approx_count_distinct bit_and bit_or arg_max_null arg_min_null
"""
_WINDOWS = "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number rank_dense"
_NUMBERS = "abs ceil ceiling cbrt even exp floor greatest isfinite isinf isnan least ln log log10 log2 mod pow power round sign sqrt trunc"
_TEXTS = """
ascii chr concat format concat_ws contains ends_with ilike_escape instr jaccard jaro_similarity jaro_winkler_similarity lcase left length
lower ltrim nfc_normalize ord position prefix regexp_extract regexp_full_match regexp_matches regexp_replace replace reverse right
rtrim split split_part starts_with str_split string_split string_to_array strip_accents strlen strpos substr substring suffix
translate trim ucase unicode upper char_length character_length regexp_extract_all regexp_split_to_array string_split_regex
"""
_TIMES = """
age date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear
epoch epoch_ms hour isodow isoyear last_day make_date make_timestamp minute month monthname quarter second strftime strptime
time_bucket to_days to_hours to_minutes to_months to_seconds to_timestamp to_weeks to_years to_quarters try_strptime week weekday
weekofyear year yearweek timezone
"""
_LISTS = """
array_append array_concat array_contains array_distinct array_extract array_filter array_has array_has_all array_has_any array_length
array_position array_slice array_sort array_to_string array_transform cardinality element_at flatten len list_any_value list_append
list_apply list_avg list_cat list_concat list_contains list_count list_distinct list_element list_extract list_filter list_first
list_has list_has_all list_has_any list_indexof list_intersect list_last list_max list_mean list_median list_min list_position
list_prepend list_reverse list_reverse_sort list_select list_slice list_sort list_string_agg list_sum list_transform list_unique
list_value list_where list_zip apply filter list_pack generate_subscripts
"""
_STRUCTS = "map map_contains map_extract map_keys map_values row struct_extract struct_pack map_from_entries map_entries"
_LOGIC = "coalesce if ifnull nullif constant_or_null count_star unnest hash md5"

FUNCTIONS = frozenset(" ".join((_AGGREGATES, _WINDOWS, _NUMBERS, _TEXTS, _TIMES, _LISTS, _STRUCTS, _LOGIC)).split()) | COUNTING

_TYPES = """
bigint boolean bool char bpchar date decimal numeric double float float4 float8 hugeint int int1 int2 int4 int8 integer interval
real smallint string struct text time timestamp timestamptz tinyint ubigint uinteger usmallint utinyint varchar list array map
datetime long short signed dec row
"""
TYPES = frozenset(_TYPES.split()) | {"timestamp with time zone", "timestamp_ms", "timestamp_s", "double precision"}

# Words that look like columns and read the clock or the session.
_SESSION = """
current_catalog current_date current_database current_role current_schema current_time current_timestamp current_user localtime
localtimestamp session_user user
"""
SESSION_WORDS = frozenset(_SESSION.split())
CLOCK_WORDS = frozenset({"now", "today", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
                         "get_current_time", "get_current_timestamp", "transaction_timestamp", "current_localtime", "current_localtimestamp", "ago"})  # fmt: skip
