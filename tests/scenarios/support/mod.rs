//! What stories need around the service.

pub(crate) mod encrypted_front;
pub(crate) mod smtp_server;
