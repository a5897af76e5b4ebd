-- Actions of missions on properties: notified, decided within a period, done.
create table properties (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    mission            text        not null generated always as (doc->>'mission') stored,
    action             text        not null generated always as (doc->>'action') stored,
    previous           text       generated always as (nullif(doc->>'previous', '')) stored,
    proposed_use       text        not null generated always as (doc->>'proposedUse') stored,
    state              text        not null generated always as (doc->>'state') stored,
    decision_due_time  timestamptz generated always as (instant(doc->>'decisionDueTime')) stored,
    use_deviates       boolean    generated always as ((doc->>'useDeviates')::boolean) stored,

    constraint properties_mission_fkey foreign key (mission) references missions (name),
    constraint properties_previous_fkey foreign key (previous) references properties (name),
    constraint properties_state check (state <> 'STATE_UNSPECIFIED')
);
create index properties_by_mission on properties (mission, state);
create index properties_by_due on properties (decision_due_time) where decision_due_time is not null;
create index properties_by_age on properties (created_at, name);
