//! Every rule of the table's format, broken once.

use std::path::Path;

use psl_table::error::Class;
use psl_table::table::Table;

const HEAD: &str = "format = 1\ngeneration = 1\n";

fn refusal(text: &str) -> String {
    let error = Table::parse(Path::new("table.toml"), text).unwrap_err();
    assert_eq!(error.class(), Class::Invalid, "{error}");
    error.to_string()
}

#[test]
fn a_broken_rule_of_the_file_is_refused_at_its_place() {
    let rows = [
        ("", "1:1: the table lacks the key `format`"),
        ("format = 1\n", "1:1: the table lacks the key `generation`"),
        (
            "format = 2\nnew_key = 1\n",
            "1:10: format 2, this program reads up to 1; install a newer psl on this host",
        ),
        ("format = 0\n", "1:10: `format` is 0, expected 1"),
        (
            "format = \"1\"\n",
            "1:10: `format` is a string, expected a whole number",
        ),
        (
            "format = -1\n",
            "1:10: `format` is the integer -1, expected a whole number",
        ),
        (
            "format = 1\ngeneration = 0\n",
            "2:14: `generation` is 0, expected 1 to 9007199254740991",
        ),
        (
            "format = 1\ngeneration = 9007199254740992\n",
            "2:14: `generation` is 9007199254740992, expected 1 to 9007199254740991",
        ),
        (
            "format = 1\ngeneration = 1.5\n",
            "2:14: `generation` is a fraction, expected a whole number",
        ),
        (
            "format = 1\ngeneration = 1\ngeneration = 2\n",
            "3:1: duplicate key",
        ),
        (
            "format = 1\ngeneraton = 1\n",
            "2:1: unknown key `generaton` in the table, did you mean `generation`?",
        ),
        (
            "format = 1\ngeneration = 1\n\n[[links]]\n",
            "4:3: unknown key `links` in the table, did you mean `link`?",
        ),
        (
            "format = 1\ngeneration = 1\nä = \n",
            "3:1: invalid unquoted key, expected letters, numbers, `-`, `_`",
        ),
        (
            "format = 1\ngeneration = 1\n[link]\nfrom = \"/a\"\n",
            "3:1: `link` is a table, expected a list of tables",
        ),
        (
            "format = 1\ngeneration = 1\nlink = [1]\n",
            "3:9: `link` is the integer 1, expected a list of tables",
        ),
        (
            "format = 1\ngeneration = 1\nmember = 3\n",
            "3:10: `member` is the integer 3, expected a table",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(refusal(text), format!("table.toml:{expected}"), "{text}");
    }
}

#[test]
fn a_broken_rule_of_a_member_is_refused_at_its_place() {
    let long = format!("[member.{}]", "m".repeat(256));
    let rows = [
        (
            "[member.erp1]\nversoin = \"1\"",
            "4:1: unknown key `versoin` in member `erp1`, did you mean `version`?",
        ),
        (
            "[member.erp1]\ncolour = \"red\"",
            "4:1: unknown key `colour` in member `erp1`, expected one of `app`, `version`, `groups`",
        ),
        (
            "[member.erp1]\napp = 1",
            "4:7: `app` is the integer 1, expected a string",
        ),
        (
            "[member.erp1]\napp = \"\"",
            "4:7: `app` is empty, expected at least one character",
        ),
        (
            "[member.erp1]\napp = \"a\\tb\"",
            "4:7: `app` has a control character, expected none",
        ),
        (
            "[member.erp1]\ngroups = \"canary\"",
            "4:10: `groups` is a string, expected a list of strings",
        ),
        (
            "[member.erp1]\ngroups = [\"a\", 2]",
            "4:16: `groups` is the integer 2, expected a list of strings",
        ),
        (
            "[member.erp1]\ngroups = [\"a\", \"\"]",
            "4:16: `groups` is empty, expected at least one character",
        ),
        (
            "[member]\nerp1 = 7",
            "4:8: `erp1` is the integer 7, expected a table",
        ),
        (
            "[member.\"\"]",
            "3:9: member \"\" is empty, expected a member's name",
        ),
        (
            "[member.\"a/b\"]",
            "3:9: member \"a/b\" cannot be a file name, expected a name without slash",
        ),
        (
            "[member.\"..\"]",
            "3:9: member \"..\" cannot be a file name, expected a name without slash",
        ),
        (
            "[member.\"a\\u0007\"]",
            "3:9: member \"a\\u{7}\" has a control character, expected none",
        ),
        (
            long.as_str(),
            "3:9: member \"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm...\" has 256 bytes, expected at most 255",
        ),
    ];
    for (text, expected) in rows {
        let refusal = refusal(&format!("{HEAD}{text}\n"));
        assert_eq!(refusal, format!("table.toml:{expected}"), "{text}");
    }
}

#[test]
fn a_broken_rule_of_a_link_is_refused_at_its_place() {
    let rows = [
        ("to = \"/b\"", "3:1: a link lacks the key `from`"),
        ("from = \"/a\"", "3:1: a link lacks the key `to`"),
        (
            "from = 1\nto = \"/b\"",
            "4:8: `from` is the integer 1, expected a string",
        ),
        (
            "form = \"/a\"\nto = \"/b\"",
            "4:1: unknown key `form` in a link, did you mean `from`?",
        ),
        (
            "from = \"\"\nto = \"/b\"",
            "4:8: `from` \"\" is empty, expected an absolute path",
        ),
        (
            "from = \"a/b\"\nto = \"/b\"",
            "4:8: `from` \"a/b\" is relative, expected an absolute path",
        ),
        (
            "from = \"/\"\nto = \"/b\"",
            "4:8: `from` \"/\" is the root, expected a path below it",
        ),
        (
            "from = \"/a/./b\"\nto = \"/b\"",
            "4:8: `from` \"/a/./b\" has a `.` or `..` component, expected the path without it",
        ),
        (
            "from = \"/a/../b\"\nto = \"/b\"",
            "4:8: `from` \"/a/../b\" has a `.` or `..` component, expected the path without it",
        ),
        (
            "from = \"/a//b\"\nto = \"/b\"",
            "4:8: `from` \"/a//b\" has an empty component, expected single slashes",
        ),
        (
            "from = \"/a\\u0000\"\nto = \"/b\"",
            "4:8: `from` \"/a\\0\" has a NUL character, expected none",
        ),
        (
            "from = \"/a/\"\nto = \"/b\"",
            "4:8: `from` \"/a/\" ends in a slash, expected the path without it",
        ),
        (
            "from = \"/a\"\nto = \"b\"",
            "5:6: `to` \"b\" is relative, expected an absolute path",
        ),
        (
            "from = \"/a\"\nto = \"/b/\"",
            "5:6: `to` \"/b/\" ends in a slash, expected the path without it",
        ),
        (
            "from = \"/a\"\nto = \"/a\"",
            "5:6: `to` is `from` itself (\"/a\"), expected another path",
        ),
        (
            "from = \"/a\"\nto = \"/a/b\"",
            "5:6: `to` \"/a/b\" lies below `from` \"/a\", expected a path outside of it",
        ),
        (
            "from = \"/a\"\nto = \"/\"\nprivate = true",
            "5:6: `to` is the root, which `private` would hide from everybody else",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nprivate = \"yes\"",
            "6:11: `private` is a string, expected true or false",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nlive = 1",
            "6:8: `live` is the integer 1, expected true or false",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nnote = []",
            "6:8: `note` is a list, expected a string",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nmember = \"\"",
            "6:10: `member` \"\" is empty, expected a member's name",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nmember = \"a/b\"",
            "6:10: `member` \"a/b\" cannot be a file name, expected a name without slash",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\napp = \"erp\"",
            "6:1: `app` is a criterion, expected it in `when = { app = ... }`",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = \"always\"",
            "6:8: `when` is a string, expected a table",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { grop = \"x\" }",
            "6:10: unknown key `grop` in `when`, did you mean `group`?",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { colour = \"x\" }",
            "6:10: unknown key `colour` in `when`, expected one of `member`, `group`, `app`, `version`, `host`, `user`, `exe`, `env`",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { app = 1 }",
            "6:16: `app` is the integer 1, expected a string",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { app = \"\" }",
            "6:16: `app` is empty, expected at least one character",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { exe = \"/a[\" }",
            "6:16: `exe` is not a glob: invalid range pattern",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { host = \"a***\" }",
            "6:17: `host` is not a glob: wildcards are either regular `*` or recursive `**`",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { user = -1 }",
            "6:17: `user` is the integer -1, expected a user's name or number",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { user = true }",
            "6:17: `user` is true, expected a string",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { env = \"LANG\" }",
            "6:16: `env` is a string, expected a table",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { env = { LANG = 1 } }",
            "6:25: `LANG` is the integer 1, expected a string",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nwhen = { env = { \"A=B\" = \"x\" } }",
            "6:18: `env.A=B` names no variable, expected a name without `=`",
        ),
        (
            "from = \"/a\"\nto = \"/b\"\nmember = \"m\"\nwhen = { member = \"m\" }",
            "7:10: `member` is given twice, expected it once",
        ),
    ];
    for (text, expected) in rows {
        let refusal = refusal(&format!("{HEAD}[[link]]\n{text}\n"));
        assert_eq!(refusal, format!("table.toml:{expected}"), "{text}");
    }
}

#[test]
fn a_path_may_have_4095_bytes_and_no_more() {
    let table = |length: usize| {
        let from = format!("/{}", "x".repeat(length - 1));
        format!("{HEAD}[[link]]\nfrom = \"{from}\"\nto = \"/z\"\n")
    };
    Table::parse(Path::new("t"), &table(4095)).unwrap();
    let expected = format!(
        "table.toml:4:8: `from` \"/{}...\" has 4096 bytes, expected at most 4095",
        "x".repeat(63)
    );
    assert_eq!(refusal(&table(4096)), expected);
}

#[test]
fn two_rows_with_equal_place_and_criteria_are_refused() {
    let link = |criteria: &str| format!("[[link]]\nfrom = \"/a\"\nto = \"/b\"\n{criteria}\n");
    let same = [
        ("", ""),
        ("member = \"m\"", "when.member = \"m\""),
        (
            "when = { app = \"x\", user = 0 }",
            "when = { user = \"0\", app = \"x\" }",
        ),
    ];
    for (first, second) in same {
        let refusal = refusal(&format!("{HEAD}{}{}", link(first), link(second)));
        assert!(
            refusal.starts_with("table.toml:7:1: a second link from \"/a\" for "),
            "{refusal}"
        );
        assert!(
            refusal.contains("the first is at line 3; remove one"),
            "{refusal}"
        );
    }
    let different = [
        ("", "member = \"m\""),
        ("member = \"m\"", "member = \"n\""),
        ("when = { app = \"m\" }", "member = \"m\""),
        ("when = { env.A = \"m\" }", "when = { env.B = \"m\" }"),
    ];
    for (first, second) in different {
        Table::parse(
            Path::new("t"),
            &format!("{HEAD}{}{}", link(first), link(second)),
        )
        .unwrap();
    }
}

#[test]
fn what_is_allowed_is_read_as_it_is_written() {
    let text = "\u{feff}# ä\nformat = 0x1\ngeneration = 1_000\n\
        link = [{ from = \"/a b/ü\", to = \"/\", when = { env = { LANG = \"\" }, user = 1000 } }]\n\
        [member.\"erp 1\"]\napp = \"erp\"\n";
    let table = Table::parse(Path::new("t"), text).unwrap();
    assert_eq!(table.generation, 1000);
    assert_eq!(&text[table.generation_span()], "1_000");
    assert_eq!(table.members["erp 1"].app.as_deref(), Some("erp"));
    let link = &table.links[0];
    assert_eq!((link.from.as_str(), link.to.as_str()), ("/a b/ü", "/"));
    assert_eq!(link.criteria.to_string(), "user=1000 env.LANG=");
    assert_eq!(table.text(), text);
}
