//! Who may administer what.
//!
//! What somebody may not do answers as if it were not there: a refusal would tell what the other side has.
//!
//! Source: api.md, "Operator and desk administration".

use crate::{
    app::{Production, Seat, error::AppError, sessions::SignedIn},
    domain::{
        ids::MemberId,
        policy::{Level, Side},
    },
};

/// Who administers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Administrator {
    /// Whoever has a shell on the host.
    Host,
    /// The operator, signed in.
    Operator(MemberId),
    /// Any other member.
    Member(MemberId),
}

impl From<&SignedIn> for Administrator {
    fn from(who: &SignedIn) -> Self {
        if who.is_operator { Self::Operator(who.member) } else { Self::Member(who.member) }
    }
}

impl Administrator {
    /// Runs the server.
    pub const fn runs_the_server(self) -> bool {
        match self {
            Self::Host | Self::Operator(_) => true,
            Self::Member(_) => false,
        }
    }

    /// Their account, if they have one.
    pub const fn member(self) -> Option<MemberId> {
        match self {
            Self::Host => None,
            Self::Operator(member) | Self::Member(member) => Some(member),
        }
    }

    /// Makes productions, adds and ends desks, moves them to another level.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody but the operator.
    pub fn must_run_the_server(self) -> Result<(), AppError> {
        allowed(self.runs_the_server())
    }

    /// Reads a production's roster and policy: whoever is seated.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn must_read(self, production: &Production) -> Result<(), AppError> {
        allowed(self.runs_the_server() || self.seats(production).next().is_some())
    }

    /// Changes settings and policy: production members of the highest level.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn must_set(self, production: &Production) -> Result<(), AppError> {
        let highest = production.policy.chain_levels(Side::Production).last().copied();
        let there = |(side, level)| side == Side::Production && highest.is_some() && level == highest;
        allowed(self.runs_the_server() || self.seats(production).any(there))
    }

    /// Agrees to a longer window or a missing union desk: union members alone, never the operator.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn must_agree(self, production: &Production) -> Result<MemberId, AppError> {
        match self {
            Self::Member(member) if self.seats(production).any(|(side, _)| side == Side::Union) => Ok(member),
            Self::Host | Self::Operator(_) | Self::Member(_) => Err(AppError::NotFound),
        }
    }

    /// Gives the crew another code: either side, and the operator.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn must_change_code(self, production: &Production) -> Result<(), AppError> {
        allowed(self.runs_the_server() || self.sits_on_a_side(production))
    }

    /// Sends everybody a test notice: either side, and the operator.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn must_test(self, production: &Production) -> Result<(), AppError> {
        allowed(self.runs_the_server() || self.sits_on_a_side(production))
    }

    fn sits_on_a_side(self, production: &Production) -> bool {
        self.seats(production).any(|(side, _)| matches!(side, Side::Production | Side::Union))
    }

    /// Invites to a desk and renames it: members of its side, at their own level and below. Observers count with the
    /// production; an observer invites observers alone.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn must_seat_at(self, production: &Production, side: Side, level: Option<Level>) -> Result<(), AppError> {
        let reaches = |(own_side, own_level)| match (own_side, side) {
            (Side::Production | Side::Observer, Side::Observer) => true,
            (Side::Production, Side::Production) | (Side::Union, Side::Union) => own_level >= level,
            (Side::Production | Side::Observer, Side::Union)
            | (Side::Union, Side::Production | Side::Observer)
            | (Side::Observer, Side::Production) => false,
        };
        allowed(self.runs_the_server() || self.seats(production).any(reaches))
    }

    /// Lets somebody in to what was open when they came: see [`Production::who_lets_in`]; never the operator.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn must_let_in(self, production: &Production, seat: &Seat) -> Result<MemberId, AppError> {
        match self {
            Self::Member(member) if production.who_lets_in(seat).iter().any(|s| s.member == member) => Ok(member),
            Self::Host | Self::Operator(_) | Self::Member(_) => Err(AppError::NotFound),
        }
    }

    fn seats(self, production: &Production) -> impl Iterator<Item = (Side, Option<Level>)> {
        let member = self.member();
        production.seats.iter().filter(move |s| Some(s.member) == member).map(|s| (s.side, s.level))
    }
}

fn allowed(allowed: bool) -> Result<(), AppError> {
    if allowed { Ok(()) } else { Err(AppError::NotFound) }
}
