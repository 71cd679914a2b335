//! What was said, sealed: in one row lies what was said together, with the envelopes that open it.
//!
//! A filing is three units and an envelope for every seat; as rows of their own they took more work than all else that is
//! written. Only here is it known how they are packed.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    packing,
    schema::sealed,
    types::Bytes,
};
use crate::domain::ids::{ReportId, UnitId};

/// What one author said once, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRow {
    /// The report.
    pub report_id: ReportId,
    /// The group of the envelopes that open it: the report itself for the filing, its own id for each later unit.
    pub group_id: Bytes<16>,
    /// Its id.
    pub id: UnitId,
    /// `shared`, `union`, `answer`, `message`, `verification` and so on.
    pub kind: String,
    /// To whom: `union`, `all` and so on.
    pub addressed: String,
    /// The sealed unit with its signature.
    pub ciphertext: Vec<u8>,
    /// Commits to the data key.
    pub key_commit: Bytes<32>,
    /// The event that it belongs to, the same for all of a group; 0 for the filing.
    pub event_seq: i32,
}

/// Data keys, sealed to one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeRow {
    /// The report.
    pub report_id: ReportId,
    /// Which units it opens: those of the same group.
    pub group_id: Bytes<16>,
    /// Whom it is for.
    pub key_id: Bytes<16>,
    /// The envelope, 65,535 bytes at most.
    pub sealed: Vec<u8>,
}

/// What was said together, and who may open it.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = sealed, treat_none_as_default_value = false)]
pub struct SealedRow {
    report_id: ReportId,
    group_id: Bytes<16>,
    event_seq: i32,
    /// For each `key id (16) | length (2, big-endian) | envelope`, in the order of key ids.
    envelopes: Vec<u8>,
    /// For each `id (16) | key commit (32)`, kind, addressed and ciphertext, as [`packing::of_any`] packs them.
    units: Vec<u8>,
}

impl SealedRow {
    /// Units of one group, and its envelopes; of two for one reader the first stays.
    ///
    /// # Errors
    /// [`StorageError::Other`] if there are no units, if something here is of another group, or for an envelope that is too
    /// long.
    pub fn of(units: &[UnitRow], envelopes: Vec<EnvelopeRow>) -> Result<Self, StorageError> {
        let first = units.first().ok_or_else(|| StorageError::Other("nothing was said".to_owned()))?;
        let (report_id, group_id, event_seq) = (first.report_id, first.group_id, first.event_seq);
        let is_of_it =
            |unit: &UnitRow| (unit.report_id, unit.group_id, unit.event_seq) == (report_id, group_id, event_seq);
        let opens_it = |envelope: &EnvelopeRow| (envelope.report_id, envelope.group_id) == (report_id, group_id);
        if !units.iter().all(is_of_it) || !envelopes.iter().all(opens_it) {
            return Err(StorageError::Other("what was said together is of one group".to_owned()));
        }
        Ok(Self { report_id, group_id, event_seq, envelopes: packed(envelopes)?, units: packed_units(units)? })
    }
}

/// The envelopes of one group.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = sealed)]
struct EnvelopesRow {
    report_id: ReportId,
    group_id: Bytes<16>,
    envelopes: Vec<u8>,
}

/// The units of one group.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = sealed)]
struct UnitsRow {
    report_id: ReportId,
    group_id: Bytes<16>,
    event_seq: i32,
    units: Vec<u8>,
}

const ID_BYTES: usize = 16;
const LENGTH_BYTES: usize = 2;

fn packed(mut rows: Vec<EnvelopeRow>) -> Result<Vec<u8>, StorageError> {
    rows.sort_by_key(|row| row.key_id);
    rows.dedup_by_key(|row| row.key_id);
    let mut packed = Vec::with_capacity(rows.iter().map(|row| ID_BYTES + LENGTH_BYTES + row.sealed.len()).sum());
    for row in &rows {
        let length = u16::try_from(row.sealed.len());
        let length = length.map_err(|_| StorageError::Other("an envelope is too long".to_owned()))?;
        packed.extend_from_slice(&row.key_id.0);
        packed.extend_from_slice(&length.to_be_bytes());
        packed.extend_from_slice(&row.sealed);
    }
    Ok(packed)
}

