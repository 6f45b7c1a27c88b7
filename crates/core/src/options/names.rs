//! Names of options: which are meant, and which may be repeated in a message.

/// Returns the known name that a misspelt one most likely meant.
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
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .map(|(_, candidate)| candidate)
}

/// What other clients and packages call options, and what those may be called here.
pub(super) const OF_OTHERS: &[(&str, &[&str])] = &[
    ("connections", &["max"]),
    ("connectionString", &["url"]),
    ("database", &["db"]),
    ("db", &["database"]),
    ("dir", &["path"]),
    ("directory", &["path"]),
    ("file", &["path"]),
    ("filename", &["path"]),
    ("folder", &["path"]),
    ("hostname", &["host"]),
    ("keyPrefix", &["prefix"]),
    ("max", &["maxEntries", "connectionLimit"]),
    ("maxConnections", &["max"]),
    ("maxSize", &["maxBytes"]),
    ("pass", &["password"]),
    ("passwd", &["password"]),
    ("poolSize", &["max"]),
    ("pwd", &["password"]),
    ("server", &["host"]),
    ("socket", &["socketPath", "host"]),
    ("ssl", &["tls"]),
    ("table", &["tableName"]),
    ("tls", &["ssl"]),
    ("uri", &["url"]),
];

/// Whether it is a word that a message may repeat, and neither a number nor an address nor a key that came to stand in
/// the place of a name.
pub fn is_word(name: &str) -> bool {
    let is_of_word =
        |c: char| c.is_alphabetic() || matches!(c, '-' | '_' | '$' | char::REPLACEMENT_CHARACTER);
    name.len() <= 40 && name.chars().all(is_of_word)
}
