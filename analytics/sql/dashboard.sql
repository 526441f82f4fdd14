-- What is going on now.

-- Messages sent in the last seconds. The newest rows stand at the end of the log's index, whatever its size;
-- reading on until enough of them are young would read all of it when nothing is sent.
-- name: sent_lately
SELECT count(*) FROM (
    SELECT kind, at FROM delivery_deliveryevent
    WHERE at > now() - interval '1 day'
    ORDER BY xid DESC, id DESC LIMIT %(rows)s
) newest
WHERE kind = 'sent' AND at > now() - %(seconds)s * interval '1 second';
