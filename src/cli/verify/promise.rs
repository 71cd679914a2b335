//! A promise against the public log: which leaves the log holds since the promise, whether the promised ones are among them.
//!
//! The log is read from a host or from a folder that somebody mirrored: checkpoint, keys, tiles, entries. What comes out
//! is a bundle like any other, with nothing in it but the promise, so that the script and the page judge it too.
//!
//! Source: ledger.md, "Promises".

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ureq::Agent;

use crate::{
    agent::agent,
    domain::ledger::Leaf,
    evidence::{
        bundle::{Bundle, BundledPromise, FORMAT, written},
        check,
        promise::Promise,
        quorum::Quorum,
    },
    merkle::{
        Hash,
        checkpoint::Checkpoint,
        cosignature, entries,
        key::VerifierKey,
        note::Note,
        path::{TileOf, TilePath},
        span::{self, Span},
        tile::{FULL, TileAt, Tiles, needed},
    },
};

/// Time for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of one tile or note, at most.
const MOST_BYTES: u64 = 1 << 17;
/// Leaves that are looked through, at most: more than two years of ticks.
const MOST_LEAVES: u64 = 4 << 20;

/// Where the public log is read.
enum Log {
    /// A host or mirror; its address up to `/ledger/`, with that slash.
    Host(Box<Agent>, String),
    /// A folder with the same files.
    Folder(PathBuf),
}

impl Log {
    fn of(text: &str) -> Self {
        if text.starts_with("http://") || text.starts_with("https://") {
            let base = text.trim_end_matches('/');
            let base = if base.ends_with("/ledger") { base.to_owned() } else { format!("{base}/ledger") };
            return Self::Host(Box::new(agent(text, PATIENCE)), format!("{base}/"));
        }
        Self::Folder(PathBuf::from(text))
    }

    fn read(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Host(agent, base) => {
                let url = format!("{base}{path}");
                let mut answer = agent.get(&url).call().with_context(|| url.clone())?;
                let status = answer.status().as_u16();
                ensure!(status == 200, "{url} answers {status}");
                answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec().with_context(|| url)
            }
            Self::Folder(folder) => {
                let path = folder.join(path);
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
            }
        }
    }

    fn text(&self, path: &str) -> anyhow::Result<String> {
        String::from_utf8(self.read(path)?).with_context(|| format!("{path} is no text"))
    }

    /// A tile as wide as a tree of this size has it; a wider one does as well.
    fn tile(&self, what: TileOf, n: u64, width: u64) -> anyhow::Result<Vec<u8>> {
        let partial = u8::try_from(width).ok();
        let path = |partial| format!("tile/{}", TilePath { what, n, partial });
        // A mirror may hold the full tile in the place of a partial one.
        self.read(&path(partial)).or_else(|error| if partial.is_some() { self.read(&path(None)) } else { Err(error) })
    }
}

/// A bundle about this promise, out of the public log. `known` is the log's key where it is known.
///
/// # Errors
/// If the log cannot be read, or is not what its checkpoint says.
pub(super) fn bundle(
    promise: &Path,
    from: &str,
    known: Option<&VerifierKey>,
    quorum: &Quorum,
) -> anyhow::Result<Bundle> {
    let note = fs::read_to_string(promise).with_context(|| format!("cannot read {}", promise.display()))?;
    let log = Log::of(from);
    let keys = log.text("key")?;
    let [log_key, promise_key] = keys.lines().collect::<Vec<_>>()[..] else { bail!("the log names no two keys") };
    let log_key: VerifierKey = log_key.parse().context("the log's key")?;
    let promise_key: VerifierKey = promise_key.parse().context("the key of promises")?;
    ensure!(known.is_none_or(|known| *known == log_key), "this is another log than the one that was asked for");
    let read: Note = note.parse().context("the promise")?;
    let said: Promise = read.verified(&promise_key).context("the promise")?.parse()?;
    let (checkpoint, head, witnesses) = checkpoint(&log, &log_key, quorum)?;
    ensure!(head.size > said.after, "the log has not grown since the promise: there is nothing yet to judge it by");
    ensure!(head.size - said.after <= MOST_LEAVES, "the log has grown too much since the promise for this program");
    let (leaves, proof) = run(&log, said.after, head.size)?;
    let bundled = BundledPromise {
        key: promise_key.to_string(),
        note,
        from: said.after,
        checkpoint: 0,
        leaves: STANDARD.encode(leaves),
        proof: written(proof),
    };
    let mut bundle = Bundle {
        format: FORMAT.to_owned(),
        says: Vec::new(),
        log: log_key.to_string(),
        witnesses: witnesses.iter().map(ToString::to_string).collect(),
        keys: Vec::new(),
        checkpoints: vec![checkpoint],
        consistency: Vec::new(),
        entries: Vec::new(),
        runs: Vec::new(),
        promise: Some(bundled),
    };
    bundle.says = check::says(&bundle)?;
    Ok(bundle)
}

/// The last checkpoint with the cosignatures of witnesses that are trusted. Others are left out: nobody here knows them.
fn checkpoint(log: &Log, key: &VerifierKey, quorum: &Quorum) -> anyhow::Result<(String, Checkpoint, Vec<VerifierKey>)> {
    let note: Note = log.text("checkpoint")?.parse().context("the checkpoint")?;
    let head = Checkpoint::of_note(&note, key).context("the checkpoint")?;
    let mut witnesses = Vec::new();
    let mut kept =
        format!("{}\n{}", note.unverified(), note.signature_of(key)?.map(ToString::to_string).unwrap_or_default());
    for trusted in &quorum.0 {
        if cosignature::seen_at(&note, &trusted.key).context("the checkpoint")?.is_some()
            && !witnesses.contains(&trusted.key)
        {
            kept.extend(note.signature_of(&trusted.key)?.map(ToString::to_string));
            witnesses.push(trusted.key.clone());
        }
    }
    Ok((kept, head, witnesses))
}

/// All leaves from a place on, and that they are all.
fn run(log: &Log, from: u64, size: u64) -> anyhow::Result<(Vec<u8>, Vec<Hash>)> {
    let mut leaves = Vec::new();
    for n in from / FULL..size.div_ceil(FULL) {
        let width = (size - n * FULL).min(FULL);
        let tile = log.tile(TileOf::Entries, n, width)?;
        let entries = entries::decode(&tile).with_context(|| format!("the entries {n} are none"))?;
        for (index, entry) in (n * FULL..size).zip(entries) {
            if index >= from {
                leaves.extend(Leaf::try_from(entry).with_context(|| format!("entry {index}"))?.as_bytes());
            }
        }
    }
    let spans: Vec<Span> = span::run(from, size, size).context("the log is shorter than the promise says")?;
    let mut tiles = Tiles::default();
    for at in needed(&spans) {
        tiles.add(at, hashes(log, at, size)?);
    }
    Ok((leaves, tiles.hashes(&spans).context("a tile of the log is too narrow")?))
}

fn hashes(log: &Log, at: TileAt, size: u64) -> anyhow::Result<Vec<Hash>> {
    let tile = log.tile(TileOf::Hashes(at.level), at.n, at.width(size))?;
    let (hashes, rest) = tile.as_chunks::<32>();
    ensure!(rest.is_empty(), "tile {} of level {} is no row of hashes", at.n, at.level);
    Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
}
