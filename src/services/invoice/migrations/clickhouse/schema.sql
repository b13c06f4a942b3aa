-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

CREATE DATABASE tradepost_invoice;

CREATE TABLE tradepost_invoice.dead_letter
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

CREATE TABLE tradepost_invoice.ids
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

CREATE TABLE tradepost_invoice.invoices
(
    `invoice_id` UInt64,
    `order_id` UInt64,
    `user_id` UInt64,
    `username` String,
    `invoice_number` String,
    `number_year` UInt16 MATERIALIZED toUInt16OrZero(extract(invoice_number, '^INV-(\\d{4})-\\d{1,9}$')),
    `number` UInt32 MATERIALIZED toUInt32OrZero(extract(invoice_number, '^INV-\\d{4}-(\\d{1,9})$')),
    `items` String,
    `subtotal` Int64,
    `tax` Int64,
    `tax_rate` LowCardinality(String),
    `total` Int64,
    `currency` LowCardinality(String),
    `buyer` String,
    `status` LowCardinality(String),
    `created_at` DateTime64(3, 'UTC'),
    `due_date` DateTime64(3, 'UTC'),
    `updated_at` DateTime64(3, 'UTC'),
    `version` UInt32,
    `position` UInt64,
    `request_key` String,
    `request_print` String,
    `mark` String,
    `events` String,
    `written_by` LowCardinality(String),
    `paid_total` Int64,
    `refunded_total` Int64,
    `credited_total` Int64,
    INDEX by_position position TYPE minmax GRANULARITY 1,
    CONSTRAINT status_known CHECK status IN ('draft', 'sent', 'paid', 'cancelled'),
    CONSTRAINT totals_in_order CHECK (0 <= credited_total) AND (credited_total <= refunded_total) AND (refunded_total <= paid_total),
    PROJECTION by_order
    (
        SELECT _part_offset
        ORDER BY order_id
    ),
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
    ),
    PROJECTION numbers
    (
        SELECT
            number_year,
            max(number)
        GROUP BY number_year
    )
)
ENGINE = MergeTree
ORDER BY (invoice_id, version, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_invoice.kept_mark
(
    `name` String,
    `fingerprint` String,
    `result` String,
    `at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY name
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_invoice.number_series
(
    `year` UInt16,
    `last` UInt32
)
ENGINE = ReplacingMergeTree(last)
ORDER BY year
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE tradepost_invoice.process
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

CREATE TABLE tradepost_invoice.relay
(
    `position` UInt64,
    `at` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(position)
ORDER BY tuple()
SETTINGS index_granularity = 8192;
