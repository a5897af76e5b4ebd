//! One publication of a list: its files, its entries, and the version that its bytes make it.

use proto::consular::v1::watch_list::Format;
use ring::digest::{Context, SHA256};
use screening::Entry;
use screening::lists::{OfacFiles, read_ofac, read_un};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::path::Path;

/// The most bytes a publication's file may have. The largest of them today has a tenth of it.
const MOST_BYTES: u64 = 256 << 20;

/// Why a publication is not taken: the file and the line, or what else is wrong.
#[derive(Debug)]
pub(crate) struct Unreadable(pub(crate) String);

/// A publication that was read whole.
#[derive(Debug)]
pub(crate) struct Publication {
    /// The first twelve digits of the SHA-256 of its files.
    pub(crate) version: String,
    /// When it was made, as it says.
    pub(crate) published: String,
    pub(crate) entries: Vec<Entry>,
    /// Whether the files have the mark of their end: that of DOS in each delimited one; of XML the last tag is one.
    pub(crate) end_marked: bool,
    files: BTreeMap<String, Vec<u8>>,
}

/// The end of a delimited file, as its publisher marks it.
const END_OF_FILE: u8 = 0x1a;

/// The files that a format has.
fn files(format: Format) -> &'static [&'static str] {
    match format {
        Format::OfacDelimited => &["add.csv", "alt.csv", "sdn.csv"],
        Format::UnXml => &["UN_consolidated.xml"],
        Format::Unspecified => &[],
    }
}

impl Publication {
    /// Reads the publication in a folder.
    pub(super) fn read(list: &str, format: Format, folder: &Path) -> Result<Self, Unreadable> {
        let read = |file: &&str| -> Result<(String, Vec<u8>), Unreadable> {
            let path = folder.join(file);
            let missing = |error: std::io::Error| Unreadable(format!("{file}: {error}"));
            let size = std::fs::metadata(&path).map_err(missing)?.len();
            if size > MOST_BYTES {
                return Err(Unreadable(format!("{file} has {size} bytes; {MOST_BYTES} are read at most")));
            }
            Ok(((*file).to_owned(), std::fs::read(&path).map_err(missing)?))
        };
        Self::of(list, format, files(format).iter().map(read).collect::<Result<_, _>>()?)
    }

    /// A publication of these files.
    pub(super) fn of(list: &str, format: Format, files: BTreeMap<String, Vec<u8>>) -> Result<Self, Unreadable> {
        let file =
            |name: &str| files.get(name).map(Vec::as_slice).ok_or_else(|| Unreadable(format!("{name} is missing")));
        let (published, entries) = match format {
            Format::OfacDelimited => {
                let files = OfacFiles { sdn: file("sdn.csv")?, alt: file("alt.csv")?, add: file("add.csv")? };
                (String::new(), read_ofac(list, files).map_err(|broken| Unreadable(broken.to_string()))?)
            }
            Format::UnXml => {
                let name = "UN_consolidated.xml";
                let text = std::str::from_utf8(file(name)?).map_err(|error| Unreadable(format!("{name}: {error}")))?;
                let read = read_un(list, text).map_err(|broken| Unreadable(broken.to_string()))?;
                (read.generated, read.entries)
            }
            Format::Unspecified => return Err(Unreadable("the list has no format".into())),
        };
        let mut digest = Context::new(&SHA256);
        for (name, content) in &files {
            digest.update(name.as_bytes());
            digest.update(&content.len().to_be_bytes());
            digest.update(content);
        }
        let digits = digest.finish().as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let marked = |content: &Vec<u8>| content.trim_ascii_end().ends_with(&[END_OF_FILE]);
        let end_marked = format == Format::UnXml || files.values().all(marked);
        Ok(Self { version: digits, published, entries, end_marked, files })
    }

    /// How many names its entries have.
    pub(crate) fn names(&self) -> usize {
        self.entries.iter().map(|entry| entry.names.len()).sum()
    }

    /// Keeps the files, so that any process, and any later question, can read them again.
    pub(crate) async fn keep(&self, pool: &PgPool) -> Result<(), fault::Fault> {
        for (file, content) in &self.files {
            let text = "insert into publications (version, file, content) values ($1, $2, $3) on conflict do nothing";
            sqlx::query(text).bind(&self.version).bind(file).bind(content).execute(pool).await.map_err(pg::fault)?;
        }
        Ok(())
    }
}
