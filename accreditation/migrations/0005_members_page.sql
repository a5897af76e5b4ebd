-- A page of a mission's members comes in the order of their names. With the state in the index instead, a mission's
-- whole roll was read and sorted for each page.
drop index members_by_mission;
create index members_by_mission on members (mission, name);
