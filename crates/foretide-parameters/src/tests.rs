//! Pushes and reads on a store in memory that fails at any call.

use std::collections::BTreeMap;
use std::sync::Mutex;

use foretide_domain::{CallFailure, FailureKind};

use super::*;

/// A parameter store in memory. Fails at the call `fails_at`, counted from 0, and ever after.
#[derive(Default)]
struct Memory {
    parameters: Mutex<BTreeMap<String, String>>,
    calls: Mutex<usize>,
    fails_at: Option<usize>,
}

impl Memory {
    fn called(&self) -> Result<(), CallFailure> {
        let mut calls = self.calls.lock().unwrap();
        let failing = self.fails_at.is_some_and(|at| *calls >= at);
        *calls += 1;
        if failing {
            return Err(CallFailure {
                kind: FailureKind::Unavailable,
                detail: "gone".to_owned(),
            });
        }
        Ok(())
    }
}

impl Store for Memory {
    async fn get(&self, name: &str) -> Result<Option<String>, CallFailure> {
        self.called()?;
        Ok(self.parameters.lock().unwrap().get(name).cloned())
    }

    async fn below(&self, path: &str) -> Result<Vec<(String, String)>, CallFailure> {
        self.called()?;
        let path = format!("{path}/");
        let parameters = self.parameters.lock().unwrap();
        let found = parameters
            .iter()
            .filter(|(name, _)| name.starts_with(&path));
        Ok(found
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect())
    }

    async fn create(&self, name: &str, value: &str) -> Result<bool, CallFailure> {
        self.called()?;
        let mut parameters = self.parameters.lock().unwrap();
        if parameters.contains_key(name) {
            return Ok(false);
        }
        parameters.insert(name.to_owned(), value.to_owned());
        Ok(true)
    }

    async fn put(&self, name: &str, value: &str, _: bool) -> Result<(), CallFailure> {
        self.called()?;
        let mut parameters = self.parameters.lock().unwrap();
        parameters.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    async fn remove(&self, names: &[String]) -> Result<(), CallFailure> {
        self.called()?;
        let mut parameters = self.parameters.lock().unwrap();
        for name in names {
            parameters.remove(name);
        }
        Ok(())
    }
}

fn place() -> Place {
    "ssm:/foretide/prod".parse().unwrap()
}

fn parts(groups: &[&str]) -> Parts {
    let tables: Vec<String> = groups.iter().map(|it| format!("[group.{it}]")).collect();
    let text = tables.join("\n");
    Parts::of(&text).unwrap()
}

#[tokio::test]
async fn what_was_pushed_is_read_and_old_versions_go_after_ten() {
    let store = Memory::default();
    let empty = read(&store, &place()).await.unwrap_err();
    assert!(matches!(empty, TransferError::Empty { .. }), "{empty}");
    for version in 1..=12 {
        let pushed = push(&store, &place(), &parts(&["web", "api"]), false).await;
        assert_eq!(pushed.unwrap().version, version);
    }
    let set = read(&store, &place()).await.unwrap();
    assert_eq!((set.version, set.parts), (12, parts(&["web", "api"])));
    let parameters = store.parameters.lock().unwrap();
    let has = |version| {
        let prefix = format!("/foretide/prod/v/{version}/");
        let claim = format!("/foretide/prod/claims/{version}");
        let claimed = parameters.contains_key(&claim);
        let there = parameters.keys().any(|name| name.starts_with(&prefix));
        assert_eq!(claimed, there, "{version}");
        there
    };
    assert!(!has(1) && !has(2) && has(3) && has(12));
}

#[tokio::test]
async fn a_push_that_dies_at_any_call_leaves_what_counted_and_the_next_one_works() {
    let (before, after) = (parts(&["web", "gone"]), parts(&["web", "api"]));
    let mut died = 0;
    for fails_at in 0.. {
        let store = Memory::default();
        push(&store, &place(), &before, false).await.unwrap();
        let calls = *store.calls.lock().unwrap();
        let store = Memory {
            fails_at: Some(calls + fails_at),
            ..store
        };
        let pushed = push(&store, &place(), &after, false).await;
        let store = Memory {
            fails_at: None,
            ..store
        };
        let set = read(&store, &place()).await.unwrap();
        if let Ok(Pushed {
            version: 2,
            not_removed,
        }) = pushed
        {
            assert_eq!((set.parts, not_removed), (after.clone(), None));
            break;
        }
        died += 1;
        assert_eq!(
            (set.version, set.parts),
            (1, before.clone()),
            "at call {fails_at}"
        );
        // Another set: nothing of the dead push is among it.
        let third = parts(&["third"]);
        let pushed = push(&store, &place(), &third, false).await.unwrap();
        assert!(pushed.version <= 3);
        assert_eq!(read(&store, &place()).await.unwrap().parts, third);
    }
    assert!(died > 5, "the push was cut at each of its {died} calls");
}

#[tokio::test]
async fn two_pushes_at_once_have_versions_of_their_own_and_no_reader_sees_a_mixture() {
    let (one, other) = (parts(&["web", "one"]), parts(&["web", "other"]));
    let store = Memory::default();
    // The other push begins first and goes on last.
    store.create(&place().claim(1), "claimed").await.unwrap();
    store
        .put("/foretide/prod/v/1/groups/web", "", false)
        .await
        .unwrap();
    assert_eq!(
        push(&store, &place(), &one, false).await.unwrap().version,
        2
    );
    assert_eq!(read(&store, &place()).await.unwrap().parts, one);
    assert_eq!(
        push(&store, &place(), &other, false).await.unwrap().version,
        3
    );
    assert_eq!(read(&store, &place()).await.unwrap().parts, other);
}

#[test]
fn places_are_prefixes_that_systems_manager_takes() {
    for right in ["ssm:/foretide/prod", "ssm:/a", "ssm:/team_1/foretide-x.y"] {
        let place: Place = right.parse().unwrap();
        assert_eq!(place.to_string(), right);
    }
    let long = format!("ssm:/{}", "a".repeat(300));
    for wrong in [
        "ssm:",
        "ssm:/",
        "ssm:foretide",
        "ssm:/a//b",
        "ssm:/a b",
        "ssm:/aws/x",
        &long,
    ] {
        assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        assert!(Place::is_meant_by(wrong));
    }
    assert!(!Place::is_meant_by("foretide.toml"));
}
