#!/bin/sh
# The postgres image runs this once, when its volume is new. Each program gets a role that owns its own databases and sees no other.
set -eu
psql -v ON_ERROR_STOP=1 -v taskloom_password="$TASKLOOM_PASSWORD" -v temporal_password="$TEMPORAL_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role taskloom login password :'taskloom_password';
create role temporal login password :'temporal_password';
create database taskloom owner taskloom;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect on database taskloom, temporal, temporal_visibility from public;
SQL
