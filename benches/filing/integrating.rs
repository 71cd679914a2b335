//! An integrator beside the load: every two seconds it takes in what was filed since, as each quarter of an hour elsewhere.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use lastlooks::{
    app::{App, ledger::LedgerTurn},
    cli::assemble::runtime,
    domain::time::UtcMillis,
};

/// Real time between two ticks of the ledger, however long it takes them to be.
const EVERY: Duration = Duration::from_secs(2);

/// Runs a load while leaves are integrated, signed and published; `now` is the ledger's time, which is ahead of the clock.
///
/// # Errors
/// If either fails, or a tick published nothing new.
pub(crate) fn beside<T>(app: &App, now: &mut UtcMillis, load: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let (over, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let ticking = thread::Builder::new().name("integrator".to_owned());
        let ticking = ticking.spawn_scoped(scope, move || tick_until(app, now, &waiting))?;
        let seen = load();
        drop(over);
        ticking.join().map_err(|_| anyhow::anyhow!("the integrator broke off"))??;
        seen
    })
}

fn tick_until(app: &App, now: &mut UtcMillis, over: &mpsc::Receiver<()>) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let mut before = 0;
    while matches!(over.recv_timeout(EVERY), Err(RecvTimeoutError::Timeout)) {
        // The next tick that is over, as if a quarter of an hour had gone by.
        *now = app.next_ledger_turn(*now);
        let LedgerTurn::Published { size } = runtime.block_on(app.ledger_turn(*now)).context("the ledger")? else {
            bail!("the ledger refused to sign");
        };
        if size <= before {
            bail!("a tick published nothing");
        }
        before = size;
    }
    Ok(())
}
