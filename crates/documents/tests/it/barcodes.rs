//! Barcodes, read as a scanner reads them, and verified with the public key alone.

use documents::seal::{SealKey, barcode, verify};

/// Draws the path of a barcode into a grid of eight pixels a module.
fn drawn(svg: &str) -> (usize, Vec<bool>) {
    let side: usize = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let path = svg.rsplit(" d=\"").next().unwrap().split('"').next().unwrap();
    let mut dark = vec![false; side * side];
    for run in path.split('M').skip(1) {
        let numbers: Vec<usize> =
            run.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        let (x, y, length) = (numbers[0], numbers[1], numbers[2]);
        dark[y * side + x..y * side + x + length].fill(true);
    }
    (side, dark)
}

#[test]
fn a_scanner_reads_what_was_sealed() {
    let key = SealKey::of_seed(&[3; 32]).unwrap();
    let payload = "a payload about as long as the one of a card: number, name, level, mission, dates".repeat(2);
    let sealed = key.seal(payload.as_bytes());
    let (side, dark) = drawn(&barcode(&sealed).unwrap());
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * 8, side * 8, |x, y| {
        if dark[y / 8 * side + x / 8] { 0 } else { 255 }
    });
    let grids = image.detect_grids();
    let (_, read) = grids[0].decode().unwrap();
    assert_eq!(read, sealed);
    assert_eq!(verify(&read, &[key.public()]).unwrap(), payload.as_bytes());
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(barcode("A".repeat(4_000)).is_err());
}
