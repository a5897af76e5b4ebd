-- Whether fees were taken on a day or after it is asked before a row of the schedule is approved from that day on.
create index receipts_by_order on receipts ((doc->>'orderDate'));
