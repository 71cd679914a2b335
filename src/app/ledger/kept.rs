//! The last published checkpoint, kept in a file beside the database.
//!
//! Why: a database that is restored from an older copy looks sound from the inside. Signing again what was published
//! already, with other leaves, would be a second history, and no witness would ever cosign this log again. So the size
//! that was published is kept where a database copy does not take it back.
//!
//! Source: ledger.md, "Order and durability".

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Where it lies in a data folder.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("checkpoint")
}

/// The note in the file; `None` if there is none yet.
///
/// # Errors
/// If the file is there and cannot be read.
pub(super) fn read(data_dir: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file(data_dir)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the file; on disk before it returns, and never half written.
///
/// # Errors
/// If the disk refuses: then nothing may be published.
pub(super) fn write(data_dir: &Path, draft: &str, note: &str) -> io::Result<()> {
    fs::create_dir_all(data_dir)?;
    let draft = data_dir.join(draft);
    let mut written = fs::File::create(&draft)?;
    written.write_all(note.as_bytes())?;
    written.sync_all()?;
    fs::rename(&draft, file(data_dir))?;
    fs::File::open(data_dir).and_then(|folder| folder.sync_all())
}
