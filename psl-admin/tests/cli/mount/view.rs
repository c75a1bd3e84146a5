//! What an instance of the mount engine sees.
use super::{Site, USERS, User};

/// What is shown, the rows of the table, what is made beforehand, a script of the instance, and what it prints.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const ROWS: [Row; 9] = [
    (
        "a directory",
        "[[link]]\nfrom = '$T/old'\nto = '$T/new'\n",
        "",
        "cat old/which old/sub/../which new/which; test ! -e old/only-old",
        "newnewnew",
    ),
    (
        "a file",
        "[[link]]\nfrom = '$T/old/which'\nto = '$T/new/sub/which'\n",
        "",
        "cat old/which old/sub/which",
        "new subold sub",
    ),
    (
        "a place in the target of another link, by both spellings",
        "[[link]]\nfrom = '$T/old/empty'\nto = '$T/third'\n\
         [[link]]\nfrom = '$T/old'\nto = '$T/new'\n",
        "mkdir third; echo third > third/which",
        "cat old/empty/which new/empty/which old/which",
        "third\nthird\nnew",
    ),
    (
        "places three targets deep",
        "[[link]]\nfrom = '$T/old'\nto = '$T/new'\n\
         [[link]]\nfrom = '$T/new/empty'\nto = '$T/third'\n\
         [[link]]\nfrom = '$T/third/empty'\nto = '$T/old/sub'\n",
        "mkdir -p third/empty",
        "cat old/empty/empty/which new/empty/empty/which third/empty/which",
        "new subnew subnew sub",
    ),
    (
        "a chain of links",
        "[[link]]\nfrom = '$T/one'\nto = '$T/two'\n\
         [[link]]\nfrom = '$T/two'\nto = '$T/old'\n\
         [[link]]\nfrom = '$T/old'\nto = '$T/new'\n",
        "mkdir one two",
        "cat one/which two/which old/which",
        "newnewnew",
    ),
    (
        "a place that real symlinks lead to",
        "[[link]]\nfrom = '$T/alias/old'\nto = '$T/alias/new'\n",
        "ln -s hop alias; ln -s . hop",
        "cat alias/old/which old/which hop/hop/old/which",
        "newnewnew",
    ),
    (
        "two links to one target",
        "[[link]]\nfrom = '$T/old'\nto = '$T/new'\n\
         [[link]]\nfrom = '$T/other'\nto = '$T/new'\n",
        "mkdir other",
        "cat old/which other/which",
        "newnew",
    ),
    (
        "a target with symlinks that lead back",
        "[[link]]\nfrom = '$T/old'\nto = '$T/new'\n",
        "ln -s $T/old/sub new/absolute; ln -s ../old/sub new/relative",
        "cat old/absolute/which new/relative/which",
        "new subnew sub",
    ),
    (
        "a hidden directory, in the target of a link, too",
        "[[link]]\nfrom = '$T/old'\nto = '$T/new'\n\
         [[link]]\nfrom = '$T/x'\nto = '$T/new/sub'\nprivate = true\nmember = 'other'\n",
        "chmod 777 new/sub",
        "ls old/sub new/sub; cat new/sub/which 2>&1; echo x 2>&1 > new/sub/file",
        "new/sub:\n\nold/sub:\ncat: new/sub/which: No such file or directory\n\
         sh: 1: cannot create new/sub/file: Read-only file system\n",
    ),
];

#[test]
fn every_spelling_leads_to_the_members_version() {
    for (what, rows, before, script, printed) in ROWS {
        let site = Site::with(rows);
        let made = site.run(User::Root, &format!("cd $T; {before}"));
        assert_eq!(made.code, 0, "{what}: {made:?}");
        for user in USERS {
            let ran = site.run(
                user,
                &format!("cd $T; mounted sh -c '{script} || true' 2>&1"),
            );
            assert_eq!(ran.stdout, printed, "{what}, {user:?}");
        }
    }
}

#[test]
fn what_is_mounted_in_a_target_is_there_at_the_place() {
    let site = Site::new();
    for user in ["", "setpriv --reuid 65534 --regid 65534 --clear-groups"] {
        let ran = site.run(
            User::Root,
            &format!(
                "exec unshare --mount sh -ec '
                    mount -t tmpfs tmpfs $T/new/empty; echo in a mount > $T/new/empty/file
                    {user} $T/psl-admin run --member m --engine mount -- cat $T/old/empty/file'"
            ),
        );
        assert_eq!(ran.stdout, "in a mount\n", "{ran:?}");
    }
}

