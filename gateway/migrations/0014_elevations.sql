-- Roles taken for minutes in an emergency. The document is the truth; columns are made from it.
create table elevations (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    role        text        not null generated always as (doc->>'role') stored,
    subject     text        not null generated always as (doc->>'subject') stored,
    state       text        not null generated always as (doc->>'state') stored,
    expire_time timestamptz not null generated always as (instant(doc->>'expireTime')) stored,

    constraint elevations_state check (state in ('OPEN', 'CLOSED', 'EXPIRED', 'REVIEWED'))
);
create index elevations_by_subject on elevations (subject, name);
create index elevations_open on elevations (expire_time) where state = 'OPEN';
