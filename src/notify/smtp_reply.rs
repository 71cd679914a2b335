//! What a mail server's refusal means: a dead address, or a failure of the path.

use lettre::transport::smtp::Error;

use super::{SendError, one_line};

/// Where in the conversation something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Connect,
    Encrypt,
    SignIn,
    Sender,
    Recipient,
    Content,
}

impl Stage {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Connect => "at the connection",
            Self::Encrypt => "at the encryption",
            Self::SignIn => "at the sign-in",
            Self::Sender => "at the sender's address",
            Self::Recipient => "at the recipient's address",
            Self::Content => "at the mail itself",
        }
    }
}

/// Turns an error of the conversation into what the sender does next.
pub(super) fn judge(stage: Stage, error: &Error, recipient: &str) -> SendError {
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => refusal(stage, u16::from(code), &said, recipient),
        None => SendError::Path { reason: no_answer(stage, error) },
    }
}

/// A refusal with a reply. Only a reply that is about the recipient marks an address: the mark can accuse people of silence.
fn refusal(stage: Stage, code: u16, said: &str, recipient: &str) -> SendError {
    let reply = one_line(&format!("{code} {said}"));
    if stage == Stage::Recipient && matches!(code, 550 | 551 | 553) && names_recipient(said, recipient) {
        SendError::AddressDead { reply }
    } else {
        SendError::Refused { stage: stage.in_words(), reply }
    }
}

/// Whether a refusal is about the mailbox: by its enhanced code where it has one, else by what it says.
///
/// A block list answers RCPT with 550 too, often quoting the recipient; its code is 5.7.x.
///
/// Source: RFC 3463 sections 3.2 and 3.3; RFC 5321 section 4.2.3.
fn names_recipient(said: &str, recipient: &str) -> bool {
    match enhanced_code(said) {
        Some(code) => matches!(code, "5.1.0" | "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" | "5.2.0" | "5.2.1"),
        None => speaks_of_mailbox(&said.to_lowercase(), &recipient.to_lowercase()),
    }
}

fn enhanced_code(said: &str) -> Option<&str> {
    let word = said.split_whitespace().next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let numbers = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    (parts.len() == 3 && numbers).then_some(word)
}

/// Words of servers without enhanced codes. A refusal for policy may quote the address too, hence the second list.
fn speaks_of_mailbox(said: &str, recipient: &str) -> bool {
    const MAILBOX: [&str; 7] = [
        "no such user",
        "user unknown",
        "unknown user",
        "mailbox unavailable",
        "mailbox not found",
        "no mailbox",
        "does not exist",
    ];
    const POLICY: [&str; 8] = ["block", "spam", "denied", "policy", "relay", "blacklist", "listed", "reputation"];
    let of_mailbox = said.contains(recipient) || MAILBOX.iter().any(|words| said.contains(words));
    of_mailbox && !POLICY.iter().any(|words| said.contains(words))
}

/// No reply with a code: the network, the encryption, or a server that speaks something else.
fn no_answer(stage: Stage, error: &Error) -> String {
    let hint = match stage {
        Stage::Encrypt if error.is_client() => {
            ". Add ?tls=none to the mail url only if the way to this server is safe without encryption"
        }
        Stage::Connect | Stage::Encrypt | Stage::SignIn | Stage::Sender | Stage::Recipient | Stage::Content => "",
    };
    one_line(&format!("the mail server gave no answer {}: {error}{hint}", stage.in_words()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DANA: &str = "Dana@example.org";

    fn is_dead(stage: Stage, code: u16, said: &str) -> bool {
        matches!(refusal(stage, code, said, DANA), SendError::AddressDead { .. })
    }

    #[test]
    fn a_mailbox_that_does_not_exist_is_a_dead_address() {
        for (code, said) in [
            (550, "5.1.1 <dana@example.org>: Recipient address rejected: User unknown"),
            (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"),
            (550, "5.2.1 The email account that you tried to reach is disabled"),
            (550, "No such user here"),
            (551, "<dana@example.org> has moved, User not local"),
            (553, "Requested action not taken: mailbox not found"),
        ] {
            assert!(is_dead(Stage::Recipient, code, said), "{code} {said}");
        }
    }

    #[test]
    fn a_refusal_for_any_other_reason_is_one_of_the_path() {
        for (stage, code, said) in [
            (Stage::Recipient, 550, "5.7.1 <dana@example.org>: Relay access denied"),
            (Stage::Recipient, 550, "Blocked: see our block list, <dana@example.org>"),
            (Stage::Recipient, 550, "not today"),
            (Stage::Recipient, 552, "5.2.2 mailbox full"),
            (Stage::Recipient, 554, "5.1.1 <dana@example.org> unknown"),
            (Stage::Recipient, 450, "4.2.1 <dana@example.org> busy, user unknown for now"),
            (Stage::Sender, 550, "5.1.1 <looks@local600.example> unknown"),
            (Stage::Content, 550, "5.1.1 <dana@example.org> unknown"),
            (Stage::SignIn, 535, "5.7.8 wrong password"),
        ] {
            assert!(!is_dead(stage, code, said), "{stage:?} {code} {said}");
        }
    }

    #[test]
    fn a_refusal_keeps_the_server_s_own_line() {
        let refused = refusal(Stage::Content, 554, "5.7.1\r\nnot liked", DANA);
        assert_eq!(refused.to_string(), "the mail server said no at the mail itself: 554 5.7.1 not liked");
    }
}
