//! Sealing alone: the very function that filing calls, on every core, for twelve seats.

use std::{
    thread,
    time::{Duration, Instant},
};

use lastlooks::{
    domain::ids::ProductionId,
    entropy::{Entropy, SystemEntropy},
    sealing::{
        cbor,
        filing::{self, Filing, Part, Reads},
        keys::{MemberSeed, SealTo},
        kind::UnitKind,
        receipt::Receipt,
        unit::SealMode,
    },
};

use crate::{cpu, filing_body, show::SEATS};

/// What was seen of sealing alone.
#[derive(Default)]
pub(crate) struct Alone {
    sealed: u64,
    elapsed: Duration,
    on_cores: Duration,
}

impl Alone {
    /// Adds another round.
    pub(crate) fn add(&mut self, round: &Self) {
        self.sealed += round.sealed;
        self.elapsed += round.elapsed;
        self.on_cores += round.on_cores;
    }

    /// Filings sealed per second.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        self.sealed as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// What one takes of a core.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn core_millis(&self) -> f64 {
        1000.0 * self.on_cores.as_secs_f64() / (self.sealed.max(1) as f64)
    }
}

/// Seals for a while on every core.
///
/// # Errors
/// If a filing cannot be sealed.
pub(crate) fn run(length: Duration) -> anyhow::Result<Alone> {
    let cores = thread::available_parallelism()?.get();
    let begun = Instant::now();
    let threads: Vec<_> = (0..cores).map(|_| thread::spawn(move || seal_for(length))).collect();
    let mut alone = Alone::default();
    for thread in threads {
        let (sealed, on_core) = thread.join().map_err(|_| anyhow::anyhow!("sealing broke off"))??;
        alone.sealed += sealed;
        alone.on_cores += on_core;
    }
    alone.elapsed = begun.elapsed();
    Ok(alone)
}

fn seal_for(length: Duration) -> anyhow::Result<(u64, Duration)> {
    let chance: &dyn Entropy = &SystemEntropy;
    let body = filing_body::parsed()?;
    let (shared, union) = (serde_json::to_vec(&body.shared())?, serde_json::to_vec(&body.union())?);
    let own = br#"{"filed_at":1795258800000,"severity":"next_call","raised_because":["category_minimum"],"delay_dropped":false}"#;
    let parts = [
        Part { kind: UnitKind::Shared, body: &shared },
        Part { kind: UnitKind::Union, body: &union },
        Part { kind: UnitKind::Own, body: own },
    ];
    let readers: Vec<(SealTo, Reads)> = SEATS.iter().map(|seat| (reader(chance), reads(seat.side))).collect();
    let seats: Vec<(&SealTo, Reads)> = readers.iter().map(|(seat, reads)| (seat, *reads)).collect();
    let receipt = Receipt::new(chance.bytes());
    let (keys, ledger_key) = (receipt.keys(), receipt.lookup_key().ledger_key());
    let filing = Filing {
        production: ProductionId::new(chance.bytes()),
        reporter: &keys,
        ledger_key: &ledger_key,
        policy_version: 1,
        roster_version: 12,
        clear: &cbor::canonical(&("weapons", "next_setup", "production"))?,
        parts: &parts,
        seats: &seats,
    };
    let (begun, before, mut sealed) = (Instant::now(), cpu::of_this_thread(), 0);
    while begun.elapsed() < length {
        std::hint::black_box(filing::seal_filing(&filing, SealMode::Sealed, chance)?);
        sealed += 1;
    }
    Ok((sealed, cpu::of_this_thread().saturating_sub(before)))
}

fn reader(chance: &dyn Entropy) -> SealTo {
    MemberSeed::new(chance.bytes()).keys().seal_to()
}

fn reads(side: lastlooks::domain::policy::Side) -> Reads {
    use lastlooks::domain::policy::Side;
    match side {
        Side::Union => Reads::SharedAndUnion,
        Side::Production | Side::Observer => Reads::Shared,
    }
}
