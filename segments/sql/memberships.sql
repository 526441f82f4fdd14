-- Who is in which segment. Whoever writes members of a segment holds its lock from before it looks at the people until its
-- end, so that of two looks at somebody the later is the one that stays. Locks are advisory and come before the first
-- write: whoever waits has no transaction id yet, which would hold back all who count (DESIGN 3). They are taken in the
-- order of segments, and rows of the upkeep are written under them alone or one at a time.

-- name: hold
SELECT u.segment_id, pg_advisory_xact_lock(hashtext('segments.membership'), u.segment_id::int)
FROM (
    SELECT segment_id FROM segments_segmentupkeep
    WHERE reads && %(watches)s::varchar[] OR segment_id = ANY (%(segments)s) ORDER BY segment_id OFFSET 0
) u;

-- name: hold_one
SELECT pg_advisory_xact_lock(hashtext('segments.membership'), %(segment)s::int);

-- What the next touches are about.
-- name: next_watches
SELECT DISTINCT watch FROM (SELECT watch FROM segments_touch ORDER BY id LIMIT %(limit)s) next;

-- The next touches, gone with the transaction that writes what follows from them.
-- name: claim
DELETE FROM segments_touch WHERE id = ANY (ARRAY(
    SELECT id FROM segments_touch WHERE watch = ANY (%(watches)s) ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING contact_id, watch;

-- One look at some people, {those}, by the rule as compiled, {people}: who is in it, against who was. Entries and exits
-- are the difference. The moment is taken under the lock, so the stays of a person follow each other.
-- name: settle
WITH moment AS MATERIALIZED (
    SELECT clock_timestamp() AS at
), told AS MATERIALIZED (
    SELECT t.contact_id, t.how FROM unnest(%(ids)s::bigint[], %(hows)s::text[]) AS t(contact_id, how)
), fitting(contact_id) AS MATERIALIZED (
    {people}
), before AS MATERIALIZED (
    SELECT contact_id FROM segments_membership WHERE segment_id = %(segment)s AND {those}
), entered AS (
    INSERT INTO segments_membership (segment_id, contact_id, version_id, how, added_at)
    SELECT %(segment)s, f.contact_id, %(version)s, coalesce(t.how, %(how)s), moment.at
    FROM fitting f CROSS JOIN moment LEFT JOIN told t ON t.contact_id = f.contact_id
    WHERE NOT EXISTS (SELECT FROM before b WHERE b.contact_id = f.contact_id)
    ORDER BY f.contact_id
    RETURNING contact_id, how, added_at
), gone AS (
    DELETE FROM segments_membership
    WHERE segment_id = %(segment)s AND {those}
      AND NOT EXISTS (SELECT FROM fitting f WHERE f.contact_id = segments_membership.contact_id)
    RETURNING contact_id, added_at
), logged AS (
    INSERT INTO segments_membershipchange (at, kind, segment_id, contact_id, version_id, how, since)
    SELECT added_at, 'entered', %(segment)s, contact_id, %(version)s, how, NULL FROM entered
    UNION ALL
    SELECT greatest(moment.at, g.added_at), 'left', %(segment)s, g.contact_id, %(version)s, coalesce(t.how, %(how)s),
           g.added_at
    FROM gone g CROSS JOIN moment LEFT JOIN told t ON t.contact_id = g.contact_id
)
SELECT (SELECT count(*) FROM entered), (SELECT count(*) FROM gone);

-- What {those} is: the people of a batch, or a stretch of a pass.
-- name: batch
contact_id = ANY (%(ids)s);

-- name: stretch
contact_id > %(after)s AND contact_id <= %(upto)s;

-- Keep the figures that follow from entries and exits. The segment itself shows its size once a pass by its rule is over.
-- name: note
WITH kept AS (
    UPDATE segments_segmentupkeep SET size = size + %(entered)s - %(gone)s WHERE segment_id = %(segment)s
    RETURNING segment_id, version_id, size, passed, passed_at
), day AS (
    INSERT INTO segments_segmentday AS d (segment_id, day, size, entered, "left")
    SELECT segment_id, (clock_timestamp() AT TIME ZONE 'UTC')::date, size,
           CASE WHEN %(counts)s THEN %(entered)s ELSE 0 END, CASE WHEN %(counts)s THEN %(gone)s ELSE 0 END
    FROM kept
    ON CONFLICT (segment_id, day) DO UPDATE
    SET size = excluded.size, entered = d.entered + excluded.entered, "left" = d."left" + excluded."left"
)
UPDATE segments_segment s SET size = kept.size, sized_at = clock_timestamp()
FROM kept
WHERE s.id = kept.segment_id AND s.current_id = kept.version_id AND kept.passed IS NULL AND kept.passed_at IS NOT NULL;

-- Segments whose upkeep was worked out for other rules than those of now, or not at all; and those no longer kept up.
-- A frozen segment stands on nothing but itself.
-- name: changed
SELECT s.id FROM segments_segment s
LEFT JOIN segments_segmentupkeep u ON u.segment_id = s.id
WHERE s.archived_at IS NULL AND s.current_id IS NOT NULL
  AND u.rules IS DISTINCT FROM (
      SELECT array_agg(o.current_id || CASE WHEN o.dynamic THEN '' ELSE ' frozen ' || coalesce(extract(epoch FROM o.frozen_at)::text, '') END
                       ORDER BY o.id)
      FROM segments_segment o WHERE o.id = ANY (coalesce(u.stands_on, ARRAY[s.id]))
  )
ORDER BY s.id;

-- name: rules
SELECT array_agg(o.current_id || CASE WHEN o.dynamic THEN '' ELSE ' frozen ' || coalesce(extract(epoch FROM o.frozen_at)::text, '') END
                       ORDER BY o.id)
FROM segments_segment o WHERE o.id = ANY (%(stands_on)s);

-- name: unwatch
DELETE FROM segments_segmentupkeep u USING segments_segment s
WHERE s.id = u.segment_id AND (s.archived_at IS NOT NULL OR s.current_id IS NULL);

-- From when on all who write know that it is watched. A trigger asks in a snapshot of its own at the end of its statement,
-- so who has not seen the upkeep that is committed by now had a transaction id before now.
-- name: stamp
UPDATE segments_segmentupkeep SET watched_from = pg_snapshot_xmax(pg_current_snapshot())::text::bigint
WHERE watched_from IS NULL;

-- Passes to begin or carry on: due, and all who may not have known of the watch are over. (A later id than any that was
-- given out is of the cluster that a dump came from.)
-- name: due
SELECT segment_id FROM segments_segmentupkeep
WHERE (passed IS NOT NULL OR due_at <= %(at)s)
  AND watched_from IS NOT NULL
  AND (watched_from <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
       OR watched_from > pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
ORDER BY passed IS NULL, due_at, segment_id;

-- The end of the next stretch of a pass, and whether anybody comes after it.
-- name: next_stretch
SELECT max(id) FROM (SELECT id FROM segments_contact WHERE id > %(after)s ORDER BY id LIMIT %(rows)s) next;

-- Everybody was touched by one statement: who depends on it passes anew.
-- name: all_due
UPDATE segments_segmentupkeep
SET due_at = clock_timestamp(), how = CASE WHEN how = 'clock' AND passed IS NULL THEN %(how)s ELSE how END
WHERE reads && %(watches)s::varchar[];

-- name: touch
INSERT INTO segments_touch (contact_id, watch) SELECT DISTINCT given.id, %(watch)s FROM unnest(%(ids)s::bigint[]) AS given(id);

-- The log of an upper floor, from a mark on: whom it speaks of. Rows of transactions that are not over come later.
-- name: tail
WITH chunk AS MATERIALIZED (
    SELECT e.xid, e.id, e.contact_id FROM {log} e
    WHERE (e.xid, e.id) > (%(xid)s::text::xid8, %(row)s) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY e.xid, e.id LIMIT %(limit)s
), touched AS (
    INSERT INTO segments_touch (contact_id, watch)
    SELECT DISTINCT contact_id, %(watch)s FROM chunk WHERE {which}
)
SELECT xid::text::bigint, id FROM chunk ORDER BY chunk.xid DESC, chunk.id DESC LIMIT 1;

-- name: now_in_log
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1, pg_snapshot_xmax(pg_current_snapshot())::text::bigint;

-- Of these names, those that read no table: functions of their arguments alone, and names of no relation or function.
-- name: pure
SELECT n.name FROM unnest(%(names)s::text[]) AS n(name)
WHERE to_regclass(quote_ident(n.name)) IS NULL
  AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname = n.name AND p.provolatile <> 'i');

-- name: plan_alone
SELECT pg_try_advisory_xact_lock(hashtext('segments.services.upkeep'));

-- Two at it would only wait for each other's locks.
-- name: settle_alone
SELECT pg_try_advisory_xact_lock(hashtext('segments.services.memberships'));

-- name: limit_statements
SELECT set_config('statement_timeout', %(limit)s, true);

-- name: last_contact
SELECT coalesce(max(id), 0) FROM segments_contact;

-- name: add_by_hand
WITH entered AS (
    INSERT INTO segments_membership (segment_id, contact_id, version_id, how, added_at)
    SELECT %(segment)s, given.id, %(version)s, %(how)s, clock_timestamp() FROM unnest(%(ids)s::bigint[]) AS given(id)
    RETURNING contact_id, added_at
), logged AS (
    INSERT INTO segments_membershipchange (at, kind, segment_id, contact_id, version_id, how)
    SELECT added_at, 'entered', %(segment)s, contact_id, %(version)s, %(how)s FROM entered
)
SELECT count(*) FROM entered;

-- name: remove_by_hand
WITH gone AS (
    DELETE FROM segments_membership WHERE segment_id = %(segment)s AND contact_id = ANY (%(ids)s)
    RETURNING contact_id, added_at
), logged AS (
    INSERT INTO segments_membershipchange (at, kind, segment_id, contact_id, version_id, how, since)
    SELECT greatest(clock_timestamp(), added_at), 'left', %(segment)s, contact_id, %(version)s, %(how)s, added_at
    FROM gone
)
SELECT count(*) FROM gone;

-- Entries and exits after a place in the log, as far as every transaction is over: none appears there any more.
-- name: changes
SELECT c.xid::text::bigint, c.id, c.at, c.kind, c.segment_id, c.contact_id, c.version_id, c.how
FROM segments_membershipchange c
WHERE (c.xid, c.id) > (%(xid)s::text::xid8, %(row)s) AND c.xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY c.xid, c.id LIMIT %(limit)s;

-- name: forget_changes
SELECT segments_forget_changes(%(days)s);

-- Who was in a segment at a moment and is still a contact, from a place on. The first arm comes in order by its index, the
-- second is few: those who have left since.
-- name: members_at
SELECT contact_id FROM (
    (SELECT m.contact_id FROM segments_membership m
     WHERE m.segment_id = %(segment)s AND m.added_at <= %(at)s AND m.contact_id {beyond} %(place)s
       AND EXISTS (SELECT FROM segments_contact c WHERE c.id = m.contact_id)
     ORDER BY m.contact_id {way} LIMIT %(limit)s)
    UNION ALL
    (SELECT l.contact_id FROM segments_membershipchange l
     WHERE l.segment_id = %(segment)s AND l.kind = 'left' AND l.at > %(at)s AND l.since <= %(at)s
       AND l.contact_id {beyond} %(place)s
       AND EXISTS (SELECT FROM segments_contact c WHERE c.id = l.contact_id)
     ORDER BY l.contact_id {way} LIMIT %(limit)s)
) found ORDER BY contact_id {way} LIMIT %(limit)s;
