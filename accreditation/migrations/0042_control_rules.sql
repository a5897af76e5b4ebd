-- Controls on travel and contacts, in force between two instants.
create table control_rules (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    title           text        not null generated always as (doc->>'title') stored,
    trigger         text        not null generated always as (doc->>'trigger') stored,
    mode            text        not null generated always as (doc->>'mode') stored,
    effective_time  timestamptz not null generated always as (instant(doc->>'effectiveTime')) stored,
    end_time        timestamptz generated always as (instant(doc->>'endTime')) stored,
    state           text        not null generated always as (doc->>'state') stored,

    constraint control_rules_state check (state <> 'STATE_UNSPECIFIED'),
    constraint control_rules_order check (end_time is null or effective_time <= end_time or state = 'DROPPED')
);
create index control_rules_by_state on control_rules (state, name);
create index control_rules_by_age on control_rules (created_at, name);
