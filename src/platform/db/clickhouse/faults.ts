import { faultOnTheWay } from '../postgres/faults.ts';

/**
 * What each error of ClickHouse and of the way to it means that is neither the caller's fault nor a fault of ours: the
 * same statement may work later. This table is the only place that knows. What is not in it is a fault of ours.
 */
export interface Fault {
  /** What is wrong. It is public: it names no address, no user and no secret. */
  readonly sentence: string;
  /** Whether the engine answers and cannot be written to. */
  readonly unwritable?: boolean;
  /** Whether a block may have been written all the same. It is sent again under its token, which the engine keeps once. */
  readonly unknown?: boolean;
}

const of = (sentence: string, more: Omit<Fault, 'sentence'> = {}): Fault => ({ sentence, ...more });

const UNREACHABLE = of('ClickHouse does not answer', { unknown: true });
const BROKEN = of('the connection to ClickHouse broke', { unknown: true });
const SLOW = of('ClickHouse took too long', { unknown: true });
const ENDED = of('ClickHouse ended the statement', { unknown: true });
const IN_DOUBT = of('ClickHouse does not know whether it has written', { unknown: true });
const COORDINATION = of('ClickHouse cannot reach its Keeper', { unwritable: true, unknown: true });
const QUORUM = of('too few replicas of ClickHouse take writes', { unwritable: true });
const READ_ONLY = of('ClickHouse is read-only', { unwritable: true });
const DISK_FULL = of('the disk of ClickHouse is full', { unwritable: true });
// An error of its files may come after the block has its name.
const DISK = of('ClickHouse cannot read or write its files', { unwritable: true, unknown: true });
const MEMORY = of('ClickHouse has no memory left', { unknown: true });
const BEHIND = of('ClickHouse has too many parts to merge and takes no more for now', { unwritable: true });
const FULL = of('ClickHouse has no connection or thread left for us');
const REFUSED = of('ClickHouse refuses us', { unwritable: true });
const QUOTA = of('the quota of our user of ClickHouse is used up', { unwritable: true });
const GONE = of('the tables of Tradepost are not in ClickHouse', { unwritable: true });
const BUSY = of('ClickHouse is busy with the table', { unknown: true });

