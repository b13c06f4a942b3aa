import type { AnyModule, Stores, Tools } from '../app/module.ts';
import type { Config } from '../config/config.ts';
import type { HealthCheck } from '../observability/health.ts';
import type { Log } from '../observability/log.ts';
import type { DeadLetterStore } from './dead-letters.ts';
import type { EventSource } from './outbox.ts';
import type { Database } from './postgres/postgres.ts';
import type { DatabaseSession } from './postgres/session.ts';
import type { StoredResponse } from './stored-response.ts';

/**
 * A store that services can be kept in. Which one a service has is decided in `platform/app/engines.ts` alone; all
 * others ask the driver or the engine that they get from there.
 */
export interface StoreDriver {
  readonly name: keyof Stores<unknown>;
  /** Whether the embedded bus can keep its log in it. */
  readonly keepsEventLog: boolean;
  /** Where it keeps a service, from the settings alone: the one source of what a person is told of that. */
  describe(service: string, config: Config): StoreLocation;
  /** Whether anything of this is kept in the data directory, which then belongs to this process alone. */
  needsDataDirectory(wanted: WantedStore, config: Config): boolean;
  /** Throws ConfigError, with a sentence, for a server or a package that is needed and not there. */
  open(options: StoreOptions): Promise<StoreEngine>;
}

/** Where a service is kept, for a person. */
export interface StoreLocation {
  /** The engine: `PostgreSQL at db.example:5432/shop`, `embedded PostgreSQL`. */
  readonly place: string;
  /** What of it belongs to the service: `schema tradepost_order`. */
  readonly part: string;
  /** Whether the engine runs in this process, with its files in the data directory. */
  readonly embedded: boolean;
}

/** What is to be kept in a store. */
export interface WantedStore {
  readonly modules: readonly AnyModule[];
  /** Whether the log of the embedded bus is kept there too. */
  readonly eventLog: boolean;
}

export interface EngineOptions {
  readonly config: Config;
  readonly log: Log;
  /** Told what takes longer than a moment. */
  readonly progress?: (text: string) => void;
  /** Told when an engine of this process is gone and cannot come back, and why. */
  readonly onLost?: (sentence: string, reason: string) => void;
}

export type StoreOptions = EngineOptions & WantedStore;

/** An open store under some services of this process. */
export interface StoreEngine {
  /** Those that are kept in it. */
  readonly services: readonly string[];
  /** What one of them keeps. */
  openStore(module: AnyModule, tools: Tools): OpenStore;
  /**
   * Before anything is written. Throws ConfigError for a service that `tradepost db copy` has brought only in part, or
   * has taken elsewhere. Forgets what is left of copies whose tables were dropped, if asked to.
   */
  refuseUnfinished(forget: boolean): Promise<void>;
  /** Before anything is written. Throws ConfigError when the engine itself has set data aside as damaged. */
  refuseDamaged(): Promise<void>;
  /** The names of the migrations that `migrate` would run. */
  pendingMigrations(): Promise<string[]>;
  /** Brings every service to its newest migration. Returns the names of those that ran. */
  migrate(settings: MigrationSettings): Promise<string[]>;
  /** After the migrations and before the first write. Throws ConfigError when another process keeps this one out. */
  prepare(): Promise<void>;
  /** What migrations have to say about rows of older tables, one sentence each, and each only once. */
  legacyImports(): Promise<string[]>;
  /** Deletes the marks and answers of a service that are older than `days`. */
  deleteExpired(service: string, days: number): Promise<void>;
  /** Where the events of a service wait; undefined for one that announces nothing. */
  events(service: string): EventSource | undefined;
  /** Whether it can be written, for some of the services. */
  checks(services: readonly string[]): Record<string, HealthCheck>;
  /** The servers under the services, with the version of each. */
  servers(): Promise<EngineServer[]>;
  /** Where the embedded bus keeps its log; undefined where this is not the place for it. */
  eventLog(): EventLogDatabase | undefined;
  close(): Promise<void>;
}

/** What a service keeps, wherever it does. */
export interface OpenStore {
  readonly repository: unknown;
  readonly deadLetters: DeadLetterStore;
  /** The answer kept under a request key. */
  findAnswer(key: string): Promise<StoredResponse | undefined>;
  /** Gives back the ids that were not used. To be called before the engine is closed. */
  close(): Promise<void>;
}

export interface MigrationSettings {
  /** ISO 4217, for rows of older tables, which name none. */
  readonly currency: string;
}

export interface EngineServer {
  readonly engine: string;
  /** Such as `18.4`. */
  readonly version: string;
  readonly services: readonly string[];
}

/** A database of PostgreSQL, and the connection for its locks and notifications. */
export interface EventLogDatabase {
  readonly db: Database;
  readonly session: DatabaseSession;
}
