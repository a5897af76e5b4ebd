-- Watch lists and the publications that were loaded of them.
create table watch_lists (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    format     text        not null generated always as (doc->>'format') stored,
    state      text        not null generated always as (doc->>'state') stored,

    constraint watch_lists_state check (state <> 'STATE_UNSPECIFIED')
);
create index watch_lists_by_age on watch_lists (created_at, name);

-- A publication's files as they were loaded, by the digest that is the list's version: a decision's list can be read again.
create table publications (
    version    text        not null,
    file       text        not null,
    content    bytea       not null,
    loaded_at  timestamptz not null default now(),
    primary key (version, file)
);
