//! What the crew's routes refuse: the exact status, the type, the field; never what was sent; and nothing is stored.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use super::{STEP_BYTES, files, left_weapon, mark, new_receipt, rows::Rows, small_crew, with};
use crate::support::{
    app::{TestApp, on_each},
    client::Answer,
};

/// Where a request goes, and what opens it.
struct Door {
    path: &'static str,
    header: (&'static str, String),
}

impl Door {
    fn send(&self, set: &TestApp, body: &[u8], more: &[(&str, &str)]) -> Answer {
        let own = [(self.header.0, self.header.1.as_str()), ("content-type", "application/json")];
        let named: Vec<&str> = more.iter().map(|(name, _)| *name).collect();
        let kept = own.into_iter().filter(|(name, _)| !named.contains(name));
        let headers: Vec<_> = kept.chain(more.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
        set.client().send_bytes("POST", self.path, &headers, body)
    }
}

/// A story with every door of the crew that takes a body, and a look at the tables around it.
fn at_each_door(story: impl Fn(&TestApp, &Door)) {
    on_each(|set| {
        let western = small_crew(set);
        let receipt = files(&western.crew(), left_weapon()).receipt;
        let rows = Rows::of(set.database());
        let before = rows.said();
        let opens = ("authorization", format!("Receipt {receipt}"));
        story(set, &Door { path: "/v1/reports", header: ("crew-code", western.crew_code.clone()) });
        for path in ["/v1/inbox/messages", "/v1/inbox/safety", "/v1/inbox/contest", "/v1/inbox/worse"] {
            story(set, &Door { path, header: opens.clone() });
        }
        story(set, &Door { path: "/v1/inbox/withdrawal", header: opens });
        rows.are_as(&before);
    });
}

/// The answer repeats nothing of this, and has the sizes of all answers to the crew.
#[track_caller]
fn keeps_quiet(answer: &Answer, said: &str) {
    assert!(!answer.text().contains(said), "what was sent is echoed: {answer:?}");
    let headers = format!("{:?}", answer.headers);
    assert!(!headers.contains(said), "what was sent is echoed: {headers}");
    assert_eq!(answer.body.len() % STEP_BYTES, 0, "{answer:?}");
}

#[test]
fn what_is_not_json_is_malformed() {
    at_each_door(|set, door| {
        let said = mark("hunter");
        let deep = format!("{{\"{said}\": {}", "[".repeat(20_000));
        for body in [
            said.clone(),
            format!("{{\"text\": \"{said}\""),
            format!("{{\"text\": \"{said}\",}}"),
            format!("{{\"text\": \"{said}\"}} {{}}"),
            format!("{{'text': '{said}'}}"),
            format!("{{\"text\": \"{said}\\ud800\"}}"),
            format!("{{\"text\": \"{said}\n\"}}"),
            format!("{{\"text\": NaN, \"a\": \"{said}\"}}"),
            format!("\u{feff}{{\"text\": \"{said}\"}}"),
            deep,
        ] {
            let answer = door.send(set, body.as_bytes(), &[]);
            answer.refuses(400, "malformed");
            keeps_quiet(&answer, &said);
        }
        let not_utf_8 = [b"{\"text\": \"".as_slice(), said.as_bytes(), b"\xff\xfe\"}"].concat();
        let answer = door.send(set, &not_utf_8, &[]);
        answer.refuses(400, "malformed");
        keeps_quiet(&answer, &said);
    });
}

#[test]
fn a_body_that_is_not_an_object_or_holds_unknown_or_hidden_things_names_the_field() {
    at_each_door(|set, door| {
        let said = mark("hunter");
        for (body, field) in [
            (format!("\"{said}\""), "body"),
            (format!("[\"{said}\"]"), "body"),
            ("null".to_owned(), "body"),
            ("17".to_owned(), "body"),
            (format!("{{\"name_of_the_crew\": \"{said}\"}}"), "name_of_the_crew"),
            (format!("{{\"what {said} said\": 1}}"), "(unknown)"),
            (format!("{{\"note\": \"{said}\\u0000\"}}"), "note"),
            (format!("{{\"note\": \"{said}\\u202e\"}}"), "note"),
            (format!("{{\"note\": [\"a\", \"{said}\u{2066}\"]}}"), "note[1]"),
        ] {
            let answer = door.send(set, body.as_bytes(), &[]);
            assert_eq!(answer.refuses(422, "invalid")["field"], field, "{} {body}", door.path);
            keeps_quiet(&answer, &said);
        }
    });
}

#[test]
fn other_media_types_are_refused() {
    at_each_door(|set, door| {
        let said = mark("hunter");
        let body = json!({ "text": said, "to": "all", "reason": said }).to_string();
        for kind in [
            [("content-type", "text/plain"), ("x-more", "")],
            [("content-type", "application/x-www-form-urlencoded"), ("x-more", "")],
            [("content-type", "application/json; charset=latin1"), ("x-more", "")],
            [("content-type", ""), ("x-more", "")],
            [("content-type", "application/json"), ("content-encoding", "gzip")],
            [("content-type", "multipart/form-data; boundary=x"), ("x-more", "")],
        ] {
            let answer = door.send(set, body.as_bytes(), &kind);
            answer.refuses(415, "wrong-media-type");
            keeps_quiet(&answer, &said);
        }
    });
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_sent() {
    at_each_door(|set, door| {
        let (name, value) = &door.header;
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            door.path,
            96 * 1024 + 1
        );
        let answer = raw(set, head.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("/problems/too-large"), "{answer}");
    });
}

#[test]
fn a_body_of_the_longest_length_is_read() {
    at_each_door(|set, door| {
        let said = mark("hunter");
        let body = format!("{{\"what_else\": \"{said}{}\"}}", "x".repeat(96 * 1024 - 17 - said.len()));
        assert_eq!(body.len(), 96 * 1024);
        let answer = door.send(set, body.as_bytes(), &[]);
        assert_eq!(answer.refuses(422, "invalid")["field"], "what_else");
        keeps_quiet(&answer, &said);
    });
}

#[test]
fn two_of_one_header_open_nothing() {
    on_each(|set| {
        let western = small_crew(set);
        let (code, receipt) = (&western.crew_code, files(&western.crew(), left_weapon()).receipt);
        let rows = Rows::of(set.database());
        let before = rows.said();
        let body = with(left_weapon(), json!({ "receipt": new_receipt() })).to_string();
        let codes = format!("Crew-Code: {code}\r\nCrew-Code: {code}\r\n");
        let receipts = format!("Authorization: Receipt {receipt}\r\nAuthorization: Receipt {receipt}\r\n");
        for (line, headers) in [("POST /v1/reports", codes), ("POST /v1/inbox/worse", receipts)] {
            let request = format!(
                "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let answer = raw(set, request.as_bytes());
            assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        }
        rows.are_as(&before);
    });
}

/// Sends bytes and reads until the service closes the connection.
fn raw(set: &TestApp, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(set.client().base_url().trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.write_all(request).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("the service closes the connection");
    String::from_utf8(answer).unwrap()
}

/// Every field of a filing with a value that it cannot have, and how it is named.
fn wrong_fields(said: &str) -> Vec<(Value, String)> {
    let wide = "x".repeat(33);
    let mut wrong = Vec::new();
    let mut add = |field: &str, value: Value| wrong.push((json!({ field: value }), field.to_owned()));
    for receipt in [said.to_owned(), new_receipt().to_uppercase(), new_receipt() + "0", String::new()] {
        add("receipt", json!(receipt));
    }
    for field in ["category", "kind", "place", "weapon", "subject_role", "raised_with"] {
        for value in [json!(format!("{said}-")), json!(wide), json!(""), json!("Stage 2"), json!([said]), json!(17)] {
            add(field, value);
        }
    }
    for field in ["category", "kind"] {
        add(field, json!(said));
    }
    for field in ["severity", "ongoing", "when", "weapon_state", "injuries", "raised_before", "was_answered", "delay"] {
        for value in [json!(said), json!({ "a": said }), json!(true), json!(1.5e300)] {
            add(field, value);
        }
    }
    for field in ["share_narrative", "considering_refusal"] {
        for value in [json!(said), json!(1), Value::Null] {
            add(field, value);
        }
    }
    add("make_safe", json!(format!("{said}{}", "é".repeat(281 - said.len()))));
    add("narrative", json!(format!("{said}{}", "é".repeat(2001 - said.len()))));
    for field in ["make_safe", "narrative"] {
        for value in [json!(format!("{said}\u{7}")), json!(format!("{said}\u{200f}")), json!([said]), json!(17)] {
            add(field, value);
        }
    }
    add("departments", json!(said));
    add("departments", json!(vec!["props"; 33]));
    for field in ["category", "severity", "ongoing"] {
        add(field, Value::Null);
    }
    wrong.push((json!({ "departments": ["props", said.to_uppercase()] }), "departments[1]".to_owned()));
    wrong.push((json!({ "departments": [[said]] }), "departments[0]".to_owned()));
    wrong
}

#[test]
fn each_field_of_a_filing_is_checked_and_named() {
    on_each(|set| {
        let western = small_crew(set);
        let rows = Rows::of(set.database());
        let before = rows.said();
        let said = mark("hunter");
        for (fields, field) in wrong_fields(&said) {
            let good = with(left_weapon(), json!({ "receipt": new_receipt() }));
            let answer = western.crew().tries_to_file(&with(good, fields.clone()));
            assert_eq!(answer.refuses(422, "invalid")["field"], field, "{fields}");
            keeps_quiet(&answer, &said);
            keeps_quiet(&answer, &said.to_uppercase());
        }
        rows.are_as(&before);
    });
}

#[test]
fn a_required_field_that_is_missing_or_given_twice_is_named() {
    on_each(|set| {
        let western = small_crew(set);
        let rows = Rows::of(set.database());
        let before = rows.said();
        let good = with(left_weapon(), json!({ "receipt": new_receipt() }));
        for field in ["receipt", "category", "severity", "ongoing"] {
            let mut missing = good.clone();
            missing.as_object_mut().unwrap().remove(field);
            western.crew().tries_to_file(&missing).refuses_field(field, "");
        }
        for field in ["receipt", "category", "narrative"] {
            let twice = format!("{{\"{field}\": {}, {}", good[field], &good.to_string()[1..]);
            let headers = [("crew-code", western.crew_code.as_str()), ("content-type", "application/json")];
            let answer = set.client().send_bytes("POST", "/v1/reports", &headers, twice.as_bytes());
            answer.refuses_field(field, good[field].as_str().unwrap());
        }
        rows.are_as(&before);
    });
}

#[test]
fn the_longest_texts_and_codes_that_fit_are_accepted() {
    on_each(|set| {
        let western = small_crew(set);
        let longest = json!({
            "make_safe": "é".repeat(280), "narrative": "字".repeat(2000), "place": "x".repeat(32),
            "departments": vec!["x".repeat(32); 32],
        });
        files(&western.crew(), with(left_weapon(), longest));
    });
}

#[test]
fn each_field_of_an_act_is_checked_and_named() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        let rows = Rows::of(set.database());
        let before = rows.said();
        let said = mark("hunter");
        let long = format!("{said}{}", "é".repeat(2001 - said.len()));
        let (hidden, list) = (format!("{said}\u{202e}"), json!([said]));
        for (path, body, field) in [
            ("messages", json!({ "to": "all" }), "text"),
            ("messages", json!({ "to": "all", "text": "" }), "text"),
            ("messages", json!({ "to": "all", "text": " \n " }), "text"),
            ("messages", json!({ "to": "all", "text": long }), "text"),
            ("messages", json!({ "to": "all", "text": hidden }), "text"),
            ("messages", json!({ "to": "all", "text": list }), "text"),
            ("messages", json!({ "text": said }), "to"),
            ("messages", json!({ "to": said, "text": said }), "to"),
            ("messages", json!({ "to": "reporter", "text": said }), "to"),
            ("safety", json!({ "reason": said }), "safe"),
            ("safety", json!({ "safe": said }), "safe"),
            ("safety", json!({ "safe": true }), "safe"),
            ("safety", json!({ "safe": "no", "reason": long }), "reason"),
            ("safety", json!({ "safe": "no", "reason": hidden }), "reason"),
            ("contest", json!({}), "reason"),
            ("contest", json!({ "reason": "" }), "reason"),
            ("contest", json!({ "reason": " " }), "reason"),
            ("contest", json!({ "reason": long }), "reason"),
            ("worse", json!({ "text": long }), "text"),
            ("worse", json!({ "text": list }), "text"),
            ("withdrawal", json!({ "reason": said }), "reason"),
        ] {
            let answer = reporter.sends("POST", &format!("/v1/inbox/{path}"), Some(&body));
            assert_eq!(answer.refuses(422, "invalid")["field"], field, "{path} {body}");
            keeps_quiet(&answer, &said);
        }
        rows.are_as(&before);
    });
}

#[test]
fn a_name_for_an_act_that_is_not_32_hex_digits_is_refused() {
    on_each(|set| {
        let western = small_crew(set);
        let receipt = format!("Receipt {}", files(&western.crew(), left_weapon()).receipt);
        let rows = Rows::of(set.database());
        let before = rows.said();
        let said = mark("hunter");
        for (path, body) in [
            ("messages", json!({ "to": "all", "text": "hello" })),
            ("safety", json!({ "safe": "no" })),
            ("contest", json!({ "reason": "no" })),
            ("worse", json!({})),
        ] {
            let headers = [("authorization", receipt.as_str()), ("idempotency-key", said.as_str())];
            let answer = set.client().send("POST", &format!("/v1/inbox/{path}"), &headers, Some(&body));
            assert_eq!(answer.refuses(422, "invalid")["field"], "Idempotency-Key");
            keeps_quiet(&answer, &said);
        }
        rows.are_as(&before);
    });
}

#[test]
fn a_wrong_method_names_the_right_ones_and_an_unknown_address_is_a_miss() {
    on_each(|set| {
        let said = mark("hunter");
        for (method, path, allow) in [
            ("PUT", "/v1/reports", "GET, POST"),
            ("DELETE", "/v1/inbox", "GET"),
            ("GET", "/v1/inbox/messages", "POST"),
            ("PATCH", "/v1/inbox/withdrawal", "POST"),
            ("POST", "/v1/crew/manifest", "GET"),
        ] {
            let answer = set.client().send(method, path, &[("x-name", said.as_str())], None);
            answer.refuses(405, "wrong-method");
            assert_eq!(answer.header("allow"), allow, "{method} {path}");
            keeps_quiet(&answer, &said);
        }
        for path in ["/v1/inbox/", "/v1/crew/", "/v1/board/", "/v1/inbox/messages/"] {
            let answer = set.client().send("GET", &format!("{path}{said}?a={said}"), &[], None);
            answer.refuses(404, "not-found");
            keeps_quiet(&answer, &said);
        }
    });
}
