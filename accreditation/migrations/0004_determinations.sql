-- Answers given to the question whether a member is immune: added, never changed.
create table determinations (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    member     text        not null generated always as (doc->>'member') stored,
    matter     text        not null generated always as (doc->>'matter') stored,
    instant    timestamptz not null generated always as (instant(doc->>'instant')) stored,
    immune     text        not null generated always as (doc->>'immune') stored,
    asked_by   text        not null generated always as (doc->>'askedBy') stored,
    agency     text        not null generated always as (doc->>'agency') stored,
    reference  text        not null generated always as (doc->>'reference') stored,

    constraint determinations_member_fkey foreign key (member) references members (name)
);
create index determinations_by_member on determinations (member, created_at);
create index determinations_by_agency on determinations (agency, created_at);

-- What was answered on the road at 02:14 cannot be rewritten, nor deleted.
create function determinations_stand() returns trigger language plpgsql as $$
begin
    raise exception 'an answer that was given stands' using errcode = 'restrict_violation';
end $$;
create trigger determinations_stand before update or delete on determinations
    for each statement execute function determinations_stand();
