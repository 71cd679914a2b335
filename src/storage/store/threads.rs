//! The threads of a store: its writers, each with a connection of its own, and its readers.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use super::{
    super::{
        checkpoints::Log,
        connection::{Link, Target},
        error::StorageError,
        reader::{Read, Reader},
        writer::Writer,
    },
    Inner, WriterSettings,
};

impl Inner {
    pub(super) fn start_writers(&mut self, settings: &WriterSettings, first: Link) -> Result<(), StorageError> {
        let count = match self.target {
            Target::Sqlite(_) => 1,
            Target::Postgres { .. } => settings.writers.max(1),
        };
        let mut link = Some(first);
        for number in 0..count {
            let (sender, tasks) = sync_channel(settings.queue.max(1));
            let writer = Writer {
                target: self.target.clone(),
                tasks,
                max_batch: settings.max_batch.max(1),
                linger: settings.linger,
                crowd: self.crowd.clone(),
                log: Log::start(&self.target, &self.log_turn)?,
                patience: settings.patience,
                clock: Arc::clone(&self.clock),
                link: link.take(),
                changed: self.changed.clone(),
            };
            self.start(format!("writer {number}"), move || writer.run())?;
            self.writers.push(sender);
        }
        Ok(())
    }

    pub(super) fn start_readers(&mut self, settings: &WriterSettings) -> Result<(), StorageError> {
        let (sender, tasks): (_, Receiver<Read>) = sync_channel(settings.queue.max(1));
        let tasks = Arc::new(Mutex::new(tasks));
        for number in 0..settings.readers.max(1) {
            let reader = Reader { target: self.target.clone(), link: None };
            let tasks = Arc::clone(&tasks);
            self.start(format!("reader {number}"), move || reader.run(&tasks))?;
        }
        self.readers = Some(sender);
        Ok(())
    }

    fn start(&mut self, name: String, work: impl FnOnce() + Send + 'static) -> Result<(), StorageError> {
        let started = thread::Builder::new().name(name).spawn(work);
        let handle = started.map_err(|e| StorageError::Unavailable(format!("no thread could be started: {e}")))?;
        self.threads.get_mut().unwrap_or_else(PoisonError::into_inner).push(handle);
        Ok(())
    }
}

impl Drop for Inner {
    /// Lets the threads finish what they accepted, so that the end of the process cuts no COMMIT short.
    fn drop(&mut self) {
        self.writers.clear();
        self.readers = None;
        let this = thread::current().id();
        for handle in self.threads.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if handle.thread().id() != this {
                // A thread that panicked has nothing left to finish.
                drop(handle.join());
            }
        }
    }
}
