-- The ledger's statements. Each is one round trip and its own transaction; none is held across the network.

-- Messages of a set of people under one order. People without an address are accounted for at once.
-- Repeating it is a no-op (message_once).
-- name: plan
WITH planned AS (
    INSERT INTO delivery_message (order_id, contact_id, channel, address_key, state, reason, due_at, settled_at)
    SELECT %(order)s, wanted.id, %(channel)s, c.email_key,
           CASE WHEN c.email_key IS NULL THEN 'skipped' ELSE 'ready' END,
           CASE WHEN c.id IS NULL THEN 'contact_gone' WHEN c.email_key IS NULL THEN 'no_address' ELSE '' END,
           %(due_at)s,
           CASE WHEN c.email_key IS NULL THEN now() END
    FROM unnest(%(contacts)s::bigint[]) AS wanted(id)
    LEFT JOIN segments_contact c ON c.id = wanted.id
    ON CONFLICT ON CONSTRAINT message_once DO NOTHING
    RETURNING id, contact_id, state, reason
), logged AS (
    INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel, reason)
    SELECT 'skipped', p.id, p.contact_id, %(campaign)s, %(order)s, %(channel)s, p.reason
    FROM planned p WHERE p.state = 'skipped'
)
SELECT count(*) FROM planned;

-- A batch of one lane: each open order with something due gets an equal share, so no campaign starves another.
-- Both probes use the partial index message_ready, which holds only what waits; the first, being no EXISTS, asks it once
-- for each open order. Merged with it, held orders of millions would be read through for each batch.
-- Messages that were claimed when a worker died may have killed it: they go by themselves, in batches of an eighth for
-- each death (300, 37, 4, 1), so that the innocent among them get away and the culprit ends alone (STANDARDS B11.2-3).
-- A batch is of the kind of its oldest message; what a dead worker left is due anew, behind what was due before.
-- name: claim
-- The order of the orders is drawn anew each time, so that with more orders than a batch has places none starves.
WITH due AS MATERIALIZED (
    SELECT o.id FROM delivery_sendorder o
    CROSS JOIN LATERAL (
        SELECT FROM delivery_message m
        WHERE m.order_id = o.id AND m.state = 'ready' AND m.due_at <= statement_timestamp()
        ORDER BY m.due_at LIMIT 1
    ) waiting
    WHERE o.lane = %(lane)s AND o.channel = %(channel)s AND o.state = 'open'
      AND (o.expires_at IS NULL OR o.expires_at > statement_timestamp())
    ORDER BY random()
    LIMIT %(limit)s
), picked AS MATERIALIZED (
    SELECT m.* FROM due CROSS JOIN LATERAL (
        SELECT id, losses, due_at FROM delivery_message
        WHERE order_id = due.id AND state = 'ready' AND due_at <= statement_timestamp()
        ORDER BY due_at, id
        LIMIT (SELECT ceil(%(limit)s::numeric / count(*)) FROM due)
        FOR UPDATE SKIP LOCKED
    ) m
    LIMIT %(limit)s
), alike AS MATERIALIZED (
    SELECT losses FROM picked ORDER BY due_at, id LIMIT 1
), chosen AS (
    SELECT id FROM picked WHERE losses = (SELECT losses FROM alike)
    ORDER BY due_at, id LIMIT (SELECT greatest(1, %(limit)s / (8 ^ losses)::int) FROM alike)
)
UPDATE delivery_message m
SET state = 'claimed', lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
FROM chosen WHERE m.id = chosen.id
RETURNING m.id, m.order_id, m.contact_id, m.attempt, m.deferrals, m.deferred_since;

-- The intent. Only rows that are still claimed pass (an opt-out or another worker may have taken them);
-- the address key is set to the address it really goes to, so that an opt-out of that address waits for it.
-- It asks the primary key: by the partial index of leased rows, which the planner thinks small, it would read every
-- row that was leased since the last vacuum. Hence the state that is not said in the words of that index.
-- name: begin
UPDATE delivery_message m
SET state = 'dispatching', attempt = m.attempt + 1, address_key = v.address_key, provider_account_id = %(account)s,
    lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
FROM unnest(%(ids)s::bigint[], %(address_keys)s::bigint[]) AS v(id, address_key)
WHERE m.id = v.id AND m.state || '' = 'claimed'
RETURNING m.id, m.attempt;

