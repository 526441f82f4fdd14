-- Who messages go to. The columns after the attributes are those of selectors/contacts.py, in its order.
-- name: recipients
SELECT id, tracking, attributes::text, external_id, email, phone, first_name, last_name, country, language, timezone
FROM segments_contact WHERE id = ANY(%s);

-- People with all that is kept of them, as JSON; made so as a whole.
-- name: update_many
UPDATE segments_contact c SET
    external_id = s.external_id, email = s.email, email_as_given = s.email_as_given, email_key = s.email_key,
    phone = s.phone, first_name = s.first_name, last_name = s.last_name, country = s.country, language = s.language,
    timezone = s.timezone, attributes = s.attributes, updated_at = now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS s (
    id bigint, external_id text, email text, email_as_given text, email_key bigint, phone text, first_name text,
    last_name text, country text, language text, timezone text, attributes jsonb
)
WHERE c.id = s.id;
