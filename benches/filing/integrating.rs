//! An integrator beside the load: each second it takes in what was filed since, as it does each quarter of an hour elsewhere.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use lastlooks::{
    app::{App, ledger::LedgerTurn},
    cli::assemble::runtime,
    clock::{Clock as _, SystemClock},
};

/// Real time between two ticks of the ledger, however long it takes them to be.
const EVERY: Duration = Duration::from_secs(1);

/// Runs a load while leaves are integrated, signed and published.
///
/// # Errors
/// If either fails, or a tick published nothing new.
pub(crate) fn beside<T>(app: &App, load: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let (over, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let ticking = thread::Builder::new().name("integrator".to_owned());
        let ticking = ticking.spawn_scoped(scope, move || tick_until(app, &waiting))?;
        let seen = load();
        drop(over);
        ticking.join().map_err(|_| anyhow::anyhow!("the integrator broke off"))??;
        seen
    })
}

fn tick_until(app: &App, over: &mpsc::Receiver<()>) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let (mut now, mut before) = (SystemClock::new().now(), 0);
    while matches!(over.recv_timeout(EVERY), Err(RecvTimeoutError::Timeout)) {
        // The next tick that is over, as if a quarter of an hour had gone by.
        now = app.next_ledger_turn(now);
        let LedgerTurn::Published { size } = runtime.block_on(app.ledger_turn(now)).context("the ledger")? else {
            bail!("the ledger refused to sign");
        };
        if size <= before {
            bail!("a tick published nothing");
        }
        before = size;
    }
    Ok(())
}
