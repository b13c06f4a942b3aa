import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Ctx } from '../contract/contract.ts';
import { type AppError, common } from '../contract/errors.ts';

/** Signs a Ctx for a call between processes: for one receiver, valid for 30 s. */
export interface CtxSeal {
  seal(ctx: Ctx, to: string): string;
  /**
   * The Ctx of a sealed header. Throws SEAL_REFUSED when it was signed with another secret (or forged), by a clock that
   * differs by more than 30 s, or for another receiver. The calling process reports that as a fault between processes,
   * not as a fault of its client.
   */
  open(header: string, me: string): Ctx;
}

export const CTX_HEADER = 'x-tradepost-ctx';
const SEAL_MS = 30_000;

interface SealedCtx {
  ctx: Ctx;
  to: string;
  until: number;
}

/** The seal made from the secret that the processes share. */
export function createSeal(secret: string): CtxSeal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'tradepost ctx v1', 32));
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    seal(ctx, to) {
      const body = Buffer.from(JSON.stringify({ ctx, to, until: Date.now() + SEAL_MS })).toString('base64url');
      return `${body}.${sign(body).toString('base64url')}`;
    },
    open(header, me) {
      const [body = '', signature = ''] = header.split('.');
      const given = Buffer.from(signature, 'base64url');
      const expected = sign(body);
      // Every fault of the signature has the same response, so that an attacker learns nothing from it.
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refused({ reason: 'secret' });
      const { ctx, to, until } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as SealedCtx;
      if (to !== me) throw refused({ reason: 'receiver' });
      const age = Date.now() - (until - SEAL_MS);
      if (Math.abs(age) > SEAL_MS) throw refused({ reason: 'clock', seconds: Math.round(Math.abs(age) / 1000) });
      return Object.freeze(ctx);
    },
  };
}

/** Why a sealed call was refused. */
export interface SealRefusal {
  readonly reason: 'secret' | 'clock' | 'receiver';
  /** The approximate difference of the clocks. */
  readonly seconds?: number;
}

function refused(refusal: SealRefusal): AppError {
  const forged = refusal.reason === 'secret' ? `; or ${CTX_HEADER} is forged` : '';
  const reason = `a call from another process was refused: ${sealFault(refusal, 'of that process')}${forged}`;
  return Object.assign(common.SEAL_REFUSED(refusal), { cause: new Error(reason) });
}

/** What is wrong between two processes, for the log, with the remedy. */
export function sealFault({ reason, seconds }: SealRefusal, whose: string): string {
  if (reason === 'secret')
    return `the secret ${whose} differs from ours; give both the same SERVICE_SECRET (without it, JWT_SECRET)`;
  if (reason === 'clock')
    return `the clock ${whose} differs from ours by about ${seconds} s; let both follow the same time server (NTP)`;
  return `it was meant for another service; look at the settings that end in _URL`;
}
