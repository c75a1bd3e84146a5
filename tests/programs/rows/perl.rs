//! perl: its own operators, File::Find, File::Copy, Cwd, use.

use crate::stage::{assert_same, refused, same};

#[test]
fn perl_cannot_tell() {
    let rows = [
        same(
            "open my $f, '<', 'binaries/version/which' or die $!; print <$f>; print join ' ', map { -l $_ ? 'link' : -d _ ? 'dir' : 'file' } 'binaries/version', '{root}/alias/version/which', 'binaries/version2'",
        ),
        same(
            "print readlink('binaries/version'), \"\\n\"; my @s = lstat 'binaries/version'; printf '%o %d %d', $s[2], $s[3], $s[7]",
        ),
        same(
            "opendir my $d, 'binaries' or die $!; print join ' ', sort readdir $d; rewinddir $d; print scalar(() = readdir $d)",
        ),
        same(
            "opendir my $d, '{root}/binaries/version' or die $!; print join ' ', sort grep !/^\\./, readdir $d",
        ),
        same(
            "print join \"\\n\", sort glob('binaries/version/share/*'), sort <{root}/binaries/v*/which>",
        ),
        same(
            "chdir 'binaries/version/share' or die $!; use Cwd; print getcwd, ' ', Cwd::abs_path('..'), ' ', Cwd::realpath('{root}/binaries/version/back')",
        ),
        same(
            "use File::Find; my @f; find({ no_chdir => 1, follow => 0, wanted => sub { push @f, $_ } }, 'binaries/version/'); print join \"\\n\", sort @f",
        ),
        same(
            "use File::Find; my @f; find(sub { push @f, $File::Find::name }, 'binaries'); print join \"\\n\", sort @f",
        ),
        same(
            "use File::Copy; copy('binaries/version/which', 'work/copy') or die $!; move('work/file', 'binaries/version/moved') or die $!",
        ),
        same(
            "use File::Path qw(make_path remove_tree); make_path('binaries/version/a/b'); remove_tree('binaries/version/share'); print -e 'binaries/version2/share' ? 'there' : 'gone'",
        ),
        same(
            "use File::Temp; my $f = File::Temp->new(DIR => 'binaries/version'); print scalar(() = glob 'binaries/version2/*')",
        ),
        same(
            "use lib '{root}/binaries/version/lib'; require Package; print Package::name(), $INC{'Package.pm'}",
        ),
        same("print do './binaries/version/lib/Package.pm'; print $!"),
        same(
            "print `binaries/version/bin/script a`, $? >> 8; system '{root}/binaries/version/bin/tool', 'b'; system 'cat binaries/version/which; true'",
        ),
        same(
            "$ENV{PATH} = \"{root}/binaries/version/bin:$ENV{PATH}\"; %ENV = (PATH => $ENV{PATH}); system 'tool', 'a'; exec 'script', 'b'",
        ),
        same(
            "open my $p, '-|', 'binaries/version/bin/tool', 'a' or die $!; print <$p>; close $p; print $?",
        ),
        same("if (!fork) { exec { 'binaries/version/bin/script' } 'name', 'a' } wait; print $?"),
        same(
            "print rename('binaries/version/which', 'work/which') + mkdir('binaries/version/new') + symlink('a', 'binaries/version/sym') + unlink('binaries/version/share/one') + chmod(0600, 'binaries/version/share/two') + utime(1, 2, 'binaries/version/share/two')",
        ),
        same(
            "print mkdir('binaries/version') ? 'made' : $!, ' ', symlink('a', 'binaries/version') ? 'made' : $!",
        ),
        same("sysopen my $f, 'binaries/version', 0400000 and print 'open'; print $!"),
        same(
            "print -e 'binaries/version/none' ? 1 : $!, (stat 'binaries/version/which/none') ? 1 : $!",
        ),
        refused(
            "for my $done (unlink('binaries/version'), rmdir('binaries/version'), rename('work/file', 'binaries/version')) { print $done ? 'done' : 'not' } print \" $!\\n\"",
            "notnotnot Device or resource busy\nexit status: 0",
        ),
    ];
    assert_same(["/usr/bin/perl", "-e"], &[], &rows);
}
