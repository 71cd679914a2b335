//! The real server, on a thread of its own.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use actix_web::dev::ServerHandle;
use anyhow::Context as _;
use lastlooks::{
    app::App,
    clock::SystemClock,
    entropy::{Entropy, SystemEntropy},
    http::{body::Limits, health::Checks, routes, server},
};

/// Serves on a free port: where, how to stop it, and what it ends with.
///
/// # Errors
/// If it does not start.
pub(crate) fn serve(app: &App) -> anyhow::Result<(SocketAddr, ServerHandle, JoinHandle<std::io::Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (sender, started) = mpsc::channel();
    let app = app.clone();
    let serving = thread::spawn(move || run(listener, &app, &sender));
    Ok((address, started.recv().context("the server did not start")?, serving))
}

fn run(listener: TcpListener, app: &App, started: &mpsc::Sender<ServerHandle>) -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let parts = server::Parts {
            checks: Checks::default(),
            clock: Arc::new(SystemClock::new()),
            boot: (&SystemEntropy as &dyn Entropy).bytes(),
            limits: Limits::default(),
            metrics: None,
        };
        let server = server::start(listener, parts, routes::every(app))?;
        // Nobody waits for it only if the benchmark is over already.
        drop(started.send(server.handle()));
        server.await
    })
}
