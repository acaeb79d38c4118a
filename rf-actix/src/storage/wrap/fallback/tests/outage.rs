//! The primary goes away: what is acknowledged, and what readers see.

use super::{
    Place,
    flaky::{Flaky, Point, chunks, whole},
    until,
};
use crate::storage::{
    Depth, Error, Key, SignedUrlOptions, Storage, StorageExt, Visibility, WriteOptions,
    wrap::Fallback,
};
use std::{sync::Arc, time::Duration};

#[actix_web::test]
async fn a_write_survives_an_outage_at_any_moment() {
    for point in [Point::Create, Point::Write, Point::Commit, Point::Answer] {
        let place = Place::new();
        let files = place.open();
        place.primary.break_at(point);
        let options = WriteOptions::new().content_type("x/y").note("who", "mé");
        let written = files
            .put_stream("a/b.txt", chunks(7), options)
            .await
            .unwrap();
        let state = files.state();
        assert!(
            !state.primary_up && state.pending == 1,
            "{point:?}: {state:?}"
        );
        assert_eq!(files.get("a/b.txt").await.unwrap(), whole(7), "{point:?}");
        assert_eq!(
            files.get_range("a/b.txt", 69_999..70_003).await.unwrap(),
            whole(7)[69_999..70_003]
        );
        let known = files.metadata("a/b.txt").await.unwrap();
        assert_eq!(known, written.metadata, "{point:?}");
        assert_eq!(
            (known.content_type.as_str(), known.user["who"].as_str()),
            ("x/y", "mé")
        );
        assert!(
            files
                .get_range("a/b.txt", known.size + 1..u64::MAX)
                .await
                .is_err()
        );
        place.primary.up();
        files.settled().await.unwrap();
        let there = place.primary.files.metadata("a/b.txt").await.unwrap();
        assert_eq!(
            (there.content_type.as_str(), there.user["who"].as_str()),
            ("x/y", "mé")
        );
        assert_eq!(place.primary.files.get("a/b.txt").await.unwrap(), whole(7));
        assert!(
            files.state().primary_up && place.waiting().await.is_empty(),
            "{point:?}"
        );
        assert_eq!(files.get("a/b.txt").await.unwrap(), whole(7));
    }
}

#[actix_web::test]
async fn a_delete_survives_an_outage_and_is_not_undone() {
    for point in [Point::Create, Point::Answer] {
        let place = Place::new();
        let files = place.open();
        for key in ["a", "b", "c"] {
            files.put(key, key).await.unwrap();
        }
        place.primary.break_at(point);
        files.delete("a").await.unwrap();
        assert!(
            matches!(files.get("a").await, Err(Error::NotFound { .. })),
            "{point:?}"
        );
        assert!(matches!(
            files.metadata("a").await,
            Err(Error::NotFound { .. })
        ));
        let keys = ["b", "a", "none"].map(|key| Key::parse(key).unwrap());
        let removed = files.remove_many(&keys).await;
        assert!(removed.iter().all(Result::is_ok), "{removed:?}");
        drop(files);
        let files = place.open();
        assert!(!files.exists("b").await.unwrap());
        place.primary.up();
        files.settled().await.unwrap();
        assert_eq!(
            place.arrived().await,
            [("c".to_owned(), b"c".to_vec())],
            "{point:?}"
        );
    }
}

#[actix_web::test]
async fn an_outage_in_the_middle_of_many_deletes_loses_none() {
    let place = Place::new();
    let files = place.open();
    let keys: Vec<Key> = (0..9)
        .map(|n| Key::parse(format!("k{n}")).unwrap())
        .collect();
    for key in &keys {
        files.put(key, "").await.unwrap();
    }
    place.primary.unlucky(11, 2);
    let removed = files.remove_many(&keys).await;
    assert!(removed.iter().all(Result::is_ok), "{removed:?}");
    place.primary.up();
    files.settled().await.unwrap();
    assert!(place.arrived().await.is_empty());
}

