-- The consumer of the delivery log. An event's place is (native, xid, id), where native means written by this cluster:
-- what a dump brought along keeps the transaction ids of another cluster and is read first (see base).

-- name: cluster
SELECT c.system_identifier, p.timeline_id FROM pg_control_system() c, pg_control_checkpoint() p;

-- Where a new generation begins: the next transaction id of this cluster, and the last event that was restored.
-- Whatever is visible with a transaction id that has yet to be given out came from another cluster; ids go on from
-- there, so that later events of this one have higher ids. (OFFSET 0: by the index on xid, not backwards through ids.)
-- name: base
SELECT h.next::text::bigint,
       coalesce((SELECT max(id) FROM (SELECT id FROM delivery_deliveryevent WHERE xid >= h.next OFFSET 0) ahead), 0)
FROM (SELECT pg_snapshot_xmax(pg_current_snapshot()) AS next) h;

-- For the transaction of one chunk: walk the index on (xid, id) and stop. A log that was never analyzed looks to the
-- planner as if reading all of it and sorting were cheaper, which a backlog of millions makes quadratic.
-- name: plan_by_index
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('jit', 'off', true);

-- Counts the next events after a mark and says how many there were and which was the last.
-- Behind pg_snapshot_xmin every transaction is over, so no event can appear there any more: none is missed.
-- An event is the first of its kind for its message when the log has none at an earlier place; row_number only spares
-- the look for those that cannot be, however often somebody opens one mail.
-- Messages with an opening or click that was judged again are worked out from the whole of their log, before this
-- chunk and with it (analytics_recount, in the migration), and the difference is added.
-- name: count
WITH chunk AS MATERIALIZED (
    SELECT e.id, e.xid, e.at, e.kind, e.message_id, e.campaign_id, e.order_id, e.channel,
           e.kind NOT IN ('opened', 'clicked') OR e.reason = '' AS human,
           CASE WHEN e.kind = 'clicked' AND e.detail ~ '^[0-9]{1,18}$' THEN e.detail::bigint END AS link_id
    FROM delivery_deliveryevent e
    WHERE (e.xid, e.id) > (%(xid)s::text::xid8, %(event_id)s)
      AND e.xid < CASE WHEN %(native)s THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE '18446744073709551615' END
      AND (e.xid < %(base_xid)s::text::xid8 OR e.id > %(base_id)s) = %(native)s
    ORDER BY e.xid, e.id
    LIMIT %(limit)s
), last AS (
    SELECT xid, id FROM chunk ORDER BY xid DESC, id DESC LIMIT 1
), rejudged AS (
    SELECT coalesce(array_agg(c.message_id), '{}') AS messages
    FROM (SELECT DISTINCT message_id FROM chunk WHERE kind IN ('opened', 'clicked', 'rejudged')) c CROSS JOIN last
    WHERE EXISTS (
        SELECT FROM delivery_deliveryevent b
        WHERE b.message_id = c.message_id AND b.kind = 'rejudged'
          AND (b.xid < %(base_xid)s::text::xid8 OR b.id > %(base_id)s, b.xid, b.id) <= (%(native)s, last.xid, last.id)
    )
), ranked AS (
    SELECT c.*, coalesce(o.step_id, 0) AS step_id, date_trunc('hour', c.at, 'UTC') AS hour,
           row_number() OVER (PARTITION BY c.message_id, c.kind ORDER BY c.xid, c.id) AS n,
           row_number() OVER (PARTITION BY c.message_id, c.kind, c.human ORDER BY c.xid, c.id) AS human_n,
           row_number() OVER (PARTITION BY c.message_id, c.kind, c.link_id ORDER BY c.xid, c.id) AS link_n,
           row_number() OVER (PARTITION BY c.message_id, c.kind, c.link_id, c.human ORDER BY c.xid, c.id) AS link_human_n
    FROM chunk c LEFT JOIN delivery_sendorder o ON o.id = c.order_id
    WHERE c.campaign_id <> 0  -- test sends are never counted
      AND c.message_id <> ALL ((SELECT messages FROM rejudged)::bigint[])
), judged AS MATERIALIZED (
    SELECT r.*, first.*,
           first.of_kind AND r.kind IN ('sent', 'bounced') AND EXISTS (
               SELECT FROM delivery_deliveryevent b
               WHERE b.message_id = r.message_id AND b.kind = CASE r.kind WHEN 'sent' THEN 'bounced' ELSE 'sent' END
                 AND (b.xid < %(base_xid)s::text::xid8 OR b.id > %(base_id)s, b.xid, b.id) < (%(native)s, r.xid, r.id)
           ) AS returned
    FROM ranked r CROSS JOIN LATERAL (
        SELECT r.n = 1 AND NOT EXISTS (
                   SELECT FROM delivery_deliveryevent b
                   WHERE b.message_id = r.message_id AND b.kind = r.kind
                     AND (b.xid < %(base_xid)s::text::xid8 OR b.id > %(base_id)s, b.xid, b.id)
                         < (%(native)s, r.xid, r.id)
               ) AS of_kind,
               r.human AND r.human_n = 1 AND r.kind IN ('opened', 'clicked') AND NOT EXISTS (
                   SELECT FROM delivery_deliveryevent b
                   WHERE b.message_id = r.message_id AND b.kind = r.kind AND b.reason = ''
                     AND (b.xid < %(base_xid)s::text::xid8 OR b.id > %(base_id)s, b.xid, b.id)
                         < (%(native)s, r.xid, r.id)
               ) AS human_of_kind,
               r.link_id IS NOT NULL AND r.link_n = 1 AND NOT EXISTS (
                   SELECT FROM delivery_deliveryevent b
                   WHERE b.message_id = r.message_id AND b.kind = r.kind AND b.detail = r.link_id::text
                     AND (b.xid < %(base_xid)s::text::xid8 OR b.id > %(base_id)s, b.xid, b.id)
                         < (%(native)s, r.xid, r.id)
               ) AS of_link,
               r.link_id IS NOT NULL AND r.human AND r.link_human_n = 1 AND NOT EXISTS (
                   SELECT FROM delivery_deliveryevent b
                   WHERE b.message_id = r.message_id AND b.kind = r.kind AND b.detail = r.link_id::text AND b.reason = ''
                     AND (b.xid < %(base_xid)s::text::xid8 OR b.id > %(base_id)s, b.xid, b.id)
                         < (%(native)s, r.xid, r.id)
               ) AS human_of_link
        OFFSET 0  -- each is worked out once
    ) first
), added AS (
    SELECT campaign_id, step_id, channel, kind, NULL::bigint AS link_id, hour,
           count(*) AS total, count(*) FILTER (WHERE of_kind) AS "unique", count(*) FILTER (WHERE human) AS human_total,
           count(*) FILTER (WHERE CASE WHEN kind IN ('opened', 'clicked') THEN human_of_kind ELSE of_kind END)
               AS human_unique
    FROM judged GROUP BY campaign_id, step_id, channel, kind, hour
    UNION ALL
    SELECT campaign_id, step_id, channel, 'returned', NULL::bigint, hour, count(*), count(*), count(*), count(*)
    FROM judged WHERE returned GROUP BY campaign_id, step_id, channel, hour
    UNION ALL
    SELECT campaign_id, step_id, channel, 'clicked', link_id, hour, count(*), count(*) FILTER (WHERE of_link),
           count(*) FILTER (WHERE human), count(*) FILTER (WHERE human_of_link)
    FROM judged WHERE link_id IS NOT NULL GROUP BY campaign_id, step_id, channel, link_id, hour
    UNION ALL
    SELECT after.* FROM rejudged r, last CROSS JOIN LATERAL analytics_recount(
        r.messages, %(base_xid)s::text::xid8, %(base_id)s, %(native)s, last.xid, last.id) after
    WHERE r.messages <> '{}'
    UNION ALL
    SELECT before.campaign_id, before.step_id, before.channel, before.kind, before.link_id, before.hour,
           -before.total, -before."unique", -before.human_total, -before.human_unique
    FROM rejudged r CROSS JOIN LATERAL analytics_recount(
        r.messages, %(base_xid)s::text::xid8, %(base_id)s, %(native)s, %(xid)s::text::xid8, %(event_id)s) before
    WHERE r.messages <> '{}'
), summed AS MATERIALIZED (
    SELECT campaign_id, step_id, channel, kind, link_id, hour, sum(total) AS total, sum("unique") AS "unique",
           sum(human_total) AS human_total, sum(human_unique) AS human_unique
    FROM added GROUP BY campaign_id, step_id, channel, kind, link_id, hour
), campaign_stats AS (
    INSERT INTO analytics_campaignstat AS s
        (mark_id, campaign_id, step_id, channel, kind, hour, total, "unique", human_total, human_unique)
    SELECT %(mark)s, campaign_id, step_id, channel, kind, hour, total, "unique", human_total, human_unique
    FROM summed WHERE link_id IS NULL
    ON CONFLICT ON CONSTRAINT campaign_stat_once DO UPDATE
    SET total = s.total + excluded.total, "unique" = s.unique + excluded.unique,
        human_total = s.human_total + excluded.human_total, human_unique = s.human_unique + excluded.human_unique
), link_stats AS (
    INSERT INTO analytics_linkstat AS s
        (mark_id, campaign_id, step_id, channel, link_id, hour, total, "unique", human_total, human_unique)
    SELECT %(mark)s, campaign_id, step_id, channel, link_id, hour, total, "unique", human_total, human_unique
    FROM summed WHERE link_id IS NOT NULL
    ON CONFLICT ON CONSTRAINT link_stat_once DO UPDATE
    SET total = s.total + excluded.total, "unique" = s.unique + excluded.unique,
        human_total = s.human_total + excluded.human_total, human_unique = s.human_unique + excluded.human_unique
)
SELECT (SELECT count(*) FROM chunk), xid::text::bigint, id FROM last;

