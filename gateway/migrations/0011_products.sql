-- What partner agencies may have keys for. The document is the truth; columns are made from it.
create table products (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    title       text        not null generated always as (doc->>'title') stored,
    state       text        not null generated always as (doc->>'state') stored,

    constraint products_state check (state in ('DRAFT', 'PUBLISHED', 'RETIRED'))
);
create index products_by_state on products (state, name);
