//! What is sealed stays sealed without the key, and what was altered is never shown as text.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Binary};
use lastlooks::storage::{Conn, StorageError, Tx, report_parts, reports};
use serde_json::json;

use super::files;
use crate::{
    storage::{KEY, write_sql},
    support::{app::on_each, western::Western},
};

fn alters(western: &Western<'_>, sql: &'static str) {
    write_sql(&western.set.database().open(), sql).unwrap();
}

#[derive(QueryableByName)]
struct Packed {
    #[diesel(sql_type = Binary)]
    group_id: Vec<u8>,
    #[diesel(sql_type = Binary)]
    units: Vec<u8>,
}

/// Puts the ciphertext of one kind of unit of the only report in place of another's of the same length.
fn puts(western: &Western<'_>, from: &'static str, to: &'static str) {
    let put = move |tx: &mut Tx| {
        let report = reports::ids_after(tx, None, 2)?[0];
        let units = report_parts::units(tx, report)?;
        let ciphertext = |kind: &str| units.iter().find(|unit| unit.kind == kind).unwrap().ciphertext.clone();
        let (old, new) = (ciphertext(to), ciphertext(from));
        let rows: Vec<Packed> = sql_query("SELECT group_id, units FROM sealed").load(tx)?;
        for row in rows {
            let Some(at) = row.units.windows(old.len()).position(|window| window == old) else { continue };
            let altered = [&row.units[..at], new.as_slice(), &row.units[at + old.len()..]].concat();
            let places = if matches!(tx, Conn::Postgres(_)) { ["$1", "$2"] } else { ["?", "?"] };
            let sql = format!("UPDATE sealed SET units = {} WHERE group_id = {}", places[0], places[1]);
            let bound = sql_query(sql).bind::<Binary, _>(altered).bind::<Binary, _>(row.group_id);
            assert_eq!(bound.execute(tx)?, 1);
        }
        Ok::<_, StorageError>(())
    };
    western.set.database().open().write_blocking(&KEY, put).unwrap();
}

#[test]
fn without_the_unlock_key_nothing_of_what_was_said_is_shown() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.answered_by(&western.first_ad());
        for person in [western.first_ad(), western.steward()] {
            let sealed = person.gets(&filed.path).is(200);
            assert_eq!(
                (&sealed["sealed"], &sealed["shared"], &sealed["union"]),
                (&json!(true), &json!(null), &json!(null))
            );
            assert_eq!((&sealed["kind"], &sealed["answers"][0]["text"]), (&json!(null), &json!(null)));
            let row = &person.gets("/v1/reports").is(200)["items"][0];
            assert_eq!((&row["sealed"], &row["kind"], &row["ongoing"]), (&json!(true), &json!(null), &json!(null)));
            let row = &person.unlocked("GET", "/v1/reports", None).is(200)["items"][0];
            assert_eq!((&row["sealed"], &row["kind"]), (&json!(false), &json!("left_unattended")));
            assert_eq!(row["ongoing"], "yes");
        }
    });
}

#[test]
fn each_side_reads_its_own_part() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let production = filed.read_by(&western.first_ad());
        assert_eq!(production["shared"]["make_safe"], "lock the cart");
        assert_eq!((&production["shared"]["narrative"], &production["union"]), (&json!(null), &json!(null)));
        let union = filed.read_by(&western.steward());
        assert_eq!(union["shared"]["place"], "stage_2");
        assert_eq!(union["union"]["narrative"], "it lay on the cart, nobody near");
        assert_eq!((&production["altered"], &union["altered"]), (&json!(false), &json!(false)));
    });
}

#[test]
fn a_part_that_was_altered_is_named_as_such_and_never_shown() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        puts(&western, "union", "shared");
        let seen = filed.read_by(&western.first_ad());
        assert_eq!((&seen["altered"], &seen["shared"]), (&json!(true), &json!(null)));
        assert!(!seen.to_string().contains("lock the cart"), "{seen}");
        let row = &western.first_ad().unlocked("GET", "/v1/reports", None).is(200)["items"][0];
        assert_eq!((&row["altered"], &row["kind"]), (&json!(true), &json!(null)));
    });
}

#[test]
fn a_clear_field_that_was_altered_is_found_by_the_reporters_signature() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        alters(&western, "UPDATE reports SET category = 'sanitation_food_housing'");
        assert_eq!(filed.read_by(&western.steward())["altered"], true);
    });
}

#[test]
fn an_answer_that_was_altered_is_named_as_such_and_never_shown() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.answered_by(&western.first_ad());
        puts(&western, "shared", "answer");
        for person in [western.first_ad(), western.steward()] {
            let answer = &filed.read_by(&person)["answers"][0];
            assert_eq!((&answer["altered"], &answer["text"]), (&json!(true), &json!(null)));
        }
        let answer = &filed.reporter.inbox()["answers"][0];
        assert_eq!((&answer["altered"], &answer["text"]), (&json!(true), &json!(null)));
    });
}
