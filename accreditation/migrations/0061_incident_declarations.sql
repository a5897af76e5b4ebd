-- A declaration of persona non grata names the incident it comes from, if it comes from one.
alter table persona_non_grata
    add column incident text not null generated always as (coalesce(doc->>'incident', '')) stored;
