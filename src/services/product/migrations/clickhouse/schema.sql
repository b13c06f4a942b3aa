-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.

CREATE DATABASE tradepost_product;

CREATE TABLE tradepost_product.dead_letter
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

CREATE TABLE tradepost_product.ids
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

CREATE TABLE tradepost_product.kept_mark
(
    `name` String,
    `fingerprint` String,
    `result` String,
    `at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY name
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_product.process
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

CREATE TABLE tradepost_product.products
(
    `product_id` UInt64,
    `name` String,
    `description` String,
    `price` Int64,
    `currency` LowCardinality(String),
    `category` LowCardinality(String),
    `for_sale` Bool,
    `stock_quantity` Nullable(Int64),
    `stock_version` UInt32,
    `created_at` DateTime64(3, 'UTC'),
    `updated_at` DateTime64(3, 'UTC'),
    `words` Array(String) MATERIALIZED arrayDistinct(extractAll(lowerUTF8(normalizeUTF8NFC(concat(name, ' ', description))), '[\\p{L}\\p{N}]+')),
    `version` UInt32,
    `position` UInt64,
    `request_key` String,
    `request_print` String,
    `mark` String,
    `events` String,
    `written_by` LowCardinality(String),
    `category_key` LowCardinality(String) DEFAULT '',
    `search_words` Array(String) DEFAULT [],
    `folding` UInt32 DEFAULT 0,
    `withdrawn_at` Nullable(DateTime64(3, 'UTC')),
    INDEX by_position position TYPE minmax GRANULARITY 1,
    CONSTRAINT price_not_negative CHECK price >= 0,
    CONSTRAINT stock_not_negative CHECK ifNull(stock_quantity, 0) >= 0,
    CONSTRAINT stock_set_before CHECK (stock_version >= 1) AND (stock_version <= version),
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
ORDER BY (product_id, version, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE tradepost_product.relay
(
    `position` UInt64,
    `at` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(position)
ORDER BY tuple()
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_product.stock
(
    `kind` LowCardinality(String),
    `id` UInt64,
    `stock_version` UInt32,
    `units` Int64,
    `items` String,
    `request` String,
    `expires_at` Nullable(DateTime64(3, 'UTC')),
    `released` Bool,
    `position` UInt64,
    `written_by` LowCardinality(String),
    `held` Int64 DEFAULT 0,
    `gone` Int64 DEFAULT 0,
    `put_in` Int64 DEFAULT 0,
    `entries` UInt64 DEFAULT 0,
    `booked` UInt32 DEFAULT 0,
    `user_id` UInt64 DEFAULT 0,
    `shipped` Bool DEFAULT false,
    `movement` LowCardinality(String) DEFAULT '',
    `quantity` Int64 DEFAULT 0,
    `tracked` Bool DEFAULT true,
    `reason` String DEFAULT '',
    `order_id` UInt64 DEFAULT 0,
    `at` DateTime64(3, 'UTC') DEFAULT toDateTime64(0, 3, 'UTC'),
    INDEX by_position position TYPE minmax GRANULARITY 1,
    INDEX by_expiry expires_at TYPE minmax GRANULARITY 1,
    CONSTRAINT units_not_negative CHECK units >= 0,
    CONSTRAINT kind_holds CHECK kind IN ('reservation', 'product', 'entry'),
    PROJECTION by_request
    (
        SELECT _part_offset
        ORDER BY request
    )
)
ENGINE = ReplacingMergeTree(position)
ORDER BY (kind, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000, deduplicate_merge_projection_mode = 'rebuild', index_granularity = 8192;
