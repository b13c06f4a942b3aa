-- Money that reached the shop without a provider: as the payer and the bank name it, and the day that it came.
alter table {{schema}}.payments add column reference text, add column received_on text;
