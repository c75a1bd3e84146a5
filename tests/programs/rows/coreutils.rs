//! coreutils: at the link, through it, and around it.

use crate::stage::{assert_same, fails_otherwise, refused, same};

const PROGRAMS: &[&str] = &["/usr/bin/install"];

#[test]
fn reading_programs_cannot_tell() {
    let rows = [
        same("ls binaries; ls binaries/version; ls -R {root}/binaries/version/"),
        same("ls -l --time-style=+ {root}/binaries/version"),
        same("ls -l --time-style=+ {root}/binaries/version/ | sed 1d"),
        same("ls -dFH binaries/version; ls -dFL binaries/version; ls -F binaries; ls -p alias/"),
        same("cd binaries/version2; ls -lRL --time-style=+ relative"),
        same("stat -c '%A %h %s %N %F %u:%g' binaries/version"),
        same("stat -c '%A %s %N %F' binaries/version/ binaries/version/which"),
        same("stat -L -c '%A %N %F' binaries/version {root}/alias/version/share"),
        same(
            "test $(stat -Lc %i binaries/version) = $(stat -c %i binaries/version2) && echo the same",
        ),
        same(
            "test $(stat -c %d:%i binaries/version) != $(stat -c %d:%i binaries/version2) && echo another",
        ),
        same(
            "test $(ls -di binaries/version | cut -d' ' -f1) = $(stat -c %i binaries/version) && echo the same",
        ),
        same("test \"$(ls -i binaries)\" = \"$(cd binaries; ls -di *)\" && echo the same"),
        same(
            "readlink binaries/version; readlink binaries/version/; echo $?; readlink binaries/version/back",
        ),
        same(
            "readlink -f binaries/version/back/relative/deep/three; readlink -e binaries/version/none; echo $?",
        ),
        same("readlink -m binaries/version/none/more; readlink -f alias/version/.."),
        same(
            "realpath binaries/version; realpath -s binaries/version/back; realpath binaries/version/back/..",
        ),
        same("realpath --relative-to=binaries/version work; realpath -L binaries/version/.."),
        same(
            "cat binaries/version/which {root}/alias/version/share/two binaries/version/back/../version/which",
        ),
        same("cat binaries/version; echo $?; cat binaries/version/which/none; echo $?"),
        same("head -n1 binaries/version/share/two; tail -n1 binaries/version/share/deep/three"),
        same("sort -r binaries/version/share/* | uniq -c; wc -l binaries/version/share/two"),
        same("sort binaries/version/which -o binaries/version/share/sorted"),
        same("md5sum binaries/version/which > work/sums; md5sum -c work/sums"),
        same("sha256sum {root}/binaries/version/share/t* binaries/version/relative/one"),
        same(
            "cut -c1-3 binaries/version/which; tr a-z A-Z < binaries/version/which; nl binaries/version/share/two",
        ),
        same(
            "comm binaries/version/which binaries/version1/which; join binaries/version/share/one binaries/version2/share/one",
        ),
        same(
            "paste binaries/version/share/one binaries/version/share/two; tac binaries/version/share/two; od -c binaries/version/which",
        ),
        same(
            "du -a binaries/version | cut -f2 | sort; du -s binaries/version | cut -f2; du -aD --apparent-size binaries/version/share | cut -f2 | sort",
        ),
        same("du -aL binaries/version2/relative | cut -f2 | sort"),
        same(
            "test \"$(df --output=target binaries/version)\" = \"$(df --output=target binaries)\" && echo the same",
        ),
        same(
            "dir binaries; vdir --time-style=+ -d binaries/version; basename binaries/version; dirname binaries/version",
        ),
        same("pathchk binaries/version/which && cksum binaries/version/which && factor 4"),
        same(
            "env -C binaries/version pwd; env -i {root}/binaries/version/bin/script a; nice {root}/binaries/version/bin/tool b",
        ),
        same(
            "timeout 30 binaries/version/bin/tool a; nohup binaries/version/bin/tool b < /dev/null | cat",
        ),
    ];
    assert_same(["/bin/bash", "-c"], PROGRAMS, &rows);
}

#[test]
fn file_cannot_tell() {
    // On some systems it has a seccomp filter, which its option -S takes away.
    let rows = [
        same(
            "file binaries/version binaries/version/ binaries/version/which {root}/alias/version/bin/tool",
        ),
        same("file -L binaries/version binaries/version2/back; file -h binaries/version2/relative"),
        same("cd binaries && file -b --mime version version/which version/none"),
        same("file -f - <<< binaries/version/bin/script"),
    ];
    assert_same(["/bin/bash", "-c"], &["/usr/bin/file"], &rows);
}

