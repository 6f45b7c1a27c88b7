//! Splits batches so that they fit into the packets that a server accepts.

/// A packet has more in it than keys and values.
pub(super) const SLACK: usize = 8 * 1024;

/// Cuts a batch into pieces, each of which fits into a packet of at most `longest` bytes. What does not fit by itself
/// is a piece by itself.
pub(super) fn pieces<T>(items: &[T], longest: usize, size: impl Fn(&T) -> usize) -> Vec<&[T]> {
    // A statement is made for a power of two of rows, and the shortest one fills it up: at most twice the bytes.
    let room = longest.saturating_sub(SLACK) / 2;
    let mut pieces = Vec::with_capacity(1);
    let (mut start, mut bytes) = (0, 0_usize);
    for (at, item) in items.iter().enumerate() {
        // Its type, its length, and whether it is NULL.
        let more = size(item).saturating_add(32);
        if at > start && bytes.saturating_add(more) > room {
            pieces.push(&items[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes = bytes.saturating_add(more);
    }
    if start < items.len() {
        pieces.push(&items[start..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_where_a_packet_is_full() {
        let longest = SLACK + 2 * 1000;
        let lengths = |items: &[usize]| -> Vec<usize> {
            pieces(items, longest, |size| *size).into_iter().map(<[usize]>::len).collect()
        };
        assert_eq!(lengths(&[100; 10]), [7, 3]);
        assert_eq!(lengths(&[5000, 1, 5000]), [1, 1, 1]);
        assert_eq!(lengths(&[1; 3]), [3]);
        assert!(lengths(&[]).is_empty());
    }
}
