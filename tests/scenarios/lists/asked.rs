//! What somebody asks in both worlds: every route that a member can read, every act on a report.

use serde_json::{Value, json};

/// A request of the one who looks.
#[derive(Debug, Clone)]
pub struct Asked {
    /// How.
    pub method: &'static str,
    /// Where.
    pub path: String,
    /// What is sent.
    pub body: Option<Value>,
    /// With the Unlock-Key.
    pub unlocked: bool,
    /// As a table.
    pub table: bool,
}

impl Asked {
    /// A reading.
    pub fn read(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), body: None, unlocked: false, table: false }
    }
}

/// Every member route that reads, and every act on a report, from the API document, so that none is forgotten: with the
/// production, each report that both worlds have, and each that only one of them has, in its place. Acts are tried on the
/// hidden ones alone.
pub fn every_route(production: &str, open: &[String], hidden: &[String]) -> Vec<Asked> {
    let document = lastlooks::http::server::document(&lastlooks::http::routes::listed).unwrap();
    let document = serde_json::to_value(&document).unwrap();
    let (mut paths, mut acts) = (Vec::new(), Vec::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        if is_members(&operations["get"]) && path != "/v1/events" {
            let path = path.replace("{n}", "1");
            let ids = open.iter().chain(hidden).map(String::as_str).chain([production]);
            let ids: Vec<&str> = if path.contains("{id}") { ids.collect() } else { vec![""] };
            paths.extend(ids.into_iter().map(|id| path.replace("{id}", id)));
        }
        if let Some(act) = path.strip_prefix("/v1/reports/{id}/").filter(|_| is_members(&operations["post"])) {
            acts.extend(hidden.iter().map(|id| tried(id, act)));
        }
    }
    assert!(paths.len() > 5 && paths.iter().all(|path| !path.contains('{')), "{paths:?}");
    let filters =
        ["limit=1", "limit=2&unanswered=true", "status=delivered", "awaiting=answer&limit=1", "category=weapons"];
    let more = ["level=1&limit=3", "level=2", "unanswered=false&limit=2", "production=western", "category=retaliation"];
    paths.extend(filters.into_iter().chain(more).map(|query| format!("/v1/reports?{query}")));
    paths.push("/v1/statistics?production=western".to_owned());
    let asked = paths.into_iter().flat_map(|path| {
        let is_list = ["/v1/reports", "/v1/statistics"].contains(&path.split('?').next().unwrap_or_default());
        let plain = Asked::read(path);
        let unlocked = plain.path.starts_with("/v1/reports").then(|| Asked { unlocked: true, ..plain.clone() });
        let table = is_list.then(|| Asked { table: true, ..plain.clone() });
        [Some(plain), unlocked, table].into_iter().flatten()
    });
    asked.chain(acts).collect()
}

fn is_members(operation: &Value) -> bool {
    let security = operation["security"].as_array().into_iter().flatten();
    security.filter_map(Value::as_object).any(|all| all.contains_key("bearer"))
}

/// An act on a report that the looker is kept out of, with everything that it needs.
fn tried(id: &str, act: &str) -> Asked {
    let text = json!({ "text": "what is it?" });
    let body = match act {
        "acknowledgement" | "holder" | "recusal" => None,
        "answer" => Some(json!({ "kind": "action", "text": "it is locked away", "by_role": "upm", "done": "yes" })),
        "stop-work" => Some(json!({ "what": "the scene", "may_restart_role": "1st_ad" })),
        "resumption" => Some(json!({ "what_changed": "it is locked away" })),
        "verification" => Some(json!({ "verdict": "rejected", "note": "it is not" })),
        "escalation" | "not-credible" => Some(json!({ "reason": "nobody comes" })),
        "messages" | "summary" | "publication" => Some(text),
        other => panic!("what is sent to {other}?"),
    };
    Asked { method: "POST", body, unlocked: true, ..Asked::read(format!("/v1/reports/{id}/{act}")) }
}
