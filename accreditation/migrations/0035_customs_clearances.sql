-- Clearances of shipments free of duty.
create table customs_clearances (
    name          text        primary key,
    uid           uuid        not null unique,
    version       bigint      not null,
    doc           jsonb       not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,

    mission       text        not null generated always as (doc->>'mission') stored,
    member        text        not null generated always as (doc->>'member') stored,
    holder        text        generated always as (nullif(doc->>'member', '')) stored,
    air_waybill   text        not null generated always as (doc->>'airWaybill') stored,
    sending_state text        not null generated always as (doc->>'sendingState') stored,
    category      text        not null generated always as (doc->>'category') stored,
    rule          text        not null generated always as (doc->>'rule') stored,
    month         text        not null generated always as (doc->>'month') stored,
    state         text        not null generated always as (doc->>'state') stored,
    due_time      timestamptz generated always as (instant(doc->>'dueTime')) stored,
    overdue       boolean     generated always as ((doc->>'overdue')::boolean) stored,

    constraint customs_clearances_mission_fkey foreign key (mission) references missions (name),
    constraint customs_clearances_holder_fkey foreign key (holder) references members (name),
    constraint customs_clearances_state check (state <> 'STATE_UNSPECIFIED')
);
create index customs_clearances_by_holder on customs_clearances (mission, member, state, month);
create index customs_clearances_by_age on customs_clearances (created_at, name);

-- A shipment is cleared once.
create unique index customs_clearances_one_shipment on customs_clearances (air_waybill)
    where state in ('SUBMITTED', 'CERTIFIED') and deleted_at is null;
