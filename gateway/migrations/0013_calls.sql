-- Every call made through the door, a block of many calls a row. Each block has a row in the audit log that holds its
-- digest, so that the audit chain covers the calls too.
create table call_blocks (
    keeper   uuid        not null,
    number   bigint      not null,
    first_at timestamptz not null,
    last_at  timestamptz not null,
    -- Calls that were not taken down before this block, since too many waited.
    lost     bigint      not null,
    -- Callers with their agencies, and methods, each once.
    callers  text[]      not null,
    agencies text[]      not null,
    methods  text[]      not null,
    -- One element for each call: places in the lists above, microseconds since 1970, gRPC codes, 32 digits of trace.
    caller   integer[]   not null,
    method   integer[]   not null,
    micros   bigint[]    not null,
    code     smallint[]  not null,
    trace    text[]      not null,
    primary key (keeper, number)
);
create index call_blocks_by_time on call_blocks (last_at, first_at);

-- Gateways that take calls down. One that is not seen any more and did not say that it ended was killed.
create table call_keepers (
    keeper   uuid        primary key,
    began_at timestamptz not null,
    seen_at  timestamptz not null,
    ended_at timestamptz,
    told_at  timestamptz
);
