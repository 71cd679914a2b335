//! Ticks: what waits gets its place, whatever happens in between.

use futures_util::future::join;
use lastlooks::{
    clock::{Clock as _, SystemClock},
    domain::{ids::ReportId, ledger::Leaf, time::Seconds},
    entropy::{Entropy, SystemEntropy},
    storage::{
        StorageError, beside,
        ledger::{self, PendingRow},
    },
    worker::integrator::Integrator,
};

use super::{all_entries, another_process, head, published, root_of, ticks, turns};
use crate::{
    rust_2021::{begin, body, files},
    support::app::{TestApp, on_each},
};

/// Leaves that wait, and all that opens them.
fn waiting(set: &TestApp) -> Vec<Vec<u8>> {
    // Read by undoing a taking.
    let storage = set.database().open();
    let taken = storage.write_blocking(&[0; 16], |tx| {
        let rows = ledger::take_pending(tx)?;
        let groups: Vec<_> = rows.iter().map(ledger::WaitingRow::leaves).collect::<Result<_, _>>()?;
        Err::<(), _>(Undone(groups.concat().iter().map(|leaf| leaf.to_vec()).collect()))
    });
    taken.unwrap_err().0
}

struct Undone(Vec<Vec<u8>>);

impl From<StorageError> for Undone {
    fn from(error: StorageError) -> Self {
        panic!("{error}")
    }
}

#[test]
fn a_tick_gives_every_pending_leaf_one_place_among_padding() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        let pending = waiting(set);
        assert!(pending.len() > 20, "desks, seats and a report: {}", pending.len());
        let size = published(&ticks(set));
        assert_eq!(size, u64::try_from(pending.len().next_multiple_of(64)).unwrap());
        assert_eq!(waiting(set), Vec::<Vec<u8>>::new());
        let entries = all_entries(set);
        assert_eq!(u64::try_from(entries.len()), Ok(size));
        for leaf in &pending {
            assert_eq!(entries.iter().filter(|entry| *entry == leaf).count(), 1);
        }
        assert!(entries.iter().all(|entry| Leaf::try_from(entry.as_slice()).is_ok()), "all are alike");
        assert_eq!(head(set).root, root_of(&entries));
    });
}

#[test]
fn what_was_pending_comes_in_an_order_of_chance() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        let pending = waiting(set);
        ticks(set);
        let entries = all_entries(set);
        let places: Vec<_> =
            pending.iter().map(|leaf| entries.iter().position(|entry| entry == leaf).unwrap()).collect();
        assert!(!places.is_sorted() && places.iter().any(|place| *place >= pending.len()), "{places:?}");
    });
}

#[test]
fn a_tick_in_which_nothing_happened_adds_64_leaves_and_another_turn_in_it_none() {
    on_each(|set| {
        assert_eq!(published(&ticks(set)), 64);
        assert_eq!(published(&turns(set)), 64);
        set.advance(Seconds(set.app().ledger_tick().0 - 1));
        assert_eq!(published(&turns(set)), 64);
        set.advance(Seconds(1));
        assert_eq!(published(&turns(set)), 128);
        assert_eq!(head(set).size, 128);
    });
}

#[test]
fn ticks_are_fixed_whenever_a_process_started() {
    on_each(|set| {
        let tick = set.app().ledger_tick();
        set.advance(Seconds(17));
        let next = set.wait(Integrator::new(set.app().clone()).turn()).unwrap().again_at;
        assert_eq!(next.get() % tick.millis(), 0);
        assert!(next.since(set.now()) <= tick.millis());
    });
}

#[test]
fn two_processes_share_the_ticks_and_neither_leaves_a_gap() {
    on_each(|set| {
        let other = another_process(set);
        for round in 1..=5 {
            set.advance(set.app().ledger_tick());
            let (mut one, mut two) = (Integrator::new(set.app().clone()), Integrator::new(other.clone()));
            let (one, two) = set.wait(join(one.turn(), two.turn()));
            assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
            turns(set);
            assert_eq!(head(set).size, 64 * round);
        }
        assert_eq!(head(set).root, root_of(&all_entries(set)));
    });
}

#[test]
fn a_head_that_was_committed_and_not_signed_is_signed_at_the_next_start() {
    on_each(|set| {
        ticks(set);
        set.advance(set.app().ledger_tick());
        assert!(set.wait(set.app().integrate(set.now())).unwrap());
        assert_eq!(head(set).size, 64, "nothing is public before it is signed");
        assert_eq!(set.client().send("GET", "/ledger/tile/0/000.p/128", &[], None).status, 404);
        assert_eq!(published(&turns(set)), 128);
        assert_eq!(head(set).root, root_of(&all_entries(set)));
    });
}

#[test]
fn a_clock_that_was_far_ahead_and_is_right_again_stops_no_tick() {
    on_each(|set| {
        set.clock.is_set_by(5 * 86_400);
        ticks(set);
        set.clock.is_set_by(-5 * 86_400);
        assert_eq!(published(&ticks(set)), 128);
    });
}

#[test]
fn a_tile_that_was_changed_stops_the_growing_and_says_so() {
    on_each(|set| {
        ticks(set);
        let storage = set.database().open();
        let narrow = ledger::TileRow { level: 0, n: 0, width: 63, hashes: vec![0; 63 * 32] };
        storage.write_blocking(&[0; 16], move |tx| ledger::put_tiles(tx, std::slice::from_ref(&narrow))).unwrap();
        set.advance(set.app().ledger_tick());
        assert!(set.wait(Integrator::new(set.app().clone()).turn()).is_err());
        assert_eq!(head(set).size, 64);
    });
}

/// Prints how long it takes; ledger.md's figure is for a release build.
#[test]
#[ignore = "for measuring: a hundred thousand leaves in one tick"]
fn a_hundred_thousand_leaves_are_integrated_in_one_tick() {
    on_each(|set| {
        let chance: &dyn Entropy = &SystemEntropy;
        let rows: Vec<_> = (0..100_000)
            .map(|_| {
                let report = ReportId::new(chance.bytes());
                PendingRow {
                    id: beside(report, &chance.bytes()).into(),
                    report_id: Some(report),
                    leaf: (*Leaf::padding(chance.bytes()).as_bytes()).into(),
                    opening: vec![7; 300],
                    recorded_at: set.now(),
                }
            })
            .collect();
        let storage = set.database().open();
        storage.write_blocking(&[0; 16], move |tx| ledger::add_pending(tx, &rows)).unwrap();
        let clock = SystemClock::new();
        let before = clock.monotonic();
        let size = published(&ticks(set));
        println!("{size} leaves in {:?}", clock.monotonic().saturating_sub(before));
        assert_eq!(size, 100_032);
    });
}
