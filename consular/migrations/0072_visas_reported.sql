-- Stickers of visas and emergency documents that are reported lost or stolen: for ever, and in every screening by their number.

-- Lost is lost, also if the service were mistaken: no later version may undo it.
create function visas_irreversible() returns trigger language plpgsql as $$
begin
    if old.doc->>'state' in ('LOST', 'STOLEN') and new.doc->>'state' <> old.doc->>'state' then
        raise exception 'a visa that is reported lost or stolen stays so'
            using errcode = 'check_violation', constraint = 'visas_irreversible';
    end if;
    return new;
end $$;
create trigger visas_irreversible before update on visas
    for each row execute function visas_irreversible();

create index visas_stopped on visas (document_alike(number)) where state in ('LOST', 'STOLEN');
create index emergency_travel_documents_stopped on emergency_travel_documents (document_alike(number))
    where state in ('REPORTED_LOST', 'REPORTED_STOLEN');

-- Whoever was screened with such a number before is screened again.
create function own_documents_stop() returns trigger language plpgsql as $$
begin
    if new.doc->>'state' in ('LOST', 'STOLEN', 'REPORTED_LOST', 'REPORTED_STOLEN')
        and old.doc->>'state' <> new.doc->>'state' then
        perform own_list_changes('documents');
    end if;
    return null;
end $$;
create trigger visas_stop after update on visas
    for each row execute function own_documents_stop();
create trigger emergency_travel_documents_stop after update on emergency_travel_documents
    for each row execute function own_documents_stop();
