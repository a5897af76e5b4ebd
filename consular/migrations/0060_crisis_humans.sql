-- One human may be on the list of a crisis by several records: they are found, and one stands for the others.
alter table crisis_persons
    add column document_number text not null generated always as (coalesce(doc->>'documentNumber', '')) stored,
    add column name_key        text not null generated always as (coalesce(doc->>'nameKey', '')) stored,
    add column merged_into     text generated always as (nullif(doc->>'mergedInto', '')) stored,
    add constraint crisis_persons_merged_into_fkey foreign key (merged_into) references crisis_persons (name),
    -- Whoever gave way says to whom.
    add constraint crisis_persons_merged check ((state = 'MERGED') = (merged_into is not null));
create index crisis_persons_by_document on crisis_persons (crisis, document_number) where document_number <> '';
create index crisis_persons_by_names on crisis_persons (crisis, name_key, birth_date) where name_key <> '';
create index crisis_persons_by_merged_into on crisis_persons (merged_into) where merged_into is not null;

-- A human has one live seat on all manifests together, by however many records.
alter table manifest_seats
    add column human text not null generated always as (coalesce(nullif(doc->>'human', ''), doc->>'person')) stored,
    add constraint manifest_seats_human_fkey foreign key (human) references crisis_persons (name);
drop index manifest_seats_one_live;
create unique index manifest_seats_one_live on manifest_seats (human)
    where state in ('LISTED', 'BOARDED') and deleted_at is null;
create index manifest_seats_by_human on manifest_seats (human);
