//! A row of the audit log, and the one way it is written for hashing.

/// A row of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The transaction that wrote it.
    pub tx: u64,
    /// Its number.
    pub seq: i64,
    /// Microseconds since 1970, the resolution PostgreSQL keeps; none for an instant that is not finite.
    pub micros: Option<i64>,
    /// Actor, agency, method, name, outcome, reason, trace.
    pub texts: [String; 7],
    /// The records that were given besides the one it is named for.
    pub records: Vec<String>,
    /// The broken glass under which it was done.
    pub elevation: String,
    /// Whether it is kept from the person's own report.
    pub withheld: bool,
}

impl Row {
    /// The row as bytes, each field with its length before it: two different rows never give the same bytes. A row with
    /// nothing in the fields that came later is written as it was before they came.
    pub fn canonical(&self) -> Vec<u8> {
        let later = !self.records.is_empty() || !self.elevation.is_empty() || self.withheld;
        let mut bytes = Vec::with_capacity(256);
        field(&mut bytes, if later { b"legation.audit.v2" } else { b"legation.audit.v1" });
        field(&mut bytes, &self.tx.to_be_bytes());
        field(&mut bytes, &self.seq.to_be_bytes());
        field(&mut bytes, self.micros.map(i64::to_be_bytes).as_ref().map_or(&[], |micros| micros.as_slice()));
        for text in &self.texts {
            field(&mut bytes, text.as_bytes());
        }
        if later {
            field(&mut bytes, self.elevation.as_bytes());
            field(&mut bytes, &[u8::from(self.withheld)]);
            field(&mut bytes, &(self.records.len() as u64).to_be_bytes());
            for record in &self.records {
                field(&mut bytes, record.as_bytes());
            }
        }
        bytes
    }
}

fn field(bytes: &mut Vec<u8>, value: &[u8]) {
    let length = u32::try_from(value.len()).expect("PostgreSQL keeps no field of 4 GiB");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let texts = ["users/u1", "police", "Open", "missions/fra", "done", "", "4bf9"].map(str::to_owned);
        Row { tx: 7, seq: 9, micros: Some(1), texts, ..Row::default() }
    }

    #[test]
    fn text_that_moves_from_one_field_to_the_next_changes_the_bytes() {
        let mut moved = row();
        moved.texts[0] = "users/u1police".into();
        moved.texts[1] = String::new();
        assert_eq!(row().texts.concat(), moved.texts.concat());
        assert_ne!(row().canonical(), moved.canonical());
    }

    #[test]
    fn every_field_changes_the_bytes() {
        let mut all = vec![row().canonical()];
        for change in 0..14 {
            let mut changed = row();
            match change {
                0 => changed.tx = 8,
                1 => changed.seq = 8,
                2 => changed.micros = None,
                10 => changed.records = vec!["members/a".into(), "members/b".into()],
                11 => changed.records = vec!["members/amembers/b".into()],
                12 => changed.elevation = "elevations/a".into(),
                13 => changed.withheld = true,
                text => changed.texts[text - 3].push('x'),
            }
            all.push(changed.canonical());
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 15);
    }
}
