//! What a filing finds before it is decided: its receipt, the production of its crew code, and whether it is a repetition.

use std::sync::{Arc, PoisonError};

use super::Reporter;
use crate::{
    app::{App, context::Production, error::AppError, form::FilingBody, record::Subject},
    domain::{ids::ProductionId, time::UtcMillis},
    storage::{Conn, filings::Earlier, productions, reports},
};

/// What was found before deciding.
pub(super) enum Found {
    /// The receipt has filed this content.
    Repeated(Box<Subject>),
    /// Nothing is known of the receipt; where it is filed, and what stands around it.
    New(Arc<Production>, Circumstances),
}

/// What stands around a new filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Circumstances {
    /// Another report of the category was delivered lately.
    pub(super) repeated: bool,
    /// Its crew code is no longer in full force.
    pub(super) by_old_code: bool,
}

/// A crew code that files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) struct CodeFound {
    /// The production it files to.
    pub(in crate::app) production: ProductionId,
    /// It is today's, or was rotated less than a week ago. Else what it files is marked for the union side.
    pub(in crate::app) is_in_force: bool,
}

impl App {
    /// Looks up the receipt, then the crew code and what its production says about the filing.
    pub(super) async fn find_for_filing(
        &self,
        reporter: &Reporter,
        crew_code: Option<&str>,
        body: &FilingBody,
        now: UtcMillis,
    ) -> Result<Found, AppError> {
        let mac = crew_code.map(|code| self.crew_code_mac(code));
        if let Some(mac) = mac
            && let Some(found) = self.glance(reporter, mac, body, now).await?
        {
            return Ok(found);
        }
        let app = self.clone();
        let (row, tag) = (reporter.row, reporter.tag);
        let category = body.category.clone();
        let found = self
            .inner
            .storage
            .read(move |conn| {
                if reports::is_filed(conn, &row)? {
                    let found = reports::by_lookup(conn, &row)?.ok_or(AppError::NotFound)?;
                    let same = crate::sealing::same(&found.content_tag.0, &tag);
                    return if same {
                        app.subject_of(conn, found).map(|s| Found::Repeated(Box::new(s)))
                    } else {
                        Err(AppError::OtherContent)
                    };
                }
                let code = mac.map(|mac| code_at(conn, &mac, now)).transpose()?.flatten().ok_or(AppError::NotFound)?;
                let production = app.production_in(conn, code.production)?;
                let repeated = is_repeated(conn, &production, &category, now)?;
                Ok(Found::New(production, Circumstances { repeated, by_old_code: !code.is_in_force }))
            })
            .await?;
        if let Found::New(production, _) = &found {
            self.remember(production);
            self.remember_code(mac, production.id);
        }
        Ok(found)
    }

    /// The same in one statement, for the usual case: a new receipt, and a crew code whose production is known and
    /// unchanged. `None` where it has to be looked at closely.
    async fn glance(
        &self,
        reporter: &Reporter,
        mac: [u8; 32],
        body: &FilingBody,
        now: UtcMillis,
    ) -> Result<Option<Found>, AppError> {
        let known = self.inner.crew_codes.read().unwrap_or_else(PoisonError::into_inner).get(&mac).copied();
        let Some(production) = known.and_then(|id| self.known(id)) else { return Ok(None) };
        let (from, to) = repeated_between(&production, now);
        let earlier = Earlier { production: production.id, category: body.category.clone(), from, to };
        let glance = self.inner.storage.glance(reporter.row, mac, earlier).await?;
        let usual = glance.filter(|seen| {
            !seen.is_filed
                && seen.production == production.id
                && seen.mark == production.mark()
                && is_before(now, seen.until)
        });
        Ok(usual.map(|seen| {
            let by_old_code = !is_before(now, seen.full_until);
            Found::New(production, Circumstances { repeated: seen.has_earlier, by_old_code })
        }))
    }

    fn remember_code(&self, mac: Option<[u8; 32]>, production: ProductionId) {
        if let Some(mac) = mac {
            self.inner.crew_codes.write().unwrap_or_else(PoisonError::into_inner).insert(mac, production);
        }
    }
}

/// A crew code in force, or an old one that still files.
pub(in crate::app) fn code_at(conn: &mut Conn, mac: &[u8; 32], now: UtcMillis) -> Result<Option<CodeFound>, AppError> {
    let found = productions::crew_code(conn, mac)?.filter(|code| is_before(now, code.until));
    Ok(found.map(|code| CodeFound { production: code.production_id, is_in_force: is_before(now, code.full_until) }))
}

/// Whether the end, if there is one, is still to come.
fn is_before(now: UtcMillis, end: Option<UtcMillis>) -> bool {
    end.is_none_or(|end| now < end)
}

/// Another report of the category, delivered long enough ago and not too long.
fn is_repeated(conn: &mut Conn, production: &Production, category: &str, now: UtcMillis) -> Result<bool, AppError> {
    let (from, to) = repeated_between(production, now);
    Ok(reports::has_earlier(conn, production.id, category, from, to)?)
}

/// When another report has to have been delivered for this one to repeat it: both ends included.
fn repeated_between(production: &Production, now: UtcMillis) -> (UtcMillis, UtcMillis) {
    let repeated = production.policy.document.repeated;
    (now.plus_millis(1 - repeated.within.millis()), now.plus_millis(-1 - repeated.after.millis()))
}
