-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

CREATE DATABASE tradepost_analytics;

CREATE TABLE tradepost_analytics.dead_letter
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

CREATE TABLE tradepost_analytics.ids
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

CREATE TABLE tradepost_analytics.kept_mark
(
    `name` String,
    `fingerprint` String,
    `result` String,
    `at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY name
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_analytics.log
(
    `what` Enum8('event' = 1, 'told' = 2, 'story' = 3, 'total' = 4, 'hour' = 5, 'sale' = 6),
    `event_id` UUID,
    `type` LowCardinality(String),
    `source` LowCardinality(String),
    `subject` String,
    `time` DateTime64(3, 'UTC'),
    `kind` LowCardinality(String),
    `item_id` UInt64,
    `known_at` Nullable(DateTime64(3, 'UTC')),
    `place` String,
    `status` LowCardinality(String),
    `name` String,
    `category` LowCardinality(String),
    `net` Int64,
    `tax` Int64,
    `gross` Int64,
    `paid` Int64,
    `lines` String,
    `metric` LowCardinality(String),
    `currency` LowCardinality(String),
    `hour` DateTime('UTC'),
    `product_id` UInt64,
    `count` Int64,
    `amount` Int64,
    `recorded_at` DateTime64(3, 'UTC'),
    `position` UInt64,
    `written_by` LowCardinality(String),
    `paid_total` Int64,
    `refunded_total` Int64,
    `credited_total` Int64,
    INDEX by_position position TYPE minmax GRANULARITY 8,
    PROJECTION sums
    (
        SELECT
            what,
            metric,
            currency,
            hour,
            product_id,
            sum(count),
            sum(amount),
            max(time),
            max(name)
        GROUP BY
            what,
            metric,
            currency,
            hour,
            product_id
    )
)
ENGINE = MergeTree
PARTITION BY (toYear(recorded_at), position = 0)
ORDER BY (what, kind, item_id, UUIDToNum(event_id), position)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE TABLE tradepost_analytics.process
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

CREATE TABLE tradepost_analytics.rebuilding
(
    `owner` String,
    `until` DateTime64(3, 'UTC'),
    `position` UInt64,
    `written_by` LowCardinality(String),
    INDEX by_position position TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY position
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_analytics.relay
(
    `position` UInt64,
    `at` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(position)
ORDER BY tuple()
SETTINGS index_granularity = 8192;
