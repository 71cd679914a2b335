//! Makes bundles: what a report's entries prove, for whoever may see the report.
//!
//! Whoever gets a bundle gets L with it, as every seat has it in its envelope. The production side's bundles leave out
//! what its members are never shown: who was told or opened, and levels with no one.
//!
//! Source: ledger.md, "What a bundle says"; security.md, "Kept out".

use std::collections::{BTreeSet, HashMap};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    app::{App, context::corrupt, error::AppError, record::Subject, sight::Reader},
    domain::{
        ids::ReportId,
        ledger::{Digest, EntryKind, Leaf, LedgerKey, Opening},
        policy::{Level, Side},
        time::{Seconds, UtcMillis},
    },
    evidence::{
        bundle::{Bundle, BundledEntry, BundledPromise, BundledRun, FORMAT, Written, written},
        check,
        promise::Promise,
        quorum::Quorum,
    },
    merkle::{
        Hash,
        span::{self, Span},
    },
    sealing::receipt::Receipt,
    storage::{
        Conn,
        heads::{self, CheckpointRow},
        ledger, reports,
    },
};

use super::{cosigned::Heads, publish::hashes_of, read::published};

/// How long after a deadline the log is shown to hold nothing.
const GRACE: Seconds = Seconds::hours(1);

/// What a bundle is made from.
struct Making {
    keys: Vec<LedgerKey>,
    production_side: bool,
    /// The reporter's promise, signed.
    promise: Option<(Promise, BundledPromise)>,
    /// The log's verifier key.
    log_key: String,
    /// Whose word on time the parts rest on, where they gave it.
    quorum: Quorum,
}

/// An entry of the report that is in the published log.
struct Found {
    index: u64,
    key: usize,
    opening: Opening,
}

/// A run that is wanted: the entry it is about, where it begins, the size at which it ends.
struct Wanted {
    breach: usize,
    from: u64,
    to: u64,
}

impl App {
    /// The bundle of whoever holds a receipt.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a receipt that opens nothing; [`AppError::Unavailable`].
    pub async fn inbox_proof(&self, receipt: &Receipt) -> Result<Bundle, AppError> {
        let lookup = receipt.lookup_key();
        let row = lookup.row(&self.inner.keys.lookup);
        let app = self.clone();
        let read = move |conn: &mut Conn| {
            let row = reports::by_lookup(conn, &row)?.ok_or(AppError::NotFound)?;
            app.subject_of(conn, row)
        };
        let subject = self.inner.storage.read(read).await?;
        let promise = self.bundled_promise(&subject, &lookup.ledger_key()).await?;
        let keys = vec![*lookup.ledger_key().as_bytes(), subject.row.ledger_key.0];
        self.bundle(subject, keys, false, promise).await
    }

    /// The bundle of a member who may see the report.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a report that does not exist, or not for this member; [`AppError::Unavailable`].
    pub async fn report_proof(&self, reader: Reader<'_>, id: ReportId) -> Result<Bundle, AppError> {
        let subject = self.subject(id).await?;
        let side = subject.sight(reader.member).ok_or(AppError::NotFound)?.side();
        let keys = vec![subject.row.ledger_key.0];
        self.bundle(subject, keys, side != Side::Union, None).await
    }

    /// The proof that the leaf at this place stands in the last published head, from its sibling up.
    ///
    /// # Errors
    /// [`AppError::NotFound`] beyond the published tree.
    pub async fn inclusion_proof(&self, index: u64) -> Result<Vec<Hash>, AppError> {
        let read = move |conn: &mut Conn| {
            let size = published(conn)?;
            let spans = span::inclusion(index, size).ok_or(AppError::NotFound)?;
            Ok(hashes_of(conn, &spans)?)
        };
        // A wider tile proves as well for what was published before.
        self.inner.storage.read_added(read).await
    }

