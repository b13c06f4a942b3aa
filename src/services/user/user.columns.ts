import type { Columns } from '../../platform/db/columns.ts';
import type { UserState } from './user.model.ts';

/** How both stores keep an account. */
export const USER_COLUMNS: Columns<UserState> = {
  user_id: 'bigint',
  username: 'text',
  password_hash: 'text',
  password_version: 'integer',
  role: 'text',
  founder: 'boolean',
  display_name: 'text',
  email: 'text',
  phone: 'text',
  address: 'json',
  locale: 'text',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
};
