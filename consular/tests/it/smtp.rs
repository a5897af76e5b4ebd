//! Mail by SMTP, spoken to a server that takes what it is given or refuses an address.

use consular::channels::{Channel, Parcel, Smtp, SmtpSettings, Undelivered};
use proto::consular::v1::mailbox_message::Channel as By;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, mpsc};

/// One conversation of RFC 5321; what was in it is sent on.
async fn converse(stream: TcpStream, taken: mpsc::UnboundedSender<String>, together: Arc<Barrier>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 mail.example.org\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => "250 mail.example.org",
            "RCPT" if line.contains("nobody@") => "550 no such mailbox",
            "RCPT" if line.contains("busy@") => "451 later",
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.unwrap();
                let mut letter = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    letter.push_str(&line);
                    letter.push('\n');
                }
                taken.send(letter).unwrap();
                together.wait().await;
                "250 taken"
            }
            "QUIT" => return,
            _ => "250 well",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
    }
}

fn parcel(address: &str) -> Parcel {
    Parcel {
        key: format!("messages/m/registrations/{address}"),
        message: "messages/m".into(),
        registration: "registrations/r".into(),
        channel: By::Email,
        address: address.into(),
        language: "en".into(),
        subject: "Are you safe? Où êtes-vous ?".into(),
        body: "Call us.".into(),
        attempts: 1,
        ..Parcel::default()
    }
}

fn settings(port: u16) -> SmtpSettings {
    SmtpSettings {
        host: Some("127.0.0.1".into()),
        port,
        user: None,
        password: None,
        from: Some("Consular service <noreply@example.gov>".into()),
    }
}

#[tokio::test]
async fn mail_is_handed_over_or_refused_for_now_or_for_good() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, mut letters) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, taken.clone(), Arc::new(Barrier::new(1))));
        }
    });
    let smtp = Smtp::new(&settings(port)).unwrap().unwrap();
    let parcels = ["person@example.org", "nobody@example.org", "busy@example.org", "no address", "person@example.org"];
    let outcomes = smtp.deliver(&parcels.map(parcel)).await;
    assert_eq!((&outcomes[0], &outcomes[4]), (&Ok(()), &Ok(())));
    assert!(matches!(&outcomes[1], Err(Undelivered::ForGood(_))), "{outcomes:?}");
    assert!(matches!(&outcomes[2], Err(Undelivered::ForNow(_))), "{outcomes:?}");
    assert!(matches!(&outcomes[3], Err(Undelivered::ForGood(_))), "{outcomes:?}");
    let (first, again) = (letters.recv().await.unwrap(), letters.recv().await.unwrap());
    assert!(
        first.contains("From: \"Consular service\" <noreply@example.gov>") && first.contains("Call us."),
        "{first}"
    );
    let id = |letter: &str| letter.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned();
    assert_eq!(id(&first), id(&again), "sent twice, it is the same mail");
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let smtp = Smtp::new(&settings(port)).unwrap().unwrap();
    assert!(matches!(&smtp.deliver(&[parcel("person@example.org")]).await[0], Err(Undelivered::ForNow(_))));
}

#[test]
fn half_a_mail_server_keeps_the_service_from_starting() {
    assert!(Smtp::new(&SmtpSettings { host: None, ..settings(25) }).unwrap().is_none());
    assert!(Smtp::new(&SmtpSettings { from: None, ..settings(25) }).is_err());
    assert!(Smtp::new(&SmtpSettings { from: Some("nobody".into()), ..settings(25) }).is_err());
    assert!(Smtp::new(&SmtpSettings { user: Some("legation".into()), ..settings(25) }).is_err());
}

/// One after another, two hundred letters to a slow server take longer than they are held.
#[tokio::test]
async fn letters_do_not_wait_for_each_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, mut letters) = mpsc::unbounded_channel();
    // The server takes none before it has sixteen.
    let together = Arc::new(Barrier::new(16));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, taken.clone(), Arc::clone(&together)));
        }
    });
    let smtp = Smtp::new(&settings(port)).unwrap().unwrap();
    let parcels: Vec<_> = (0..smtp.at_once()).map(|number| parcel(&format!("person{number}@example.org"))).collect();
    assert_eq!(smtp.deliver(&parcels).await, vec![Ok(()); 16]);
    letters.close();
    let mut count = 0;
    while letters.recv().await.is_some() {
        count += 1;
    }
    assert_eq!(count, 16);
}