    async fn bundled_promise(
        &self,
        subject: &Subject,
        key: &crate::sealing::receipt::LedgerKey,
    ) -> Result<Option<(Promise, BundledPromise)>, AppError> {
        let Some(promise) = self.filing_promise(subject, key).await? else { return Ok(None) };
        let Some(note) = self.promise_of_filing(subject, key).await? else { return Ok(None) };
        let key = self.inner.ledger.promise(&promise.origin)?.public().to_string();
        let bundled =
            BundledPromise { key, note, from: promise.after, checkpoint: 0, leaves: String::new(), proof: Vec::new() };
        Ok(Some((promise, bundled)))
    }

    async fn bundle(
        &self,
        subject: Subject,
        mut keys: Vec<[u8; 32]>,
        production_side: bool,
        promise: Option<(Promise, BundledPromise)>,
    ) -> Result<Bundle, AppError> {
        keys.dedup();
        let log_key = self.ledger_view().await?.key;
        let keys = keys.into_iter().map(LedgerKey::new).collect();
        let quorum = self.inner.settings.witnesses.clone();
        let making = Making { keys, production_side, promise, log_key, quorum };
        self.inner.storage.read(move |conn| making.make(conn, &subject)).await
    }
}

impl Making {
    fn make(&self, conn: &mut Conn, subject: &Subject) -> Result<Bundle, AppError> {
        let log = heads::log(conn)?.ok_or(AppError::NotFound)?;
        let log = Heads { log: log.number, quorum: &self.quorum };
        let entries = self.entries(conn, subject.row.id)?;
        let wanted = wanted(conn, &log, &entries)?;
        let promised = self.promised_to(conn, &log)?;
        let ends: Vec<u64> = wanted.iter().map(|run| run.to).chain(promised).collect();
        let rows = chosen(conn, &log, &entries, &wanted, &ends)?;
        let sizes: Vec<u64> = rows.iter().map(|row| row.size.unsigned_abs()).collect();
        let mut bundle = Bundle {
            format: FORMAT.to_owned(),
            says: Vec::new(),
            log: self.log_key.clone(),
            witnesses: Vec::new(),
            keys: self.keys.iter().map(|key| Digest(*key.as_bytes())).collect(),
            checkpoints: Vec::new(),
            consistency: grown(conn, &sizes)?,
            entries: entries.into_iter().map(|found| bundled(conn, &sizes, found)).collect::<Result<_, _>>()?,
            runs: wanted.iter().map(|run| bundled_run(conn, &sizes, run)).collect::<Result<_, _>>()?,
            promise: self.promise(conn, &sizes, promised)?,
        };
        for row in rows {
            let lines = heads::cosignatures(conn, row.log, row.size)?;
            for line in lines.iter().filter(|line| !bundle.witnesses.contains(&line.witness)).collect::<Vec<_>>() {
                bundle.witnesses.push(line.witness.clone());
            }
            bundle.checkpoints.push(lines.iter().fold(row.note, |note, line| note + &line.line));
        }
        bundle.says = check::says(&bundle).map_err(|e| AppError::internal(e.to_string()))?;
        Ok(bundle)
    }

    /// The report's entries that are published and may be shown, in the order in which they happened.
    fn entries(&self, conn: &mut Conn, id: ReportId) -> Result<Vec<Found>, AppError> {
        let published = published(conn)?;
        let (mut found, mut links) = (Vec::new(), HashMap::new());
        for row in ledger::openings_of(conn, id)? {
            let opening = decoded(&row.opening)?;
            let leaf = leaf_at(conn, row.idx)?;
            let Some(key) = self.keys.iter().position(|key| leaf.open(&opening, key).is_ok()) else { continue };
            links.insert(leaf.digest(), opening.previous);
            let index = row.idx.unsigned_abs();
            if index < published && self.shows(&opening) {
                found.push((place(leaf.digest(), &links), leaf.digest(), Found { index, key, opening }));
            }
        }
        // All links are known only now.
        let mut sorted: Vec<_> =
            found.into_iter().map(|(_, digest, entry)| ((entry.key, place(digest, &links)), entry)).collect();
        sorted.sort_by_key(|(at, _)| *at);
        Ok(sorted.into_iter().map(|(_, entry)| entry).collect())
    }

