-- Lost is lost, also if the service were mistaken: no later version may undo it.
create function emergency_travel_documents_irreversible() returns trigger language plpgsql as $$
begin
    if old.doc->>'state' in ('REPORTED_LOST', 'REPORTED_STOLEN') and new.doc->>'state' <> old.doc->>'state' then
        raise exception 'a document that is reported lost or stolen stays so'
            using errcode = 'check_violation', constraint = 'emergency_travel_documents_irreversible';
    end if;
    return new;
end $$;
create trigger emergency_travel_documents_irreversible before update on emergency_travel_documents
    for each row execute function emergency_travel_documents_irreversible();
create index emergency_travel_documents_by_number on emergency_travel_documents (number) where number <> '';