/** By the name that the engine gives the error. */
const BY_TYPE: Readonly<Record<string, Fault>> = {
  ABORTED: ENDED,
  ACCESS_DENIED: REFUSED,
  AIO_READ_ERROR: DISK,
  AIO_WRITE_ERROR: DISK,
  ALL_CONNECTION_TRIES_FAILED: UNREACHABLE,
  ALL_REPLICAS_ARE_STALE: QUORUM,
  ALL_REPLICAS_LOST: QUORUM,
  ASYNC_LOAD_CANCELED: of('ClickHouse is starting or stopping', { unwritable: true }),
  ASYNC_LOAD_FAILED: of('ClickHouse could not load a table', { unwritable: true }),
  ASYNC_LOAD_WAIT_FAILED: of('ClickHouse could not load a table', { unwritable: true }),
  AUTHENTICATION_FAILED: REFUSED,
  AZURE_BLOB_STORAGE_ERROR: DISK,
  CANNOT_ALLOCATE_MEMORY: MEMORY,
  CANNOT_CLOSE_FILE: DISK,
  CANNOT_CREATE_DIRECTORY: DISK,
  CANNOT_CREATE_FILE: DISK,
  CANNOT_FSYNC: DISK,
  CANNOT_OPEN_FILE: DISK,
  CANNOT_READ_ALL_DATA: DISK,
  CANNOT_READ_FROM_FILE_DESCRIPTOR: DISK,
  CANNOT_READ_FROM_SOCKET: BROKEN,
  CANNOT_SCHEDULE_TASK: FULL,
  CANNOT_STATVFS: DISK,
  CANNOT_TRUNCATE_FILE: DISK,
  CANNOT_WRITE_TO_FILE: DISK,
  CANNOT_WRITE_TO_FILE_DESCRIPTOR: DISK,
  CANNOT_WRITE_TO_SOCKET: BROKEN,
  CHECKSUM_DOESNT_MATCH: DISK,
  CORRUPTED_DATA: DISK,
  DATABASE_ACCESS_DENIED: REFUSED,
  DATABASE_REPLICATION_FAILED: COORDINATION,
  DEADLOCK_AVOIDED: BUSY,
  DIRECTORY_DOESNT_EXIST: DISK,
  DNS_ERROR: UNREACHABLE,
  FILE_DOESNT_EXIST: DISK,
  HTTP_CONNECTION_LIMIT_REACHED: FULL,
  IP_ADDRESS_NOT_ALLOWED: REFUSED,
  KEEPER_EXCEPTION: COORDINATION,
  MEMORY_LIMIT_EXCEEDED: MEMORY,
  MEMORY_RESERVATION_FAILED: MEMORY,
  MEMORY_RESERVATION_KILLED: MEMORY,
  NETWORK_ERROR: BROKEN,
  NOT_A_LEADER: COORDINATION,
  NOT_ENOUGH_SPACE: DISK_FULL,
  NOT_INITIALIZED: COORDINATION,
  NO_ACTIVE_REPLICAS: QUORUM,
  NO_AVAILABLE_REPLICA: QUORUM,
  NO_FREE_CONNECTION: FULL,
  NO_REPLICA_HAS_PART: QUORUM,
  NO_ZOOKEEPER: COORDINATION,
  PART_IS_LOCKED: BUSY,
  PART_IS_TEMPORARILY_LOCKED: BUSY,
  QUERY_WAS_CANCELLED: ENDED,
  QUERY_WAS_CANCELLED_BY_CLIENT: ENDED,
  QUOTA_EXCEEDED: QUOTA,
  RAFT_ERROR: COORDINATION,
  READONLY: READ_ONLY,
  RECEIVED_ERROR_FROM_REMOTE_IO_SERVER: DISK,
  RECEIVED_ERROR_TOO_MANY_REQUESTS: FULL,
  REPLICA_IS_NOT_IN_QUORUM: QUORUM,
  REPLICA_STATUS_CHANGED: QUORUM,
  REQUIRED_PASSWORD: REFUSED,
  RESOURCE_ACCESS_DENIED: QUOTA,
  RESOURCE_LIMIT_EXCEEDED: QUOTA,
  S3_ERROR: DISK,
  SERVER_OVERLOADED: FULL,
  SESSION_IS_LOCKED: BUSY,
  SHARD_HAS_NO_CONNECTIONS: UNREACHABLE,
  SOCKET_TIMEOUT: SLOW,
  SYSTEM_ERROR: DISK,
  TABLE_IS_BEING_RESTARTED: BUSY,
  TABLE_IS_DROPPED: GONE,
  TABLE_IS_PERMANENTLY_READ_ONLY: READ_ONLY,
  TABLE_IS_READ_ONLY: READ_ONLY,
  TCP_CONNECTION_LIMIT_REACHED: FULL,
  THREAD_WAS_CANCELED: ENDED,
  TIMEOUT_EXCEEDED: SLOW,
  TOO_FEW_LIVE_REPLICAS: QUORUM,
  TOO_MANY_MUTATIONS: BEHIND,
  TOO_MANY_PARTS: BEHIND,
  TOO_MANY_SIMULTANEOUS_QUERIES: FULL,
  TOO_SLOW: SLOW,
  UNEXPECTED_ZOOKEEPER_ERROR: COORDINATION,
  UNKNOWN_DATABASE: GONE,
  UNKNOWN_STATUS_OF_INSERT: IN_DOUBT,
  UNKNOWN_STATUS_OF_TRANSACTION: IN_DOUBT,
  UNKNOWN_TABLE: GONE,
  UNKNOWN_USER: REFUSED,
  UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE: QUORUM,
  USER_EXPIRED: REFUSED,
  USER_SESSION_LIMIT_EXCEEDED: FULL,
  WRONG_PASSWORD: REFUSED,
};

/** Errors of the system that the engine passes on under a name that says nothing. */
const BY_TEXT: readonly (readonly [RegExp, Fault])[] = [
  [/No space left on device|Disk quota exceeded|errno: (28|122)\b/i, { ...DISK_FULL, unknown: true }],
  [/Read-only file system|errno: 30\b/i, { ...READ_ONLY, unknown: true }],
  [/Input\/output error|Stale file handle|errno: (5|116)\b/i, DISK],
  [/Cannot allocate memory|std::bad_alloc|errno: 12\b/i, MEMORY],
  [/Too many open files|errno: 2[34]\b/i, FULL],
];

/** Names under which an error of the system may hide. */
const HIDING = /^(POCO_EXCEPTION|STD_EXCEPTION|UNKNOWN_EXCEPTION|CANNOT_|SYSTEM_ERROR|DISK|FS_METADATA_ERROR)/;

/** What the client throws without a code, by its text; a proxy before the server answers for it. */
const ON_THE_WAY =
  /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|socket hang up|Timeout error|aborted|premature close|\b50[234]\b|Bad Gateway|Service Unavailable|Gateway Time-?out/i;

/** The meaning of an error of the client, also when it is the cause of another; undefined for a fault of ours. */
export function clickhouseFaultOf(error: unknown): Fault | undefined {
  const {
    type,
    code,
    message = '',
    cause,
  } = (error ?? {}) as Record<'type' | 'code' | 'message', string | undefined> & {
    readonly cause?: unknown;
  };
  if (type !== undefined) {
    const hidden = HIDING.test(type) ? BY_TEXT.find(([pattern]) => pattern.test(message))?.[1] : undefined;
    return hidden ?? BY_TYPE[type];
  }
  if (cause !== undefined) return clickhouseFaultOf(cause);
  const way = typeof code === 'string' ? faultOnTheWay(code) : undefined;
  if (way) return UNREACHABLE;
  return ON_THE_WAY.test(`${code} ${message}`) ? UNREACHABLE : undefined;
}
