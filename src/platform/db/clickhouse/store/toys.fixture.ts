import type { Change, Ctx } from '../../../contract/contract.ts';
import { AppError } from '../../../contract/errors.ts';
import type { ToyState } from '../../postgres/store/save.fixture.ts';

/** The toys of `../../postgres/store/save.fixture.ts` as ClickHouse keeps them. */
export const TOYS = `create table {{schema}}.TABLE (
  toy_id UInt64, name String, price Int64, number Nullable(UInt64), stock Int64, password String,
  version UInt32, position UInt64, request_key String, request_print String, mark String, events String,
  written_by LowCardinality(String),
  constraint stock_not_negative check stock >= 0,
  index by_position position type minmax granularity 1,
  projection by_name (select _part_offset order by name),
  projection by_request (select _part_offset order by request_key),
  projection by_mark (select _part_offset order by mark)
) engine = MergeTree order by (toy_id, version, position)
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;
`;

type Fate = PromiseSettledResult<ToyState>;
export type Save = (ctx: Ctx, change: Change<ToyState>) => Promise<ToyState>;

/** What became of each save: the id, or the code of its error. */
export const fates = (results: readonly Fate[]) =>
  results.map((one) => (one.status === 'fulfilled' ? one.value.toy_id : (one.reason.code ?? one.reason.name)));
export const refusals = (results: readonly Fate[]) =>
  results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));

const taken = ({ name }: ToyState) => new AppError('TOY_NAME_TAKEN', 'conflict', `there is a ${name} already`);
const broken = () => new AppError('TOY_STOCK', 'conflict', 'there are no toys less than none');

export const spec = {
  table: 'toys',
  key: 'toy_id' as const,
  columns: {
    toy_id: 'bigint',
    name: 'text',
    price: 'bigint',
    number: 'bigint',
    stock: 'bigint',
    password: 'text',
  } as const,
  secrets: ['password'] as const,
  unique: [{ column: 'name', type: 'String' as const, of: ({ name }: ToyState) => name, error: taken }],
  conflicts: { stock_not_negative: broken },
};
