//! `log:`: says in the log that a mail would have gone out. Reaches nobody.

use async_trait::async_trait;

use super::{Accepted, Mail, Mailer, SendError};

/// Logs the subject of each mail and nothing else: bodies hold links, recipients are people.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogMailer;

#[async_trait]
impl Mailer for LogMailer {
    async fn send(&self, mail: &Mail) -> Result<Accepted, SendError> {
        tracing::info!(subject = %mail.subject, "mail");
        Ok(Accepted { reply: "logged, sent to nobody".to_owned() })
    }

    fn tells(&self) -> bool {
        false
    }

    async fn check(&self) -> Result<(), SendError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::mail::tests::sample;

    #[tokio::test]
    async fn a_logged_mail_tells_nobody() {
        assert!(LogMailer.send(&sample("dana@example.org")).await.is_ok());
        assert!(!LogMailer.tells());
    }
}
