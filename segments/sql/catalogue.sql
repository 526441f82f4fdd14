-- Reads of the catalogue that stay as quick however much there is.

-- name: lately
SELECT event_type_id, source, write_key_id, count(*), sum(octet_length(properties::text)), max(at)
FROM (
    SELECT event_type_id, source, write_key_id, properties, at FROM segments_rawevent ORDER BY id DESC LIMIT %(most)s
) newest
GROUP BY 1, 2, 3;

-- name: shares
WITH drawn AS MATERIALIZED (
    SELECT attributes, updated_at FROM segments_contact WHERE id = ANY(%(ids)s)
)
SELECT name, count(*), max(updated_at), (SELECT count(*) FROM drawn)
FROM drawn, jsonb_object_keys(attributes) AS name GROUP BY name;
