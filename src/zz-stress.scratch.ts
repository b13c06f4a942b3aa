import { engine } from '/work/main/src/platform/testing/engines.ts';
import { keptProducts } from '/work/main/src/services/product/product.fixture.ts';
import { reserver } from '/work/main/src/services/product/product.reservations.postgres.ts';
import { openDatabase } from '/work/main/src/platform/db/postgres.ts';
import { test } from 'node:test';
test('stress', async () => {
  const kept = await keptProducts(engine);
  await kept.db.script('alter table tradepost_product.products drop constraint stock_not_negative');
  const log: any[] = [];
  const mk = () => { const db = openDatabase((kept.db as any).url); 
    const w = { ...db, query: async (s: any, v: any) => { const t0 = performance.now(); const rows = await db.query(s, v); log.push({ n: s.name, t0, t1: performance.now(), v, rows }); return rows; } };
    return { db, reserve: reserver('tradepost_product', w as any) }; };
  const A = mk(), B = mk();
  console.log(await kept.db.query({ name: '', text: 'select version()' }));
  let orders = 0;
  let found = 0;
  for (let round = 0; round < 200 && found < 3; round++) {
    await kept.clear(); log.length = 0;
    const ids: number[] = [];
    for (let i = 0; i < 4; i++) ids.push((await kept.product({ stock_quantity: 50 })).product_id);
    await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const by = i % 2 ? A : B; const rel = i % 2 ? kept.products : kept.others;
      const id = ++orders;
      const lines = [{ product_id: ids[i % 4]!, quantity: 1 + (i % 3) }, { product_id: ids[(i + 1 + (i % 2)) % 4]!, quantity: 1 }];
      const r = await by.reserve(id, lines, '2030-01-01T00:00:00.000Z');
      if (!r.reserved) return;
      if (i % 5 === 0) await rel.release(id);
    }));
    for (const id of ids) {
      const left = await kept.stockOf(id);
      if (left! < 0) {
        found++;
        console.log('round', round, 'product', id, 'left', left);
        for (const e of log.slice()) {
          const rows = e.rows.filter((r: any) => JSON.parse(e.v[0]).find((l: any) => l.seq === r.seq).product_id === id);
          const granted = rows.filter((r: any) => r.granted);
          const q = granted.reduce((t: number, r: any) => t + JSON.parse(e.v[0]).find((l: any) => l.seq === r.seq).quantity, 0);
          if (granted.length) console.log(e.n.slice(-8), e.t0.toFixed(1), e.t1.toFixed(1), 'stocks seen', [...new Set(rows.map((r: any) => r.stock_quantity))], 'took', q, 'need', granted.map((r:any)=>r.own).join());
        }
      }
    }
  }
  console.log({ found });
  await A.db.close(); await B.db.close();
  await kept.close();
});
