-- Entries are of the post that holds the money, as their accounts are. What stands says it as well, and is not changed otherwise.
alter table trust_entries disable trigger user;
update trust_entries set doc = trust_entries.doc || jsonb_build_object('post', accounts.post)
    from trust_accounts accounts where accounts.name = trust_entries.account;
alter table trust_entries enable trigger user;
alter table trust_entries add column post text not null generated always as (doc->>'post') stored;
create index trust_entries_by_post on trust_entries (post, created_at, name);
