//! The public ledger, as a stranger meets it.

mod audit;
mod claims;
mod dropped;
mod flips;
mod integrating;
mod outsider;
mod packet;
mod proving;
mod restored;
mod runs;
mod served;
mod spellings;
mod verifiers;
mod witness;
mod witnessed;

use lastlooks::{
    app::{
        App,
        ledger::{LedgerTurn, SecondHistory},
    },
    cli::assemble::{Assembly, Tables},
    merkle::{Hash, checkpoint::Checkpoint, entries, key::VerifierKey, note::Note},
    worker::integrator::Integrator,
};

use crate::support::app::{TestApp, Wanted};

/// Another process of the same host, on the same database and folder.
pub fn another_process(set: &TestApp) -> App {
    let assembly = Assembly {
        clock: set.clock.clone(),
        cost: Wanted::default().cost,
        ..Assembly::standard(set.app().settings().clone(), Tables::Expect)
    };
    assembly.open().unwrap()
}

/// One turn of an integrator, on to the next tick first.
#[track_caller]
pub fn ticks(set: &TestApp) -> LedgerTurn {
    set.advance(set.app().ledger_tick());
    turns(set)
}

/// One turn of an integrator that was just started.
#[track_caller]
pub fn turns(set: &TestApp) -> LedgerTurn {
    set.wait(Integrator::new(set.app().clone()).turn()).unwrap().ledger
}

/// The size that a tick published.
#[track_caller]
pub fn published(turn: &LedgerTurn) -> u64 {
    match turn {
        LedgerTurn::Published { size } => *size,
        LedgerTurn::Refused(why) => panic!("{why}"),
    }
}

/// Why a tick published nothing.
#[track_caller]
pub fn refused(turn: LedgerTurn) -> SecondHistory {
    match turn {
        LedgerTurn::Refused(why) => why,
        LedgerTurn::Published { size } => panic!("{size} entries were published"),
    }
}

/// What is served at an address below `/ledger/`.
#[track_caller]
pub fn served(set: &TestApp, path: &str) -> Vec<u8> {
    let answer = set.client().send("GET", &format!("/ledger/{path}"), &[], None);
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

/// The log's key and that of promises.
pub fn keys(set: &TestApp) -> (VerifierKey, VerifierKey) {
    let text = String::from_utf8(served(set, "key")).unwrap();
    let keys: Vec<VerifierKey> = text.lines().map(|line| line.parse().unwrap()).collect();
    let [log, promise] = keys.try_into().unwrap();
    (log, promise)
}

/// The checkpoint that is served, with its signature checked.
#[track_caller]
pub fn head(set: &TestApp) -> Checkpoint {
    let note: Note = String::from_utf8(served(set, "checkpoint")).unwrap().parse().unwrap();
    Checkpoint::of_note(&note, &keys(set).0).unwrap()
}

/// Every entry of the published log, out of its bundles.
pub fn all_entries(set: &TestApp) -> Vec<Vec<u8>> {
    let size = head(set).size;
    let (full, rest) = (size / 256, size % 256);
    let mut paths: Vec<String> = (0..full).map(|n| format!("tile/entries/{n:03}")).collect();
    if rest > 0 {
        paths.push(format!("tile/entries/{full:03}.p/{rest}"));
    }
    let bundles = paths.iter().map(|path| served(set, path));
    bundles
        .flat_map(|bundle| entries::decode(&bundle).unwrap().into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect()
}

/// The root over these entries.
pub fn root_of(entries: &[Vec<u8>]) -> Hash {
    Hash::of_row(&entries.iter().map(|entry| Hash::of_leaf(entry)).collect::<Vec<_>>())
}

/// Goes on to a quarter past noon of the first day, tick by tick: a level was silent, and the hour after its deadline is over.
#[track_caller]
pub fn until_noon(set: &TestApp, days: &mut crate::support::days::Days<'_>) {
    verifiers::until(set, days, crate::rust_2021::on(16, 12, 15));
}
