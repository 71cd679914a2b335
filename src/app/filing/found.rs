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
    /// Nothing is known of the receipt.
    New {
        /// Where it is filed.
        production: Arc<Production>,
        /// Another report of the category came before.
        repeated: bool,
    },
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
                let id = mac.map(|mac| production_of_code(conn, &mac, now)).transpose()?.flatten();
                let production = app.production_in(conn, id.ok_or(AppError::NotFound)?)?;
                let repeated = is_repeated(conn, &production, &category, now)?;
                Ok(Found::New { production, repeated })
            })
            .await?;
        if let Found::New { production, .. } = &found {
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
                && files(seen.until, now)
        });
        Ok(usual.map(|seen| Found::New { production, repeated: seen.has_earlier }))
    }

    fn remember_code(&self, mac: Option<[u8; 32]>, production: ProductionId) {
        if let Some(mac) = mac {
            self.inner.crew_codes.write().unwrap_or_else(PoisonError::into_inner).insert(mac, production);
        }
    }
}

/// The production a crew code files to: one in force, or an old one that still files.
pub(in crate::app) fn production_of_code(
    conn: &mut Conn,
    mac: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<ProductionId>, AppError> {
    let found = productions::crew_code(conn, mac)?;
    Ok(found.filter(|code| files(code.until, now)).map(|code| code.production_id))
}

/// Whether a crew code that files until then does so now.
fn files(until: Option<UtcMillis>, now: UtcMillis) -> bool {
    until.is_none_or(|until| now < until)
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
