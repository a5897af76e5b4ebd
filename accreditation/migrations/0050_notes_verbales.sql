-- Notes between the ministry and foreign missions.
create table notes_verbales (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    mission     text        not null generated always as (doc->>'mission') stored,
    direction   text        not null generated always as (doc->>'direction') stored,
    type        text        not null generated always as (doc->>'type') stored,
    language    text        not null generated always as (doc->>'language') stored,
    in_reply_to text        generated always as (nullif(doc->>'inReplyTo', '')) stored,
    state       text        not null generated always as (doc->>'state') stored,
    series      text        not null generated always as (doc->>'series') stored,
    number      integer     not null generated always as ((doc->>'number')::integer) stored,
    reference   text        not null generated always as (doc->>'reference') stored,
    send_time   timestamptz generated always as (instant(doc->>'sendTime')) stored,
    shown_to    text        not null generated always as (doc->>'shownTo') stored,
    search      tsvector    not null generated always as (searchable(doc->>'subject')) stored,

    constraint notes_verbales_mission_fkey foreign key (mission) references missions (name),
    constraint notes_verbales_reply_fkey foreign key (in_reply_to) references notes_verbales (name),
    constraint notes_verbales_state check (state <> 'STATE_UNSPECIFIED'),
    -- A draft has no number, and what was sent has one.
    constraint notes_verbales_numbered check ((state = 'DRAFT') = (series = '') and (state = 'DRAFT') = (number = 0))
);
create index notes_verbales_by_mission on notes_verbales (mission, created_at);
create index notes_verbales_by_reply on notes_verbales (in_reply_to) where in_reply_to is not null;
create index notes_verbales_by_age on notes_verbales (created_at, name);
create index notes_verbales_shown on notes_verbales (shown_to, created_at) where shown_to <> '';
create index notes_verbales_search on notes_verbales using gin (search);

-- One note has one number of a series.
create unique index notes_verbales_one_number on notes_verbales (series, number) where series <> '';

-- What was sent cannot be rewritten, nor deleted: only its receipt is added.
create function notes_verbales_stand() returns trigger language plpgsql as $$
declare
    receipt constant text[] := array['state', 'receiveTime', 'updateTime', 'etag'];
begin
    if old.state <> 'DRAFT' and (new.deleted_at is not null or (old.doc - receipt) <> (new.doc - receipt)) then
        raise exception 'a note that was sent stands' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger notes_verbales_stand before update on notes_verbales
    for each row execute function notes_verbales_stand();
