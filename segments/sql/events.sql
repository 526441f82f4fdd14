-- Taking events in. All batches take their locks in one order: keys, people, visitors, hours of the rollup, each by
-- its own order, so that none waits for another in a circle. Merging people and counting what was there before a
-- metric keep all batches out meanwhile (`alone`).

-- name: together
SELECT pg_advisory_xact_lock_shared(hashtext('segments.events'));

-- name: alone
SELECT pg_advisory_xact_lock(hashtext('segments.events'));

-- name: seen
SELECT event_id FROM segments_eventkey WHERE event_id = ANY(%(ids)s::uuid[]);

-- Those that are new. A batch that holds the same key and is not yet committed is waited for.
-- name: keys
INSERT INTO segments_eventkey (event_id, received_at)
SELECT given.id, %(at)s FROM unnest(%(ids)s::uuid[]) AS given(id) ORDER BY given.id
ON CONFLICT DO NOTHING
RETURNING event_id;

-- name: people
INSERT INTO segments_contact (external_id)
SELECT given.id FROM unnest(%(ids)s::text[]) AS given(id) ORDER BY given.id
ON CONFLICT DO NOTHING;

-- Made when new and locked in any case: who a visitor is must not change between the look and the rollup.
-- name: visitors
INSERT INTO segments_visitor (key)
SELECT given.key FROM unnest(%(keys)s::text[]) AS given(key) ORDER BY given.key
ON CONFLICT (key) DO UPDATE SET key = excluded.key WHERE false;

-- name: log
WITH logged AS (
    INSERT INTO segments_rawevent (
        at, event_id, event_type_id, version_id, occurred_at, claimed_at, is_early, contact_id, visitor_id, session_id,
        source, write_key_id, properties, context
    )
    SELECT %(at)s, e.event_id, e.event_type_id, e.version_id, e.occurred_at, e.claimed_at, e.is_early, e.contact_id,
           e.visitor_id, e.session_id, %(source)s, %(write_key)s, e.properties, e.context
    FROM jsonb_to_recordset(%(events)s::jsonb) AS e(
        event_id uuid, event_type_id bigint, version_id bigint, occurred_at timestamptz, claimed_at timestamptz,
        is_early boolean, contact_id bigint, visitor_id bigint, session_id text, properties jsonb, context jsonb
    )
    RETURNING id
)
SELECT array_agg(id ORDER BY id) FROM logged;

-- Where the visitors of these events turn from one person to another, in the order in which things happened. Only
-- visitors of whom the events say something new are looked through: with the others no turn can have moved, since
-- what an event says is then what its predecessor said already.
-- name: link
WITH told AS (
    SELECT DISTINCT e.visitor_id
    FROM segments_rawevent e
    LEFT JOIN LATERAL (
        SELECT l.contact_id FROM segments_identitylink l
        WHERE l.visitor_id = e.visitor_id AND (l.linked_at, l.event_id) <= (e.occurred_at, e.event_id)
        ORDER BY l.linked_at DESC, l.event_id DESC LIMIT 1
    ) known ON true
    WHERE e.at = %(at)s AND e.id = ANY(%(ids)s) AND e.visitor_id IS NOT NULL
      AND e.contact_id IS NOT NULL AND e.contact_id IS DISTINCT FROM known.contact_id
), points AS (
    SELECT e.visitor_id, e.contact_id, e.occurred_at, e.event_id,
           lag(e.contact_id) OVER (PARTITION BY e.visitor_id ORDER BY e.occurred_at, e.event_id) AS before
    FROM segments_rawevent e
    WHERE e.visitor_id IN (SELECT visitor_id FROM told) AND e.contact_id IS NOT NULL
)
INSERT INTO segments_identitylink (visitor_id, contact_id, linked_at, event_id)
SELECT visitor_id, contact_id, occurred_at, event_id FROM points
WHERE before IS DISTINCT FROM contact_id
ON CONFLICT DO NOTHING
RETURNING id, visitor_id;

