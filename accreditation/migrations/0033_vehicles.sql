-- Vehicles of missions and their members.
create table vehicles (
    name                  text        primary key,
    uid                   uuid        not null unique,
    version               bigint      not null,
    doc                   jsonb       not null,
    created_at            timestamptz not null,
    updated_at            timestamptz not null,
    deleted_at            timestamptz,

    mission               text        not null generated always as (doc->>'mission') stored,
    member                text        not null generated always as (doc->>'member') stored,
    holder                text        generated always as (nullif(doc->>'member', '')) stored,
    vin                   text        not null generated always as (doc->>'vin') stored,
    kind                  text        not null generated always as (doc->>'kind') stored,
    sending_state         text        not null generated always as (doc->>'sendingState') stored,
    category              text        not null generated always as (doc->>'category') stored,
    plate                 text        not null generated always as (doc->>'plate') stored,
    state                 text        not null generated always as (doc->>'state') stored,
    registration_end_time timestamptz generated always as (instant(doc->>'registrationEndTime')) stored,
    search                tsvector    not null generated always as (
        searchable((doc->>'make') || ' ' || (doc->>'model'))
    ) stored,

    constraint vehicles_mission_fkey foreign key (mission) references missions (name),
    constraint vehicles_holder_fkey foreign key (holder) references members (name),
    constraint vehicles_state check (state <> 'STATE_UNSPECIFIED'),
    constraint vehicles_plated check (state not in ('REGISTERED', 'INSURANCE_LAPSED') or plate <> '')
);
create index vehicles_by_holder on vehicles (mission, member, state);
create index vehicles_by_age on vehicles (created_at, name);
create index vehicles_search on vehicles using gin (search);

-- A plate is out on one vehicle, also when the vehicle is gone and the plate not yet back.
create unique index vehicles_one_plate on vehicles (plate)
    where plate <> '' and state <> 'PLATES_RETURNED' and deleted_at is null;
-- A vehicle is registered once.
create unique index vehicles_one_registration on vehicles (vin)
    where state in ('APPLICATION', 'INSURANCE_CHECK', 'TITLED', 'REGISTERED', 'INSURANCE_LAPSED', 'SUSPENDED')
        and deleted_at is null;
