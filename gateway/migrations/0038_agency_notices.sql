-- What the house has to tell agencies. Only ever added to; the document is the truth, columns are made from it.
create table agency_notices (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    agency      text        not null generated always as (doc->>'agency') stored,
    kind        text        not null generated always as (doc->>'kind') stored,
    subject     text        not null generated always as (doc->>'subject') stored
);
create index agency_notices_by_agency on agency_notices (agency, name);
