//! Members that are put into sorted sets together.

use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, Command, Structures};

use super::{Db, by_score, list, score, values, zadd, zhadd};
use crate::redis::support::server::Server;

/// Who connects with rules of the server's access list.
fn allowed(server: &Server, rules: &[&str]) -> Db {
    server.ask::<()>(&[&["ACL", "SETUSER", "some", "on", ">pw", "+@all"], rules].concat());
    Db::with(&format!("redis://some:pw@127.0.0.1:{}", server.port()), "own:")
}

async fn kinds(db: &Db, commands: &[Command]) -> Vec<Result<Answer, ErrorKind>> {
    db.backend.run(commands).await.into_iter().map(|answer| answer.map_err(|error| error.kind())).collect()
}

#[tokio::test]
async fn members_that_are_put_together_lose_their_values() {
    let mut db = Db::common();
    db.run_all(vec![("z", zhadd("a", "A", 1.0)), ("z", zhadd("b", "B", 2.0)), ("y", zhadd("a", "A", 1.0))])
        .await;
    db.run_all(vec![("z", zadd("a", 3.0)), ("y", zadd("b", 1.0)), ("z", zadd("c", 4.0))]).await;
    assert_eq!(db.run("z", values(by_score(0.0, 9.0))).await, list(&["B", "a", "c"]));
    assert_eq!(db.run("y", values(by_score(0.0, 9.0))).await, list(&["A", "b"]));
    assert_eq!(db.values("z"), [("b".to_owned(), "B".to_owned())]);
}

#[tokio::test]
async fn members_take_no_value_that_was_left_beside_them() {
    let mut db = Db::common();
    let companion = db.companion("z");
    redis::cmd("HSET").arg(companion).arg(&["a", "left", "b", "left"]).exec(&mut db.other).unwrap();
    db.run_all(vec![("z", zadd("a", 1.0)), ("z", zhadd("b", "B", 2.0))]).await;
    assert_eq!(db.run("z", values(by_score(0.0, 9.0))).await, list(&["a", "B"]));
}

#[tokio::test]
async fn fields_and_members_that_several_put_have_the_value_of_who_gave_the_score() {
    let db = Db::common();
    let (one, two) = (Db::with_prefix(&db.prefix), Db::with_prefix(&db.prefix));
    let all =
        |action: fn(usize) -> Action| (0..600).map(|n| Command::new("z", action(n % 30))).collect::<Vec<_>>();
    let fields = all(|n| zhadd(&format!("f{n}"), "value", 1.0));
    let members = all(|n| zadd(&format!("f{n}"), 2.0));
    for _ in 0..20 {
        let (fields, members) =
            futures_util::future::join(one.backend.run(&fields), two.backend.run(&members)).await;
        assert!(fields.iter().chain(&members).all(Result::is_ok));
        let (low, high) = (values(by_score(1.0, 1.0)), values(by_score(2.0, 2.0)));
        let found = db.run_all(vec![("z", low), ("z", high)]).await;
        let [Answer::List(fields), Answer::List(members)] = &found[..] else { panic!("no lists: {found:?}") };
        assert_eq!(fields.len() + members.len(), 30);
        assert!(fields.iter().all(|value| value == "value"), "{fields:?}");
        assert!(members.iter().all(|member| member.starts_with(b"f")), "{members:?}");
    }
}

#[tokio::test]
async fn a_key_that_the_user_may_not_use_fails_alone() {
    let server = Server::with(&[]);
    let db = allowed(&server, &["~own:a*", "~__kvs_zh:own:a*"]);
    let commands = ["a", "forbidden", "a", "ab"].map(|key| Command::new(key, zadd("m", 1.0)));
    let refused = Err(ErrorKind::Store);
    assert_eq!(kinds(&db, &commands).await, [Ok(Answer::Done), refused, Ok(Answer::Done), Ok(Answer::Done)]);
    assert_eq!(server.ask::<Vec<String>>(&["ZRANGE", "own:a", "0", "-1"]), ["m"]);
}

#[tokio::test]
async fn where_transactions_are_forbidden_the_error_says_so_and_others_are_answered() {
    let server = Server::with(&[]);
    let db = allowed(&server, &["~*", "-multi"]);
    let answers = db
        .backend
        .run(&[
            Command::new("k", super::set("v")),
            Command::new("z", zadd("m", 1.0)),
            Command::new("k", Action::Get),
        ])
        .await;
    let error = answers[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, true), "{error:?}");
    assert!(error.message().contains("multi"), "{error:?}");
    assert_eq!(*answers[2].as_ref().unwrap(), super::value("v"));
}

#[tokio::test]
async fn a_server_without_memory_puts_none_and_says_so() {
    let server = Server::with(&["--maxmemory-policy", "noeviction"]);
    let db = Db::at(&format!("redis://127.0.0.1:{}", server.port()));
    db.run_all(vec![("z", zadd("old", 1.0)), ("y", zadd("old", 1.0))]).await;
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    let commands = [Command::new("z", zadd("m", 1.0)), Command::new("y", zadd("m", 1.0))];
    for answer in db.backend.run(&commands).await {
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true), "{error:?}");
        assert!(!error.may_have_applied() && error.message().contains("OOM"), "{error:?}");
    }
    // What makes room is done.
    db.run_all(vec![("z", Action::ZRem(super::many(&["old"])))]).await;
    assert_eq!(db.run("z", Action::ZCard).await, Answer::Count(0));
    assert_eq!(db.run("y", Action::ZCard).await, Answer::Count(1));
}

#[tokio::test]
async fn a_member_that_the_server_cannot_read_is_refused_alone() {
    let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
    let db = Db::at(&format!("redis://127.0.0.1:{}", server.port()));
    let member = vec![b'x'; 2 << 20].into();
    let commands = [
        Command::new("z", zadd("first", 1.0)),
        Command::new("y", zadd("first", 1.0)),
        Command::new("z", Action::ZAdd { member, score: score(1.0) }),
        Command::new("z", zadd("last", 1.0)),
        Command::new("z", Action::ZCard),
    ];
    let expected =
        [Ok(Answer::Done), Ok(Answer::Done), Err(ErrorKind::Store), Ok(Answer::Done), Ok(Answer::Count(2))];
    assert_eq!(kinds(&db, &commands).await, expected);
    assert_eq!(kinds(&db, &commands).await, expected);
}
