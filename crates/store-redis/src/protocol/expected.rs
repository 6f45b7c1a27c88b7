//! The kind of reply that each command has. Any other means that requests and replies are out of step.

use redis::Value;
use smallvec::SmallVec;

/// The kind of the reply to a command. An error may stand in the place of each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Words about the server, or what differs between servers.
    Anything,
    /// A line, such as that all is well.
    Line,
    /// A line, with which a transaction begins.
    Begun,
    /// A line, that a command of a transaction waits for the others.
    Queued,
    /// That it is done, or was not.
    Done,
    Number,
    /// A value, or none.
    Value,
    /// So many values.
    Values(u32),
    /// Any number of values.
    List,
    /// A cursor and keys.
    Page,
    /// The replies to the commands of a transaction, which are so many.
    Replies(u32),
}

impl Kind {
    /// Returns the kind for the command `name` with so many words.
    fn of(name: &str, words: usize) -> Self {
        match name {
            "GET" | "HGET" | "ZSCORE" | "ZINCRBY" => Self::Value,
            "MGET" => Self::Values(u32::try_from(words - 1).unwrap_or(u32::MAX)),
            "SET" | "MSET" => Self::Done,
            "PTTL" | "DEL" | "UNLINK" | "EXISTS" => Self::Number,
            "INCRBY" | "SADD" | "SREM" | "SCARD" | "SISMEMBER" | "HSET" | "HDEL" => Self::Number,
            "ZADD" | "ZREM" | "ZCARD" | "ZCOUNT" | "ZLEXCOUNT" => Self::Number,
            "SMEMBERS" | "HGETALL" | "HMGET" => Self::List,
            "ZRANGEBYSCORE" | "ZREVRANGEBYSCORE" | "ZRANGEBYLEX" | "ZREVRANGEBYLEX" => Self::List,
            "TYPE" | "ASKING" | "PING" => Self::Line,
            "MULTI" => Self::Begun,
            "SCAN" => Self::Page,
            _ => Self::Anything,
        }
    }
}

/// The replies that a request has, in order.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// Kinds, each of so many replies in a row.
    kinds: Kinds,
    /// The kinds of commands in transactions, whose own replies are lines.
    inside: Kinds,
    /// The commands of the transaction that is not complete.
    queued: Option<u32>,
    commands: usize,
}

#[derive(Debug, Default)]
struct Kinds(SmallVec<[(Kind, u32); 2]>);

impl Kinds {
    fn push(&mut self, kind: Kind) {
        match self.0.last_mut() {
            Some((last, count)) if *last == kind => *count += 1,
            _ => self.0.push((kind, 1)),
        }
    }
}

impl Expected {
    /// Adds the reply to the command `name` with so many words.
    pub(crate) fn add(&mut self, name: &str, words: usize) {
        self.commands += 1;
        let kind = match (name, self.queued) {
            ("MULTI", _) => {
                self.queued = Some(0);
                Kind::Begun
            }
            ("EXEC", Some(count)) => {
                self.queued = None;
                Kind::Replies(count)
            }
            (_, Some(count)) => {
                self.queued = Some(count + 1);
                self.inside.push(Kind::of(name, words));
                Kind::Queued
            }
            (_, None) => Kind::of(name, words),
        };
        self.kinds.push(kind);
    }

    /// Returns the number of replies.
    pub(crate) fn commands(&self) -> usize {
        self.commands
    }

    /// Returns the check of the replies as they arrive.
    pub(crate) fn check(self) -> Check {
        Check { kinds: Rest::of(self.kinds), inside: Rest::of(self.inside), has_begun: true }
    }
}

/// The expected kinds of the replies that are still to come.
#[derive(Debug)]
pub(crate) struct Check {
    kinds: Rest,
    inside: Rest,
    /// Whether the last transaction was begun: where that is refused, its commands are run at once.
    has_begun: bool,
}

#[derive(Debug)]
struct Rest {
    kinds: smallvec::IntoIter<[(Kind, u32); 2]>,
    now: Option<(Kind, u32)>,
}

impl Rest {
    fn of(kinds: Kinds) -> Self {
        Self { kinds: kinds.0.into_iter(), now: None }
    }

    fn next(&mut self) -> Kind {
        let (kind, count) = self.now.take().or_else(|| self.kinds.next()).unwrap_or((Kind::Anything, 1));
        if count > 1 {
            self.now = Some((kind, count - 1));
        }
        kind
    }
}

impl Check {
    /// Returns whether `reply` is one that the next command can have.
    pub(crate) fn takes(&mut self, reply: &Value) -> bool {
        match self.kinds.next() {
            Kind::Replies(count) => {
                let inside: SmallVec<[Kind; 64]> = (0..count).map(|_| self.inside.next()).collect();
                match reply {
                    Value::Array(replies) if replies.len() == inside.len() => {
                        replies.iter().zip(inside).all(|(reply, kind)| fits(reply, kind))
                    }
                    reply => matches!(reply, Value::Nil | Value::ServerError(_)),
                }
            }
            Kind::Begun => {
                self.has_begun = !matches!(reply, Value::ServerError(_));
                fits(reply, Kind::Line)
            }
            Kind::Queued => !self.has_begun || fits(reply, Kind::Line),
            kind => fits(reply, kind),
        }
    }
}

