-- Findings that a mission or a member does not keep to what binds it.
create table compliance_findings (
    name            text        primary key,
    uid             uuid        not null unique,
    version         bigint      not null,
    doc             jsonb       not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    deleted_at      timestamptz,

    mission         text        not null generated always as (doc->>'mission') stored,
    member          text        not null generated always as (doc->>'member') stored,
    holder          text        generated always as (nullif(doc->>'member', '')) stored,
    subject         text        not null generated always as (doc->>'subject') stored,
    state           text        not null generated always as (doc->>'state') stored,
    remedy_due_time timestamptz generated always as (instant(doc->>'remedyDueTime')) stored,
    overdue         boolean     generated always as ((doc->>'overdue')::boolean) stored,
    measure         text        not null generated always as (doc->>'measure') stored,

    constraint compliance_findings_mission_fkey foreign key (mission) references missions (name),
    constraint compliance_findings_holder_fkey foreign key (holder) references members (name),
    constraint compliance_findings_state check (state <> 'STATE_UNSPECIFIED'),
    -- Nobody is met by a measure that does not say which.
    constraint compliance_findings_measured check (state <> 'ESCALATED' or measure <> 'MEASURE_UNSPECIFIED')
);
create index compliance_findings_by_mission on compliance_findings (mission, state);
create index compliance_findings_by_age on compliance_findings (created_at, name);
