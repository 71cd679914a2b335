//! Encryption in front of a plain server: what a client says inside TLS goes on in the clear on the loopback.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// A running front; stops when dropped.
pub(crate) struct EncryptedFront {
    port: u16,
    folder: TempDir,
    running: JoinHandle<()>,
}

impl EncryptedFront {
    /// Listens on a free port as `localhost`, with a certificate made for this run.
    pub(crate) async fn before(server: SocketAddr) -> io::Result<Self> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).map_err(io::Error::other)?;
        let folder = tempfile::tempdir()?;
        std::fs::write(authority_in(&folder), cert.pem())?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key))
            .map_err(io::Error::other)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let running = tokio::spawn(accept_all(listener, TlsAcceptor::from(Arc::new(config)), server));
        Ok(Self { port, folder, running })
    }

    /// The port on which it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The file (PEM) with the certificate that its clients must trust.
    pub(crate) fn authority(&self) -> PathBuf {
        authority_in(&self.folder)
    }
}

impl Drop for EncryptedFront {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn authority_in(folder: &TempDir) -> PathBuf {
    folder.path().join("authority.pem")
}

async fn accept_all(listener: TcpListener, acceptor: TlsAcceptor, server: SocketAddr) {
    while let Ok((client, _)) = listener.accept().await {
        // A client that does not trust the certificate breaks off here; that is its right.
        tokio::spawn(pass_on(client, acceptor.clone(), server));
    }
}

async fn pass_on(client: TcpStream, acceptor: TlsAcceptor, server: SocketAddr) -> io::Result<()> {
    let mut inside = acceptor.accept(client).await?;
    let mut plain = TcpStream::connect(server).await?;
    tokio::io::copy_bidirectional(&mut inside, &mut plain).await?;
    Ok(())
}
