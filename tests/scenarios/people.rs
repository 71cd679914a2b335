//! People: how they come in, who they are, what they may change, how they leave.

mod accounts;
mod administration;
mod bad_input;
mod commands;
mod crowd;
mod leaving;
mod letting_in;
mod roster;
