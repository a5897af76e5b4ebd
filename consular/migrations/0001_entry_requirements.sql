-- Who needs a visa where. The document is the truth; columns are made from it.
create table entry_requirements (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    nationality    text        not null generated always as (doc->>'nationality') stored,
    destination    text        not null generated always as (doc->>'destination') stored,
    requirement    text        not null generated always as (doc->>'requirement') stored,
    effective_date text        not null generated always as (doc->>'effectiveDate') stored,
    source         text        not null generated always as (doc->>'source') stored
);
create index entry_requirements_by_destination on entry_requirements (destination, nationality);
create index entry_requirements_by_age on entry_requirements (created_at, name);

-- One rule for a nationality at a destination.
create unique index entry_requirements_one_rule on entry_requirements (nationality, destination) where deleted_at is null;
