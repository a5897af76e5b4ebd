-- Foreign missions and consular posts in our country. The document is the truth; columns are made from it.
create table missions (
    name          text        primary key,
    uid           uuid        not null unique,
    version       bigint      not null,
    doc           jsonb       not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,

    sending_state text        not null generated always as (doc->>'sendingState') stored,
    type          text        not null generated always as (doc->>'type') stored,
    title         text        not null generated always as (doc->>'title') stored,
    seat          text        not null generated always as (doc->>'seat') stored,
    state         text        not null generated always as (doc->>'state') stored,
    external_id   text        not null generated always as (doc->>'externalId') stored,
    open_time     timestamptz generated always as (instant(doc->>'openTime')) stored,
    search        tsvector    not null generated always as (
        searchable((doc->>'title') || ' ' || (doc->>'seat'))
    ) stored,

    constraint missions_state check (state <> 'STATE_UNSPECIFIED'),
    -- After a break of relations someone is in charge (VCDR art. 45).
    constraint missions_in_charge check (
        state <> 'SEVERED' or (doc->>'protectingPower' <> '') <> coalesce((doc->>'inCustody')::boolean, false)
    )
);
create index missions_by_state on missions (sending_state, name);
create index missions_by_age on missions (created_at, name);
create index missions_search on missions using gin (search);
