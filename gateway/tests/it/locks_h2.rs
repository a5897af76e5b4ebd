//! The door's locks against HTTP/2 as it is not meant: streams reset by either side, headers without end, headers that
//! unpack to much. Frames are written by hand, since no client writes these.

use crate::rig::{Rig, plan, send, start};
use crate::upstream::LARGE;
use bytes::{BufMut as _, BytesMut};
use testkit::until;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
/// The flags END_STREAM and END_HEADERS.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:method: GET`, `:scheme: http`, `:path: /` by the static table (RFC 7541, appendix A).
const GET: &[u8] = &[0x82, 0x86, 0x84];
/// The same for POST.
const POST: &[u8] = &[0x83, 0x86, 0x84];
/// The code with which a connection is ended whose client asks too much of us.
const ENHANCE_YOUR_CALM: u8 = 11;

/// What a client says from the beginning of a connection.
struct Words(BytesMut);

impl Words {
    fn begin() -> Self {
        Self(BytesMut::from(&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..])).then(SETTINGS, 0, 0, b"")
    }

    /// One more frame (RFC 9113, section 4.1).
    fn then(mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        self.0.put_uint(payload.len() as u64, 3);
        self.0.put_u8(kind);
        self.0.put_u8(flags);
        self.0.put_u32(stream);
        self.0.put_slice(payload);
        self
    }
}

/// A string of HPACK, not compressed (RFC 7541, section 5.2), of less than 2^14 + 127 bytes.
fn text(out: &mut BytesMut, text: &[u8]) {
    match text.len() {
        short @ ..127 => out.put_u8(short as u8),
        long => out.put_slice(&[127, (long - 127) as u8 | 128, ((long - 127) >> 7) as u8]),
    }
    out.put_slice(text);
}

/// Says it all, and holds the door to its answer: it ends the connection with this error, and serves others.
async fn calmed(rig: &Rig, what: &str, words: Words, error: u8) {
    let mut socket = TcpStream::connect(rig.address).await.unwrap();
    // The door may end the connection before all of it is written.
    let _ = socket.write_all(&words.0).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    let mut rest = answer.as_slice();
    // A connection that was reset may have lost the last words.
    let mut calmed = rest.is_empty();
    while let [a, b, c, kind, _, _, _, _, _, payload @ ..] = rest {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        calmed |= *kind == GOAWAY && payload.get(7) == Some(&error);
        rest = payload.get(length..).unwrap_or_default();
    }
    assert!(calmed, "{what}: the connection ended without a word: {answer:?}");
    assert_eq!(rig.who(&rig.admin).await.status, 200, "{what}: others are served");
}

