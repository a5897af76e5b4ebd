-- Stickers of visas and emergency documents that are reported lost or stolen: for ever, and in every screening by their number.

-- Lost is lost, also if the service were mistaken: no later version may undo it. The trigger names the states, and has the name
-- of the constraint.
create function stays_out_of_use() returns trigger language plpgsql as $$
begin
    if old.doc->>'state' = any (tg_argv) and new.doc->>'state' <> old.doc->>'state' then
        raise exception 'a document that is out of use stays so'
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger visas_irreversible before update on visas
    for each row execute function stays_out_of_use('LOST', 'STOLEN');
create or replace trigger travel_documents_irreversible before update on travel_documents
    for each row execute function stays_out_of_use('LOST', 'STOLEN', 'REVOKED', 'CANCELLED');
create or replace trigger emergency_travel_documents_irreversible before update on emergency_travel_documents
    for each row execute function stays_out_of_use('REPORTED_LOST', 'REPORTED_STOLEN');
drop function travel_documents_irreversible();
drop function emergency_travel_documents_irreversible();

create index visas_stopped on visas (document_alike(number)) where state in ('LOST', 'STOLEN');
create index emergency_travel_documents_stopped on emergency_travel_documents (document_alike(number))
    where state in ('REPORTED_LOST', 'REPORTED_STOLEN');

-- Whoever was screened with such a number before is screened again. The trigger names the states.
create function own_documents_stop() returns trigger language plpgsql as $$
begin
    if new.doc->>'state' = any (tg_argv) and old.doc->>'state' <> new.doc->>'state' then
        perform own_list_changes('documents');
    end if;
    return null;
end $$;
create trigger visas_stop after update on visas
    for each row execute function own_documents_stop('LOST', 'STOLEN');
create or replace trigger travel_documents_stop after update on travel_documents
    for each row execute function own_documents_stop('LOST', 'STOLEN', 'REVOKED');
create trigger emergency_travel_documents_stop after update on emergency_travel_documents
    for each row execute function own_documents_stop('REPORTED_LOST', 'REPORTED_STOLEN');
drop function travel_documents_stop();

-- The feed of what is out of use: the steps that it gives, in the order in which it gives them, however long the history is.
-- Its condition is that of the feed's statement, letter by letter.
create index history_of_stopped_documents on history (tx, seq)
    where kind = 'reportedDocuments'
        or kind = 'travelDocuments' and doc->>'state' in ('LOST', 'STOLEN', 'REVOKED')
        or kind = 'visas' and doc->>'state' in ('LOST', 'STOLEN')
        or kind = 'emergencyTravelDocuments' and doc->>'state' in ('REPORTED_LOST', 'REPORTED_STOLEN');
