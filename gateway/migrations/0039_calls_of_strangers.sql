-- Refused calls of strangers stand in blocks of their own, whose rows go after a time; alike ones of a block are counted. Blocks
-- written before hold both kinds of calls and stay.
alter table call_blocks add column strangers boolean not null default false;
alter table call_blocks add column times integer[] not null default '{}';
-- When it was written, as its row of the audit log says too.
alter table call_blocks add column written_at timestamptz not null default now();
create index call_blocks_of_strangers on call_blocks (written_at) where strangers;
