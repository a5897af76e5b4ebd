-- Licences to drive, and the violations that count against them.
create table driver_licences (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    member      text        not null generated always as (doc->>'member') stored,
    mission     text        not null generated always as (doc->>'mission') stored,
    state       text        not null generated always as (doc->>'state') stored,
    expire_time timestamptz generated always as (instant(doc->>'expireTime')) stored,

    constraint driver_licences_member_fkey foreign key (member) references members (name),
    constraint driver_licences_mission_fkey foreign key (mission) references missions (name),
    constraint driver_licences_number check (name ~ '^driverLicences/[A-Z0-9]{9}$'),
    constraint driver_licences_state check (state <> 'STATE_UNSPECIFIED')
);
create index driver_licences_by_mission on driver_licences (mission, name);
create index driver_licences_by_age on driver_licences (created_at, name);

-- A member has one licence.
create unique index driver_licences_one_live on driver_licences (member)
    where state in ('APPLIED', 'ISSUED', 'REVIEW', 'SUSPENDED', 'REINSTATED') and deleted_at is null;

create table traffic_violations (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    licence        text        not null generated always as (doc->>'licence') stored,
    mission        text        not null generated always as (doc->>'mission') stored,
    offence        text        not null generated always as (doc->>'offence') stored,
    state          text        not null generated always as (doc->>'state') stored,
    violation_time timestamptz not null generated always as (instant(doc->>'violationTime')) stored,

    constraint traffic_violations_licence_fkey foreign key (licence) references driver_licences (name),
    constraint traffic_violations_state check (state <> 'STATE_UNSPECIFIED')
);
create index traffic_violations_by_licence on traffic_violations (licence, state);
create index traffic_violations_by_mission on traffic_violations (mission, name);
create index traffic_violations_by_age on traffic_violations (created_at, name);
