//! A stream of lines is cut into the same lines wherever its pieces end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transcode::{Line, Lines};

fn cut<'p>(pieces: impl Iterator<Item = &'p [u8]>) -> Vec<Line> {
    let (mut lines, mut found) = (Lines::default(), Vec::new());
    for piece in pieces {
        lines.push(piece);
        found.extend(std::iter::from_fn(|| lines.next_line()));
    }
    found.extend(lines.end());
    found
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, stream) = input;
    let whole = cut(std::iter::once(stream));
    assert_eq!(whole, cut(stream.chunks(usize::from(size).max(1))));
    assert!(whole.windows(2).all(|pair| pair[0].number < pair[1].number));
});
