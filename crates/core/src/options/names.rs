//! Names of options: which are meant, and which may be repeated in a message.

/// Returns the known name that a misspelt one most likely meant: at most a third of its characters differ.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // Only of so much text: the distance takes time and memory with the product of the lengths.
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_ascii_lowercase();
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_ascii_lowercase()), *candidate))
        .min()
        .filter(|(distance, _)| distance * 3 <= wanted.chars().count())
        .map(|(_, candidate)| candidate)
}

/// Returns the known name that another one means: what other clients call it, or one that is near.
pub(super) fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let others = OF_OTHERS.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let wanted = others.flat_map(|(_, meant)| *meant).find(|meant| known.contains(meant));
    wanted
        .and_then(|wanted| known.iter().find(|known| *known == wanted).copied())
        .or_else(|| nearest(name, known))
}

/// What other clients and packages call options, and what those may be called here.
const OF_OTHERS: &[(&str, &[&str])] = &[
    ("breakAfter", &["circuitBreaker"]),
    ("breaker", &["circuitBreaker"]),
    ("bucketName", &["bucket"]),
    ("compression", &["compress"]),
    ("connections", &["max"]),
    ("connectionString", &["url"]),
    ("database", &["db"]),
    ("db", &["database"]),
    ("dbName", &["database"]),
    ("dir", &["path"]),
    ("directory", &["path"]),
    ("expire", &["ttl"]),
    ("expires", &["ttl"]),
    ("expiresIn", &["ttl"]),
    ("failureThreshold", &["circuitBreaker"]),
    ("file", &["path"]),
    ("filename", &["path"]),
    ("folder", &["path"]),
    ("hash", &["hashKeys"]),
    ("hostname", &["host"]),
    ("keyPrefix", &["prefix"]),
    ("max", &["maxEntries", "connectionLimit"]),
    ("maxAge", &["ttl"]),
    ("maxConnections", &["max"]),
    ("maxItems", &["maxEntries"]),
    ("maxKeys", &["maxEntries"]),
    ("maxSize", &["maxBytes"]),
    ("namespace", &["prefix"]),
    ("pass", &["password"]),
    ("passwd", &["password"]),
    ("pwd", &["password"]),
    ("server", &["host"]),
    ("socket", &["socketPath", "host"]),
    ("ssl", &["tls"]),
    ("table", &["tableName"]),
    ("tls", &["ssl"]),
    ("uri", &["url"]),
    ("writeBack", &["writeBehind"]),
];

/// Whether it is a word that a message may repeat, and neither a number nor an address nor a key that came to stand in
/// the place of a name.
pub fn is_word(name: &str) -> bool {
    let is_of_word =
        |c: char| c.is_alphabetic() || matches!(c, '-' | '_' | '$' | char::REPLACEMENT_CHARACTER);
    name.len() <= 40 && name.chars().all(is_of_word)
}
