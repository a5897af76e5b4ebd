-- What a member holds of us is looked for when the privileges end, and when a declaration's deadline passes.
create index tax_cards_by_holder on tax_cards (member, state);
create index vehicles_by_member on vehicles (member, state);
create index driver_licences_by_member on driver_licences (member);
create index privilege_grants_by_member on privilege_grants (member);
