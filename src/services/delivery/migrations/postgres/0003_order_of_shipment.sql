-- What the order came to, for who decides whether an unpaid one leaves; null for shipments of before. And why a shipment
-- was cancelled: by the staff, or because its order is to be cancelled, which then follows even after a crash.
alter table {{schema}}.shipments
  add column total bigint,
  add column currency text,
  add column cancelled_for text constraint cancelled_for_known check
    (cancelled_for is null or status = 'cancelled' and cancelled_for in ('staff', 'requested', 'expired'));
