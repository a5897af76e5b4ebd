-- Requests for waivers of immunity.
create table waivers (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    member         text        not null generated always as (doc->>'member') stored,
    mission        text        not null generated always as (doc->>'mission') stored,
    scope          text        not null generated always as (doc->>'scope') stored,
    proceedings    text        not null generated always as (doc->>'proceedings') stored,
    incident       text        not null generated always as (doc->>'incident') stored,
    state          text        not null generated always as (doc->>'state') stored,
    reply_due_time timestamptz generated always as (instant(doc->>'replyDueTime')) stored,
    departure_proposed boolean generated always as ((doc->>'departureProposed')::boolean) stored,

    constraint waivers_member_fkey foreign key (member) references members (name),
    -- A waiver is express and someone declared it (VCDR art. 32.2; VCCR art. 45.2).
    constraint waivers_express check (
        state not in ('GRANTED', 'PARTIAL') or (doc->>'text' <> '' and doc->>'authority' <> '')
    )
);
create index waivers_by_member on waivers (member, created_at);
create index waivers_by_age on waivers (created_at, name);

-- The sending state is asked once for one scope in one proceeding.
create unique index waivers_one_request on waivers (member, scope, proceedings)
    where state in ('OPENED', 'SENT', 'REMINDED', 'NO_REPLY') and deleted_at is null;
