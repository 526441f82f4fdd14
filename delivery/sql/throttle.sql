-- What waits for its turn. All of it is in the partial index message_throttled.

-- The next that wait for one of these reasons, spread anew: `per_second` of them come due each second, from `after_s` on.
-- Only what would come later than that is moved.
-- name: wake
WITH next AS (
    SELECT w.id, w.due_at AS was,
           statement_timestamp() + (%(after_s)s + row_number() OVER (ORDER BY w.due_at, w.id) / %(per_second)s::float)
           * interval '1 second' AS due_at
    FROM (
        SELECT id, due_at FROM delivery_message
        WHERE state = 'ready' AND reason = ANY(%(reasons)s)
          AND (%(order)s::bigint IS NULL OR order_id = %(order)s)
          AND due_at > statement_timestamp() + %(after_s)s * interval '1 second'
        ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) w
), moved AS (
    UPDATE delivery_message m SET due_at = next.due_at FROM next WHERE m.id = next.id AND next.was > next.due_at
    RETURNING 1
)
SELECT (SELECT count(*) FROM next), (SELECT count(*) FROM moved);

-- How many wait for one reason, counted up to a bound; when the oldest of those was planned; when the first and the last
-- come due.
-- name: waiting
SELECT count(*), min(counted.created_at), min(counted.due_at), (
    SELECT max(due_at) FROM delivery_message WHERE state = 'ready' AND reason = %(reason)s
)
FROM (
    SELECT created_at, due_at FROM delivery_message WHERE state = 'ready' AND reason = %(reason)s
    ORDER BY due_at, id LIMIT %(bound)s
) counted;
