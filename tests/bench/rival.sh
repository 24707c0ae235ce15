#!/bin/bash
# PostgreSQL 15 doing the same work, as the measure for our own speed: a private cluster in a folder
# of its own, every commit synced to disk, settings of somebody who wants it fast on this machine.
#
#   rival.sh start DIR           makes and fills the cluster under DIR (must not exist)
#   rival.sh run DIR OP ROUND    one timed run; a line of tabs: OP, transactions, transactions/s,
#                                items/s, p50, p99, p999 (us), failed
#   rival.sh stop DIR            stops it and removes DIR
#
# OP, each one transaction by a prepared statement over the unix socket:
#   issue1 issue100 issue1000    draw that many random serials, kept unique by the primary key
#   commission                   100 known serials become active by one event, which is also found
#                                by each serial and put into an outbox
#   aggregate                    50 serials get a parent by one event, likewise
#   lookup                       one serial's state and parent
#   expand                       the 2,500 serials on a pallet of 50 cases of 50
#   ship                         500 such pallets, found by their names, get a state by one event;
#                                once and not by pgbench
# Every serial belongs to one of 64 products; client n works on product n.
#
# env: PALLETS=0 (of 50 cases of 50, at the start) SECS=3 CLIENTS=64 FILL=1000000 (serials known at the start) ROUNDS=5 (rounds there will be)
set -eu
SECS=${SECS:-3} CLIENTS=${CLIENTS:-64} FILL=${FILL:-1000000} ROUNDS=${ROUNDS:-5}
PRODUCTS=64
PALLETS=${PALLETS:-0}
BIN=/usr/lib/postgresql/15/bin

