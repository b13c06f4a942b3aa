import { hash } from '@node-rs/bcrypt';

/** The tables of the first versions, in the forms that they had, with rows that they may hold. */

export const PASSWORD = 'an old password';

async function hashes(): Promise<{ a: string; b: string }> {
  const b = await hash(PASSWORD, { cost: 4 });
  return { b, a: b.replace('$2b$', '$2a$') };
}

const PRODUCTS = `
  create table public.products (product_id serial primary key, name text not null, description text, price decimal(10,2),
    category text, in_stock boolean default true, created_at timestamp default now());
  insert into public.products (name, description, price, category, in_stock, created_at) values
    ('Laptop', 'Fast', 1299.99, 'Electronics', true, '2024-01-01 10:00:00'),
    ('Mug', 'Blue', 0.05, 'Home', true, '2024-01-01 10:00:00'),
    ('Lamp', null, null, null, true, '2024-01-01 10:00:00'),
    ('Chair', 'Old', 10, 'Office', false, '2024-01-01 10:00:00');`;

/** The last of the first versions: orders with their lines as JSON, and invoices. */
export async function lastForm(): Promise<string> {
  const { a, b } = await hashes();
  return `
    create table public.users (user_id serial primary key, username text not null, password_hash text not null,
      created_at timestamptz not null default now());
    insert into public.users (user_id, username, password_hash, created_at) values
      (1, 'alice', '${a}', '2024-01-01T10:00:00Z'), (2, 'bob@example.com', '${b}', '2024-01-02T10:00:00Z'),
      (3, 'ALICE', '${b}', '2024-01-03T10:00:00Z'), (4, 'alice_2', '${b}', '2024-01-04T10:00:00Z'),
      (6, 'Ünal', '${b}', '2024-01-05T10:00:00Z'), (7, 'x', 'plain text', '2024-01-06T10:00:00Z');
    ${PRODUCTS}
    create table public.orders (order_id serial primary key, user_id integer not null, items_json text not null,
      subtotal decimal(10,2), tax decimal(10,2), total decimal(10,2), status text, created_at timestamp default now());
    insert into public.orders (order_id, user_id, items_json, subtotal, tax, total, status, created_at) values
      (5, 1, '[{"product_id":1,"product_name":"Laptop (2023)","quantity":2,"unit_price":1199.5,"total":2399},
               {"product_id":2,"quantity":3}]', 2399.15, 239.92, 2639.07, 'shipped', '2024-02-01 08:00:00'),
      (6, 3, '[{"product_id":2,"quantity":10,"unit_price":0.05,"total_price":0.5}]', 0.5, 0.05, 0.55, 'paid', '2024-02-02'),
      (7, 9, '[{"product_id":40,"product_name":"Gone","quantity":1,"unit_price":7,"total":7}]', 7, 0.7, 7.7, 'lost', '2024-02-03'),
      (8, 1, 'not json', 10, 0.75, 10.75, 'canceled', '2024-02-04'),
      (9, 2, '[{"product_name":" mug ","quantity":1,"price":0.05},{"name":"Tea","quantity":0,"price":2}]', null, null, null, null, '2024-02-05'),
      (10, 1, '[{"product_id":1,"quantity":1,"unit_price":5}]', 5, 0.5, 9, 'delivered', '2024-02-06');
    create table public.invoices (invoice_id serial primary key, order_id integer, user_id integer, invoice_number text,
      items_json jsonb, subtotal decimal(10,2), tax decimal(10,2), total decimal(10,2), status text, created_at timestamp,
      due_date timestamp);
    insert into public.invoices values
      (1, 5, 1, 'INV-${new Date().getUTCFullYear()}-000041', '[{"product_id":1,"product_name":"Laptop (2023)","description":"Fast","quantity":2,"unit_price":1199.5,"total_price":2399}]',
        2399.15, 239.92, 2639.07, 'cancelled', '2024-02-01', '2024-03-02'),
      (2, 5, 1, 'INV-5-A', '[{"product_id":1,"product_name":"Laptop (2023)","description":"Fast","quantity":2,"unit_price":1199.5,"total_price":2399}]',
        2399.15, 239.92, 2639.07, 'sent', '2024-01-31', null),
      (4, 6, 3, 'INV-5-A', '[{"product_id":2,"quantity":10,"unit_price":0.05,"total_price":0.5}]', 0.5, 0.05, 0.55, 'paid', '2024-02-02', null),
      (6, 77, 9, 'INV-6', '[]', 1, 0.1, 1.1, 'overdue', '2024-02-03', null);`;
}

/** The first of all: prices as floating-point numbers, orders that name their item, and nothing more. */
export async function firstForm(): Promise<string> {
  const { a } = await hashes();
  return `
    create table public.users (user_id serial primary key, username varchar(50) unique, password_hash varchar(255));
    insert into public.users (username, password_hash) values ('alice', '${a}');
    create table public.products (product_id serial primary key, name text, price double precision);
    insert into public.products (name, price) values ('Laptop', 1299.99), ('Mug', 0.145), ('Pen', -1), ('pen ', 2);
    create table public.orders (order_id serial primary key, user_id integer references public.users,
      item text, created_at timestamp default now());
    insert into public.orders (user_id, item) values
      (1, ' LAPTOP'), (1, 'Pen'), (1, 'Sugar'), (1, 'sugar '), (1, 'Apple'), (1, '  ');`;
}

/** In between: `item` was on its way out, and a product and a quantity stood beside it. */
export async function middleForm(): Promise<string> {
  const { b } = await hashes();
  return `
    create table public.users (user_id bigserial primary key, username text, password_hash text, created_at timestamptz);
    insert into public.users values (3, 'carol', '${b}', null);
    ${PRODUCTS}
    create table public.orders (order_id serial primary key, user_id bigint, item text, product_id integer,
      quantity integer, created_at timestamptz default now());
    insert into public.orders (user_id, item, product_id, quantity) values
      (3, null, 2, 3), (3, 'laptop', null, 1), (3, 'Laptop', 1, 2), (3, null, 1, -2), (null, 'Mug', 2, 1);
    create table public.invoices (invoice_id serial primary key, order_id integer, items json, total double precision);
    insert into public.invoices (order_id, items, total) values
      (1, '[{"product_id":2,"product_name":"Mug","quantity":3,"price":0.05}]', 0.17),
      (2, '[{"name":"Honey","quantity":1,"unit_price":3}]', 3.3);`;
}
