//! Envelopes, packed: those of one group lie in one row, in the order of their key ids.
//!
//! A filing has one for every seat; as rows of their own they took more work than all else that is written. Only here is
//! it known how they are packed.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    schema::envelopes,
    types::Bytes,
};
use crate::domain::ids::ReportId;

/// Data keys, sealed to one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeRow {
    /// The report.
    pub report_id: ReportId,
    /// Which units it opens: one for the filing and one for each later unit.
    pub group_id: Bytes<16>,
    /// Whom it is for.
    pub key_id: Bytes<16>,
    /// The envelope, 65,535 bytes at most.
    pub sealed: Vec<u8>,
}

/// The envelopes of one group: for each `key id (16) | length (2, big-endian) | envelope`, in the order of key ids.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = envelopes, treat_none_as_default_value = false)]
pub(super) struct GroupRow {
    report_id: ReportId,
    group_id: Bytes<16>,
    packed: Vec<u8>,
}

const KEY_BYTES: usize = 16;
const LENGTH_BYTES: usize = 2;

impl GroupRow {
    /// The group of envelopes that are all of it. Of two for one reader the first stays.
    fn of(mut rows: Vec<EnvelopeRow>) -> Result<Option<Self>, StorageError> {
        let Some(first) = rows.first() else { return Ok(None) };
        let (report_id, group_id) = (first.report_id, first.group_id);
        rows.sort_by_key(|row| row.key_id);
        rows.dedup_by_key(|row| row.key_id);
        let mut packed = Vec::with_capacity(rows.iter().map(|row| KEY_BYTES + LENGTH_BYTES + row.sealed.len()).sum());
        for row in &rows {
            let length = u16::try_from(row.sealed.len());
            let length = length.map_err(|_| StorageError::Other("an envelope is too long".to_owned()))?;
            packed.extend_from_slice(&row.key_id.0);
            packed.extend_from_slice(&length.to_be_bytes());
            packed.extend_from_slice(&row.sealed);
        }
        Ok(Some(Self { report_id, group_id, packed }))
    }

    /// All envelopes of the group.
    fn unpacked(&self) -> Result<Vec<EnvelopeRow>, StorageError> {
        let mut rows = Vec::new();
        let mut rest = self.packed.as_slice();
        while !rest.is_empty() {
            let (key_id, sealed, after) = first(rest).ok_or_else(broken)?;
            let sealed = sealed.to_vec();
            rows.push(EnvelopeRow { report_id: self.report_id, group_id: self.group_id, key_id, sealed });
            rest = after;
        }
        Ok(rows)
    }

    /// The envelope of one reader, without copying those of others.
    fn of_reader(&self, key: &[u8; KEY_BYTES]) -> Result<Option<EnvelopeRow>, StorageError> {
        let (mut found, mut rest) = (None, self.packed.as_slice());
        while !rest.is_empty() {
            let (key_id, sealed, after) = first(rest).ok_or_else(broken)?;
            if key_id.0 == *key {
                found = Some(sealed);
            }
            rest = after;
        }
        let row = |sealed: &[u8]| EnvelopeRow {
            report_id: self.report_id,
            group_id: self.group_id,
            key_id: Bytes(*key),
            sealed: sealed.to_vec(),
        };
        Ok(found.map(row))
    }
}

/// The first of packed envelopes, and those behind it.
fn first(packed: &[u8]) -> Option<(Bytes<16>, &[u8], &[u8])> {
    let (key, rest) = packed.split_first_chunk::<KEY_BYTES>()?;
    let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>()?;
    let (sealed, after) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((Bytes(*key), sealed, after))
}

fn broken() -> StorageError {
    StorageError::Corrupt("a group of envelopes is cut off".to_owned())
}

/// Adds envelopes, each group whole; of two for one reader the first stays.
///
/// # Errors
/// [`StorageError::Duplicate`] if a group is there already.
pub fn add_envelopes(tx: &mut Tx, rows: &[EnvelopeRow]) -> Result<(), StorageError> {
    add_groups(tx, &grouped(rows)?)
}

/// Envelopes, packed by group; those of a group stand side by side.
///
/// # Errors
/// [`StorageError::Other`] for an envelope that is too long.
pub(super) fn grouped(rows: &[EnvelopeRow]) -> Result<Vec<GroupRow>, StorageError> {
    let groups = rows.chunk_by(|a, b| (a.report_id, a.group_id) == (b.report_id, b.group_id));
    let packed: Vec<Option<GroupRow>> = groups.map(|group| GroupRow::of(group.to_vec())).collect::<Result<_, _>>()?;
    Ok(packed.into_iter().flatten().collect())
}