#[actix_web::test]
async fn while_it_is_away_the_primary_is_not_tried_for_changes() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    files.put("a", "1").await.unwrap();
    let tried = place.primary.changes();
    files.put("b", "2").await.unwrap();
    files.put("a", "3").await.unwrap();
    files.delete("b").await.unwrap();
    assert_eq!(place.primary.changes(), tried);
    files.check().await.unwrap();
    assert_eq!(
        place.waiting().await.len(),
        2,
        "only the last one of a key is kept"
    );
}

#[actix_web::test]
async fn reads_of_what_only_the_primary_knows_tell_of_the_outage() {
    let place = Place::new();
    let files = place.open();
    files.put("old", "1").await.unwrap();
    place.primary.down();
    files.put("new", "2").await.unwrap();
    let outages = [
        files.get("old").await.map(drop),
        files.metadata("none").await.map(drop),
        files.list("").await.map(drop),
        files.copy("old", "copy").await.map(drop),
        files.move_to("old", "moved").await.map(drop),
        files
            .visibility(&Key::parse("new").unwrap())
            .await
            .map(drop),
        files
            .signed_url_with("new", SignedUrlOptions::upload(Duration::from_secs(9)))
            .await
            .map(drop),
    ];
    for outage in outages {
        assert!(outage.as_ref().is_err_and(Error::is_outage), "{outage:?}");
    }
    assert_eq!(files.state().pending, 1, "nothing of it was acknowledged");
}

#[actix_web::test]
async fn a_refusal_is_no_outage() {
    let place = Place::new();
    let files = place.open();
    files.put("a", "1").await.unwrap();
    place.primary.refuse(Some("a"));
    let refused = [
        files.put("a", "2").await.map(drop),
        files.delete("a").await,
        files
            .remove_many(&[Key::parse("a").unwrap()])
            .await
            .remove(0),
    ];
    for refused in refused {
        assert!(
            matches!(refused, Err(Error::PermissionDenied { .. })),
            "{refused:?}"
        );
    }
    assert!(matches!(
        files.get("none").await,
        Err(Error::NotFound { .. })
    ));
    let state = files.state();
    assert!(state.primary_up && state.pending == 0, "{state:?}");
}

#[actix_web::test]
async fn a_full_secondary_is_an_error_and_not_a_loss() {
    let place = Place::new();
    let secondary = Flaky::over(place.local());
    let files = place.open_on(secondary.shared());
    files.put("old", "1").await.unwrap();
    secondary.full(true);
    files
        .put_stream("fine", chunks(1), WriteOptions::new())
        .await
        .unwrap();
    place.primary.break_at(Point::Commit);
    let refused = files
        .put_stream("lost", chunks(2), WriteOptions::new())
        .await;
    assert!(matches!(refused, Err(Error::NoSpace)), "{refused:?}");
    for refused in [
        files.put("old", "2").await.map(drop),
        files.delete("old").await,
    ] {
        assert!(matches!(refused, Err(Error::NoSpace)), "{refused:?}");
    }
    assert_eq!(files.state().pending, 0);
    place.primary.up();
    until(&files, |state| state.primary_up).await;
    assert_eq!(files.get("old").await.unwrap(), "1");
    secondary.full(false);
    files.put("old", "2").await.unwrap();
    let arrived: Vec<_> = place
        .arrived()
        .await
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(arrived, ["fine", "old"]);
    assert!(place.waiting().await.is_empty());
}

#[actix_web::test]
async fn a_write_that_commits_on_the_secondary_and_says_it_did_not_never_counts() {
    let place = Place::new();
    let secondary = Flaky::over(place.local());
    let files = place.open_on(secondary.shared());
    place.primary.down();
    secondary.slip_at(Point::Answer);
    files.put("a", "1").await.unwrap_err();
    files.put("b", "2").await.unwrap();
    assert_eq!(files.state().pending, 1);
    drop(files);
    let files = place.open();
    assert_eq!(files.get("b").await.unwrap(), "2");
    place.primary.up();
    files.settled().await.unwrap();
    assert_eq!(place.arrived().await, [("b".to_owned(), b"2".to_vec())]);
}

