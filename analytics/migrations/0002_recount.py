from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial")]

    operations = [
        # The counters of some messages (of all when null) from their log up to a place in it. The last word on an
        # opening or click is the last event `rejudged` whose detail names its kind, link and second.
        migrations.RunSQL(
            """
            CREATE FUNCTION analytics_recount(
                messages bigint[], base_xid xid8, base_id bigint, up_to_native boolean, up_to_xid xid8, up_to_id bigint
            ) RETURNS TABLE (
                campaign_id bigint, step_id bigint, channel varchar, kind varchar, link_id bigint, hour timestamptz,
                total bigint, "unique" bigint, human_total bigint, human_unique bigint
            ) LANGUAGE sql STABLE AS $$
            WITH placed AS (
                SELECT l.*, l.xid < base_xid OR l.id > base_id AS native
                FROM delivery_deliveryevent l
                WHERE (messages IS NULL OR l.message_id = ANY (messages)) AND l.campaign_id <> 0
                  AND (l.xid < base_xid OR l.id > base_id, l.xid, l.id) <= (up_to_native, up_to_xid, up_to_id)
            ), rejudged AS (
                SELECT DISTINCT ON (p.message_id, p.detail) p.message_id, p.detail, p.reason
                FROM placed p WHERE p.kind = 'rejudged'
                ORDER BY p.message_id, p.detail, p.native DESC, p.xid DESC, p.id DESC
            ), judged AS (
                SELECT p.*, coalesce(o.step_id, 0) AS step, date_trunc('hour', p.at, 'UTC') AS in_hour,
                       p.kind NOT IN ('opened', 'clicked') OR coalesce(r.reason, p.reason) = '' AS human,
                       CASE WHEN p.kind = 'clicked' AND p.detail ~ '^[0-9]{1,18}$' THEN p.detail::bigint END AS link
                FROM placed p
                LEFT JOIN delivery_sendorder o ON o.id = p.order_id
                LEFT JOIN rejudged r ON r.message_id = p.message_id AND r.detail = concat_ws(
                    ' ', p.kind, coalesce(nullif(p.detail, ''), '-'),
                    to_char(p.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            ), ranked AS (
                SELECT j.*,
                       row_number() OVER (PARTITION BY j.message_id, j.kind ORDER BY native, xid, id) AS n,
                       row_number() OVER (PARTITION BY j.message_id, j.kind, j.human ORDER BY native, xid, id) AS human_n,
                       row_number() OVER (PARTITION BY j.message_id, j.kind, j.link ORDER BY native, xid, id) AS link_n,
                       row_number() OVER (
                           PARTITION BY j.message_id, j.kind, j.link, j.human ORDER BY native, xid, id
                       ) AS link_human_n,
                       count(*) FILTER (WHERE j.kind = 'sent') OVER earlier AS sent_before,
                       count(*) FILTER (WHERE j.kind = 'bounced') OVER earlier AS bounced_before
                FROM judged j
                WINDOW earlier AS (
                    PARTITION BY j.message_id ORDER BY native, xid, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                )
            )
            SELECT r.campaign_id, r.step, r.channel, r.kind, NULL::bigint, r.in_hour, count(*),
                   count(*) FILTER (WHERE n = 1), count(*) FILTER (WHERE human),
                   count(*) FILTER (WHERE human AND human_n = 1)
            FROM ranked r GROUP BY 1, 2, 3, 4, 5, 6
            UNION ALL
            SELECT r.campaign_id, r.step, r.channel, 'returned', NULL::bigint, r.in_hour, count(*), count(*), count(*), count(*)
            FROM ranked r
            WHERE n = 1 AND (r.kind = 'sent' AND bounced_before > 0 OR r.kind = 'bounced' AND sent_before > 0)
            GROUP BY 1, 2, 3, 4, 5, 6
            UNION ALL
            SELECT r.campaign_id, r.step, r.channel, r.kind, r.link, r.in_hour, count(*),
                   count(*) FILTER (WHERE link_n = 1), count(*) FILTER (WHERE human),
                   count(*) FILTER (WHERE human AND link_human_n = 1)
            FROM ranked r WHERE r.link IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6
            $$
            """,
            "DROP FUNCTION analytics_recount",
        ),
    ]
