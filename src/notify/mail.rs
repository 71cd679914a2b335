//! One mail: who, what, and its bytes, the same at every sending.

use std::time::{Duration, SystemTime};

use lettre::message::{
    Message, MultiPart, SinglePart,
    header::{Header, HeaderName, HeaderValue},
};

use super::{SendError, one_line};
use crate::domain::time::UtcMillis;

pub use lettre::message::Mailbox;

/// A mail, ready to be sent. The same fields give the same bytes, so that a mail sent twice is one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// With its angle brackets: see [`message_id`].
    pub message_id: String,
    /// Who it says it is from; also the envelope's sender.
    pub from: Mailbox,
    /// The one recipient.
    pub to: Mailbox,
    /// One line. Control characters become spaces.
    pub subject: String,
    /// The words as plain text.
    pub plain: String,
    /// The same words as HTML.
    pub html: String,
    /// Message-ids (with brackets) that this mail belongs under; the first is the thread. Empty for none.
    pub references: Vec<String>,
    /// The moment that the Date header shows.
    pub date: UtcMillis,
}

/// A text that is no mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("that is not a mail address: {reason}")]
pub struct NotAnAddress {
    reason: String,
}

/// Reads `ana@example.org` or `Ana Ruiz <ana@example.org>`.
///
/// # Errors
/// [`NotAnAddress`] with what is wrong.
pub fn mailbox(text: &str) -> Result<Mailbox, NotAnAddress> {
    text.parse().map_err(|error: lettre::address::AddressError| NotAnAddress { reason: error.to_string() })
}

/// The Message-ID made from a keyed tag, at the sender's domain. The tag says nothing to a stranger.
///
/// Source: architecture.md, "Notices"; RFC 5322 section 3.6.4.
pub fn message_id(tag: &[u8], from: &Mailbox) -> String {
    format!("<{}@{}>", hex::encode(tag), from.email.domain())
}

impl Mail {
    /// The mail as it goes over the wire, with CRLF, all ASCII.
    ///
    /// # Errors
    /// [`SendError::Malformed`] if a header cannot be written.
    pub fn bytes(&self) -> Result<Vec<u8>, SendError> {
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(one_line(&self.subject))
            .message_id(Some(one_line(&self.message_id)))
            .date(system_time(self.date))
            .header(AutoSubmitted);
        if !self.references.is_empty() {
            builder = builder.references(one_line(&self.references.join(" ")));
        }
        let message = builder.multipart(self.body()).map_err(malformed)?;
        Ok(message.formatted())
    }

    /// Both bodies. The boundary comes from the Message-ID, because chance would give a second sending other bytes.
    fn body(&self) -> MultiPart {
        let boundary: String = self.message_id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        MultiPart::alternative()
            .boundary(format!("part-{boundary}"))
            .singlepart(SinglePart::plain(self.plain.clone()))
            .singlepart(SinglePart::html(self.html.clone()))
    }
}

fn malformed(error: impl std::fmt::Display) -> SendError {
    SendError::Malformed { reason: one_line(&error.to_string()) }
}

/// A moment for the Date header. Before 1970 becomes 1970: the header has no older mails to show.
fn system_time(at: UtcMillis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.get()).unwrap_or(0))
}

/// `Auto-Submitted: auto-generated`: no absence note is sent back.
///
/// Source: RFC 3834 section 5.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A mail to `to` with everything filled in.
    pub(in crate::notify) fn sample(to: &str) -> Mail {
        let from = mailbox("Last Looks, Local 600 <looks@local600.example>").unwrap();
        Mail {
            message_id: message_id(&[0xab; 16], &from),
            references: vec![message_id(&[0x01; 16], &from)],
            from,
            to: mailbox(to).unwrap(),
            subject: "[BEFORE NEXT SETUP] Western · you: reply by 14:20 MDT · Copper Lantern".to_owned(),
            plain: "Reply by 14:20 MDT\n".to_owned(),
            html: "<p>Reply by 14:20 MDT</p>\n".to_owned(),
            date: UtcMillis::new(1_792_169_700_000),
        }
    }

    #[test]
    fn the_same_mail_has_the_same_bytes_at_every_sending() {
        let mail = sample("Dana Reyes <dana@example.org>");
        assert_eq!(mail.bytes().unwrap(), mail.bytes().unwrap());
    }

    #[test]
    fn the_headers_thread_the_mails_of_one_report_and_forbid_absence_notes() {
        let text = String::from_utf8(sample("Dana Reyes <dana@example.org>").bytes().unwrap()).unwrap();
        assert!(text.is_ascii());
        for header in [
            "Message-ID: <abababababababababababababababab@local600.example>\r\n",
            "References: <01010101010101010101010101010101@local600.example>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Date: Fri, 16 Oct 2026 11:35:00 +0000\r\n",
            "To: \"Dana Reyes\" <dana@example.org>\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: multipart/alternative;",
        ] {
            assert!(text.contains(header), "{header} is missing in\n{text}");
        }
    }

    #[test]
    fn a_line_break_in_a_subject_makes_no_second_header() {
        let mail = Mail { subject: "Western\r\nBcc: everybody@example.org".to_owned(), ..sample("dana@example.org") };
        let text = String::from_utf8(mail.bytes().unwrap()).unwrap();
        assert!(!text.contains("\r\nBcc:"), "{text}");
    }

    #[test]
    fn an_address_with_a_line_break_is_refused() {
        assert!(mailbox("dana@example.org\r\nRCPT TO:<eve@example.org>").is_err());
        assert!(mailbox("nobody").is_err());
    }
}