#[test]
fn a_static_program_has_the_links() {
    let site = Site::new();
    site.compile("show", &["-static"]);
    for (version, script) in [("old", "cp show old/show"), ("new", "cp show new/show")] {
        let made = site.run(User::Root, &format!("cd $T; {script}"));
        assert_eq!(made.code, 0, "{version}: {made:?}");
    }
    for user in USERS {
        let ran = site.run(
            user,
            "mounted $T/old/show $T/old/which $T/old/only-old/file",
        );
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (7, "$T/old/show: new No such file or directory\n", ""),
            "{user:?}"
        );
    }
}

#[test]
fn a_hidden_file_can_neither_be_read_nor_written() {
    let site = Site::with(
        "[[link]]\nfrom = '$T/x'\nto = '$T/new/which'\nprivate = true\nmember = 'other'\n",
    );
    let listed = site.prints("mounted stat -c %a:%s $T/new/which; cat $T/new/which");
    assert_eq!(listed, "0:0\nnew");
    let cat = "mounted sh -c 'cat $T/new/which; echo x > $T/new/which' 2>&1; true";
    let root = site.run(User::Root, cat).stdout;
    assert!(root.ends_with("Read-only file system\n"), "{root}");
    let nobody = site.run(User::Nobody, cat).stdout;
    assert!(
        nobody.starts_with("cat: $T/new/which: Permission denied\n"),
        "{nobody}"
    );
}

#[test]
fn what_a_user_cannot_reach_needs_no_hiding() {
    let site = Site::with(
        "[[link]]\nfrom = '$T/x'\nto = '$T/new/sub/which'\nprivate = true\nmember = 'other'\n",
    );
    site.bench.chmod("new/sub", 0o700);
    assert_eq!(site.prints("mounted cat $T/old/which"), "old");
    let ran = site.run(User::Root, "mounted stat -c %s $T/new/sub/which");
    assert_eq!(ran.stdout, "0\n");
}

#[test]
fn a_file_beside_the_root_is_hidden_in_a_mount_point_of_its_own_root() {
    let site =
        Site::with("[[link]]\nfrom = '/x'\nto = '/secret'\nprivate = true\nmember = 'other'\n");
    site.bench.mkdir("root");
    let ran = site.run(
        User::Root,
        "exec unshare --mount sh -ec '
            cd $T/root; mount -t tmpfs tmpfs $T/root; cd $T/root; echo secret > secret
            for dir in usr bin sbin lib lib64 proc tmp; do
                if test -L /$dir; then cp -P /$dir $dir; elif test -d /$dir; then mkdir $dir; mount --rbind /$dir $dir; fi
            done
            exec chroot . $T/psl-admin run --member m --engine mount -- sh -c \"stat -c %a:%s /secret; ls /; ls /..\"'",
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "0:0");
    let (root, above) = lines[1..].split_at((lines.len() - 1) / 2);
    assert!(root == above && root.contains(&"proc"), "{lines:?}");
}

#[test]
fn the_program_is_looked_up_along_the_path_as_the_member_sees_it() {
    let site = Site::with(
        "[[link]]\nfrom = '$T/old'\nto = '$T/new'\nwhen = { exe = '*/only-new/tool' }\nmember = 'm'\n",
    );
    let tool = |dir: &str| {
        let name = format!("{dir}/tool");
        site.bench.write(
            &name,
            "echo $0; cat $T/old/which\n".replace("$T", &site.bench.filled("$T")),
        );
        site.bench.chmod(&name, 0o755);
    };
    tool("new/only-new");
    // With PATH=$T/old/only-new:..., the first program is there through the link that its own path brings about.
    let path = "PATH=$T/old/only-new:$T/old/empty:$PATH";
    assert_eq!(
        site.prints(&format!("{path}; mounted tool")),
        "$T/old/only-new/tool\nnew"
    );
    tool("old/empty");
    site.bench.write("old/only-new/tool", "");
    for (directories, printed) in [
        // It is there, and may not be executed.
        ("$T/new/sub:$T/old/empty", "$T/old/empty/tool\nold"),
        ("$T/gone:$T/new/only-new", "$T/new/only-new/tool\nnew"),
    ] {
        site.bench.write("new/sub/tool", "");
        assert_eq!(
            site.prints(&format!("PATH={directories}:$PATH; mounted tool")),
            printed,
            "{directories}"
        );
    }
}
