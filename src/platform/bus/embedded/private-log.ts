import type { AnyModule } from '../../app/module.ts';
import { type Config, ConfigError } from '../../config/config.ts';

const REMEDY =
  'set EVENT_BUS to redis, rabbitmq or kafka with its URL, or DB_DRIVER=postgres with one DATABASE_URL (or POSTGRES_HOST) for all processes';

/**
 * Before anything is started. Throws ConfigError when the events of this process lie in a database that no other
 * process reaches, and a service here listens to one that does not run here, or the other way round: their events
 * would never meet, and nobody would notice.
 */
export async function refusePrivateLog(modules: readonly AnyModule[], config: Config): Promise<void> {
  if (config.EVENT_BUS !== 'embedded' || config.databaseUrl !== undefined) return;
  const keepers = modules.filter(({ stores }) => stores !== undefined);
  const runs = ({ contract }: AnyModule): boolean => config.services.has(contract.name);
  if (!keepers.some(runs) || keepers.every(runs)) return;
  const pair = await listenersApart(keepers, runs);
  if (pair === undefined) return;
  const [listener, announcer, away] = pair;
  throw new ConfigError([
    `EVENT_BUS=embedded keeps the events of this process in its own database, but ${listener} listens to ${announcer}, and ${away} does not run in this process (SERVICES): its events would be lost; ${REMEDY}.`,
  ]);
}

/** A service that listens to another one, of which one runs here and the other, named last, does not. */
async function listenersApart(
  modules: readonly AnyModule[],
  runs: (module: AnyModule) => boolean,
): Promise<[string, string, string] | undefined> {
  // Loaded only here: a process that runs everything has no use for it.
  const { subscriptionsOf } = await import('../../http/openapi/asyncapi.ts');
  const here = new Set(modules.filter(runs).map(({ contract }) => contract.name));
  for (const module of modules) {
    for (const { service, event } of subscriptionsOf(module, modules)) {
      const announcer = event.contract.name;
      if (here.has(service) !== here.has(announcer))
        return [service, announcer, here.has(service) ? announcer : service];
    }
  }
  return undefined;
}
