-- Bulk jobs: a stretch of people a statement, in the order of their ids, so that two jobs do not deadlock.

-- name: copy_targets
COPY segments_bulktarget (job_id, contact_id) FROM STDIN;

-- name: next_stretch
SELECT contact_id FROM segments_bulktarget
WHERE job_id = %(job)s AND contact_id > %(after)s ORDER BY contact_id LIMIT %(rows)s;

-- What another job changed, to take it back.
-- name: next_changed
SELECT contact_id, before FROM segments_bulktarget
WHERE job_id = %(job)s AND contact_id > %(after)s AND changed ORDER BY contact_id LIMIT %(rows)s;

-- name: note
UPDATE segments_bulktarget t SET changed = given.changed, before = given.before
FROM unnest(%(ids)s::bigint[], %(changed)s::bool[], %(before)s::jsonb[]) AS given (contact_id, changed, before)
WHERE t.job_id = %(job)s AND t.contact_id = given.contact_id;

-- Targets of a choice that was broken off, or of jobs of long ago, a stretch at a time; true while there is more.
-- name: forget_targets
WITH gone AS (
    DELETE FROM segments_bulktarget WHERE job_id = %(job)s AND contact_id <= (
        SELECT max(contact_id) FROM (
            SELECT contact_id FROM segments_bulktarget WHERE job_id = %(job)s ORDER BY contact_id LIMIT %(rows)s
        ) q
    ) RETURNING 1
) SELECT count(*) > 0 FROM gone;

-- name: put_on
INSERT INTO segments_listmembership (list_id, contact_id)
SELECT %(list)s, id FROM segments_contact WHERE id = ANY(%(ids)s) ORDER BY id
ON CONFLICT DO NOTHING RETURNING contact_id;

-- name: take_off
WITH due AS (
    SELECT id FROM segments_listmembership WHERE list_id = %(list)s AND contact_id = ANY(%(ids)s)
    ORDER BY contact_id FOR UPDATE
)
DELETE FROM segments_listmembership m USING due WHERE m.id = due.id RETURNING m.contact_id, m.added_at;

-- name: put_back
INSERT INTO segments_listmembership (list_id, contact_id, added_at)
SELECT %(list)s, c.id, given.added_at
FROM unnest(%(ids)s::bigint[], %(added)s::timestamptz[]) AS given (contact_id, added_at)
JOIN segments_contact c ON c.id = given.contact_id ORDER BY c.id
ON CONFLICT DO NOTHING;

-- An attribute of a stretch of people becomes {value}, where that is something else; with what was there before.
-- name: set_attribute
WITH known AS (
    SELECT id, attributes -> %(name)s AS before FROM segments_contact WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
), due AS (
    SELECT id, before, {value} AS after FROM known
)
UPDATE segments_contact c
SET attributes = CASE WHEN due.after IS NULL THEN c.attributes - %(name)s
                      ELSE jsonb_set(c.attributes, ARRAY[%(name)s], due.after) END,
    updated_at = now()
FROM due WHERE c.id = due.id AND due.before IS DISTINCT FROM due.after
RETURNING c.id, due.before;

-- name: value_set
%(value)s::jsonb

-- name: value_clear
NULL::jsonb

-- name: value_add
CASE WHEN before ? %(item)s THEN before
     WHEN jsonb_typeof(before) = 'array' THEN before || to_jsonb(%(item)s::text)
     ELSE jsonb_build_array(%(item)s::text) END

-- name: value_remove
CASE WHEN jsonb_typeof(before) = 'array' THEN nullif(before - %(item)s::text, '[]'::jsonb) ELSE before END

-- Back to what was there, unless it was changed again since: `after` is what the job had made of it.
-- name: restore_attribute
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(before)s::jsonb[]) AS given (id, before)
), due AS (
    SELECT c.id, given.before FROM segments_contact c JOIN given USING (id)
    WHERE c.attributes -> %(name)s IS NOT DISTINCT FROM %(after)s::jsonb ORDER BY c.id FOR UPDATE OF c
)
UPDATE segments_contact c
SET attributes = CASE WHEN due.before IS NULL THEN c.attributes - %(name)s
                      ELSE jsonb_set(c.attributes, ARRAY[%(name)s], due.before) END,
    updated_at = now()
FROM due WHERE c.id = due.id;
