//! A lean crowd: blocking threads that send prepared bytes and look at the status line. It shares the cores with what it
//! measures, so it does as little as it can and says how much that was.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use lastlooks::entropy::{Entropy, SystemEntropy};

use crate::{
    cpu::{self, Shares},
    filing_body,
    show::Show,
};

/// What was seen of the server under load.
#[derive(Default)]
pub(crate) struct Load {
    /// How long each filing took.
    took: Vec<Duration>,
    elapsed: Duration,
    shares: Shares,
    /// Filings that were not answered with 201.
    pub(crate) errors: u64,
    /// What the first of them came to.
    pub(crate) first_error: Option<String>,
}

impl Load {
    /// Adds another round.
    pub(crate) fn add(&mut self, round: Self) {
        self.took.extend(round.took);
        self.elapsed += round.elapsed;
        self.errors += round.errors;
        self.first_error = self.first_error.take().or(round.first_error);
        for (name, spent) in round.shares {
            *self.shares.entry(name).or_default() += spent;
        }
    }

    /// Filings per second that were answered with 201.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        self.took.len() as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The time within which this part of the filings was answered. Milliseconds.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    pub(crate) fn millis_at(&mut self, part: f64) -> f64 {
        self.took.sort_unstable();
        let at = (self.took.len() as f64 * part) as usize;
        self.took.get(at).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
    }

    /// How much of the cores' time went to the clients themselves.
    pub(crate) fn client_percent(&self) -> f64 {
        let cores = thread::available_parallelism().map_or(1.0, |n| f64::from(u32::try_from(n.get()).unwrap_or(1)));
        let clients = self.shares.get(cpu::CLIENTS).copied().unwrap_or_default();
        100.0 * clients.as_secs_f64() / (cores * self.elapsed.as_secs_f64()).max(f64::MIN_POSITIVE)
    }

    /// What one filing took of a core in all, but for other programs and the clients. Milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn core_millis(&self) -> f64 {
        let ours = self.shares.iter().filter(|(name, _)| ![cpu::ELSEWHERE, cpu::CLIENTS].contains(name));
        let spent: Duration = ours.map(|(_, spent)| *spent).sum();
        1000.0 * spent.as_secs_f64() / (self.took.len().max(1) as f64)
    }

    /// What one filing took of a core, by thread. `None` where the system does not say.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn shares(&self) -> Option<String> {
        let mut text = String::new();
        for (name, spent) in &self.shares {
            let each = 1000.0 * spent.as_secs_f64() / (self.took.len().max(1) as f64);
            let comma = if text.is_empty() { "" } else { ", " };
            write!(text, "{comma}{name} {each:.2}").ok()?;
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Files from `clients` connections at once; what is answered during the warm-up is checked but not counted.
///
/// # Errors
/// If a client cannot connect.
pub(crate) fn run(show: &Show, clients: u32, round: u32, warm_up: Duration, length: Duration) -> anyhow::Result<Load> {
    let from = Instant::now() + warm_up;
    let until = from + length;
    let mut threads = Vec::new();
    for number in 0..clients {
        let client = Client::connect(show.address, &show.crew_code, round, number)?;
        let thread = thread::Builder::new().name(format!("client {number}")).stack_size(128 * 1024);
        threads.push(thread.spawn(move || client.file_until(from, until))?);
    }
    thread::sleep(from.saturating_duration_since(Instant::now()));
    let before = cpu::of_everything(show.server);
    thread::sleep(until.saturating_duration_since(Instant::now()));
    let shares = cpu::between(&before, &cpu::of_everything(show.server));
    let mut load = Load { elapsed: length, shares, ..Load::default() };
    for thread in threads {
        let one = thread.join().map_err(|_| anyhow::anyhow!("a client broke off"))?;
        load.add(one);
    }
    Ok(load)
}

struct Client {
    socket: TcpStream,
    request: Vec<u8>,
    receipt_at: usize,
    /// Two numbers that no other client has, and a random one that no other run has.
    receipt: (u64, u32, u32),
    buffer: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr, crew_code: &str, round: u32, number: u32) -> anyhow::Result<Self> {
        let socket = TcpStream::connect(address).context("cannot connect")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        let body = filing_body::json();
        let head = format!(
            "POST /v1/reports HTTP/1.1\r\nhost: {address}\r\ncrew-code: {crew_code}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let chance: &dyn Entropy = &SystemEntropy;
        Ok(Self {
            socket,
            receipt_at: head.len() + filing_body::RECEIPT_AT,
            request: [head.as_bytes(), body.as_bytes()].concat(),
            receipt: (u64::from_le_bytes(chance.bytes()), round * 65_536 + number, 0),
            buffer: vec![0; 16 * 1024],
        })
    }

    fn file_until(mut self, from: Instant, until: Instant) -> Load {
        let mut load = Load::default();
        while Instant::now() < until {
            let sent = Instant::now();
            let answered = self.file();
            let now = Instant::now();
            match answered {
                Ok(()) if sent >= from && now < until => load.took.push(now - sent),
                Ok(()) => {}
                Err(error) => {
                    load.errors += 1;
                    load.first_error.get_or_insert(format!("{error:#}"));
                    // A broken connection would fail again and again.
                    return load;
                }
            }
        }
        load
    }

    /// One filing with a receipt of its own.
    fn file(&mut self) -> anyhow::Result<()> {
        let (run, client, n) = self.receipt;
        self.receipt.2 += 1;
        let digits = format!("{run:016x}{client:08x}{n:08x}");
        self.request[self.receipt_at..][..32].copy_from_slice(digits.as_bytes());
        self.socket.write_all(&self.request)?;
        let length = self.answer()?;
        let answer = &self.buffer[..length];
        if !answer.starts_with(b"HTTP/1.1 201 ") {
            bail!("{}", String::from_utf8_lossy(answer).trim_end());
        }
        Ok(())
    }

    /// Reads one whole answer; returns its length.
    fn answer(&mut self) -> anyhow::Result<usize> {
        let (mut have, mut whole) = (0, None);
        loop {
            let more = self.socket.read(&mut self.buffer[have..])?;
            if more == 0 {
                bail!("the server hung up");
            }
            have += more;
            if whole.is_none() {
                whole = length_of(&self.buffer[..have])?;
            }
            if whole.is_some_and(|whole| have >= whole) {
                return Ok(have);
            }
        }
    }
}

/// The length of the answer that begins here, once its head is there.
fn length_of(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end])?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    Ok(Some(end + 4 + length.context("an answer without a length")?.parse::<usize>()?))
}
