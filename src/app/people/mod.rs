//! Members, desks, invitations, seats: who sits where, who may change it, and what follows from a change.

mod absence;
mod acceptance;
mod admission;
mod codes;
mod desks;
mod invitations;
mod kept_out;
mod me;
mod passwords;
mod removal;
mod renewal;
pub mod rights;
mod seats;

use super::{App, error::AppError, record::is_conflict};
use crate::storage::Tx;

pub use absence::{AbsenceView, StandInView};
pub use acceptance::Accepted;
pub use codes::DrawnCode;
pub(in crate::app) use desks::policy_desks;
pub use desks::{DeskChange, DeskChanged, DeskView, NewDesk};
pub use invitations::{InvitationView, Invited};
pub use me::{MemberView, OwnSeat};
pub use rights::Administrator;
pub(in crate::app) use seats::end_desk;

/// How often a change of people is tried while others act on the same reports.
const MOST_TRIES: usize = 20;

impl App {
    /// A write that changes who sits where, and with that what open reports wait for. Wakes whoever has something to do
    /// after it.
    ///
    /// # Errors
    /// Those of `work`; [`AppError::Unavailable`].
    pub(in crate::app) async fn change_people<T, F>(&self, key: &[u8; 16], work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<T, AppError> + Clone + Send + 'static,
    {
        for _ in 0..MOST_TRIES {
            match self.inner.storage.write(key, work.clone()).await {
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error),
                Ok(done) => {
                    self.inner.nudges.engine.notify_one();
                    self.inner.nudges.sender.notify_one();
                    return Ok(done);
                }
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }
}
