//! People: how they come in, who they are, what they may change, how they leave.

mod absences;
mod accounts;
mod administration;
mod bad_input;
mod bouncing;
mod commands;
mod crowd;
mod deliveries;
mod getting_back;
mod leaving;
mod letting_in;
mod ready;
mod roster;
mod several_hats;
