//! What typst sees while it sets one document: the template, its data, our fonts, and nothing else.

use crate::fonts::{Shelf, shelf};
use crate::order::Order;
use chrono::Datelike as _;
use std::sync::LazyLock;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

/// What every template may import: fonts, the machine-readable zone, the barcode.
const HOUSE: &str = include_str!("../templates/house.typ");

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

/// One document's world. There is no file system, no network, no clock in it.
pub(crate) struct Desk<'o> {
    shelf: &'static Shelf,
    main: FileId,
    sources: Vec<Source>,
    files: Vec<(FileId, Bytes)>,
    order: &'o Order,
}

impl<'o> Desk<'o> {
    pub(crate) fn new(order: &'o Order) -> Self {
        let main = file("main.typ");
        let parts = order.template.parts.iter().copied();
        let texts = [("main.typ", order.template.main), ("house.typ", HOUSE)].into_iter().chain(parts);
        let sources = texts.map(|(path, text)| Source::new(file(path), text.to_owned())).collect();
        let given = order.files.iter().map(|(path, bytes)| (file(path), Bytes::new(bytes.clone())));
        let files = given.chain([(file("data.json"), Bytes::new(order.data.clone()))]).collect();
        Self { shelf: shelf(), main, sources, files, order }
    }
}

/// The id of a path. Typst keeps every path it ever saw, so ours come from code alone, and are few.
fn file(path: &str) -> FileId {
    let path = VirtualPath::new(path).expect("the paths in our code are paths");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_with_slash().into())
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shelf.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.iter().find(|source| source.id() == id).cloned().ok_or_else(|| missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.files.iter().find(|(known, _)| *known == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shelf.fonts.get(index).cloned()
    }

    /// The day that the document bears.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        day(self.order.date)
    }
}

/// A day as typst has it.
pub(crate) fn day(date: chrono::NaiveDate) -> Option<Datetime> {
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    Datetime::from_ymd_hms(date.year(), month, day, 0, 0, 0)
}
