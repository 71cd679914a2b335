//! A server on a thread of its own, which ends with its owner.

use std::{
    sync::mpsc,
    thread::{self, JoinHandle},
};

use actix_web::dev::{Server, ServerHandle};

/// A server while it runs.
#[derive(Debug)]
pub struct Running {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Runs the server that is made on its thread.
    pub fn start(make: impl FnOnce() -> Server + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = make();
                sender.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self { handle: receiver.recv().unwrap(), thread: Some(thread) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The command is given by the call; the answer is the end of the thread.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
