-- What missions ask of our agencies.
create table service_requests (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    mission    text        not null generated always as (doc->>'mission') stored,
    kind       text        not null generated always as (doc->>'kind') stored,
    state      text        not null generated always as (doc->>'state') stored,
    agency     text        not null generated always as (doc->>'agency') stored,
    due_time   timestamptz generated always as (instant(doc->>'dueTime')) stored,
    escalated  boolean    generated always as ((doc->>'escalated')::boolean) stored,

    constraint service_requests_mission_fkey foreign key (mission) references missions (name),
    constraint service_requests_state check (state <> 'STATE_UNSPECIFIED')
);
create index service_requests_by_mission on service_requests (mission, state);
create index service_requests_by_agency on service_requests (agency, state);
create index service_requests_by_due on service_requests (due_time) where due_time is not null;
create index service_requests_by_age on service_requests (created_at, name);
