-- Rules of reciprocity: which benefit the members and missions of a state enjoy, how far, and in which time.
create table reciprocity_rules (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    country        text        not null generated always as (doc->>'country') stored,
    category       text        not null generated always as (doc->>'category') stored,
    benefit        text        not null generated always as (doc->>'benefit') stored,
    level          text        not null generated always as (doc->>'level') stored,
    state          text        not null generated always as (doc->>'state') stored,
    effective_time timestamptz generated always as (instant(doc->>'effectiveTime')) stored,
    end_time       timestamptz generated always as (instant(doc->>'endTime')) stored,

    constraint reciprocity_rules_state check (state <> 'STATE_UNSPECIFIED'),
    constraint reciprocity_rules_period check (effective_time < end_time),
    constraint reciprocity_rules_dated check (state in ('DRAFT', 'LEGAL_CLEARED') or effective_time is not null),
    -- At most one rule is in force at a time; those that ended still stand for the time they were in force.
    constraint reciprocity_rules_one_in_force exclude using gist (
        country with =, category with =, benefit with =, tstzrange(effective_time, end_time) with &&
    ) where (effective_time is not null and deleted_at is null)
);
create index reciprocity_rules_by_age on reciprocity_rules (created_at, name);
