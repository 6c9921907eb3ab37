use std::path::{Path, PathBuf};

use model::error::ErrorKind;
use model::snapshot::{Repository as Registered, SnapshotState};
use serde_json::json;

use super::{Manifest, Repository};

fn registered(location: &str) -> Registered {
    let settings = json!({"location": location}).as_object().cloned().unwrap();
    Registered { kind: "fs".to_owned(), settings }
}

fn repository(root: &Path) -> Repository {
    Repository::of("vault", &registered("pearls"), &[root.to_owned()]).unwrap()
}

fn manifest(name: &str) -> Manifest {
    Manifest::begin(name, format!("uuid of {name}"), "me".into(), 1)
}

#[test]
fn a_location_lies_below_a_folder_that_is_allowed() {
    let allowed = [PathBuf::from("/srv/a"), PathBuf::from("/srv/b")];
    let root = |location: &str| Repository::of("vault", &registered(location), &allowed).map(|found| found.root);
    assert_eq!(root("x/y").unwrap(), Path::new("/srv/a/x/y"));
    assert_eq!(root("/srv/b/x").unwrap(), Path::new("/srv/b/x"));
    for outside in ["/srv/c", "/srv/bb", "../b", "/srv/a/../../etc", "x/../../y"] {
        let refused = root(outside).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Repository);
        let cause = refused.cause.unwrap().reason;
        assert!(cause.contains(&format!("location [{outside}] doesn't match")), "{cause}");
    }
    assert!(root("").is_err());
    let other = Registered { kind: "s3".to_owned(), ..registered("x") };
    let refused = Repository::of("vault", &other, &allowed).unwrap_err();
    assert_eq!(refused.reason, "[vault] repository type [s3] does not exist");
}

#[test]
fn a_name_is_given_once_and_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    for name in ["one", "../../two", ".hidden", "Ünï"] {
        repository.add(&manifest(name)).unwrap();
        let again = repository.add(&manifest(name)).unwrap_err();
        assert_eq!(again.kind, ErrorKind::InvalidSnapshotName);
        assert_eq!(&*repository.manifest(name).unwrap().name, name);
    }
    assert_eq!(repository.manifests().unwrap().len(), 4);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside the repository");
    repository.forget(&manifest("one")).unwrap();
    assert_eq!(repository.manifest("one").unwrap_err().kind, ErrorKind::SnapshotMissing);
}

#[test]
fn a_snapshot_whose_maker_is_gone_has_failed() {
    let unfinished = manifest("one");
    assert_eq!(unfinished.info(|maker| maker == "me").state, SnapshotState::InProgress);
    let left = unfinished.info(|_| false);
    assert_eq!((left.state, left.reason.is_some()), (SnapshotState::Failed, true));
}

#[test]
fn who_takes_away_is_alone() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let (one, another) = (repository.share().unwrap(), repository.share().unwrap());
    let waits = {
        let repository = repository.clone();
        std::thread::spawn(move || repository.own().map(drop))
    };
    drop(one);
    drop(another);
    waits.join().unwrap().unwrap();
    let own = repository.own().unwrap();
    let waits = {
        let repository = repository.clone();
        std::thread::spawn(move || repository.share().map(drop))
    };
    drop(own);
    waits.join().unwrap().unwrap();
}

#[test]
fn what_nobody_names_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    repository.add(&manifest("one")).unwrap();
    let stray = folder.path().join("pearls/indices/u/0");
    std::fs::create_dir_all(&stray).unwrap();
    std::fs::write(stray.join("blob"), b"12345").unwrap();
    let cleaned = repository.clean().unwrap();
    assert_eq!((cleaned.files, cleaned.bytes), (1, 5));
    assert!(!folder.path().join("pearls/indices/u").exists());
    assert_eq!(repository.clean().unwrap().files, 0);
}

#[test]
fn another_folder_is_no_proof() {
    let (shared, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (asks, same, elsewhere) = (repository(shared.path()), repository(shared.path()), repository(other.path()));
    asks.begin_proof("t").unwrap();
    same.prove("t", "n2").unwrap();
    assert_eq!(elsewhere.prove("t", "n3").unwrap_err().kind, ErrorKind::RepositoryVerification);
    asks.end_proof("t");
    assert_eq!(std::fs::read_dir(shared.path().join("pearls")).unwrap().count(), 0);
}
