import assert from 'node:assert/strict';
import type { TestAnswer, TestClient } from '../../testing/client.ts';
import { clientOf } from '../../testing/client.ts';
import { PASSWORD, type World } from '../../testing/world.ts';
import type { Address, User } from './user.contract.ts';

/** The fields that answers of this service have; a test looks at those that it expects. */
interface Fields extends User {
  readonly user: { readonly id: number; readonly username: string; readonly role: string };
  readonly address: Address | null;
  readonly message: string;
  readonly token: string;
  readonly access_token: string;
  readonly token_type: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly session_id: number;
  readonly current: boolean;
  readonly code: string;
  readonly error: string;
  readonly errors?: readonly { readonly pointer: string }[];
}

/** An answer with the fields of this service. */
export type Reply = TestAnswer<Fields & readonly Fields[]>;

type Asking<C> = {
  readonly [K in keyof C]: C[K] extends (...given: infer A) => Promise<TestAnswer<unknown>>
    ? (...given: A) => Promise<Reply>
    : C[K];
};

/** A client that knows the answers of this service. */
export type TestPerson = Asking<TestClient>;

/** What a test does again and again in a world. */
export function peopleOf(world: World) {
  const guest = world.guest as unknown as TestPerson;
  const person = (token: string, id = 0) => clientOf(world.url, token, id) as unknown as TestPerson;
  const register = (username: string, password = PASSWORD) => guest.post('/register', { username, password });
  const login = (username: string, password = PASSWORD) => guest.post('/login', { username, password });
  const refresh = (refresh_token: string) => guest.post('/auth/token', { grant_type: 'refresh_token', refresh_token });

  return {
    guest,
    person,
    register,
    login,
    refresh,
    /** A new account. */
    async account(username: string): Promise<TestPerson> {
      const { status, body } = await register(username);
      assert.equal(status, 201);
      return person(body.token, body.id);
    },
    /** One more session of an account. */
    async signIn(username: string, password = PASSWORD): Promise<TestPerson & { readonly refresh: string }> {
      const { status, body } = await login(username, password);
      assert.equal(status, 200);
      return { ...person(body.token, body.id), refresh: body.refresh_token };
    },
  };
}

/** Does something as often as `count` says, all at once. */
export function many<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

/** How many answers had which status. */
export function statuses(answers: readonly { readonly status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
