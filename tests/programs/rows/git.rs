//! git: in a repository behind the link, and in one that the link lies in.

use crate::stage::{assert_same, same};

/// What every script begins with; commits get the same names in every run.
macro_rules! git {
    ($script:literal) => {
        same(concat!(
            "set -e; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b ",
            "GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000' GIT_CONFIG_NOSYSTEM=1; ",
            // An index holds inode numbers and times.
            "trap 'find {root} -name index -o -name ORIG_HEAD | xargs rm -f' EXIT; ",
            $script
        ))
    };
}

#[test]
fn git_cannot_tell() {
    let rows = [
        git!(
            "cd binaries/version; git init -qb main; git add .; git commit -qm first; git log --stat; git status -s; git rev-parse --show-toplevel HEAD"
        ),
        git!(
            "git init -qb main binaries/version; cd binaries/version; git add -A; git commit -qm first; echo more >> which; rm share/one; git status -s; git diff; git checkout -q .; git status -s; cat which"
        ),
        git!(
            "git -C {root}/binaries/version init -qb main; git -C {root}/binaries/version add which; git -C {root}/alias/version commit -qm first; git -C binaries/version2 log --format=%H"
        ),
        git!(
            "git init -qb main binaries/version; cd binaries/version/share; git add .; git commit -qm first; git mv one uno; git rm -q two; git commit -qm second; git checkout -q HEAD~; ls; git checkout -q main; ls; git stash list"
        ),
        git!(
            "git init -qb main binaries/version; cd binaries/version; git add which; git commit -qm first; git checkout -qb side; echo side > which; git commit -qam side; git checkout -q main; git merge -q side; git branch; cat which; git fsck"
        ),
        git!(
            "git init -q --bare binaries/version/repo.git; git clone -q {root}/binaries/version/repo.git work/clone 2>&1; cd work/clone; git config -l --local | grep url; echo text > new; git add new; git commit -qm first; git push -q origin HEAD:main; git -C {root}/binaries/version/repo.git log --format=%s main"
        ),
        git!("git init -qb main; git add binaries work; git ls-files -s binaries; git status -s"),
        git!(
            "git init -qb main; git add binaries/version; git ls-files -s; git add binaries/version/which || echo $?"
        ),
        git!(
            "git init -qb main binaries/version; cd binaries/version; printf '#!/bin/sh\\necho hook\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; git add which; git commit -qm first; git worktree add -q ../../work/tree 2>&1; cat ../../work/tree/which; git worktree list; git archive HEAD | tar t; git clean -ndx"
        ),
        git!(
            "cd work; git init -qb main; git add .; git commit -qm first; git --work-tree={root}/binaries/version --git-dir=.git status -s"
        ),
        git!(
            "git config -f binaries/version/config a.b c; git config -f {root}/binaries/version/config --get a.b; git hash-object binaries/version/which; git diff --no-index --stat binaries/version/ binaries/version1 || echo $?"
        ),
    ];
    assert_same(["/bin/bash", "-c"], &["/usr/bin/git"], &rows);
}
