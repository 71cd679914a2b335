//! What waits in the outbox, as use cases put it there: facts only, never words.

pub(crate) mod person;
