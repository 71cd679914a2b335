//! What a witness cosigns: checkpoints that a log it follows has signed and that grew from the last one it cosigned.
//!
//! Threat: whoever runs a log shows one history to some and another to others, or goes back to an older one. A witness
//! remembers one checkpoint of each log and never cosigns one that does not go on from it. What it remembers is on disk
//! before the cosignature leaves, so that a crash between the two cannot make it forget.
//!
//! Source: C2SP tlog-witness, "add-checkpoint".

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, PoisonError},
};

use super::{
    folder::Folder,
    request::{AddCheckpoint, Claim, NotARequest},
};
use crate::{
    domain::time::UtcMillis,
    merkle::{
        Hash, cosignature,
        key::{KeyKind, NoteSigner, VerifierKey},
        note::{Note, NoteError},
        proof,
    },
};

/// A witness, with the logs that it follows.
#[derive(Debug)]
pub struct Cosigner {
    signer: NoteSigner,
    logs: Vec<VerifierKey>,
    folder: Folder,
    /// By origin. Held from the comparison until the new record is on disk, so that two requests cannot overtake each other.
    heads: Mutex<BTreeMap<String, Head>>,
}

/// The last checkpoint of a log that was cosigned.
#[derive(Debug, Clone)]
struct Head {
    size: u64,
    root: Hash,
    /// With the log's signature and the cosignature.
    note: String,
}

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not a request.
    #[error(transparent)]
    Malformed(#[from] NotARequest),
    /// More leaves before than now.
    #[error("the old size is larger than the checkpoint's")]
    OldIsLarger,
    /// A log that is not followed.
    #[error("this witness does not follow that log")]
    UnknownLog,
    /// No true signature of a key that is known for the log.
    #[error("the checkpoint is not signed by a key that this witness knows for that log")]
    NotSigned,
    /// Another size than the last one that was cosigned.
    #[error("the last checkpoint that was cosigned has {size} leaves")]
    Conflict {
        /// Its size.
        size: u64,
    },
    /// It does not go on from the last one that was cosigned.
    #[error("the checkpoint does not go on from the last one that was cosigned, or the proof is not one")]
    Inconsistent,
    /// The record cannot be kept, so nothing is cosigned.
    #[error("the record cannot be kept")]
    Disk(#[source] io::Error),
}

/// Why a witness cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// A key that is no log's.
    #[error("{key} is no key of a log: those have the type 01")]
    NotALog {
        /// Which.
        key: String,
    },
    /// A record that is not what this witness wrote.
    #[error(
        "the record of {origin} is not one that this witness wrote for a key that it follows; restore it from a copy, or move it away only if no cosignature of it is still in use"
    )]
    Damaged {
        /// Of which log.
        origin: String,
    },
    /// The disk.
    #[error("the record of {origin} cannot be read")]
    Disk {
        /// Of which log.
        origin: String,
        /// What the system says.
        source: io::Error,
    },
}

impl Cosigner {
    /// A witness with this key and these records, following these logs. A log's key has the name of its origin.
    ///
    /// # Errors
    /// [`NotOpened`] for a record that this key or the log's did not sign: going on from nothing would let a log go back.
    pub fn open(signer: NoteSigner, logs: Vec<VerifierKey>, folder: Folder) -> Result<Self, NotOpened> {
        let mut heads = BTreeMap::new();
        for log in &logs {
            if log.kind() != KeyKind::Note {
                return Err(NotOpened::NotALog { key: log.to_string() });
            }
            let origin = log.name().as_str();
            let note = folder.record(origin).map_err(|source| NotOpened::Disk { origin: origin.to_owned(), source })?;
            let Some(note) = note else { continue };
            let same = logs.iter().filter(|other| other.name() == log.name());
            let head = head_of(&note, same, signer.public()).ok_or(NotOpened::Damaged { origin: origin.to_owned() })?;
            heads.insert(origin.to_owned(), head);
        }
        Ok(Self { signer, logs, folder, heads: Mutex::new(heads) })
    }

