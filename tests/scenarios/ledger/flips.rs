//! Any single flipped byte is found: in a bundle, in what is served, and in the rows of the database.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Binary};
use lastlooks::{
    evidence::{check::check, quorum::Quorum},
    merkle::{Hash, checkpoint::Checkpoint, entries, key::VerifierKey, note::Note},
    storage::{Conn, StorageError, heads, ledger, report_parts, reports},
};
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::{
    served, ticks,
    verifiers::{Witnesses, agreed, proof, until, watched_until},
};
use crate::{
    rust_2021::{begin, body, files, on, text},
    support::{
        TestDatabase,
        app::{TestApp, on_each},
        page::Page,
    },
};

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// A service with a report that one level left unanswered and the next one answered, and a second one.
pub(super) fn lived(set: &TestApp, witnesses: &Witnesses) -> Vec<String> {
    let (western, mut days) = begin(set);
    ticks(set);
    witnesses.cosign(set);
    let first = files(&mut days, &western, 1, body(1));
    watched_until(set, &mut days, witnesses, on(16, 11, 5));
    let upm = western.upm();
    let path = format!("/v1/reports/{}", text(&upm.gets("/v1/reports?limit=100").is(200)["items"][0]["id"]));
    let answer = json!({ "kind": "action", "text": "locked", "by_role": "armorer", "done": "yes" });
    upm.unlocked("POST", &format!("{path}/answer"), Some(&answer)).is(200);
    watched_until(set, &mut days, witnesses, on(16, 12, 15));
    let member = |person: crate::support::people::Person| person.gets(&format!("{path}/proof")).text();
    let bundles = vec![proof(&first), member(western.steward()), member(western.upm())];
    files(&mut days, &western, 2, body(2));
    until(set, &mut days, on(16, 15, 15));
    ticks(set);
    bundles
}

#[test]
fn any_flipped_byte_of_any_bundle_is_found_by_every_verifier() {
    let set = TestApp::on(TestDatabase::sqlite());
    let witnesses = Witnesses::new();
    let bundles = lived(&set, &witnesses);
    let bundles: Vec<&str> = bundles.iter().map(|bundle| bundle.trim_end_matches(' ')).collect();
    let flipped = |which: usize, at: usize, bit: u32| {
        let mut bytes = bundles[which].as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        (at, String::from_utf8(bytes))
    };
    let strategy = (0..bundles.len(), 0usize..1 << 30, 0u32..8);
    let found = |quorum: Quorum| {
        runner(400).run(&strategy, |(which, at, bit)| {
            let (at, Ok(broken)) = flipped(which, at, bit) else { return Ok(()) };
            proptest::prop_assert!(check(&broken, None, &quorum).is_err(), "bundle {which}, byte {at}, bit {bit}");
            Ok(())
        })
    };
    found(Quorum::default()).unwrap();
    found(witnesses.quorum()).unwrap();
    let page = Page::open();
    let by_all = runner(40).run(&strategy, |(which, at, bit)| {
        let (at, Ok(broken)) = flipped(which, at, bit) else { return Ok(()) };
        let near = &bundles[which].as_bytes()[at.saturating_sub(20)..=at];
        println!("bundle {which}, bit {bit} of the last of {:?}", String::from_utf8_lossy(near));
        let status = agreed(&page, &broken, Some(&witnesses));
        proptest::prop_assert_eq!(status, 1, "bundle {}, byte {}, bit {}", which, at, bit);
        Ok(())
    });
    by_all.unwrap();
}

/// The public log, as a stranger has it.
#[derive(Clone)]
struct Served {
    /// Checkpoint, then bundles of entries, then tiles of level 0.
    files: Vec<Vec<u8>>,
    bundles: usize,
    keys: Vec<VerifierKey>,
}

impl Served {
    fn of(set: &TestApp) -> Self {
        let keys = super::keys(set);
        let size = super::head(set).size;
        let widths = (0..size.div_ceil(256)).map(|n| (n, (size - n * 256).min(256)));
        let name = |(n, width): (u64, u64)| if width == 256 { format!("{n:03}") } else { format!("{n:03}.p/{width}") };
        let names: Vec<String> = widths.map(name).collect();
        let bundles = names.iter().map(|name| served(set, &format!("tile/entries/{name}")));
        let tiles = names.iter().map(|name| served(set, &format!("tile/0/{name}")));
        let files = [served(set, "checkpoint")].into_iter().chain(bundles).chain(tiles).collect();
        Self { files, bundles: names.len(), keys: vec![keys.0] }
    }

