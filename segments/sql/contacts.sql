-- Who messages go to. The columns after the attributes are those of selectors/contacts.py, in its order.
-- name: recipients
SELECT id, tracking, attributes::text, external_id, email, phone, first_name, last_name, country, language, timezone
FROM segments_contact WHERE id = ANY(%s);