fn packed_units(units: &[UnitRow]) -> Result<Vec<u8>, StorageError> {
    let heads: Vec<Vec<u8>> =
        units.iter().map(|unit| [unit.id.as_bytes().as_slice(), &unit.key_commit.0].concat()).collect();
    let values = units.iter().zip(&heads).flat_map(|(unit, head)| {
        [head.as_slice(), unit.kind.as_bytes(), unit.addressed.as_bytes(), unit.ciphertext.as_slice()]
    });
    packing::of_any(values)
}

impl EnvelopesRow {
    /// All envelopes of the group.
    fn unpacked(&self) -> Result<Vec<EnvelopeRow>, StorageError> {
        let mut rows = Vec::new();
        let mut rest = self.envelopes.as_slice();
        while !rest.is_empty() {
            let (key_id, sealed, after) = first(rest).ok_or_else(broken)?;
            rows.push(self.row(key_id, sealed));
            rest = after;
        }
        Ok(rows)
    }

    /// The envelope of one reader, without copying those of others.
    fn of_reader(&self, key: &[u8; ID_BYTES]) -> Result<Option<EnvelopeRow>, StorageError> {
        let (mut found, mut rest) = (None, self.envelopes.as_slice());
        while !rest.is_empty() {
            let (key_id, sealed, after) = first(rest).ok_or_else(broken)?;
            if key_id.0 == *key {
                found = Some(sealed);
            }
            rest = after;
        }
        Ok(found.map(|sealed| self.row(Bytes(*key), sealed)))
    }

    fn row(&self, key_id: Bytes<16>, sealed: &[u8]) -> EnvelopeRow {
        EnvelopeRow { report_id: self.report_id, group_id: self.group_id, key_id, sealed: sealed.to_vec() }
    }
}

impl UnitsRow {
    /// The units of the group whose kind is wanted.
    fn unpacked(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<UnitRow>, StorageError> {
        let values = packing::any(&self.units)?;
        let (units, []) = values.as_chunks() else { return Err(broken()) };
        let mut rows = Vec::with_capacity(units.len());
        for [head, kind, addressed, ciphertext] in units {
            let (id, commit) = head.split_first_chunk::<ID_BYTES>().ok_or_else(broken)?;
            let kind = text(kind)?;
            if is_wanted(&kind) {
                rows.push(UnitRow {
                    report_id: self.report_id,
                    group_id: self.group_id,
                    id: UnitId::new(*id),
                    kind,
                    addressed: text(addressed)?,
                    ciphertext: ciphertext.to_vec(),
                    key_commit: Bytes(commit.try_into().map_err(|_| broken())?),
                    event_seq: self.event_seq,
                });
            }
        }
        Ok(rows)
    }
}

/// The first of packed envelopes, and those behind it.
fn first(packed: &[u8]) -> Option<(Bytes<16>, &[u8], &[u8])> {
    let (key, rest) = packed.split_first_chunk::<ID_BYTES>()?;
    let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>()?;
    let (sealed, after) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((Bytes(*key), sealed, after))
}

fn text(bytes: &[u8]) -> Result<String, StorageError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| broken())
}

fn broken() -> StorageError {
    StorageError::Corrupt("what is packed of a report's words breaks off".to_owned())
}

/// Adds groups.
///
/// # Errors
/// [`StorageError::Duplicate`] if one is there already.
pub fn add_sealed(tx: &mut Tx, rows: &[SealedRow]) -> Result<(), StorageError> {
    on!(tx, for part in rows => diesel::insert_into(sealed::table).values(part));
    Ok(())
}

/// The units of a report, in no set order: order is inside them.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn units(conn: &mut Conn, report: ReportId) -> Result<Vec<UnitRow>, StorageError> {
    let found = sealed::table.filter(sealed::report_id.eq(report));
    all_units(&found.select(UnitsRow::as_select()).load(conn)?, |_| true)
}

