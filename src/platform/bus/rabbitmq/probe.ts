import type { Connection } from 'rabbitmq-client';
import { Degraded } from '../../observability/health.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { alarmText, codeOf } from './refusals.ts';

/**
 * A look at whether RabbitMQ takes what is published: it tells of an alarm only those who publish. What the probe sends
 * goes to no queue. It throws when there is no answer, and `Degraded` while an alarm is on.
 */
export function writeProbe(connection: Connection, routingKey: string): () => Promise<void> {
  let alarm: string | undefined;
  let heard = Promise.withResolvers<void>();
  let mayWrite = true;
  connection.on('connection.blocked', (reason) => {
    alarm = alarmText(reason);
    heard.resolve();
  });
  const over = (): void => {
    alarm = undefined;
    heard = Promise.withResolvers();
  };
  connection.on('connection.unblocked', over);
  // A broker that was away comes back without a word about it.
  connection.on('connection', over);

  async function write(): Promise<void> {
    const channel = await connection.acquire({ emitErrorsFromChannel: true });
    const { promise: closed, reject } = Promise.withResolvers<never>();
    closed.catch(() => undefined);
    channel.on('error', reject);
    if (mayWrite) {
      await channel.confirmSelect();
      // To the exchange that every broker has, and a queue that is not there: it is confirmed and dropped.
      await Promise.race([channel.basicPublish({ exchange: '', routingKey }, ''), closed]).catch((error: unknown) => {
        if (codeOf(error) !== 'ACCESS_REFUSED') throw error;
        // The account may publish to our exchange alone: then only real events tell.
        mayWrite = false;
      });
    }
    if (channel.active) await channel.close();
  }

  return async () => {
    if (alarm === undefined) {
      const asked = write();
      // What waits behind an alarm goes on when that is over, and nobody listens any more.
      asked.catch(() => undefined);
      await withTimeout(BROKER_TIMEOUT_MS, 'RabbitMQ does not answer.', Promise.race([asked, heard.promise]));
    }
    if (alarm !== undefined) throw new Degraded(alarm);
  };
}
