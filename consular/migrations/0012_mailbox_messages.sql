-- What the embedded channel delivered. A parcel that is delivered again is the same message.
create table mailbox_messages (
    name         text        primary key,
    uid          uuid        not null unique,
    version      bigint      not null,
    doc          jsonb       not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,
    key          text        not null,

    source       text        not null generated always as (doc->>'source') stored,
    registration text        not null generated always as (doc->>'registration') stored,
    channel      text        not null generated always as (doc->>'channel') stored,

    constraint mailbox_messages_once unique (key)
);
create index mailbox_messages_by_source on mailbox_messages (source);
create index mailbox_messages_by_registration on mailbox_messages (registration);
create index mailbox_messages_by_age on mailbox_messages (created_at, name);
