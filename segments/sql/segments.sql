-- Segments refer to each other, so two saves at once could close a circle that neither sees.
-- Saves are rare: they take turns until their transactions end.
-- name: take_turns
SELECT pg_advisory_xact_lock(hashtext('segments.services.segments'));

-- A time limit for the statements of this transaction; gives back the one there was.
-- name: limit_time
WITH before AS MATERIALIZED (SELECT current_setting('statement_timeout') AS value)
SELECT before.value, set_config('statement_timeout', %s, true) FROM before;

-- The plan for counting people, without running it.
-- name: explain
EXPLAIN (FORMAT JSON) SELECT count(*) FROM ({people}) counted;

-- About how many people there are, as the planner knows it.
-- name: everybody
SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'segments_contact'::regclass;
