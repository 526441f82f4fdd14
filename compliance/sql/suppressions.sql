-- The current view of suppressions. Uniqueness is per address hash, channel, scope and reason: laying twice is one row.

-- name: lay
INSERT INTO compliance_suppression
    (channel, address_digest, key_id, address_key, scope, scope_id, reason, source)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT suppression_once DO NOTHING;

-- Several mail addresses at once, each (`who`) under every live key (`nth`, 0 is the current one); one event for each
-- that was not suppressed so before. In the order of the keys, so that two files do not deadlock.
-- name: lay_many
WITH given AS (
    SELECT * FROM unnest(%(who)s::int[], %(nth)s::int[], %(digests)s::bytea[], %(key_ids)s::int[], %(keys)s::bigint[])
        AS given (who, nth, digest, key_id, key)
), laid AS (
    INSERT INTO compliance_suppression
        (channel, address_digest, key_id, address_key, scope, scope_id, reason, source)
    SELECT 'email', digest, key_id, key, %(scope)s, %(scope_id)s, %(reason)s, %(source)s FROM given ORDER BY key
    ON CONFLICT ON CONSTRAINT suppression_once DO NOTHING
    RETURNING address_key, address_digest
), fresh AS (
    SELECT DISTINCT given.who FROM given JOIN laid ON laid.address_key = key AND laid.address_digest = digest
)
INSERT INTO compliance_suppressionevent
    (action, channel, address_digest, key_id, address_key, scope, scope_id, reason, source, contact_id, actor_id, note, at)
SELECT 'suppressed', 'email', digest, key_id, key, %(scope)s, %(scope_id)s, %(reason)s, %(source)s,
       (SELECT id FROM segments_contact WHERE email_key = key LIMIT 1), %(actor)s, (%(notes)s::text[])[who + 1], %(at)s
FROM fresh JOIN given USING (who) WHERE nth = 0;

-- name: lift
DELETE FROM compliance_suppression
WHERE address_key = ANY(%s) AND address_digest = ANY(%s)
  AND channel = %s AND scope = %s AND scope_id = %s AND reason = %s;

-- One index probe per address key on suppression_once, whatever the size of the table.
-- name: of_keys
SELECT address_key, address_digest, scope, scope_id, reason
FROM compliance_suppression
WHERE channel = %s AND address_key = ANY(%s);
