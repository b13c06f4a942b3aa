import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientOf } from '../../src/testing/client.ts';
import { type World, world } from '../../src/testing/world.ts';
import { curlLines, parseCurl } from './curl.fixture.ts';

// Word for word from the document that the first clients were written after. These lines are a promise.
const DOCUMENT = `
# Register a new user
curl -X POST http://localhost:8080/register \\
  -H "Content-Type: application/json" \\
  -d '{"username":"alice","password":"password123"}'

# Login and get JWT token
curl -X POST http://localhost:8080/login \\
  -H "Content-Type: application/json" \\
  -d '{"username":"alice","password":"password123"}'

# Get all products (Public)
curl -X GET http://localhost:8080/products

# Get product by ID (Public)
curl -X GET http://localhost:8080/products/2

# Create a new product (Protected - JWT required)
curl -X POST http://localhost:8080/products \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer <your_jwt_token>" \\
  -d '{"name":"Laptop","description":"Gaming laptop","price":1299.99,"category":"Electronics"}'

# Update product stock (Protected - JWT required)
curl -X PUT http://localhost:8080/products/2 \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer <your_jwt_token>" \\
  -d '{"in_stock":false}'

# Create an order (uses product_id, not item name)
curl -X POST http://localhost:8080/orders/alice \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer <your_jwt_token>" \\
  -d '{"product_id":2,"quantity":1}'

# Get all orders for a user
curl -X GET http://localhost:8080/orders/alice \\
  -H "Authorization: Bearer <your_jwt_token>"

# Create invoice from order
curl -X POST http://localhost:8080/invoices \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer <your_jwt_token>" \\
  -d '{"order_id":123}'

# Get invoice by ID
curl -X GET http://localhost:8080/invoices/456 \\
  -H "Authorization: Bearer <your_jwt_token>"

# Get invoice by order ID
curl -X GET http://localhost:8080/invoices/order/123 \\
  -H "Authorization: Bearer <your_jwt_token>"

# Get all invoices for a user
curl -X GET http://localhost:8080/invoices/user/1 \\
  -H "Authorization: Bearer <your_jwt_token>"

# Update invoice status
curl -X PUT http://localhost:8080/invoices/456 \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer <your_jwt_token>" \\
  -d '{"status":"paid"}'

curl -X GET http://localhost:8080/health
`.replace('\ncurl -X GET http://localhost:8080/health', '\n# Health Check\ncurl -X GET http://localhost:8080/health');

const lines = new Map(curlLines(DOCUMENT).map(({ title, line }) => [title, line]));
const titles = [...lines.keys()];

describe('the curl lines of the first document', () => {
  let shop: World;
  let token = '';

  before(async () => {
    shop = await world();
  });
  after(() => shop.close());

  // As a person would: the token is put in, and an id that the line only gives as an example.
  async function paste(title: string, change: (line: string) => string = (line) => line) {
    const line = lines.get(title) ?? assert.fail(title);
    const request = parseCurl(change(line).replace('<your_jwt_token>', token));
    const path = request.url.replace('http://localhost:8080', '');
    const { status, body } = await clientOf(shop.url).raw<Seen>(request.method, path, request.body, {
      ...request.headers,
    });
    return { status, body };
  }

  test('there are fourteen of them, and each is read', () => {
    assert.equal(lines.size, 14);
    for (const line of lines.values()) assert.match(parseCurl(line).url, /^http:\/\/localhost:8080\//);
  });

  test('pasted in order, each has the answer that the contract gives it', async () => {
    const answers: Seen[] = [];
    const statuses: Record<string, number> = {};
    for (const title of titles) {
      const { status, body } = await paste(title);
      if (title.startsWith('Login')) token = body.token;
      statuses[title] = status;
      answers.push(body);
    }
    assert.deepEqual(statuses, {
      'Register a new user': 201,
      'Login and get JWT token': 200,
      'Get all products (Public)': 200,
      'Get product by ID (Public)': 200,
      'Create a new product (Protected - JWT required)': 201,
      'Update product stock (Protected - JWT required)': 200,
      // The line before it took the product out of stock.
      'Create an order (uses product_id, not item name)': 400,
      'Get all orders for a user': 200,
      // There are no order 123 and no invoice 456 in a new system.
      'Create invoice from order': 404,
      'Get invoice by ID': 404,
      'Get invoice by order ID': 404,
      'Get all invoices for a user': 200,
      'Update invoice status': 404,
      'Health Check': 200,
    });
    const [registered, login, products, mouse, laptop, gone, refused, orders, , , , invoices, , health] = answers;
    assert.deepEqual([registered?.id, registered?.username, login?.user?.role], [1, 'alice', 'admin']);
    assert.equal((products as unknown as unknown[]).length, 8);
    assert.deepEqual([mouse?.product_id, mouse?.in_stock, mouse?.price], [2, true, 29.99]);
    assert.deepEqual([laptop?.name, laptop?.price, laptop?.in_stock], ['Laptop', 1299.99, true]);
    assert.equal(gone?.in_stock, false);
    assert.equal(refused?.error, "item 1: product 'Wireless Mouse' is currently out of stock");
    assert.deepEqual([orders, invoices, health?.status], [[], [], 'ok']);
  });

  test('with the product back in stock and ids that exist, they lead from the order to its invoice', async () => {
    await paste('Update product stock (Protected - JWT required)', (line) => line.replace('false', 'true'));
    const order = await paste('Create an order (uses product_id, not item name)');
    assert.deepEqual([order.status, order.body.total, order.body.status], [201, 32.99, 'pending']);
    assert.deepEqual((await paste('Get all orders for a user')).body, [order.body]);

    const ofOrder = (line: string) => line.replace('123', String(order.body.order_id));
    const invoice = await paste('Create invoice from order', ofOrder);
    assert.deepEqual([invoice.status, invoice.body.total, invoice.body.status], [201, 32.99, 'draft']);
    const itself = (line: string) => line.replace('456', String(invoice.body.invoice_id));
    assert.deepEqual((await paste('Get invoice by ID', itself)).body, invoice.body);
    assert.deepEqual((await paste('Get invoice by order ID', ofOrder)).body, invoice.body);
    assert.deepEqual((await paste('Get all invoices for a user')).body, [invoice.body]);

    const paid = await paste('Update invoice status', itself);
    assert.deepEqual([paid.status, paid.body.status], [200, 'paid']);
    assert.deepEqual((await paste('Update invoice status', itself)).body, paid.body);
  });

  test('without the token, the protected ones are refused and the public ones are not', async () => {
    for (const [title, line] of lines) {
      if (!line.includes('Authorization')) continue;
      const answer = await paste(title, (whole) => whole.replace(/ \\\n {2}-H "Authorization[^"]*"/, ''));
      assert.equal(answer.status, 401, title);
    }
    assert.equal((await paste('Get all products (Public)')).status, 200);
  });
});

interface Seen {
  readonly id: number;
  readonly username: string;
  readonly token: string;
  readonly user?: { readonly role: string };
  readonly product_id: number;
  readonly name: string;
  readonly price: number;
  readonly in_stock: boolean;
  readonly order_id: number;
  readonly invoice_id: number;
  readonly total: number;
  readonly status: string;
  readonly error: string;
}
