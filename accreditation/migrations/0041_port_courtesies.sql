-- Requests for courtesies of the port, one for one traveller.
create table port_courtesies (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    mission         text        not null generated always as (doc->>'mission') stored,
    direction       text        not null generated always as (doc->>'direction') stored,
    rank            text        not null generated always as (doc->>'rank') stored,
    port            text        not null generated always as (doc->>'port') stored,
    scheduled_time  timestamptz not null generated always as (instant(doc->>'scheduledTime')) stored,
    state           text        not null generated always as (doc->>'state') stored,
    late            boolean    generated always as ((doc->>'late')::boolean) stored,

    constraint port_courtesies_mission_fkey foreign key (mission) references missions (name),
    constraint port_courtesies_state check (state <> 'STATE_UNSPECIFIED')
);
create index port_courtesies_by_mission on port_courtesies (mission, state);
create index port_courtesies_by_time on port_courtesies (scheduled_time, name);
create index port_courtesies_by_age on port_courtesies (created_at, name);

-- One request for one traveller's journey: the passport, the port, the way and the hour.
create unique index port_courtesies_one_live on port_courtesies (
    mission, (doc->'traveller'->>'passportNumber'), port, direction, scheduled_time
) where state in ('DRAFT', 'SUBMITTED', 'APPROVED') and deleted_at is null;
