-- Offices that an international organisation sends, not a state.
alter table missions add column organization text generated always as (nullif(doc->>'organization', '')) stored;
alter table missions add constraint missions_sender check ((sending_state <> '') <> (organization is not null));
create index missions_by_organization on missions (organization, name) where organization is not null;
