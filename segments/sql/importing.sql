-- Staging and writing of imports. {braces} name other statements of this file that are put in their place
-- (segments/services/upserting.py), so that the dry run and the run judge by the same words.

-- name: copy_staged
COPY segments_stagedrow (
    imported_from_id, line, suppressed, external_id, email, email_as_given, email_key, phone, first_name, last_name,
    country, language, timezone, attributes
) FROM STDIN (FORMAT text, NULL '');

-- name: copy_problems
COPY segments_importrow (imported_from_id, line, outcome, reason) FROM STDIN;

-- What a contact (c) becomes by a staged row (s), in the order of {fields}. A blank never erases.
-- name: fields
external_id, email, email_as_given, email_key, phone, first_name, last_name, country, language, timezone, attributes;

-- name: current
c.external_id, c.email, c.email_as_given, c.email_key, c.phone, c.first_name, c.last_name, c.country, c.language,
c.timezone, c.attributes;

-- name: overwrite
coalesce(s.external_id, c.external_id),
coalesce(s.email, c.email),
CASE WHEN s.email = c.email OR s.email IS NULL THEN c.email_as_given ELSE coalesce(s.email_as_given, s.email) END,
coalesce(s.email_key, c.email_key),
coalesce(s.phone, c.phone),
coalesce(s.first_name, c.first_name),
coalesce(s.last_name, c.last_name),
coalesce(s.country, c.country),
coalesce(s.language, c.language),
coalesce(s.timezone, c.timezone),
c.attributes || coalesce(s.attributes, '{}');

-- Language and time zone are never blank.
-- name: fill_blanks
coalesce(c.external_id, s.external_id),
coalesce(c.email, s.email),
CASE WHEN c.email IS NULL THEN coalesce(s.email_as_given, s.email, '') ELSE c.email_as_given END,
coalesce(c.email_key, s.email_key),
coalesce(c.phone, s.phone),
coalesce(nullif(c.first_name, ''), s.first_name, ''),
coalesce(nullif(c.last_name, ''), s.last_name, ''),
coalesce(nullif(c.country, ''), s.country, ''),
c.language,
c.timezone,
coalesce(s.attributes, '{}') || c.attributes;

-- name: skip
{current};

-- Whom each staged row of a stretch of lines means (by external_id, else by email), and what would become of it.
-- Two identities that name two people, or an address whose owner has another external_id: never guessed.
-- name: classified
SELECT
    s.*,
    c.id AS contact_id,
    CASE
        WHEN by_id.id <> by_email.id OR (by_id.id IS NULL AND by_email.external_id <> s.external_id) THEN 'conflict'
        WHEN c.id IS NULL THEN 'new'
        WHEN ROW({current}) IS DISTINCT FROM ROW({merged}) THEN 'changed'
        ELSE 'unchanged'
    END AS outcome
FROM segments_stagedrow s
LEFT JOIN segments_contact by_id ON by_id.external_id = s.external_id
LEFT JOIN segments_contact by_email ON by_email.email = s.email
LEFT JOIN segments_contact c ON c.id = coalesce(by_id.id, by_email.id)
WHERE s.imported_from_id = %(import)s AND s.line > %(after)s AND s.line <= %(upto)s;

-- The dry run: counts by outcome (line is null), and each row that is not to be written, the last line first, so that
-- taking rows away while reading never changes what an earlier line is. Reads only.
-- name: check
WITH found AS MATERIALIZED (
    SELECT line, external_id, email, suppressed, contact_id, outcome FROM ({classified}) q
), clear AS (
    SELECT * FROM found WHERE outcome <> 'conflict'
), first_by_id AS (
    SELECT external_id, min(line) AS line FROM clear WHERE external_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1
), first_by_email AS (
    SELECT email, min(line) AS line FROM clear WHERE email IS NOT NULL GROUP BY 1 HAVING count(*) > 1
), first_by_contact AS (
    SELECT contact_id, min(line) AS line FROM clear WHERE contact_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1
), judged AS MATERIALIZED (
    SELECT f.line, f.suppressed, f.outcome,
        CASE WHEN f.outcome <> 'conflict' THEN least(i.line, e.line, p.line) END AS first_line
    FROM found f
    LEFT JOIN first_by_id i ON i.external_id = f.external_id AND i.line < f.line
    LEFT JOIN first_by_email e ON e.email = f.email AND e.line < f.line
    LEFT JOIN first_by_contact p ON p.contact_id = f.contact_id AND p.line < f.line
)
SELECT NULL::bigint AS line, outcome, NULL::bigint AS first_line, count(*) AS rows,
    count(*) FILTER (WHERE suppressed) AS suppressed
