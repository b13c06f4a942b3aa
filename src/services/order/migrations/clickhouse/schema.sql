-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

CREATE DATABASE tradepost_order;

CREATE TABLE tradepost_order.dead_letter
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

CREATE TABLE tradepost_order.ids
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

CREATE TABLE tradepost_order.kept_mark
(
    `name` String,
    `fingerprint` String,
    `result` String,
    `at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY name
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_order.orders
(
    `order_id` UInt64,
    `user_id` UInt64,
    `username` String,
    `items` String,
    `subtotal` Int64,
    `tax` Int64,
    `tax_rate` LowCardinality(String),
    `total` Int64,
    `currency` LowCardinality(String),
    `status` LowCardinality(String),
    `payment_status` LowCardinality(String),
    `fulfillment_status` LowCardinality(String),
    `paid_total` Int64,
    `refunded_total` Int64,
    `shipment_status` LowCardinality(String),
    `delivered_at` Nullable(DateTime64(3, 'UTC')),
    `created_at` DateTime64(3, 'UTC'),
    `updated_at` DateTime64(3, 'UTC'),
    `version` UInt32,
    `position` UInt64,
    `request_key` String,
    `request_print` String,
    `mark` String,
    `events` String,
    `written_by` LowCardinality(String),
    `sent_again` UInt32,
    `credited_total` Nullable(Int64),
    `expires_at` Nullable(DateTime64(3, 'UTC')),
    `shipping_address` Nullable(String),
    INDEX by_position position TYPE minmax GRANULARITY 1,
    CONSTRAINT total_adds_up CHECK total = (subtotal + tax),
    CONSTRAINT status_known CHECK status IN ('pending', 'confirmed', 'completed', 'cancelled'),
    CONSTRAINT payment_status_known CHECK payment_status IN ('not_paid', 'partially_paid', 'paid', 'partially_refunded', 'refunded'),
    CONSTRAINT fulfillment_status_known CHECK fulfillment_status IN ('not_fulfilled', 'packed', 'shipped', 'in_transit', 'delivered', 'failed', 'returned'),
    PROJECTION by_user
    (
        SELECT _part_offset
        ORDER BY user_id
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
ORDER BY (order_id, version, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_order.process
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

CREATE TABLE tradepost_order.relay
(
    `position` UInt64,
    `at` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(position)
ORDER BY tuple()
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_order.timeline
(
    `event_id` UUID,
    `order_id` UInt64,
    `type` LowCardinality(String),
    `service` LowCardinality(String),
    `subject` String,
    `at` DateTime64(3, 'UTC'),
    `actor` String,
    `causation_id` Nullable(UUID),
    `correlation_id` String,
    `data` String,
    `position` UInt64,
    `written_by` LowCardinality(String)
)
ENGINE = ReplacingMergeTree(position)
ORDER BY (order_id, event_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;
