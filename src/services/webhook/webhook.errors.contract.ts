import { errors } from '../../platform/contract/errors.ts';

export const webhookErrors = errors('WEBHOOK', {
  ENDPOINT_NOT_FOUND: ['not_found', 'endpoint not found', 'Check the id; GET /webhooks/endpoints lists your own.'],
  DELIVERY_NOT_FOUND: [
    'not_found',
    'delivery not found',
    'Check the id; GET /webhooks/endpoints/{endpoint_id}/deliveries lists them.',
  ],
  BAD_URL: [
    'invalid',
    ({ reason }: { reason: string }) => `url ${reason}`,
    'Name an address that can be reached from here, such as https://shop.example/hooks.',
  ],
  NOT_FOR_YOU: [
    'forbidden',
    'only staff may be told of what concerns everyone',
    'Leave everyone out: the endpoint is then told of what concerns you.',
  ],
  TYPE_NOT_FOR_YOU: [
    'forbidden',
    ({ types }: { types: string[] }) => `only staff may be told of ${types.join(', ')}: it concerns no single user`,
    'Leave these types out.',
  ],
  TOO_MANY: [
    'conflict',
    ({ most }: { most: number }) => `a user has at most ${most} endpoints`,
    'Delete one with DELETE /webhooks/endpoints/{endpoint_id}; one endpoint may be told of several types.',
  ],
  NOT_ACTIVE: [
    'conflict',
    'this endpoint is disabled; enable it first',
    'Enable it with POST /webhooks/endpoints/{endpoint_id}/enable; one that was deleted is made anew.',
  ],
});
