-- An honorary consular officer is notified under a recognition, once.
alter table members add column honorary_consul text generated always as (nullif(doc->>'honoraryConsul', '')) stored;
alter table members add constraint members_honorary_consul_fkey foreign key (honorary_consul)
    references honorary_consuls (name);
create unique index members_one_per_recognition on members (honorary_consul)
    where honorary_consul is not null and state not in ('ENDED', 'DECLINED') and deleted_at is null;
