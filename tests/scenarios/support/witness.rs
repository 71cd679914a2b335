//! A witness on a real socket with a real folder, on the clock of the story.

use std::{net::TcpListener, path::Path, sync::Arc, thread, time::Duration};

use lastlooks::{
    clock::Clock,
    entropy::SystemEntropy,
    http::witness,
    merkle::key::{KeyName, VerifierKey},
    witness::{
        cosigner::Cosigner,
        folder::{Folder, FolderError},
    },
};

use super::{client::Client, running::Running};

/// A witness; first named to the log, then told which log to follow.
#[derive(Debug)]
pub struct TestWitness {
    folder: tempfile::TempDir,
    key: VerifierKey,
    port: u16,
    running: Option<Running>,
}

impl TestWitness {
    /// A witness with this name, which does not run yet.
    pub fn named(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = opened(folder.path()).key(Some(&KeyName::new(name).unwrap()), &SystemEntropy).unwrap();
        // Nobody else gets the port in between: the system hands out others first.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, key: key.public().clone(), port, running: None }
    }

    /// Its line in the settings of a log and in the file of a verifier.
    pub fn line(&self, side: &str) -> String {
        format!("{side} {} {}\n", self.key, self.url())
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks it over HTTP.
    pub fn client(&self) -> Client {
        Client::new(&self.url())
    }

    /// Its key.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Starts following a log, on this clock.
    pub fn follows(&mut self, log: VerifierKey, clock: Arc<dyn Clock>) {
        let folder = opened(self.folder.path());
        let signer = folder.key(None, &SystemEntropy).unwrap();
        let cosigner = Arc::new(Cosigner::open(signer, vec![log], folder).unwrap());
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        self.running = Some(Running::start(move || witness::serve(listener, cosigner, clock).unwrap()));
    }

    /// Stops it; its folder stays.
    pub fn stops(&mut self) {
        self.running = None;
    }
}

/// The threads of a server that was stopped let go of what they had a moment after it.
fn opened(folder: &Path) -> Folder {
    for _ in 0..100 {
        match Folder::open(folder) {
            Err(FolderError::Taken { .. }) => thread::sleep(Duration::from_millis(50)),
            opened => return opened.unwrap(),
        }
    }
    panic!("{} is still taken", folder.display());
}
