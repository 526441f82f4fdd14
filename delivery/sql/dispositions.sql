-- What becomes of messages that ended otherwise than anybody wished: dead letters and unknowns. Each statement works on
-- at most so many rows, changes the ledger and logs it in one; what it takes back of the log it takes back by an event.

-- Dead letters that are ready again; the gate decides about each anew. One that killed its workers goes alone, and the
-- next death ends it again.
-- name: replay
WITH chosen AS (
    SELECT d.id, d.message_id FROM delivery_deadletter d
    JOIN delivery_sendorder o ON o.id = d.order_id AND o.state <> 'closed'
    WHERE d.resolution = '' AND d.campaign_id = %(campaign)s
      AND (%(ids)s::bigint[] IS NULL OR d.id = ANY(%(ids)s))
      AND (%(reason)s = '' OR d.reason = %(reason)s) AND (%(fingerprint)s = '' OR d.fingerprint = %(fingerprint)s)
    ORDER BY d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
), revived AS (
    UPDATE delivery_message m
    SET state = 'ready', due_at = now(), settled_at = NULL, lease_until = NULL, deferrals = 0, deferred_since = NULL,
        losses = CASE WHEN m.reason = 'poison' THEN greatest(m.losses - 1, 0) ELSE 0 END, reason = 'replayed'
    FROM chosen WHERE m.id = chosen.message_id AND m.state = 'failed'
    RETURNING m.id, m.order_id, m.contact_id, m.channel, m.attempt
), resolved AS (
    UPDATE delivery_deadletter d SET resolution = 'replayed', resolved_at = now(), resolved_by_id = %(by)s
    FROM chosen WHERE d.id = chosen.id
), logged AS (
    INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason)
    SELECT CASE ended.kind WHEN 'rejected' THEN 'readmitted' ELSE 'revived' END,
           r.id, r.contact_id, %(campaign)s, r.order_id, r.channel, r.attempt, 'replayed'
    FROM revived r CROSS JOIN LATERAL (
        SELECT kind FROM delivery_deliveryevent e
        WHERE e.message_id = r.id AND e.kind IN ('failed', 'rejected') ORDER BY e.xid DESC, e.id DESC LIMIT 1
    ) ended
)
SELECT id FROM chosen;

-- name: drop
UPDATE delivery_deadletter d SET resolution = 'dropped', resolved_at = now(), resolved_by_id = %(by)s
WHERE d.id IN (
    SELECT d.id FROM delivery_deadletter d
    WHERE d.resolution = '' AND d.campaign_id = %(campaign)s
      AND (%(ids)s::bigint[] IS NULL OR d.id = ANY(%(ids)s))
      AND (%(reason)s = '' OR d.reason = %(reason)s) AND (%(fingerprint)s = '' OR d.fingerprint = %(fingerprint)s)
    ORDER BY d.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
);

-- A person's word on messages that nobody knows of: that they went out, or that they shall go (again). `attempt` stays,
-- so that a late answer about the attempt that got lost finds another state, or another attempt, and changes nothing.
-- name: resolve_unknown
WITH chosen AS (
    SELECT m.id FROM delivery_message m JOIN delivery_sendorder o ON o.id = m.order_id
    WHERE m.state = 'unknown' AND o.campaign_id = %(campaign)s
      AND (%(state)s <> 'ready' OR o.state <> 'closed')
      AND (%(ids)s::bigint[] IS NULL OR m.id = ANY(%(ids)s)) AND (%(reason)s = '' OR m.reason = %(reason)s)
    ORDER BY m.id LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
), resolved AS (
    UPDATE delivery_message m
    SET state = %(state)s, reason = %(why)s, lease_until = NULL, due_at = now(),
        settled_at = CASE WHEN %(state)s = 'ready' THEN NULL ELSE now() END
    FROM chosen WHERE m.id = chosen.id
    RETURNING m.id, m.order_id, m.contact_id, m.channel, m.attempt
), logged AS (
    INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason)
    SELECT k.kind, r.id, r.contact_id, %(campaign)s, r.order_id, r.channel, r.attempt, %(why)s
    FROM resolved r CROSS JOIN unnest(%(kinds)s::text[]) AS k(kind)
)
SELECT id FROM resolved;

