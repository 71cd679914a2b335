//! Days that pass: every deadline fires at its instant, every notice is delivered, hours go by in no time.

use std::sync::Arc;

use lastlooks::{
    domain::time::UtcMillis,
    notify::{Mailer, from_url, mail::mailbox},
    storage::{StorageError, report_parts, reports},
    worker::{engine::Engine, sender::Sender},
};

use super::app::TestApp;

/// Names this engine's heartbeats.
const INSTANCE: [u8; 16] = [1; 16];

/// Engine, sender and mailbox of one story.
pub struct Days<'a> {
    set: &'a TestApp,
    engine: Engine,
    sender: Sender,
}

impl std::fmt::Debug for Days<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Days")
    }
}

impl<'a> Days<'a> {
    /// Days of this story, with mail to its folder.
    pub fn of(set: &'a TestApp) -> Self {
        let from = mailbox("Last Looks <reports@western.test>").unwrap();
        let folder = format!("folder:{}", set.folder().join("mail").display());
        Self::by(set, Arc::from(from_url(&folder, &from).unwrap()))
    }

    /// Days of this story, with mail leaving this way.
    pub fn by(set: &'a TestApp, mailer: Arc<dyn Mailer>) -> Self {
        let app = set.app().clone();
        Self { set, engine: Engine::new(app.clone(), INSTANCE), sender: Sender::new(app, mailer) }
    }

    /// Goes on to an instant: whatever is due before it, or then, happens at its own time.
    #[track_caller]
    pub fn until(&mut self, at: UtcMillis) {
        loop {
            self.work();
            let next = self.set.wait(self.set.app().next_wake(self.set.now())).unwrap();
            match next.filter(|next| *next <= at) {
                Some(next) => self.set.clock.move_to(next),
                None if self.set.now() < at => self.set.clock.move_to(at),
                None => return,
            }
        }
    }

    /// Does what is due now, and delivers what waits.
    #[track_caller]
    pub fn work(&mut self) {
        // The hours between were watched: they only took no time.
        self.set.wait(self.set.app().beat_over_jump(INSTANCE, self.set.now())).unwrap();
        self.set.wait(self.engine.turn()).unwrap();
        self.deliver();
    }

    /// Delivers what waits in the outbox.
    #[track_caller]
    pub fn deliver(&mut self) {
        while self.set.wait(self.sender.turn()).unwrap().leased > 0 {}
    }

    /// How many mails an address has got.
    pub fn mails_to(&self, email: &str) -> usize {
        let Ok(files) = std::fs::read_dir(self.set.folder().join("mail")) else { return 0 };
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        texts.filter(|text| text.lines().any(|line| line.starts_with("To:") && line.contains(email))).count()
    }

    /// How many events of a kind a report has on record.
    pub fn events_of(&self, handle: &str, kind: &str) -> usize {
        let (handle, kind) = (handle.to_owned(), kind.to_owned());
        let storage = self.set.database().open();
        let count = storage.read_blocking(move |conn| {
            let row = reports::open_after(conn, None, 1000)?.into_iter().find(|row| row.handle == handle).unwrap();
            let events = report_parts::events(conn, row.id)?;
            Ok::<_, StorageError>(events.iter().filter(|event| event.kind == kind).count())
        });
        count.unwrap()
    }
}
