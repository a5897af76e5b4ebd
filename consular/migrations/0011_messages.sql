-- Messages to those who are registered at a place.
create table messages (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    state      text        not null generated always as (doc->>'state') stored,
    country    text        not null generated always as (doc->>'country') stored,
    post       text        not null generated always as (doc->>'post') stored,
    crisis     text        generated always as (nullif(doc->>'crisis', '')) stored,
    send_time  timestamptz generated always as (instant(doc->>'sendTime')) stored,

    constraint messages_state check (state <> 'STATE_UNSPECIFIED')
);
create index messages_by_age on messages (created_at, name);
create index messages_on_their_way on messages (name) where state = 'SENDING';

-- What is to be delivered to whom: written with the change that asks for it, delivered afterwards by whoever takes it. The
-- key is what makes a delivery the same one: of a message to a registration there is one.
create table parcels (
    key          text        primary key,
    -- The message it carries; of a code or reminder, empty, and the text stands here.
    message      text        not null default '',
    registration text        not null,
    channel      text        not null,
    address      text        not null,
    language     text        not null default '',
    subject      text        not null default '',
    body         text        not null default '',
    state        text        not null default 'QUEUED',
    attempts     smallint    not null default 0,
    failure      text        not null default '',
    -- When it is next tried; while it is under way, when whoever has it is given up.
    due_at       timestamptz not null default clock_timestamp(),
    delivered_at timestamptz,
    constraint parcels_state check (state in ('QUEUED', 'DELIVERED', 'FAILED', 'CANCELLED')),
    constraint parcels_channel check (channel in ('EMAIL', 'SMS'))
);
create index parcels_waiting on parcels (due_at) where state = 'QUEUED';
create index parcels_of_message on parcels (message, registration) where message <> '';
create index parcels_of_registration on parcels (registration);
