//! As much of PostgreSQL's protocol as it takes to see that a server is ready and to create roles and databases.
//! Authentication is by the socket's folder, so there is none here.

use anyhow::{Context as _, Result, bail};
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Protocol 3.0.
const VERSION: i32 = 196_608;

/// One connection.
pub(crate) struct Session(UnixStream);

/// A message of the server: its kind and body.
type Answer = (u8, Vec<u8>);

impl Session {
    /// Connects as the superuser. Fails while the server is starting or stopping.
    pub(crate) fn open(socket: &Path, user: &str, database: &str) -> Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut session = Self(stream);
        let mut body = VERSION.to_be_bytes().to_vec();
        for word in ["user", user, "database", database, ""] {
            body.extend_from_slice(word.as_bytes());
            body.push(0);
        }
        session.0.write_all(&framed(None, &body)?)?;
        session.until_ready()?;
        Ok(session)
    }

    /// Runs one statement; the first column of each row as text.
    pub(crate) fn run(&mut self, sql: &str) -> Result<Vec<String>> {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.0.write_all(&framed(Some(b'Q'), &body)?)?;
        self.until_ready().with_context(|| sql.to_owned())
    }

    fn until_ready(&mut self) -> Result<Vec<String>> {
        let mut rows = Vec::new();
        let mut refusal = None;
        loop {
            let answer = match (self.read(), &refusal) {
                // While it is starting or full, the server refuses and closes at once.
                (Err(_), Some(words)) => bail!("{words}"),
                (answer, _) => answer?,
            };
            match answer {
                (b'Z', _) => break,
                (b'D', body) => rows.extend(first_column(&body)),
                (b'E', body) => refusal = refusal.or(Some(words_of(&body))),
                (b'R', body) if body != [0; 4] => bail!("the server asks for a password"),
                _ => {}
            }
        }
        match refusal {
            Some(words) => bail!(words),
            None => Ok(rows),
        }
    }

    fn read(&mut self) -> io::Result<Answer> {
        let mut head = [0; 5];
        self.0.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; (length as usize).saturating_sub(4)];
        self.0.read_exact(&mut body)?;
        Ok((head[0], body))
    }
}

fn framed(kind: Option<u8>, body: &[u8]) -> Result<Vec<u8>> {
    let length = i32::try_from(body.len() + 4).context("a statement is too long")?;
    let mut frame: Vec<u8> = kind.into_iter().collect();
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(body);
    Ok(frame)
}

/// The first value of a `DataRow`: a count, then length and bytes of each.
fn first_column(row: &[u8]) -> Option<String> {
    let length = u32::from_be_bytes(row.get(2..6)?.try_into().ok()?) as usize;
    Some(String::from_utf8_lossy(row.get(6..6 + length)?).into_owned())
}

/// The words of an `ErrorResponse`: fields of a letter and a text each; `M` is the message.
fn words_of(body: &[u8]) -> String {
    let fields = body.split(|byte| *byte == 0);
    let message = fields.filter_map(|field| field.strip_prefix(b"M")).next();
    String::from_utf8_lossy(message.unwrap_or(b"the server refused")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_errors_are_read() {
        assert_eq!(first_column(b"\0\x01\0\0\0\x02ok"), Some("ok".to_owned()));
        assert_eq!(first_column(b"\0\x01\xff\xff\xff\xff"), None, "a null is no text");
        assert_eq!(
            words_of(b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"),
            "the database system is starting up"
        );
    }
}
