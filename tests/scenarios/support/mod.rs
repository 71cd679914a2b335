//! What stories need around the service.

pub(crate) mod smtp_server;
