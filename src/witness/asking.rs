//! Asks a witness over HTTP. Blocks; each answer has a few seconds to come.
//!
//! Threat: a witness is somebody else's machine. It may be silent, slow, endless, or lie. So no redirect is followed, an
//! answer is read up to a limit, a cosignature counts only if it is true, and a history that a witness claims counts as shown
//! only with a signature of the log itself.
//!
//! Source: C2SP tlog-witness.

use std::time::Duration;

use ureq::{Agent, Body, http::Response};

use super::{folder::Folder, request::AddCheckpoint};
use crate::{
    agent::agent,
    merkle::{
        cosignature,
        key::VerifierKey,
        note::{MOST_BYTES, NoteSignature},
    },
};

/// Time for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It saw the checkpoint, and it grew.
    Cosigned {
        /// Its line.
        line: NoteSignature,
        /// When, by its clock; seconds since 1970.
        at: u64,
    },
    /// It cosigned a checkpoint of this size last.
    Has(u64),
    /// The checkpoint does not go on from the one that it has.
    DoesNotGoOn,
}

/// Why there is no answer that counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// It cannot be reached, or is too slow.
    #[error("it does not answer: {0}")]
    Away(String),
    /// It does not follow the log.
    #[error("it does not follow this log: give whoever runs it the first line of /ledger/key")]
    Stranger,
    /// It knows another key of the log.
    #[error("it knows another key for this log: give whoever runs it the first line of /ledger/key")]
    OtherKey,
    /// Another status.
    #[error("it answers {0}")]
    Status(u16),
    /// An answer that is none.
    #[error("it answers without a cosignature of the key that is set for it")]
    Nonsense,
}

/// A way to one witness.
#[derive(Debug, Clone)]
pub struct Line {
    agent: Agent,
    /// Without a slash at its end.
    url: String,
    key: VerifierKey,
}

impl Line {
    /// The way to the witness with this key at this address.
    pub fn to(url: &str, key: VerifierKey) -> Self {
        Self { agent: agent(url, PATIENCE), url: url.trim_end_matches('/').to_owned(), key }
    }

    /// Asks for a cosignature.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub fn add_checkpoint(&self, message: &AddCheckpoint) -> Result<Answer, Unanswered> {
        let request = self.agent.post(format!("{}/add-checkpoint", self.url)).header("content-type", "text/plain");
        let mut answer = request.send(message.to_string()).map_err(|e| Unanswered::Away(e.to_string()))?;
        match answer.status().as_u16() {
            200 => self.cosigned(message, &read(&mut answer)?),
            403 => Err(Unanswered::OtherKey),
            404 => Err(Unanswered::Stranger),
            409 => size(&read(&mut answer)?).map(Answer::Has).ok_or(Unanswered::Nonsense),
            422 => Ok(Answer::DoesNotGoOn),
            status => Err(Unanswered::Status(status)),
        }
    }

    /// The last checkpoint of a log that it cosigned, as it shows it; nothing in it is checked. `None` if it shows none.
    pub fn last_of(&self, origin: &str) -> Option<String> {
        let mut answer = self.agent.get(format!("{}/{}/checkpoint", self.url, Folder::hash_of(origin))).call().ok()?;
        if answer.status().as_u16() == 200 { read(&mut answer).ok() } else { None }
    }

    /// The line of this witness among those answered; others are passed over.
    fn cosigned(&self, message: &AddCheckpoint, lines: &str) -> Result<Answer, Unanswered> {
        let ours = |line: &NoteSignature| line.name == *self.key.name() && line.id == self.key.id();
        let line = lines.lines().filter_map(|line| line.parse().ok()).find(ours).ok_or(Unanswered::Nonsense)?;
        let note = message.checkpoint.clone().only(vec![line.clone()]);
        match cosignature::seen_at(&note, &self.key) {
            Ok(Some(at)) => Ok(Answer::Cosigned { line, at }),
            Ok(None) | Err(_) => Err(Unanswered::Nonsense),
        }
    }
}

fn size(body: &str) -> Option<u64> {
    let text = body.strip_suffix('\n')?;
    text.parse().ok().filter(|size: &u64| size.to_string() == text)
}

fn read(answer: &mut Response<Body>) -> Result<String, Unanswered> {
    let limit = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    let read = answer.body_mut().with_config().limit(limit).read_to_string();
    read.map_err(|e| Unanswered::Away(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_one_spelling() {
        assert_eq!(size("64\n"), Some(64));
        for wrong in ["64", "064\n", "+64\n", "64\n\n", "", "18446744073709551616\n"] {
            assert_eq!(size(wrong), None, "{wrong:?}");
        }
    }
}