    /// The key that others have to know.
    pub const fn key(&self) -> &VerifierKey {
        self.signer.public()
    }

    /// Cosigns the checkpoint in this message: the signature line, which may leave once this returns.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is remembered of it.
    pub fn cosign(&self, message: &[u8], now: UtcMillis) -> Result<String, Refusal> {
        let text = str::from_utf8(message).map_err(|_| NotARequest)?;
        let AddCheckpoint { old, proof, checkpoint } = text.parse()?;
        let claim = Claim::read(checkpoint.unverified())?;
        let note = self.signed(&checkpoint, claim.origin)?;
        if old > claim.size {
            return Err(Refusal::OldIsLarger);
        }
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let last = heads.get(claim.origin).map_or((0, Hash::of_nothing()), |head| (head.size, head.root));
        if old != last.0 {
            return Err(Refusal::Conflict { size: last.0 });
        }
        if let Err(refusal) = goes_on(last, &claim, &proof) {
            self.keep_fork(last, &claim, &note);
            return Err(refusal);
        }
        let at = u64::try_from(now.get() / 1000).unwrap_or_default();
        let line = cosignature::cosign(checkpoint.unverified(), &self.signer, at);
        let note = note.with(line.clone()).to_string();
        self.folder.keep(claim.origin, &note).map_err(Refusal::Disk)?;
        heads.insert(claim.origin.to_owned(), Head { size: claim.size, root: claim.root, note });
        Ok(line.to_string())
    }

    /// The last checkpoint that was cosigned of the log whose origin has this SHA-256, 64 lower-case hex digits.
    pub fn last(&self, origin_hash: &str) -> Option<String> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.iter().find(|(origin, _)| Folder::hash_of(origin) == origin_hash).map(|(_, head)| head.note.clone())
    }

    /// The checkpoint with the signatures of known keys alone: nobody else's lines are kept or passed on.
    fn signed(&self, checkpoint: &Note, origin: &str) -> Result<Note, Refusal> {
        let known: Vec<_> = self.logs.iter().filter(|log| log.name().as_str() == origin).collect();
        if known.is_empty() {
            return Err(Refusal::UnknownLog);
        }
        let mut lines = Vec::new();
        for log in known {
            match checkpoint.verified(log) {
                Ok(_) => lines.extend(checkpoint.signature_of(log).ok().flatten().cloned()),
                Err(NoteError::NotSigned) => {}
                Err(_) => return Err(Refusal::NotSigned),
            }
        }
        if lines.is_empty() { Err(Refusal::NotSigned) } else { Ok(checkpoint.clone().only(lines)) }
    }

    /// Two checkpoints of one size with two roots, both signed by the log, convict whoever runs it.
    fn keep_fork(&self, last: (u64, Hash), claim: &Claim<'_>, note: &Note) {
        if last.0 != claim.size || last.1 == claim.root {
            return;
        }
        tracing::error!(origin = claim.origin, size = claim.size, "a log showed a second history");
        if let Err(error) = self.folder.keep_fork(claim.origin, claim.size, &note.to_string()) {
            tracing::error!(%error, "the second history cannot be kept");
        }
    }
}

/// Whether the checkpoint goes on from the last one.
fn goes_on(last: (u64, Hash), claim: &Claim<'_>, proof: &[Hash]) -> Result<(), Refusal> {
    let is_empty = claim.size == 0 && claim.root != Hash::of_nothing();
    let grown = proof::consistency(last, (claim.size, claim.root), proof);
    if is_empty || grown.is_err() { Err(Refusal::Inconsistent) } else { Ok(()) }
}

