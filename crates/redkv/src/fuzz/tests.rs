//! The properties, with seeds that are changed at random.
//!
//! A failure prints its seed; `REDKV_TEST_SEED=<seed>` replays it.

use fastrand::Rng;

const ROUNDS: usize = 1_000;

/// Changes bytes as libFuzzer does, without its knowledge.
fn changed(seeds: &[&[u8]], random: &mut Rng) -> Vec<u8> {
    let mut data = seeds[random.usize(..seeds.len())].to_vec();
    for _ in 0..random.usize(..4) {
        let at = random.usize(..=data.len());
        let until = (at + random.usize(..9)).min(data.len());
        match random.u8(..5) {
            0 => data.truncate(at),
            1 => drop(data.drain(at..until)),
            2 => data.insert(at, random.u8(..)),
            3 => data[at..until].fill_with(|| random.u8(..)),
            _ => {
                let other = seeds[random.usize(..seeds.len())];
                data.splice(at..until, other.iter().copied());
            }
        }
    }
    data
}

fn holds(property: fn(&[u8]), seeds: &[&[u8]]) {
    let seed =
        std::env::var("REDKV_TEST_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("REDKV_TEST_SEED={seed}");
    seeds.iter().for_each(|seed| property(seed));
    let mut random = Rng::with_seed(seed);
    for _ in 0..ROUNDS {
        property(&changed(seeds, &mut random));
        property(&(0..random.usize(..200)).map(|_| random.u8(..)).collect::<Vec<_>>());
    }
}

#[test]
fn any_text_and_number_is_a_sensible_duration_or_none() {
    holds(
        super::durations,
        &[b"\x10\x27\0\0\0\0\0\x001.5h", b"\0\0\0\0\0\0\xf0\x3f10s", b"", b"12345678-1e400d"],
    );
}

#[test]
fn any_options_are_taken_or_refused_by_the_name_of_one() {
    let seeds: &[&[u8]] = &[
        br#"0 {"ttl":"1m","timeout":250,"optional":true,"circuitBreaker":false,"prefix":"p:"}"#,
        br#"1 {"tableName":"t","ttlAttribute":"v","credentials":{"accessKeyId":"s3cret"}}"#,
        br#"2 {"maxEntries":1000,"maxBytes":1e9}"#,
        br#"3 {"url":"rediss://:s3cret@h/1","path":"/s3cret","tls":{"ca":["s3cret"]}}"#,
        br#"4 {"path":":memory:","keyColumn":"redv","expiresColumn":"e"}"#,
        br#"0 {"compress":{"algorithm":"zstd","threshold":100,"level":3},"hashKeys":true,"readOnly":true}"#,
    ];
    holds(super::options, seeds);
}

#[test]
fn any_kept_value_is_read_or_refused_and_any_value_reads_back() {
    let seeds: &[&[u8]] = &[
        b"\0\0\0\x34\x10\0\0\0\0\0\0\0\xf0abcdefghijklmnop",
        b"\x01\0\0\x7a\x10\0\0\0\0\0\0\0\x28\xb5\x2f\xfd\x20\x10\x55\0\0\x18\x61\x61\x01\0\x0f\x2c\x02",
        b"\x02\x08\0\x3d\0\0\0\0\0\0\0\0\xffRKZ4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        b"",
    ];
    holds(super::compressed_value, seeds);
}

#[cfg(feature = "dynamodb")]
#[test]
fn any_item_is_an_entry_or_none_or_an_error() {
    holds(super::dynamodb_item, &[b"", b"\x02\x031700000000\x01\x02value", &[1; 64]]);
}

#[cfg(feature = "sqlite")]
#[test]
fn any_row_is_an_entry_or_none_or_an_error() {
    holds(super::sqlite_row, &[b"", b"\x01\x02\x03value", "\0\0\0\0\0\0\0\0grüße".as_bytes()]);
}

#[cfg(feature = "redis")]
#[test]
fn any_bytes_of_a_server_are_read_the_same_however_they_are_cut() {
    let seeds: &[&[u8]] = &[
        b"\x03\x01+OK\r\n+PONG\r\n:-12\r\n$-1\r\n$0\r\n\r\n$4\r\na\r\nb\r\n*-1\r\n*0\r\n",
        b"\x02\x07*3\r\n$1\r\nx\r\n*2\r\n:1\r\n$-1\r\n$2\r\nyz\r\n:9223372036854775807\r\n",
        b"\x01\x02*2\r\n-WRONGTYPE no string\r\n:1\r\n-ERR x\r\n",
        b"\x02\x09+OK\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n*2\r\n$1\r\na\r\n$-1\r\n:100\r\n:-2\r\n",
        b"\x04\0+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n*1\r\n$1\r\na\r\n$3\r\n\x91\xcc\xff\r\n",
    ];
    holds(super::redis_replies, seeds);
}

#[cfg(feature = "redis")]
#[test]
fn any_packed_numbers_are_read_or_refused() {
    holds(super::redis_lives, &[&[0x92, 0x01, 0xff], &[0xdc, 0, 2, 0xcc, 0xff, 0xcd, 1, 0], &[0xdd, 0xff]]);
}

#[cfg(feature = "redis")]
#[test]
fn any_url_is_read_or_refused_without_repeating_it() {
    let seeds: &[&[u8]] = &[
        b"rediss://user:pass@cache.example:7000/4",
        b"redis://us%40er:p%3Aa%2Fs%23s%25@h?db=2",
        b"unix:/tmp/a%20b.sock?db=2&user=u&password=p",
        b"//h",
        b"/tmp/redis.sock",
        b"redis://[2001:db8::1]:7000",
    ];
    holds(super::redis_url, seeds);
}
