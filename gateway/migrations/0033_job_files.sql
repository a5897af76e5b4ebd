-- What a job was given and what it found goes with the job, and a job goes some time after its end.
delete from job_parts p where not exists (select from jobs j where j.name = p.job);
delete from job_results r where not exists (select from jobs j where j.name = r.job);
alter table job_parts add constraint job_parts_of foreign key (job) references jobs on delete cascade;
alter table job_results add constraint job_results_of foreign key (job) references jobs on delete cascade;
create index jobs_by_age on jobs (updated_at);
