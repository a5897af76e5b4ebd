-- Identity cards issued to members.
create table identity_cards (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    member      text        not null generated always as (doc->>'member') stored,
    person      text        not null generated always as (doc->>'person') stored,
    state       text        not null generated always as (doc->>'state') stored,
    expire_time timestamptz not null generated always as (instant(doc->>'expireTime')) stored,

    constraint identity_cards_member_fkey foreign key (member) references members (name),
    constraint identity_cards_number check (name ~ '^identityCards/[A-Z0-9]{9}$')
);
create index identity_cards_by_member on identity_cards (member);

-- A person has one active card.
create unique index identity_cards_one_active on identity_cards (person) where state = 'ISSUED';