    fn shows(&self, opening: &Opening) -> bool {
        let hidden = match opening.kind {
            EntryKind::NoRecipient | EntryKind::Notified | EntryKind::Opened => true,
            // Of the report as a whole it moves a check, which chance alone may have asked for.
            EntryKind::Extended => opening.level == Level(0),
            EntryKind::Assigned
            | EntryKind::NotNotified
            | EntryKind::Unreachable
            | EntryKind::Acknowledged
            | EntryKind::Answered
            | EntryKind::Completed
            | EntryKind::Verified
            | EntryKind::NotVerified
            | EntryKind::Unanswered
            | EntryKind::PromisedNotDone
            | EntryKind::Exhausted
            | EntryKind::Withdrawn
            | EntryKind::NotCredible
            | EntryKind::Rejected
            | EntryKind::Contested
            | EntryKind::Lifted => false,
        };
        !(self.production_side && hidden)
    }

    /// The size at which the promise is judged: the first head after its last time, else the last head.
    fn promised_to(&self, conn: &mut Conn, log: &Heads<'_>) -> Result<Option<u64>, AppError> {
        let Some((promise, _)) = &self.promise else { return Ok(None) };
        let last = promise.outcomes.iter().map(|outcome| outcome.by).max().unwrap_or(promise.in_log_by);
        end(conn, log, last.plus_millis(1)).map(|to| to.filter(|to| *to > promise.after))
    }

    fn promise(&self, conn: &mut Conn, sizes: &[u64], to: Option<u64>) -> Result<Option<BundledPromise>, AppError> {
        let (Some((_, promise)), Some(to)) = (&self.promise, to) else { return Ok(None) };
        let (leaves, proof) = run(conn, promise.from, to)?;
        Ok(Some(BundledPromise { checkpoint: position(sizes, to)?, leaves, proof, ..promise.clone() }))
    }
}

/// What opens a leaf, as it was kept. A row in another spelling was changed, though it may say the same.
pub(super) fn decoded(bytes: &[u8]) -> Result<Opening, AppError> {
    let opening = ciborium::from_reader(bytes).map_err(AppError::internal)?;
    if super::encoded(&opening)? == bytes { Ok(opening) } else { Err(corrupt("what opens a leaf is spelt otherwise")) }
}

/// How many entries of the report stand before this one.
fn place(leaf: Digest, links: &HashMap<Digest, Option<Digest>>) -> usize {
    let before = std::iter::successors(Some(leaf), |leaf| links.get(leaf).copied().flatten());
    before.take(links.len() + 1).count()
}

fn leaf_at(conn: &mut Conn, idx: i64) -> Result<Leaf, AppError> {
    let rows = ledger::leaves(conn, idx, idx + 1)?;
    let row = rows.first().ok_or_else(|| corrupt("a leaf of the ledger is missing"))?;
    Leaf::try_from(row.leaf.0.as_slice()).map_err(AppError::internal)
}

/// A run for each missed deadline that was not lifted, where the log reaches beyond it.
fn wanted(conn: &mut Conn, log: &Heads<'_>, entries: &[Found]) -> Result<Vec<Wanted>, AppError> {
    let mut wanted = Vec::new();
    for (breach, entry) in entries.iter().enumerate() {
        let Some(due) = entry.opening.deadline.filter(|_| is_silence(entry.opening.kind)) else { continue };
        let same = |other: &&Found| {
            let of = |found: &Found| (found.key, found.opening.level, found.opening.cycle);
            of(other) == of(entry)
        };
        let is = |kind: EntryKind| move |found: &&Found| found.opening.kind == kind;
        let is_lifted =
            entries.iter().filter(same).filter(is(EntryKind::Lifted)).any(|l| l.opening.deadline == Some(due));
        let start = entries.iter().filter(same).filter(is(EntryKind::Assigned)).find(|a| a.opening.n == 0);
        let (Some(start), false) = (start, is_lifted) else { continue };
        let from = log.up_to(conn, start.index.cast_signed())?;
        let from = from.map_or(0, |row| row.size.unsigned_abs());
        // Before that hour is over nobody can say what the log holds by then, and without witnesses no verifier would notice.
        if heads::checkpoint_since(conn, log.log, due.plus(GRACE))?.is_none() {
            continue;
        }
        if let Some(to) = end(conn, log, due.plus(GRACE))?.filter(|to| *to > from) {
            wanted.push(Wanted { breach, from, to });
        }
    }
    Ok(wanted)
}

