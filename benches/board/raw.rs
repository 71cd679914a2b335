//! The limit: a page read by plain statements, its envelopes and parts opened by the bare functions. No server, nobody
//! checked, nothing shown.

use anyhow::ensure;
use lastlooks::{
    cli::assemble::runtime,
    sealing::{
        envelope,
        keys::{Keys, PublicKeys, VerifyKey},
        seed::UnlockKey,
        unit::{self, Bound, SealMode, SealedUnit},
    },
    storage::{
        StorageError,
        boards::{self, BoardFilter, BoardOf, BoardRange},
        report_parts,
        reports::ReportRow,
    },
};

use crate::{PAGE, reader::Reader, show::Show};

/// What a page needs at least.
pub(crate) struct Limit<'s> {
    show: &'s Show,
    keys: Keys,
}

impl<'s> Limit<'s> {
    /// For this reader.
    ///
    /// # Errors
    /// If their keys do not open.
    pub(crate) fn of(show: &'s Show, reader: &Reader) -> anyhow::Result<Self> {
        let who = runtime()?.block_on(show.app.authenticate(&reader.access_token))?;
        Ok(Self { show, keys: show.app.unlock(&who, &UnlockKey::parse(&reader.unlock_key)?)? })
    }

    /// Reads a page, and opens it.
    ///
    /// # Errors
    /// If it has too few rows, or one does not open.
    pub(crate) fn read(&self, opens: bool) -> anyhow::Result<()> {
        let range = BoardRange { production: self.show.production, of: BoardOf::Union, told: 1 };
        let key = self.keys.id();
        let (rows, units, envelopes) = self.show.storage.read_blocking(move |conn| {
            let places = boards::places(conn, &range, &BoardFilter::default(), None, 50)?;
            let ids: Vec<_> = places.into_iter().map(|(_, id)| id).collect();
            boards::tags(conn, &ids)?;
            let rows = boards::rows(conn, &ids)?;
            let kinds = ["shared", "union"];
            let (units, envelopes) =
                if opens { report_parts::of_filings(conn, &ids, &kinds, &key.0)? } else { (Vec::new(), Vec::new()) };
            Ok::<_, StorageError>((rows, units, envelopes))
        })?;
        ensure!(rows.len() == PAGE, "{} rows", rows.len());
        let mut opened = 0;
        for sealed in envelopes {
            let Some(row) = rows.get(&sealed.report_id) else { continue };
            let contents = envelope::open(&sealed.sealed, &self.keys, bound(row))?;
            for (id, data_key) in contents.data_keys {
                let Some(found) = units.iter().find(|u| u.report_id == row.id && u.id == id) else { continue };
                let (ciphertext, commit) = (found.ciphertext.clone(), found.key_commit.0);
                let author =
                    |_| Some(PublicKeys { reading: row.reading_key.0, verify: VerifyKey(row.verify_key.0) }.verify);
                let sealed = SealedUnit { unit: id, ciphertext, commit };
                unit::open(&sealed, bound(row), &data_key, SealMode::Sealed, &author)?;
                opened += 1;
            }
        }
        ensure!(!opens || opened == 2 * PAGE, "{opened} parts opened");
        Ok(())
    }
}

fn bound(row: &ReportRow) -> Bound {
    Bound { production: row.production_id, verify_key: VerifyKey(row.verify_key.0) }
}