/// Adds groups.
///
/// # Errors
/// [`StorageError::Duplicate`] if one is there already.
pub(super) fn add_groups(tx: &mut Tx, groups: &[GroupRow]) -> Result<(), StorageError> {
    on!(tx, for part in groups => diesel::insert_into(envelopes::table).values(part));
    Ok(())
}

/// Replaces a reader's envelope, as when somebody becomes kept out; adds it if there is none.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn put_envelope(tx: &mut Tx, row: &EnvelopeRow) -> Result<(), StorageError> {
    let group = locked(tx, row.report_id)?.into_iter().find(|group| group.group_id == row.group_id);
    let mut rows = group.as_ref().map(GroupRow::unpacked).transpose()?.unwrap_or_default();
    rows.retain(|had| had.key_id != row.key_id);
    rows.push(row.clone());
    if group.is_none() {
        return add_envelopes(tx, &rows);
    }
    save(tx, rows)
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
        if rows.is_empty() {
            diesel::delete(envelopes::table.find((report, group.group_id))).execute(tx)?;
        } else if rows.len() < before {
            save(tx, rows)?;
        }
    }
    Ok(())
}

/// The envelopes of a report for one reader.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn envelopes_for(conn: &mut Conn, report: ReportId, key_id: &[u8; 16]) -> Result<Vec<EnvelopeRow>, StorageError> {
    let groups: Vec<GroupRow> =
        envelopes::table.filter(envelopes::report_id.eq(report)).select(GroupRow::as_select()).load(conn)?;
    of_reader(&groups, key_id)
}

/// The envelopes of the filings of these reports for one reader. The group of a filing's envelopes is the report itself.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub(super) fn of_filings_for(
    conn: &mut Conn,
    reports: &[ReportId],
    key_id: &[u8; 16],
) -> Result<Vec<EnvelopeRow>, StorageError> {
    let groups: Vec<GroupRow> = on!(conn, |c| {
        let theirs = envelopes::table.filter(envelopes::report_id.eq_any(reports));
        theirs.filter(envelopes::group_id.eq(envelopes::report_id)).select(GroupRow::as_select()).load(c)
    })?;
    of_reader(&groups, key_id)
}

/// The envelopes of one reader in these groups.
fn of_reader(groups: &[GroupRow], key_id: &[u8; KEY_BYTES]) -> Result<Vec<EnvelopeRow>, StorageError> {
    let mut theirs = Vec::with_capacity(groups.len());
    for group in groups {
        theirs.extend(group.of_reader(key_id)?);
    }
    Ok(theirs)
}

/// The groups of a report, to be changed: on PostgreSQL nobody else changes them until the transaction ends, so that no
/// decoy is undone by whoever puts another reader's envelope beside it.
fn locked(tx: &mut Tx, report: ReportId) -> Result<Vec<GroupRow>, StorageError> {
    let groups = envelopes::table.filter(envelopes::report_id.eq(report)).order(envelopes::group_id);
    Ok(match tx {
        Conn::Postgres(c) => groups.for_update().select(GroupRow::as_select()).load(c)?,
        Conn::Sqlite(c) => groups.select(GroupRow::as_select()).load(c)?,
    })
}

/// Replaces a group by these, which are all of it.
fn save(tx: &mut Tx, rows: Vec<EnvelopeRow>) -> Result<(), StorageError> {
    let Some(group) = GroupRow::of(rows)? else { return Ok(()) };
    let place = envelopes::table.find((group.report_id, group.group_id));
    diesel::update(place).set(envelopes::packed.eq(&group.packed)).execute(tx)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(key: u8, length: usize) -> EnvelopeRow {
        let (report_id, group_id) = (ReportId::new([1; 16]), Bytes([2; 16]));
        EnvelopeRow { report_id, group_id, key_id: Bytes([key; 16]), sealed: vec![key; length] }
    }

    #[test]
    fn a_group_gives_back_what_was_packed_in_the_order_of_its_keys() {
        let group = GroupRow::of(vec![envelope(3, 0), envelope(1, 300), envelope(2, 177)]).unwrap().unwrap();
        assert_eq!(group.unpacked().unwrap(), [envelope(1, 300), envelope(2, 177), envelope(3, 0)]);
        assert_eq!(GroupRow::of(Vec::new()), Ok(None));
        assert!(GroupRow::of(vec![envelope(1, 65_536)]).is_err());
    }

    #[test]
    fn a_group_that_is_cut_off_is_said_to_be_broken() {
        let mut group = GroupRow::of(vec![envelope(1, 5), envelope(2, 5)]).unwrap().unwrap();
        for length in [1, 17, 22, 24, 45] {
            group.packed.truncate(46);
            group.packed.truncate(length);
            assert!(matches!(group.unpacked(), Err(StorageError::Corrupt(_))), "{length}");
            group = GroupRow::of(vec![envelope(1, 5), envelope(2, 5)]).unwrap().unwrap();
        }
    }
}