-- Those that were begun under these attempts.
-- name: begun
SELECT m.id, m.attempt FROM unnest(%(ids)s::bigint[], %(attempts)s::int[]) AS v(id, attempt)
JOIN delivery_message m ON m.id = v.id AND m.attempt = v.attempt AND m.state = 'dispatching';

-- What became of a group, with its delivery events. `attempt` keeps a worker that comes back late from
-- settling a later attempt; a late answer for a row given up as unknown is still the truth. Not sent after all,
-- it is ready again, or failed when its order has ended meanwhile. A tally a group is what rates and limits are read
-- from, instead of from the rows.
-- name: settle
WITH settled AS (
    UPDATE delivery_message m
    SET state = v.state, reason = v.reason, due_at = coalesce(v.due_at, m.due_at),
        -- RETURNING shows what was before only from Postgres 18 on: the epoch says that it was given up as unknown
        lease_until = CASE WHEN m.state = 'unknown' THEN 'epoch'::timestamptz END,
        settled_at = CASE WHEN v.state <> 'ready' THEN now() END,
        deferrals = m.deferrals + (v.kind = 'deferred')::int,
        deferred_since = CASE WHEN v.kind = 'deferred' THEN coalesce(m.deferred_since, now()) ELSE m.deferred_since END
    FROM (
        SELECT given.id, given.attempt, given.due_at, given.detail, o.campaign_id,
               CASE WHEN too_late THEN 'failed' ELSE given.state END AS state,
               CASE WHEN too_late THEN 'failed' ELSE given.kind END AS kind,
               CASE WHEN too_late THEN 'order_ended' ELSE given.reason END AS reason
        FROM unnest(
            %(ids)s::bigint[], %(attempts)s::int[], %(states)s::text[], %(reasons)s::text[],
            %(due_ats)s::timestamptz[], %(kinds)s::text[], %(details)s::text[]
        ) AS given(id, attempt, state, reason, due_at, kind, detail)
        JOIN delivery_message was ON was.id = given.id
        JOIN delivery_sendorder o ON o.id = was.order_id
        CROSS JOIN LATERAL (SELECT was.state = 'unknown' AND given.state = 'ready' AND o.state = 'closed') l(too_late)
    ) v
    WHERE m.id = v.id AND m.attempt = v.attempt AND m.state = ANY(%(from_states)s)
    RETURNING m.id, m.order_id, m.contact_id, m.channel, m.attempt, m.state, m.provider_account_id,
              m.lease_until IS NOT NULL AS was_unknown, v.campaign_id, v.kind, v.reason, v.detail
), tallied AS (
    INSERT INTO delivery_sendtally (order_id, provider_account_id, sent, failed, bounced, deferred, unknown, skipped)
    SELECT order_id, provider_account_id, count(*) FILTER (WHERE state = 'sent'),
           count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE kind = 'bounced'), count(*) FILTER (WHERE kind = 'deferred'),
           count(*) FILTER (WHERE state = 'unknown'), count(*) FILTER (WHERE state = 'skipped')
    FROM settled WHERE state IN ('sent', 'failed', 'unknown', 'skipped') OR kind = 'deferred'
    GROUP BY order_id, provider_account_id
), dead AS (
    -- every failure but those that the mailbox itself is the reason of; the same fault has the same fingerprint
    INSERT INTO delivery_deadletter
        (message_id, order_id, campaign_id, contact_id, reason, error, fingerprint, attempts, resolution)
    SELECT id, order_id, campaign_id, contact_id, reason, detail,
           left(md5(reason || regexp_replace(detail, '[0-9]+', '#', 'g')), 16), attempt, ''
    FROM settled WHERE state = 'failed' AND kind <> 'bounced' AND campaign_id <> 0
    ON CONFLICT DO NOTHING
), logged AS (
    INSERT INTO delivery_deliveryevent
        (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason, detail)
    SELECT kind, id, contact_id, campaign_id, order_id, channel, attempt, reason, detail
    FROM settled WHERE kind <> ''
    UNION ALL
    SELECT 'resolved', id, contact_id, campaign_id, order_id, channel, attempt, 'heard_of', ''
    FROM settled WHERE was_unknown AND state <> 'unknown'
)
SELECT id FROM settled;