usage() { sed -n '5,8s/^# *//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
DIR=$2
[ -x $BIN/initdb ] || { echo "rival: postgresql-15 is not installed" >&2; exit 1; }

as_postgres() { # the server refuses to run as root
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

settings() {
    cat <<CONF
listen_addresses = ''
unix_socket_directories = '$DIR'
max_connections = $((CLIENTS + 20))
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 2GB
effective_cache_size = 12GB
work_mem = 16MB
maintenance_work_mem = 512MB
wal_buffers = 64MB
wal_compression = lz4
min_wal_size = 2GB
max_wal_size = 8GB
checkpoint_timeout = 30min
random_page_cost = 1.1
effective_io_concurrency = 64
jit = off
log_min_messages = error
CONF
}

schema() {
    cat <<SQL
CREATE TABLE pack (
    product int NOT NULL, serial text COLLATE "C" NOT NULL,
    state smallint NOT NULL DEFAULT 0, event bigint,
    PRIMARY KEY (product, serial)) WITH (fillfactor = 85);
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL,
    at timestamptz NOT NULL, step text, disposition text, place text,
    parent text, lot text, expiry date);
CREATE TABLE event_pack (
    product int NOT NULL, serial text COLLATE "C" NOT NULL, event bigint NOT NULL);
CREATE INDEX event_pack_by_serial ON event_pack (product, serial, event);
CREATE TABLE content (
    product int NOT NULL, serial text COLLATE "C" NOT NULL,
    parent text COLLATE "C" NOT NULL, event bigint,
    PRIMARY KEY (product, serial));
CREATE INDEX content_by_parent ON content (parent);
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event bigint NOT NULL,
    partner int NOT NULL, state smallint NOT NULL DEFAULT 0,
    due timestamptz NOT NULL DEFAULT now());
CREATE INDEX outbox_due ON outbox (due) WHERE state = 0;

CREATE FUNCTION serial_of(product int, i bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
\$\$ SELECT upper(left(md5(product || '/' || i), 20)) \$\$;

-- in key order, so that two transactions cannot wait for each other
CREATE FUNCTION some_serials(product int, first bigint, n int) RETURNS text[]
LANGUAGE sql IMMUTABLE AS
\$\$ SELECT array_agg(s ORDER BY s COLLATE "C")
    FROM (SELECT serial_of(product, i) AS s FROM generate_series(first, first + n - 1) i) x \$\$;

CREATE FUNCTION commission(g int, first bigint, n int) RETURNS bigint LANGUAGE plpgsql AS \$\$
DECLARE e bigint; names text[] := some_serials(g, first, n);
BEGIN
    INSERT INTO event (kind, at, step, disposition, place, lot, expiry)
        VALUES ('ObjectEvent', now(), 'commissioning', 'active',
                'urn:epc:id:sgln:9521321.00012.3', 'L0001', '2029-06-30') RETURNING id INTO e;
    INSERT INTO pack SELECT g, s, 1, e FROM unnest(names) s
        ON CONFLICT (product, serial) DO UPDATE SET state = 1, event = e;
    INSERT INTO event_pack SELECT g, s, e FROM unnest(names) s;
    INSERT INTO outbox (event, partner) VALUES (e, 1);
    RETURN e;
END \$\$;

CREATE FUNCTION aggregate(g int, first bigint, n int) RETURNS bigint LANGUAGE plpgsql AS \$\$
DECLARE e bigint; names text[] := some_serials(g, first, n); box text := g || '/' || first;
BEGIN
    INSERT INTO event (kind, at, step, disposition, place, parent)
        VALUES ('AggregationEvent', now(), 'packing', 'in_progress',
                'urn:epc:id:sgln:9521321.00012.3', box) RETURNING id INTO e;
    INSERT INTO content SELECT g, s, box, e FROM unnest(names) s
        ON CONFLICT (product, serial) DO UPDATE SET parent = box, event = e;
    INSERT INTO event_pack SELECT g, s, e FROM unnest(names) s;
    INSERT INTO outbox (event, partner) VALUES (e, 1);
    RETURN e;
END \$\$;

INSERT INTO pack SELECT g, serial_of(g, i)
    FROM generate_series(0, $PRODUCTS - 1) g, generate_series(0, $FILL / $PRODUCTS - 1) i;

-- product -1 is what has a number of its own kind: a case on a pallet
INSERT INTO content SELECT -1, 'C' || p || '_' || c, 'P' || p
    FROM generate_series(0, $PALLETS - 1) p, generate_series(0, 49) c;
INSERT INTO content SELECT 1000 + p, serial_of(1000 + p, c * 50 + s), 'C' || p || '_' || c
    FROM generate_series(0, $PALLETS - 1) p, generate_series(0, 49) c, generate_series(0, 49) s;
INSERT INTO pack SELECT 1000 + p, serial_of(1000 + p, i), 1
    FROM generate_series(0, $PALLETS - 1) p, generate_series(0, 2499) i;

CREATE FUNCTION ship(pallets text[], becomes int) RETURNS bigint LANGUAGE plpgsql AS \$\$
DECLARE e bigint; n bigint;
BEGIN
    INSERT INTO event (kind, at, step, disposition)
        VALUES ('ObjectEvent', now(), 'shipping', 'in_transit') RETURNING id INTO e;
    UPDATE pack SET state = becomes, event = e FROM content a, content b
        WHERE a.parent = ANY (pallets) AND a.product = -1 AND b.parent = a.serial
        AND pack.product = b.product AND pack.serial = b.serial;
    GET DIAGNOSTICS n = ROW_COUNT;
    INSERT INTO outbox (event, partner) VALUES (e, 1);
    RETURN n;
END \$\$;
VACUUM ANALYZE;
CHECKPOINT;
SQL
}

script() {
    local n=${1#issue}
    case $1 in
    issue1|issue100|issue1000) cat <<PGBENCH
INSERT INTO pack (product, serial)
SELECT :client_id, upper(left(replace(gen_random_uuid()::text, '-', ''), 20))
FROM generate_series(1, $n) ON CONFLICT DO NOTHING RETURNING serial;
PGBENCH
    ;;
    commission) printf '\\set k :k + 100\nSELECT commission(:client_id, :k, 100);\n' ;;
    aggregate) printf '\\set k :k + 50\nSELECT aggregate(:client_id, :k, 50);\n' ;;
    lookup) cat <<PGBENCH
