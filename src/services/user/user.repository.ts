import type { JWK } from 'jose';
import type { Change, Ctx, Page, PageRequest } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { Session } from './user.contract.ts';
import type { UserState } from './user.model.ts';

/** How accounts are kept. */
export interface UserRepository {
  readonly ids: Ids;
  /** Throws USER_NOT_FOUND. */
  get(user_id: number): Promise<UserState>;
  /** By name, without regard to case. */
  findByName(username: string): Promise<UserState | undefined>;
  /** In the order of their ids. */
  list(page: PageRequest): Promise<Page<UserState>>;
  /** Throws NAME_TAKEN, FOUNDED for a second first account, and LAST_ADMIN. */
  save(ctx: Ctx, change: Change<UserState>): Promise<UserState>;
  /** Whether there is no account yet. */
  isEmpty(): Promise<boolean>;
  /** Replaces the hash of the same password by another one, if it is still there. Announces nothing. */
  rehash(user_id: number, from: string, to: string): Promise<void>;
  /** Forgets what is secret or personal in earlier states of accounts, once they were announced. */
  forgetEarlier(): Promise<void>;
  readonly sessions: SessionRepository;
  /** The signing key: the one there is, or else the one that `make` makes, whoever is first. */
  signingKey(make: () => Promise<JWK>, now: string): Promise<JWK>;
}

/** A session that goes on, and whose it is. */
export interface Continued {
  readonly session_id: number;
  readonly user_id: number;
}

export type KeptSession = Omit<Session, 'current'>;

/** A moment, and the end of what lives from then on. */
export interface Span {
  readonly now: string;
  readonly until: string;
}

/** How sessions are kept. They announce nothing, so they are no part of `save`. */
export interface SessionRepository {
  /** Opens a session for the password that the account had when it was read. Returns its id. */
  open(user: UserState, tokenHash: Buffer, span: Span): Promise<number>;
  /**
   * Puts the token `to` in the place of `from`, once: any token but the newest ends its session. Undefined when
   * `from` is not good.
   */
  rotate(from: Buffer, to: Buffer, span: Span): Promise<Continued | undefined>;
  /** Those that are open, newest first. */
  list(user_id: number, now: string, page: PageRequest): Promise<Page<KeptSession>>;
  /** Returns whether there was such an open session. */
  end(user_id: number, session_id: number, now: string): Promise<boolean>;
  /** Takes one session over to the new password. */
  keep(user: UserState, session_id: number): Promise<void>;
  /** Forgets sessions that expired before `now`. */
  forget(now: string): Promise<void>;
}