FROM judged WHERE first_line IS NULL AND outcome <> 'conflict' GROUP BY outcome
UNION ALL
(SELECT line, CASE WHEN first_line IS NULL THEN outcome ELSE 'duplicate' END, first_line, 1, suppressed::int
 FROM judged WHERE first_line IS NOT NULL OR outcome = 'conflict' ORDER BY line DESC);

-- name: drop_staged
DELETE FROM segments_stagedrow WHERE imported_from_id = %(import)s AND line = ANY(%(lines)s);

-- The next stretch of lines to write: its last line and how many rows it has.
-- name: next_stretch
SELECT max(line), count(*) FROM (
    SELECT line FROM segments_stagedrow WHERE imported_from_id = %(import)s AND line > %(after)s
    ORDER BY line LIMIT %(rows)s
) q;

-- Imports take turns, stretch by stretch, so that two of them never wait for each other's rows. And a stretch finds
-- its people by index: what the planner knows of a table that grows while it is filled makes it scan the whole of it.
-- name: take_turns
SELECT pg_advisory_xact_lock(hashtext('segments.services.imports')),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);

-- Judge one stretch again, write it, record each row and take it off the stage, in one statement. It fails as a whole
-- when somebody else takes an address at the same moment: no ON CONFLICT, which would cost every row for that.
-- name: write_stretch
WITH classified AS MATERIALIZED (
    SELECT q.*, CASE outcome
        WHEN 'new' THEN nextval('segments_contact_id_seq') WHEN 'conflict' THEN NULL ELSE contact_id
    END AS id
    FROM ({classified}) q
), judged AS MATERIALIZED (
    SELECT *, outcome <> 'conflict' AND row_number() OVER (PARTITION BY id ORDER BY line) > 1 AS again
    FROM classified
), updated AS (
    UPDATE segments_contact c SET ({fields}) = ROW({merged}), updated_at = now()
    FROM judged s WHERE c.id = s.contact_id AND s.outcome = 'changed' AND NOT s.again
), inserted AS (
    INSERT INTO segments_contact (
        id, external_id, email, email_as_given, email_key, phone, first_name, last_name, country, language, timezone,
        attributes
    )
    SELECT id, external_id, email, coalesce(email_as_given, email, ''), email_key, phone, coalesce(first_name, ''),
        coalesce(last_name, ''), coalesce(country, ''), coalesce(language, 'en'), coalesce(timezone, 'UTC'),
        coalesce(attributes, '{}')
    FROM judged WHERE outcome = 'new'
), recorded AS (
    INSERT INTO segments_importrow (imported_from_id, line, outcome, reason, contact_id)
    SELECT imported_from_id, line,
        CASE WHEN again THEN 'duplicate' ELSE outcome END,
        CASE WHEN again THEN %(duplicate)s WHEN outcome = 'conflict' THEN %(conflict)s ELSE '' END,
        CASE WHEN NOT again THEN id END
    FROM judged
    RETURNING outcome, contact_id
), listed AS (
    INSERT INTO segments_listmembership (list_id, contact_id)
    SELECT %(list)s, contact_id FROM recorded WHERE %(list)s::bigint IS NOT NULL AND contact_id IS NOT NULL
    ON CONFLICT DO NOTHING
), taken AS (
    DELETE FROM segments_stagedrow
    WHERE imported_from_id = %(import)s AND line > %(after)s AND line <= %(upto)s
)
SELECT outcome, count(*) FROM recorded GROUP BY outcome;

-- name: outcomes
SELECT outcome, count(*) FROM segments_importrow WHERE imported_from_id = %(import)s GROUP BY outcome;

-- What an import left on the stage or recorded, a stretch at a time; true while there is more.
-- name: forget_staged
WITH gone AS (
    DELETE FROM segments_stagedrow WHERE imported_from_id = %(import)s AND line <= (
        SELECT max(line) FROM (
            SELECT line FROM segments_stagedrow WHERE imported_from_id = %(import)s ORDER BY line LIMIT %(rows)s
        ) q
    ) RETURNING 1
) SELECT count(*) > 0 FROM gone;

-- name: forget_rows
WITH gone AS (
    DELETE FROM segments_importrow WHERE imported_from_id = %(import)s AND line <= (
        SELECT max(line) FROM (
            SELECT line FROM segments_importrow WHERE imported_from_id = %(import)s ORDER BY line LIMIT %(rows)s
        ) q
    ) RETURNING 1
) SELECT count(*) > 0 FROM gone;

-- name: analyze
SELECT segments_analyze_import();
