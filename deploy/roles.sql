-- The two roles and their database, on a server of yours (Postgres 17 or later; on 15 and 16 leave LOCALE… out):
--   POSTRIDER_OWNER_PASSWORD=… POSTRIDER_APP_PASSWORD=… psql -U postgres -f deploy/roles.sql
-- The owner makes and changes tables; the application role reads and writes, and cannot change what is append-only.
\set ON_ERROR_STOP on
\getenv owner_password POSTRIDER_OWNER_PASSWORD
\getenv app_password POSTRIDER_APP_PASSWORD

CREATE ROLE postrider_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE postrider_app LOGIN PASSWORD :'app_password';
CREATE DATABASE postrider OWNER postrider_owner TEMPLATE template0
    ENCODING 'UTF8' LOCALE_PROVIDER builtin LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE postrider FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE postrider TO postrider_app;
