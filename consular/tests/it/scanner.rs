//! A scanner: what a page bears as a barcode, read from the pixels of the page as it is printed.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::{RenderCache, RenderSettings, render};
use proto::google::api::HttpBody;

/// Points of an inch.
const INCH: f32 = 72.0;
/// What printers and scanners of offices do, in dots to the inch.
const DPI: f32 = 300.0;
/// The fewest dots to a module, at that resolution, that such a printer sets and such a scanner tells apart soundly.
const LEAST_DOTS: f32 = 4.0;

/// A barcode that was found.
pub(crate) struct Scanned {
    pub(crate) bytes: Vec<u8>,
    /// How many modules it has on a side.
    modules: f32,
    /// How many dots a module measures.
    pub(crate) module: f32,
    /// The corners, in dots.
    corners: [(f32, f32); 4],
    /// How many dots the page is wide and high.
    page: (f32, f32),
}

/// The one barcode of a page of one.
pub(crate) fn scanned(page: &HttpBody) -> Scanned {
    let pdf = Pdf::new(page.data.clone()).unwrap();
    let [only] = &pdf.pages()[..] else { panic!("the paper has one page") };
    let scale = DPI / INCH;
    let size = RenderSettings { x_scale: scale, y_scale: scale, ..RenderSettings::default() };
    let drawn = render(only, &RenderCache::new(), &InterpreterSettings::default(), &size);
    let (width, height) = (usize::from(drawn.width()), usize::from(drawn.height()));
    // Over white, as on paper: what is not drawn is as light as what is.
    let grey = |x: usize, y: usize| {
        let dot = drawn.data()[y * width + x];
        let light = 255 - dot.a;
        let part = |colour: u8| u32::from(colour) + u32::from(light);
        u8::try_from((part(dot.r) * 299 + part(dot.g) * 587 + part(dot.b) * 114) / 1000).unwrap_or(u8::MAX)
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let found = image.detect_grids();
    let [code] = &found[..] else { panic!("{} barcodes are on the page", found.len()) };
    let mut bytes = Vec::new();
    let form = code.decode_to(&mut bytes).unwrap();
    let corners = code.bounds.map(|corner| (corner.x as f32, corner.y as f32));
    let modules = form.version.to_size() as f32;
    let across = corners.iter().map(|(x, _)| *x);
    let span = across.clone().fold(f32::MIN, f32::max) - across.fold(f32::MAX, f32::min);
    Scanned { bytes, modules, module: span / modules, corners, page: (width as f32, height as f32) }
}

impl Scanned {
    /// Large enough to be printed, and light around for four modules (ISO/IEC 18004, 9.1) within the page.
    pub(crate) fn is_sound(&self) -> bool {
        let quiet = 4.0 * self.module;
        let inside =
            |(x, y): &(f32, f32)| *x >= quiet && *y >= quiet && *x <= self.page.0 - quiet && *y <= self.page.1 - quiet;
        // Corners are found to a dot each, of which each module has its part.
        self.module + 2.0 / self.modules >= LEAST_DOTS && self.corners.iter().all(inside)
    }
}
