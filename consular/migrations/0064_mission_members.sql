-- Members of missions, as accreditation tells of them: where each stands, and nothing of who they are. No register of ours: rows
-- follow events, the newest version of each member.
create table mission_members (
    name text primary key,
    -- The version of the member's record in accreditation that this is from.
    version bigint not null,
    state text not null,
    -- What it means for a visa, by its name in the contract of visas; empty while the member may have one.
    posting_end text not null,
    at timestamptz not null
);
