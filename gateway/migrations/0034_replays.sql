-- Replays under way: the events of each that are in the ledger already, and the last that belongs to it. A few at a time are
-- put there, so that whoever asks to be told of a month again holds up nobody.
create table webhook_replays (
    webhook     text        primary key,
    round       integer     not null,
    after_seq   bigint      not null,
    last_seq    bigint      not null,
    held_until  timestamptz
);
