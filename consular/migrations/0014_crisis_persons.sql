-- The people of a crisis.
create table crisis_persons (
    name         text        primary key,
    uid          uuid        not null unique,
    version      bigint      not null,
    doc          jsonb       not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,

    crisis       text        not null generated always as (doc->>'crisis') stored,
    registration text        generated always as (nullif(doc->>'registration', '')) stored,
    party_number bigint      not null generated always as ((doc->>'partyNumber')::bigint) stored,
    state        text        not null generated always as (doc->>'state') stored,
    source       text        not null generated always as (doc->>'source') stored,
    birth_date   text        generated always as (doc->'blind'->>'birthDate') stored,
    nationality  text        not null generated always as (doc->>'nationality') stored,
    owner        text        not null generated always as (doc->>'owner') stored,
    status_time  timestamptz generated always as (instant(doc->>'statusTime')) stored,
    search       tsvector    not null generated always as (
        searchable((doc->>'familyName') || ' ' || (doc->>'givenNames'))
    ) stored,

    constraint crisis_persons_crisis_fkey foreign key (crisis) references crises (name),
    constraint crisis_persons_registration_fkey foreign key (registration) references registrations (name),
    constraint crisis_persons_state check (state <> 'STATE_UNSPECIFIED')
);
create index crisis_persons_by_crisis on crisis_persons (crisis, state);
create index crisis_persons_by_owner on crisis_persons (owner) where owner <> '';
create index crisis_persons_by_age on crisis_persons (created_at, name);
create index crisis_persons_search on crisis_persons using gin (search);

-- A person of a registration is on the list of a crisis once.
create unique index crisis_persons_once on crisis_persons (crisis, registration, party_number)
    where registration is not null and deleted_at is null;
