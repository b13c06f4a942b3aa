import { VERSION } from '../../src/platform/app/version.ts';
import { asyncapi } from '../../src/platform/http/openapi/asyncapi.ts';
import type { Wired } from '../map.ts';

/** The AsyncAPI document of the whole system, as the gateway serves it. */
export function asyncapiPage(wired: readonly Wired[]): string {
  const descriptions = wired.map(({ module }) => module);
  const services = new Set(descriptions.map(({ contract }) => contract.name));
  return `${JSON.stringify(asyncapi({ descriptions, services, title: 'Tradepost', version: VERSION }), null, 2)}\n`;
}
