import { createHmac, timingSafeEqual } from 'node:crypto';
import type { InputOf } from '../../platform/contract/contract.ts';
import type { deliveryOps } from './delivery.contract.ts';

type Report = Omit<InputOf<typeof deliveryOps.carrierUpdate>, 'signature'>;

/**
 * The signature of a carrier's update: HMAC-SHA256, in hexadecimal digits, of the carrier in lower case, the tracking
 * number, status, at, update_id and note, one a line. It carries no timestamp, because an update that is replayed has no
 * second effect.
 */
export function signatureOf(report: Report, secret: string): string {
  const { carrier, tracking_number, status, at, update_id, note = '' } = report;
  const text = [carrier.toLowerCase(), tracking_number, status, at, update_id, note].join('\n');
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** Whether the report is signed with the secret; never when there is none. */
export function isSigned(report: Report, signature: string | undefined, secret: string | undefined): boolean {
  if (secret === undefined || signature === undefined) return false;
  const actual = Buffer.from(signature);
  const expected = Buffer.from(signatureOf(report, secret));
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