/// The head in a record, if a known key of the log and the witness signed it.
fn head_of<'k>(note: &str, mut logs: impl Iterator<Item = &'k VerifierKey>, witness: &VerifierKey) -> Option<Head> {
    let read: Note = note.parse().ok()?;
    let origin_matches =
        |log: &VerifierKey, text: &str| Claim::read(text).is_ok_and(|c| c.origin == log.name().as_str());
    let is_of_log = logs.any(|log| read.verified(log).is_ok_and(|text| origin_matches(log, text)));
    let is_ours = cosignature::seen_at(&read, witness).ok()?.is_some();
    let claim = Claim::read(read.unverified()).ok()?;
    (is_of_log && is_ours).then(|| Head { size: claim.size, root: claim.root, note: note.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        merkle::{
            checkpoint::Checkpoint,
            key::KeyName,
            span::{self, Span},
        },
        witness::folder::Folder,
    };

    const NOW: UtcMillis = UtcMillis::new(1_634_403_300_000);

    fn signer(name: &str, kind: KeyKind, seed: u8) -> NoteSigner {
        NoteSigner::new(KeyName::new(name).unwrap(), kind, &[seed; 32])
    }

    fn log() -> NoteSigner {
        signer("log.example", KeyKind::Note, 1)
    }

    fn opened(folder: &std::path::Path) -> Cosigner {
        let key = signer("union.example/witness", KeyKind::Cosignature, 2);
        Cosigner::open(key, vec![log().public().clone()], Folder::open(folder).unwrap()).unwrap()
    }

    /// A tree whose leaves are numbers; `fork` makes another one from there on.
    fn leaves(size: u64, fork: u64) -> Vec<Hash> {
        (0..size).map(|n| Hash::of_leaf(&[n.to_be_bytes(), u64::from(n >= fork).to_be_bytes()].concat())).collect()
    }

    fn message(old: u64, size: u64, fork: u64) -> AddCheckpoint {
        let all = leaves(size, fork);
        let at =
            |span: Span| Hash::of_row(&all[usize::try_from(span.from).unwrap()..usize::try_from(span.to).unwrap()]);
        let proof =
            if old == 0 { Vec::new() } else { span::consistency(old, size).unwrap().into_iter().map(at).collect() };
        let checkpoint = Checkpoint { origin: "log.example".to_owned(), size, root: Hash::of_row(&all) };
        AddCheckpoint { old, proof, checkpoint: checkpoint.sign(&log()).unwrap() }
    }

    fn asked(witness: &Cosigner, message: &AddCheckpoint) -> Result<String, Refusal> {
        witness.cosign(message.to_string().as_bytes(), NOW)
    }

    #[test]
    fn what_grows_is_cosigned_with_the_time_of_the_witness() {
        let folder = tempfile::tempdir().unwrap();
        let witness = opened(folder.path());
        for (old, size) in [(0, 3), (3, 3), (3, 10), (10, 64)] {
            let message = message(old, size, u64::MAX);
            let line = asked(&witness, &message).unwrap();
            let note = message.checkpoint.with(line.trim_end().parse().unwrap());
            assert_eq!(cosignature::seen_at(&note, witness.key()), Ok(Some(1_634_403_300)));
            assert_eq!(witness.last(&Folder::hash_of("log.example")), Some(note.to_string()));
        }
    }

    #[test]
    fn of_two_histories_the_second_is_refused_and_kept_as_evidence() {
        let folder = tempfile::tempdir().unwrap();
        let witness = opened(folder.path());
        asked(&witness, &message(0, 10, u64::MAX)).unwrap();
        assert!(matches!(asked(&witness, &message(10, 12, 5)), Err(Refusal::Inconsistent)));
        assert!(matches!(asked(&witness, &message(10, 10, 5)), Err(Refusal::Inconsistent)));
        asked(&witness, &message(10, 12, u64::MAX)).unwrap();
        let forks = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        assert_eq!(forks.filter(|name| name.ends_with(".fork-10")).count(), 1);
    }

    #[test]
    fn what_it_cosigned_is_remembered_by_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        asked(&opened(folder.path()), &message(0, 10, u64::MAX)).unwrap();
        let again = opened(folder.path());
        for old in [0, 5, 11] {
            assert!(matches!(asked(&again, &message(old, 12, 4)), Err(Refusal::Conflict { size: 10 })), "{old}");
        }
        asked(&again, &message(10, 12, u64::MAX)).unwrap();
        assert!(matches!(asked(&again, &message(0, 10, u64::MAX)), Err(Refusal::Conflict { size: 12 })), "replayed");
    }

    #[test]
    fn a_record_that_was_changed_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        asked(&opened(folder.path()), &message(0, 10, u64::MAX)).unwrap();
        let file = folder.path().join(Folder::hash_of("log.example"));
        let text = std::fs::read_to_string(&file).unwrap();
        for changed in [String::new(), text.replace("\n10\n", "\n9\n"), text.lines().take(5).collect()] {
            std::fs::write(&file, changed).unwrap();
            let key = signer("union.example/witness", KeyKind::Cosignature, 2);
            let opened = Cosigner::open(key, vec![log().public().clone()], Folder::open(folder.path()).unwrap());
            assert!(matches!(opened, Err(NotOpened::Damaged { .. })));
        }
    }

    #[test]
    fn strangers_forgers_and_nonsense_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let witness = opened(folder.path());
        let good = message(0, 3, u64::MAX);
        let text = good.to_string();
        for bytes in [&b"\xff\xfe"[..], b"", b"old 0\n", text.trim_end().as_bytes()] {
            assert!(matches!(witness.cosign(bytes, NOW), Err(Refusal::Malformed(_))));
        }
        let named = |name: &str, seed| {
            let said = good.checkpoint.unverified().replace("log.example", name);
            let note = Note::sign(&said, &[&signer(name, KeyKind::Note, seed)]).unwrap();
            AddCheckpoint { checkpoint: note, ..good.clone() }
        };
        assert!(matches!(asked(&witness, &named("other.example", 1)), Err(Refusal::UnknownLog)));
        assert!(matches!(asked(&witness, &named("log.example", 3)), Err(Refusal::NotSigned)));
        let (signature, other) = (good.checkpoint.signatures()[0].clone(), message(0, 4, u64::MAX));
        let false_one = AddCheckpoint { checkpoint: other.checkpoint.only(vec![signature.clone()]), ..good.clone() };
        assert!(matches!(asked(&witness, &false_one), Err(Refusal::NotSigned)));
        let twice = AddCheckpoint { checkpoint: good.checkpoint.clone().with(signature), ..good.clone() };
        assert!(matches!(asked(&witness, &twice), Err(Refusal::NotSigned)));
        let larger = AddCheckpoint { old: 4, ..good.clone() };
        assert!(matches!(asked(&witness, &larger), Err(Refusal::OldIsLarger)));
        let proof = AddCheckpoint { proof: vec![Hash([1; 32])], ..good.clone() };
        assert!(matches!(asked(&witness, &proof), Err(Refusal::Inconsistent)));
        let empty = Note::sign("log.example\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", &[&log()]).unwrap();
        let empty = AddCheckpoint { checkpoint: empty, ..good.clone() };
        assert!(matches!(asked(&witness, &empty), Err(Refusal::Inconsistent)));
        assert_eq!(witness.last(&Folder::hash_of("log.example")), None, "nothing was remembered");
    }

    #[test]
    fn a_strangers_signature_beside_the_logs_is_passed_over_and_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let witness = opened(folder.path());
        let mut message = message(0, 3, u64::MAX);
        let stranger = signer("stranger.example", KeyKind::Note, 9);
        let line = Note::sign(message.checkpoint.unverified(), &[&stranger]).unwrap().signatures()[0].clone();
        message.checkpoint = message.checkpoint.with(line);
        asked(&witness, &message).unwrap();
        assert!(!witness.last(&Folder::hash_of("log.example")).unwrap().contains("stranger"));
    }
}
