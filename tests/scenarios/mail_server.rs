//! Stories of the way through a real mail server: what is taken, what is tried again, what marks an address.

use std::{net::TcpListener, time::Duration};

use lastlooks::{
    domain::time::UtcMillis,
    notify::{
        Mail, Mailer, SendError, from_url,
        mail::{Mailbox, mailbox, message_id},
    },
};

use crate::support::smtp_server::{SmtpServer, Trouble};

fn from() -> Mailbox {
    mailbox("Last Looks <looks@local600.example>").unwrap()
}

fn mail(number: u8, to: &str) -> Mail {
    Mail {
        message_id: message_id(&[number; 32], &from()),
        from: from(),
        to: mailbox(to).unwrap(),
        subject: "[RIGHT NOW] Western · you: reply by 14:20 MDT · Copper Lantern".to_owned(),
        plain: "Reply by 14:20 MDT\n.hidden\n".to_owned(),
        html: "<p>Reply by 14:20 MDT</p>".to_owned(),
        references: vec![],
        date: UtcMillis::new(1_792_169_700_000),
    }
}

fn mailer(url: &str) -> Box<dyn Mailer> {
    from_url(url, &from()).unwrap()
}

#[tokio::test]
async fn an_accepted_mail_keeps_the_server_s_reply_line_and_arrives_whole() {
    let server = SmtpServer::start().unwrap();
    let accepted = mailer(&server.url()).send(&mail(1, "Dana Reyes <dana@example.org>")).await.unwrap();
    assert_eq!(accepted.reply, "250 2.0.0 queued as 1");
    let received = server.received();
    assert_eq!(received[0].from, "looks@local600.example");
    assert_eq!(received[0].to, ["dana@example.org"]);
    assert!(received[0].text.contains(&format!("Message-ID: <{}@local600.example>\r\n", "01".repeat(32))));
    assert!(received[0].text.contains("\r\n.hidden\r\n"), "{}", received[0].text);
}

#[tokio::test]
async fn several_mails_go_through_one_conversation() {
    let server = SmtpServer::start().unwrap();
    let mailer = mailer(&server.url());
    for number in 1..=3 {
        mailer.send(&mail(number, "dana@example.org")).await.unwrap();
    }
    assert_eq!((server.received().len(), server.conversations()), (3, 1));
}

#[tokio::test]
async fn a_refusal_for_now_is_tried_again_and_then_passes() {
    let server = SmtpServer::start().unwrap();
    server.next(&[
        Trouble::AtRecipient("450 4.2.1 busy"),
        Trouble::AtContent("451 4.3.0 later"),
        Trouble::AtSender("421 4.3.2 closing"),
    ]);
    let mailer = mailer(&server.url());
    for reply in ["450 4.2.1 busy", "451 4.3.0 later", "421 4.3.2 closing"] {
        let refused = mailer.send(&mail(1, "dana@example.org")).await.unwrap_err();
        assert!(refused.is_worth_retrying());
        assert!(matches!(&refused, SendError::Refused { reply: said, .. } if said == reply), "{refused:?}");
    }
    mailer.send(&mail(1, "dana@example.org")).await.unwrap();
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn only_a_refusal_about_the_recipient_marks_an_address() {
    let server = SmtpServer::start().unwrap();
    server.refuses("gone@example.org", "550 5.1.1 <gone@example.org>: no such user");
    server.refuses("blocked@example.org", "550 5.7.1 <blocked@example.org>: we block your network");
    let mailer = mailer(&server.url());
    let dead = mailer.send(&mail(1, "gone@example.org")).await.unwrap_err();
    assert_eq!(dead, SendError::AddressDead { reply: "550 5.1.1 <gone@example.org>: no such user".to_owned() });
    let blocked = mailer.send(&mail(2, "blocked@example.org")).await.unwrap_err();
    assert!(matches!(blocked, SendError::Refused { .. }), "{blocked:?}");
    server.next(&[Trouble::AtSender("550 5.1.1 <gone@example.org> unknown")]);
    let sender = mailer.send(&mail(3, "dana@example.org")).await.unwrap_err();
    assert!(matches!(sender, SendError::Refused { .. }), "{sender:?}");
    server.next(&[Trouble::AtContent("550 5.1.1 <dana@example.org> unknown")]);
    let content = mailer.send(&mail(4, "dana@example.org")).await.unwrap_err();
    assert!(matches!(content, SendError::Refused { .. }), "{content:?}");
    mailer.send(&mail(5, "dana@example.org")).await.unwrap();
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_failure_of_the_path_and_the_next_try_opens_another() {
    let server = SmtpServer::start().unwrap();
    server.next(&[Trouble::HangUpBeforeContent, Trouble::HangUpAfterContent]);
    let mailer = mailer(&server.url());
    for _ in 0..2 {
        let broken = mailer.send(&mail(1, "dana@example.org")).await.unwrap_err();
        assert!(matches!(broken, SendError::Path { .. }), "{broken:?}");
    }
    mailer.send(&mail(1, "dana@example.org")).await.unwrap();
    // Taken twice: the server had it when it hung up. The Message-ID lets the reader's side see that it is one mail.
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0], received[1]);
}

#[tokio::test]
async fn a_server_that_closed_a_kept_conversation_loses_no_mail() {
    let server = SmtpServer::start().unwrap();
    let mailer = mailer(&server.url());
    mailer.send(&mail(1, "dana@example.org")).await.unwrap();
    server.hang_up_on_everybody();
    mailer.send(&mail(2, "dana@example.org")).await.unwrap();
    assert_eq!((server.received().len(), server.conversations()), (2, 2));
}

#[tokio::test]
async fn a_server_that_goes_silent_is_left_after_the_limit() {
    let server = SmtpServer::start().unwrap();
    server.next(&[Trouble::Silence]);
    let mailer =
        lastlooks::notify::SmtpMailer::from_url(&server.url(), from()).unwrap().with_limit(Duration::from_millis(200));
    let silent = mailer.send(&mail(1, "dana@example.org")).await.unwrap_err();
    assert_eq!(silent.to_string(), "the mail server did not finish within 0.2 s");
    mailer.send(&mail(1, "dana@example.org")).await.unwrap();
}

#[tokio::test]
async fn a_server_that_wants_a_sign_in_gets_it() {
    let server = SmtpServer::start().unwrap();
    server.wants_sign_in("looks@local600.example", "p@ss word");
    let right = mailer(&server.url_as("looks%40local600.example", "p%40ss%20word"));
    right.check().await.unwrap();
    right.send(&mail(1, "dana@example.org")).await.unwrap();
    let wrong = mailer(&server.url_as("looks%40local600.example", "secret-guess"));
    let refused = wrong.check().await.unwrap_err().to_string();
    assert_eq!(refused, "the mail server said no at the sign-in: 535 5.7.8 user name or password is wrong");
    assert!(mailer(&server.url()).send(&mail(2, "dana@example.org")).await.unwrap_err().is_worth_retrying());
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn where_encryption_is_required_a_server_without_it_gets_nothing() {
    let server = SmtpServer::start().unwrap();
    let mailer = mailer(&format!("{}?tls=required", server.url_as("user", "password")));
    let refused = mailer.send(&mail(1, "dana@example.org")).await.unwrap_err().to_string();
    assert!(refused.contains("at the encryption") && refused.contains("?tls=none"), "{refused}");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn nobody_at_the_port_is_a_failure_of_the_path() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = mailer(&format!("smtp://{free}")).send(&mail(1, "dana@example.org")).await.unwrap_err();
    assert!(matches!(&refused, SendError::Path { reason } if reason.contains("at the connection")), "{refused:?}");
}
