/**
 * A table expression of everything that a service announced, each event once: on the embedded bus, or still in its
 * outbox. `n` is the order in which it was announced.
 */
export function publishedEvents(service: string): string {
  const fields = 'id, type, subject, data';
  return `(select ${fields}, row_number() over (order by waits, position) as n from (
    select distinct on (id) * from (
      select ${fields}, position, false as waits from tradepost_bus.log where source = '${service}'
      union all select ${fields}, position, true from tradepost_${service}.outbox) every
    order by id, waits) once)`;
}