fn fits(reply: &Value, kind: Kind) -> bool {
    match (kind, reply) {
        (Kind::Anything, _) | (_, Value::ServerError(_)) => true,
        (Kind::Line, Value::SimpleString(_) | Value::Okay) => true,
        (Kind::Done, Value::Okay | Value::Nil) => true,
        (Kind::Number, Value::Int(_)) => true,
        (Kind::Value, Value::BulkString(_) | Value::Nil) => true,
        (Kind::Values(count), Value::Array(values)) => {
            values.len() == count as usize && values.iter().all(|value| fits(value, Kind::Value))
        }
        (Kind::List, Value::Array(_)) => true,
        (Kind::Page, Value::Array(parts)) => {
            matches!(&parts[..], [Value::BulkString(cursor), Value::Array(_)] if is_number(cursor))
        }
        _ => false,
    }
}

fn is_number(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<u64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn line(text: &str) -> Value {
        Value::SimpleString(text.to_owned())
    }

    fn error() -> Value {
        redis::parse_redis_value(b"-ERR no\r\n").unwrap()
    }

    /// The place of the first of `replies` that does not belong to its command.
    fn stray(commands: &[(&str, usize)], replies: &[Value]) -> Option<usize> {
        let mut expected = Expected::default();
        commands.iter().for_each(|(name, words)| expected.add(name, *words));
        assert_eq!(expected.commands(), commands.len());
        let mut check = expected.check();
        replies.iter().position(|reply| !check.takes(reply))
    }

    #[test]
    fn what_a_command_answers_belongs_to_it_and_nothing_else() {
        let page = Value::Array(vec![string("17"), Value::Array(vec![string("k")])]);
        let two = Value::Array(vec![string("v"), Value::Nil]);
        let replies = [string("v"), Value::Nil, Value::Okay, Value::Int(1), line("string"), two, page];
        let fitting: [(&str, usize, &[usize]); 10] = [
            ("GET", 2, &[0, 1]),
            ("MGET", 3, &[5]),
            ("SET", 3, &[1, 2]),
            ("DEL", 2, &[3]),
            ("PTTL", 2, &[3]),
            ("TYPE", 2, &[2, 4]),
            ("SCAN", 2, &[6]),
            ("SMEMBERS", 2, &[5, 6]),
            ("ZADD", 4, &[3]),
            ("ROLE", 1, &[0, 1, 2, 3, 4, 5, 6]),
        ];
        for (name, words, places) in fitting {
            for (place, reply) in replies.iter().enumerate() {
                let fits = stray(&[(name, words)], std::slice::from_ref(reply)).is_none();
                assert_eq!(fits, places.contains(&place), "{name}: {reply:?}");
            }
            assert_eq!(stray(&[(name, words)], &[error()]), None);
        }
    }

    #[test]
    fn lists_of_another_length_or_with_other_parts_do_not_belong() {
        let of = |values: &[Value]| Value::Array(values.to_vec());
        assert_eq!(stray(&[("MGET", 3)], &[of(&[string("v")])]), Some(0));
        assert_eq!(stray(&[("MGET", 3)], &[of(&[string("v"), Value::Int(1)])]), Some(0));
        assert_eq!(stray(&[("SCAN", 2)], &[of(&[string("x"), of(&[])])]), Some(0));
    }

    #[test]
    fn the_replies_in_a_transaction_are_those_of_its_commands() {
        let commands = [("MULTI", 1), ("GET", 2), ("PTTL", 2), ("EXEC", 1), ("DEL", 2)];
        let queued = || line("QUEUED");
        let replies = |done: &[Value]| {
            vec![Value::Okay, queued(), queued(), Value::Array(done.to_vec()), Value::Int(1)]
        };
        assert_eq!(stray(&commands, &replies(&[string("v"), Value::Int(-1)])), None);
        assert_eq!(stray(&commands, &replies(&[error(), Value::Int(-1)])), None);
        assert_eq!(stray(&commands, &replies(&[Value::Int(-1), string("v")])), Some(3));
        assert_eq!(stray(&commands, &replies(&[string("v")])), Some(3));
        assert_eq!(stray(&commands, &[Value::Okay, Value::Int(1)]), Some(1));
        assert_eq!(stray(&commands, &[Value::Okay, error(), error(), error(), Value::Int(1)]), None);
    }

    #[test]
    fn where_a_transaction_is_refused_its_commands_answer_for_themselves() {
        let commands = [("MULTI", 1), ("GET", 2), ("PTTL", 2), ("EXEC", 1), ("DEL", 2)];
        let replies = [error(), string("v"), Value::Int(-1), error(), Value::Int(1)];
        assert_eq!(stray(&commands, &replies), None);
        let two = [commands, commands].concat();
        let unqueued = [Value::Okay, string("v")];
        assert_eq!(stray(&two, &[&replies[..], &unqueued].concat()), Some(6));
    }

    #[test]
    fn many_replies_are_held_against_many_commands() {
        let commands = [vec![("PTTL", 2); 500], vec![("GET", 2)], vec![("PTTL", 2); 500]].concat();
        let replies = [vec![Value::Int(1); 500], vec![string("v")], vec![Value::Int(1); 500]].concat();
        assert_eq!(stray(&commands, &replies), None);
        let shifted = [&replies[1..], &replies[..1]].concat();
        assert_eq!(stray(&commands, &shifted), Some(499));
    }
}
