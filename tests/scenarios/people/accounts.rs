//! Invitations, sign-in, sessions.

use serde_json::json;

use crate::support::app::on_each;

#[test]
fn a_new_member_gets_twelve_words_once_and_signs_in() {
    on_each(|set| {
        let western = set.western();
        let upm = western.upm();
        assert_eq!(upm.recovery_words.as_deref().unwrap().split(' ').count(), 12);
        let me = upm.gets("/v1/me").is(200);
        assert_eq!(me["email"], "upm@western.test");
        assert_eq!(me["operator"], false);
        assert_eq!(me["seats"][0]["desk_name"], "Office");
        assert_eq!(me["seats"][0]["roles"], json!(["upm"]));
        assert_eq!(me["seats"][0]["level"], 2);
    });
}