-- name: forget_tallies
DELETE FROM delivery_sendtally WHERE at < statement_timestamp() - %(hours)s * interval '1 hour';

-- An opt-out: what waits for this address in this scope is skipped, in the opt-out's own transaction.
-- A row locked by a dispatcher is waited for and read again: if it went out to dispatching, the opt-out waits for it.
-- name: skip_waiting
WITH skipped AS (
    UPDATE delivery_message m
    SET state = 'skipped', reason = %(reason)s, lease_until = NULL, settled_at = now()
    FROM delivery_sendorder o
    WHERE m.address_key = ANY(%(address_keys)s) AND m.state IN ('ready', 'claimed') AND m.channel = %(channel)s
      AND o.id = m.order_id
      AND (o.purpose = 'marketing' OR %(transactional)s)
      AND (%(scope)s = 'global' OR (%(scope)s = 'brand' AND o.brand_id = %(scope_id)s)
           OR (%(scope)s = 'list' AND (o.list_id = %(scope_id)s OR %(scope_id)s = ANY(o.audience_lists))))
    RETURNING m.id, m.order_id, m.contact_id, m.channel, m.attempt, m.reason, o.campaign_id
)
INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason)
SELECT 'skipped', id, contact_id, campaign_id, order_id, channel, attempt, reason FROM skipped;

-- The message in which an opt-out was asked for; nothing when its row is gone.
-- name: log_unsubscribed
INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason)
SELECT %(kind)s, m.id, m.contact_id, o.campaign_id, m.order_id, m.channel, m.attempt, %(reason)s
FROM delivery_message m JOIN delivery_sendorder o ON o.id = m.order_id WHERE m.id = %(message)s;

-- name: in_flight
SELECT EXISTS (
    SELECT FROM delivery_message
    WHERE address_key = ANY(%(address_keys)s) AND state = 'dispatching' AND channel = %(channel)s
      AND lease_until > clock_timestamp()
);

-- name: any_in_flight
SELECT EXISTS (
    SELECT FROM delivery_message
    WHERE state = 'dispatching' AND channel = %(channel)s AND lease_until > clock_timestamp() AND lease_until < %(until)s
);

