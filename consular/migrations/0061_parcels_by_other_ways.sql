-- A parcel goes by the other ways to its person where one fails, says who took it over, and says so when nobody could even
-- try. What is about a booking or an intake is for whoever that names.
alter table parcels
    add column about   text    not null default '',
    -- The person's further addresses, in the order they are tried.
    add column others  text[]  not null default '{}',
    -- What became of the addresses before this one.
    add column past    text    not null default '',
    -- Whether any carrier was asked.
    add column tried   boolean not null default false,
    add column carrier text    not null default '',
    drop constraint parcels_state,
    add constraint parcels_state check (state in ('QUEUED', 'DELIVERED', 'FAILED', 'CANCELLED', 'UNSENT')),
    add constraint parcels_carrier check (carrier in ('', 'MAILBOX', 'SMTP') and (carrier = '' or state = 'DELIVERED'));
