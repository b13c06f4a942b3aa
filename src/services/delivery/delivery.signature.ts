import { createHmac, timingSafeEqual } from 'node:crypto';
import type { InputOf } from '../../platform/contract/contract.ts';
import type { deliveryOps } from './delivery.contract.ts';

type Report = Omit<InputOf<typeof deliveryOps.carrierUpdate>, 'signature'>;

/**
 * What a carrier puts under its report: HMAC-SHA256, in hexadecimal digits, of the carrier in small letters, the
 * tracking number, status, at, update_id and note, one a line. The same report may come again without harm, so it
 * needs no time of its own.
 */
export function signatureOf(report: Report, secret: string): string {
  const { carrier, tracking_number, status, at, update_id, note = '' } = report;
  const text = [carrier.toLowerCase(), tracking_number, status, at, update_id, note].join('\n');
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** Whether the report is signed with the secret; never when there is none. */
export function isSigned(report: Report, signature: string | undefined, secret: string | undefined): boolean {
  if (secret === undefined || signature === undefined) return false;
  const given = Buffer.from(signature);
  const wanted = Buffer.from(signatureOf(report, secret));
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
