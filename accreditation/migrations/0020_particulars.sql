-- What notifications are found by: the mission's own reference, and what tells that a person is known already.
alter table members
    add column note_reference  text generated always as (doc->>'noteReference') stored,
    add column passport_number text generated always as (doc->'blind'->>'passportNumber') stored,
    add column birth_date      text generated always as (doc->'blind'->>'birthDate') stored;
create index members_by_note on members (mission, note_reference) where note_reference <> '';
create index members_by_passport on members (passport_number) where passport_number is not null;
create index members_by_birth_date on members (birth_date);
