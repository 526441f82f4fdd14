-- RFM snapshots, from what each contact ever did of the purchase metric.

-- A read and nothing else: it may take seconds, and nobody's horizon waits for it.
-- name: thresholds
SELECT percentile_disc(%(shares)s::float8[]) WITHIN GROUP (ORDER BY days),
       percentile_disc(%(shares)s::float8[]) WITHIN GROUP (ORDER BY count),
       percentile_disc(%(shares)s::float8[]) WITHIN GROUP (ORDER BY total)
FROM (
    SELECT greatest(floor(extract(epoch FROM %(at)s - last_at) / 86400), 0)::bigint AS days, count, total
    FROM segments_activitytotal WHERE metric_id = %(metric)s AND count > 0
) buyers;

-- The next buyers by their ids, scored. Gives the last of them.
-- name: score
WITH buyers AS MATERIALIZED (
    SELECT contact_id, count, total, first_at,
           greatest(floor(extract(epoch FROM %(at)s - last_at) / 86400), 0)::bigint AS days
    FROM segments_activitytotal
    WHERE metric_id = %(metric)s AND count > 0 AND contact_id > %(after)s
    ORDER BY contact_id LIMIT %(rows)s
), scored AS (
    INSERT INTO segments_rfmscore (
        snapshot_id, contact_id, recency_days, frequency, monetary, first_at,
        recency_score, frequency_score, monetary_score
    )
    SELECT %(snapshot)s, contact_id, days, count, total, first_at,
           5 - (SELECT count(*) FROM unnest(%(recency)s::bigint[]) t WHERE days > t),
           1 + (SELECT count(*) FROM unnest(%(frequency)s::bigint[]) t WHERE buyers.count > t),
           1 + (SELECT count(*) FROM unnest(%(monetary)s::numeric[]) t WHERE total > t)
    FROM buyers
)
SELECT max(contact_id) FROM buyers;

-- name: cells
INSERT INTO segments_rfmcell (snapshot_id, recency_score, frequency_score, monetary_score, people, money)
SELECT snapshot_id, recency_score, frequency_score, monetary_score, count(*), sum(monetary)
FROM segments_rfmscore WHERE snapshot_id = %(snapshot)s
GROUP BY 1, 2, 3, 4;

-- name: now
SELECT clock_timestamp();

-- name: analyze
SELECT segments_analyze_rfm();

-- name: forget
WITH gone AS (
    DELETE FROM segments_rfmscore WHERE snapshot_id = %(snapshot)s AND contact_id IN (
        SELECT contact_id FROM segments_rfmscore WHERE snapshot_id = %(snapshot)s ORDER BY contact_id LIMIT %(rows)s
    ) RETURNING 1
)
SELECT count(*) FROM gone;
