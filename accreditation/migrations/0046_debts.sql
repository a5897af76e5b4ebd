-- Debts of missions and their members, in the smallest unit of their currency.
create table debts (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    mission  text        not null generated always as (doc->>'mission') stored,
    member   text       generated always as (nullif(doc->>'member', '')) stored,
    dispute  text       generated always as (nullif(doc->>'dispute', '')) stored,
    kind     text        not null generated always as (doc->>'kind') stored,
    state    text        not null generated always as (doc->>'state') stored,

    constraint debts_mission_fkey foreign key (mission) references missions (name),
    constraint debts_member_fkey foreign key (member) references members (name),
    constraint debts_dispute_fkey foreign key (dispute) references disputes (name),
    constraint debts_state check (state <> 'STATE_UNSPECIFIED'),
    constraint debts_balance check ((doc->>'balanceMinorUnits')::bigint >= 0)
);
create index debts_by_mission on debts (mission, state);
create index debts_by_kind on debts (kind, name);
create index debts_by_age on debts (created_at, name);