-- Everything that was logged before this moment is counted: when the first event after the mark was logged, or now.
-- name: as_of
SELECT coalesce(least(statement_timestamp(), (
    SELECT e.at FROM delivery_deliveryevent e
    WHERE (e.xid, e.id) > (%(xid)s::text::xid8, %(event_id)s)
      AND (e.xid < %(base_xid)s::text::xid8 OR e.id > %(base_id)s)
    ORDER BY e.xid, e.id LIMIT 1
)), statement_timestamp());

-- Where the live counters differ from their log up to the mark. One statement, so one moment; none writes meanwhile.
-- name: differences
WITH mark AS MATERIALIZED (
    SELECT * FROM analytics_streammark WHERE state = 'live'
), log AS (
    SELECT found.* FROM mark m CROSS JOIN LATERAL analytics_recount(
        NULL, m.base_xid::text::xid8, m.base_id, m.native, m.xid::text::xid8, m.event_id) found
), counted AS (
    SELECT s.campaign_id, s.step_id, s.channel, s.kind, NULL::bigint AS link_id, s.hour,
           s.total, s.unique, s.human_total, s.human_unique
    FROM analytics_campaignstat s JOIN mark m ON m.id = s.mark_id
    UNION ALL
    SELECT s.campaign_id, s.step_id, s.channel, 'clicked', s.link_id, s.hour,
           s.total, s.unique, s.human_total, s.human_unique
    FROM analytics_linkstat s JOIN mark m ON m.id = s.mark_id
)
SELECT 'log' AS side, * FROM (SELECT * FROM log EXCEPT SELECT * FROM counted) missing
UNION ALL
SELECT 'counters', * FROM (SELECT * FROM counted EXCEPT SELECT * FROM log) surplus
ORDER BY 2, 3, 4, 5, 6, 7, 1
LIMIT %(limit)s;
