//! Scores as text.

use std::io::Write;

use redkv_structures::Score;

use crate::protocol::request::Request;

/// Writes a score as the shortest text that reads as the same number, without an exponent.
pub(super) fn put(request: &mut Request, score: Score) {
    put_marked(request, b"", score);
}

/// Writes a score after `mark`.
fn put_marked(request: &mut Request, mark: &[u8], score: Score) {
    let number = score.get();
    let text: &[u8] = match number {
        f64::INFINITY => b"+Inf",
        f64::NEG_INFINITY => b"-Inf",
        _ => {
            // The longest have the 324 zeros of the smallest number, or the 309 digits of the largest.
            let mut room = [0_u8; 400];
            let mut rest = &mut room[..];
            if write!(rest, "{number}").is_ok() {
                let len = 400 - rest.len();
                request.joined(&[mark, &room[..len]]);
                return;
            }
            b"0"
        }
    };
    request.joined(&[mark, text]);
}

/// Reads a score as a server writes it.
pub(super) fn read(text: &[u8]) -> Option<Score> {
    Score::new(std::str::from_utf8(text).ok()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: f64) -> String {
        let mut request = Request::default();
        put(&mut request, Score::new(number).unwrap());
        let written = request.into_chunks().concat();
        String::from_utf8(written).unwrap().split("\r\n").nth(1).unwrap().to_owned()
    }

    #[test]
    fn scores_are_written_without_an_exponent() {
        for (number, expected) in [
            (1.5, "1.5"),
            (-0.0, "0"),
            (-2.0, "-2"),
            (1e21, "1000000000000000000000"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(text(number), expected);
        }
        assert_eq!(text(-5e-324).len(), 327);
        assert_eq!(text(f64::MIN).len(), 310);
    }

    #[test]
    fn what_is_written_reads_as_the_same_number() {
        for number in [0.1, 1.0 / 3.0, 5e-324, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, -1e300] {
            assert_eq!(read(text(number).as_bytes()).map(Score::get), Some(number));
        }
        assert_eq!(read(b"0.10000000000000001").map(Score::get), Some(0.1));
        assert_eq!(read(b"inf").map(Score::get), Some(f64::INFINITY));
        assert_eq!(read(b"nan"), None);
        assert_eq!(read(b""), None);
    }
}
