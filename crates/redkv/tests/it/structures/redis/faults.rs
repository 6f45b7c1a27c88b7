//! Servers that fail, forget or refuse.

use std::time::Duration;

use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, AtomicAnswer, Change, Command, Structures, Value, Write};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Db, by_score, bytes, list, many, set, value, values, zadd, zhadd};
use crate::redis::support::server::Server;

fn at(server: &Server) -> Db {
    Db::at(&format!("redis://127.0.0.1:{}", server.port()))
}

fn counting() -> Write {
    Write::new("n", Change::IncrBy(1))
}

#[tokio::test]
async fn a_killed_server_is_an_error_and_the_next_one_answers() {
    let mut server = Server::with(&[]);
    let db = at(&server);
    db.run("z", zhadd("f", "m", 1.0)).await;
    server.kill();
    let error = db.failure("z", zadd("f", 2.0)).await;
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
    let error = db.backend.write_atomically(&[counting()], 3).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
    server.start();
    timeout(Duration::from_secs(60), async {
        while db.attempt("k", Action::Get).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    // It knows no script any more.
    db.run("z", zhadd("f", "m", 1.0)).await;
    assert_eq!(db.run("z", values(by_score(0.0, 2.0))).await, list(&["m"]));
    assert_eq!(db.backend.write_atomically(&[counting()], 3).await.unwrap(), AtomicAnswer::Committed);
}

#[tokio::test]
async fn scripts_that_the_server_forgot_are_sent_again() {
    let server = Server::with(&[]);
    let db = at(&server);
    db.run("z", zhadd("a", "A", 1.0)).await;
    db.backend.write_atomically(&[counting()], 3).await.unwrap();
    server.ask::<()>(&["SCRIPT", "FLUSH"]);
    let answers = db
        .run_all(vec![
            ("z", zhadd("b", "B", 2.0)),
            ("k", set("v")),
            ("z", Action::ZCard),
            ("z", values(by_score(0.0, 2.0))),
            ("k", Action::Get),
        ])
        .await;
    assert_eq!(answers[2..], [Answer::Count(2), list(&["A", "B"]), value("v")]);
    server.ask::<()>(&["SCRIPT", "FLUSH"]);
    assert_eq!(db.backend.write_atomically(&[counting()], 3).await.unwrap(), AtomicAnswer::Committed);
    assert_eq!(db.run("n", Action::Get).await, value("2"));
}

/// Passes everything on to the server at `port`, but ends the first connection when the server has done what has a counter
/// in it and before anybody hears of that. Returns the port to connect to.
async fn losing_an_answer(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut has_lost = false;
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            if has_lost {
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
                continue;
            }
            let (mut asked, mut told) = ([0; 4096], [0; 4096]);
            while !has_lost {
                tokio::select! {
                    count = client.read(&mut asked) => {
                        let asked = &asked[..count.unwrap()];
                        server.write_all(asked).await.unwrap();
                        if asked.windows(6).any(|word| word == b"INCRBY") {
                            server.read_u8().await.unwrap();
                            has_lost = true;
                        }
                    }
                    count = server.read(&mut told) => {
                        client.write_all(&told[..count.unwrap()]).await.unwrap();
                    }
                }
            }
        }
    });
    here
}

#[tokio::test]
async fn reads_beside_writes_are_sent_again_and_the_writes_are_not() {
    let server = Server::with(&[]);
    let direct = at(&server);
    direct.run("k", set("v")).await;
    let port = losing_an_answer(server.port()).await;
    let backend = super::backend(json!({ "host": "127.0.0.1", "port": port, "prefix": &direct.prefix }));
    backend.init().await.unwrap();
    let commands = [
        Command::new("n", Action::IncrBy(1)),
        Command::new("k", Action::Get),
        Command::new("z", zadd("m", 1.0)),
    ];
    let answers = backend.run(&commands).await;
    assert_eq!(*answers[1].as_ref().unwrap(), value("v"));
    for answer in [&answers[0], &answers[2]] {
        let error = answer.as_ref().unwrap_err();
        assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Connection, true), "{error:?}");
    }
    assert_eq!(direct.run("n", Action::Get).await, value("1"));
}

