-- Travel documents that are not to be accepted, ours and those of other states, found by their number.

-- A number as it is looked up: capital letters and digits alone, and those that are taken for one another in print or by hand
-- as one. The engine has the same rule (`document_alike`); a test holds the two together.
create function document_alike(number text) returns text language sql immutable strict parallel safe as $$
    select translate(upper(regexp_replace(number, '[^A-Za-z0-9]', '', 'g') collate "C"), 'OIBSZ', '01852')
$$;

create table reported_documents (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    number       text not null generated always as (doc->>'number') stored,
    number_alike text not null generated always as (document_alike(doc->>'number')) stored,
    issuer       text not null generated always as (doc->>'issuer') stored,
    kind         text not null generated always as (doc->>'kind') stored,
    loss         text not null generated always as (doc->>'loss') stored,
    loss_date    text not null generated always as (doc->>'lossDate') stored,
    state        text not null generated always as (doc->>'state') stored,

    constraint reported_documents_state check (state <> 'STATE_UNSPECIFIED')
);
create unique index reported_documents_once
    on reported_documents (upper(regexp_replace(number, '[^A-Za-z0-9]', '', 'g')), issuer) where state = 'REPORTED';
create index reported_documents_alike on reported_documents (number_alike) where state = 'REPORTED';
create index reported_documents_by_age on reported_documents (created_at, name);

create index travel_documents_stopped on travel_documents (document_alike(number))
    where state in ('LOST', 'STOLEN', 'REVOKED');

create function reported_documents_change() returns trigger language plpgsql as $$
begin
    perform own_list_changes('documents');
    return null;
end $$;
create trigger reported_documents_change after insert or update on reported_documents
    for each row execute function reported_documents_change();

create function travel_documents_stop() returns trigger language plpgsql as $$
begin
    if new.doc->>'state' in ('LOST', 'STOLEN', 'REVOKED') and old.doc->>'state' <> new.doc->>'state' then
        perform own_list_changes('documents');
    end if;
    return null;
end $$;
create trigger travel_documents_stop after update on travel_documents
    for each row execute function travel_documents_stop();
