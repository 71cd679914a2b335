//! Ten thousand requests that make no sense, against the program itself: it refuses each, and goes on serving.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use lastlooks::entropy::Entropy;
use serde_json::{Value, json};

use super::{files, host::Host, left_weapon, new_receipt, rows::Rows, with};
use crate::support::{TestDatabase, clock::SeededEntropy, people::Crew};

const REQUESTS: usize = 10_000;
const PHONES: usize = 4;
/// Further than any answer to these.
const LONGEST_ANSWER: usize = 64 * 1024;

#[test]
fn ten_thousand_malformed_requests_are_refused_without_a_panic_and_it_still_serves() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        let code = host.makes_western();
        let invitation = host.invites("Steward", "steward@union.test", "steward");
        let client = host.serves();
        let person = json!({ "name": "Sam", "password": "five words drawn by the machine" });
        client.send("POST", &format!("/v1/invitations/{invitation}/acceptance"), &[], Some(&person)).is(201);
        let crew = Crew::of(&client, &code);
        let first = files(&crew, left_weapon());
        let rows = Rows::of(&host.database);
        let before = rows.count("reports");
        let address = client.base_url().trim_start_matches("http://");
        let refused: usize = std::thread::scope(|scope| {
            let phones: Vec<_> = (0..PHONES)
                .map(|n| {
                    let mut phone = Phone::new(address, &code, &first.receipt, n);
                    scope.spawn(move || (0..REQUESTS / PHONES).map(|_| phone.sends_nonsense()).sum::<usize>())
                })
                .collect();
            phones.into_iter().map(|phone| phone.join().unwrap()).sum()
        });
        println!("{refused} of {REQUESTS} were answered; the rest the server hung up on");
        assert!(refused > REQUESTS * 9 / 10);
        assert_eq!(rows.count("reports"), before);
        assert_eq!(first.inbox()["handle"], first.filed["handle"]);
        files(&crew, left_weapon());
        assert!(host.stops().success());
        assert!(!host.logs().contains("panic"), "{}", host.logs());
    }
}

/// Somebody who sends nonsense over a connection that is kept alive.
struct Phone {
    address: String,
    code: String,
    receipt: String,
    chance: SeededEntropy,
    socket: Option<TcpStream>,
}

impl Phone {
    fn new(address: &str, code: &str, receipt: &str, n: usize) -> Self {
        let chance = SeededEntropy::new(u64::try_from(n).unwrap());
        Self { address: address.to_owned(), code: code.to_owned(), receipt: receipt.to_owned(), chance, socket: None }
    }

    fn below(&self, limit: usize) -> usize {
        usize::try_from((&self.chance as &dyn Entropy).below(u32::try_from(limit).unwrap())).unwrap()
    }

