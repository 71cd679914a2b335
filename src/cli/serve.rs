//! `lastlooks serve`: the service.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use actix_web::{dev::ServerHandle, rt::task::JoinHandle};
use anyhow::Context as _;
use clap::ValueEnum;

use super::{assemble, logging, process, settings};
use crate::{
    app::App,
    clock::SystemClock,
    entropy::{Entropy, SystemEntropy},
    http::{
        body::Limits,
        health::Checks,
        metrics::{self, Metrics},
        routes, server,
    },
};

/// Options of `lastlooks serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks serve
  LASTLOOKS_LISTEN=0.0.0.0:8080 lastlooks serve --role web")]
pub struct Args {
    /// Which part of the work this process does
    #[arg(long, value_enum, default_value_t = Role::All)]
    pub role: Role,
}

/// Which part of the work a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers requests, fires deadlines, sends mail
    All,
    /// Answers requests only
    Web,
    /// Fires deadlines and sends mail only
    Worker,
}

impl Role {
    /// Answers requests.
    const fn answers(self) -> bool {
        matches!(self, Self::All | Self::Web)
    }

    /// Fires deadlines and sends mail.
    const fn works(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }
}

/// Runs the service until it is told to stop.
///
/// # Errors
/// If a setting cannot be used, or the address is taken.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let settings = settings::read(config)?;
    logging::start(settings.log, settings.log_level)?;
    process::harden()?;
    let listen = settings.listen;
    let secrets = settings.secrets_file.clone();
    let is_new = !secrets.exists();
    let app = assemble::open_app(settings, assemble::Tables::Migrate)?;
    if is_new {
        writeln!(out, "No host was here: a new one begins, with secrets of its own in {}.", secrets.display())?;
        writeln!(
            out,
            "If you expected yours, stop this one and look at LASTLOOKS_DATA_DIR and LASTLOOKS_SECRETS_FILE."
        )?;
    }
    let listener = args.role.answers().then(|| TcpListener::bind(listen));
    let listener = listener.transpose().with_context(|| {
        format!("cannot listen on {listen}: perhaps Last Looks runs already; if not, the setting `listen` (LASTLOOKS_LISTEN) chooses another address")
    })?;
    if let Some(listener) = &listener {
        writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    }
    let counted = listen_for_metrics(app.settings().metrics_listen, out)?;
    actix_web::rt::System::new().block_on(async {
        let numbers = counted.map(|listener| Numbers::start(&app, listener)).transpose()?;
        let running = start(&app, listener, args.role, numbers.as_ref().map(|numbers| Arc::clone(&numbers.metrics)))?;
        told_to_stop().await?;
        running.stop().await;
        if let Some(numbers) = numbers {
            numbers.stop().await;
        }
        Ok(())
    })
}

/// A port that is taken, as by a Prometheus on the same machine, keeps no show from its deadlines: it is said, and the
/// service goes on without numbers.
fn listen_for_metrics(address: SocketAddr, out: &mut dyn Write) -> anyhow::Result<Option<TcpListener>> {
    match TcpListener::bind(address) {
        Ok(listener) => {
            writeln!(out, "metrics on http://{}/metrics", listener.local_addr()?)?;
            Ok(Some(listener))
        }
        Err(error) => {
            tracing::error!(%address, %error, "no metrics: set LASTLOOKS_METRICS_LISTEN to a port that is free");
            Ok(None)
        }
    }
}

/// The metrics, while they are served.
struct Numbers {
    metrics: Arc<Metrics>,
    server: ServerHandle,
    looks: JoinHandle<()>,
}

impl Numbers {
    fn start(app: &App, listener: TcpListener) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new()?);
        let server = metrics::serve(listener, &metrics)?;
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let looks = actix_web::rt::spawn(metrics::keep(app.clone(), Arc::clone(&metrics)));
        Ok(Self { metrics, server: handle, looks })
    }

    async fn stop(self) {
        self.looks.abort();
        self.server.stop(false).await;
    }
}

/// A service that runs.
pub(super) struct Running {
    server: Option<ServerHandle>,
    workers: Option<crate::worker::Workers>,
}

/// Starts answering on a listener, and the workers. Requests are counted in `metrics`. Inside an actix system.
///
/// # Errors
/// If the listener is refused, or the mail settings cannot be used.
pub(super) fn start(
    app: &App,
    listener: Option<TcpListener>,
    role: Role,
    metrics: Option<Arc<Metrics>>,
) -> anyhow::Result<Running> {
    let workers = role.works().then(|| crate::worker::Workers::start(app)).transpose()?;
    let server = listener.map(|listener| {
        let parts = server::Parts {
            checks: checks(app),
            clock: Arc::new(SystemClock::new()),
            boot: (&SystemEntropy as &dyn Entropy).bytes(),
            limits: Limits::default(),
            metrics,
        };
        let server = server::start(listener, parts, routes::every(app))?;
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Ok::<_, anyhow::Error>(handle)
    });
    Ok(Running { server: server.transpose()?, workers })
}

fn checks(app: &App) -> Checks {
    let (database, engine) = (app.clone(), app.clone());
    Checks::default()
        .with("database", "the database is away", move || {
            let app = database.clone();
            Box::pin(async move { app.check_database().await })
        })
        .with("engine", "deadlines are held; whoever hosts this runs lastlooks doctor", move || {
            let app = engine.clone();
            Box::pin(async move { app.check_engine().await })
        })
}

impl Running {
    /// Takes no more requests, finishes those under way, then stops the workers. Nothing accepted is lost.
    pub(super) async fn stop(self) {
        if let Some(server) = self.server {
            server.stop(true).await;
        }
        if let Some(workers) = self.workers {
            workers.stop().await;
        }
    }
}

/// Waits for Ctrl-C or, on Unix, for the signal that service managers send.
pub(super) async fn told_to_stop() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            asked = tokio::signal::ctrl_c() => asked?,
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}
