-- Where calls came from, each address once as a digest with a key, and which of them each call has; and the record that a call
-- was about, empty where it was about none. Blocks written before have neither.
alter table call_blocks add column addresses text[] not null default '{}';
alter table call_blocks add column address integer[] not null default '{}';
alter table call_blocks add column record text[] not null default '{}';
