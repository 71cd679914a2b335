//! A small real mail server on the loopback, which does as a story tells it, and keeps what it got.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A mail as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    /// The address of MAIL FROM.
    pub(crate) from: String,
    /// The addresses of RCPT TO.
    pub(crate) to: Vec<String>,
    /// The mail with CRLF, dots unstuffed.
    pub(crate) text: String,
}

/// What a server does instead of taking a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Answers MAIL with this reply.
    AtSender(&'static str),
    /// Answers RCPT with this reply.
    AtRecipient(&'static str),
    /// Answers the end of DATA with this reply.
    AtContent(&'static str),
    /// Hangs up instead of answering DATA.
    HangUpBeforeContent,
    /// Takes the whole mail, keeps it, and hangs up without a word.
    HangUpAfterContent,
    /// Takes the command MAIL and says nothing more until the client goes.
    Silence,
}

#[derive(Default)]
struct Script {
    /// Troubles to come, one per mail, first in first out.
    next: Vec<Trouble>,
    /// Refusals per recipient, for good.
    refused: HashMap<String, &'static str>,
    /// User name and password, if one must sign in.
    account: Option<(String, String)>,
    received: Vec<Received>,
    conversations: usize,
    open: Vec<TcpStream>,
}

/// A running server; stops when dropped.
pub(crate) struct SmtpServer {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    stopped: Arc<AtomicBool>,
}

impl SmtpServer {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server = Self { address: listener.local_addr()?, script: Arc::default(), stopped: Arc::default() };
        let (script, stopped) = (Arc::clone(&server.script), Arc::clone(&server.stopped));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let script = Arc::clone(&script);
                // A conversation that breaks off is what some stories are about.
                thread::spawn(move || Conversation::hold(stream, &script));
            }
        });
        Ok(server)
    }

    /// The mail setting that leads here.
    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The mail setting that leads here and signs in, with any sign percent-encoded by the caller.
    pub(crate) fn url_as(&self, user: &str, password: &str) -> String {
        format!("smtp://{user}:{password}@{}", self.address)
    }

    /// From now on nobody hands over a mail without this account.
    pub(crate) fn wants_sign_in(&self, user: &str, password: &str) {
        self.script().account = Some((user.to_owned(), password.to_owned()));
    }

    /// The next mails meet these troubles, one each.
    pub(crate) fn next(&self, troubles: &[Trouble]) {
        self.script().next.extend_from_slice(troubles);
    }

    /// This recipient is refused with this reply, for good.
    pub(crate) fn refuses(&self, recipient: &str, reply: &'static str) {
        self.script().refused.insert(recipient.to_lowercase(), reply);
    }

    /// Every mail so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.script().received.clone()
    }

    /// How often somebody connected.
    pub(crate) fn conversations(&self) -> usize {
        self.script().conversations
    }

    /// Closes every conversation, as servers do with those that idle.
    pub(crate) fn hang_up_on_everybody(&self) {
        for stream in self.script().open.drain(..) {
            // One that is gone already is as closed as it gets.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener so that it sees the mark; if that fails it has stopped already.
        let _ = TcpStream::connect(self.address);
    }
}

/// One client's conversation.
struct Conversation<'a> {
    lines: BufReader<TcpStream>,
    stream: TcpStream,
    script: &'a Mutex<Script>,
    signed_in: bool,
    from: String,
    to: Vec<String>,
    trouble: Option<Trouble>,
}

/// Whether the conversation goes on.
enum Next {
    GoOn,
    HangUp,
}

