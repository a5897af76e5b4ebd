-- Documents are paid for by a receipt of ours, each of which pays for one. What named another text before this rule is not
-- looked at again.
alter table passport_applications
    add column receipt text generated always as (nullif(doc->>'feeReceipt', '')) stored,
    add constraint passport_applications_receipt_fkey foreign key (receipt) references receipts (name) not valid;
alter table visa_applications
    add column receipt text generated always as (nullif(doc->>'feeReceipt', '')) stored,
    add constraint visa_applications_receipt_fkey foreign key (receipt) references receipts (name) not valid;
alter table emergency_travel_documents
    add column fee_receipt text not null generated always as (coalesce(doc->>'feeReceipt', '')) stored,
    add column receipt text generated always as (nullif(doc->>'feeReceipt', '')) stored,
    add column screening text generated always as (nullif(doc->>'screening', '')) stored,
    add constraint emergency_travel_documents_receipt_fkey foreign key (receipt) references receipts (name) not valid,
    add constraint emergency_travel_documents_screening_fkey foreign key (screening) references screenings (name);
-- The receipts of documents that were issued before this rule were never looked at: they may name one twice.
create unique index emergency_travel_documents_one_receipt on emergency_travel_documents (receipt)
    where receipt is not null and screening is not null;
-- One receipt pays for one notarial act.
create unique index notarial_acts_one_receipt on notarial_acts (receipt) where receipt is not null;
