//! Deadlines in the metadata of objects.

use std::collections::HashMap;

use redkv_core::entry::Deadline;

/// `x-amz-meta-redkv-expires`: milliseconds since the Unix epoch.
pub(super) const DEADLINE: &str = "redkv-expires";

/// The deadline in `metadata`; what other programs wrote there and is not a number is none.
pub(super) fn deadline_in(metadata: Option<&HashMap<String, String>>) -> Option<Deadline> {
    metadata?.get(DEADLINE)?.trim().parse().ok().map(Deadline::at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<u64> {
        let metadata = HashMap::from([(DEADLINE.to_owned(), text.to_owned())]);
        deadline_in(Some(&metadata)).map(Deadline::millis)
    }

    #[test]
    fn what_is_not_a_number_is_no_deadline() {
        assert_eq!(read("1700000000123"), Some(1_700_000_000_123));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-5"), None);
        assert_eq!(deadline_in(Some(&HashMap::new())), None);
        assert_eq!(deadline_in(None), None);
    }
}
