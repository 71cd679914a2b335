//! Two worlds that differ in a hidden report alone: the same chance, the same time, the same requests.
//!
//! Chance comes in lanes, one for each step of a story: what hidden steps draw leaves what the others draw untouched, so
//! ids, handles, sealed cursors and draws are the same in both worlds.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use lastlooks::{
    domain::time::Seconds,
    entropy::Entropy,
    notify::{Accepted, Mailer, SendError, mail::Mail},
    sealing::sha256,
    storage::reports,
};
use serde_json::{Value, json};

use super::{
    asked::Asked,
    seen::{letter, packet, seen, shape},
};
use crate::support::{
    TestDatabase,
    app::{TestApp, Wanted},
    client::Answer,
    days::Days,
    people::{Person, Reporter},
    western::Western,
};

/// Chance that depends on the lane it is drawn in.
#[derive(Debug, Default)]
pub struct Lanes {
    lane: AtomicU64,
    drawn: AtomicU64,
}

impl Lanes {
    fn enter(&self, lane: u64) {
        self.lane.store(lane, Ordering::SeqCst);
        self.drawn.store(0, Ordering::SeqCst);
    }
}

impl Entropy for Lanes {
    fn fill(&self, bytes: &mut [u8]) {
        let lane = self.lane.load(Ordering::SeqCst);
        for part in bytes.chunks_mut(32) {
            let number = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = sha256(&[b"world", &lane.to_be_bytes(), &number.to_be_bytes()]);
            part.copy_from_slice(&block[..part.len()]);
        }
    }
}

/// Keeps every mail as it was handed over.
#[derive(Debug, Clone, Default)]
struct Post(Arc<Mutex<Vec<Mail>>>);

#[async_trait]
impl Mailer for Post {
    async fn send(&self, mail: &Mail) -> Result<Accepted, SendError> {
        self.0.lock().unwrap().push(mail.clone());
        Ok(Accepted { reply: "250 kept".to_owned() })
    }

    fn tells(&self) -> bool {
        true
    }

    async fn check(&self) -> Result<(), SendError> {
        Ok(())
    }
}

/// A report of a world and whoever filed it.
#[derive(Debug)]
pub struct Known {
    /// Its id.
    pub id: String,
    reporter: Reporter,
}

/// What one person saw, step by step: what was asked, and what was answered.
#[derive(Default, PartialEq, Eq)]
pub struct Transcript(Vec<(String, String)>);

impl Transcript {
    /// Adds something seen.
    pub fn note(&mut self, asked: impl Into<String>, seen: impl Into<String>) {
        self.0.push((asked.into(), seen.into()));
    }

    /// The first thing that differs.
    pub fn differs_from(&self, other: &Self) -> Option<String> {
        let first = self.0.iter().zip(&other.0).find(|(one, another)| one != another);
        let first = first.map(|((asked, seen), (also, unseen))| format!("{asked}\n{seen}\n\n{also}\n{unseen}"));
        first.or_else(|| (self.0.len() != other.0.len()).then(|| "one saw more".to_owned()))
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} things seen", self.0.len())
    }
}

/// One of the two worlds.
pub struct World<'a> {
    /// The production with its people.
    pub western: Western<'a>,
    /// Time that passes.
    pub days: Days<'a>,
    /// Reports that are there in both worlds.
    pub open: Vec<Known>,
    /// Reports of this world alone.
    pub hidden: Vec<Known>,
    /// What the one who looks has seen.
    pub transcript: Transcript,
    /// Who looks.
    pub looker: Person,
    set: &'a TestApp,
    lanes: Arc<Lanes>,
    post: Post,
    filed: u8,
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a world with {} and {} hidden reports", self.open.len(), self.hidden.len())
    }
}

