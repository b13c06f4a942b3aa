import type { Buyer } from './flow.ts';

export const PRODUCTS = { first: 9, last: 108 };

interface Answered {
  readonly id: number;
  readonly token: string;
  readonly product_id: number;
}

async function post(url: string, path: string, body: object, token?: string): Promise<Answered> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return (await answer.json()) as Answered;
}

/** An admin and a hundred products with stock. */
export async function prepare(url: string): Promise<Buyer> {
  const admin = await register(url, 'bench');
  for (let n = PRODUCTS.first; n <= PRODUCTS.last; n++) {
    const body = { name: `Bench ${n}`, price: n, category: 'Bench', stock_quantity: 1_000_000_000 };
    const made = await post(url, '/products', body, admin.token);
    if (made.product_id !== n) throw new Error(`expected product ${n}, got ${made.product_id}`);
  }
  return admin;
}

/** So many accounts to buy with. */
export async function buyers(url: string, count: number): Promise<Buyer[]> {
  const all: Buyer[] = [];
  for (let n = 0; n < count; n++) all.push(await register(url, `buyer-${n}`));
  return all;
}

/** An account; the first one is the administrator. */
export async function register(url: string, username: string): Promise<Buyer> {
  const { id, token } = await post(url, '/register', { username, password: 'password123' });
  return { id, token };
}
