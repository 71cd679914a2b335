//! Checks a bundle; the rules stand at the top of this room.

mod sentences;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    bundle::{Bundle, BundledEntry, BundledPromise, NotABundle, hashes},
    promise::{Broken, Promise},
    quorum::Quorum,
};
use crate::{
    domain::{
        ledger::{LEAF_BYTES, Leaf, LedgerKey, VERSION},
        time::UtcMillis,
    },
    merkle::{
        Hash,
        checkpoint::{Checkpoint, CheckpointError},
        cosignature,
        key::{KeyError, KeyKind, VerifierKey},
        note::Note,
        proof::{self, ProofError},
    },
};

/// What a sound bundle shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// A quorum of trusted witnesses had seen every checkpoint in it.
    pub is_witnessed: bool,
    /// It shows that the host broke its promise.
    pub is_broken: bool,
    /// A sentence for each thing that is established; the first says so if it is not witnessed.
    pub lines: Vec<String>,
}

/// Why a bundle shows nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// It is none.
    #[error(transparent)]
    File(#[from] NotABundle),
    /// A key in it.
    #[error("a key in the bundle cannot be used")]
    Key(#[from] KeyError),
    /// A witness twice, or a key that is no witness's.
    #[error("the bundle lists a witness twice, or one that is none")]
    Witness,
    /// The log of another key than the one that is known.
    #[error("the bundle is of another log than the one that was asked for")]
    OtherLog,
    /// A checkpoint.
    #[error("checkpoint {n}: {reason}")]
    Checkpoint {
        /// Which, from 0.
        n: usize,
        /// What is wrong.
        reason: String,
    },
    /// An entry.
    #[error("entry {n}: {reason}")]
    Entry {
        /// Which, from 0.
        n: usize,
        /// What is wrong.
        reason: String,
    },
    /// A run.
    #[error("run {n}: {reason}")]
    Run {
        /// Which, from 0.
        n: usize,
        /// What is wrong.
        reason: String,
    },
    /// The promise is not one of this host, or cannot be judged by these leaves.
    #[error("promise: {0}")]
    Promise(String),
    /// What it says is not what it shows.
    #[error("what the bundle says is not what it shows")]
    Says,
}

/// A checkpoint that was checked.
struct Head {
    size: u64,
    root: Hash,
    /// When a quorum had seen it.
    seen: Option<UtcMillis>,
}

/// An entry that was checked.
struct Entry<'b> {
    of: &'b BundledEntry,
}

/// A bundle whose parts were checked.
struct Checked<'b> {
    bundle: &'b Bundle,
    keys: Vec<LedgerKey>,
    heads: Vec<Head>,
    entries: Vec<Entry<'b>>,
    /// The leaves of each run.
    runs: Vec<Vec<Leaf>>,
}

/// Checks the text of a bundle. `log` is the log's key where the verifier knows it.
///
/// # Errors
/// [`Unsound`]: the first thing that is wrong.
pub fn check(text: &str, log: Option<&VerifierKey>, quorum: &Quorum) -> Result<Findings, Unsound> {
    let bundle = Bundle::read(text)?;
    let key: VerifierKey = bundle.log.parse()?;
    if log.is_some_and(|log| *log != key) {
        return Err(Unsound::OtherLog);
    }
    let heads = heads(&bundle, &key, quorum)?;
    let keys: Vec<_> = bundle.keys.iter().map(|key| LedgerKey::new(key.0)).collect();
    let mut checked = Checked { bundle: &bundle, keys, heads, entries: Vec::new(), runs: Vec::new() };
    for (n, entry) in bundle.entries.iter().enumerate() {
        checked.entry(entry).map_err(|reason| Unsound::Entry { n, reason })?;
        checked.entries.push(Entry { of: entry });
    }
    for (n, run) in bundle.runs.iter().enumerate() {
        let leaves = checked.run_of(n).map_err(|reason| Unsound::Run { n, reason });
        checked.runs.push(leaves?);
        checked.fits(run).map_err(|reason| Unsound::Run { n, reason })?;
    }
    if checked.says() != bundle.says {
        return Err(Unsound::Says);
    }
    let promised = bundle.promise.as_ref().map(|promise| checked.promise(promise, &key)).transpose()?;
    let is_witnessed = !checked.heads.is_empty() && checked.heads.iter().all(|head| head.seen.is_some());
    let is_broken = promised.as_ref().is_some_and(|judged| judged.is_broken);
    let lines = checked.lines(is_witnessed, promised.map(|judged| judged.says));
    Ok(Findings { is_witnessed, is_broken, lines })
}

