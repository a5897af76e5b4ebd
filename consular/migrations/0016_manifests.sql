-- Departures that take people of a crisis to a safe haven.
create table manifests (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    crisis         text        not null generated always as (doc->>'crisis') stored,
    means          text        not null generated always as (doc->>'means') stored,
    designation    text        not null generated always as (doc->>'designation') stored,
    state          text        not null generated always as (doc->>'state') stored,
    scheduled_time timestamptz generated always as (instant(doc->>'scheduledTime')) stored,
    capacity       bigint      not null generated always as ((doc->>'capacity')::bigint) stored,
    listed         bigint      not null generated always as ((doc->>'listed')::bigint) stored,
    boarded        bigint      not null generated always as ((doc->>'boarded')::bigint) stored,
    no_show        bigint      not null generated always as ((doc->>'noShow')::bigint) stored,
    refused        bigint      not null generated always as ((doc->>'refused')::bigint) stored,

    constraint manifests_crisis_fkey foreign key (crisis) references crises (name),
    constraint manifests_state check (state <> 'STATE_UNSPECIFIED'),
    -- No more go aboard than it carries.
    constraint manifests_capacity check (boarded <= capacity),
    -- Head counts reconcile once it has departed.
    constraint manifests_reconciled check (state not in ('DEPARTED', 'ARRIVED') or listed = boarded + no_show + refused)
);
create index manifests_by_crisis on manifests (crisis);
create index manifests_by_age on manifests (created_at, name);

-- Who is to go.
create table manifest_seats (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    manifest    text        not null generated always as (doc->>'manifest') stored,
    person      text        not null generated always as (doc->>'person') stored,
    state       text        not null generated always as (doc->>'state') stored,
    eligibility text        not null generated always as (doc->>'eligibility') stored,

    constraint manifest_seats_manifest_fkey foreign key (manifest) references manifests (name),
    constraint manifest_seats_person_fkey foreign key (person) references crisis_persons (name),
    constraint manifest_seats_state check (state <> 'STATE_UNSPECIFIED'),
    -- Nobody is aboard without a document or a waiver.
    constraint manifest_seats_document check (
        state <> 'BOARDED' or doc->>'documentNumber' <> '' or doc->>'waiver' <> '')
);
create index manifest_seats_by_manifest on manifest_seats (manifest, state);
create index manifest_seats_by_person on manifest_seats (person);
create index manifest_seats_by_age on manifest_seats (created_at, name);

-- A person has one live seat on all manifests together.
create unique index manifest_seats_one_live on manifest_seats (person)
    where state in ('LISTED', 'BOARDED') and deleted_at is null;