-- Bring the rollup up to date: new events are added to whose they are, and the anonymous history of visitors with new
-- links moves from whose it was. Sums and counts only ever add up, so two batches cannot disturb each other, whatever
-- their order. Gives the hours from which something was taken away: their first and last have to be looked up.
-- name: roll
WITH touched AS MATERIALIZED (
    SELECT e.*, true AS is_new FROM segments_rawevent e
    WHERE e.id = ANY(%(ids)s) AND e.at BETWEEN %(since)s AND %(until)s
    UNION ALL
    SELECT e.*, false FROM segments_rawevent e
    WHERE e.visitor_id = ANY(%(visitors)s) AND e.contact_id IS NULL AND e.id <> ALL(%(ids)s)
), owned AS (
    SELECT t.id, t.event_type_id, t.occurred_at, t.properties,
           CASE WHEN t.contact_id IS NOT NULL THEN coalesce(merged.contact_id, t.contact_id)
                ELSE segments_owner(t.visitor_id, t.occurred_at, t.event_id) END AS owner,
           CASE WHEN NOT t.is_new THEN segments_owner(t.visitor_id, t.occurred_at, t.event_id, %(links)s) END AS former
    FROM touched t
    LEFT JOIN segments_formercontact merged ON merged.former_id = t.contact_id
), moves AS (
    SELECT id, event_type_id, occurred_at, properties, owner AS contact_id, 1 AS sign FROM owned
    WHERE owner IS DISTINCT FROM former AND owner IS NOT NULL
    UNION ALL
    SELECT id, event_type_id, occurred_at, properties, former, -1 FROM owned
    WHERE owner IS DISTINCT FROM former AND former IS NOT NULL
), deltas AS MATERIALIZED (
    SELECT m.id AS metric_id, moved.contact_id, date_trunc('hour', moved.occurred_at, 'UTC') AS hour,
           sum(sign) AS count,
           coalesce(sum(sign * CASE WHEN jsonb_typeof(moved.properties -> m.value_property) = 'number'
                               THEN (moved.properties ->> m.value_property)::numeric END), 0) AS total,
           coalesce(min(moved.occurred_at) FILTER (WHERE sign > 0), 'infinity') AS first_at,
           coalesce(max(moved.occurred_at) FILTER (WHERE sign > 0), '-infinity') AS last_at,
           bool_or(sign < 0) AS is_less
    FROM moves moved
    JOIN segments_metric m ON m.event_type_id = moved.event_type_id
     AND CASE WHEN %(metric)s::bigint IS NULL THEN moved.id > m.log_end OR moved.id <= m.counted_to
              ELSE m.id = %(metric)s END
     AND (m.path IS NULL OR moved.properties @@ m.path)
    GROUP BY 1, 2, 3
), rolled AS (
    INSERT INTO segments_activity AS a (metric_id, contact_id, hour, count, total, first_at, last_at)
    SELECT metric_id, contact_id, hour, count, total, first_at, last_at FROM deltas
    ORDER BY metric_id, contact_id, hour
    ON CONFLICT (metric_id, contact_id, hour) DO UPDATE
    SET count = a.count + excluded.count, total = a.total + excluded.total,
        first_at = least(a.first_at, excluded.first_at), last_at = greatest(a.last_at, excluded.last_at)
    RETURNING 1
), totalled AS (
    INSERT INTO segments_activitytotal AS t (metric_id, contact_id, count, total, first_at, last_at)
    SELECT metric_id, contact_id, sum(count), sum(total), min(first_at), max(last_at) FROM deltas
    WHERE (SELECT count(*) FROM rolled) > 0  -- all batches lock hours first, then totals
    GROUP BY metric_id, contact_id ORDER BY metric_id, contact_id
    ON CONFLICT (metric_id, contact_id) DO UPDATE
    SET count = t.count + excluded.count, total = t.total + excluded.total,
        first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at)
)
SELECT metric_id, contact_id, hour FROM deltas WHERE is_less;

-- name: drop_empty
DELETE FROM segments_activity a
USING unnest(%(metrics)s::bigint[], %(contacts)s::bigint[], %(hours)s::timestamptz[]) AS spot(metric_id, contact_id, hour)
WHERE a.metric_id = spot.metric_id AND a.contact_id = spot.contact_id AND a.hour = spot.hour AND a.count = 0;

-- First and last of hours that lost something. Their rows are locked by us, so whatever was added to them before is
-- committed and seen here, and whatever is added next finds what we write.
-- name: look_up
UPDATE segments_activity a
SET first_at = truth.first_at, last_at = truth.last_at
FROM (
    SELECT spot.metric_id, spot.contact_id, spot.hour, min(e.occurred_at) AS first_at, max(e.occurred_at) AS last_at
    FROM unnest(%(metrics)s::bigint[], %(contacts)s::bigint[], %(hours)s::timestamptz[]) AS spot(metric_id, contact_id, hour)
    JOIN segments_metric m ON m.id = spot.metric_id
    JOIN LATERAL segments_events_of(spot.contact_id, spot.hour, spot.hour + interval '1 hour') e
      ON e.event_type_id = m.event_type_id AND (e.id > m.log_end OR e.id <= m.counted_to)
     AND (m.path IS NULL OR e.properties @@ m.path)
    GROUP BY 1, 2, 3
) truth
WHERE a.metric_id = truth.metric_id AND a.contact_id = truth.contact_id AND a.hour = truth.hour;

-- The totals of people from whom something was taken away, once their hours are right again.
-- name: drop_empty_totals
DELETE FROM segments_activitytotal t
USING (SELECT DISTINCT * FROM unnest(%(metrics)s::bigint[], %(contacts)s::bigint[])) AS spot(metric_id, contact_id)
WHERE t.metric_id = spot.metric_id AND t.contact_id = spot.contact_id AND t.count = 0;

-- name: look_up_totals
UPDATE segments_activitytotal t
SET first_at = truth.first_at, last_at = truth.last_at
FROM (
    SELECT a.metric_id, a.contact_id, min(a.first_at) AS first_at, max(a.last_at) AS last_at
    FROM (SELECT DISTINCT * FROM unnest(%(metrics)s::bigint[], %(contacts)s::bigint[])) AS spot(metric_id, contact_id)
    JOIN segments_activity a USING (metric_id, contact_id)
    GROUP BY 1, 2
) truth
WHERE t.metric_id = truth.metric_id AND t.contact_id = truth.contact_id;

-- The ids of the next stretch of the log that a metric has yet to count.
-- name: stretch
SELECT array_agg(id), max(id), min(at), max(at) FROM (
    SELECT id, at FROM segments_rawevent
    WHERE id > %(after)s AND id <= %(upto)s ORDER BY id LIMIT %(rows)s
) next;

-- name: log_end
SELECT coalesce(max(id), 0) FROM segments_rawevent;

-- name: quarantine
INSERT INTO segments_quarantinedevent
    (event_id, event_type, code, pointer, detail, source, write_key_id, size, sealed, state, received_at)
SELECT e.event_id, e.event_type, e.code, e.pointer, e.detail, %(source)s, %(write_key)s, e.size, e.sealed, 'waiting',
       %(at)s
FROM unnest(%(event_ids)s::uuid[], %(event_types)s::text[], %(codes)s::text[], %(pointers)s::text[],
            %(details)s::text[], %(sizes)s::int[], %(sealed)s::bytea[])
     AS e(event_id, event_type, code, pointer, detail, size, sealed)
ORDER BY e.event_id
ON CONFLICT DO NOTHING;
