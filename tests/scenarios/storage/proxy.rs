//! A socket between the service and PostgreSQL that can lose the answer to a COMMIT, or the COMMIT itself.

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// What gets lost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lose {
    /// COMMIT arrives and is carried out; its answer does not come back.
    Answer,
    /// COMMIT never arrives.
    Commit,
}

/// A proxy in a folder of its own, which is the `host` of its URL.
pub struct Proxy {
    folder: tempfile::TempDir,
    left: Arc<AtomicUsize>,
}

impl Proxy {
    /// Listens, and loses what it is told to for the first `times` COMMITs.
    pub fn to(server: &Path, lose: Lose, times: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let behind = server.join(".s.PGSQL.5432");
        let left = Arc::new(AtomicUsize::new(times));
        let shared = Arc::clone(&left);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (behind, left) = (behind.clone(), Arc::clone(&shared));
                thread::spawn(move || carry(client, &behind, lose, &left));
            }
        });
        Self { folder, left }
    }

    /// The folder to name as host.
    pub fn host(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    /// How many losses are still to come.
    pub fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }
}

fn carry(mut client: UnixStream, behind: &Path, lose: Lose, left: &AtomicUsize) {
    let mut server = UnixStream::connect(behind).unwrap();
    let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || drop(std::io::copy(&mut answers, &mut back)));
    let mut buffer = vec![0; 1 << 20];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let is_commit = buffer[..read].windows(7).any(|part| part == b"COMMIT\0");
        if is_commit && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
            client.shutdown(Shutdown::Both).unwrap();
            if lose == Lose::Answer {
                server.write_all(&buffer[..read]).unwrap();
                // The server carries it out although nobody listens any more.
                thread::sleep(Duration::from_millis(200));
            }
            drop(server.shutdown(Shutdown::Both));
            return;
        }
        if server.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
    drop(server.shutdown(Shutdown::Both));
}
