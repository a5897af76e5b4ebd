-- Emergency documents whose holder was newly found on a list are looked for by their name check.
create index emergency_travel_documents_by_screening on emergency_travel_documents (screening) where screening is not null;
