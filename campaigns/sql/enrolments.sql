-- Enrolments: who is where in a run. Every statement that moves people logs it in the same transaction.

-- The lease of a freeze. Its value is the token: whoever wrote it last holds it.
-- name: take_lease
UPDATE campaigns_run SET lease_until = now() + %(lease_s)s * interval '1 second'
WHERE id = %(run)s AND state = 'freezing' AND (lease_until IS NULL OR lease_until < now())
RETURNING lease_until;

-- Keeps the lease and counts; no row means that the run was cancelled or is frozen by another worker now.
-- name: keep_lease
UPDATE campaigns_run SET lease_until = now() + %(lease_s)s * interval '1 second', audience = audience + %(added)s
WHERE id = %(run)s AND state = 'freezing' AND lease_until = %(held)s
RETURNING lease_until;

-- name: enrol
WITH enrolled AS (
    INSERT INTO campaigns_enrolment (run_id, contact_id, step_id, due_at)
    SELECT %(run)s, contact, %(step)s, %(due_at)s FROM unnest(%(contacts)s::bigint[]) AS contact
    RETURNING contact_id
)
INSERT INTO campaigns_enrolmentevent (kind, contact_id, campaign_id, run_id, step_id)
SELECT 'entered', contact_id, %(campaign)s, %(run)s, %(step)s FROM enrolled;

-- What a worker left that died while it froze. The log keeps that they were in, and why they left again.
-- name: clear
WITH cleared AS (
    DELETE FROM campaigns_enrolment
    WHERE id IN (SELECT id FROM campaigns_enrolment WHERE run_id = %(run)s LIMIT %(limit)s)
    RETURNING contact_id, step_id
)
INSERT INTO campaigns_enrolmentevent (kind, contact_id, campaign_id, run_id, step_id, outcome)
SELECT 'exited', contact_id, %(campaign)s, %(run)s, step_id, 'frozen_anew' FROM cleared;

-- Where somebody is due, one index probe a step however many wait. LATERAL, since a semi-join would read them all.
-- name: due
SELECT r.id, s.id
FROM campaigns_run r
JOIN campaigns_campaign c ON c.id = r.campaign_id AND c.state = 'active'
JOIN campaigns_step s ON s.version_id = r.version_id
CROSS JOIN LATERAL (
    SELECT FROM campaigns_enrolment e
    WHERE e.run_id = r.id AND e.step_id = s.id AND e.state = 'waiting' AND e.due_at <= %(at)s
    LIMIT 1
) someone
WHERE r.state = 'running'
ORDER BY r.id, s.id;

-- name: claim
SELECT contact_id FROM campaigns_enrolment
WHERE run_id = %(run)s AND step_id = %(step)s AND state = 'waiting' AND due_at <= %(at)s
  AND EXISTS (
      SELECT FROM campaigns_run r JOIN campaigns_campaign c ON c.id = r.campaign_id
      WHERE r.id = %(run)s AND r.state = 'running' AND c.state = 'active'
  )
ORDER BY due_at
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- People of one batch with one outcome go to the next step, or have reached the end.
-- name: advance
WITH advanced AS (
    UPDATE campaigns_enrolment
    SET step_id = coalesce(%(next)s, step_id), due_at = %(at)s, outcome = %(outcome)s,
        state = CASE WHEN %(next)s::bigint IS NULL THEN 'completed' ELSE 'waiting' END
    WHERE run_id = %(run)s AND contact_id = ANY(%(contacts)s::bigint[])
    RETURNING contact_id
)
INSERT INTO campaigns_enrolmentevent (kind, contact_id, campaign_id, run_id, step_id, outcome)
SELECT CASE WHEN %(next)s::bigint IS NULL THEN 'completed' ELSE 'passed' END,
       contact_id, %(campaign)s, %(run)s, %(step)s, %(outcome)s
FROM advanced;

-- Who still waits in a cancelled run. Those that a planner holds are left to the next round.
-- name: exit
WITH gone AS (
    UPDATE campaigns_enrolment SET state = 'exited', outcome = %(outcome)s
    WHERE id IN (
        SELECT id FROM campaigns_enrolment WHERE run_id = %(run)s AND state = 'waiting'
        LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    RETURNING contact_id, step_id
)
INSERT INTO campaigns_enrolmentevent (kind, contact_id, campaign_id, run_id, step_id, outcome)
SELECT 'exited', contact_id, %(campaign)s, %(run)s, step_id, %(outcome)s FROM gone;
