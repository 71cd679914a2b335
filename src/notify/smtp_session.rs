//! One conversation with a mail server: connect, encrypt, sign in.

use std::time::Duration;

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};

use super::smtp_reply::Stage;

/// Time for the TCP connection alone.
const CONNECT: Duration = Duration::from_secs(10);

/// How a conversation is kept from listeners.
#[derive(Clone)]
pub(super) enum Encryption {
    /// Not at all.
    None,
    /// From STARTTLS on, if the server offers it.
    IfOffered(TlsParameters),
    /// From STARTTLS on, or no mail goes out.
    StartTls(TlsParameters),
    /// From the first byte.
    FromTheStart(TlsParameters),
}

/// Where the server is and how it is talked to. Holds a password: has no `Debug`.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) credentials: Option<Credentials>,
}

/// What went wrong, and where in the conversation.
pub(super) type Failed = (Stage, Error);

impl Server {
    /// A conversation, signed in, ready for a mail.
    pub(super) async fn open(&self) -> Result<AsyncSmtpConnection, Failed> {
        let name = ClientId::default();
        let from_the_start = match &self.encryption {
            Encryption::FromTheStart(tls) => Some(tls.clone()),
            Encryption::None | Encryption::IfOffered(_) | Encryption::StartTls(_) => None,
        };
        let address = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &name, from_the_start, None)
            .await
            .map_err(|error| (Stage::Connect, error))?;
        self.encrypt(&mut connection, &name).await.map_err(|error| (Stage::Encrypt, error))?;
        self.sign_in(&mut connection).await.map_err(|error| (Stage::SignIn, error))?;
        Ok(connection)
    }

    async fn encrypt(&self, connection: &mut AsyncSmtpConnection, name: &ClientId) -> Result<(), Error> {
        match &self.encryption {
            Encryption::None | Encryption::FromTheStart(_) => Ok(()),
            Encryption::IfOffered(tls) if connection.can_starttls() => connection.starttls(tls.clone(), name).await,
            Encryption::IfOffered(_) => Ok(()),
            Encryption::StartTls(tls) => connection.starttls(tls.clone(), name).await,
        }
    }

    async fn sign_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Error> {
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(())
    }
}
