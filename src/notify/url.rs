//! The mail setting, read: `smtp://`, `smtps://`, `folder:`, `log:`.

use std::{fs, net::IpAddr};

use lettre::transport::smtp::{
    authentication::Credentials,
    client::{Certificate, TlsParameters, TlsParametersBuilder},
};
use percent_encoding::percent_decode_str;
use url::Url;

use super::{
    FolderMailer, LogMailer, Mailer, SmtpMailer,
    mail::Mailbox,
    smtp_session::{Encryption, Server},
};

/// Why a mail setting cannot be used. Never repeats the setting, which may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailUrlError {
    /// It starts with something else.
    #[error("the mail url must start with smtp://, smtps://, folder: or log:")]
    UnknownScheme,
    /// `folder:` without a folder.
    #[error("folder: needs the folder behind it, such as folder:data/mail")]
    NoFolder,
    /// It is no URL.
    #[error("the mail url cannot be read: {0}. In user name and password, %40 stands for @, %2F for / and %23 for #")]
    Unreadable(url::ParseError),
    /// No host in it.
    #[error("the mail url names no host; write smtp://user:password@host:port")]
    NoHost,
    /// A user name without a password, or a password without a user name.
    #[error("the mail url needs user name and password, or neither")]
    HalfASignIn,
    /// What is percent-encoded is not text.
    #[error("user name and password in the mail url must be UTF-8 where % is used")]
    SignInIsNotText,
    /// A value of `tls` that is none of the three.
    #[error("tls in the mail url must be required, opportunistic or none, and smtps:// takes none of them")]
    UnknownTls,
    /// A parameter other than `tls` and `ca`.
    #[error("the mail url knows ?tls= and ?ca= only")]
    UnknownParameter,
    /// The file behind `ca` cannot be used.
    #[error("the file behind ca= in the mail url cannot be used as certificates: {0}")]
    Authority(String),
    /// The encryption cannot be set up on this machine.
    #[error("encryption for mail cannot be set up: {0}")]
    Encryption(String),
}

/// The way that a mail setting names.
///
/// | setting | way |
/// |---|---|
/// | `smtps://user:password@host` | encrypted from the start, port 465 |
/// | `smtp://user:password@host` | STARTTLS or nothing, port 587; to this machine itself (`localhost`, a loopback address) without encryption |
/// | `…?tls=required`, `opportunistic`, `none` | STARTTLS or nothing; if offered; never |
/// | `…?ca=FILE` | also trusts the certificates (PEM) in this file |
/// | `folder:PATH` | .eml files |
/// | `log:` | the log; reaches nobody |
///
/// # Errors
/// [`MailUrlError`] with what to write instead.
///
/// Source: architecture.md, "Fixed commands and settings"; RFC 8314 for the ports.
pub fn from_url(url: &str, from: &Mailbox) -> Result<Box<dyn Mailer>, MailUrlError> {
    if url == "log:" {
        return Ok(Box::new(LogMailer));
    }
    match url.strip_prefix("folder:") {
        Some("") => Err(MailUrlError::NoFolder),
        Some(folder) => Ok(Box::new(FolderMailer::new(folder))),
        None => Ok(Box::new(SmtpMailer::from_url(url, from.clone())?)),
    }
}

/// The mail server that a setting names.
pub(super) fn server(url: &str) -> Result<Server, MailUrlError> {
    if !url.starts_with("smtp://") && !url.starts_with("smtps://") {
        return Err(MailUrlError::UnknownScheme);
    }
    let url = Url::parse(url).map_err(MailUrlError::Unreadable)?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(MailUrlError::NoHost)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let wanted = Wanted::read(&url)?;
    let from_the_start = url.scheme() == "smtps";
    let encryption = wanted.encryption(from_the_start, &host)?;
    let port = url.port().unwrap_or(if from_the_start { 465 } else { 587 });
    Ok(Server { host, port, encryption, credentials: credentials(&url)? })
}

/// What stands behind the question mark.
#[derive(Default)]
struct Wanted {
    tls: Option<String>,
    authority: Option<String>,
}

