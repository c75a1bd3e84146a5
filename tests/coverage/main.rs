//! Every path call that the installed libc has is hooked, or `docs/hooks.md` says why not.

mod baseline;
mod exports;

mod prototypes;

mod candidates;

mod page;

use std::collections::BTreeSet;

use candidates::{forms, is_candidate};
use page::Named;
use prototypes::Prototypes;
use psl_tests::shim;

/// Hooked symbols that take no name: one forgets what another hook keeps, one changes what all names mean.
const NAMELESS: [&str; 4] = ["fchdir", "sem_close", "setns", "unshare"];

/// What is known of a libc, and what is done about it.
struct Coverage {
    exported: BTreeSet<String>,
    prototypes: Prototypes,
    hooked: BTreeSet<String>,
    page: Vec<Named>,
}

impl Coverage {
    /// Of the libc and the headers of this machine.
    fn installed() -> Self {
        let libraries = exports::libc();
        assert!(!libraries.is_empty(), "this process is loaded with a libc");
        Self {
            exported: libraries
                .iter()
                .flat_map(|it| exports::functions(it))
                .collect(),
            prototypes: prototypes::installed(),
            hooked: exports::functions(shim::library()),
            page: page::read(),
        }
    }

    fn is_named(&self, symbol: &str) -> bool {
        self.page.iter().any(|named| named.pattern.matches(symbol))
    }

    /// Returns the candidates that are neither hooked nor on the page, by their prototypes.
    fn forgotten(&self) -> Vec<String> {
        let forgotten = self.exported.difference(&self.hooked).filter(|name| {
            let is_named = || self.is_named(name) || forms(name).iter().any(|it| self.is_named(it));
            is_candidate(name, &self.prototypes) && !is_named()
        });
        let display = |name: &String| match self.prototypes.get(name).and_then(BTreeSet::first) {
            Some(prototype) => prototype.display(name),
            None => format!("{name}: no prototype"),
        };
        forgotten.map(display).collect()
    }

    /// Returns what the page says and is not so.
    fn untrue(&self) -> Vec<String> {
        let mut untrue = Vec::new();
        for named in &self.page {
            let Named { pattern, line, .. } = named;
            for symbol in named.among(&self.hooked) {
                untrue.push(format!(
                    "docs/hooks.md:{line}: `{pattern}`: {symbol} is hooked"
                ));
            }
            if !named.is_rare && named.among(&self.exported).is_empty() {
                untrue.push(format!(
                    "docs/hooks.md:{line}: `{pattern}`: libc has no such function"
                ));
            }
        }
        untrue
    }
}

#[test]
fn every_path_call_of_libc_is_hooked_or_has_a_reason_and_every_reason_is_true() {
    let coverage = Coverage::installed();
    // Headers that cannot be read would make everything innocent.
    let hooked = coverage.hooked.intersection(&coverage.exported);
    let unseen: Vec<_> = hooked
        .filter(|name| !is_candidate(name, &coverage.prototypes))
        .filter(|name| !NAMELESS.contains(&name.as_str()))
        .collect();
    assert!(
        unseen.is_empty(),
        "hooked, but not found as path calls: {unseen:?}"
    );
    let forgotten = coverage.forgotten();
    assert!(
        forgotten.is_empty(),
        "{} functions of libc's may take names of files: give each a row in shim/src/hooks.rs, or a reason in \
         docs/hooks.md:\n{}",
        forgotten.len(),
        forgotten.join("\n")
    );
    let untrue = coverage.untrue();
    assert!(untrue.is_empty(), "{}", untrue.join("\n"));
}

/// A libc with these functions and prototypes, of which one is hooked, and a page of one table.
fn made_up(exported: &[&str], headers: &str, hooked: &str, rows: &str) -> Coverage {
    Coverage {
        exported: exported.iter().map(|it| (*it).to_owned()).collect(),
        prototypes: prototypes::parse(headers),
        hooked: [hooked.to_owned()].into(),
        page: page::parse(&format!("| symbols | why |\n|---|---|\n{rows}\n")),
    }
}

