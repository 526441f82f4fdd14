-- The floor of `bench import`.
-- name: bare_table
CREATE TEMPORARY TABLE bare (
    email text, external_id text, first_name text, last_name text, country text, language text, phone text, plan text,
    score text
) ON COMMIT DROP;

-- name: copy_file
COPY bare FROM STDIN (FORMAT csv, HEADER);
