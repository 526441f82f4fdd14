-- Hits from the queue to their verdict.

-- name: take
DELETE FROM delivery_unjudged
WHERE hit_id IN (
    SELECT hit_id FROM delivery_unjudged WHERE at < %(before)s ORDER BY hit_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
RETURNING hit_id, at;

-- name: hits
SELECT h.id, h.at, h.message_id, h.kind, h.link_id, h.target_hash, h.network, a.words
FROM unnest(%(ids)s::bigint[], %(ats)s::timestamptz[]) AS taken(id, at)
JOIN delivery_hit h USING (id, at)
LEFT JOIN delivery_agent a ON a.hash = h.agent_hash;

-- What was done with some messages, second by second: the same thing done often is one row.
-- name: around
SELECT message_id, kind, link_id, target_hash, network, min(at), max(at)
FROM delivery_hit
WHERE message_id = ANY (%(messages)s) AND at BETWEEN %(begin)s AND %(end)s
GROUP BY message_id, kind, link_id, target_hash, network, date_trunc('second', at);

-- name: judge
WITH ruled AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(verdicts)s::text[], %(rules)s::text[]) AS r(hit_id, verdict, rule)
), judged AS (
    INSERT INTO delivery_judgement (hit_id, verdict, rule, rules_version)
    SELECT hit_id, verdict, rule, %(version)s FROM ruled
)
INSERT INTO delivery_deliveryevent
    (at, kind, message_id, contact_id, campaign_id, order_id, channel, reason, detail)
SELECT h.at, h.kind, h.message_id, h.contact_id, h.campaign_id, h.order_id, 'email',
       CASE r.verdict WHEN 'human' THEN '' ELSE r.verdict END, coalesce(h.link_id::text, '')
FROM ruled r JOIN delivery_hit h ON h.id = r.hit_id
WHERE h.kind <> 'baited'
ORDER BY h.id;

-- One at a time, before reading the verdicts: two that judge the same hit again would tell of it twice.
-- name: alone
SELECT pg_advisory_xact_lock(hashtext('delivery.rejudge'));

-- name: judged_since
SELECT h.id, h.at, h.message_id, h.kind, h.link_id, h.target_hash, h.network, a.words, last.verdict
FROM delivery_hit h
JOIN delivery_agent a ON a.hash = h.agent_hash
CROSS JOIN LATERAL (
    SELECT verdict FROM delivery_judgement j WHERE j.hit_id = h.id ORDER BY j.id DESC LIMIT 1
) last
WHERE h.at >= %(since)s AND h.id > %(after)s
ORDER BY h.id
LIMIT %(limit)s;

-- name: judged_of_messages
SELECT h.id, h.at, h.message_id, h.kind, h.link_id, h.target_hash, h.network, a.words, last.verdict
FROM delivery_hit h
JOIN delivery_agent a ON a.hash = h.agent_hash
CROSS JOIN LATERAL (
    SELECT verdict FROM delivery_judgement j WHERE j.hit_id = h.id ORDER BY j.id DESC LIMIT 1
) last
WHERE h.message_id = ANY (%(messages)s) AND last.verdict = 'human'
ORDER BY h.id
LIMIT %(limit)s;

-- What changed becomes an event of its own, since events never change: of which hit, and when that was.
-- name: judge_again
WITH ruled AS (
    SELECT r.*, last.verdict AS before
    FROM unnest(%(ids)s::bigint[], %(verdicts)s::text[], %(rules)s::text[]) AS r(hit_id, verdict, rule)
    CROSS JOIN LATERAL (
        SELECT verdict FROM delivery_judgement j WHERE j.hit_id = r.hit_id ORDER BY j.id DESC LIMIT 1
    ) last
), judged AS (
    INSERT INTO delivery_judgement (hit_id, verdict, rule, rules_version)
    SELECT hit_id, verdict, rule, %(version)s FROM ruled
)
INSERT INTO delivery_deliveryevent
    (kind, message_id, contact_id, campaign_id, order_id, channel, reason, detail)
SELECT 'rejudged', h.message_id, h.contact_id, h.campaign_id, h.order_id, 'email',
       CASE r.verdict WHEN 'human' THEN '' ELSE r.verdict END,
       concat_ws(' ', h.kind, coalesce(h.link_id::text, '-'), to_char(h.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
FROM ruled r JOIN delivery_hit h ON h.id = r.hit_id
WHERE h.kind <> 'baited' AND (r.verdict = 'human') <> (r.before = 'human')
ORDER BY h.id;

-- name: forget_agents
DELETE FROM delivery_agent WHERE seen_at < %(before)s;