/// The ciphertext of the words that belong to an event, if it has any.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn ciphertext_of_event(conn: &mut Conn, report: ReportId, seq: i32) -> Result<Option<Vec<u8>>, StorageError> {
    let found = sealed::table.filter(sealed::report_id.eq(report).and(sealed::event_seq.eq(seq)));
    let units = all_units(&found.select(UnitsRow::as_select()).load(conn)?, |_| true)?;
    Ok(units.into_iter().next().map(|unit| unit.ciphertext))
}

/// What was filed of these reports: the units of these kinds, and the envelopes for one reader.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn of_filings(
    conn: &mut Conn,
    reports: &[ReportId],
    kinds: &[&str],
    key_id: &[u8; 16],
) -> Result<(Vec<UnitRow>, Vec<EnvelopeRow>), StorageError> {
    let found: Vec<(UnitsRow, EnvelopesRow)> = on!(conn, |c| {
        let theirs = sealed::table.filter(sealed::report_id.eq_any(reports));
        let filed = theirs.filter(sealed::group_id.eq(sealed::report_id));
        filed.select((UnitsRow::as_select(), EnvelopesRow::as_select())).load(c)
    })?;
    let (units, envelopes): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    Ok((all_units(&units, |kind| kinds.contains(&kind))?, of_reader(&envelopes, key_id)?))
}

fn all_units(groups: &[UnitsRow], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<UnitRow>, StorageError> {
    let mut units = Vec::with_capacity(groups.len());
    for group in groups {
        units.extend(group.unpacked(&is_wanted)?);
    }
    Ok(units)
}

/// The envelopes of a report for one reader.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn envelopes_for(conn: &mut Conn, report: ReportId, key_id: &[u8; 16]) -> Result<Vec<EnvelopeRow>, StorageError> {
    let found = sealed::table.filter(sealed::report_id.eq(report));
    of_reader(&found.select(EnvelopesRow::as_select()).load(conn)?, key_id)
}

/// The envelopes of one reader in these groups.
fn of_reader(groups: &[EnvelopesRow], key_id: &[u8; ID_BYTES]) -> Result<Vec<EnvelopeRow>, StorageError> {
    let mut theirs = Vec::with_capacity(groups.len());
    for group in groups {
        theirs.extend(group.of_reader(key_id)?);
    }
    Ok(theirs)
}

/// Replaces a reader's envelope, as when somebody becomes kept out; adds it if the group has none for them.
///
/// # Errors
/// [`StorageError::Conflict`] if there is no such group, as after the report was erased.
pub fn put_envelope(tx: &mut Tx, row: &EnvelopeRow) -> Result<(), StorageError> {
    let group = locked(tx, row.report_id)?.into_iter().find(|group| group.group_id == row.group_id);
    let group = group.ok_or(StorageError::Conflict)?;
    let mut rows = group.unpacked()?;
    rows.retain(|had| had.key_id != row.key_id);
    rows.push(row.clone());
    save(tx, &group, rows)
}

/// Takes every envelope of one reader away from a report.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn remove_envelopes(tx: &mut Tx, report: ReportId, key_id: &[u8; 16]) -> Result<(), StorageError> {
    for group in locked(tx, report)? {
        let mut rows = group.unpacked()?;
        let before = rows.len();
        rows.retain(|row| row.key_id.0 != *key_id);
        if rows.len() < before {
            save(tx, &group, rows)?;
        }
    }
    Ok(())
}

/// The groups of a report, to be changed: on PostgreSQL nobody else changes them until the transaction ends, so that no
/// decoy is undone by whoever puts another reader's envelope beside it.
fn locked(tx: &mut Tx, report: ReportId) -> Result<Vec<EnvelopesRow>, StorageError> {
    let groups = sealed::table.filter(sealed::report_id.eq(report)).order(sealed::group_id);
    Ok(match tx {
        Conn::Postgres(c) => groups.for_update().select(EnvelopesRow::as_select()).load(c)?,
        Conn::Sqlite(c) => groups.select(EnvelopesRow::as_select()).load(c)?,
    })
}

