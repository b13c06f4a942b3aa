import type { Contract } from '../contract/contract.ts';

/** A service that runs in another process. */
export interface RemoteService {
  readonly contract: Contract;
  readonly url: string;
}
