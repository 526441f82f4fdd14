-- Segments refer to each other, so two saves at once could close a circle that neither sees.
-- Saves are rare: they take turns until their transactions end.
-- name: take_turns
SELECT pg_advisory_xact_lock(hashtext('segments.services.segments'));

-- A time limit for the statements of this transaction; gives back the one there was.
-- name: limit_time
WITH before AS MATERIALIZED (SELECT current_setting('statement_timeout') AS value)
SELECT before.value, set_config('statement_timeout', %s, true) FROM before;
