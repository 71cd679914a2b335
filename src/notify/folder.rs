//! `folder:`: each mail is an .eml file, whole or not there at all.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use async_trait::async_trait;

use super::{Accepted, Mail, Mailer, SendError};

/// Writes mails into a folder. A file in place counts as accepted.
#[derive(Debug, Clone)]
pub struct FolderMailer {
    folder: PathBuf,
}

impl FolderMailer {
    /// Mails go to this folder, which is made with the first of them.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Runs blocking file work apart from the async threads.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, SendError> {
        let folder = self.folder.clone();
        let done = tokio::task::spawn_blocking(move || work(&folder).map_err(|error| path_failure(&folder, &error)));
        done.await.map_err(|error| SendError::Path { reason: format!("writing the mail was cut short: {error}") })?
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, mail: &Mail) -> Result<Accepted, SendError> {
        let bytes = mail.bytes()?;
        let name = file_name(&mail.message_id);
        let reply = format!("written as {name}");
        self.apart(move |folder| put(folder, &name, &bytes)).await?;
        Ok(Accepted { reply })
    }

    fn tells(&self) -> bool {
        true
    }

    async fn check(&self) -> Result<(), SendError> {
        self.apart(|folder| {
            put(folder, ".check", b"can a mail be written here?\r\n")?;
            fs::remove_file(folder.join(".check"))
        })
        .await
    }
}

/// Writes a file so that it is in place whole, also after the power failed: temporary name, sync, rename, sync the folder.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let written = write_synced(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, folder.join(name)));
    if written.is_err() {
        // Half a mail on a full disk is in the way of the next try; that it stays is the lesser evil.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    sync_folder(folder)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // A mail may hold a link that acts: only the service's own user reads the file.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// On Unix a new name is on disk once its folder is; elsewhere the rename itself is all there is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The Message-ID as a file name: the same mail lands in the same file, and no name leads out of the folder.
fn file_name(message_id: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-') { c } else { '_' };
    let bare = message_id.trim_start_matches(['<', '.']).trim_end_matches('>');
    let name: String = bare.chars().map(kept).take(120).collect();
    format!("{name}.eml")
}

fn path_failure(folder: &Path, error: &io::Error) -> SendError {
    let folder = folder.display();
    let reason = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("the disk of the mail folder {folder} is full: make room, the mail is tried again")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            format!("the mail folder {folder} may not be written to: give this service's user the right to")
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            format!("the mail folder {folder} cannot be made: a file is in its place")
        }
        _ => format!("the mail folder {folder} cannot be written to: {error}"),
    };
    SendError::Path { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::mail::tests::sample;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_mail_sent_twice_is_one_whole_file() {
        let place = tempfile::tempdir().unwrap();
        let mailer = FolderMailer::new(place.path().join("not/yet"));
        let mail = sample("dana@example.org");
        mailer.send(&mail).await.unwrap();
        let accepted = mailer.send(&mail).await.unwrap();
        let name = "abababababababababababababababab@local600.example.eml";
        assert_eq!(accepted.reply, format!("written as {name}"));
        assert_eq!(names(&place.path().join("not/yet")), [name]);
        assert_eq!(fs::read(place.path().join("not/yet").join(name)).unwrap(), mail.bytes().unwrap());
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_a_failure_of_the_path_and_passes_when_mended() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("mail");
        fs::write(&folder, "in the way").unwrap();
        let mailer = FolderMailer::new(&folder);
        let refused = mailer.send(&sample("dana@example.org")).await.unwrap_err();
        assert!(refused.is_worth_retrying());
        assert!(refused.to_string().ends_with("cannot be made: a file is in its place"), "{refused}");
        assert!(mailer.check().await.is_err());
        fs::remove_file(&folder).unwrap();
        assert!(mailer.check().await.is_ok());
        assert!(mailer.send(&sample("dana@example.org")).await.is_ok());
    }

    #[test]
    fn a_failed_write_leaves_no_half_mail_behind() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("a.eml")).unwrap();
        assert!(put(place.path(), "a.eml", b"x").is_err());
        assert_eq!(names(place.path()), ["a.eml"]);
    }

    #[tokio::test]
    async fn a_check_leaves_nothing_behind() {
        let place = tempfile::tempdir().unwrap();
        FolderMailer::new(place.path()).check().await.unwrap();
        assert!(names(place.path()).is_empty());
    }

    #[test]
    fn a_full_disk_is_named_in_plain_words() {
        let error = path_failure(Path::new("data/mail"), &io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(
            error.to_string(),
            "the disk of the mail folder data/mail is full: make room, the mail is tried again"
        );
    }

    #[test]
    fn no_message_id_leads_out_of_the_folder() {
        assert_eq!(file_name("<../../etc/passwd>"), "_.._etc_passwd.eml");
        assert_eq!(file_name("<a1@b.example>"), "a1@b.example.eml");
    }
}