const fn is_silence(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Unanswered | EntryKind::NotNotified | EntryKind::Unreachable | EntryKind::PromisedNotDone)
}

/// The size of the first head that was seen then or later, else of the last one.
fn end(conn: &mut Conn, log: &Heads<'_>, at: UtcMillis) -> Result<Option<u64>, AppError> {
    Ok(log.since(conn, at)?.map(|row| row.size.unsigned_abs()))
}

/// The checkpoints that the parts of a bundle need, each once, the shortest first.
fn chosen(
    conn: &mut Conn,
    log: &Heads<'_>,
    entries: &[Found],
    runs: &[Wanted],
    ends: &[u64],
) -> Result<Vec<CheckpointRow>, AppError> {
    // Where runs begin and end, exactly; and for each entry the nearest head that holds it.
    let begins = runs.iter().map(|run| run.from).filter(|from| *from > 0);
    let mut sizes: BTreeSet<u64> = begins.chain(ends.iter().copied()).collect();
    let holding: BTreeSet<u64> = entries.iter().map(|entry| entry.index + 1).collect();
    let mut nearest = 0;
    for size in holding {
        if nearest < size {
            let row = log.from(conn, size.cast_signed())?;
            nearest = row.ok_or_else(|| corrupt("a published entry has no checkpoint"))?.size.unsigned_abs();
            sizes.insert(nearest);
        }
    }
    let row = |size: u64| {
        let row = heads::checkpoint_from(conn, log.log, size.cast_signed())?;
        row.ok_or_else(|| corrupt("a run ends at no checkpoint"))
    };
    sizes.into_iter().map(row).collect()
}

fn grown(conn: &mut Conn, sizes: &[u64]) -> Result<Vec<Vec<Written>>, AppError> {
    sizes.windows(2).map(|pair| proved(conn, span::consistency(pair[0], pair[1]))).collect()
}

fn bundled(conn: &mut Conn, sizes: &[u64], found: Found) -> Result<BundledEntry, AppError> {
    let checkpoint = sizes.partition_point(|size| *size <= found.index);
    let size = sizes.get(checkpoint).copied().unwrap_or_default();
    let Found { index, key, opening } = found;
    Ok(BundledEntry { index, checkpoint, key, opening, proof: proved(conn, span::inclusion(index, size))? })
}

fn bundled_run(conn: &mut Conn, sizes: &[u64], wanted: &Wanted) -> Result<BundledRun, AppError> {
    let Wanted { breach, from, to } = *wanted;
    let (leaves, proof) = run(conn, from, to)?;
    Ok(BundledRun { breach, from, checkpoint: position(sizes, to)?, leaves, proof })
}

/// All leaves of a run, and that they are all.
fn run(conn: &mut Conn, from: u64, to: u64) -> Result<(String, Vec<Written>), AppError> {
    let rows = ledger::leaves(conn, from.cast_signed(), to.cast_signed())?;
    let bytes: Vec<u8> = rows.iter().flat_map(|row| row.leaf.0).collect();
    Ok((STANDARD.encode(bytes), proved(conn, span::run(from, to, to))?))
}

fn proved(conn: &mut Conn, spans: Option<Vec<Span>>) -> Result<Vec<Written>, AppError> {
    let spans = spans.ok_or_else(|| corrupt("an entry stands beyond its checkpoint"))?;
    Ok(written(hashes_of(conn, &spans)?))
}

fn position(sizes: &[u64], size: u64) -> Result<usize, AppError> {
    sizes.binary_search(&size).map_err(|_| corrupt("a run ends at no checkpoint"))
}
