-- Indexes of promoted attributes. Those who build are told apart by a lock of their session, which dies with them.

-- name: try_alone
SELECT pg_try_advisory_lock(hashtext('segments.services.promotions'));

-- name: let_go
SELECT pg_advisory_unlock(hashtext('segments.services.promotions'));

-- name: valid
SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relname = %(name)s AND i.indrelid = 'segments_contact'::regclass;

-- name: progress
SELECT phase, done, total FROM segments_index_progress(%(name)s);

-- name: keep_statistics
CREATE STATISTICS IF NOT EXISTS {name} (mcv) ON ({compared}) FROM segments_contact;

-- name: drop_statistics
DROP STATISTICS IF EXISTS {name};

-- So that the planner knows how the values are spread; it keeps no transaction open that others wait for.
-- name: analyze
ANALYZE segments_contact;
