//! What `list` and `member list` print.
use crate::bench::Bench;

const ROWS: &str = r#"
[member.erp1]
app = 'erp'
version = '1.5'
groups = ['canary', 'west']

[[link]]
from = '/binaries/version'
to = '/v0'

[[link]]
from = '/binaries/version'
to = '/v1'
when = { app = 'erp', version = '>=1' }

[[link]]
from = '/binaries/version'
to = '/v2'
member = 'erp1'
private = true
note = "roll\u001b 7"

[[link]]
from = '/binaries/version'
to = '/v3'
when = { app = 'shop' }

[[link]]
from = '/a'
to = '/b'
live = true
when = { exe = '*/firefox*', env = { LANG = 'de*' } }
"#;

#[test]
fn links_are_listed_in_precedence_order() {
    let bench = Bench::with(ROWS);
    assert_eq!(
        bench.ok("list"),
        "\
FROM               TO   MEMBER  WHEN                         FLAGS    NOTE
/a                 /b           exe=*/firefox* env.LANG=de*  live
/binaries/version  /v2  erp1                                 private  roll\\u{1b} 7
/binaries/version  /v1          app=erp version=>=1
/binaries/version  /v3          app=shop
/binaries/version  /v0
"
    );
}

#[test]
fn a_members_links_are_those_that_it_can_have() {
    let listed = Bench::with(ROWS).ok("list --member erp1");
    let targets: Vec<_> = listed
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    assert_eq!(targets, ["/b", "/v2", "/v1", "/v0"]);
}

#[test]
fn json_has_the_tables_own_keys() {
    let listed = Bench::with(ROWS).ok("list --json");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        listed,
        serde_json::json!([
            { "from": "/a", "to": "/b", "when": { "exe": "*/firefox*", "env": { "LANG": "de*" } },
              "private": false, "live": true },
            { "from": "/binaries/version", "to": "/v2", "member": "erp1", "private": true, "live": false,
              "note": "roll\u{1b} 7" },
            { "from": "/binaries/version", "to": "/v1", "when": { "app": "erp", "version": ">=1" },
              "private": false, "live": false },
            { "from": "/binaries/version", "to": "/v3", "when": { "app": "shop" }, "private": false, "live": false },
            { "from": "/binaries/version", "to": "/v0", "private": false, "live": false },
        ])
    );
}

#[test]
fn members_are_listed_with_their_attributes_and_links() {
    let bench = Bench::with(&format!(
        "{ROWS}\n[[link]]\nfrom = '/c'\nto = '/d'\nmember = 'erp2'\n"
    ));
    assert_eq!(
        bench.ok("member list"),
        "\
MEMBER  APP  VERSION  GROUPS       LINKS
erp1    erp  1.5      canary,west  1
erp2                               1
"
    );
    let listed: serde_json::Value = serde_json::from_str(&bench.ok("member list --json")).unwrap();
    assert_eq!(
        listed,
        serde_json::json!([
            { "member": "erp1", "app": "erp", "version": "1.5", "groups": ["canary", "west"], "links": 1 },
            { "member": "erp2", "app": null, "version": null, "groups": [], "links": 1 },
        ])
    );
}