/// Replaces the envelopes of a group by these, which are all of them.
fn save(tx: &mut Tx, group: &EnvelopesRow, rows: Vec<EnvelopeRow>) -> Result<(), StorageError> {
    let place = sealed::table.find((group.report_id, group.group_id));
    diesel::update(place).set(sealed::envelopes.eq(packed(rows)?)).execute(tx)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(key: u8, length: usize) -> EnvelopeRow {
        let (report_id, group_id) = (ReportId::new([1; 16]), Bytes([2; 16]));
        EnvelopeRow { report_id, group_id, key_id: Bytes([key; 16]), sealed: vec![key; length] }
    }

    fn unit(n: u8, kind: &str) -> UnitRow {
        UnitRow {
            report_id: ReportId::new([1; 16]),
            group_id: Bytes([2; 16]),
            id: UnitId::new([n; 16]),
            kind: kind.to_owned(),
            addressed: "all".to_owned(),
            ciphertext: vec![n; 300],
            key_commit: Bytes([n; 32]),
            event_seq: 7,
        }
    }

    fn envelopes_of(row: &SealedRow) -> EnvelopesRow {
        EnvelopesRow { report_id: row.report_id, group_id: row.group_id, envelopes: row.envelopes.clone() }
    }

    fn units_of(row: &SealedRow, cut: usize) -> UnitsRow {
        let units = row.units[..row.units.len() - cut].to_vec();
        UnitsRow { report_id: row.report_id, group_id: row.group_id, event_seq: row.event_seq, units }
    }

    #[test]
    fn a_group_gives_back_its_units_and_its_envelopes_in_the_order_of_their_keys() {
        let units = [unit(1, "shared"), unit(2, "union")];
        let row = SealedRow::of(&units, vec![envelope(3, 0), envelope(1, 300), envelope(2, 177)]).unwrap();
        assert_eq!(envelopes_of(&row).unpacked().unwrap(), [envelope(1, 300), envelope(2, 177), envelope(3, 0)]);
        assert_eq!(envelopes_of(&row).of_reader(&[2; 16]).unwrap(), Some(envelope(2, 177)));
        assert_eq!(envelopes_of(&row).of_reader(&[4; 16]).unwrap(), None);
        assert_eq!(units_of(&row, 0).unpacked(|_| true).unwrap(), units);
        assert_eq!(units_of(&row, 0).unpacked(|kind| kind == "union").unwrap(), units[1..]);
    }

    #[test]
    fn of_two_envelopes_for_one_reader_the_first_stays() {
        let row = SealedRow::of(&[unit(1, "answer")], vec![envelope(1, 5), envelope(1, 6)]).unwrap();
        assert_eq!(envelopes_of(&row).unpacked().unwrap(), [envelope(1, 5)]);
    }

    #[test]
    fn what_is_not_one_group_is_refused() {
        let with = |units: &[UnitRow], envelopes| SealedRow::of(units, envelopes).is_err();
        assert!(with(&[], vec![envelope(1, 5)]));
        assert!(with(&[unit(1, "answer"), UnitRow { event_seq: 8, ..unit(2, "answer") }], Vec::new()));
        assert!(with(&[unit(1, "answer"), UnitRow { group_id: Bytes([3; 16]), ..unit(2, "answer") }], Vec::new()));
        assert!(with(&[unit(1, "answer")], vec![EnvelopeRow { group_id: Bytes([3; 16]), ..envelope(1, 5) }]));
        assert!(with(&[unit(1, "answer")], vec![envelope(1, 65_536)]));
    }

    #[test]
    fn a_group_that_is_cut_off_is_said_to_be_broken() {
        let whole =
            SealedRow::of(&[unit(1, "shared"), unit(2, "union")], vec![envelope(1, 5), envelope(2, 5)]).unwrap();
        for length in [1, 17, 22, 24, 45] {
            let mut cut = envelopes_of(&whole);
            cut.envelopes.truncate(length);
            assert!(matches!(cut.unpacked(), Err(StorageError::Corrupt(_))), "{length}");
        }
        // In the last ciphertext, and all of it, so that three values are left.
        for cut in [1, 304] {
            assert!(matches!(units_of(&whole, cut).unpacked(|_| true), Err(StorageError::Corrupt(_))), "{cut}");
        }
    }
}
