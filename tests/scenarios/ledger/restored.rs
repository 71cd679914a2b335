//! A database that was restored from an older copy: nothing is signed, everything else goes on.

use lastlooks::{
    app::ledger::{SecondHistory, checkpoint_file},
    config::secrets::Secrets,
    merkle::{
        Hash,
        checkpoint::Checkpoint,
        key::{KeyKind, KeyName, NoteSigner},
    },
};

use super::{head, published, refused, ticks};
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

#[test]
fn reopening_begins_another_log_whose_link_names_the_old_head_and_what_is_lost() {
    on_each(|set| {
        let (_western, _) = begin(set);
        let size = published(&ticks(set));
        let old = head(set);
        assert!(set.wait(set.app().reopen_ledger()).is_err(), "a ledger that goes on is not reopened");
        had_published(set, &old.origin, size + 128, Hash([1; 32]));
        refused(ticks(set));
        let reopened = set.wait(set.app().reopen_ledger()).unwrap();
        assert_eq!((reopened.kept, reopened.published), (size, Some(size + 128)));
        assert_eq!(
            reopened.to_string().lines().last(),
            Some(&*format!("lost for ever: entries {size} to {} of the old log", size + 127))
        );
        let grown = published(&ticks(set));
        let new = head(set);
        assert_eq!((new.origin, new.size), (format!("{}/2", old.origin), grown));
        assert_eq!(new.root, super::root_of(&super::all_entries(set)));
        let links: Vec<_> = (size..grown)
            .map(|index| set.client().send("GET", &format!("/ledger/open/{index}"), &[], None))
            .filter(|answer| answer.status == 200)
            .map(|answer| answer.json())
            .filter(|body| body["kind"] == "link")
            .collect();
        assert_eq!(links.len(), 1);
        assert_eq!(links[0]["lost"], serde_json::json!([size, size + 128]));
        assert!(links[0]["head"].as_str().unwrap().starts_with(&format!("{}\n{}\n", old.origin, size + 128)));
        assert_eq!(published(&ticks(set)), grown + 64, "and it goes on");
    });
}

#[test]
fn a_log_that_the_database_has_forgotten_lends_its_name_to_nobody() {
    on_each(|set| {
        ticks(set);
        let second = format!("{}/2", head(set).origin);
        had_published(set, &second, 640, Hash([1; 32]));
        refused(ticks(set));
        let reopened = set.wait(set.app().reopen_ledger()).unwrap();
        assert!(reopened.origin.ends_with("/ledger/3"), "{reopened}");
        assert_eq!(published(&ticks(set)), 128);
    });
}

/// A fork: serve, copy, go on, restore the copy.
#[test]
fn a_file_that_is_restored_from_a_copy_is_refused() {
    let set = TestApp::on(crate::support::TestDatabase::sqlite());
    let (western, mut days) = begin(&set);
    ticks(&set);
    set.wait(set.app().keep_up()).unwrap();
    let file = set.database().folder().unwrap().join("lastlooks.db");
    let copy = std::fs::read(&file).unwrap();
    files(&mut days, &western, 1, body(1));
    drop((days, western));
    let ahead = published(&ticks(&set));
    let set = set.restarted_over(|| {
        // Another file, not the same one with other bytes: a connection that is closing still has the old one.
        for ending in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(file.with_file_name(format!("lastlooks.db{ending}"))));
        }
        std::fs::write(&file, &copy).unwrap();
    });
    match refused(ticks(&set)) {
        SecondHistory::Behind { here, published } => assert!(here < ahead && published == ahead),
        other => panic!("{other}"),
    }
    set.wait(set.app().reopen_ledger()).unwrap();
    published(&ticks(&set));
}
