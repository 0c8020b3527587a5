//! The device's durable store: changes, rows, outbox and cursors in redb.
