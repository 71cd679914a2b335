//! A life of reports in which everything that anybody can say is a mark.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::marks::Marks;
use crate::{
    crew::with,
    support::client::{Answer, Client},
};

/// A service and what opens it to the crew.
pub struct Set {
    pub client: Client,
    pub code: String,
}

/// A member on one device.
struct Member {
    email: &'static str,
    password: String,
    access_token: String,
    unlock_key: String,
}

/// What lives on between the halves.
pub struct Life {
    set: Set,
    steward: Member,
    safety: Member,
    weapon: String,
    kitchen: String,
    union_matter: String,
    /// The headers of a phone that tells much about itself.
    phone: Vec<(&'static str, String)>,
}

impl Life {
    /// Two members accept; a phone is at hand.
    pub fn begins(marks: &mut Marks, set: Set, [steward, safety]: [String; 2]) -> Self {
        marks.hides("the crew code", set.code.as_bytes());
        let steward = accepts(marks, &set, &steward, "steward@western.test");
        let safety = accepts(marks, &set, &safety, "safety@western.test");
        let phone = phone(marks);
        let (weapon, kitchen) = (marks.receipt("receipt of the weapon"), marks.receipt("receipt of the kitchen"));
        let union_matter = marks.receipt("receipt of the union's matter");
        Self { set, steward, safety, weapon, kitchen, union_matter, phone }
    }

    /// The service was restarted.
    pub fn goes_on_at(&mut self, client: Client) {
        self.set.client = client;
    }

    fn crew(&self, method: &str, path: &str, header: (&str, &str), body: Option<&Value>) -> Answer {
        let phone = self.phone.iter().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<_> = phone.chain([header]).collect();
        self.set.client.send(method, path, &headers, body)
    }

    fn files(&self, receipt: &str, body: Value) {
        let body = with(body, json!({ "receipt": receipt }));
        self.crew("POST", "/v1/reports", ("crew-code", &self.set.code), Some(&body)).is(201);
        self.crew("POST", "/v1/reports", ("crew-code", &self.set.code), Some(&body)).is(200);
    }

    fn inbox(&self, receipt: &str, act: &str, body: &Value) {
        let receipt = format!("Receipt {receipt}");
        self.crew("POST", &format!("/v1/inbox/{act}"), ("authorization", &receipt), Some(body)).is(200);
        self.crew("GET", "/v1/inbox", ("authorization", &receipt), None).is(if act == "withdrawal" {
            404
        } else {
            200
        });
    }

    fn member(&self, member: &Member, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", member.access_token);
        let phone = self.phone.iter().map(|(name, value)| (*name, value.as_str()));
        let own = [("authorization", bearer.as_str()), ("unlock-key", member.unlock_key.as_str())];
        self.set.client.send(method, path, &phone.chain(own).collect::<Vec<_>>(), body)
    }

    /// The address of the one report that a member sees.
    fn report(&self, member: &Member) -> String {
        let page = self.member(member, "GET", "/v1/reports", None).is(200);
        let weapon = page["items"].as_array().unwrap().iter().find(|item| item["category"] == "weapons");
        format!("/v1/reports/{}", weapon.expect("the weapon is on the board")["id"].as_str().unwrap())
    }

    fn acts(&self, member: &Member, act: &str, body: &Value) {
        self.member(member, "POST", &format!("{}/{act}", self.report(member)), Some(body)).is(200);
    }

