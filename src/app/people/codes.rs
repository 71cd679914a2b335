//! The code of an invitation: drawn when it is printed or mailed, stored as its hash alone.
//!
//! Source: security.md, "Accounts".

use zeroize::Zeroizing;

use crate::{
    app::{App, error::AppError},
    auth::one_time::OneTime,
    domain::ids::InvitationId,
    storage::{Bytes, people},
};

/// A code that was just drawn. It is nowhere else.
#[derive(Debug, Clone)]
pub struct DrawnCode {
    /// 43 characters of base64url.
    pub code: Zeroizing<String>,
    /// The page that takes it. The code stands in the fragment, which no server and no proxy ever sees.
    pub url: Zeroizing<String>,
}

impl App {
    /// Draws the code of an invitation while its mail is rendered, in place of any earlier one; its hash is on disk
    /// when this returns. `None` if the invitation was used, is over, or was printed by the host meanwhile.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn draw_invitation_code(&self, invitation: InvitationId) -> Result<Option<DrawnCode>, AppError> {
        let now = self.inner.clock.now();
        let code = OneTime::new(self.inner.entropy.bytes());
        let hash = code.stored();
        let write = move |tx: &mut crate::storage::Tx| {
            let Some(mut row) = people::invitation(tx, invitation)? else { return Ok(false) };
            if row.used_at.is_some() || row.handed_out || now >= row.expires_at {
                return Ok::<_, AppError>(false);
            }
            row.code_hash = Some(Bytes(hash));
            people::save_invitation(tx, &row)?;
            Ok(true)
        };
        let drawn = self.inner.storage.write(invitation.as_bytes(), write).await?;
        Ok(drawn.then(|| self.drawn(&code)))
    }

    pub(in crate::app) fn drawn(&self, code: &OneTime) -> DrawnCode {
        let text = code.text();
        let url = Zeroizing::new(format!("{}/desk#invitation={}", self.inner.settings.public_url, text.as_str()));
        DrawnCode { code: text, url }
    }
}
