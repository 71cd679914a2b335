//! Notices: put into the outbox in the transaction of what they tell, and made into words when they are sent.

pub(crate) mod person;
pub(in crate::app) mod report;
mod steps;
pub(in crate::app) mod words;
