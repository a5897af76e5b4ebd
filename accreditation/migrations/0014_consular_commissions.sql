-- Commissions of heads of consular posts and our exequatur (VCCR art. 9-14).
create table consular_commissions (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    member         text        not null generated always as (doc->>'member') stored,
    mission        text        not null generated always as (doc->>'mission') stored,
    post_class     text        not null generated always as (doc->>'postClass') stored,
    state          text        not null generated always as (doc->>'state') stored,
    receive_time   timestamptz not null generated always as (instant(doc->>'receiveTime')) stored,
    exequatur_time timestamptz generated always as (instant(doc->>'exequaturTime')) stored,

    constraint consular_commissions_member_fkey foreign key (member) references members (name),
    constraint consular_commissions_mission_fkey foreign key (mission) references missions (name)
);
create index consular_commissions_by_mission on consular_commissions (mission);
create index consular_commissions_by_age on consular_commissions (created_at, name);

-- A head of post has one commission before us or in force.
create unique index consular_commissions_one_live on consular_commissions (member)
    where state in ('COMMISSION_RECEIVED', 'PROVISIONAL', 'EXEQUATUR_GRANTED');
