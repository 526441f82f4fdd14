-- name: merge_contexts
SELECT id, external_id, email, phone, first_name, last_name, country, language, timezone, attributes
FROM segments_contact WHERE id = ANY(%s);