#[test]
fn a_path_call_that_nobody_thought_of_is_told_by_name() {
    let exported = [
        "open",
        "__open_2",
        "__fxopen",
        "fxstrcmp",
        "openat9",
        "mystery",
        "strcmp",
        "__strcmp_chk",
        "abs",
        "__abs",
    ];
    let headers =
        "extern int open (const char *__file, int __oflag, ...) __attribute__ ((__nonnull__ (1)));
        extern int openat9 (int __fd, const char *__path);
        extern int strcmp (const char *__s1, const char *__s2);
        extern int fxstrcmp (const char *);
        extern int fopen (const char *);
        extern int abs (int __x);";
    let coverage = made_up(&exported, headers, "open", "| `str*` | text |");
    assert_eq!(
        coverage.forgotten(),
        [
            "__fxopen: no prototype",
            "__open_2: no prototype",
            "int fxstrcmp(const char *)",
            "mystery: no prototype",
            "int openat9(int __fd, const char * __path)",
        ]
    );
}

#[test]
fn a_reason_for_what_is_hooked_or_is_not_there_is_told_by_its_line() {
    let rows = "| `open` | hooked |\n| `op*` | hooked, too |\n| `gone`, `abs` | `open` |\n\n### Not in every libc\n\n\
                | symbols | why |\n|---|---|\n| `rare`, `open` | |\n\n\
                | symbols | limit |\n|---|---|\n| `open` | |";
    let coverage = made_up(&["open", "abs"], "", "open", rows);
    assert_eq!(
        coverage.untrue(),
        [
            "docs/hooks.md:3: `open`: open is hooked",
            "docs/hooks.md:4: `op*`: open is hooked",
            "docs/hooks.md:5: `gone`: libc has no such function",
            "docs/hooks.md:11: `open`: open is hooked",
        ]
    );
}

#[test]
fn prototypes_are_read_as_c_writes_them() {
    let prototypes = prototypes::parse(
        r#"typedef int (*callback) (const char *);
        struct entry { char *name; int (*call) (void); };
        enum { ONE = 1 };
        extern char *text[2];
        __extension__ extern long long plain (void) __attribute__ ((__nothrow__ , __leaf__));
        extern int renamed (const char *__restrict __file, char __to[16]) __asm__ ("" "renamed64");
        extern int __attribute__ ((__pure__)) called (int (*__f) (const char *, int), struct entry *__e);
        extern __inline int body (char *__path) { if (*__path == '}') return 1; return *";{"; }
        extern int after (const unsigned char *, ...);"#,
    );
    let shown: Vec<_> = prototypes
        .iter()
        .flat_map(|(name, declared)| declared.iter().map(|it| it.display(name)))
        .collect();
    assert_eq!(
        shown,
        [
            "int after(const unsigned char *, ...)",
            "int body(char * __path)",
            "int called(int ( * __f ) ( const char * , int ), struct entry * __e)",
            "long long plain(void)",
            "int renamed(const char * __file, char __to [ 16 ])",
        ]
    );
}

#[test]
fn a_prototype_is_innocent_only_if_nothing_in_it_can_hold_a_name() {
    let rows = [
        ("int f(const char *__path);", true),
        ("int f(char const *__path);", true),
        ("int f(char __template[]);", true),
        ("int f(char *const *__argv);", true),
        ("char *f(void);", true),
        ("int f(int __fd, void *__entries);", true),
        ("int f(int __fd, ...);", true),
        ("int f(DIR *__stream);", true),
        ("int f(const struct sockaddr *__address);", true),
        ("int f(glob_t *__found);", true),
        ("int f();", true),
        ("int f(void); int f(const char *__path);", true),
        ("int f(char __letter);", false),
        ("int f(char __letter, int *__count);", false),
        ("int f(const unsigned char *__bytes);", false),
        ("int f(void *__memory);", false),
        ("int f(FILE *__stream);", false),
        ("int f(void);", false),
    ];
    for (prototype, expected) in rows {
        let is_candidate = is_candidate("f", &prototypes::parse(prototype));
        assert_eq!(is_candidate, expected, "{prototype}");
    }
}
