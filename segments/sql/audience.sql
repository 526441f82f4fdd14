-- Sizes of lists up to a limit, so that a list of millions costs no more than one of thousands.
-- name: list_sizes
SELECT l.id, (SELECT count(*) FROM (SELECT FROM segments_listmembership WHERE list_id = l.id LIMIT %(most)s) counted)
FROM unnest(%(lists)s::bigint[]) AS l(id);

-- The different countries there are, from one to the next along the index (https://wiki.postgresql.org/wiki/Loose_indexscan).
-- name: countries
WITH RECURSIVE found(country) AS (
    (SELECT country FROM segments_contact WHERE country > '' ORDER BY country LIMIT 1)
    UNION ALL
    SELECT (SELECT c.country FROM segments_contact c WHERE c.country > found.country ORDER BY c.country LIMIT 1)
    FROM found WHERE found.country IS NOT NULL
)
SELECT country FROM found WHERE country IS NOT NULL;
