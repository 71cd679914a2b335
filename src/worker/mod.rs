//! What goes on without anybody asking: deadlines fire, mail leaves, what is only kept for a while goes.
//!
//! | file | job |
//! |---|---|
//! | [`engine`] | heartbeats, outages, deadlines |
//! | [`sender`] | the outbox |
//! | [`integrator`] | the ledger's ticks |
//! | [`cosigning`] | asking witnesses after each tick |
//! | `upkeep` | housekeeping |
//! | `clock_watch` | tells a jump of the wall clock from a machine that slept |
//! | `batch` | how many reports share a transaction |
//!
//! Engine and sender do one turn at a time, from the time on the app's clock, and say when the next is due; what is here
//! only sleeps until then, or until somebody wakes it.

mod batch;
mod clock_watch;
pub mod cosigning;
pub mod engine;
pub mod integrator;
pub mod sender;
mod upkeep;

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret as _;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::sleep,
};

use self::{cosigning::Cosigning, engine::Engine, integrator::Integrator, sender::Sender};
use crate::{
    app::{App, error::AppError},
    domain::time::{Seconds, UtcMillis},
    notify::{
        MailUrlError, Mailer, from_url,
        mail::{NotAnAddress, mailbox},
    },
};

/// Until the next try after a turn of the sender that failed.
const AFTER_FAILURE: Seconds = Seconds(2);

/// Why the workers cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The sender of every mail is no address.
    #[error("mail_from")]
    From(#[from] NotAnAddress),
    /// The way on which mail leaves cannot be used.
    #[error("mail_url")]
    MailUrl(#[from] MailUrlError),
}

/// The workers of a process, while they run.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts them, with the way for mail that the settings name. Inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] if the mail settings cannot be used.
    pub fn start(app: &App) -> Result<Self, StartError> {
        let from = mailbox(&app.settings().mail_from)?;
        let mailer = from_url(app.settings().mail_url.expose_secret(), &from)?;
        Ok(Self::start_with(app, mailer.into()))
    }

    /// Starts them with this way for mail. Inside a tokio runtime.
    pub fn start_with(app: &App, mailer: Arc<dyn Mailer>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let engine = Engine::new(app.clone(), app.draw_instance());
        let sender = Sender::new(app.clone(), mailer);
        let tasks = vec![
            tokio::spawn(fire(engine, app.clone(), stopped.clone())),
            tokio::spawn(send(sender, app.clone(), stopped.clone())),
            tokio::spawn(integrate(Integrator::new(app.clone()), app.clone(), stopped.clone())),
            tokio::spawn(ask_witnesses(Cosigning::new(app.clone()), app.clone(), stopped.clone())),
            tokio::spawn(keep_up(app.clone(), stopped)),
        ];
        Self { stop, tasks }
    }

    /// Lets each finish what it is at. Nothing accepted is lost: what was not begun is in the database.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a worker had broken off");
            }
        }
    }
}

async fn fire(mut engine: Engine, app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        let again_at = match engine.turn().await {
            Ok(turn) => turn.again_at,
            Err(error) => {
                log(&error, "deadlines wait");
                engine.after_failure()
            }
        };
        if rest(&app, again_at, Some(&app.nudges().engine), &mut stopped).await {
            return;
        }
    }
}

async fn send(sender: Sender, app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        let again_at = match sender.turn().await {
            Ok(turn) => turn.again_at,
            Err(error) => {
                log(&error, "notices wait");
                app.clock().now().plus(AFTER_FAILURE)
            }
        };
        if rest(&app, again_at, Some(&app.nudges().sender), &mut stopped).await {
            return;
        }
    }
}

async fn integrate(mut integrator: Integrator, app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        let again_at = match integrator.turn().await {
            Ok(turn) => turn.again_at,
            Err(error) => {
                log(&error, "the ledger waits");
                app.clock().now().plus(AFTER_FAILURE)
            }
        };
        if rest(&app, again_at, None, &mut stopped).await {
            return;
        }
    }
}

/// Whoever is slow to answer keeps nobody from stopping: what was asked is asked again after the next start.
async fn ask_witnesses(mut cosigning: Cosigning, app: App, mut stopped: watch::Receiver<bool>) {
    if app.settings().witnesses.0.is_empty() {
        return;
    }
    loop {
        let turn = tokio::select! {
            turn = cosigning.turn() => turn,
            _ = stopped.changed() => return,
        };
        let again_at = match turn {
            Ok((_, again_at)) => again_at,
            Err(error) => {
                log(&error, "witnesses wait");
                app.clock().now().plus(AFTER_FAILURE)
            }
        };
        if rest(&app, again_at, Some(&app.nudges().witnesses), &mut stopped).await {
            return;
        }
    }
}

async fn keep_up(app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        let pause = match upkeep::round(&app).await {
            Ok(()) => upkeep::ROUND,
            Err(error) => {
                log(&error, "upkeep waits");
                upkeep::AFTER_FAILURE
            }
        };
        let again_at = app.clock().now().plus(pause);
        while app.clock().now() < again_at {
            if rest(&app, again_at, None, &mut stopped).await {
                return;
            }
        }
    }
}

/// Sleeps until then, until woken, or for as long as a sleep may last; whether it is time to stop.
async fn rest(app: &App, until: UtcMillis, nudge: Option<&Notify>, stopped: &mut watch::Receiver<bool>) -> bool {
    let millis = until.since(app.clock().now()).clamp(0, engine::FULL_LOOK.millis());
    let asleep = sleep(Duration::from_millis(u64::try_from(millis).unwrap_or_default()));
    let nudged = async {
        match nudge {
            Some(nudge) => nudge.notified().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = stopped.changed() => true,
        () = asleep => *stopped.borrow(),
        () = nudged => *stopped.borrow(),
    }
}

fn log(error: &AppError, waits: &'static str) {
    tracing::error!(error = error as &dyn std::error::Error, waits);
}