#[test]
fn writing_programs_cannot_tell() {
    let rows = [
        same(
            "cp binaries/version/which work/copy; cp work/file {root}/binaries/version/share; cp work/file binaries/version",
        ),
        same("cp -a binaries/version/share work/copied; cp -r work/dir binaries/version/share"),
        same(
            "cp -a binaries/version/ work/copied; cp -aL binaries/version/share {root}/alias/version/again",
        ),
        same("cp -P binaries/version work/link; readlink work/link"),
        same(
            "cp -a binaries/version work/link; readlink work/link; cp -rH binaries/version/share work/followed",
        ),
        same(
            "cp -s {root}/binaries/version/which work/symlink; cat work/symlink; cp -l binaries/version/which binaries/version/hard",
        ),
        same("cp -T work/file binaries/version; echo $?; cp -n work/file binaries/version/which"),
        same(
            "cp --parents binaries/version/share/one work; cp -u work/file binaries/version2/back/share/one",
        ),
        same(
            "mv work/file binaries/version/share/moved; mv binaries/version/share/one work; mv work/dir {root}/binaries/version",
        ),
        same(
            "mv binaries/version/share binaries/version/renamed; mv -n work/file binaries/version/which",
        ),
        same("cd binaries/version; mv which ../../work; mv ../../work/file ."),
        same(
            "rm binaries/version/which; rm -r {root}/binaries/version/share; rm -f binaries/version/none",
        ),
        fails_otherwise(
            "rm -r binaries/version/",
            "rm: cannot remove 'binaries/version/': Device or resource busy\nexit status: 1",
        ),
        same("rm -rf binaries/version/share/* alias/version/bin"),
        same("cd binaries/version/share && rm -r ../bin ../../version/lib"),
        same("rmdir binaries/version/share; echo $?; rmdir work/dir/inner; echo $?"),
        same(
            "mkdir binaries/version; echo $?; mkdir -p binaries/version; echo $?; mkdir -p binaries/version/a/b/c",
        ),
        same("mkdir {root}/alias/version/made; mkdir -m 700 binaries/version/back/made/inner"),
        same(
            "mkfifo binaries/version; echo $?; mkfifo binaries/version/fifo; test -p binaries/version2/fifo && echo made",
        ),
        same(
            "touch binaries/version/new; touch -d @1000 {root}/binaries/version/which; touch -c binaries/version/none; touch -r binaries/version/which work/file",
        ),
        same(
            "touch -d @2000 binaries/version; stat -Lc %Y binaries/version; stat -c %Y binaries/version2",
        ),
        same(
            "ln -s binaries/version/which work/link; ln -s which binaries/version/link; ln binaries/version/which work/hard",
        ),
        same(
            "ln -s target binaries/version; readlink binaries/version2/target; ln -sr binaries/version/which work/relative; readlink work/relative",
        ),
        same("ln -s target -T binaries/version; echo $?; ln -sn target binaries/version; echo $?"),
        same(
            "install -D -m 600 work/file binaries/version/new/dir/file; install -d binaries/version/made; install work/file binaries/version",
        ),
        same(
            "install -t binaries/version/bin -m 755 work/file; binaries/version/bin/file; echo $?",
        ),
        same(
            "chmod 600 binaries/version/which; chmod 700 binaries/version; chmod -R go-r binaries/version/share; stat -c %a binaries/version2",
        ),
        same(
            "chmod -R u+x binaries/version; echo $?; chmod --reference=binaries/version/bin/tool binaries/version/which",
        ),
        same(
            "chown -h --from=4711 4711 work/file; chown $(id -u) binaries/version/which && chgrp $(id -g) binaries/version",
        ),
        same(
            "truncate -s 3 binaries/version/which; cat binaries/version2/which; truncate -s 0 {root}/alias/version/share/one",
        ),
        same(
            "dd if=binaries/version/which of={root}/binaries/version/share/copied status=none; cat binaries/version2/share/copied",
        ),
        same(
            "echo text | tee binaries/version/share/tee; echo more | tee -a binaries/version/which; tee binaries/version < /dev/null; echo $?",
        ),
        same(
            "split -n 2 binaries/version/share/two binaries/version/share/part-; csplit -sf binaries/version/cut- binaries/version/share/two 2",
        ),
        same(
            "rm $(mktemp -p binaries/version) && rmdir $(mktemp -d {root}/binaries/version/share/XXXXXX) && echo made and removed",
        ),
        same(
            "shred -u binaries/version/share/one; echo $?; unlink binaries/version/which; link binaries/version/share/two work/linked",
        ),
        same("sync binaries/version/which; echo $?"),
    ];
    assert_same(["/bin/bash", "-c"], PROGRAMS, &rows);
}

#[test]
fn programs_that_would_change_the_link_are_refused() {
    let rows = [
        refused(
            "rm -rf binaries/version",
            "rm: cannot remove 'binaries/version': Device or resource busy\nexit status: 1",
        ),
        refused(
            "unlink {root}/binaries/version",
            "unlink: cannot unlink '{root}/binaries/version': Device or resource busy\nexit status: 1",
        ),
        refused(
            "mv binaries/version work/",
            "mv: cannot move 'binaries/version' to 'work/version': Device or resource busy\nexit status: 1",
        ),
        refused(
            "mv -T work/file binaries/version",
            "mv: cannot move 'work/file' to 'binaries/version': Device or resource busy\nexit status: 1",
        ),
        refused(
            "ln -sfn elsewhere binaries/version",
            "ln: failed to create symbolic link 'binaries/version': Device or resource busy\nexit status: 1",
        ),
        refused(
            "touch -h -d @1000 binaries/version",
            "touch: setting times of 'binaries/version': Operation not permitted\nexit status: 1",
        ),
        refused(
            "chown -h $(id -u) binaries/version",
            "chown: changing ownership of 'binaries/version': Operation not permitted\nexit status: 1",
        ),
        refused(
            "cp --remove-destination -T work/file binaries/version",
            "cp: cannot remove 'binaries/version': Device or resource busy\nexit status: 1",
        ),
    ];
    assert_same(["/bin/bash", "-c"], PROGRAMS, &rows);
}
