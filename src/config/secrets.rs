//! The four secrets of a host, in a file that only its owner can read.
//!
//! Threat: whoever has this file can read codes and sign for the host, though never what was reported (that is sealed to
//! people). So it lives apart from the database, is made once and atomically, and is refused when others could have read
//! it. The database keeps fingerprints: a host that is started with other secrets would silently orphan every receipt.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::entropy::Entropy;

/// One secret: 32 random bytes, wiped when dropped, never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// The secret with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What `secrets.toml` holds.
///
/// Source: architecture.md, "Settings and commands whose names are fixed"; security.md, "Keys of people, and the roster".
#[derive(Debug, Clone)]
pub struct Secrets {
    /// Root of every keyed tag and of the sealed crew code: HKDF with one label per use.
    pub root: Secret,
    /// Seed of the Ed25519 key that signs access tokens.
    pub token: Secret,
    /// Seed of the Ed25519 key that signs the ledger's checkpoints.
    pub ledger: Secret,
    /// Seed of the Ed25519 key that signs promises to reporters.
    pub promise: Secret,
}

/// SHA-256 over a label and a secret, first 16 bytes: enough to notice another secret, useless to guess it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

/// Why the secrets cannot be used. Never holds any part of them.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Others than the owner may read the file.
    #[error("{file} can be read by others (mode {mode:03o}); run: chmod 600 {file}")]
    OpenToOthers {
        /// Which file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not the four keys of 32 bytes each.
    #[error("{file} has to hold root, token, ledger and promise, each 32 bytes in base64; restore it from its copy")]
    Damaged {
        /// Which file.
        file: PathBuf,
    },
    /// The disk refused.
    #[error("cannot {act} {file}")]
    Disk {
        /// Read or write.
        act: &'static str,
        /// Which file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The file's shape: base64 of 32 bytes each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    root: String,
    token: String,
    ledger: String,
    promise: String,
}

impl Drop for Written {
    fn drop(&mut self) {
        for text in [&mut self.root, &mut self.token, &mut self.ledger, &mut self.promise] {
            text.zeroize();
        }
    }
}

impl Secrets {
    /// Reads the file, or makes it if there is none; of two processes that race, one makes it and both read it.
    ///
    /// # Errors
    /// As [`Secrets::open`].
    pub fn open_or_make(file: &Path, chance: &dyn Entropy) -> Result<Self, SecretsError> {
        if !file.try_exists().map_err(|source| disk("read", file, source))? {
            make(file, chance)?;
        }
        Self::open(file)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`SecretsError::OpenToOthers`] unless its mode is 0600 or stricter, [`SecretsError::Damaged`] if it is not what
    /// was written, [`SecretsError::Disk`] if it cannot be read.
    pub fn open(file: &Path) -> Result<Self, SecretsError> {
        refuse_if_open_to_others(file)?;
        let text = Zeroizing::new(fs::read_to_string(file).map_err(|source| disk("read", file, source))?);
        let damaged = || SecretsError::Damaged { file: file.to_owned() };
        let written: Written = toml::from_str(&text).map_err(|_| damaged())?;
        let secret = |text: &str| decode(text).ok_or_else(damaged);
        Ok(Self {
            root: secret(&written.root)?,
            token: secret(&written.token)?,
            ledger: secret(&written.ledger)?,
            promise: secret(&written.promise)?,
        })
    }

    /// Name and fingerprint of each secret, for the database to compare with at the next start.
    pub fn fingerprints(&self) -> [(&'static str, Fingerprint); 4] {
        [("root", &self.root), ("token", &self.token), ("ledger", &self.ledger), ("promise", &self.promise)]
            .map(|(name, secret)| (name, fingerprint(name, secret)))
    }
}

fn fingerprint(name: &str, secret: &Secret) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(b"lastlooks/v1/fingerprint/");
    hash.update(name.as_bytes());
    hash.update([0]);
    hash.update(secret.bytes());
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    Fingerprint(first)
}

fn decode(text: &str) -> Option<Secret> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Secret::new)
}

// Written under another name first and linked to its own: nobody ever reads half a file, and a file that is there already
// is never replaced, because that would orphan every receipt.
fn make(file: &Path, chance: &dyn Entropy) -> Result<(), SecretsError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = |source| disk("write", file, source);
    fs::create_dir_all(folder).map_err(write)?;
    let text = Zeroizing::new(fresh(chance));
    let draft = folder.join(format!(".secrets-{}", hex::encode(chance.bytes::<8>())));
    let kept = write_new(&draft, &text).and_then(|()| keep_if_first(&draft, file));
    let cleared = fs::remove_file(&draft);
    kept.and(cleared).map_err(write)?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(write)
}

fn keep_if_first(draft: &Path, file: &Path) -> io::Result<()> {
    match fs::hard_link(draft, file) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn fresh(chance: &dyn Entropy) -> String {
    let mut text = String::from(
        "# The secrets of this host. Keep a copy apart from the database: without them no receipt opens.\n",
    );
    for name in ["root", "token", "ledger", "promise"] {
        let bytes = Zeroizing::new(chance.bytes::<32>());
        let line = Zeroizing::new(format!("{name} = \"{}\"\n", Zeroizing::new(STANDARD.encode(*bytes)).as_str()));
        text.push_str(&line);
    }
    text
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn refuse_if_open_to_others(file: &Path) -> Result<(), SecretsError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(file).map_err(|source| disk("read", file, source))?.permissions().mode() & 0o777;
    let for_others = mode & 0o077;
    if for_others == 0 { Ok(()) } else { Err(SecretsError::OpenToOthers { file: file.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_if_open_to_others(_file: &Path) -> Result<(), SecretsError> {
    Ok(())
}

fn disk(act: &'static str, file: &Path, source: io::Error) -> SecretsError {
    SecretsError::Disk { act, file: file.to_owned(), source }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::entropy::SystemEntropy;

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_file_is_made_once_for_its_owner_alone_and_read_the_same_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/secrets.toml");
        let first = Secrets::open_or_make(&file, &SystemEntropy).unwrap();
        let second = Secrets::open_or_make(&file, &SystemEntropy).unwrap();
        assert_eq!(mode(&file), 0o600);
        assert_eq!(first.fingerprints(), second.fingerprints());
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "no draft stays");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.toml");
        Secrets::open_or_make(&file, &SystemEntropy).unwrap();
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let told = Secrets::open(&file).unwrap_err().to_string();
            assert!(told.contains("chmod 600"), "{told}");
        }
    }

    #[test]
    fn each_secret_has_a_fingerprint_of_its_own() {
        let same = Secret::new([7; 32]);
        let secrets = Secrets { root: same.clone(), token: same.clone(), ledger: same.clone(), promise: same };
        let prints: std::collections::HashSet<_> = secrets.fingerprints().into_iter().map(|(_, print)| print).collect();
        assert_eq!(prints.len(), 4);
    }

    #[test]
    fn a_damaged_file_is_refused_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.toml");
        write_new(&file, "root = \"c2hvcnQ=\"\ntoken = \"hunter2\"\n").unwrap();
        let error = Secrets::open(&file).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
        assert!(matches!(error, SecretsError::Damaged { .. }));
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new([65; 32])), "Secret(..)");
    }
}
