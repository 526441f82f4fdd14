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

-- Many may write one attribute at once: its row is left to whoever has it, and not written each time.
-- name: note_writer
UPDATE segments_attribute a
SET writer_kind = %(kind)s, writer = %(name)s, writer_row = %(row)s, written_at = clock_timestamp()
FROM (
    SELECT id FROM segments_attribute
    WHERE name = ANY (%(names)s)
      AND (written_at IS NULL OR written_at < clock_timestamp()
           - CASE WHEN (writer_kind, writer) = (%(kind)s, %(name)s) THEN interval '1 minute' ELSE interval '1 second' END)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
) due
WHERE a.id = due.id;