#[tokio::test]
async fn a_read_is_not_sent_again_where_a_write_of_its_key_came_after_it() {
    let server = Server::with(&[]);
    let direct = at(&server);
    let port = losing_an_answer(server.port()).await;
    let backend = super::backend(json!({ "host": "127.0.0.1", "port": port, "prefix": &direct.prefix }));
    backend.init().await.unwrap();
    let get = || Command::new("n", Action::Get);
    let answers = backend.run(&[get(), Command::new("n", Action::IncrBy(1)), get()]).await;
    let error = answers[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
    assert_eq!(*answers[2].as_ref().unwrap(), value("1"));
}

#[tokio::test]
async fn an_atomic_write_without_an_answer_is_not_made_twice() {
    let server = Server::with(&[]);
    let direct = at(&server);
    let port = losing_an_answer(server.port()).await;
    let backend = super::backend(json!({ "host": "127.0.0.1", "port": port, "prefix": &direct.prefix }));
    // The first goes by the hash of the script, which the server does not know: nothing is lost with that.
    let error = backend.write_atomically(&[counting()], 3).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Connection, true), "{error:?}");
    assert_eq!(direct.run("n", Action::Get).await, value("1"));
}

#[tokio::test]
async fn what_the_server_cannot_read_fails_alone() {
    let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
    let db = at(&server);
    let large = Value::Text(vec![b'x'; 2 << 20].into());
    let member = vec![b'x'; 2 << 20].into();
    let commands = [
        Command::new("a", set("1")),
        Command::new("b", Action::Set(large)),
        Command::new("c", set("3")),
        Command::new("z", zadd("m", 1.0)),
        Command::new("z", Action::ZAdd { member, score: super::score(1.0) }),
        Command::new("z", zadd("n", 1.0)),
    ];
    let answers = db.backend.run(&commands).await;
    let done: Vec<_> = answers.iter().map(|answer| answer.as_ref().map_err(|error| error.kind())).collect();
    let refused = Err(ErrorKind::Store);
    assert_eq!(
        done,
        [Ok(&Answer::Done), refused, Ok(&Answer::Done), Ok(&Answer::Done), refused, Ok(&Answer::Done)]
    );
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(|error| !error.may_have_applied()));
    assert_eq!(db.run("c", Action::Get).await, value("3"));
    assert_eq!(db.run("z", Action::ZCard).await, Answer::Count(2));
}

#[tokio::test]
async fn a_command_that_the_user_may_not_run_fails_alone() {
    let server = Server::with(&[]);
    server.ask::<()>(&["ACL", "SETUSER", "some", "on", ">pw", "~*", "+@all", "-sadd", "-script|load"]);
    let db = Db::at(&format!("redis://some:pw@127.0.0.1:{}", server.port()));
    let commands = [
        Command::new("k", set("v")),
        Command::new("s", Action::SAdd(many(&["m"]))),
        Command::new("z", zhadd("f", "m", 1.0)),
        Command::new("k", Action::Get),
    ];
    let answers = db.backend.run(&commands).await;
    let error = answers[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.may_have_applied()), (ErrorKind::Store, false));
    assert_eq!(*answers[2].as_ref().unwrap(), Answer::Done);
    assert_eq!(*answers[3].as_ref().unwrap(), value("v"));
}

#[tokio::test]
async fn requests_are_counted_and_reported() {
    let db = Db::common();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let reports = seen.clone();
    db.backend.observe(std::sync::Arc::new(move |report| reports.lock().unwrap().push(report.clone())));
    db.run_all(vec![("a", set("1")), ("a", Action::Get), ("b", Action::Get)]).await;
    let usage = db.backend.usage();
    assert_eq!((usage.requests, usage.commands), (1, 3));
    let seen = seen.lock().unwrap();
    assert!(matches!(&seen[..], [report] if report.operation == "pipeline" && report.units.is_none()));
}

#[tokio::test]
async fn after_closing_every_operation_is_refused() {
    let db = Db::common();
    db.backend.init().await.unwrap();
    db.backend.create_table().await.unwrap();
    db.backend.close().await;
    db.backend.close().await;
    assert_eq!(db.failure("k", Action::Get).await.kind(), ErrorKind::Closed);
    assert_eq!(db.failure("z", zadd("m", 1.0)).await.kind(), ErrorKind::Closed);
    assert_eq!(db.backend.write_atomically(&[counting()], 3).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(db.backend.init().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn debug_output_does_not_hold_credentials() {
    let db = super::backend(json!({ "url": "redis://someone:s3cret@h", "prefix": "p:" }));
    let printed = format!("{db:?} {:?}", bytes("k"));
    assert!(!printed.contains("s3cret") && !printed.contains("someone"), "{printed}");
}
