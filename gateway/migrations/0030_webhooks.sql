-- Endpoints that are told of events. Their secrets are not here: they are derived from a key of the settings.
create table webhooks (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    state       text        not null generated always as (doc->>'state') stored,
    agency      text        not null generated always as (doc->>'agency') stored,
    key         text        not null generated always as (doc->>'key') stored,

    constraint webhooks_state check (state in ('PENDING', 'ACTIVE', 'DISABLED'))
);
create index webhooks_by_agency on webhooks (agency, name);
create index webhooks_by_state on webhooks (state, name) where deleted_at is null;

-- Since when nothing was accepted by an endpoint. A row is removed by the first success.
create table webhook_failures (
    webhook text        primary key,
    since   timestamptz not null
);
