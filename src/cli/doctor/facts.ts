import type { UnknownSetting } from '../../platform/config/config.ts';
import type { DatabaseFacts } from '../../platform/db/postgres/health/inspection.ts';

/** A fact, or why there is none. */
export type Gathered<T> = { readonly found: T } | { readonly none: string };

/** The facts of a server, or why it does not answer. */
export type HealthAnswer<T> = Gathered<T | { readonly failure: string }>;

/** Everything that the checks judge. Gathering it changes nothing. */
export interface Facts {
  readonly program: ProgramFacts;
  readonly install: Gathered<InstallFacts>;
  readonly machine: MachineFacts;
  readonly settings: SettingsFacts;
  readonly secrets: Gathered<SecretFacts>;
  readonly exposure: Gathered<ExposureFacts>;
  readonly directory: Gathered<DirectoryFacts>;
  readonly ports: Gathered<readonly PortFacts[]>;
  readonly database: HealthAnswer<DatabaseFacts & MigrationFacts & MovedFacts & { readonly skewMs: number }>;
  readonly broker: HealthAnswer<BrokerFacts>;
  /** The migrations are known only of a server, not of chDB. */
  readonly clickhouse: HealthAnswer<Partial<MigrationFacts & MovedFacts> & { readonly what: string }>;
  readonly certificates: Gathered<readonly CertificateFacts[]>;
  readonly health: Gathered<{ readonly problems: readonly string[]; readonly skewMs: number | undefined }>;
}

export interface ProgramFacts {
  /** Of Node, such as `24.21.0`. */
  readonly node: string;
  readonly platform: string;
  /** Whether the embedded PostgreSQL is wanted by the settings. */
  readonly wantsEmbedded: boolean;
  readonly binaries: 'run' | 'missing' | 'broken';
  /** Links of its libraries that are missing and cannot be made. */
  readonly brokenLinks: number;
  readonly zones: number;
  /** Whether a zone has its summer time. */
  readonly zonesWork: boolean;
}

export interface InstallFacts {
  readonly missing: readonly string[];
  /** Those of another version than package-lock.json says. */
  readonly other: readonly string[];
}

export interface MachineFacts {
  readonly memory: number;
  readonly freeMemory: number;
  /** Undefined where the system does not report it. */
  readonly openFiles: number | undefined;
}

export interface SettingsFacts {
  readonly faults: readonly string[];
  /** Values that are accepted but may be mistakes. */
  readonly warnings: readonly string[];
  readonly unknown: readonly UnknownSetting[];
}

export interface SecretFacts {
  readonly secrets: readonly { readonly name: string; readonly value: string }[];
  readonly severalProcesses: boolean;
  /** Addresses whose services refuse a token that is signed with JWT_SECRET. */
  readonly mismatched: readonly string[];
  readonly production: boolean;
}

export interface ExposureFacts {
  readonly host: string;
  readonly production: boolean;
  readonly privateWebhooks: boolean;
  readonly manualPayments: boolean;
  /** Names of settings whose server is on another machine and is reached without TLS. */
  readonly plainText: readonly string[];
}

export interface DirectoryFacts {
  readonly path: string;
  readonly kind: 'folder' | 'missing' | 'other';
  /** Of the folder, or of the one in which it would be created. */
  readonly writable: boolean;
  readonly owner: number | undefined;
  readonly me: number | undefined;
  readonly mode: number | undefined;
  /** Such as `tmpfs` or `nfs`; undefined for a file system that is fit for a database. */
  readonly unfit: string | undefined;
  readonly freeBytes: number;
  readonly freeFiles: number;
  /** The process that lock.pid names. */
  readonly holder: number | undefined;
  readonly holderLives: boolean;
  /** A database server that outlived its process. */
  readonly orphan: number | undefined;
}

export interface PortFacts {
  readonly port: number;
  readonly services: readonly string[];
  readonly state: 'free' | 'ours' | 'taken' | 'forbidden' | 'no address';
  /** The process that listens, where the system shows it. */
  readonly holder: string | undefined;
  /** Of the Tradepost that answers. */
  readonly version: string | undefined;
}

export interface MovedFacts {
  /** Sentences: the services that `tradepost db copy` has moved away. */
  readonly moved: readonly string[];
}

export interface MigrationFacts {
  readonly pending: readonly string[];
  /** Migrations that only a newer version of Tradepost has. */
  readonly newer: readonly string[];
  /** The sentence about a migration that was changed after it ran. */
  readonly changed: string | undefined;
}

export interface BrokerFacts {
  readonly what: string;
  /** Why it accepts no events at the moment. */
  readonly refuses: string | undefined;
  /** Settings of Redis that can lose events; undefined for other brokers. */
  readonly losses: readonly string[] | undefined;
}

export interface CertificateFacts {
  readonly url: string;
  /** Why it is not trusted; undefined when it is. */
  readonly distrust: string | undefined;
  readonly daysLeft: number;
}