    /// Reads everything as any tool does: signature, entries, root, tiles.
    fn is_sound(&self) -> Option<()> {
        let note: Note = String::from_utf8(self.files[0].clone()).ok()?.parse().ok()?;
        let head = Checkpoint::of_note(&note, &self.keys[0]).ok()?;
        // Lines of witnesses are for those who know their keys; a line that anybody could add is none of the log's.
        let (bundles, tiles) = self.files[1..].split_at(self.bundles);
        let mut row = Vec::new();
        for bundle in bundles {
            row.extend(entries::decode(bundle)?.into_iter().map(Hash::of_leaf));
        }
        let of_tiles: Vec<u8> = tiles.concat();
        let of_row: Vec<u8> = row.iter().flat_map(|hash| hash.0).collect();
        let is_so = row.len() as u64 == head.size && Hash::of_row(&row) == head.root && of_tiles == of_row;
        is_so.then_some(())
    }
}

#[test]
fn any_flipped_byte_of_what_is_served_is_found_by_a_stranger() {
    let set = TestApp::on(TestDatabase::sqlite());
    lived(&set, &Witnesses::new());
    let whole = Served::of(&set);
    assert!(whole.is_sound().is_some());
    let found = runner(400).run(&(0..whole.files.len(), 0usize..1 << 30, 0u32..8), |(file, at, bit)| {
        let mut broken = whole.clone();
        let at = at % broken.files[file].len();
        broken.files[file][at] ^= 1 << bit;
        proptest::prop_assert!(broken.is_sound().is_none(), "file {file}, byte {at}, bit {bit}");
        Ok(())
    });
    found.unwrap();
}

/// A value in a row.
#[derive(Debug, Clone)]
enum Held {
    Blob(Vec<u8>),
    Text(String),
    Number(i64),
}

/// A place in the database: table, what finds the row, column, what it holds.
#[derive(Debug, Clone)]
struct Cell {
    table: &'static str,
    row: String,
    column: &'static str,
    held: Held,
}

impl Held {
    fn sql(&self, postgres: bool) -> String {
        match (self, postgres) {
            (Self::Number(number), _) => number.to_string(),
            (Self::Blob(bytes), false) => format!("x'{}'", hex::encode(bytes)),
            (Self::Blob(bytes), true) => format!("'\\x{}'::bytea", hex::encode(bytes)),
            (Self::Text(text), false) => format!("CAST(x'{}' AS TEXT)", hex::encode(text)),
            (Self::Text(text), true) => format!("convert_from('\\x{}'::bytea, 'UTF8')", hex::encode(text)),
        }
    }

    /// The same with one bit turned; `None` where no database could hold it.
    fn flipped(&self, at: usize, bit: u32) -> Option<Self> {
        let turned = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.checked_rem(bytes.len())?;
            bytes[at] ^= 1 << bit;
            Some(bytes)
        };
        match self {
            Self::Blob(bytes) => turned(bytes).map(Self::Blob),
            Self::Text(text) => {
                String::from_utf8(turned(text.as_bytes())?).ok().filter(|text| !text.contains('\0')).map(Self::Text)
            }
            Self::Number(number) => Some(Self::Number(number ^ (1 << (8 * (at % 3) + bit as usize)))),
        }
    }
}

/// Values of a group of leaves.
#[derive(QueryableByName)]
struct Group {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Binary)]
    packed: Vec<u8>,
}

/// Every value of every event, leaf, place, tile, checkpoint and opening.
fn cells(conn: &mut Conn, postgres: bool) -> Result<Vec<Cell>, StorageError> {
    let (mut cells, blob) = (Vec::new(), |bytes: &[u8]| Held::Blob(bytes.to_vec()));
    let mut add = |table, row: &str, values: Vec<(&'static str, Held)>| {
        let of = |(column, held)| Cell { table, row: row.to_owned(), column, held };
        cells.extend(values.into_iter().map(of));
    };
    for report in reports::ids_after(conn, None, 100)? {
        for event in report_parts::events(conn, report)? {
            let row = format!("report_id = {} AND seq = {}", blob(report.as_bytes()).sql(postgres), event.seq);
            let number = |value: i32| Held::Number(value.into());
            let mut values = vec![
                ("report_id", blob(report.as_bytes())),
                ("seq", number(event.seq)),
                ("id", blob(event.id.as_bytes())),
                ("at_from", Held::Number(event.at_from.get())),
                ("at_to", Held::Number(event.at_to.get())),
                ("kind", Held::Text(event.kind)),
                ("chain", Held::Text(event.chain)),
                ("level", number(event.level)),
                ("cycle", number(event.cycle)),
                ("n", number(event.n)),
                ("body", Held::Text(event.body)),
                ("mac", blob(&event.mac.0)),
            ];
            values.extend(event.member_id.map(|member| ("member_id", blob(member.as_bytes()))));
            values.extend(event.role.map(|role| ("role", Held::Text(role))));
            add("events", &row, values);
        }
    }
    for table in ["ledger_openings", "ledger_places"] {
        for group in sql_query(format!("SELECT id, packed FROM {table}")).load::<Group>(conn)? {
            add(table, &format!("id = {}", blob(&group.id).sql(postgres)), vec![("packed", blob(&group.packed))]);
        }
    }
    let size = ledger::size(conn)?;
    for leaf in ledger::leaves(conn, 0, size)?.into_iter().step_by(16) {
        let values = vec![("idx", Held::Number(leaf.idx)), ("leaf", blob(&leaf.leaf.0))];
        add("ledger_leaves", &format!("idx = {}", leaf.idx), values);
    }
    for (level, n) in (0..=size / 256).map(|n| (0, n)).chain([(1, 0)]) {
        if let Some(tile) = ledger::tile(conn, level, n)? {
            let values =
                vec![("n", Held::Number(n)), ("level", Held::Number(level.into())), ("hashes", blob(&tile.hashes))];
            add("ledger_tiles", &format!("level = {level} AND n = {n}"), values);
        }
    }
    for head in heads::checkpoints_after(conn, 1, -1, 1000)? {
        let values = vec![("size", Held::Number(head.size)), ("note", Held::Text(head.note))];
        add("ledger_checkpoints", &format!("size = {}", head.size), values);
    }
    Ok(cells)
}

