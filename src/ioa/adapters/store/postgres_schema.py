"""The tables of a hub's PostgreSQL database, in the schema `ioa`, and how older databases are brought forward.

Programs of several versions work side by side while the replicas are upgraded one by one. So a migration only adds:
tables, columns with defaults, indexes, functions under new names; what an older program calls stays as it was. One that
cannot keep to this says in `NEEDS` which version a program must know from then on.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from ioa.ports.store import StoreUnavailable

WRITING_KEY, MIGRATING_KEY = (6909793, 1), (6909793, 2)
"""Advisory locks: for whoever appends, and for whoever migrates. (The number is 'ioa' in hexadecimal digits.)"""
LEADING_KEY = 6909794
"""First half of the advisory locks of leaders; the second is a digest of the name."""
FENCED, STALE = "IOA01", "IOA02"
"""Errors of `append_1`: the writer is not (or no longer) registered; what is stored is not what the work
begins from."""

_VERSION_1 = """
CREATE TABLE log (
    pos bigint PRIMARY KEY,
    comm_id text NOT NULL,
    seq integer NOT NULL,
    at double precision NOT NULL,
    sender text NOT NULL,
    message_id text NOT NULL,
    body bytea NOT NULL,
    UNIQUE (comm_id, seq) INCLUDE (pos),
    UNIQUE (sender, message_id)
);
ALTER TABLE log ALTER COLUMN body SET STORAGE EXTERNAL;  -- messages are short: no time for compressing them
CREATE TABLE groups (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    comm_id text NOT NULL UNIQUE,
    goal_id text NOT NULL,
    owner text NOT NULL,
    parent text NOT NULL,
    state text NOT NULL,
    created_at double precision NOT NULL,
    ended_pos bigint
);
CREATE INDEX groups_of_goal ON groups (goal_id);
CREATE INDEX groups_of_owner ON groups (owner);
CREATE INDEX groups_open ON groups (number) WHERE ended_pos IS NULL;
CREATE TABLE members (
    name text NOT NULL,
    comm_id text NOT NULL,
    place integer NOT NULL,
    PRIMARY KEY (name, comm_id)
);
CREATE INDEX members_of_group ON members (comm_id, place) INCLUDE (name);
CREATE SEQUENCE revisions;
CREATE TABLE documents (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    key text COLLATE "C" NOT NULL,
    owner text NOT NULL,
    body bytea NOT NULL,
    rev bigint NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX documents_of_owner ON documents (kind, owner, number);
CREATE INDEX documents_in_order ON documents (kind, number);
CREATE INDEX documents_changed ON documents (kind, rev);
CREATE TABLE removals (
    kind text NOT NULL,
    key text COLLATE "C" NOT NULL,
    rev bigint NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX removals_in_order ON removals (kind, rev);
CREATE TABLE epoch (name text NOT NULL);
INSERT INTO epoch VALUES (replace(gen_random_uuid()::text, '-', ''));
CREATE TABLE writers (
    writer text PRIMARY KEY,
    batch bigint NOT NULL,
    first_pos bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON TABLE writers IS 'the last batch that each writer committed: how it learns whether a lost commit was one';

-- One batch, whole or not at all, in one round trip. Arrays of one group belong together by position.
CREATE FUNCTION append_1(
    the_writer text, the_batch bigint,
    group_ids text[], group_goals text[], group_owners text[], group_parents text[], group_states text[],
    group_ats double precision[],
    member_groups text[], member_places integer[], member_names text[],
    entry_groups text[], entry_seqs integer[], entry_ats double precision[], entry_senders text[],
    entry_messages text[], entry_bodies bytea[],
    begun_groups text[], begun_seqs integer[],
    state_groups text[], state_names text[], state_ends boolean[],
    removed_kinds text[], removed_keys text[],
    new_kinds text[], new_keys text[], new_owners text[], new_bodies bytea[],
    put_kinds text[], put_keys text[], put_owners text[], put_bodies bytea[],
    exchanged_kinds text[], exchanged_keys text[], exchanged_owners text[], exchanged_bodies bytea[],
    exchanged_digests bytea[]
) RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    newest bigint;
    changed bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(6909793, 1);
    SELECT coalesce(max(l.pos), 0) INTO newest FROM log l;
    UPDATE writers w SET batch = the_batch, first_pos = newest + 1, at = now()
        WHERE w.writer = the_writer AND w.batch < the_batch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the writer is not registered' USING ERRCODE = 'IOA01';
    END IF;
    IF EXISTS (
        SELECT FROM unnest(begun_groups, begun_seqs) AS b (comm_id, seq) WHERE b.seq <> 1 + coalesce(
            (SELECT l.seq FROM log l WHERE l.comm_id = b.comm_id ORDER BY l.seq DESC LIMIT 1), 0)
    ) THEN
        RAISE EXCEPTION 'a log does not end where the work begins' USING ERRCODE = 'IOA02';
    END IF;
    IF cardinality(group_ids) > 0 THEN
        INSERT INTO groups (comm_id, goal_id, owner, parent, state, created_at)
            SELECT * FROM unnest(group_ids, group_goals, group_owners, group_parents, group_states, group_ats);
        INSERT INTO members (comm_id, place, name) SELECT * FROM unnest(member_groups, member_places, member_names);
    END IF;
    INSERT INTO log (comm_id, seq, at, sender, message_id, body, pos)
        SELECT e.comm_id, e.seq, e.at, e.sender, e.message_id, e.body, newest + e.n
        FROM unnest(entry_groups, entry_seqs, entry_ats, entry_senders, entry_messages, entry_bodies)
            WITH ORDINALITY AS e (comm_id, seq, at, sender, message_id, body, n);
    IF cardinality(state_groups) > 0 THEN
        UPDATE groups g
            SET state = s.state, ended_pos = CASE WHEN s.ends THEN newest + cardinality(entry_groups) END
            FROM unnest(state_groups, state_names, state_ends) AS s (comm_id, state, ends)
            WHERE g.comm_id = s.comm_id;
    END IF;
    IF cardinality(removed_keys) > 0 THEN
        WITH gone AS (
            DELETE FROM documents d USING unnest(removed_kinds, removed_keys) AS r (kind, key)
            WHERE d.kind = r.kind AND d.key = r.key RETURNING d.kind, d.key
        )
        INSERT INTO removals (kind, key, rev) SELECT g.kind, g.key, nextval('revisions') FROM gone g
            ON CONFLICT (kind, key) DO UPDATE SET rev = excluded.rev;
    END IF;
    IF cardinality(new_keys) > 0 THEN
        INSERT INTO documents (kind, key, owner, body, rev)
            SELECT n.kind, n.key, n.owner, n.body, nextval('revisions')
            FROM unnest(new_kinds, new_keys, new_owners, new_bodies)
                WITH ORDINALITY AS n (kind, key, owner, body, place) ORDER BY n.place;
    END IF;
    IF cardinality(put_keys) > 0 THEN
        INSERT INTO documents (kind, key, owner, body, rev)
            SELECT p.kind, p.key, p.owner, p.body, nextval('revisions')
            FROM unnest(put_kinds, put_keys, put_owners, put_bodies)
                WITH ORDINALITY AS p (kind, key, owner, body, place) ORDER BY p.place
            ON CONFLICT (kind, key) DO UPDATE SET owner = excluded.owner, body = excluded.body, rev = excluded.rev;
    END IF;
    IF cardinality(exchanged_keys) > 0 THEN
        UPDATE documents d SET owner = e.owner, body = e.body, rev = nextval('revisions')
            FROM unnest(exchanged_kinds, exchanged_keys, exchanged_owners, exchanged_bodies, exchanged_digests)
                AS e (kind, key, owner, body, digest)
            WHERE d.kind = e.kind AND d.key = e.key AND sha256(d.body) = e.digest;
        GET DIAGNOSTICS changed = ROW_COUNT;
        IF changed <> cardinality(exchanged_keys) THEN
            RAISE EXCEPTION 'a record is not what was to be replaced' USING ERRCODE = 'IOA02';
        END IF;
    END IF;
    RETURN newest + 1;
END $$;
"""

_VERSION_2 = """
CREATE TABLE blobs (digest text PRIMARY KEY, size_bytes bigint NOT NULL);
CREATE TABLE blob_parts (
    digest text NOT NULL,
    place integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (digest, place)
);
ALTER TABLE blob_parts ALTER COLUMN body SET STORAGE EXTERNAL;
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2)
"""Script number n brings a database from version n to n + 1. Append; never change one that was released."""

NEEDS = 1
"""The oldest version that a program must know to work with a database of the newest one."""


def migrate(
    connection: psycopg.Connection[tuple[object, ...]], migrations: Sequence[str] = MIGRATIONS, needs: int = NEEDS
) -> None:
    """Bring the database to the newest version in one transaction; of replicas that start together, one does it.

    Raises `StoreUnavailable` for a database that a newer release has changed beyond what this one knows.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", MIGRATING_KEY)
        connection.execute("CREATE SCHEMA IF NOT EXISTS ioa")
        connection.execute("SET LOCAL search_path = ioa")
        connection.execute("CREATE TABLE IF NOT EXISTS version (version integer NOT NULL, needs integer NOT NULL)")
        row = connection.execute("SELECT version, needs FROM version").fetchone()
        version, needed = (row[0], row[1]) if row is not None else (0, 0)
        assert isinstance(version, int)
        assert isinstance(needed, int)
        if needed > len(migrations):
            raise StoreUnavailable(
                f"the database has schema version {version}, which a program that knows version {needed} can use; this "
                f"release knows {len(migrations)}: upgrade ioa, or give the hub another database"
            )
        for script in migrations[version:]:
            connection.execute(script.encode())
        if row is None:
            connection.execute("INSERT INTO version VALUES (%s, %s)", (len(migrations), needs))
        elif version < len(migrations):
            connection.execute("UPDATE version SET version = %s, needs = %s", (len(migrations), needs))
