-- The current view of suppressions. Uniqueness is per address hash, channel, scope and reason: laying twice is one row.

-- name: lay
INSERT INTO compliance_suppression
    (channel, address_digest, key_id, address_key, scope, scope_id, reason, source)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT suppression_once DO NOTHING;

-- name: lift
DELETE FROM compliance_suppression
WHERE address_key = ANY(%s) AND address_digest = ANY(%s)
  AND channel = %s AND scope = %s AND scope_id = %s AND reason = %s;

-- One index probe per address key on suppression_once, whatever the size of the table.
-- name: of_keys
SELECT address_key, address_digest, scope, scope_id, reason
FROM compliance_suppression
WHERE channel = %s AND address_key = ANY(%s);
