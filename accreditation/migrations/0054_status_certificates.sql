-- Certificates of status for courts: added, never changed.
create table status_certificates (
    name            text        primary key,
    uid             uuid        not null unique,
    version         bigint      not null,
    doc             jsonb       not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    deleted_at      timestamptz,

    member          text        not null generated always as (doc->>'member') stored,
    mission         text        not null generated always as (doc->>'mission') stored,
    instant         timestamptz not null generated always as (instant(doc->>'instant')) stored,
    court_reference text        not null generated always as (doc->>'courtReference') stored,
    issued_by       text        not null generated always as (doc->>'issuedBy') stored,

    constraint status_certificates_member_fkey foreign key (member) references members (name)
);
create index status_certificates_by_member on status_certificates (member, created_at);
create index status_certificates_by_mission on status_certificates (mission, created_at);
create index status_certificates_by_age on status_certificates (created_at, name);

-- What was certified to a court cannot be rewritten, nor deleted.
create function status_certificates_stand() returns trigger language plpgsql as $$
begin
    raise exception 'a certificate that was given stands' using errcode = 'restrict_violation';
end $$;
create trigger status_certificates_stand before update or delete on status_certificates
    for each statement execute function status_certificates_stand();