/// Lives through a story in a world of its own, with the eyes of one person.
pub fn lives<T>(database: TestDatabase, looker: &str, story: impl FnOnce(&mut World<'_>) -> T) -> (T, Transcript) {
    let lanes = Arc::new(Lanes::default());
    // The host is called the same in both, and so is its ledger.
    let settings = vec![("LASTLOOKS_PUBLIC_URL", "https://looks.western.test".to_owned())];
    let set = TestApp::with(database, Wanted { entropy: lanes.clone(), settings, ..Wanted::default() });
    let (western, post) = (set.western(), Post::default());
    let looker = western.person(looker);
    let days = Days::by(&set, Arc::new(post.clone()));
    let (open, hidden, transcript) = (Vec::new(), Vec::new(), Transcript::default());
    let mut world = World { western, days, open, hidden, transcript, looker, set: &set, lanes, post, filed: 0 };
    world.days.deliver();
    world.tick();
    let told = story(&mut world);
    let (looker, posted) = (world.looker.email.clone(), world.post.0.lock().unwrap().clone());
    let mine = posted.iter().filter(|mail| mail.to.email.as_ref() as &str == looker);
    // Mails of one instant are on their way together: which arrives first says nothing.
    let mut letters: Vec<(i64, String)> = mine.map(|mail| (mail.date.get(), letter(mail))).collect();
    letters.sort();
    for (_, letter) in letters {
        world.transcript.note("mail", letter);
    }
    (told, world.transcript)
}

impl World<'_> {
    /// Begins a step; what is drawn in it depends on its number alone. A hidden one has numbers of its own.
    pub fn step(&self, number: usize, hidden: bool) {
        let number = u64::try_from(number).unwrap() + 1;
        self.lanes.enter(if hidden { number + 1_000_000 } else { number });
    }

    /// Somebody files. A number is used up in either world, so that receipts stay the same.
    pub fn file(&mut self, body: Value, hidden: bool) {
        let receipt = hex::encode([if hidden { 200 } else { 0 } + self.filed; 16]);
        let reporter = self.western.crew().files(&receipt, body);
        let id = self.id_of(&reporter);
        let known = Known { id, reporter };
        if hidden { &mut self.hidden } else { &mut self.open }.push(known);
    }

    /// Counts a filing, in both worlds.
    pub fn count_filing(&mut self) {
        self.filed += 1;
    }

    fn id_of(&self, reporter: &Reporter) -> String {
        let handle = reporter.filed["handle"].as_str().unwrap().to_owned();
        let storage = self.set.database().open();
        let known: Vec<&str> = self.open.iter().chain(&self.hidden).map(|known| known.id.as_str()).collect();
        let rows = storage.read_blocking(|conn| reports::open_after(conn, None, 1000)).unwrap();
        let mut rows = rows.into_iter().filter(|row| row.handle == handle).map(|row| row.id.to_string());
        rows.find(|id| !known.contains(&id.as_str())).unwrap()
    }

    /// A member with a session that only hidden steps use.
    pub fn apart(&self, email: &str) -> Person {
        self.western.person(email).at(self.set)
    }

    /// Time passes; everything that becomes due happens. The ledger takes in what is pending often enough for a tick to
    /// be of one size in both worlds, as it is where ticks are minutes apart.
    pub fn pass(&mut self, minutes: u32) {
        let end = self.set.now().plus(Seconds::minutes(minutes));
        let step = Seconds::minutes((minutes / 12).max(120));
        while self.set.now() < end {
            self.days.until(self.set.now().plus(step).min(end));
            crate::ledger::turns(self.set);
        }
    }

    /// The ledger's next tick comes, and takes in what is pending.
    pub fn tick(&mut self) {
        let at = self.set.app().next_ledger_turn(self.set.now());
        self.days.until(at);
        crate::ledger::turns(self.set);
    }

    /// The looker asks, and it is noted.
    pub fn look(&mut self, asked: &Asked) {
        let looker = self.looker.clone();
        let session = looker.session();
        let mut headers: Vec<(&str, &str)> = Vec::new();
        if asked.unlocked {
            headers.push(("unlock-key", &session.unlock_key));
        }
        if asked.table {
            headers.push(("accept", "text/csv"));
        }
        let answer = looker.sends_with(asked.method, &asked.path, &headers, asked.body.as_ref());
        let of = |what: &str| asked.path.ends_with(what) && answer.status == 200;
        let saw = match (of("/proof"), of("/packet")) {
            (true, _) => shape(&answer.json()),
            (_, true) => packet(answer.json()),
            (false, false) => seen(&answer),
        };
        self.transcript.note(format!("{asked:?}"), saw);
        self.look_on(asked, &answer, &headers);
    }

    /// Follows cursors, asks again with the tag, waits for a change behind it.
    fn look_on(&mut self, asked: &Asked, answer: &Answer, headers: &[(&str, &str)]) {
        let looker = self.looker.clone();
        let tag = answer.header("etag").to_owned();
        if !tag.is_empty() {
            let known = [headers, &[("if-none-match", tag.as_str())]].concat();
            self.transcript.note("again", seen(&looker.sends_with("GET", &asked.path, &known, None)));
        }
        if asked.path == "/v1/reports" && !asked.table {
            let path = format!("/v1/events?wait=0&after={}", tag.replace('"', ""));
            self.transcript.note("events", seen(&looker.sends_with("GET", &path, headers, None)));
        }
        let page = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        if let Some(next) = page["next"].as_str() {
            let base = asked.path.split("&cursor=").next().unwrap_or_default();
            let path = format!("{base}{}cursor={next}", if base.contains('?') { "&" } else { "?" });
            self.look(&Asked { path, ..asked.clone() });
        }
    }
}