/// What a bundle with these parts says; its field `says` has to hold it.
///
/// # Errors
/// [`Unsound`] if a part is not sound.
pub fn says(bundle: &Bundle) -> Result<Vec<String>, Unsound> {
    let key: VerifierKey = bundle.log.parse()?;
    let heads = heads(bundle, &key, &Quorum::default())?;
    let keys: Vec<_> = bundle.keys.iter().map(|key| LedgerKey::new(key.0)).collect();
    let mut checked = Checked { bundle, keys, heads, entries: Vec::new(), runs: Vec::new() };
    for (n, entry) in bundle.entries.iter().enumerate() {
        checked.entry(entry).map_err(|reason| Unsound::Entry { n, reason })?;
        checked.entries.push(Entry { of: entry });
    }
    for n in 0..bundle.runs.len() {
        let leaves = checked.run_of(n).map_err(|reason| Unsound::Run { n, reason })?;
        checked.runs.push(leaves);
    }
    Ok(checked.says())
}

fn heads(bundle: &Bundle, log: &VerifierKey, quorum: &Quorum) -> Result<Vec<Head>, Unsound> {
    let witnesses = witnesses(bundle)?;
    let mut heads: Vec<Head> = Vec::new();
    for (n, text) in bundle.checkpoints.iter().enumerate() {
        let head = head(text, log, &witnesses, quorum).map_err(|reason| Unsound::Checkpoint { n, reason })?;
        if let Some(before) = heads.last() {
            let grown = bundle.consistency.get(n - 1).map(|proof| hashes(proof)).unwrap_or_default();
            grows(before, &head, &grown).map_err(|reason| Unsound::Checkpoint { n, reason })?;
        }
        heads.push(head);
    }
    if bundle.consistency.len() == heads.len().saturating_sub(1) {
        return Ok(heads);
    }
    Err(Unsound::Checkpoint { n: heads.len(), reason: "there are more proofs of growth than checkpoints".to_owned() })
}

fn witnesses(bundle: &Bundle) -> Result<Vec<VerifierKey>, Unsound> {
    let mut known: Vec<VerifierKey> = Vec::new();
    for text in &bundle.witnesses {
        let key: VerifierKey = text.parse()?;
        if key.kind() != KeyKind::Cosignature || known.contains(&key) {
            return Err(Unsound::Witness);
        }
        known.push(key);
    }
    Ok(known)
}

fn head(text: &str, log: &VerifierKey, witnesses: &[VerifierKey], quorum: &Quorum) -> Result<Head, String> {
    let note: Note = text.parse().map_err(|e| format!("{e}"))?;
    let said = Checkpoint::of_note(&note, log).map_err(|e: CheckpointError| e.to_string())?;
    if said.size == 0 {
        return Err("it is of an empty log".to_owned());
    }
    let mut seen = Vec::new();
    for witness in witnesses {
        seen.extend(cosignature::seen_at(&note, witness).map_err(|e| e.to_string())?.map(|at| (witness, at)));
    }
    if note.signatures().len() != seen.len() + 1 {
        return Err("it carries a signature of somebody who is not listed".to_owned());
    }
    let at = quorum.seen_at(|key| seen.iter().find(|(known, _)| *known == key).map(|(_, at)| *at));
    let at = at.map(|seconds| UtcMillis::new(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000)));
    Ok(Head { size: said.size, root: said.root, seen: at })
}

fn grows(before: &Head, head: &Head, proof: &[Hash]) -> Result<(), String> {
    if head.size <= before.size {
        return Err("it is not longer than the one before".to_owned());
    }
    let grown = proof::consistency((before.size, before.root), (head.size, head.root), proof);
    grown.map_err(|e| format!("it does not grow from the one before: {e}"))
}