    /// Filed, withdrawn, refused, stopped, answered, rejected.
    pub fn first_half(&mut self, marks: &mut Marks) {
        self.files(&self.weapon, weapon(marks));
        let kitchen = json!({
            "category": "sanitation_food_housing", "severity": "concern", "ongoing": "yes", "delay": "up_to_2h",
            "make_safe": marks.taken_back("make_safe, withdrawn"), "narrative": marks.taken_back("narrative, withdrawn"),
        });
        self.files(&self.kitchen, kitchen);
        let matter = json!({ "category": "retaliation", "severity": "concern", "ongoing": "unknown", "narrative": marks.text("narrative of the union's matter") });
        self.files(&self.union_matter, matter);
        self.nonsense(marks);
        self.asks_from_its_own_address(marks);
        let hurry = json!({ "to": "all", "text": marks.taken_back("message, withdrawn") });
        self.inbox(&self.kitchen, "messages", &hurry);
        self.inbox(&self.kitchen, "withdrawal", &json!({}));
        self.inbox(&self.weapon, "messages", &json!({ "to": "union", "text": marks.text("message to the union") }));
        self.inbox(&self.weapon, "worse", &json!({ "text": marks.text("worse") }));
        for member in [&self.steward, &self.safety] {
            self.member(member, "GET", &self.report(member), None).is(200);
        }
        let stop = json!({ "what": marks.text("what stopped"), "may_restart_role": "1st_ad" });
        self.acts(&self.safety, "stop-work", &stop);
        self.acts(&self.safety, "resumption", &json!({ "what_changed": marks.text("what changed") }));
        self.acts(&self.safety, "messages", &json!({ "text": marks.text("message of the production") }));
        self.acts(&self.steward, "messages", &json!({ "text": marks.text("message of the union") }));
        self.acts(&self.safety, "answer", &answer(&marks.text("answer")));
        let rejected = json!({ "verdict": "rejected", "note": marks.text("note of a verdict") });
        self.acts(&self.steward, "verification", &rejected);
    }

    /// Signed in again, answered again, contested, found not credible by one.
    pub fn second_half(&mut self, marks: &mut Marks) {
        signs_in(marks, &self.set, &mut self.steward);
        signs_in(marks, &self.set, &mut self.safety);
        self.acts(&self.safety, "answer", &answer(&marks.text("second answer")));
        self.inbox(&self.weapon, "safety", &json!({ "safe": "cannot_tell", "reason": marks.text("cannot tell") }));
        self.inbox(&self.weapon, "contest", &json!({ "reason": marks.text("contest") }));
        self.inbox(&self.weapon, "messages", &json!({ "to": "all", "text": marks.text("message to all") }));
        self.acts(&self.steward, "not-credible", &json!({ "reason": marks.text("not credible") }));
        self.member(&self.safety, "DELETE", "/v1/sessions/current", None).is(204);
    }

    /// Requests that are refused, each with something that must not end up in a log.
    fn nonsense(&self, marks: &mut Marks) {
        let code = ("crew-code", self.set.code.as_str());
        let own = format!("Receipt {}", self.weapon);
        let (name, value) = (marks.secret("an unknown field"), marks.secret("its value"));
        self.crew("POST", "/v1/reports", code, Some(&json!({ name: value }))).is(422);
        let path = format!("/v1/inbox/{}?q={}", marks.secret("an unknown address"), marks.secret("a query"));
        self.crew("GET", &path, ("authorization", &own), None).is(404);
        let page = format!("/v1/reports?limit={}", marks.secret("a query of a member"));
        self.member(&self.steward, "GET", &page, None).is(422);
        let nobody = format!("/v1/reports/{}", marks.secret("a report that is not there"));
        self.member(&self.steward, "GET", &nobody, None).is(404);
        let torn = format!("{{\"narrative\": \"{}", marks.secret("a torn body"));
        let headers = [code, ("content-type", "application/json")];
        self.set.client.send_bytes("POST", "/v1/reports", &headers, torn.as_bytes()).is(400);
        let wrong = marks.receipt("a receipt that opens nothing");
        self.crew("GET", "/v1/inbox", ("authorization", &format!("Receipt {wrong}")), None).is(404);
        self.crew("GET", "/v1/crew/manifest", ("crew-code", &marks.secret("no crew code")), None).is(404);
        let body = json!({ "email": self.steward.email, "password": marks.secret("a wrong password") });
        self.set.client.send("POST", "/v1/sessions", &[], Some(&body)).is(401);
        let email = format!("{}@western.test", marks.secret("a mistyped address").replace(' ', ""));
        let body = json!({ "email": email, "password": marks.secret("a stranger's password") });
        self.set.client.send("POST", "/v1/sessions", &[], Some(&body)).is(401);
        let other = json!({ "category": "weapons", "severity": "concern", "ongoing": "no", "receipt": self.weapon, "narrative": marks.secret("other content") });
        self.crew("POST", "/v1/reports", code, Some(&other)).is(409);
    }