fn writes(set: &TestApp, sql: &str) -> Result<(), StorageError> {
    let sql = sql.to_owned();
    set.database().open().write_blocking(&[0; 16], move |tx| {
        sql_query(&sql).execute(tx)?;
        Ok::<_, StorageError>(())
    })
}

#[test]
fn any_flipped_byte_of_a_row_is_found_by_walking_everything() {
    on_each(|set| {
        lived(set, &Witnesses::new());
        let postgres = set.database().folder().is_none();
        for table in ["events", "ledger_leaves", "ledger_places", "ledger_checkpoints"] {
            let lift = if postgres {
                format!("ALTER TABLE {table} DISABLE TRIGGER USER")
            } else {
                format!("DROP TRIGGER {table}_unchanged")
            };
            writes(set, &lift).unwrap();
        }
        let cells = set.database().open().read_blocking(move |conn| cells(conn, postgres)).unwrap();
        let tables: std::collections::BTreeSet<_> = cells.iter().map(|cell| cell.table).collect();
        let is_sound = || set.app().audit_ledger(&mut |_| {}).is_ok();
        assert!(is_sound());
        let finds = |Cell { table, row, column, held }: &Cell, flipped: &Held| {
            let set_to =
                |value: &Held, row: &str| format!("UPDATE {table} SET {column} = {} WHERE {row}", value.sql(postgres));
            // What the database itself refuses, as a second row in the same place, is found.
            if writes(set, &set_to(flipped, row)).is_err() {
                return true;
            }
            let found = !is_sound();
            // Where the column finds the row, it is found by its new value now.
            let again = row.replace(
                &format!("{column} = {}", held.sql(postgres)),
                &format!("{column} = {}", flipped.sql(postgres)),
            );
            writes(set, &set_to(held, &again)).unwrap();
            found
        };
        // CBOR has texts and bytes, and a reader who is not strict takes either for a name. It was changed all the same.
        let named = |cell: &Cell| match &cell.held {
            Held::Blob(bytes) => bytes.windows(8).position(|part| part == b"gnotices"),
            Held::Text(_) | Held::Number(_) => None,
        };
        let mut openings = cells.iter().filter_map(|cell| named(cell).map(|at| (cell, at)));
        let (cell, at) = openings.next().expect("an opening with its notices");
        assert!(finds(cell, &cell.held.flipped(at, 5).unwrap()), "{}", cell.row);
        // A table first, so that each is tried alike, however many rows it has.
        let strategy = (0..tables.len(), 0usize..1 << 30, 0usize..1 << 30, 0u32..8);
        let tables: Vec<_> = tables.into_iter().collect();
        let found = runner(80).run(&strategy, |(table, which, at, bit)| {
            let of_table: Vec<&Cell> = cells.iter().filter(|cell| cell.table == tables[table]).collect();
            let cell = of_table[which % of_table.len()];
            let Some(flipped) = cell.held.flipped(at, bit) else { return Ok(()) };
            proptest::prop_assert!(
                finds(cell, &flipped),
                "{}.{} where {}: byte {at}, bit {bit}",
                cell.table,
                cell.column,
                cell.row
            );
            Ok(())
        });
        found.unwrap();
        assert!(is_sound(), "everything is as it was");
    });
}
