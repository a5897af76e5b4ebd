-- Letters of credence of heads of mission (VCDR art. 13-16).
create table credentials (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    member         text        not null generated always as (doc->>'member') stored,
    mission        text        not null generated always as (doc->>'mission') stored,
    head_class     text        not null generated always as (doc->>'headClass') stored,
    predecessor    text        generated always as (nullif(doc->>'predecessor', '')) stored,
    state          text        not null generated always as (doc->>'state') stored,
    ceremony_time  timestamptz generated always as (instant(doc->>'ceremonyTime')) stored,
    arrival_time   timestamptz generated always as (instant(doc->>'arrivalTime')) stored,
    present_time   timestamptz generated always as (instant(doc->>'presentTime')) stored,
    functions_time timestamptz generated always as (instant(doc->>'functionsTime')) stored,

    constraint credentials_member_fkey foreign key (member) references members (name),
    constraint credentials_mission_fkey foreign key (mission) references missions (name),
    constraint credentials_predecessor_fkey foreign key (predecessor) references members (name),
    constraint credentials_presented check (state <> 'PRESENTED' or functions_time is not null)
);
create index credentials_by_mission on credentials (mission);
create index credentials_by_ceremony on credentials (ceremony_time, arrival_time);
create index credentials_by_age on credentials (created_at, name);

-- A head of mission has one set of letters in a class.
create unique index credentials_one_in_class on credentials (member, head_class) where state <> 'CANCELLED';

-- The instant that decides precedence is set once, and never moves (VCDR art. 13.1, 16.2).
create function functions_are_taken_up_once() returns trigger language plpgsql as $$
begin
    if old.doc->>'functionsTime' is not null and new.doc->>'functionsTime' is distinct from old.doc->>'functionsTime' then
        raise exception 'functions are taken up once' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger credentials_functions_once before update on credentials
    for each row execute function functions_are_taken_up_once();
