//! The device's engine: commands, queries, import, and the connection to a relay.
