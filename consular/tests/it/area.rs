//! Areas: what is read, what is refused, and that no point of an area lies outside its cover.

use consular::area::{Area, Unusable, cells_of};
use proptest::prelude::*;

fn is_covered(area: &Area, latitude: f64, longitude: f64) -> bool {
    let cover = area.cover().unwrap();
    let cells = cells_of(latitude, longitude).unwrap();
    let cell = cells.into_iter().find(|cell| u8::from(cell.resolution()) == cover.resolution).unwrap();
    cover.cells.contains(&u64::from(cell).cast_signed())
}

#[test]
fn areas_are_read_as_cap_writes_them() {
    // The example of CAP 1.2, appendix A.
    let polygon = Area::polygon("38.47,-120.14 38.34,-119.95 38.52,-119.74 38.62,-119.89 38.47,-120.14").unwrap();
    assert!(polygon.contains(38.48, -119.95));
    assert!(!polygon.contains(38.48, -119.0));
    let circle = Area::circle("32.9525,-115.5527 1").unwrap();
    assert!(circle.contains(32.9525, -115.5427) && !circle.contains(32.9525, -115.5400));
}

#[test]
fn what_is_no_area_is_refused_with_the_reason() {
    for text in [
        "",
        "1,2",
        "1,2 3,4 5,6 7,8",
        "1,2 3,4 1,2",
        "91,0 0,1 1,1 91,0",
        "0,0 0,1 0,2 0,0",
        "a,b 0,1 1,1 a,b",
        "0,nan 0,1 1,1 0,nan",
    ] {
        assert!(matches!(Area::polygon(text), Err(Unusable::Unreadable(_))), "{text}");
    }
    for text in ["", "1,2", "1,2 -3", "1,2 0", "1,2 x", "1;2 3", "1,181 3", "1,2 inf"] {
        assert!(matches!(Area::circle(text), Err(Unusable::Unreadable(_))), "{text}");
    }
    assert_eq!(Area::circle("0,0 5000").unwrap_err(), Unusable::TooLarge);
    assert_eq!(Area::polygon("-60,-100 -60,70 60,70 60,-100 -60,-100").unwrap_err(), Unusable::TooLarge);
}

#[test]
fn across_the_antimeridian_an_area_is_one() {
    let fiji = Area::polygon("-20,177 -20,-178 -15,-178 -15,177 -20,177").unwrap();
    for (latitude, longitude) in [(-17.7, 178.0), (-16.8, -179.9), (-18.0, 180.0), (-18.0, -180.0)] {
        assert!(fiji.contains(latitude, longitude) && is_covered(&fiji, latitude, longitude), "{latitude},{longitude}");
    }
    assert!(!fiji.contains(-17.7, 0.0) && !fiji.contains(-17.7, 176.0));
    let circle = Area::circle("-17,180 150").unwrap();
    for longitude in [179.0, -179.0] {
        assert!(circle.contains(-17.0, longitude) && is_covered(&circle, -17.0, longitude));
    }
}

#[test]
fn a_circle_reaches_over_a_pole() {
    let pole = Area::circle("89.5,0 300").unwrap();
    for longitude in [-180.0, -90.0, 0.0, 90.0, 179.0] {
        assert!(pole.contains(88.5, longitude) && is_covered(&pole, 88.5, longitude), "{longitude}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_point_of_a_circle_is_in_its_cover(
        latitude in -85.0..85.0_f64, longitude in -180.0..180.0_f64, radius in 0.5..900.0_f64,
        north in -1.0..1.0_f64, east in -1.0..1.0_f64,
    ) {
        let area = Area::circle(&format!("{latitude},{longitude} {radius}")).unwrap();
        let degrees = radius / 111.0;
        let (y, x) = (latitude + north * degrees, longitude + east * degrees / latitude.to_radians().cos());
        prop_assume!(y.abs() <= 90.0 && x.abs() <= 180.0 && area.contains(y, x));
        prop_assert!(is_covered(&area, y, x));
    }

    #[test]
    fn every_point_of_a_polygon_is_in_its_cover(
        south in -70.0..60.0_f64, west in -180.0..179.0_f64, high in 0.05..8.0_f64, wide in 0.05..8.0_f64,
        dent in 0.1..0.9_f64, north in 0.0..1.0_f64, east in 0.0..1.0_f64,
    ) {
        let turned = |x: f64| if x > 180.0 { x - 360.0 } else { x };
        let corners = [(0.0, 0.0), (0.0, 1.0), (dent, dent), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)];
        let text: Vec<_> = corners.iter().map(|(y, x)| format!("{},{}", south + y * high, turned(west + x * wide))).collect();
        let area = Area::polygon(&text.join(" ")).unwrap();
        let (y, x) = (south + north * high, turned(west + east * wide));
        prop_assume!(area.contains(y, x));
        prop_assert!(is_covered(&area, y, x));
    }

    #[test]
    fn no_text_makes_it_stumble(text in "[-0-9,. a]{0,60}") {
        for area in [Area::polygon(&text), Area::circle(&text)].into_iter().flatten() {
            let _ = area.cover();
        }
    }
}
