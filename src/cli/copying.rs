//! Files that must be whole or not there: written beside, brought to disk, then named; with progress on the terminal.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use sha2::{Digest as _, Sha256};

/// Between two lines about progress: nobody wants to read of what takes less.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// The file's name with an ending, in its folder.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Makes an empty file for this user alone; one that is left from an attempt that broke off is emptied.
///
/// # Errors
/// What the system says.
pub(super) fn make_private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(file)?;
    #[cfg(unix)]
    made.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(made)
}

/// Brings a draft to disk and gives it its name, unless something has that name.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`]; whatever else the system says.
pub(super) fn settle(draft: &Path, file: &Path) -> io::Result<()> {
    File::open(draft)?.sync_all()?;
    // A link never replaces anything, as a renaming would; where there are no links, the look before has to do.
    match fs::hard_link(draft, file) {
        Ok(()) => fs::remove_file(draft)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) if file.exists() => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(draft, file)?,
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Does the work, and meanwhile tells on standard error how far `file` has grown towards `whole` bytes.
pub(super) fn watch<T>(file: &Path, whole: u64, work: impl FnOnce() -> T) -> T {
    let (done, finished) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while finished.recv_timeout(TELL_EVERY) == Err(RecvTimeoutError::Timeout) {
                let grown = fs::metadata(file).map(|file| file.len()).unwrap_or_default();
                // A closed terminal stops no copy.
                let _lost = writeln!(io::stderr(), "{} of about {}", mib(grown), mib(whole));
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// SHA-256 of a file, 64 hex digits.
///
/// # Errors
/// What the system says.
pub(super) fn digest(file: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut part) = (File::open(file)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&part[..read]),
        }
    }
}

/// Bytes in words.
pub(super) fn mib(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("looks.db");
        fs::write(&file, "the old one").unwrap();
        let draft = beside(&file, "partial");
        make_private(&draft).unwrap();
        assert_eq!(settle(&draft, &file).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&file).unwrap(), "the old one");
        fs::remove_file(&file).unwrap();
        settle(&draft, &file).unwrap();
        assert!(file.exists() && !draft.exists());
    }

    #[test]
    fn sizes_are_said_to_a_tenth() {
        assert_eq!(mib(1_572_864), "1.5 MiB");
        assert_eq!(mib(0), "0.0 MiB");
    }
}
