//! Deadlines, outbox, upkeep.
