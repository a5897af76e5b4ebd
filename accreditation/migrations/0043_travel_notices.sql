-- Notices of journeys, meetings and events that a control asks for.
create table travel_notices (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    member      text        not null generated always as (doc->>'member') stored,
    mission     text        not null generated always as (doc->>'mission') stored,
    trigger     text        not null generated always as (doc->>'trigger') stored,
    begin_time  timestamptz not null generated always as (instant(doc->>'beginTime')) stored,
    state       text        not null generated always as (doc->>'state') stored,
    mode        text        not null generated always as (doc->>'mode') stored,
    late        boolean    generated always as ((doc->>'late')::boolean) stored,
    violation   boolean    generated always as ((doc->>'violation')::boolean) stored,

    constraint travel_notices_member_fkey foreign key (member) references members (name),
    constraint travel_notices_mission_fkey foreign key (mission) references missions (name),
    constraint travel_notices_state check (state <> 'STATE_UNSPECIFIED')
);
create index travel_notices_by_mission on travel_notices (mission, state);
create index travel_notices_by_member on travel_notices (member, begin_time);
create index travel_notices_by_age on travel_notices (created_at, name);
