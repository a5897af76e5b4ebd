-- Up to which editions of the lists a screening was compared since it was made, so that a change asks for nothing that was
-- asked before, and a process that starts begins where another stopped.
create table screening_marks (
    screening text  primary key references screenings (name),
    editions  jsonb not null
);
