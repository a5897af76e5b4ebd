-- Editions of the diplomatic and of the consular list.
create table diplomatic_lists (
    name         text        primary key,
    uid          uuid        not null unique,
    version      bigint      not null,
    doc          jsonb       not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,

    kind         text        not null generated always as (doc->>'kind') stored,
    edition      text        not null generated always as (doc->>'edition') stored,
    state        text        not null generated always as (doc->>'state') stored,
    compile_time timestamptz generated always as (instant(doc->>'compileTime')) stored,
    publish_time timestamptz generated always as (instant(doc->>'publishTime')) stored
);
create index diplomatic_lists_by_age on diplomatic_lists (created_at, name);

-- There is one of each edition; a draft that was thrown away makes room.
create unique index diplomatic_lists_one_edition on diplomatic_lists (kind, edition) where deleted_at is null;

-- What was published stands.
create function published_lists_stand() returns trigger language plpgsql as $$
begin
    if old.doc->>'state' = 'PUBLISHED' then
        raise exception 'an edition that was published stands' using errcode = 'restrict_violation';
    end if;
    return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger published_lists_stand before update or delete on diplomatic_lists
    for each row execute function published_lists_stand();
