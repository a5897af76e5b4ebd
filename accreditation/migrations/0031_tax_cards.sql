-- Tax exemption cards of missions and their members.
create table tax_cards (
    name          text        primary key,
    uid           uuid        not null unique,
    version       bigint      not null,
    doc           jsonb       not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,

    mission       text        not null generated always as (doc->>'mission') stored,
    member        text        not null generated always as (doc->>'member') stored,
    holder        text        generated always as (nullif(doc->>'member', '')) stored,
    sending_state text        not null generated always as (doc->>'sendingState') stored,
    category      text        not null generated always as (doc->>'category') stored,
    family        boolean     generated always as ((doc->>'family')::boolean) stored,
    level         text        not null generated always as (doc->>'level') stored,
    rule          text        not null generated always as (doc->>'rule') stored,
    state         text        not null generated always as (doc->>'state') stored,
    expire_time   timestamptz generated always as (instant(doc->>'expireTime')) stored,

    constraint tax_cards_mission_fkey foreign key (mission) references missions (name),
    constraint tax_cards_holder_fkey foreign key (holder) references members (name),
    constraint tax_cards_number check (name ~ '^taxCards/[A-Z0-9]{9}$'),
    constraint tax_cards_state check (state <> 'STATE_UNSPECIFIED'),
    constraint tax_cards_until check (state not in ('ISSUED', 'SUSPENDED') or expire_time is not null)
);
create index tax_cards_by_mission on tax_cards (mission, member, state);
create index tax_cards_by_state on tax_cards (sending_state, category, state, name);
create index tax_cards_by_age on tax_cards (created_at, name);

-- A member has one card that is good or suspended, and no other while a lost one is not replaced.
create unique index tax_cards_one_live on tax_cards (holder)
    where state in ('ISSUED', 'SUSPENDED', 'LOST') and holder is not null and deleted_at is null;
