//! `smtp://`, `smtps://`: hands mails to a server, over conversations that are kept and used again.
//!
//! lettre's own pooled transport does not say which command was refused, and waits for ever for a server that went silent. Both
//! decide what is recorded about people here, so its commands are sent one by one, under one limit.

use std::{future::Future, time::Duration};

use async_trait::async_trait;
use lettre::{
    Address,
    transport::smtp::{
        client::AsyncSmtpConnection,
        commands::{Data, Mail as MailFrom, Noop, Rcpt, Rset},
        extension::{Extension, MailParameter},
        response::Response,
    },
};
use tokio::sync::Mutex;

use super::{
    Accepted, Mail, MailUrlError, Mailer, SendError,
    mail::Mailbox,
    one_line,
    smtp_reply::{Stage, judge},
    smtp_session::{Failed, Server},
    url::server,
};

/// Time for one mail, connection included. Shorter than the 60 s for which a mail is leased, or two workers would send it.
///
/// Source: architecture.md, "Notices".
const LIMIT: Duration = Duration::from_secs(45);

/// Conversations kept for the next mail. More than that would be rude to a small server.
const KEPT: usize = 4;

/// Sends mails through one server. Holds a password: has no `Debug`.
pub struct SmtpMailer {
    server: Server,
    from: Mailbox,
    limit: Duration,
    kept: Mutex<Vec<AsyncSmtpConnection>>,
}

impl SmtpMailer {
    /// The way through the server that an `smtp://` or `smtps://` setting names.
    ///
    /// # Errors
    /// [`MailUrlError`] with what to write instead.
    pub fn from_url(url: &str, from: Mailbox) -> Result<Self, MailUrlError> {
        Ok(Self::new(server(url)?, from))
    }

    fn new(server: Server, from: Mailbox) -> Self {
        Self { server, from, limit: LIMIT, kept: Mutex::new(Vec::new()) }
    }

    /// The same with another limit for one mail, connection included.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// A kept conversation that still answers, or a new one.
    async fn conversation(&self) -> Result<AsyncSmtpConnection, Failed> {
        loop {
            // Taken out in a statement of its own: the lock must not be held while a server is waited for.
            let kept = self.kept.lock().await.pop();
            match kept {
                Some(mut connection) => {
                    if connection.command(Noop).await.is_ok() {
                        return Ok(connection);
                    }
                }
                None => return self.server.open().await,
            }
        }
    }

    async fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept.lock().await;
        if kept.len() < KEPT {
            kept.push(connection);
        }
    }

    async fn hand_over(&self, mail: &Mail, bytes: &[u8]) -> Result<Response, Failed> {
        let mut connection = self.conversation().await?;
        let outcome = converse(&mut connection, mail, bytes).await;
        match &outcome {
            Ok(_) => self.keep(connection).await,
            // A refusal leaves the conversation whole once it is reset; after anything else nobody knows where it stands.
            Err((_, error)) if error.status().is_some() => {
                if connection.command(Rset).await.is_ok() {
                    self.keep(connection).await;
                }
            }
            Err(_) => {}
        }
        outcome
    }

    async fn name_the_sender(&self) -> Result<(), Failed> {
        let mut connection = self.conversation().await?;
        say_sender(&mut connection, &self.from.email, false).await?;
        if connection.command(Rset).await.is_ok() {
            self.keep(connection).await;
        }
        Ok(())
    }

    async fn within_limit<T>(&self, work: impl Future<Output = Result<T, SendError>> + Send) -> Result<T, SendError> {
        let silent = || SendError::Path {
            reason: format!("the mail server did not finish within {} s", self.limit.as_secs_f32()),
        };
        tokio::time::timeout(self.limit, work).await.unwrap_or_else(|_| Err(silent()))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<Accepted, SendError> {
        let bytes = mail.bytes()?;
        let to: &str = mail.to.email.as_ref();
        self.within_limit(async {
            let response = self.hand_over(mail, &bytes).await.map_err(|(stage, error)| judge(stage, &error, to))?;
            let said: Vec<&str> = response.message().collect();
            Ok(Accepted { reply: one_line(&format!("{} {}", response.code(), said.join(" "))) })
        })
        .await
    }

    fn tells(&self) -> bool {
        true
    }

    async fn check(&self) -> Result<(), SendError> {
        self.within_limit(async {
            self.name_the_sender().await.map_err(|(stage, error)| judge(stage, &error, self.from.email.as_ref()))
        })
        .await
    }
}

/// MAIL, RCPT, DATA, the mail: the reply to its end is the acceptance.
async fn converse(connection: &mut AsyncSmtpConnection, mail: &Mail, bytes: &[u8]) -> Result<Response, Failed> {
    let wide = [&mail.from.email, &mail.to.email].iter().any(|address| !AsRef::<str>::as_ref(*address).is_ascii());
    say_sender(connection, &mail.from.email, wide).await?;
    let recipient = Rcpt::new(mail.to.email.clone(), vec![]);
    connection.command(recipient).await.map_err(|error| (Stage::Recipient, error))?;
    connection.command(Data).await.map_err(|error| (Stage::Content, error))?;
    connection.message(bytes).await.map_err(|error| (Stage::Content, error))
}

/// `wide`: an address is not ASCII. A server that cannot take such addresses refuses them by itself, with a reply.
async fn say_sender(connection: &mut AsyncSmtpConnection, from: &Address, wide: bool) -> Result<(), Failed> {
    let wide = wide && connection.server_info().supports_feature(Extension::SmtpUtfEight);
    let parameters = if wide { vec![MailParameter::SmtpUtfEight] } else { vec![] };
    connection.command(MailFrom::new(Some(from.clone()), parameters)).await.map_err(|error| (Stage::Sender, error))?;
    Ok(())
}
