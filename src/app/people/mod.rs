//! Members, desks, invitations, seats: who sits where, who may change it, and what follows from a change.

mod acceptance;
mod codes;
mod desks;
mod invitations;
mod kept_out;
mod me;
pub mod rights;
mod seats;

pub use acceptance::Accepted;
pub use codes::DrawnCode;
pub(in crate::app) use desks::policy_desks;
pub use desks::{DeskChange, DeskChanged, DeskView, NewDesk};
pub use invitations::{InvitationView, Invited};
pub use me::{MemberView, OwnSeat};
pub use rights::Administrator;
pub(in crate::app) use seats::end_desk;
