-- What every service's database has besides its own tables: history, audit, outbox, inbox, idempotency, timers.

create extension if not exists pg_trgm;
create extension if not exists btree_gist;
create extension if not exists citext;
create extension if not exists unaccent;

-- Documents hold instants as RFC 3339 in UTC, so the cast depends on no setting and may stand in generated columns.
create function instant(text) returns timestamptz
    language sql immutable strict parallel safe
    as $$ select $1::timestamptz $$;

-- Accents do not matter when people search; the dictionary is named, so the result depends on no setting.
create function searchable(text) returns tsvector
    language sql immutable strict parallel safe
    as $$ select to_tsvector('simple'::regconfig, public.unaccent('public.unaccent'::regdictionary, $1)) $$;

-- What people type, as it is looked for in what searchable() made.
create function sought(text) returns tsquery
    language sql immutable strict parallel safe
    as $$ select plainto_tsquery('simple'::regconfig, public.unaccent('public.unaccent'::regdictionary, $1)) $$;

-- Every version of every record, for ever: reads as of a past instant, histories, watchers. Versions and instants of a
-- record grow together, so the primary key serves reads as of an instant too; a further index would slow every write.
create table history (
    kind    text        not null,
    name    text        not null,
    version bigint      not null,
    verb    text        not null,
    actor   text        not null,
    reason  text        not null default '',
    at      timestamptz not null,
    doc     jsonb       not null,
    tx      xid8        not null default pg_current_xact_id(),
    seq     bigint      not null generated always as identity,
    primary key (name, version)
);
create index history_commit_order on history (tx, seq);

-- Who did or was refused what. Written with the effect; hashed afterwards in commit order (audit_chain).
create table audit (
    seq     bigint      generated always as identity primary key,
    tx      xid8        not null default pg_current_xact_id(),
    at      timestamptz not null default clock_timestamp(),
    actor   text        not null,
    agency  text        not null default '',
    method  text        not null,
    name    text        not null default '',
    outcome text        not null,
    reason  text        not null default '',
    trace   text        not null default ''
);
create index audit_commit_order on audit (tx, seq);
create index audit_by_name on audit (name, seq);

-- The chain over the audit rows, in commit order, without gaps.
create table audit_chain (
    position bigint primary key,
    seq      bigint not null unique,
    hash     bytea  not null
);

-- Events waiting to be published, and those published lately. Read in (tx, seq) order below the oldest open transaction.
create table outbox (
    seq          bigint      generated always as identity primary key,
    tx           xid8        not null default pg_current_xact_id(),
    at           timestamptz not null,
    kind         text        not null,
    name         text        not null,
    version      bigint      not null,
    verb         text        not null,
    actor        text        not null,
    doc          jsonb       not null,
    traceparent  text        not null default '',
    published_at timestamptz
);
create index outbox_waiting on outbox (tx, seq) where published_at is null;

-- Events taken in, so that each has its effect once.
create table inbox (
    source   text        not null,
    event    text        not null,
    taken_at timestamptz not null default clock_timestamp(),
    primary key (source, event)
);

-- Answers to requests that carried a key, stored in the effect's own transaction.
create table idempotency (
    principal   text        not null,
    method      text        not null,
    key         text        not null,
    fingerprint bytea       not null,
    answer      bytea       not null,
    at          timestamptz not null,
    primary key (principal, method, key)
);
create index idempotency_by_age on idempotency (at);

-- Instants at which a record changes by itself. due_at is empty while the clock is paused; after an attempt that
-- failed it is when to try again, and the clock still says when it was due.
create table timers (
    kind     text        not null,
    name     text        not null,
    timer    text        not null,
    due_at   timestamptz,
    clock    jsonb       not null,
    attempts integer     not null default 0,
    primary key (kind, name, timer)
);
create index timers_due on timers (due_at) where due_at is not null;

-- Keys the service made for itself, so that all its processes have the same without a setting.
create table own_keys (
    purpose text  primary key,
    key     bytea not null
);
