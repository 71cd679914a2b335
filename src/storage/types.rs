//! How the domain's ids and instants, and keys of fixed length, lie in columns.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, Binary},
    sqlite::Sqlite,
};

use super::connection::MultiBackend;
use crate::domain::{
    ids::{Id, ReportId},
    time::UtcMillis,
};

/// Lets diesel derive for a type of the domain, which must not know diesel.
#[derive(AsExpression, FromSqlRow)]
#[diesel(foreign_derive, sql_type = Binary)]
#[expect(dead_code, reason = "only its derives are wanted")]
struct IdColumn<K: 'static>(Id<K>);

/// As [`IdColumn`], for instants.
#[derive(AsExpression, FromSqlRow)]
#[diesel(foreign_derive, sql_type = BigInt)]
#[expect(dead_code, reason = "only its derives are wanted")]
struct UtcMillisColumn(UtcMillis);

/// `N` bytes of a key, tag, hash or signature. `Debug` shows only the length: some of them are secrets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Bytes<const N: usize>(pub [u8; N]);

/// The id of a row that hangs on a report: 8 bytes of the report's id, 8 of `rest`. So the rows of one report lie side by
/// side, which a filing writes at once, and are found without an index of their own; the tables hold to it.
pub fn beside(report: ReportId, rest: &[u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&report.as_bytes()[..8]);
    id[8..].copy_from_slice(&rest[..8]);
    id
}

/// The first and the last id that [`beside`] gives for a report.
pub(super) fn all_beside(report: ReportId) -> (Bytes<16>, Bytes<16>) {
    (Bytes(beside(report, &[0; 32])), Bytes(beside(report, &[0xff; 32])))
}

impl<const N: usize> std::fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{N} bytes")
    }
}

impl<const N: usize> From<[u8; N]> for Bytes<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize, DB> ToSql<Binary, DB> for Bytes<N>
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<const N: usize, DB> FromSql<Binary, DB> for Bytes<N>
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(value)?;
        let found = bytes.len();
        bytes.try_into().map(Self).map_err(|_| format!("{found} bytes where {N} belong").into())
    }
}

impl<K, DB> ToSql<Binary, DB> for Id<K>
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.as_bytes().as_slice().to_sql(out)
    }
}

impl<K, DB> FromSql<Binary, DB> for Id<K>
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::try_from(Vec::<u8>::from_sql(value)?.as_slice())?)
    }
}

// The milliseconds are a copy, not a borrowed field: so one per backend instead of one for all.
impl ToSql<BigInt, Pg> for UtcMillis {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<BigInt, Pg>::to_sql(&self.get(), &mut out.reborrow())
    }
}

impl ToSql<BigInt, Sqlite> for UtcMillis {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.get());
        Ok(IsNull::No)
    }
}

impl ToSql<BigInt, MultiBackend> for UtcMillis {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((BigInt, self));
        Ok(IsNull::No)
    }
}

impl<DB> FromSql<BigInt, DB> for UtcMillis
where
    DB: Backend,
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(value).map(Self::new)
    }
}