    fn bytes(&self, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; self.below(most)];
        self.chance.fill(&mut bytes);
        bytes
    }

    /// Whether it was answered, with a refusal.
    fn sends_nonsense(&mut self) -> usize {
        let kind = self.below(10);
        let (request, is_last) = match kind {
            0 => (self.around(&self.torn()), false),
            1 => (self.around(&self.bytes(2000)), false),
            2..5 => (self.around(self.wrong().to_string().as_bytes()), false),
            5 => (self.around(deep(self.below(3000)).as_bytes()), false),
            6 => (self.around(self.huge_number().as_bytes()), false),
            7 => (self.at_a_wrong_address(), false),
            _ => (self.broken_head(), true),
        };
        match self.asks(&request, is_last) {
            Ok(Some(status)) => {
                let head = String::from_utf8_lossy(&request[..request.len().min(300)]).into_owned();
                assert!((400..500).contains(&status), "{status} to {head:?}");
                1
            }
            Ok(None) | Err(_) => 0,
        }
    }

    /// A filing or an act around this body, by somebody who may file and act.
    fn around(&self, body: &[u8]) -> Vec<u8> {
        let (path, credential) = match self.below(6) {
            0 => ("inbox/messages", format!("Authorization: Receipt {}", self.receipt)),
            1 => ("inbox/safety", format!("Authorization: Receipt {}", self.receipt)),
            2 => ("inbox/contest", format!("Authorization: Receipt {}", self.receipt)),
            _ => ("reports", format!("Crew-Code: {}", self.code)),
        };
        let length = body.len();
        let head = format!(
            "POST /v1/{path} HTTP/1.1\r\nHost: x\r\n{credential}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }

    fn good() -> Value {
        with(
            left_weapon(),
            json!({ "receipt": new_receipt(), "text": "hello", "to": "all", "reason": "no", "safe": "no" }),
        )
    }

    /// JSON that ends too early.
    fn torn(&self) -> Vec<u8> {
        let whole = Self::good().to_string();
        whole.as_bytes()[..self.below(whole.len())].to_vec()
    }

    /// Everything that any route wants and more, of wrong types.
    fn wrong(&self) -> Value {
        let mut body = Self::good();
        let fields: Vec<String> = body.as_object().unwrap().keys().cloned().collect();
        let values =
            [json!(null), json!([[]]), json!({ "a": {} }), json!(-1), json!(1e300), json!("\u{202e}"), json!(true)];
        for _ in 0..=self.below(3) {
            body[&fields[self.below(fields.len())]] = values[self.below(values.len())].clone();
        }
        body
    }

    fn huge_number(&self) -> String {
        let numbers = [
            "1e999999",
            "-1e400",
            "18446744073709551616",
            "-9223372036854775809",
            "1e-400",
            "0.1e+99999999999999999999",
        ];
        let digits = "9".repeat(self.below(4000) + 1);
        let number = match self.below(numbers.len() + 1) {
            at if at < numbers.len() => numbers[at],
            _ => &digits,
        };
        format!("{{\"receipt\": {number}, \"text\": {number}, \"to\": {number}, \"severity\": {number}}}")
    }

    fn at_a_wrong_address(&self) -> Vec<u8> {
        let long = "x".repeat(self.below(3000));
        let paths = [
            "/v1/reports/%00",
            "/v1/inbox/../../etc/passwd",
            "/v1/crew/%ff%fe",
            "/v1/inbox/%",
            "//",
            "/v1/inbox?%zz=%",
        ];
        let path = match self.below(paths.len() + 1) {
            at if at < paths.len() => paths[at].to_owned(),
            _ => format!("/v1/inbox/{long}"),
        };
        let method = ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"][self.below(6)];
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
    }

    /// What no HTTP server can read; it may hang up.
    fn broken_head(&self) -> Vec<u8> {
        let code = &self.code;
        let heads = [
            format!("POST /v1/reports HTTP/1.1\r\nHost: x\r\nCrew-Code {code}\r\n\r\n"),
            "POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".to_owned(),
            "POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}{}{}".to_owned(),
            "POST /v1/reports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n".to_owned(),
            "POST /v1/reports HTTP/9.9\r\nHost: x\r\n\r\n".to_owned(),
            format!("GET /v1/inbox HTTP/1.1\r\nHost: x\r\nCrew-Code: {}\r\n\r\n", "x".repeat(200_000)),
            format!("GET /v1/inbox HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(300)),
            "\r\n\r\n\0\0\0".to_owned(),
            format!("{code} \u{e9}\u{fe0f}\r\n\r\n"),
        ];
        match self.below(heads.len() + 1) {
            at if at < heads.len() => heads[at].clone().into_bytes(),
            _ => [self.bytes(500), b"\r\n\r\n".to_vec()].concat(),
        }
    }

    /// The status that was answered; `None` where the server hung up. After the last request of a connection nothing
    /// more is sent, so that the server does not wait for it.
    fn asks(&mut self, request: &[u8], is_last: bool) -> io::Result<Option<u16>> {
        let mut socket = match self.socket.take().filter(|_| !is_last) {
            Some(socket) => socket,
            None => TcpStream::connect(&self.address)?,
        };
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        socket.write_all(request)?;
        if is_last {
            socket.shutdown(Shutdown::Write)?;
        }
        let head = read_head(&mut socket)?;
        let Some(status) = head.split(' ').nth(1).and_then(|status| status.parse().ok()) else { return Ok(None) };
        let header = |name: &str| {
            head.lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix(name).map(|value| value.trim().to_owned()))
        };
        let length: usize = header("content-length:").and_then(|value| value.parse().ok()).unwrap_or(0);
        assert!(length < LONGEST_ANSWER, "{head}");
        socket.read_exact(&mut vec![0; length])?;
        let closes = header("connection:").is_some_and(|value| value == "close");
        self.socket = (!closes && !is_last).then_some(socket);
        Ok(Some(status))
    }
}

fn deep(levels: usize) -> String {
    let levels = levels + 200;
    format!("{{\"receipt\": {}1{}}}", "[".repeat(levels), "]".repeat(levels))
}

/// The answer up to its empty line.
fn read_head(socket: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST_ANSWER {
        if socket.read(&mut byte)? == 0 {
            break;
        }
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
