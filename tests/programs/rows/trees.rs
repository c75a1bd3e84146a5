//! tar and find: trees around, at and behind the link.

use crate::stage::{assert_same, refused, same};

const BASH: [&str; 2] = ["/bin/bash", "-c"];

#[test]
fn tar_cannot_tell() {
    let rows = [
        same(
            "tar cf work/a.tar binaries/version; tar tvf work/a.tar | sed -E 's, [0-9-]{10} [0-9:]+ , ,'; rm work/a.tar",
        ),
        same("tar cf - binaries/version/ | tar t | sort"),
        same(
            "tar chf - binaries/version/share | tar t | sort; tar cf - -C binaries/version share | tar t | sort",
        ),
        same("tar cf - --exclude=version1 binaries | tar t | sort"),
        same("tar cf - -C {root}/alias/version . | tar xf - -C work; ls -R work"),
        same(
            "tar cf work/a.tar -C work file dir; tar xf work/a.tar -C binaries/version; tar xf work/a.tar -C {root}/binaries/version/share --one-top-level; rm work/a.tar",
        ),
        same(
            "cd binaries/version; tar czf ../../work/a.tgz share; rm -r share; tar xzf ../../work/a.tgz; ls share; rm ../../work/a.tgz",
        ),
        same(
            "tar cf binaries/version/a.tar which work 2>&1; tar tf binaries/version2/a.tar; rm binaries/version/a.tar",
        ),
        same(
            "mkdir -p new/binaries/version; echo new > new/binaries/version/which; tar cf a.tar -C new binaries; tar xf a.tar --keep-directory-symlink; cat binaries/version2/which; rm a.tar",
        ),
        same(
            "tar cf a.tar binaries/version/which; rm binaries/version/which; tar xf a.tar; cat binaries/version2/which; tar df a.tar; rm a.tar",
        ),
        same("tar cf - binaries/version | tar xf - -C work; readlink work/binaries/version"),
    ];
    assert_same(BASH, &["/bin/tar"], &rows);
}

#[test]
fn tar_does_not_replace_the_link() {
    let rows = [refused(
        "mkdir -p ../new/binaries; echo new > ../new/binaries/version; tar cf ../a.tar -C ../new binaries; tar xf ../a.tar",
        "tar: binaries/version: Cannot open: File exists\ntar: Exiting with failure status due to previous errors\nexit status: 2",
    )];
    assert_same(BASH, &["/bin/tar"], &rows);
}

#[test]
fn find_cannot_tell() {
    let rows = [
        same(
            "find binaries | sort; find binaries/version; find binaries/version/ | sort; find -H binaries/version | sort",
        ),
        same("find -L binaries/version2/relative {root}/binaries/version/share | sort"),
        same(
            "find -L binaries -name which 2>&1 | sort; find -L binaries -samefile binaries/version2/which 2> /dev/null | sort",
        ),
        same(
            "find . -type l -printf '%p %l %y %Y %m %s %n\\n' | sort; find binaries -maxdepth 1 -type d | sort; find -L . -type l 2>&1 | sort",
        ),
        same(
            "find binaries -lname '*version2' -printf '%p\\n'; find binaries -ilname '*VERSION2'; find . -xtype d -type l | sort",
        ),
        same(
            "find binaries/version/bin -type f -exec {} a ';' | sort; find binaries/version/bin -name tool -execdir {} b ';'",
        ),
        same(
            "find {root}/binaries/version/share -type f -newer work/none 2>&1; find binaries/version/share -type f -print0 | sort -z | xargs -0 cat",
        ),
        same(
            "find binaries/version/share -name one -delete; find binaries/version/lib -depth -delete; find binaries/version2 | sort",
        ),
        same(
            "find binaries -inum $(stat -c %i binaries/version) | sort; find binaries -empty; find binaries/version/ -perm -u+x -type f | sort",
        ),
        same(
            "find -L binaries/version2 -maxdepth 2 2>&1 | sort; find -P binaries/version -type l; find binaries/version/. -maxdepth 1 | sort",
        ),
        same(
            "find binaries -mount -name 'v*' -ls | sed -E 's/^ *[0-9]+ +[0-9]+ //; s/[A-Z][a-z]+ +[0-9]+ +[0-9:]+ //; s/ +[0-9]+ / /g' | sort",
        ),
        same(
            "cd binaries/version2; find -L . -path '*deep*' 2>&1 | sort; find ../version -follow -maxdepth 1 2>&1 | sort",
        ),
    ];
    assert_same(BASH, &["/usr/bin/find"], &rows);
}