impl Wanted {
    fn read(url: &Url) -> Result<Self, MailUrlError> {
        let mut wanted = Self::default();
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "tls" => wanted.tls = Some(value.into_owned()),
                "ca" => wanted.authority = Some(value.into_owned()),
                _ => return Err(MailUrlError::UnknownParameter),
            }
        }
        Ok(wanted)
    }

    fn encryption(&self, from_the_start: bool, host: &str) -> Result<Encryption, MailUrlError> {
        match (from_the_start, self.tls.as_deref()) {
            (true, None) => Ok(Encryption::FromTheStart(self.trust(host)?)),
            (false, None) if is_this_machine(host) => Ok(Encryption::None),
            (false, None | Some("required")) => Ok(Encryption::StartTls(self.trust(host)?)),
            (false, Some("opportunistic")) => Ok(Encryption::IfOffered(self.trust(host)?)),
            (false, Some("none")) => Ok(Encryption::None),
            (true | false, Some(_)) => Err(MailUrlError::UnknownTls),
        }
    }

    fn trust(&self, host: &str) -> Result<TlsParameters, MailUrlError> {
        let builder = TlsParameters::builder(host.to_owned());
        let builder = match &self.authority {
            Some(file) => with_authority(builder, file)?,
            None => builder,
        };
        builder.build().map_err(|error| MailUrlError::Encryption(error.to_string()))
    }
}

fn with_authority(builder: TlsParametersBuilder, file: &str) -> Result<TlsParametersBuilder, MailUrlError> {
    let pem = fs::read(file).map_err(|error| MailUrlError::Authority(error.to_string()))?;
    let certificate = Certificate::from_pem(&pem).map_err(|error| MailUrlError::Authority(error.to_string()))?;
    Ok(builder.add_root_certificate(certificate))
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, MailUrlError> {
    let plain = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8().map_err(|_| MailUrlError::SignInIsNotText)?;
        Ok(decoded.into_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(MailUrlError::HalfASignIn),
        (user, Some(password)) => Ok(Some(Credentials::new(plain(user)?, plain(password)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::mail::mailbox;

    fn refusal(url: &str) -> MailUrlError {
        let from = mailbox("looks@local600.example").unwrap();
        from_url(url, &from).err().unwrap()
    }

    fn server(url: &str) -> Server {
        super::server(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn each_setting_names_its_way_and_only_real_ways_tell() {
        let from = mailbox("looks@local600.example").unwrap();
        for (url, tells) in [
            ("log:", false),
            ("folder:data/mail", true),
            ("smtp://127.0.0.1:2525", true),
            ("smtps://mail.example", true),
        ] {
            assert_eq!(from_url(url, &from).map(|mailer| mailer.tells()), Ok(tells), "{url}");
        }
    }

    #[test]
    fn without_a_word_about_tls_only_this_machine_is_talked_to_in_the_clear() {
        assert!(matches!(server("smtp://mail.example").encryption, Encryption::StartTls(_)));
        assert!(matches!(server("smtp://127.0.0.1:25").encryption, Encryption::None));
        assert!(matches!(server("smtp://[::1]:25").encryption, Encryption::None));
        assert!(matches!(server("smtp://mail.example?tls=none").encryption, Encryption::None));
        assert!(matches!(server("smtp://mail.example?tls=opportunistic").encryption, Encryption::IfOffered(_)));
        assert!(matches!(server("smtps://mail.example").encryption, Encryption::FromTheStart(_)));
    }

    #[test]
    fn the_ports_are_those_of_submission() {
        assert_eq!(server("smtp://mail.example").port, 587);
        assert_eq!(server("smtps://mail.example").port, 465);
        assert_eq!(server("smtp://[::1]:2525").host, "::1");
    }

    #[test]
    fn a_password_may_hold_any_sign_when_it_is_percent_encoded() {
        let expected = Credentials::new("looks@local600.example".to_owned(), "p@ss/w#rd".to_owned());
        let found = server("smtp://looks%40local600.example:p%40ss%2Fw%23rd@127.0.0.1").credentials;
        assert!(found == Some(expected));
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_repeating_it() {
        assert_eq!(refusal("http://mail.example"), MailUrlError::UnknownScheme);
        assert_eq!(refusal("folder:"), MailUrlError::NoFolder);
        assert_eq!(refusal("smtp://user@mail.example"), MailUrlError::HalfASignIn);
        assert_eq!(refusal("smtp://mail.example?tls=maybe"), MailUrlError::UnknownTls);
        assert_eq!(refusal("smtps://mail.example?tls=none"), MailUrlError::UnknownTls);
        assert_eq!(refusal("smtp://mail.example?verify=no"), MailUrlError::UnknownParameter);
        assert!(matches!(refusal("smtps://mail.example?ca=/nowhere/ca.pem"), MailUrlError::Authority(_)));
        let odd = refusal("smtp://user:secret-word@mail.example:notaport").to_string();
        assert!(!odd.contains("secret-word"), "{odd}");
    }
}
