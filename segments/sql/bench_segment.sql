-- The people of `bench segment`: made by the server itself, the same ones for the same seed.

-- name: quick
SELECT set_config('synchronous_commit', 'off', false), set_config('maintenance_work_mem', '1GB', false),
       set_config('work_mem', '512MB', false);

-- name: seed
SELECT setseed(%(seed)s);

-- What is checked and kept in order at each row is taken away while millions are written, and made anew at once.
-- name: bulwarks
SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint c
WHERE conrelid = ANY(%(tables)s::regclass[]) AND contype IN ('f', 'u', 'p')
  AND NOT EXISTS (SELECT FROM pg_constraint other WHERE other.confrelid = c.conrelid AND other.conindid = c.conindid)
UNION ALL
SELECT format('DROP INDEX %%s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
FROM pg_index i
WHERE i.indrelid = ANY(%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
UNION ALL
SELECT format('ALTER TABLE %%s DISABLE TRIGGER USER', name), format('ALTER TABLE %%s ENABLE TRIGGER USER', name)
FROM unnest(%(tables)s::regclass[]) AS name
UNION ALL
SELECT format('ALTER TABLE %%s SET (autovacuum_enabled = false)', oid::regclass),
       format('ALTER TABLE %%s RESET (autovacuum_enabled)', oid::regclass)
FROM pg_class WHERE oid = ANY(%(tables)s::regclass[]) AND relkind = 'r';

-- Countries, plans and cities by power laws; those who are here longest have the lowest numbers.
-- name: people
INSERT INTO segments_contact (
    id, external_id, email, email_key, first_name, last_name, country, language, timezone, attributes, cohort_on,
    created_at, updated_at
)
SELECT n, 'c-' || n, email, hashtextextended(email, 0), first_name, last_name,
       CASE WHEN r.a < 0.03 THEN '' ELSE country END,
       CASE country WHEN 'DE' THEN 'de' WHEN 'FR' THEN 'fr' WHEN 'ES' THEN 'es' ELSE 'en' END,
       CASE country WHEN 'US' THEN 'America/New_York' WHEN 'DE' THEN 'Europe/Berlin' ELSE 'UTC' END,
       jsonb_strip_nulls(jsonb_build_object(
           'plan', (ARRAY['free', 'free', 'free', 'free', 'pro', 'pro', 'team', NULL])[1 + floor(8 * r.b)::int],
           'city', 'city-' || floor(5000 * power(r.c, 3))::int,
           'score', floor(100 * r.d)::int,
           'points', floor(10000 * power(r.e, 4))::int,
           'birthday', date '1950-01-01' + floor(20000 * r.f)::int,
           'renews_on', CASE WHEN r.b >= 0.5 THEN (%(now)s::timestamptz AT TIME ZONE 'UTC')::date + floor(365 * r.g)::int - 30 END,
           'newsletter', r.h < 0.6,
           'vip', CASE WHEN r.i < 0.01 THEN true END,
           'interests', CASE WHEN r.j < 0.5
               THEN to_jsonb((ARRAY['sports', 'music', 'travel', 'food', 'art', 'tech'])[1 + floor(3 * r.a)::int:2 + floor(4 * r.k)::int]) END,
           'source', (ARRAY['web', 'web', 'web', 'app', 'import', 'store', 'event', 'partner'])[1 + floor(8 * r.l)::int]
       )),
       created::date, created, created
FROM (
    SELECT n, random() a, random() b, random() c, random() d, random() e, random() f, random() g, random() h,
           random() i, random() j, random() k, random() l
    FROM generate_series(%(first)s::bigint, %(last)s) n
) r, LATERAL (
    SELECT 'person' || n || '@mail' || n %% 50 || '.example' AS email,
           %(now)s::timestamptz - interval '1095 days' * (1 - n::float / %(people)s) AS created,
           (ARRAY['Ana', 'Ben', 'Chloé', 'Dmitri', 'Eszter', 'Fatima', 'Goran', 'Hélène'])[1 + floor(8 * r.e)::int] AS first_name,
           (ARRAY['Silva', 'Müller', 'Martin', 'Nagy', 'Haddad', 'Novák', 'Núñez'])[1 + floor(7 * r.f)::int] AS last_name,
           (ARRAY['US', 'DE', 'GB', 'FR', 'ES', 'IT', 'NL', 'PL', 'CA', 'AU', 'BR', 'MX', 'SE', 'AT', 'CH', 'BE', 'PT', 'DK',
                  'NO', 'FI', 'IE', 'CZ', 'GR', 'HU', 'RO', 'JP', 'KR', 'IN', 'ZA', 'NZ'])[1 + floor(30 * power(r.k, 2.2))::int] AS country
) made;

-- name: people_end
SELECT setval(pg_get_serial_sequence('segments_contact', 'id'), %(people)s);

-- name: on_list
INSERT INTO segments_listmembership (list_id, contact_id)
SELECT %(list)s, n FROM generate_series(1, %(people)s::bigint) n WHERE mod(n * 7919, %(people)s::bigint) < %(size)s;

-- One day of what people did, as it comes in: by time. A few do a great deal (a power law over people who are then
-- spread over all numbers), each hour of one person is one row, and a look at the prices is a page viewed as well.
-- name: day
INSERT INTO segments_activity (metric_id, contact_id, hour, count, total, first_at, last_at)
SELECT m.id, contact_id, hour, count(*),
       CASE WHEN m.value_property = '' THEN 0 ELSE sum(round((5 + 195 * power(spent, 3))::numeric, 2)) END,
       hour + interval '1 hour' * min(minute), hour + interval '1 hour' * max(minute)
FROM (
    SELECT 1 + mod(floor(%(people)s * power(random(), 4))::bigint * 7919, %(people)s) AS contact_id,
           %(day)s::timestamptz + interval '1 hour' * floor(24 * random()) AS hour,
           random() AS spent, random() AS minute, random() AS kind
    FROM generate_series(1, %(rows)s::bigint)
) told
JOIN segments_metric m ON m.name = ANY (CASE
    WHEN kind < 0.53 THEN ARRAY['page_viewed'] WHEN kind < 0.56 THEN ARRAY['page_viewed', 'pricing_viewed']
    WHEN kind < 0.80 THEN ARRAY['product_viewed'] WHEN kind < 0.88 THEN ARRAY['product_added']
    WHEN kind < 0.96 THEN ARRAY['order_completed'] ELSE ARRAY['signed_in'] END)
GROUP BY m.id, m.value_property, contact_id, hour
ORDER BY hour;

-- name: analyze
ANALYZE segments_activity;

-- Metric by metric, so that what is grouped fits into memory.
-- name: totals
INSERT INTO segments_activitytotal (metric_id, contact_id, count, total, first_at, last_at)
SELECT metric_id, contact_id, sum(count), sum(total), min(first_at), max(last_at) FROM segments_activity
WHERE metric_id = %(metric)s
GROUP BY metric_id, contact_id;

-- The log of the last weeks, a day at a time, in which windows look up the hour that their edge cuts.
-- name: month_before
DO $$ BEGIN
    EXECUTE format('CREATE TABLE segments_rawevent_before PARTITION OF segments_rawevent FOR VALUES FROM (%L) TO (%L)',
                   date_trunc('month', now(), 'UTC') - interval '1 month', date_trunc('month', now(), 'UTC'));
END $$;

-- name: log
INSERT INTO segments_rawevent (
    at, event_id, event_type_id, version_id, occurred_at, contact_id, source, properties, context
)
SELECT a.first_at + step * (k - 1), gen_random_uuid(), t.id, t.current_id, a.first_at + step * (k - 1), a.contact_id,
       'server',
       CASE t.name
           WHEN 'page_viewed' THEN jsonb_build_object(
               'path', CASE WHEN k <= coalesce(p.count, 0) THEN '/pricing' ELSE '/page-' || a.contact_id %% 100 END)
           WHEN 'order_completed' THEN jsonb_build_object('total', round(a.total / a.count, 2), 'currency', 'EUR')
           ELSE jsonb_build_object('product_id', 'sku-' || a.contact_id %% 500) END,
       '{}'
FROM segments_activity a
JOIN segments_metric m ON m.id = a.metric_id AND m.path IS NULL
JOIN segments_eventtype t ON t.id = m.event_type_id
LEFT JOIN segments_activity p ON t.name = 'page_viewed' AND p.contact_id = a.contact_id AND p.hour = a.hour
      AND p.metric_id = (SELECT id FROM segments_metric WHERE name = 'pricing_viewed')
CROSS JOIN LATERAL (SELECT (a.last_at - a.first_at) / greatest(a.count - 1, 1) AS step) every
CROSS JOIN LATERAL generate_series(1, a.count) k
WHERE a.hour >= %(now)s::timestamptz - interval '1 day' * %(ago)s
  AND a.hour < %(now)s::timestamptz - interval '1 day' * (%(ago)s - 1)
ORDER BY 1;

-- What people did with messages of twenty campaigns; three in ten were machines.
-- name: engagement
INSERT INTO delivery_deliveryevent (at, kind, message_id, contact_id, campaign_id, order_id, channel, reason)
SELECT %(now)s::timestamptz - interval '30 days' * random(), CASE WHEN random() < 0.8 THEN 'opened' ELSE 'clicked' END, n,
       1 + mod(floor(%(people)s * power(random(), 3))::bigint * 7919, %(people)s), 1 + n %% 20, 1 + n %% 20, 'email',
       CASE WHEN random() < 0.3 THEN 'known_machine' ELSE '' END
FROM generate_series(%(first)s::bigint, %(last)s) n
ORDER BY 1;

-- name: mark
SELECT format('COMMENT ON DATABASE %%I IS %%L', current_database(), %(mark)s::text);

-- name: marked
SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database();

-- name: rows
SELECT (SELECT count(*) FROM segments_contact), (SELECT count(*) FROM segments_activity);
