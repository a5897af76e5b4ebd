-- Figures on visas, as they were when they were taken.
create table visa_statistics (
    name text primary key,
    uid uuid not null unique,
    version bigint not null,
    doc jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post text not null generated always as (doc->>'post') stored,
    month text not null generated always as (doc->>'month') stored,
    constraint visa_statistics_once unique (post, month)
);
create index visa_statistics_by_age on visa_statistics (created_at, name);
-- What was counted stands.
create function visa_statistics_stand() returns trigger language plpgsql as $$
begin
    raise exception 'figures that were taken stand';
end $$;
create trigger visa_statistics_stand before update or delete on visa_statistics
    for each row execute function visa_statistics_stand();
