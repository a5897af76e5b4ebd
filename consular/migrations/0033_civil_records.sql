-- Births, marriages and deaths of our citizens abroad.
create table civil_records (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post           text        not null generated always as (doc->>'post') stored,
    kind           text        not null generated always as (doc->>'kind') stored,
    event_date     text        not null generated always as (doc->>'eventDate') stored,
    country        text        not null generated always as (doc->>'country') stored,
    foreign_number text        not null generated always as (doc->>'foreignNumber') stored,
    identity_key   text        not null generated always as (doc->>'identityKey') stored,
    series         text        not null generated always as (doc->>'series') stored,
    number         integer     not null generated always as ((doc->>'number')::integer) stored,
    reference      text        not null generated always as (doc->>'reference') stored,
    register_time  timestamptz generated always as (instant(doc->>'registerTime')) stored,
    state          text        not null generated always as (doc->>'state') stored,

    constraint civil_records_state check (state <> 'STATE_UNSPECIFIED'),
    constraint civil_records_numbered check ((state in ('REGISTERED', 'CERTIFICATE_ISSUED')) = (number > 0))
);
create index civil_records_by_post on civil_records (post, state);
create index civil_records_by_event on civil_records (kind, event_date);
create index civil_records_by_age on civil_records (created_at, name);
create unique index civil_records_one_number on civil_records (series, number) where number > 0;

-- One event is registered once, whichever posts it was declared at.
create unique index civil_records_one_event on civil_records (identity_key) where number > 0;
create unique index civil_records_one_foreign on civil_records (kind, country, foreign_number)
    where number > 0 and foreign_number <> '';

-- What is registered is rewritten with a correction that tells what it said, or not at all.
create function civil_records_stand() returns trigger language plpgsql as $$
declare
    certificate constant text[] := array['state', 'certificates', 'certificateTime', 'updateTime', 'etag'];
    facts constant text[] := array['post', 'kind', 'number', 'series', 'reference', 'registerTime', 'country'];
    fact text;
begin
    if tg_op = 'DELETE' or new.deleted_at is not null then
        raise exception 'what is registered stands' using errcode = 'restrict_violation';
    end if;
    if (old.doc - certificate) = (new.doc - certificate) then
        return new;
    end if;
    foreach fact in array facts loop
        if old.doc->fact is distinct from new.doc->fact then
            raise exception 'what is registered stands' using errcode = 'restrict_violation';
        end if;
    end loop;
    if jsonb_array_length(new.doc->'corrections') <> jsonb_array_length(old.doc->'corrections') + 1
        or (new.doc->>'edition')::integer <> (old.doc->>'edition')::integer + 1 then
        raise exception 'what is registered stands, but for a correction' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger civil_records_stand before update or delete on civil_records
    for each row when (old.number > 0) execute function civil_records_stand();
