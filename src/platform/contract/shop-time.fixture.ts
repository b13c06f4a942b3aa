/** Time zones with whole, half and quarter hours, and with changes of the clock in either season. */
export const ZONES = [
  'UTC',
  'Pacific/Auckland',
  'America/Los_Angeles',
  'Europe/Vienna',
  'Africa/Cairo',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Etc/GMT+12',
];

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

const around = (instant: string): number[] => {
  const time = Date.parse(instant);
  return [-DAY, -MINUTE, -1, 0, 1, MINUTE, DAY].flatMap((by) =>
    Array.from({ length: 48 }, (_, half) => time + by + (half - 24) * 30 * MINUTE),
  );
};

/** Instants around the end of a year, around the changes of the clock in the zones above, and one in each of many days. */
export const INSTANTS: readonly number[] = [
  ...around('2027-01-01T00:00:00Z'),
  ...around('2025-01-01T00:00:00Z'),
  ...around('2026-03-08T10:00:00Z'),
  ...around('2026-11-01T09:00:00Z'),
  ...around('2026-09-26T14:00:00Z'),
  ...around('2026-04-04T14:00:00Z'),
  ...around('2026-04-23T22:00:00Z'),
  ...around('2018-11-04T03:00:00Z'),
  ...Array.from({ length: 200 }, (_, n) => Date.parse('2024-02-01T00:00:00Z') + n * (4 * DAY + 37 * MINUTE)),
];
