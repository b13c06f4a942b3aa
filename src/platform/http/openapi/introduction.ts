/** What a person reads first at /docs. Markdown. */
export const INTRODUCTION = `Order to cash: accounts, catalogue, orders, invoices, payments, deliveries and live figures.
Beside this page: [events](/docs/events), [errors](/docs/errors), and for programs [OpenAPI](/openapi.json) and
[AsyncAPI](/asyncapi.json).

## First steps

1. Create an account with \`POST /register\`, and copy the \`token\` of its answer into *Authentication* on this page.
2. Look at what is for sale with \`GET /products\`.
3. Order with \`POST /orders\`, have an invoice made with \`POST /invoices\`, and pay it with \`POST /transactions\` and
   \`POST /transactions/pay\`.
4. \`GET /orders/{order_id}/explain\` says what an order waits for, and who can act on it.

## A token

\`POST /register\` creates an account and returns a \`token\`; \`POST /login\` gives another. Send it as
\`Authorization: Bearer …\`. It lasts for \`expires_in\` seconds; \`POST /auth/token\` renews it with the refresh token,
which is then used up. On this page: paste it under *Authentication*; it stays there when the page is loaded again.

## Who may do what

The first account of a system is its admin, all later ones are customers. A customer sees what is theirs, and of
everything else a 404. What staff or an admin must do says so. The addresses under \`/api/v1\` are the same operations
for OAuth2 clients, which need the scope that is named there.

## Paths that differ by digits

\`/orders/17\` is the order with the id 17, \`/orders/ada\` the orders of the user ada: one form of address, which the
document lists twice. Digits alone are always an id, and no username has digits alone.

## Ids, times and money

Ids are positive integers. Times are RFC 3339 in UTC. Amounts are decimals with as many digits as
their currency of ISO 4217 has (\`1299.99\` USD, \`1300\` JPY); they are counted in its smallest unit and never rounded on
their way.

## Texts

A text with nothing to see (white space, zero width, marks alone) is empty: where a text is needed it is refused, and
where it may be empty it becomes the empty text. A field of a profile is cleared with \`null\`.

## Methods

Every GET route answers HEAD too, with the same headers and no body. OPTIONS names the methods of a path; any other
method is answered 405 with \`Allow\`. A body is JSON in UTF-8, and not compressed.

## Lists

A list is a JSON array. \`limit\` (50, at most 200) is the length of a page; the address of the next one is in the header
\`Link\` with \`rel="next"\`. Use it unchanged: a cursor is opaque.

## Sending a request twice

With an \`Idempotency-Key\` (a UUID, for example) a repeated request gets the first response again, marked
\`Idempotent-Replayed: true\`, and nothing happens twice. The same key with another body is refused with 422.

## What you have already

The answer to a GET of one thing or of a public list has an \`ETag\`. With \`If-None-Match\` it is answered 304 as long as it
is the same. With \`If-Match\` a PUT, PATCH or DELETE changes only what you have read: it is answered 412 when somebody
has changed it since.

## Errors

Every error is a problem document (RFC 9457): \`detail\` is one sentence that says what is wrong, \`errors\` has a pointer
to each place in the request, \`remedy\` says what to do, and \`code\` stays the same when sentences change.
[All errors](/docs/errors) are on one page. On 429 and 503, retry after \`Retry-After\` seconds.

## Events

Changes are published as CloudEvents; [all events](/docs/events) are on one page. Register your own address with
\`POST /webhooks/endpoints\`.`;