impl Checked<'_> {
    fn head(&self, n: usize) -> Result<&Head, String> {
        self.heads.get(n).ok_or_else(|| "there is no such checkpoint".to_owned())
    }

    fn entry(&self, entry: &BundledEntry) -> Result<(), String> {
        let key = self.keys.get(entry.key).ok_or("there is no such key")?;
        let head = self.head(entry.checkpoint)?;
        let is_first = entry.checkpoint == 0 || self.head(entry.checkpoint - 1)?.size <= entry.index;
        if !is_first {
            return Err("an earlier checkpoint holds it".to_owned());
        }
        let leaf = Leaf::of(&entry.opening, key);
        let hash = Hash::of_leaf(leaf.as_bytes());
        let proved = proof::inclusion(hash, entry.index, head.size, &hashes(&entry.proof), head.root);
        proved.map_err(|e: ProofError| format!("it is not in the log at its place: {e}"))?;
        let same = self.entries.first().is_none_or(|first| first.of.opening.report == entry.opening.report);
        if same { Ok(()) } else { Err("it is about another report".to_owned()) }
    }

    fn run_of(&self, n: usize) -> Result<Vec<Leaf>, String> {
        let run = self.bundle.runs.get(n).ok_or("there is no such run")?;
        if !matches!(self.entries.get(run.breach), Some(entry) if entry.is_breach()) {
            return Err("it is about no missed deadline".to_owned());
        }
        self.leaves(run.from, run.checkpoint, &run.leaves, &hashes(&run.proof))
    }

    fn leaves(&self, from: u64, checkpoint: usize, leaves: &str, proof: &[Hash]) -> Result<Vec<Leaf>, String> {
        let head = self.head(checkpoint)?;
        let bytes = STANDARD.decode(leaves).map_err(|_| "its leaves are not base64")?;
        let (parts, rest) = bytes.as_chunks::<LEAF_BYTES>();
        let to_end = u64::try_from(parts.len()).ok().and_then(|length| from.checked_add(length)) == Some(head.size);
        if !rest.is_empty() || !to_end {
            return Err("its leaves do not reach to its checkpoint".to_owned());
        }
        let row: Vec<_> = parts.iter().map(|leaf| Hash::of_leaf(leaf)).collect();
        proof::run(from, &row, head.size, proof, head.root).map_err(|e| e.to_string())?;
        let read: Result<Vec<_>, _> = parts.iter().map(|leaf| Leaf::try_from(&leaf[..])).collect();
        let read = read.map_err(|e| e.to_string())?;
        let known = read.iter().all(|leaf| leaf.as_bytes()[0] == VERSION);
        if known { Ok(read) } else { Err("it holds an entry of a version that this program does not know".to_owned()) }
    }

    fn promise(&self, promise: &BundledPromise, log: &VerifierKey) -> Result<Judged, Unsound> {
        let wrong = |reason: &str| Unsound::Promise(reason.to_owned());
        let key: VerifierKey = promise.key.parse()?;
        if key.name().as_str() != format!("{}/promise", log.name()) {
            return Err(wrong("its key is not of this log"));
        }
        let note: Note = promise.note.parse().map_err(|_| wrong("it is no signed note"))?;
        let text = note.verified(&key).map_err(|e| Unsound::Promise(e.to_string()))?;
        let said: Promise = text.parse().map_err(|_| wrong("it is not of this form"))?;
        if said.origin != log.name().as_str() || note.signatures().len() != 1 || promise.from > said.after {
            return Err(wrong("it is of another log, signed by somebody else too, or the leaves begin after it"));
        }
        if self.entries.first().is_some_and(|entry| entry.of.opening.report != said.digest) {
            return Err(wrong("it is about another report"));
        }
        let leaves = self.leaves(promise.from, promise.checkpoint, &promise.leaves, &hashes(&promise.proof));
        let leaves = leaves.map_err(Unsound::Promise)?;
        let seen = self.head(promise.checkpoint).map_err(Unsound::Promise)?.seen;
        Ok(judged(&said, &leaves, seen))
    }
}

/// Whether a promise was kept.
struct Judged {
    is_broken: bool,
    says: String,
}

fn judged(promise: &Promise, leaves: &[Leaf], seen: Option<UtcMillis>) -> Judged {
    let judged = promise.judge(leaves, seen.unwrap_or(promise.in_log_by));
    let (is_broken, says) = match (judged, seen.map(super::shown)) {
        (Err(Broken::Other), _) => {
            (true, "The host broke its promise: what it promised is in the log with other content.".to_owned())
        }
        (Ok(()) | Err(Broken::Missing | Broken::NoOutcome), None) => {
            (false, "The host's promise: without witnesses nobody can say whether it was kept in time.".to_owned())
        }
        (Ok(()), Some(seen)) => (false, format!("The host's promise was kept as of {seen}.")),
        (Err(broken @ (Broken::Missing | Broken::NoOutcome)), Some(seen)) => {
            (true, format!("The host broke its promise: {broken}, as of {seen}."))
        }
    };
    Judged { is_broken, says }
}