\set g random(0, $((PRODUCTS - 1)))
\set i random(0, $((FILL / PRODUCTS - 1)))
SELECT p.state, p.event, c.parent FROM pack p
LEFT JOIN content c ON c.product = p.product AND c.serial = p.serial
WHERE p.product = :g AND p.serial = serial_of(:g::int, :i::bigint);
PGBENCH
    ;;
    expand) cat <<PGBENCH
\set p random(0, $((PALLETS - 1)))
SELECT b.serial FROM content a JOIN content b ON b.parent = a.serial
WHERE a.parent = 'P' || :p::int AND a.product = -1;
PGBENCH
    ;;
    *) usage ;;
    esac
}

ship() { # prints ms and packs
    as_postgres $BIN/psql -qAtX -h "$DIR" -U postgres -d postgres -v ON_ERROR_STOP=1 <<SQL
SELECT clock_timestamp() AS begun \gset
SELECT ship(array_agg('P' || p), $1 + 2) AS packs FROM generate_series(0, $PALLETS - 1) p \gset
SELECT extract(epoch FROM clock_timestamp() - :'begun'::timestamptz) * 1000, :'packs';
SQL
}

start() {
    mkdir "$DIR"
    trap stop EXIT # nothing stays behind where this does not come to its end
    [ "$(id -u)" != 0 ] || chown postgres "$DIR"
    as_postgres $BIN/initdb -D "$DIR/data" -A trust -E UTF8 --locale=C > /dev/null
    settings | as_postgres tee -a "$DIR/data/postgresql.conf" > /dev/null
    as_postgres $BIN/pg_ctl -D "$DIR/data" -l "$DIR/log" -w start > /dev/null ||
        { cat "$DIR/log" >&2; exit 1; }
    schema | as_postgres $BIN/psql -qAtX -h "$DIR" -U postgres -d postgres -v ON_ERROR_STOP=1
    trap - EXIT
}

run() {
    local op=$1 round=$2 items=1 first
    [ "$op" != ship ] || { ship "$round"; return; }
    case $op in issue*) items=${op#issue} ;; commission) items=100 ;; aggregate) items=50 ;; expand) items=2500 ;; esac
    # no round touches the serials that an earlier one can have reached
    first=$(((round - 1) * FILL / PRODUCTS / ROUNDS))
    script "$op" | as_postgres tee "$DIR/script" > /dev/null
    as_postgres rm -f "$DIR"/times.*
    as_postgres $BIN/pgbench -h "$DIR" -U postgres -n -M prepared -c "$CLIENTS" -j 2 -T "$SECS" \
        -D k=$first -f "$DIR/script" -l --log-prefix="$DIR/times" postgres \
        > /dev/null 2> "$DIR/trouble" || { cat "$DIR/trouble" >&2; exit 1; }
    # columns of the log: client, transaction, time (us), script, end in seconds, end in us
    cat "$DIR"/times.* | awk '{printf "%d %.6f\n", $3, $5 + $6 / 1e6}' | sort -n |
        awk -v op="$op" -v items="$items" '
            { t[NR] = $1; begun = $2 - $1 / 1e6
              if (NR == 1 || begun < from) from = begun
              if ($2 > to) to = $2 }
            function at(part) { return t[int((NR - 1) * part) + 1] }
            END { if (NR == 0) exit 1
                  rate = NR / (to - from)
                  printf "%s\t%d\t%.1f\t%.0f\t%d\t%d\t%d\t0\n", op, NR, rate, rate * items,
                         at(.5), at(.99), at(.999) }'
}

stop() {
    as_postgres $BIN/pg_ctl -D "$DIR/data" -m immediate -w stop > /dev/null 2>&1 || true
    rm -rf "$DIR"
}

case $1 in
start) start ;;
run) [ $# -eq 4 ] || usage; run "$3" "$4" ;;
stop) stop ;;
*) usage ;;
esac
