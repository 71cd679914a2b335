//! What each client files: every field filled in, as the API's own example has it, and a narrative of usual length.

use lastlooks::app::form::FilingBody;

const BODY: &str = r#"{"receipt":"00000000000000000000000000000000","category":"weapons","kind":"left_unattended","severity":"next_call","ongoing":"yes","when":"today","place":"stage_2","departments":["props","camera"],"weapon":"revolver","weapon_state":"unknown","injuries":"none","subject_role":"armorer","raised_before":"yes","raised_with":"upm","was_answered":"yes","make_safe":"Lock the cart, and have somebody stand by it until it is locked.","narrative":"The cart with the revolvers stood open beside the church for most of the morning, twice with nobody near it. I asked about it at the second set-up and was told that it would be seen to. After lunch it stood there again, and two of the day players had picked one up to look at it before anybody came back. Nobody checked what was in them afterwards.","share_narrative":false,"considering_refusal":true,"delay":"none"}"#;

/// Where the receipt's 32 digits stand in [`json`].
pub(crate) const RECEIPT_AT: usize = 12;

/// The filing as JSON, with a receipt of zeros.
pub(crate) const fn json() -> &'static str {
    BODY
}

/// The filing as the service parses it.
pub(crate) fn parsed() -> anyhow::Result<FilingBody> {
    Ok(serde_json::from_str(BODY)?)
}
