//! Walking everything: what was changed behind the service's back is found and named.

use diesel::{RunQueryDsl, sql_query};
use lastlooks::storage::{StorageError, Tx};

use super::{ticks, turns};
use crate::{
    rust_2021::{begin, body, files, on},
    support::app::{TestApp, on_each},
};

/// What walking the ledger comes to, in words.
fn audit(set: &TestApp) -> Result<String, String> {
    let mut told = Vec::new();
    let audited = set.app().audit_ledger(&mut |line| told.push(line.to_owned()));
    audited.map(|sound| format!("{}\n{sound}", told.join("\n"))).map_err(|flaw| flaw.to_string())
}

/// Changes a row behind the triggers, as somebody with the database in hand would.
fn behind_the_triggers(set: &TestApp, table: &str, sql: &str) {
    let lift = match set.database().folder() {
        Some(_) => format!("DROP TRIGGER {table}_unchanged"),
        None => format!("ALTER TABLE {table} DISABLE TRIGGER USER"),
    };
    changes(set, &[&lift, sql]);
}

/// Runs statements on the database, in one transaction.
fn changes(set: &TestApp, statements: &[&str]) {
    let statements: Vec<String> = statements.iter().map(|&sql| sql.to_owned()).collect();
    let write = move |tx: &mut Tx| {
        statements.iter().try_for_each(|sql| sql_query(sql).execute(tx).map(drop)).map_err(StorageError::from)
    };
    set.database().open().write_blocking(&[0; 16], write).unwrap();
}

/// A service with a report that one level left unanswered, in the log.
fn lived(set: &TestApp) {
    let (western, mut days) = begin(set);
    ticks(set);
    files(&mut days, &western, 1, body(1));
    days.until(on(16, 11, 0));
    turns(set);
    ticks(set);
}

#[test]
fn a_sound_ledger_is_walked_to_its_end() {
    on_each(|set| {
        lived(set);
        let told = audit(set).unwrap();
        assert!(told.contains("1 reports have the entries of their events"), "{told}");
        assert!(told.lines().last().unwrap().starts_with("sound: "), "{told}");
    });
}

#[test]
fn a_changed_leaf_is_named() {
    on_each(|set| {
        lived(set);
        behind_the_triggers(
            set,
            "ledger_leaves",
            "UPDATE ledger_leaves SET leaf = (SELECT leaf FROM ledger_leaves WHERE idx = 4) WHERE idx = 3",
        );
        assert_eq!(audit(set).unwrap_err(), "tile 0 of level 0 does not hold the hashes of what is below it");
    });
}

#[test]
fn a_changed_checkpoint_is_named() {
    on_each(|set| {
        lived(set);
        behind_the_triggers(
            set,
            "ledger_checkpoints",
            "UPDATE ledger_checkpoints SET note = replace(note, '=', 'A') WHERE size = (SELECT min(size) FROM ledger_checkpoints)",
        );
        let flaw = audit(set).unwrap_err();
        assert!(flaw.starts_with("the checkpoint of "), "{flaw}");
    });
}

#[test]
fn a_changed_event_is_named() {
    on_each(|set| {
        lived(set);
        behind_the_triggers(
            set,
            "events",
            "UPDATE events SET body = replace(body, '\"unanswered\"', '\"not_notified\"')",
        );
        let flaw = audit(set).unwrap_err();
        assert!(flaw.starts_with("report ") && flaw.ends_with("is not as it was written"), "{flaw}");
    });
}

#[test]
fn a_changed_state_is_named() {
    on_each(|set| {
        lived(set);
        let sql = "UPDATE reports SET state = replace(state, '\"unanswered\"', '\"not_notified\"')";
        changes(set, &[sql]);
        let flaw = audit(set).unwrap_err();
        assert!(flaw.starts_with("report ") && flaw.contains("its state is not what its events make"), "{flaw}");
    });
}

#[test]
fn entries_that_cannot_be_taken_apart_are_named_by_their_report() {
    on_each(|set| {
        lived(set);
        let first = "SELECT id FROM ledger_openings WHERE report_id IS NOT NULL ORDER BY id LIMIT 1";
        // Its leaf has one place, and it seems to open two.
        let sql = format!("UPDATE ledger_openings SET packed = packed || packed WHERE id = ({first})");
        changes(set, &[&sql]);
        let flaw = audit(set).unwrap_err();
        assert!(flaw.starts_with("the ledger cannot be read: report ") && flaw.contains("not as many"), "{flaw}");
    });
}

#[test]
fn an_entry_that_was_taken_out_is_missed() {
    on_each(|set| {
        lived(set);
        let sql = "DELETE FROM ledger_openings WHERE id = (SELECT id FROM ledger_openings WHERE report_id IS NOT NULL ORDER BY id LIMIT 1)";
        changes(set, &[sql]);
        let flaw = audit(set).unwrap_err();
        assert!(flaw.contains("are on record"), "{flaw}");
    });
}
