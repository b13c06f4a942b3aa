-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

CREATE DATABASE tradepost_user;

CREATE TABLE tradepost_user.dead_letter
(
    `id` UInt64,
    `consumer` String,
    `event_id` String,
    `envelope` String,
    `error` String,
    `attempts` UInt32,
    `failed_at` DateTime64(3, 'UTC'),
    `removed` UInt8 DEFAULT 0,
    `position` UInt64,
    `written_by` LowCardinality(String)
)
ENGINE = ReplacingMergeTree(position)
ORDER BY (consumer, event_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_user.ids
(
    `name` LowCardinality(String),
    `last` UInt64,
    `position` UInt64,
    `written_by` LowCardinality(String),
    `returned` Array(UInt64) DEFAULT []
)
ENGINE = ReplacingMergeTree(position)
ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_user.kept_mark
(
    `name` String,
    `fingerprint` String,
    `result` String,
    `at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY name
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_user.process
(
    `name` String,
    `host` String,
    `pid_space` String,
    `pid` UInt32,
    `shared` UInt8,
    `gone` UInt8 DEFAULT 0,
    `started_at` DateTime64(3, 'UTC') DEFAULT now64(3),
    `seen_at` DateTime64(3, 'UTC') DEFAULT now64(3),
    `position` UInt64,
    `written_by` LowCardinality(String),
    INDEX by_position position TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_user.relay
(
    `position` UInt64,
    `at` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(position)
ORDER BY tuple()
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_user.sessions
(
    `session_id` UInt64,
    `user_id` UInt64,
    `password_version` UInt32,
    `token_hash` String,
    `created_at` DateTime64(3, 'UTC'),
    `last_used_at` DateTime64(3, 'UTC'),
    `expires_at` DateTime64(3, 'UTC'),
    `revoked_at` Nullable(DateTime64(3, 'UTC')),
    `position` UInt64,
    `written_by` LowCardinality(String),
    INDEX by_position position TYPE minmax GRANULARITY 1,
    PROJECTION by_user
    (
        SELECT _part_offset
        ORDER BY user_id
    ),
    PROJECTION by_token
    (
        SELECT _part_offset
        ORDER BY token_hash
    )
)
ENGINE = MergeTree
ORDER BY (session_id, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_user.signing_keys
(
    `kid` String,
    `jwk` String,
    `created_at` DateTime64(3, 'UTC'),
    `position` UInt64,
    `written_by` LowCardinality(String)
)
ENGINE = MergeTree
ORDER BY position
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_user.users
(
    `user_id` UInt64,
    `username` String,
    `username_key` String MATERIALIZED lower(username),
    `password_hash` String,
    `password_version` UInt32,
    `role` LowCardinality(String),
    `founder` Bool,
    `founder_key` UInt8 MATERIALIZED toUInt8(founder),
    `display_name` Nullable(String),
    `email` Nullable(String),
    `phone` Nullable(String),
    `address` String,
    `locale` Nullable(String),
    `created_at` DateTime64(3, 'UTC'),
    `updated_at` DateTime64(3, 'UTC'),
    `version` UInt32,
    `position` UInt64,
    `request_key` String,
    `request_print` String,
    `mark` String,
    `events` String,
    `written_by` LowCardinality(String),
    INDEX by_position position TYPE minmax GRANULARITY 1,
    CONSTRAINT role_known CHECK role IN ('customer', 'staff', 'admin'),
    PROJECTION by_name
    (
        SELECT _part_offset
        ORDER BY username_key
    ),
    PROJECTION by_founder
    (
        SELECT _part_offset
        ORDER BY founder_key
    ),
    PROJECTION by_role
    (
        SELECT _part_offset
        ORDER BY role
    ),
    PROJECTION by_request
    (
        SELECT _part_offset
        ORDER BY request_key
    ),
    PROJECTION by_mark
    (
        SELECT _part_offset
        ORDER BY mark
    )
)
ENGINE = MergeTree
ORDER BY (user_id, version, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;