-- Orders that would rather send twice than never: their unknown messages are ready again by themselves, each time a
-- little later, and stay unknown after so many attempts.
-- name: resend_unknown
WITH chosen AS (
    SELECT m.id, o.campaign_id FROM delivery_message m JOIN delivery_sendorder o ON o.id = m.order_id
    WHERE m.state = 'unknown' AND m.attempt < %(attempts)s AND o.resend_unknown AND o.state <> 'closed'
      -- asked once, not for each unknown message there is
      AND EXISTS (SELECT FROM delivery_sendorder WHERE resend_unknown AND state <> 'closed')
    ORDER BY m.id LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
), resolved AS (
    UPDATE delivery_message m
    SET state = 'ready', reason = 'sent_again', lease_until = NULL, settled_at = NULL,
        due_at = now() + (m.attempt - 1) * %(pause_s)s * interval '1 second'
    FROM chosen WHERE m.id = chosen.id
    RETURNING m.id, m.order_id, m.contact_id, m.channel, m.attempt, chosen.campaign_id
), logged AS (
    INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason)
    SELECT 'resolved', id, contact_id, campaign_id, order_id, channel, attempt, 'sent_again' FROM resolved
)
SELECT id FROM resolved;

-- What a provider says later, once or often, in any order: that it took a message wins over everything but a refusal by
-- the mailbox, which implies it; that it refused one ends only what nobody knew of.
-- name: learn
WITH chosen AS (
    SELECT m.id, m.state AS was, given.state, given.reason, given.detail, o.campaign_id,
           (SELECT e.kind FROM delivery_deliveryevent e
            WHERE m.state = 'failed' AND e.message_id = m.id AND e.kind IN ('failed', 'rejected', 'bounced')
            ORDER BY e.xid DESC, e.id DESC LIMIT 1) AS ended
    FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(details)s::text[])
        AS given(id, state, reason, detail)
    JOIN delivery_message m ON m.id = given.id
    JOIN delivery_sendorder o ON o.id = m.order_id
    ORDER BY m.id FOR UPDATE OF m
), learnt AS (
    UPDATE delivery_message m
    SET state = c.state, reason = c.reason, lease_until = NULL, settled_at = now()
    FROM chosen c
    WHERE m.id = c.id AND (
        m.state = 'unknown'
        OR c.state = 'sent' AND (
            m.state = 'dispatching' OR m.state = 'failed' AND c.ended <> 'bounced'
            OR m.state IN ('ready', 'claimed') AND m.reason = 'sent_again'
        )
    )
    RETURNING m.id, m.order_id, m.contact_id, m.channel, m.attempt, c.was, c.ended, c.state, c.reason, c.detail,
              c.campaign_id
), closed AS (
    UPDATE delivery_deadletter d SET resolution = 'dropped', resolved_at = now()
    FROM learnt WHERE d.message_id = learnt.id AND learnt.was = 'failed' AND d.resolution = ''
), dead AS (
    INSERT INTO delivery_deadletter
        (message_id, order_id, campaign_id, contact_id, reason, error, fingerprint, attempts, resolution)
    SELECT id, order_id, campaign_id, contact_id, reason, detail,
           left(md5(reason || regexp_replace(detail, '[0-9]+', '#', 'g')), 16), attempt, ''
    FROM learnt WHERE state = 'failed' AND campaign_id <> 0
    ON CONFLICT DO NOTHING
), logged AS (
    INSERT INTO delivery_deliveryevent
        (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason, detail)
    SELECT CASE state WHEN 'sent' THEN 'sent' ELSE 'rejected' END, id, contact_id, campaign_id, order_id, channel,
           attempt, reason, detail
    FROM learnt
    UNION ALL
    SELECT CASE WHEN was = 'unknown' THEN 'resolved' WHEN ended = 'rejected' THEN 'readmitted' ELSE 'revived' END,
           id, contact_id, campaign_id, order_id, channel, attempt, 'heard_of', ''
    FROM learnt WHERE was IN ('unknown', 'failed')
)
SELECT id FROM learnt;

-- Unknown messages of a provider account that are not too old to ask about; drawn anew each time, so that those of which
-- it cannot tell do not stand before the others.
-- name: unknown_of
SELECT id FROM delivery_message
WHERE state = 'unknown' AND provider_account_id = %(account)s AND settled_at > now() - %(hours)s * interval '1 hour'
ORDER BY random() LIMIT %(limit)s;

-- What was settled under campaigns, of each since a moment of its own.
-- name: lately
SELECT w.campaign_id, sum(t.sent)::bigint, sum(t.failed)::bigint, sum(t.bounced)::bigint, sum(t.unknown)::bigint
FROM unnest(%(campaigns)s::bigint[], %(sinces)s::timestamptz[]) AS w(campaign_id, since)
JOIN delivery_sendorder o ON o.campaign_id = w.campaign_id
JOIN delivery_sendtally t ON t.order_id = o.id AND t.at > w.since AND t.at > %(since)s
GROUP BY w.campaign_id;
