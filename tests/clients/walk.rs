//! The main job with the Rust client that was generated from the API document: file, list, acknowledge, answer, verify,
//! look into the inbox. `SHOW` names the file that stage.py wrote.

use openapi::{
    apis::{
        configuration::{ApiKey, Configuration},
        crew_api, members_api,
    },
    models::{AnswerBody, AnswerCode, Chosen, DoneCode, FilingBody, SafeNow, SafetyBody, SignInBody, Verdict, VerificationBody, YesNo},
};

struct Show {
    base_url: String,
    crew_code: String,
    password: String,
}

fn show() -> Show {
    let text = std::fs::read_to_string(std::env::var("SHOW").unwrap()).unwrap();
    let show: serde_json::Value = serde_json::from_str(&text).unwrap();
    let text = |name: &str| show[name].as_str().unwrap().to_owned();
    Show { base_url: text("base_url"), crew_code: text("crew_code"), password: text("password") }
}

impl Show {
    fn with_key(&self, prefix: Option<&str>, key: &str) -> Configuration {
        let api_key = ApiKey { prefix: prefix.map(str::to_owned), key: key.to_owned() };
        Configuration { base_path: self.base_url.clone(), api_key: Some(api_key), ..Configuration::new() }
    }

    async fn signed_in(&self, email: &str) -> Configuration {
        let anybody = Configuration { base_path: self.base_url.clone(), ..Configuration::new() };
        let body = SignInBody::new(email.to_owned(), self.password.clone());
        let session = members_api::sign_in(&anybody, body).await.unwrap();
        let unlocked = self.with_key(None, &session.unlock_key);
        Configuration { bearer_access_token: Some(session.access_token), ..unlocked }
    }
}

#[tokio::test]
async fn a_report_is_filed_listed_acknowledged_answered_verified_and_safe() {
    let show = show();
    let crew = show.with_key(None, &show.crew_code);
    let manifest = crew_api::manifest(&crew).await.unwrap();
    assert!(manifest.categories.iter().any(|category| category.code == "weapons"));

    let receipt = "0123456789abcdef0123456789abc0de".to_owned();
    let filing = FilingBody {
        kind: Some(Some("left_unattended".to_owned())),
        make_safe: Some(Some("lock the cart".to_owned())),
        ..FilingBody::new("weapons".to_owned(), YesNo::Yes, receipt.clone(), Chosen::NextSetup)
    };
    let filed = crew_api::file_report(&crew, filing).await.unwrap();
    assert_eq!(filed.status, "delivered");

    let dale = show.signed_in("dale@western.example").await;
    let list = members_api::list_reports(&dale, None, None, None, Some("weapons"), None, None, None, None, None, None).await;
    let row = list.unwrap().items.into_iter().find(|row| row.handle == filed.handle).unwrap();
    assert_eq!(row.kind, Some(Some("left_unattended".to_owned())), "the unlock key was sent and opens it");
    let acknowledged = members_api::acknowledge(&dale, &row.id).await.unwrap();
    assert_eq!(acknowledged.status, "acknowledged");
    let answer = AnswerBody {
        by_role: Some(Some("1st_ad".to_owned())),
        done: Some(Some(DoneCode::Yes)),
        ..AnswerBody::new(AnswerCode::Action, "The cart is locked.".to_owned())
    };
    let key = Some("0f0e0d0c0b0a09080706050403020100");
    let answered = members_api::answer_report(&dale, &row.id, answer, key).await.unwrap();
    assert_eq!(answered.status, "answered");

    let stella = show.signed_in("stella@western.example").await;
    let verdict = VerificationBody::new(Verdict::Verified);
    members_api::verify_answer(&stella, &row.id, verdict, None).await.unwrap();

    let reporter = show.with_key(Some("Receipt"), &receipt);
    let inbox = crew_api::inbox(&reporter).await.unwrap();
    let said = inbox.answers[0].text.clone().flatten();
    assert_eq!((inbox.handle, said.as_deref()), (filed.handle, Some("The cart is locked.")));
    assert!(inbox.timeline.iter().any(|entry| entry.what == "verified"));
    crew_api::say_safety(&reporter, SafetyBody::new(SafeNow::Yes), None).await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_a_problem() {
    let show = show();
    let refused = crew_api::inbox(&show.with_key(Some("Receipt"), "d1ce0000aa55d1ce0000aa55d1ce0000")).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("404"), "{error}");
}