/// CVE-2023-44487: requests begun and taken back, each of which costs us more than the client.
#[tokio::test]
async fn streams_opened_and_reset_without_end_end_the_connection() {
    let rig = start().await;
    let words = (0..4_000).map(|n| 2 * n + 1).fold(Words::begin(), |words, stream| {
        let words = words.then(HEADERS, END_STREAM | END_HEADERS, stream, GET);
        // CANCEL.
        words.then(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
    });
    calmed(&rig, "rapid reset", words, ENHANCE_YOUR_CALM).await;
}

/// CVE-2025-8671: the same, but the client's errors make us take the requests back.
#[tokio::test]
async fn streams_that_we_are_made_to_reset_end_the_connection() {
    let rig = start().await;
    let words = (0..4_000).map(|n| 2 * n + 1).fold(Words::begin(), |words, stream| {
        let words = words.then(HEADERS, END_HEADERS, stream, POST);
        // A window beyond what a window can be.
        words.then(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes())
    });
    calmed(&rig, "resets of ours", words, ENHANCE_YOUR_CALM).await;
}

/// CVE-2024-27316: headers that never end, with something in them and with nothing.
#[tokio::test]
async fn headers_without_end_end_the_connection() {
    let rig = start().await;
    let mut field = BytesMut::from(&[0][..]);
    text(&mut field, b"x-one");
    text(&mut field, &[b'a'; 100]);
    for part in [&field[..], &[]] {
        let words = Words::begin().then(HEADERS, 0, 1, POST);
        let words = (0..20_000).fold(words, |words, _| words.then(CONTINUATION, 0, 1, part));
        calmed(&rig, "headers without end", words, ENHANCE_YOUR_CALM).await;
    }
}

#[tokio::test]
async fn headers_that_unpack_to_much_end_the_connection() {
    let rig = start().await;
    let mut block = BytesMut::from(GET);
    // A field that goes into the dynamic table, and then a byte for each time it is meant again: 15 MB in 8 kB.
    block.put_u8(0x40);
    text(&mut block, b"x-big");
    text(&mut block, &[b'a'; 3_000]);
    block.put_bytes(0x80 | 62, 5_000);
    let words = Words::begin().then(HEADERS, END_STREAM | END_HEADERS, 1, &block);
    calmed(&rig, "headers that unpack to much", words, ENHANCE_YOUR_CALM).await;
}

/// A client that asks for much and reads nothing holds its place, and nobody's memory fills up behind it.
#[tokio::test]
async fn an_answer_that_is_not_read_is_still_under_way() {
    let rig = plan().set("IN_FLIGHT", "1").start().await;
    let key = rig.role("protocol-officer").await;
    let mut block = BytesMut::from(&[0x82, 0x86, 0x04][..]);
    text(&mut block, format!("/v1/accreditation/{LARGE}").as_bytes());
    block.put_u8(0);
    text(&mut block, b"authorization");
    text(&mut block, format!("Bearer {key}").as_bytes());
    let words = Words::begin().then(HEADERS, END_STREAM | END_HEADERS, 1, &block);
    let mut socket = TcpStream::connect(rig.address).await.unwrap();
    socket.write_all(&words.0).await.unwrap();
    let ask = async || send(rig.get(&key, "/v1/accreditation/missions/a")).await.status;
    until("the answer is under way", async || ask().await == 503).await;
    drop(socket);
    until("the client is known to have left", async || ask().await == 200).await;
    let whole = send(rig.get(&key, &format!("/v1/accreditation/{LARGE}"))).await;
    assert_eq!((whole.status, whole.json()["title"].as_str().map(str::len)), (200, Some(300_000)));
    assert_eq!(whole.header("content-length"), Some(whole.text.len().to_string().as_str()));
}

/// Health needs no credential, and a question that never ends is not waited for: not in the callers' places, and not long.
#[tokio::test]
async fn questions_of_strangers_that_never_end_keep_no_caller_out() {
    let rig = plan().set("IN_FLIGHT", "4").start().await;
    let mut block = BytesMut::from(&[0x83, 0x86, 0x04][..]);
    text(&mut block, b"/grpc.health.v1.Health/Check");
    for (name, value) in [(&b"content-type"[..], &b"application/grpc"[..]), (b"te", b"trailers")] {
        block.put_u8(0);
        text(&mut block, name);
        text(&mut block, value);
    }
    let words = (0..500)
        .map(|n| 2 * n + 1)
        .fold(Words::begin(), |words, stream| words.then(HEADERS, END_HEADERS, stream, &block));
    let mut socket = TcpStream::connect(rig.address).await.unwrap();
    socket.write_all(&words.0).await.unwrap();
    let health = || tonic_health_check(&rig);
    until("strangers' places are taken", async || health().await == 14).await;
    for _ in 0..8 {
        assert_eq!(rig.who(&rig.admin).await.status, 200);
    }
    until("who does not ask to the end is not waited for", async || health().await == 0).await;
    assert_eq!(rig.who(&rig.admin).await.status, 200);
    drop(socket);
}

/// The gRPC status of a whole question about health.
async fn tonic_health_check(rig: &Rig) -> u32 {
    let asked = rig.http.post(rig.url("/grpc.health.v1.Health/Check"));
    let asked = asked.header("content-type", "application/grpc-web+proto").body(vec![0_u8; 5]);
    let answer = send(asked).await;
    let status = answer.header("grpc-status").map(str::to_owned);
    let trailer =
        || answer.text.split("grpc-status:").nth(1).and_then(|rest| rest.split('\r').next()).map(str::to_owned);
    status.or_else(trailer).expect("there is a status").trim().parse().expect("it is a number")
}

/// The other calls of the connection get ten seconds to end, so this test takes them.
#[tokio::test]
async fn who_reads_nothing_of_an_answer_loses_the_connection() {
    let rig = plan().set("IN_FLIGHT", "1").set("READ_PATIENCE", "200ms").start().await;
    let key = rig.role("protocol-officer").await;
    let mut block = BytesMut::from(&[0x82, 0x86, 0x04][..]);
    text(&mut block, format!("/v1/accreditation/{LARGE}").as_bytes());
    block.put_u8(0);
    text(&mut block, b"authorization");
    text(&mut block, format!("Bearer {key}").as_bytes());
    let words = Words::begin().then(HEADERS, END_STREAM | END_HEADERS, 1, &block);
    let mut socket = TcpStream::connect(rig.address).await.unwrap();
    socket.write_all(&words.0).await.unwrap();
    let ask = async || send(rig.get(&key, "/v1/accreditation/missions/a")).await.status;
    until("the answer is under way", async || ask().await == 503).await;
    // It gives no window; what was sent within the window is all it gets.
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    assert!(answer.len() < 300_000, "{} bytes", answer.len());
    assert!(frames(&answer).any(is_farewell), "other calls of the connection go elsewhere");
    until("its place is free, though nobody hung up", async || ask().await == 200).await;
}

#[tokio::test]
async fn an_address_has_its_part_of_the_connections() {
    let rig = plan().set("CONNECTIONS_OF_ADDRESS", "3").start().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut socket = TcpStream::connect(rig.address).await.unwrap();
        socket.write_all(&Words::begin().0).await.unwrap();
        assert!(socket.read(&mut [0; 9]).await.unwrap() > 0, "it is spoken to");
        open.push(socket);
    }
    let mut fourth = TcpStream::connect(rig.address).await.unwrap();
    let _ = fourth.write_all(&Words::begin().0).await;
    assert!(matches!(fourth.read(&mut [0; 9]).await, Ok(0) | Err(_)), "one more is not spoken to");
    open.pop();
    until("there is room again", async || {
        rig.get(&rig.admin, "/v1/gateway/whoami").send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    // Behind a proxy of ours are many.
    let rig = plan().set("CONNECTIONS_OF_ADDRESS", "1").set("TRUSTED_PROXIES", "127.0.0.1").start().await;
    let _held = TcpStream::connect(rig.address).await.unwrap();
    assert_eq!(rig.who(&rig.admin).await.status, 200);
    let full = plan().set("CONNECTIONS", "1").start().await;
    let held = TcpStream::connect(full.address).await.unwrap();
    let ask = || full.get(&full.admin, "/v1/gateway/whoami").send();
    until("the only connection is taken", async || ask().await.is_err()).await;
    drop(held);
    until("it is free again", async || ask().await.is_ok()).await;
}

/// A connection that answers pings would last for ever, and with it what was known of its client when it began. It is told
/// before we ask for a sign of life: what ends because it gave none shows nothing about its age.
#[tokio::test]
async fn an_old_connection_is_told_to_go() {
    let rig = plan().set("CONNECTION_AGE", "200ms").start().await;
    let mut socket = TcpStream::connect(rig.address).await.unwrap();
    socket.write_all(&Words::begin().0).await.unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    let asked = frames(&answer).position(|(kind, _)| kind == PING).unwrap_or(usize::MAX);
    assert!(frames(&answer).take(asked).any(is_farewell), "{answer:?}");
    assert_eq!(rig.who(&rig.admin).await.status, 200, "its client comes again");
}

/// The frames that the door has said, each with its kind and payload (RFC 9113, section 4.1).
fn frames(mut said: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let [a, b, c, kind, _, _, _, _, _, rest @ ..] = said else { return None };
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let (payload, rest) = rest.split_at_checked(length)?;
        said = rest;
        Some((*kind, payload))
    })
}

/// Whether it says that no new calls are taken on the connection, and that nothing is wrong with it (NO_ERROR).
fn is_farewell((kind, payload): (u8, &[u8])) -> bool {
    kind == GOAWAY && payload.get(4..8) == Some(&[0; 4])
}
