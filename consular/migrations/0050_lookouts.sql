-- Our own lookouts, and the versions of what we keep ourselves beside the published lists.

-- Every change of such a list gives it the next version in the change's own transaction. The row is held until that is
-- committed, so that versions follow one another as commits do, and who reads a version finds all that led to it.
create table own_lists (
    list       text        primary key,
    version    bigint      not null,
    changed_at timestamptz not null default now()
);
insert into own_lists (list, version) values ('lookouts', 0), ('documents', 0);

-- Whoever screens again what is pending waits for this ring; few such changes are made, so that the order in which
-- PostgreSQL keeps notifications holds nobody up.
create function own_list_changes(which text) returns void language sql as $$
    update own_lists set version = version + 1, changed_at = now() where list = which;
    select pg_notify('legation_own_lists', which);
$$;

create table lookouts (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    category       text        not null generated always as (doc->>'category') stored,
    authority      text        not null generated always as (doc->>'authority') stored,
    review_date    text        not null generated always as (doc->>'reviewDate') stored,
    expire_date    text        not null generated always as (doc->>'expireDate') stored,
    state          text        not null generated always as (doc->>'state') stored,
    review_overdue boolean     not null generated always as ((doc->>'reviewOverdue')::boolean) stored,
    activate_time  timestamptz generated always as (instant(doc->>'activateTime')) stored,
    end_time       timestamptz generated always as (instant(doc->>'endTime')) stored,

    constraint lookouts_state check (state <> 'STATE_UNSPECIFIED'),
    constraint lookouts_ended check (state not in ('WITHDRAWN', 'EXPIRED') or end_time is not null)
);
create index lookouts_by_state on lookouts (state, review_date);
create index lookouts_by_age on lookouts (created_at, name);

create function lookouts_change() returns trigger language plpgsql as $$
declare
    in_force text[] := array['ACTIVE', 'CHANGE_PROPOSED', 'WITHDRAWAL_PROPOSED'];
begin
    if new.doc->>'state' = any (in_force) or (tg_op = 'UPDATE' and old.doc->>'state' = any (in_force)) then
        perform own_list_changes('lookouts');
    end if;
    return null;
end $$;
create trigger lookouts_change after insert or update on lookouts for each row execute function lookouts_change();
