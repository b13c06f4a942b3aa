import { contract } from '../../platform/contract/contract.ts';

export const gatewayContract = contract({
  name: 'gateway',
  summary: 'The one door: every path of every service, wherever it runs.',
  port: 8080,
  topic: 'gateway',
  ops: {},
  events: {},
  errors: {},
});
