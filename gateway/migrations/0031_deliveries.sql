-- Every event of the house, as it came from its service, for as long as it can be replayed.
create table webhook_events (
    seq         bigint      generated always as identity primary key,
    event       text        not null unique,
    service     text        not null,
    collection  text        not null,
    verb        text        not null,
    record      text        not null,
    version     bigint      not null,
    actor       text        not null,
    at          timestamptz not null,
    doc         jsonb       not null,
    traceparent text        not null default '',
    taken_at    timestamptz not null default clock_timestamp()
);
create index webhook_events_by_age on webhook_events (taken_at);

-- One event to one webhook. The rows are written by the ledger, and read and redelivered through the registry. A row
-- counts as deleted until it is known that the webhook's owner may see the record: before, nobody is shown that there is
-- an event.
create table deliveries (
    name         text        primary key,
    uid          uuid        not null unique,
    version      bigint      not null,
    doc          jsonb       not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,

    webhook      text        not null generated always as (doc->>'webhook') stored,
    agency       text        not null generated always as (doc->>'agency') stored,
    event        text        not null generated always as (doc->>'event') stored,
    event_type   text        not null generated always as (doc->>'eventType') stored,
    state        text        not null generated always as (doc->>'state') stored,
    next_time    timestamptz generated always as (instant(doc->>'nextTime')) stored,
    deliver_time timestamptz generated always as (instant(doc->>'deliverTime')) stored,

    -- The event's place, and which record it is of, for the order.
    seq          bigint      not null,
    record       text        not null,
    -- 0 as it happened, then one more for each replay.
    round        integer     not null,
    -- The gateway that is at it, and until when.
    holder       uuid,
    held_until   timestamptz,

    constraint deliveries_state check (state in ('WAITING', 'DELIVERED', 'FAILED')),
    constraint deliveries_once unique (webhook, event, round)
);
create index deliveries_due on deliveries (webhook, next_time) where state = 'WAITING';
create index deliveries_in_order on deliveries (webhook, record, seq) where state = 'WAITING';
create index deliveries_by_agency on deliveries (agency, name);
create index deliveries_by_age on deliveries (updated_at);
