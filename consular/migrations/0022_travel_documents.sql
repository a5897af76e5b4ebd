-- Passports.
create table travel_documents (
    name text primary key,
    uid uuid not null unique,
    version bigint not null,
    doc jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    application text not null generated always as (doc->>'application') stored,
    blank text not null generated always as (doc->>'blank') stored,
    number text not null generated always as (doc->>'number') stored,
    kind text not null generated always as (doc->>'kind') stored,
    second boolean not null generated always as (coalesce((doc->>'second')::boolean, false)) stored,
    post text not null generated always as (doc->>'post') stored,
    person text not null generated always as (doc->>'person') stored,
    issue_date text not null generated always as (doc->>'issueDate') stored,
    expire_date text not null generated always as (doc->>'expireDate') stored,
    state text not null generated always as (doc->>'state') stored,
    constraint travel_documents_state check (state <> 'STATE_UNSPECIFIED'),
    constraint travel_documents_application_fkey foreign key (application) references passport_applications (name),
    constraint travel_documents_blank_fkey foreign key (blank) references blank_books (name),
    constraint travel_documents_one_a_blank unique (blank),
    -- One valid passport of a kind for a person; a second one stands beside it by decision. Looked at when a statement is
    -- done, so that one can take the place of the other.
    constraint travel_documents_one_active exclude using btree (person with =, kind with =)
        where (state = 'ACTIVE' and not second) deferrable initially immediate
);
create index travel_documents_by_age on travel_documents (created_at, name);
create index travel_documents_by_person on travel_documents (person);
-- Lost is lost, also if the service were mistaken: no later version may undo it.
create function travel_documents_irreversible() returns trigger language plpgsql as $$
begin
    if old.doc->>'state' in ('LOST', 'STOLEN', 'REVOKED', 'CANCELLED') and new.doc->>'state' <> old.doc->>'state' then
        raise exception 'a passport that is out of use stays so'
            using errcode = 'check_violation', constraint = 'travel_documents_irreversible';
    end if;
    return new;
end $$;
create trigger travel_documents_irreversible before update on travel_documents
    for each row execute function travel_documents_irreversible();