#[actix_web::test]
async fn what_waits_is_copied_and_renamed() {
    let place = Place::new();
    let files = place.open();
    files.put("old", "1").await.unwrap();
    place.primary.close();
    let options = WriteOptions::new().content_type("x/y").note("who", "me");
    files.put_with("new", "2", options).await.unwrap();
    files.copy("new", "copy").await.unwrap();
    files.copy("new", "new").await.unwrap();
    let moved = files.move_to("new", "old").await.unwrap();
    assert_eq!(
        (moved.content_type.as_str(), moved.user["who"].as_str()),
        ("x/y", "me")
    );
    assert!(matches!(
        files.move_to("new", "x").await,
        Err(Error::NotFound { .. })
    ));
    place.primary.up();
    files.settled().await.unwrap();
    let expected = [
        ("copy".to_owned(), b"2".to_vec()),
        ("old".to_owned(), b"2".to_vec()),
    ];
    assert_eq!(place.arrived().await, expected);
    let there = place.primary.files.metadata("old").await.unwrap();
    assert_eq!(
        (there.content_type.as_str(), there.user["who"].as_str()),
        ("x/y", "me")
    );
}

#[actix_web::test]
async fn what_the_primary_could_not_keep_is_not_acknowledged() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    let notes = WriteOptions::new().note("n", "x".repeat(2048));
    assert!(matches!(
        files.put("a", "1").await.map(|written| written.created),
        Ok(None)
    ));
    assert!(matches!(
        files.put_with("a", "2", notes).await,
        Err(Error::TooLarge { .. })
    ));
    let wrong = WriteOptions::new().sha256([0; 32]);
    assert!(matches!(
        files.put_with("a", "2", wrong).await,
        Err(Error::Checksum { .. })
    ));
    assert_eq!(files.get("a").await.unwrap(), "1");
    assert_eq!(place.waiting().await.len(), 1);
}

#[actix_web::test]
async fn who_may_read_a_file_is_kept_while_it_waits() {
    let place = Place::new();
    let files = place.open();
    let (public, plain) = (Key::parse("public").unwrap(), Key::parse("plain").unwrap());
    place.primary.down();
    let seen = WriteOptions::new().visibility(Visibility::Public);
    files.put_with(&public, "1", seen).await.unwrap();
    files.copy(&public, &plain).await.unwrap();
    files.append(&plain, "2").await.unwrap();
    files.put("usual", "1").await.unwrap();
    files.append("usual", "2").await.unwrap();
    assert_eq!(files.get("usual").await.unwrap(), "12");
    drop(files);
    let files = place.open();
    assert_eq!(files.visibility(&public).await.unwrap(), Visibility::Public);
    let changed = files.set_visibility(&public, Visibility::Private).await;
    assert!(changed.as_ref().is_err_and(Error::is_outage), "{changed:?}");
    place.primary.up();
    files.settled().await.unwrap();
    for key in [&public, &plain] {
        let there = place.primary.files.visibility(key).await.unwrap();
        assert_eq!(there, Visibility::Public, "{key}");
    }
    files
        .set_visibility(&public, Visibility::Private)
        .await
        .unwrap();
    assert_eq!(
        files.visibility(&public).await.unwrap(),
        Visibility::Private
    );
}

#[actix_web::test]
async fn a_write_let_go_or_discarded_leaves_nothing() {
    let place = Place::new();
    let files: Arc<Fallback> = Arc::new(place.open());
    let key = Key::parse("a").unwrap();
    for down in [false, true] {
        if down {
            place.primary.close();
            files.put("down", "").await.unwrap();
        }
        let mut writer = files.writer(&key, WriteOptions::new()).await.unwrap();
        writer.write(vec![1; 600_000].into()).await.unwrap();
        writer.abort().await.unwrap();
        let mut writer = files.writer(&key, WriteOptions::new()).await.unwrap();
        writer.write(vec![1; 600_000].into()).await.unwrap();
        drop(writer);
        let page = files
            .page(&"".try_into().unwrap(), Depth::All, None, 9)
            .await
            .unwrap();
        assert!(page.entries.iter().all(|file| file.key != key));
        assert_eq!(place.waiting().await.len(), usize::from(down));
    }
}
