//! A database that was restored from an older copy: nothing is signed, everything else goes on.

use lastlooks::{
    app::ledger::{LedgerTurn, SecondHistory, checkpoint_file},
    config::secrets::Secrets,
    merkle::{
        Hash,
        checkpoint::Checkpoint,
        key::{KeyKind, KeyName, NoteSigner},
    },
};

use super::{head, published, ticks};
use crate::{
    rust_2021::{begin, body, files},
    support::app::{TestApp, on_each},
};

/// The file as a host would have it that had published more.
fn had_published(set: &TestApp, origin: &str, size: u64, root: Hash) {
    let secrets = Secrets::open(&set.app().settings().secrets_file).unwrap();
    let signer = NoteSigner::new(KeyName::new(origin).unwrap(), KeyKind::Note, secrets.ledger.bytes());
    let note = Checkpoint { origin: origin.to_owned(), size, root }.sign(&signer).unwrap();
    std::fs::write(checkpoint_file(set.folder()), note.to_string()).unwrap();
}

#[track_caller]
fn refused(turn: LedgerTurn) -> SecondHistory {
    match turn {
        LedgerTurn::Refused(why) => why,
        LedgerTurn::Published { size } => panic!("{size} entries were published"),
    }
}

#[test]
fn entries_that_were_published_and_are_missing_stop_the_signing_and_nothing_else() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let size = published(&ticks(set));
        let origin = head(set).origin;
        had_published(set, &origin, size + 64, Hash([1; 32]));
        let why = refused(ticks(set));
        assert_eq!(why, SecondHistory::Behind { here: size, published: size + 64 });
        assert!(why.to_string().contains("lastlooks ledger reopen"), "{why}");
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(crate::rust_2021::on(16, 11, 0));
        assert_eq!(reporter.inbox()["unanswered_by"].as_array().unwrap().len(), 1, "deadlines go on");
        refused(ticks(set));
        assert_eq!(head(set).size, size, "nothing was signed");
    });
}

#[test]
fn entries_that_are_others_than_those_published_stop_the_signing() {
    on_each(|set| {
        let size = published(&ticks(set));
        had_published(set, &head(set).origin, size, Hash([1; 32]));
        assert_eq!(refused(ticks(set)), SecondHistory::Other { published: size });
    });
}

#[test]
fn a_checkpoint_of_an_unknown_log_or_of_nobody_stops_the_signing() {
    on_each(|set| {
        ticks(set);
        had_published(set, "other.example/ledger", 64, Hash([1; 32]));
        assert_eq!(refused(ticks(set)), SecondHistory::Unknown { origin: "other.example/ledger".to_owned() });
        std::fs::write(checkpoint_file(set.folder()), "nothing of ours\n").unwrap();
        assert_eq!(refused(ticks(set)), SecondHistory::Damaged);
    });
}
