//! A witness's folder: its key, a record for each log, and a lock, so that one process alone uses it.
//!
//! A record that is lost lets a log go back, so each is written beside its place, synced, moved there, and the folder
//! synced, before a cosignature may leave.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    entropy::Entropy,
    merkle::key::{KeyKind, KeyName, NoteSigner},
};

/// How the line with the key begins; the shape is that of Go's note package.
const PRIVATE: &str = "PRIVATE+KEY+";
const KEY_FILE: &str = "key";

/// The folder, locked for as long as this lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The system lets go of the lock when the file is closed, however the process ends.
    _lock: File,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it.
    #[error("another witness is running on {path}; two would not know of each other's cosignatures")]
    Taken {
        /// Which folder.
        path: PathBuf,
    },
    /// The key's name.
    #[error("the key in {path} is named {found}; start with that name, or with another folder")]
    OtherName {
        /// Which folder.
        path: PathBuf,
        /// Its name.
        found: String,
    },
    /// A new witness needs a name.
    #[error("{path} holds no key yet: name the witness with --name, such as local600.example.org/witness")]
    NoName {
        /// Which folder.
        path: PathBuf,
    },
    /// The key file is not one, or open to others.
    #[error(
        "{path} holds no key of a witness, or others may read it; restore it from its copy, and run: chmod 600 {path}"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The disk.
    #[error("cannot use {path}")]
    Disk {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Folder {
    /// Opens the folder, makes it if need be, and locks it.
    ///
    /// # Errors
    /// [`FolderError::Taken`], [`FolderError::Disk`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let disk = |source| FolderError::Disk { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(disk)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(path.join("lock")).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(FolderError::Taken { path: path.to_owned() }),
            Err(fs::TryLockError::Error(source)) => Err(disk(source)),
        }
    }

    /// The name under which a log's record lies: the SHA-256 of its origin, in hex.
    ///
    /// Source: C2SP tlog-witness, "Monitor Retrieval Mechanism".
    pub fn hash_of(origin: &str) -> String {
        hex::encode(Sha256::digest(origin))
    }

    /// The key; made on first use, with this name.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn key(&self, name: Option<&KeyName>, chance: &dyn Entropy) -> Result<NoteSigner, FolderError> {
        let path = self.path.join(KEY_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let name = name.ok_or(FolderError::NoName { path: self.path.clone() })?;
                let seed = Zeroizing::new(chance.bytes::<32>());
                let text = Zeroizing::new(format!("{}\n", key_line(name, &seed).as_str()));
                self.replace(KEY_FILE, &text).map_err(|source| FolderError::Disk { path: path.clone(), source })?;
                text
            }
            Err(source) => return Err(FolderError::Disk { path, source }),
        };
        let signer = if is_open_to_others(&path) { None } else { parse_key(text.trim_end()) };
        let signer = signer.ok_or(FolderError::Damaged { path })?;
        match name.filter(|name| *name != signer.public().name()) {
            None => Ok(signer),
            Some(_) => {
                Err(FolderError::OtherName { path: self.path.clone(), found: signer.public().name().to_string() })
            }
        }
    }

    /// The last checkpoint that was cosigned of this log; `None` if none was.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn record(&self, origin: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.path.join(Self::hash_of(origin))) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps the last checkpoint of a log; on disk when it returns.
    ///
    /// # Errors
    /// What the system says; then the cosignature must not leave.
    pub(super) fn keep(&self, origin: &str, note: &str) -> io::Result<()> {
        self.replace(&Self::hash_of(origin), note)
    }

    /// Keeps a checkpoint of a second history. The first one of a size is enough.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn keep_fork(&self, origin: &str, size: u64, note: &str) -> io::Result<()> {
        let name = format!("{}.fork-{size}", Self::hash_of(origin));
        if self.path.join(&name).try_exists()? { Ok(()) } else { self.replace(&name, note) }
    }

    fn replace(&self, name: &str, text: &str) -> io::Result<()> {
        let draft = self.path.join(format!(".{name}.draft"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, self.path.join(name))?;
        File::open(&self.path).and_then(|folder| folder.sync_all())
    }
}

fn key_line(name: &KeyName, seed: &[u8; 32]) -> Zeroizing<String> {
    let signer = NoteSigner::new(name.clone(), KeyKind::Cosignature, seed);
    let bytes = Zeroizing::new([&[KeyKind::Cosignature.byte()][..], seed].concat());
    let encoded = Zeroizing::new(STANDARD.encode(&*bytes));
    Zeroizing::new(format!("{PRIVATE}{name}+{:08x}+{}", signer.public().id(), encoded.as_str()))
}

fn parse_key(line: &str) -> Option<NoteSigner> {
    let mut parts = line.strip_prefix(PRIVATE)?.splitn(3, '+');
    let (name, _, key) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = Zeroizing::new(STANDARD.decode(key).ok()?);
    let seed = Zeroizing::new(<[u8; 32]>::try_from(bytes.strip_prefix(&[KeyKind::Cosignature.byte()])?).ok()?);
    let name = KeyName::new(name).ok()?;
    let same = *key_line(&name, &seed) == line;
    same.then(|| NoteSigner::new(name, KeyKind::Cosignature, &seed))
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_key_is_made_once_and_keeps_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let name = KeyName::new("local600.example.org/witness").unwrap();
        let opened = Folder::open(folder.path()).unwrap();
        assert!(matches!(opened.key(None, &SystemEntropy), Err(FolderError::NoName { .. })));
        let made = opened.key(Some(&name), &SystemEntropy).unwrap().public().clone();
        assert_eq!(opened.key(None, &SystemEntropy).unwrap().public(), &made);
        assert_eq!(made.kind(), KeyKind::Cosignature);
        let other = KeyName::new("other").unwrap();
        assert!(matches!(opened.key(Some(&other), &SystemEntropy), Err(FolderError::OtherName { .. })));
    }

    #[test]
    fn two_processes_do_not_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = Folder::open(folder.path()).unwrap();
        assert!(matches!(Folder::open(folder.path()), Err(FolderError::Taken { .. })));
        drop(first);
        assert!(Folder::open(folder.path()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_was_changed_or_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let opened = Folder::open(folder.path()).unwrap();
        opened.key(Some(&KeyName::new("w").unwrap()), &SystemEntropy).unwrap();
        let file = folder.path().join(KEY_FILE);
        let text = fs::read_to_string(&file).unwrap();
        let refused = || matches!(opened.key(None, &SystemEntropy), Err(FolderError::Damaged { .. }));
        for changed in [text.replace("+w+", "+v+"), text.replace("PRIVATE", "PUBLIC"), text[..40].to_owned()] {
            fs::write(&file, changed).unwrap();
            assert!(refused());
        }
        fs::write(&file, &text).unwrap();
        assert!(!refused());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(refused());
    }
}
