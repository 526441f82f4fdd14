-- Two contacts become one, in a transaction that keeps batches of events out (`alone` in events.sql).

-- name: lists
INSERT INTO segments_listmembership (list_id, contact_id, added_at)
SELECT list_id, %(kept)s, added_at FROM segments_listmembership WHERE contact_id = %(gone)s
ON CONFLICT DO NOTHING;

-- name: activity
WITH moved AS (
    DELETE FROM segments_activity WHERE contact_id = %(gone)s RETURNING *
)
INSERT INTO segments_activity AS a (metric_id, contact_id, hour, count, total, first_at, last_at)
SELECT metric_id, %(kept)s, hour, count, total, first_at, last_at FROM moved ORDER BY metric_id, hour
ON CONFLICT (metric_id, contact_id, hour) DO UPDATE
SET count = a.count + excluded.count, total = a.total + excluded.total,
    first_at = least(a.first_at, excluded.first_at), last_at = greatest(a.last_at, excluded.last_at);

-- name: activity_totals
WITH moved AS (
    DELETE FROM segments_activitytotal WHERE contact_id = %(gone)s RETURNING *
)
INSERT INTO segments_activitytotal AS t (metric_id, contact_id, count, total, first_at, last_at)
SELECT metric_id, %(kept)s, count, total, first_at, last_at FROM moved ORDER BY metric_id
ON CONFLICT (metric_id, contact_id) DO UPDATE
SET count = t.count + excluded.count, total = t.total + excluded.total,
    first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at);

-- Those who became the one that goes now.
-- name: former
UPDATE segments_formercontact SET contact_id = %(kept)s WHERE contact_id = %(gone)s;
