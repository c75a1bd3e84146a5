//! The host's configuration.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use psl_table::config::{HostConfig, OnError, OnUncovered};
use psl_table::trust::Trust;

#[test]
fn every_key_is_read() {
    let text = "store = \"/shared/psl/\"\nshim = \"/usr/lib/psl/libpsl_shim.so\"\non_error = \"last-good\"\n\
        on_uncovered = \"warn\"\ntrust = \"any\"\nstart_deadline = \"5m\"\n";
    let expected = HostConfig {
        store: Some(PathBuf::from("/shared/psl/")),
        shim: Some(PathBuf::from("/usr/lib/psl/libpsl_shim.so")),
        on_error: OnError::LastGood,
        on_uncovered: OnUncovered::Warn,
        trust: Trust::Any,
        start_deadline: Duration::from_secs(300),
    };
    assert_eq!(
        HostConfig::parse(Path::new("psl.toml"), text).unwrap(),
        expected
    );
}

#[test]
fn an_empty_configuration_is_strict() {
    let config = HostConfig::parse(Path::new("psl.toml"), "").unwrap();
    assert_eq!(config, HostConfig::default());
    assert_eq!(
        (
            config.on_error,
            config.on_uncovered,
            config.trust,
            config.start_deadline
        ),
        (
            OnError::Refuse,
            OnUncovered::Mount,
            Trust::Owner,
            Duration::from_secs(10)
        )
    );
}

#[test]
fn a_broken_rule_is_refused_at_its_place() {
    let rows = [
        (
            "stor = \"/a\"",
            "1:1: unknown key `stor` in the configuration, did you mean `store`?",
        ),
        (
            "store = \"psl\"",
            "1:9: `store` \"psl\" is not an absolute path, expected one",
        ),
        (
            "store = \"/a\\u0000\"",
            "1:9: `store` \"/a\\0\" has a NUL character, expected none",
        ),
        (
            "shim = 7",
            "1:8: `shim` is the integer 7, expected a string",
        ),
        (
            "on_error = \"retry\"",
            "1:12: `on_error` is \"retry\", expected one of `refuse`, `last-good`, `ignore`",
        ),
        (
            "on_uncovered = \"ignore\"",
            "1:16: `on_uncovered` is \"ignore\", expected one of `mount`, `refuse`, `warn`",
        ),
        ("trust = true", "1:9: `trust` is true, expected a string"),
        (
            "start_deadline = \"10\"",
            "1:18: `start_deadline` \"10\" is no duration, expected a number and a unit: `10s`, `5m` or `1h`",
        ),
        (
            "start_deadline = 10",
            "1:18: `start_deadline` is the integer 10, expected a string",
        ),
    ];
    for (text, expected) in rows {
        let error = HostConfig::parse(Path::new("psl.toml"), text).unwrap_err();
        assert_eq!(error.to_string(), format!("psl.toml:{expected}"), "{text}");
    }
}

#[test]
fn a_configuration_that_is_named_must_be_there_and_be_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("psl.toml");
    let error = HostConfig::load(Some(&file)).unwrap_err().to_string();
    assert!(
        error.starts_with("cannot open ") && error.contains("psl.toml"),
        "{error}"
    );

    std::fs::write(&file, "trust = \"any\"\n").unwrap();
    let link = dir.path().join("link.toml");
    std::os::unix::fs::symlink("psl.toml", &link).unwrap();
    for file in [&file, &link] {
        assert_eq!(HostConfig::load(Some(file)).unwrap().trust, Trust::Any);
    }
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
    for file in [&file, &link] {
        let error = HostConfig::load(Some(file)).unwrap_err().to_string();
        assert!(
            error.contains("is writable by group and others (mode 0666)"),
            "{error}"
        );
    }
}