/// Somebody acts on a report; with a session of their own if nobody may notice.
pub fn act(person: &Person, report: &str, act: &Act) -> Answer {
    person.unlocked("POST", &format!("/v1/reports/{report}/{}", act.name), Some(&act.body))
}

/// Whoever filed it writes, says that it is worse, that it is safe or not.
pub fn reporter(known: &Known, act: &Act) -> Answer {
    known.reporter.sends("POST", &format!("/v1/inbox/{}", act.name), Some(&act.body))
}

/// Something that can be done about a report.
#[derive(Debug, Clone)]
pub struct Act {
    name: &'static str,
    body: Value,
}

/// What members do, by number.
pub fn members_act(number: usize) -> Act {
    let acts = [
        ("acknowledgement", json!({})),
        ("holder", json!({})),
        ("answer", json!({ "kind": "action", "text": "it is locked away", "by_role": "upm", "done": "yes" })),
        ("answer", json!({ "kind": "dispute", "text": "it was a replica", "by_role": "upm" })),
        ("stop-work", json!({ "what": "the scene", "may_restart_role": "1st_ad" })),
        ("resumption", json!({ "what_changed": "it is locked away" })),
        ("verification", json!({ "verdict": "rejected", "note": "it is not" })),
        ("verification", json!({ "verdict": "verified", "note": "I saw it" })),
        ("escalation", json!({ "reason": "nobody comes" })),
        ("messages", json!({ "text": "thank you" })),
        ("answer", json!({ "kind": "referral", "text": "the office has it", "by_role": "upm" })),
    ];
    let (name, body) = acts[number % acts.len()].clone();
    Act { name, body }
}

/// What a reporter does, by number.
pub fn reporters_act(number: usize) -> Act {
    let acts = [
        ("messages", json!({ "to": "all", "text": "still there" })),
        ("messages", json!({ "to": "union", "text": "do not tell them" })),
        ("worse", json!({ "text": "it fell down" })),
        ("safety", json!({ "safe": "no", "reason": "it is still there" })),
        ("safety", json!({ "safe": "yes" })),
        ("safety", json!({ "safe": "cannot_tell" })),
    ];
    let (name, body) = acts[number % acts.len()].clone();
    Act { name, body }
}

/// The union's summary.
pub fn summary() -> Act {
    Act { name: "summary", body: json!({ "text": "somebody was moved off the camera" }) }
}
