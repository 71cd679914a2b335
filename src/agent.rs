//! The client with which this program asks other hosts, as a phone would ask them.
//!
//! Threat: whoever answers may be anybody. So no redirect is followed, and an answer has a limited time to come; readers
//! limit its length.

use std::{sync::Arc, time::Duration};

use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

/// A client for this address that waits so long for an answer, and takes each status for an answer. It trusts what this
/// machine trusts: an authority of one's own is named in `SSL_CERT_FILE`.
pub fn agent(url: &str, patience: Duration) -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(Some(patience));
    if !url.starts_with("https://") {
        return config.build().into();
    }
    let trusted = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = trusted.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .root_certs(RootCerts::from(roots.into_iter()));
    config.tls_config(tls.build()).build().into()
}
