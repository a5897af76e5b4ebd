-- Services by appointment, their opening hours, their slots and who booked them.
create table appointment_services (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post       text        not null generated always as (doc->>'post') stored,
    title      text        not null generated always as (doc->>'title') stored,
    country    text        not null generated always as (doc->>'country') stored,
    state      text        not null generated always as (doc->>'state') stored,
    search     tsvector    not null generated always as (searchable(doc->>'title')) stored,

    constraint appointment_services_state check (state <> 'STATE_UNSPECIFIED')
);
create index appointment_services_by_post on appointment_services (post);
create index appointment_services_by_age on appointment_services (created_at, name);
create index appointment_services_search on appointment_services using gin (search);

create table appointment_windows (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    service    text        not null generated always as (doc->>'service') stored,
    kind       text        not null generated always as (doc->>'kind') stored,

    constraint appointment_windows_service_fkey foreign key (service) references appointment_services (name)
);
create index appointment_windows_by_service on appointment_windows (service);
create index appointment_windows_by_age on appointment_windows (created_at, name);

-- `taken` is not in the document: it is counted by the trigger below and by nothing else. It is in no index, so that a
-- seat taken or given back rewrites one row in place.
create table appointment_slots (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    service    text        not null generated always as (doc->>'service') stored,
    post       text        not null generated always as (doc->>'post') stored,
    start_time timestamptz not null generated always as (instant(doc->>'startTime')) stored,
    end_time   timestamptz not null generated always as (instant(doc->>'endTime')) stored,
    origin     text        not null generated always as (doc->>'origin') stored,
    state      text        not null generated always as (doc->>'state') stored,
    capacity   integer     not null generated always as ((doc->>'capacity')::integer) stored,
    taken      integer     not null default 0,

    constraint appointment_slots_service_fkey foreign key (service) references appointment_services (name),
    constraint appointment_slots_state check (state <> 'STATE_UNSPECIFIED'),
    -- Whoever writes to this database, the slot is not overbooked.
    constraint appointment_slots_capacity check (taken between 0 and capacity)
) with (fillfactor = 70);
create unique index appointment_slots_once on appointment_slots (service, start_time);
create index appointment_slots_by_time on appointment_slots (start_time, name);
create index appointment_slots_by_age on appointment_slots (created_at, name);

create table bookings (
    name          text        primary key,
    uid           uuid        not null unique,
    version       bigint      not null,
    doc           jsonb       not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,

    slot          text        not null generated always as (doc->>'slot') stored,
    service       text        not null generated always as (doc->>'service') stored,
    post          text        not null generated always as (doc->>'post') stored,
    holder        text        not null generated always as (doc->>'holder') stored,
    applicant_key text        not null generated always as (doc->>'applicantKey') stored,
    start_time    timestamptz not null generated always as (instant(doc->>'startTime')) stored,
    end_time      timestamptz not null generated always as (instant(doc->>'endTime')) stored,
    queue_time    timestamptz generated always as (instant(doc->>'queueTime')) stored,
    state         text        not null generated always as (doc->>'state') stored,
    -- Whether it has a seat of the slot.
    seated        boolean     not null generated always as
        (doc->>'state' in ('HELD', 'CONFIRMED', 'REMINDED', 'CHECKED_IN', 'SERVED', 'NO_SHOW')) stored,

    constraint bookings_slot_fkey foreign key (slot) references appointment_slots (name),
    constraint bookings_service_fkey foreign key (service) references appointment_services (name),
    constraint bookings_state check (state <> 'STATE_UNSPECIFIED')
);
create index bookings_by_slot on bookings (slot, state);
create index bookings_by_post on bookings (post, start_time);
create index bookings_by_person on bookings (applicant_key);
create index bookings_by_holder on bookings (holder, created_at) where holder <> '';
create index bookings_by_age on bookings (created_at, name);

-- One person has one booking of a service at a time.
create unique index bookings_one_active on bookings (service, applicant_key)
    where state in ('HELD', 'WAITING', 'CONFIRMED', 'REMINDED', 'CHECKED_IN') and deleted_at is null;

-- Counts the seats of a slot, in the statement that takes them or gives them back.
create function bookings_take_seats() returns trigger language plpgsql as $$
declare
    gives constant text := case when tg_op = 'UPDATE' and old.seated and old.deleted_at is null then old.slot end;
    takes constant text := case when new.seated and new.deleted_at is null then new.slot end;
begin
    if gives is not distinct from takes then
        return null;
    end if;
    if gives is not null and takes is not null then
        -- Two moves between the same slots in opposite directions take the rows in one order.
        perform from appointment_slots where name in (gives, takes) order by name for no key update;
    end if;
    if gives is not null then
        update appointment_slots set taken = taken - 1 where name = gives;
    end if;
    if takes is not null then
        update appointment_slots set taken = taken + 1 where name = takes and state = 'OPEN' and deleted_at is null;
        if not found then
            raise exception 'the slot % is closed', takes
                using errcode = 'check_violation', constraint = 'bookings_slot_open';
        end if;
    end if;
    return null;
end $$;
create trigger bookings_take_seats after insert or update on bookings
    for each row execute function bookings_take_seats();
