//! The mail server: really connected to, signed in to, told the sender.

use secrecy::ExposeSecret as _;

use super::finding::Finding;
use crate::{
    config::Settings,
    notify::{self, SendError, mail::mailbox},
};

/// Tries the way on which mail leaves. No mail is sent.
pub(super) async fn look(settings: &Settings) -> Finding {
    let url = settings.mail_url.expose_secret();
    let from = match mailbox(&settings.mail_from) {
        Ok(from) => from,
        Err(error) => return Finding::failed("mail", error.to_string(), "correct LASTLOOKS_MAIL_FROM"),
    };
    let mailer = match notify::from_url(url, &from) {
        Ok(mailer) => mailer,
        Err(error) => return Finding::failed("mail", error.to_string(), "correct LASTLOOKS_MAIL_URL"),
    };
    match mailer.check().await {
        Ok(()) => Finding::ok("mail", reached(url)),
        Err(error) => Finding::failed("mail", error.to_string(), advice(&error)),
    }
}

fn reached(url: &str) -> &'static str {
    if url.starts_with("smtp") {
        "the mail server answers, and takes this sender (no mail was sent)"
    } else if url.starts_with("folder:") {
        "the folder can be written to"
    } else {
        "mail is only logged"
    }
}

fn advice(error: &SendError) -> &'static str {
    let said = error.to_string().to_lowercase();
    let speaks = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if speaks(&["unknownissuer", "certificate", "self-signed"]) {
        return "the server's certificate is not one that this machine trusts for that name:\n\
                use the name that stands in the certificate, or trust its authority with ?ca=FILE in LASTLOOKS_MAIL_URL";
    }
    if speaks(&["at the encryption", "starttls", "tls", "corrupt message"]) {
        return "TLS did not come about: smtps:// is encrypted from the first byte (port 465),\n\
                smtp:// asks with STARTTLS (port 587); use the one that this port speaks";
    }
    match error {
        SendError::AddressDead { .. } | SendError::Refused { .. } => {
            "the server answers and says no: check user, password and LASTLOOKS_MAIL_FROM with whoever runs it"
        }
        SendError::Path { .. } => {
            "check host and port in LASTLOOKS_MAIL_URL, and that nothing between blocks that port"
        }
        SendError::Malformed { .. } => "correct LASTLOOKS_MAIL_FROM",
    }
}
