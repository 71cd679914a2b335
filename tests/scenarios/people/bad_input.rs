//! Bad input to the routes of people: the exact status, the kind of problem, the field, and never the value.
//!
//! Source: security.md, "Bad input".

use serde_json::{Value, json};

use crate::support::{app::on_each, people::Person, western::Western};

/// Every route with a body, and a body that it takes.
fn routes(western: &Western<'_>) -> Vec<(&'static str, String, Value)> {
    let office = western.desk("Office");
    vec![
        ("POST", "/v1/sessions".into(), json!({ "email": "a@b.test", "password": "x" })),
        ("POST", "/v1/sessions/refresh".into(), json!({ "refresh_token": "x" })),
        ("POST", format!("/v1/invitations/{}/acceptance", "A".repeat(43)), json!({ "name": "A", "password": "x" })),
        ("POST", "/v1/recoveries".into(), json!({ "email": "a@b.test", "recovery_words": "x", "password": "x" })),
        ("PUT", "/v1/me/password".into(), json!({ "current_password": "x", "password": "x" })),
        ("PUT", "/v1/me/absence".into(), json!({ "from": "2021-10-17T00:00:00Z", "to": "2021-10-18T00:00:00Z" })),
        ("PATCH", format!("/v1/desks/{office}/members/{}", western.upm().id()), json!({ "roles": ["upm"] })),
        ("POST", western.path("/crew-code"), json!({ "burn": true })),
        ("POST", "/v1/productions".into(), json!({ "name": "E", "slug": "eastern" })),
        ("PATCH", western.path(""), json!({})),
        ("PUT", western.path("/policy"), json!({})),
        ("POST", western.path("/policy/agreement"), json!({ "version": 1 })),
        ("POST", western.path("/desks"), json!({ "name": "X", "side": "union", "level": 1 })),
        ("PATCH", format!("/v1/desks/{office}"), json!({})),
        ("POST", format!("/v1/desks/{office}/invitations"), json!({ "email": "a@b.test", "roles": ["upm"] })),
    ]
}

fn sends_bytes(by: &Person, western: &Western<'_>, route: (&str, &str), kind: &str, body: &[u8]) -> u16 {
    let bearer = format!("Bearer {}", by.session().access_token);
    let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
    let answer = western.set.client().send_bytes(route.0, route.1, &headers, body);
    assert!(!answer.text().contains("hunter2"), "{answer:?}");
    answer.status
}

#[test]
fn what_is_no_json_or_no_object_or_too_large_is_refused_on_every_route() {
    on_each(|set| {
        let western = set.western();
        let by = western.operator();
        for (method, path, body) in routes(&western) {
            let route = (method, path.as_str());
            let json = "application/json";
            assert_eq!(sends_bytes(&by, &western, route, json, b"{\"hunter2"), 400, "{route:?}");
            assert_eq!(sends_bytes(&by, &western, route, json, b"[\"hunter2\"]"), 422, "{route:?}");
            assert_eq!(sends_bytes(&by, &western, route, "text/plain", body.to_string().as_bytes()), 415, "{route:?}");
            let long = format!("{{\"name\": \"{}\"}}", "x".repeat(97 * 1024));
            assert_eq!(sends_bytes(&by, &western, route, json, long.as_bytes()), 413, "{route:?}");
        }
    });
}

#[test]
fn an_unknown_field_is_refused_by_its_name_on_every_route() {
    on_each(|set| {
        let western = set.western();
        for (method, path, mut body) in routes(&western) {
            body["hunter"] = json!("hunter2");
            let answer = western.operator().sends(method, &path, Some(&body));
            answer.refuses_field("hunter", "hunter2");
        }
    });
}