-- A claimed row whose lease ran out was never begun: its worker died before the intent. It counts the deaths; after so
-- many it is to blame itself and is given up, as a dead letter.
-- name: release_claimed
WITH released AS (
    UPDATE delivery_message m
    SET lease_until = NULL, losses = m.losses + 1, due_at = greatest(m.due_at, statement_timestamp()),
        state = CASE WHEN m.losses + 1 < %(max_losses)s THEN 'ready' ELSE 'failed' END,
        reason = CASE WHEN m.losses + 1 < %(max_losses)s THEN m.reason ELSE 'poison' END,
        settled_at = CASE WHEN m.losses + 1 < %(max_losses)s THEN NULL ELSE now() END
    WHERE m.id IN (
        SELECT id FROM delivery_message WHERE state = 'claimed' AND lease_until < clock_timestamp()
        ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    RETURNING m.id, m.order_id, m.contact_id, m.channel, m.attempt, m.state, m.losses
), poison AS (
    SELECT r.*, o.campaign_id, format('Workers that died over it: %%s.', r.losses) AS detail
    FROM released r JOIN delivery_sendorder o ON o.id = r.order_id WHERE r.state = 'failed'
), dead AS (
    INSERT INTO delivery_deadletter
        (message_id, order_id, campaign_id, contact_id, reason, error, fingerprint, attempts, resolution)
    SELECT id, order_id, campaign_id, contact_id, 'poison', detail, left(md5('poison'), 16), attempt, ''
    FROM poison WHERE campaign_id <> 0
    ON CONFLICT DO NOTHING
), logged AS (
    INSERT INTO delivery_deliveryevent
        (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason, detail)
    SELECT 'failed', id, contact_id, campaign_id, order_id, channel, attempt, 'poison', detail FROM poison
)
SELECT id FROM released;

-- A dispatching row whose lease ran out may or may not have been sent: nobody can know (RFC 1047).
-- name: mark_unknown
WITH lost AS (
    UPDATE delivery_message SET state = 'unknown', reason = 'worker_lost', lease_until = NULL, settled_at = now()
    WHERE id IN (
        SELECT id FROM delivery_message WHERE state = 'dispatching' AND lease_until < clock_timestamp()
        ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    RETURNING id, order_id, contact_id, channel, attempt, reason
)
INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason)
SELECT 'unknown', l.id, l.contact_id, o.campaign_id, l.order_id, l.channel, l.attempt, l.reason
FROM lost l JOIN delivery_sendorder o ON o.id = l.order_id;

-- What still waits under a closed order was cancelled with its campaign; under an expired one its time has passed.
-- name: end_waiting
WITH ended AS (
    UPDATE delivery_message m
    SET state = v.state, reason = v.reason, lease_until = NULL, settled_at = now()
    FROM (
        SELECT m.id, o.campaign_id,
               CASE WHEN o.state = 'closed' THEN 'cancelled' ELSE 'skipped' END AS state,
               CASE WHEN o.state = 'closed' THEN 'campaign_cancelled' ELSE 'expired' END AS reason
        FROM delivery_sendorder o JOIN delivery_message m ON m.order_id = o.id
        WHERE o.id = %(order)s AND m.state = 'ready'  -- claimed ones come back by their lease, or the gate ends them
          AND (o.state = 'closed' OR o.expires_at < statement_timestamp())
        LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
    ) v
    WHERE m.id = v.id
    RETURNING m.id, m.order_id, m.contact_id, m.channel, m.attempt, m.state, m.reason, v.campaign_id
)
INSERT INTO delivery_deliveryevent (kind, message_id, contact_id, campaign_id, order_id, channel, attempt, reason)
SELECT state, id, contact_id, campaign_id, order_id, channel, attempt, reason FROM ended;

-- Ended orders under which something still waits. It walks the orders that have waiting messages, one index probe each,
-- since the orders that ever ended are many.
-- name: orders_to_end
WITH RECURSIVE waiting(order_id) AS (
    (SELECT order_id FROM delivery_message WHERE state = 'ready' ORDER BY order_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT m.order_id FROM delivery_message m
        WHERE m.state = 'ready' AND m.order_id > waiting.order_id ORDER BY m.order_id LIMIT 1
    )
    FROM waiting WHERE waiting.order_id IS NOT NULL
)
SELECT o.id FROM waiting JOIN delivery_sendorder o ON o.id = waiting.order_id
WHERE o.state = 'closed' OR o.expires_at < statement_timestamp();

-- Whether a message under any of these orders may still go out. What is in the hands of workers is little, whatever the
-- audience; OFFSET 0 keeps the planner from looking for it among all messages of the order.
-- name: is_outstanding
SELECT EXISTS (
    SELECT FROM delivery_sendorder o
    CROSS JOIN LATERAL (  -- one probe an order, as in `claim`
        SELECT FROM delivery_message m WHERE m.order_id = o.id AND m.state = 'ready' ORDER BY m.due_at LIMIT 1
    ) waiting
    WHERE o.campaign_id = %(campaign)s
) OR EXISTS (
    SELECT FROM (
        SELECT order_id FROM delivery_message WHERE state IN ('claimed', 'dispatching') AND lease_until IS NOT NULL OFFSET 0
    ) leased
    JOIN delivery_sendorder o ON o.id = leased.order_id
    WHERE o.campaign_id = %(campaign)s
) OR EXISTS (  -- what nobody knows of goes out again when its order says so
    SELECT FROM (
        SELECT order_id FROM delivery_message
        WHERE state = 'unknown' AND attempt < %(attempts)s
          AND EXISTS (SELECT FROM delivery_sendorder WHERE campaign_id = %(campaign)s AND resend_unknown) OFFSET 0
    ) lost
    JOIN delivery_sendorder o ON o.id = lost.order_id
    WHERE o.campaign_id = %(campaign)s AND o.resend_unknown AND o.state <> 'closed'
);

-- What is due in each lane, and since when: open orders alone, from the partial index.
-- name: queues
SELECT o.lane, coalesce(sum(waiting.depth), 0)::bigint, min(waiting.since)
FROM delivery_sendorder o
CROSS JOIN LATERAL (
    SELECT count(*) AS depth, min(m.due_at) AS since FROM delivery_message m
    WHERE m.order_id = o.id AND m.state = 'ready' AND m.due_at <= statement_timestamp()
) waiting
WHERE o.state = 'open'
GROUP BY o.lane;
