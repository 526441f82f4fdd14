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

-- The last events of a person before a time, by indexes: those that named them (by any id they ever had), and those of
-- their visitors while they were this person. With where they were or what it was, as far as that is said.
-- name: did
SELECT occurred_at, event_type_id, coalesce(properties ->> 'path', properties ->> 'name', properties ->> 'sku')
FROM (
    (SELECT occurred_at, event_type_id, properties FROM segments_rawevent
     WHERE contact_id = ANY(%(ids)s) AND occurred_at < %(before)s ORDER BY occurred_at DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT occurred_at, event_type_id, properties FROM segments_rawevent
     WHERE visitor_id IN (SELECT visitor_id FROM segments_identitylink WHERE contact_id = ANY(%(ids)s))
       AND contact_id IS NULL AND occurred_at < %(before)s
       AND segments_owner(visitor_id, occurred_at, event_id) = %(contact)s
     ORDER BY occurred_at DESC LIMIT %(limit)s)
) q
ORDER BY occurred_at DESC LIMIT %(limit)s;