impl Conversation<'_> {
    fn hold(stream: TcpStream, script: &Mutex<Script>) -> io::Result<()> {
        {
            let mut script = lock(script);
            script.conversations += 1;
            script.open.push(stream.try_clone()?);
        }
        let lines = BufReader::new(stream.try_clone()?);
        let mut held =
            Conversation { lines, stream, script, signed_in: false, from: String::new(), to: vec![], trouble: None };
        held.say("220 loopback.example ready")?;
        while let Some(line) = held.hear()? {
            match held.answer(&line)? {
                Next::GoOn => {}
                Next::HangUp => break,
            }
        }
        Ok(())
    }

    fn say(&mut self, reply: &str) -> io::Result<()> {
        self.stream.write_all(format!("{reply}\r\n").as_bytes())
    }

    /// One line without its end; None when the client is gone.
    fn hear(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let length = self.lines.read_line(&mut line)?;
        Ok((length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn answer(&mut self, line: &str) -> io::Result<Next> {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command.to_ascii_uppercase().as_str() {
            "EHLO" => self.say("250-loopback.example\r\n250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250 SMTPUTF8")?,
            "AUTH" => self.sign_in(rest)?,
            "MAIL" => return self.sender(rest),
            "RCPT" => self.recipient(rest)?,
            "DATA" => return self.content(),
            "RSET" => {
                self.forget();
                self.say("250 2.0.0 forgotten")?;
            }
            "NOOP" => self.say("250 2.0.0 here")?,
            "QUIT" => {
                self.say("221 2.0.0 bye")?;
                return Ok(Next::HangUp);
            }
            _ => self.say("502 5.5.2 not known here")?,
        }
        Ok(Next::GoOn)
    }

    fn sign_in(&mut self, rest: &str) -> io::Result<()> {
        let offered = match rest.split_once(' ') {
            Some(("PLAIN", secret)) => plain(secret),
            Some(("LOGIN", user)) => self.ask("334 UGFzc3dvcmQ6")?.map(|password| (decoded(user), decoded(&password))),
            _ if rest == "LOGIN" => self.login()?,
            _ => None,
        };
        self.signed_in = offered.is_some() && lock(self.script).account == offered;
        self.say(if self.signed_in { "235 2.7.0 welcome" } else { "535 5.7.8 user name or password is wrong" })
    }

    fn login(&mut self) -> io::Result<Option<(String, String)>> {
        let user = self.ask("334 VXNlcm5hbWU6")?;
        let password = self.ask("334 UGFzc3dvcmQ6")?;
        Ok(user.zip(password).map(|(user, password)| (decoded(&user), decoded(&password))))
    }

    fn ask(&mut self, challenge: &str) -> io::Result<Option<String>> {
        self.say(challenge)?;
        self.hear()
    }

    fn sender(&mut self, rest: &str) -> io::Result<Next> {
        self.forget();
        let (next, barred) = {
            let mut script = lock(self.script);
            let next = if script.next.is_empty() { None } else { Some(script.next.remove(0)) };
            (next, script.account.is_some() && !self.signed_in)
        };
        self.trouble = next;
        self.from = address(rest);
        match self.trouble {
            _ if barred => self.say("530 5.7.0 sign in first")?,
            Some(Trouble::AtSender(reply)) => self.say(reply)?,
            Some(Trouble::Silence) => {
                while self.hear()?.is_some() {}
                return Ok(Next::HangUp);
            }
            Some(
                Trouble::AtRecipient(_)
                | Trouble::AtContent(_)
                | Trouble::HangUpBeforeContent
                | Trouble::HangUpAfterContent,
            )
            | None => self.say("250 2.1.0 sender ok")?,
        }
        Ok(Next::GoOn)
    }

    fn recipient(&mut self, rest: &str) -> io::Result<()> {
        let recipient = address(rest);
        let refusal = lock(self.script).refused.get(&recipient.to_lowercase()).copied();
        match (refusal, self.trouble) {
            (Some(reply), _) | (None, Some(Trouble::AtRecipient(reply))) => self.say(reply),
            (None, _) => {
                self.to.push(recipient);
                self.say("250 2.1.5 recipient ok")
            }
        }
    }

    fn content(&mut self) -> io::Result<Next> {
        if self.trouble == Some(Trouble::HangUpBeforeContent) {
            return Ok(Next::HangUp);
        }
        self.say("354 go on")?;
        let Some(text) = self.hear_mail()? else { return Ok(Next::HangUp) };
        if let Some(Trouble::AtContent(reply)) = self.trouble {
            self.forget();
            self.say(reply)?;
            return Ok(Next::GoOn);
        }
        let number = self.keep(text);
        if self.trouble == Some(Trouble::HangUpAfterContent) {
            return Ok(Next::HangUp);
        }
        self.forget();
        self.say(&format!("250 2.0.0 queued as {number}"))?;
        Ok(Next::GoOn)
    }

    /// The mail up to the lonely dot; None if the client went before it.
    fn hear_mail(&mut self) -> io::Result<Option<String>> {
        let mut text = String::new();
        while let Some(line) = self.hear()? {
            if line == "." {
                return Ok(Some(text));
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        Ok(None)
    }

    fn keep(&self, text: String) -> usize {
        let mut script = lock(self.script);
        script.received.push(Received { from: self.from.clone(), to: self.to.clone(), text });
        script.received.len()
    }

    fn forget(&mut self) {
        self.from.clear();
        self.to.clear();
        self.trouble = None;
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stands between the angle brackets.
fn address(rest: &str) -> String {
    rest.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}

fn decoded(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).unwrap_or_default()).unwrap_or_default()
}

fn plain(secret: &str) -> Option<(String, String)> {
    let text = decoded(secret);
    let mut parts = text.split('\0').skip(1).map(str::to_owned);
    parts.next().zip(parts.next())
}
