//! The keys that sign for the ledger, under the log's origin.
//!
//! Threat: whoever has the log key can sign a second history, which a witness refuses; whoever has the promise key can
//! accuse this host falsely. Neither opens anything.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use crate::{
    app::error::AppError,
    config::secrets::Secret,
    merkle::key::{KeyKind, KeyName, NoteSigner},
};

/// Seeds of the two keys.
#[derive(Clone)]
pub struct LedgerKeys {
    log: Secret,
    promise: Secret,
    /// Made once: every filing is promised something, and a key is as much work as a signature.
    promising: Arc<OnceLock<NoteSigner>>,
}

impl LedgerKeys {
    /// The keys with these seeds.
    pub fn new(log: Secret, promise: Secret) -> Self {
        Self { log, promise, promising: Arc::default() }
    }

    /// Signs checkpoints of the log with this origin.
    ///
    /// # Errors
    /// [`AppError::Internal`] if the origin is no name for a key.
    pub(super) fn log(&self, origin: &str) -> Result<NoteSigner, AppError> {
        let name = KeyName::new(origin).map_err(AppError::internal)?;
        Ok(NoteSigner::new(name, KeyKind::Note, self.log.bytes()))
    }

    /// Signs promises about the log with this origin, under a name of its own.
    ///
    /// # Errors
    /// As [`LedgerKeys::log`].
    pub(super) fn promise(&self, origin: &str) -> Result<NoteSigner, AppError> {
        let name = KeyName::new(format!("{origin}/promise")).map_err(AppError::internal)?;
        let new = || NoteSigner::new(name.clone(), KeyKind::Note, self.promise.bytes());
        Ok(self.promising.get_or_init(new).named(name.clone()))
    }
}

impl fmt::Debug for LedgerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerKeys(..)")
    }
}

/// The origin of a host's log: its public address without the scheme, and `/ledger`; later logs have their number
/// behind it.
///
/// Source: C2SP tlog-tiles, "Parameters".
pub(super) fn origin(public_url: &str, number: i32) -> String {
    let address = public_url.split_once("://").map_or(public_url, |(_, address)| address);
    // No name of a key has a plus sign.
    let address = address.replace('+', "-");
    if number == 1 { format!("{address}/ledger") } else { format!("{address}/ledger/{number}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_the_address_without_its_scheme() {
        assert_eq!(origin("https://looks.example", 1), "looks.example/ledger");
        assert_eq!(origin("http://127.0.0.1:8080", 2), "127.0.0.1:8080/ledger/2");
        assert!(KeyName::new(origin("https://a+b.example", 1)).is_ok());
    }
}