#[test]
fn a_field_that_is_wrong_is_named_and_its_value_is_not_repeated() {
    on_each(|set| {
        let western = set.western();
        let invitations = format!("/v1/desks/{}/invitations", western.desk("Office"));
        let (production, policy, desks) = (western.path(""), western.path("/policy"), western.path("/desks"));
        let code = western.invites("Office", "ned@western.test", &["upm"]);
        let acceptance = format!("/v1/invitations/{code}/acceptance");
        let cases: Vec<(&str, &str, Value, &str)> = vec![
            ("POST", "/v1/sessions", json!({ "email": "a@b.test" }), "password"),
            ("POST", "/v1/sessions", json!({ "email": 7_654_321, "password": "x" }), "email"),
            ("POST", "/v1/sessions", json!({ "email": "a@b.test", "password": "hunter2".repeat(20) }), "password"),
            ("POST", "/v1/sessions", json!({ "email": "a\u{202e}hunter2", "password": "x" }), "email"),
            ("POST", &acceptance, json!({ "name": "hunter2\u{0}", "password": "five words for Ned alone" }), "name"),
            ("POST", &acceptance, json!({ "name": "hunter2\nx", "password": "five words for Ned alone" }), "name"),
            ("POST", &acceptance, json!({ "name": "hunter2".repeat(20), "password": "five words apart" }), "name"),
            ("POST", &invitations, json!({ "email": "hunter2", "roles": ["upm"] }), "email"),
            ("POST", &invitations, json!({ "email": "a@b.test", "roles": [] }), "roles"),
            ("POST", &invitations, json!({ "email": "a@b.test", "roles": ["upm", "Hunter2"] }), "roles[1]"),
            ("POST", &invitations, json!({ "email": "a@b.test", "roles": "hunter2" }), "roles"),
            ("POST", "/v1/productions", json!({ "name": "E", "slug": "Hunter2" }), "slug"),
            ("POST", "/v1/productions", json!({ "name": "E", "slug": "western" }), "slug"),
            ("POST", "/v1/productions", json!({ "name": "", "slug": "e" }), "name"),
            ("POST", "/v1/productions", json!({ "name": "E", "slug": "e", "time_zone": "hunter2" }), "time_zone"),
            (
                "POST",
                "/v1/productions",
                json!({ "name": "E", "slug": "e", "policy": { "contest_seconds": 9 } }),
                "contest_seconds",
            ),
            ("PATCH", &production, json!({ "crew_size": 100_001 }), "crew_size"),
            ("PATCH", &production, json!({ "crew_size": -1 }), "crew_size"),
            ("PATCH", &production, json!({ "places": [{ "code": "Hunter2", "name": "x" }] }), "places[0].code"),
            ("PATCH", &production, json!({ "places": [{ "code": "a", "name": "x", "gps": 1 }] }), "places[0].gps"),
            ("PATCH", &production, json!({ "places": [["hunter2", "x"]] }), "places[0]"),
            ("PATCH", &production, json!({ "languages": ["hunter2"] }), "languages[0]"),
            (
                "PUT",
                &policy,
                json!({ "windows": { "concern": { "acknowledge": [9], "answer": 60 } } }),
                "windows.concern.acknowledge[0]",
            ),
            ("PUT", &policy, json!({ "steps": { "immediate": 0 } }), "steps.immediate"),
            ("PUT", &policy, json!({ "repeated": { "after": 5, "within": 5 } }), "repeated.after"),
            ("PUT", &policy, json!({ "repeated": [null, null] }), "repeated"),
            ("PUT", &policy, json!({ "windows": { "concern": [[60], 60, "hunter2"] } }), "windows.concern"),
            ("POST", &desks, json!({ "name": "x", "side": "hunter2", "level": 1 }), "side"),
            ("POST", &desks, json!({ "name": "hunter2\t", "side": "union", "level": 300 }), "level"),
        ];
        for (method, path, body, field) in cases {
            let answer = western.operator().sends(method, path, Some(&body));
            assert_eq!(answer.status, 422, "{method} {path} {body}: {answer:?}");
            answer.refuses_field(field, "unter2");
        }
        // Nothing was taken in part.
        let productions = western.operator().gets("/v1/productions").is(200);
        assert_eq!(productions["items"].as_array().unwrap().len(), 1);
        assert_eq!(productions["items"][0]["crew_size"], 100);
    });
}

#[test]
fn without_a_session_or_with_a_false_one_nothing_is_answered() {
    on_each(|set| {
        let western = set.western();
        let mut forged = western.upm().session().access_token;
        forged.replace_range(forged.len() - 4.., "AAAA");
        let bearer = format!("Bearer {forged}");
        for (method, path, body) in routes(&western).into_iter().skip(4) {
            set.client().send(method, &path, &[], Some(&body)).refuses(401, "sign-in-required");
            let headers = [("authorization", bearer.as_str())];
            set.client().send(method, &path, &headers, Some(&body)).refuses(401, "sign-in-required");
        }
        for path in
            ["/v1/me".to_owned(), "/v1/productions".to_owned(), western.path("/roster"), western.path("/policy")]
        {
            set.client().send("GET", &path, &[], None).refuses(401, "sign-in-required");
        }
    });
}

#[test]
fn an_id_that_is_none_is_not_found_and_a_wrong_method_names_the_right_ones() {
    on_each(|set| {
        let western = set.western();
        western.operator().gets("/v1/productions/hunter2/roster").refuses(404, "not-found");
        western.operator().sends("DELETE", "/v1/desks/hunter2", None).refuses(404, "not-found");
        let answer = western.operator().sends("DELETE", "/v1/me", None);
        answer.refuses(405, "wrong-method");
        assert_eq!(answer.header("allow"), "GET");
    });
}