    /// A phone whose own address tells it from all others: on the loopback everything from 127 on is an address.
    fn asks_from_its_own_address(&self, marks: &mut Marks) {
        let service = self.set.client.base_url().trim_start_matches("http://");
        let at = std::net::SocketAddr::from(([127, 83, 201, 144], 0));
        marks.hides("the phone's address", at.ip().to_string().as_bytes());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut socket: TcpStream = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(at).unwrap();
            let socket = socket.connect(service.parse().unwrap()).await.unwrap().into_std().unwrap();
            socket.set_nonblocking(false).unwrap();
            socket
        });
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let own = self.weapon.as_str();
        let request =
            format!("GET /v1/inbox HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Receipt {own}\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

/// A form with a mark in every field that takes one.
fn weapon(marks: &mut Marks) -> Value {
    json!({
        "category": "weapons", "severity": "next_call", "ongoing": "yes", "when": "just_now",
        "place": marks.code("place"), "departments": [marks.code("department")], "weapon": marks.code("weapon"),
        "subject_role": marks.code("subject"), "raised_before": "yes", "raised_with": marks.code("raisedwith"),
        "was_answered": "unknown", "make_safe": marks.line("make_safe"), "narrative": marks.text("narrative"),
        "considering_refusal": true,
    })
}

fn answer(text: &str) -> Value {
    json!({ "kind": "action", "text": text, "by_role": "1st_ad", "done": "yes" })
}

/// What a phone and the proxies on its way say about it.
fn phone(marks: &mut Marks) -> Vec<(&'static str, String)> {
    let tail = crate::crew::mark("");
    let address = format!("2001:db8:{}:{}::{}", &tail[..4], &tail[4..8], &tail[8..12]);
    marks.hides("the phone's address, forwarded", address.as_bytes());
    let mut headers = vec![
        ("x-forwarded-for", address.clone()),
        ("x-real-ip", address.clone()),
        ("forwarded", format!("for=\"[{address}]\"")),
    ];
    for name in
        ["user-agent", "cookie", "referer", "accept-language", "x-request-id", "x-device", "origin", "traceparent"]
    {
        headers.push((name, marks.secret(name)));
    }
    headers
}

fn accepts(marks: &mut Marks, set: &Set, code: &str, email: &'static str) -> Member {
    marks.hides("an invitation", code.as_bytes());
    let password = marks.secret("password");
    let body = json!({ "name": "Somebody", "password": password });
    let accepted = set.client.send("POST", &format!("/v1/invitations/{code}/acceptance"), &[], Some(&body)).is(201);
    marks.twelve_words("recovery words", accepted["recovery_words"].as_str().unwrap());
    let mut member = Member { email, password, access_token: String::new(), unlock_key: String::new() };
    signs_in(marks, set, &mut member);
    member
}

fn signs_in(marks: &mut Marks, set: &Set, member: &mut Member) {
    let body = json!({ "email": member.email, "password": member.password });
    let session = set.client.send("POST", "/v1/sessions", &[], Some(&body)).is(201);
    let text = |field: &str| session[field].as_str().unwrap().to_owned();
    for field in ["access_token", "refresh_token", "unlock_key"] {
        marks.hides(field, text(field).as_bytes());
        if let Ok(bytes) = URL_SAFE_NO_PAD.decode(text(field)) {
            marks.hides(&format!("{field}, bytes"), &bytes);
        }
    }
    let signature = text("access_token").rsplit('.').next().unwrap().to_owned();
    marks.hides("the access token's signature", signature.as_bytes());
    (member.access_token, member.unlock_key) = (text("access_token"), text("unlock_key"));
}
