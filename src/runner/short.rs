//! Keeps the text of what an attempt performs short in the record: a request body of megabytes stands there once, as the
//! output or input that it is made of. It masks nothing: that is done before, since half a secret is not found.

use crate::event::{Event, Kind};
use crate::plan::sha256_hex;

/// The most bytes of the text that are recorded.
const MOST: usize = 64 * 1024;

/// Whether a fact holds more than is recorded.
pub(super) fn is_long(event: &Event) -> bool {
    matches!(&event.kind, Kind::AttemptStarted { preview, .. } if preview.len() > MOST)
}

/// Leaves the beginning of a text that is too long, with the length and the SHA-256 of the whole.
pub(super) fn shorten(event: &mut Event) {
    let Kind::AttemptStarted { preview, .. } = &mut event.kind else { return };
    if preview.len() > MOST {
        let (bytes, digest) = (preview.len(), sha256_hex(preview.as_bytes()));
        preview.truncate(preview.floor_char_boundary(MOST));
        preview.push_str(&format!("\n⟨… {bytes} bytes, SHA-256 {digest}⟩"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::StepId;
    use crate::event::Unit;

    #[test]
    fn a_long_text_is_known_by_its_beginning_its_length_and_its_hash() {
        let event = |preview: String| Event {
            seq: 0,
            at: jiff::Timestamp::UNIX_EPOCH,
            kind: Kind::AttemptStarted {
                unit: Unit::step(StepId::new("a")),
                attempt: 1,
                preview,
                stands: None,
            },
        };
        let text = |event: Event| match event.kind {
            Kind::AttemptStarted { preview, .. } => preview,
            other => panic!("{other:?}"),
        };
        let mut whole = event("x".repeat(MOST));
        assert!(!is_long(&whole));
        shorten(&mut whole);
        assert_eq!(text(whole).len(), MOST);
        let long = "長".repeat(MOST);
        let mut cut = event(long.clone());
        assert!(is_long(&cut));
        shorten(&mut cut);
        let (digest, cut) = (sha256_hex(long.as_bytes()), text(cut));
        assert!(cut.ends_with(&format!("\n⟨… {} bytes, SHA-256 {digest}⟩", long.len())));
        assert!(cut.starts_with("長長") && cut.len() < MOST + 200);
    }
}
