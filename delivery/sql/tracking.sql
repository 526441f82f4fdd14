-- Opens and clicks. The answer to a reader waits for one of these statements, so each is one round trip.

-- A hit, what it came with, and its place in the judge's queue: all or nothing, committed at once.
-- name: hit
WITH message AS (
    SELECT m.id, m.contact_id, m.order_id, o.campaign_id
    FROM delivery_message m JOIN delivery_sendorder o ON o.id = m.order_id
    WHERE m.id = %(message)s AND o.campaign_id <> 0  -- test sends never count
), hit AS (
    INSERT INTO delivery_hit
        (kind, message_id, contact_id, campaign_id, order_id, link_id, target_hash, agent_hash, network)
    SELECT %(kind)s, id, contact_id, campaign_id, order_id, %(link)s::bigint, %(target)s::bigint, %(agent)s,
           %(network)s
    FROM message
    RETURNING id, at
), waiting AS (
    INSERT INTO delivery_unjudged (hit_id, at) SELECT id, at FROM hit
), agent AS (
    INSERT INTO delivery_agent (hash, words) SELECT %(agent)s, %(words)s FROM hit ON CONFLICT DO NOTHING
)
SELECT (SELECT url FROM templates_templatelink WHERE id = %(link)s::bigint), o.campaign_id, o.label, b.name, b.utm
FROM (SELECT) AS always
LEFT JOIN delivery_message m ON m.id = %(message)s
LEFT JOIN delivery_sendorder o ON o.id = m.order_id
LEFT JOIN compliance_brand b ON b.id = o.brand_id;

-- The same without the hit.
-- name: look
SELECT (SELECT url FROM templates_templatelink WHERE id = %(link)s::bigint), o.campaign_id, o.label, b.name, b.utm
FROM (SELECT) AS always
LEFT JOIN delivery_message m ON m.id = %(message)s
LEFT JOIN delivery_sendorder o ON o.id = m.order_id
LEFT JOIN compliance_brand b ON b.id = o.brand_id;
