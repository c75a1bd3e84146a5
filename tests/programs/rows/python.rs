//! python3: os, pathlib, shutil, glob, tempfile, subprocess, import.

use crate::stage::{Interpreter, assert_same, refused, same};

const PYTHON: Interpreter = ["/usr/bin/python3", "-c"];

#[test]
fn modules_that_look_at_files_cannot_tell() {
    let rows = [
        same("import os; print(sorted(os.listdir('binaries')), sorted(os.listdir('{root}/binaries/version')))"),
        same(
            "import os
for entry in sorted(os.scandir('binaries'), key=lambda entry: entry.name):
    print(entry.name, entry.is_symlink(), entry.is_dir(), entry.is_dir(follow_symlinks=False), entry.inode() == os.lstat(entry.path).st_ino)",
        ),
        same("import os; print(os.path.islink('binaries/version'), os.path.isdir('binaries/version'), os.path.lexists('alias/version'))"),
        same("import os; print(os.readlink('binaries/version'), os.path.realpath('binaries/version/back/relative'))"),
        same("import os; s = os.lstat('binaries/version'); print(oct(s.st_mode), s.st_size, s.st_nlink)"),
        same("import os; print(os.path.samefile('binaries/version', 'binaries/version2'), os.access('binaries/version/bin/tool', os.X_OK))"),
        same("import os; os.chdir('binaries/version'); print(os.getcwd(), os.path.exists('../version/which'))"),
        same("import os; d = os.open('binaries', os.O_PATH); print(os.stat('version/which', dir_fd=d).st_size, os.readlink('version', dir_fd=d))"),
        same("import os; d = os.open('binaries/version', os.O_RDONLY); print(sorted(os.listdir(d)), os.path.basename(os.readlink(f'/proc/self/fd/{d}')))"),
        same(
            "import os
for flags in (os.O_NOFOLLOW, os.O_NOFOLLOW | os.O_DIRECTORY, os.O_CREAT | os.O_EXCL):
    try:
        os.open('binaries/version', flags)
    except OSError as error:
        print(error)",
        ),
        same("import os; print(sorted((sorted(d), sorted(f)) for _, d, f in os.walk('binaries/version')))"),
        same("import os; print(sorted((r, sorted(d)) for r, d, _ in os.walk('binaries')))"),
        same("import os; print(sorted((r, sorted(f)) for r, _, f, _ in os.fwalk('binaries/version2/relative', follow_symlinks=True)))"),
        same("from pathlib import Path; p = Path('binaries/version'); print(p.is_symlink(), p.readlink(), p.resolve(), p.lstat().st_size)"),
        same("from pathlib import Path; print(sorted(Path('binaries/version').rglob('t*')), sorted(Path('binaries').iterdir()))"),
        same("from pathlib import Path; print(Path('{root}/binaries/version/which').read_text(), Path('binaries/version/share').owner() != '')"),
        same("import glob; print(sorted(glob.glob('binaries/v*/share/*')), sorted(glob.glob('{root}/binaries/version/**', recursive=True)))"),
        same("import filecmp; c = filecmp.dircmp('binaries/version', 'binaries/version1'); print(c.diff_files, c.common_dirs)"),
        same("import fnmatch, linecache, mimetypes; print(linecache.getline('binaries/version/share/two', 2))"),
        same("import os; print(os.statvfs('binaries/version').f_bsize == os.statvfs('binaries').f_bsize, os.pathconf('binaries/version', 'PC_NAME_MAX'))"),
        same("import os; os.closerange(3, 65536); print(open('binaries/version/which').read(), os.listdir('binaries/version/share/deep'))"),
        same(
            "import os, subprocess
os.environ.clear()
print(os.system('cat binaries/version/which'), os.popen('binaries/version/bin/tool a').read())
print(subprocess.run(['binaries/version/bin/script'], env={}, close_fds=True, capture_output=True))
os.execve('binaries/version/bin/tool', ['tool', 'b'], {})",
        ),
        same("import mmap; f = open('binaries/version/which', 'r+b'); m = mmap.mmap(f.fileno(), 0); m[0:1] = b'V'; m.flush(); print(m[:])"),
    ];
    assert_same(PYTHON, &[], &rows);
}

#[test]
fn modules_that_change_files_cannot_tell() {
    let rows = [
        same(
            "open('binaries/version/share/new', 'w').write('text'); open('binaries/version/which', 'a').write('more')",
        ),
        same(
            "import os; os.rename('work/file', 'binaries/version/moved'); os.replace('binaries/version/which', 'work/which')",
        ),
        same(
            "import os; os.makedirs('binaries/version/a/b'); os.removedirs('binaries/version/a/b'); os.mkdir('{root}/binaries/version/c')",
        ),
        same(
            "import os; os.symlink('which', 'binaries/version/link'); os.link('binaries/version/which', 'work/hard'); os.unlink('binaries/version/share/one')",
        ),
        same(
            "import os; os.chmod('binaries/version/which', 0o600); os.utime('binaries/version/which', (1000, 2000)); os.truncate('binaries/version/share/two', 1)",
        ),
        same(
            "import os\ntry:\n    os.mkdir('binaries/version')\nexcept FileExistsError as error:\n    print(error)",
        ),
        same(
            "import shutil; shutil.copytree('binaries/version', 'work/copy', symlinks=True); shutil.copy2('work/file', 'binaries/version')",
        ),
        same(
            "import shutil; shutil.rmtree('binaries/version/share'); shutil.move('work/dir', 'binaries/version'); print(shutil.disk_usage('binaries/version').total > 0)",
        ),
        same(
            "import shutil\ntry:\n    shutil.rmtree('binaries/version')\nexcept OSError as error:\n    print(error)",
        ),
        same(
            "import shutil; print(shutil.which('tool', path='binaries/version/bin')); shutil.make_archive('work/all', 'tar', 'binaries/version', 'share'); shutil.unpack_archive('work/all.tar', 'binaries/version/lib'); import os; os.remove('work/all.tar')",
        ),
        same(
            "import tempfile\nwith tempfile.NamedTemporaryFile(dir='binaries/version') as f, tempfile.TemporaryDirectory(dir='{root}/binaries/version/share') as d:\n    print(f.name.startswith('{root}/binaries/version/'), len(__import__('os').listdir('binaries/version2')))",
        ),
        same(
            "import sqlite3; c = sqlite3.connect('binaries/version/share/db'); c.execute('create table t (n)'); c.commit(); print(c.execute('select count(*) from t').fetchall()); c.close(); import os; os.remove('binaries/version2/share/db')",
        ),
        same(
            "import zipfile\nwith zipfile.ZipFile('binaries/version/share/zip', 'w') as z:\n    z.write('binaries/version/which')\nprint(zipfile.ZipFile('binaries/version2/share/zip').namelist())",
        ),
    ];
    assert_same(PYTHON, &[], &rows);
}

#[test]
fn modules_that_start_programs_and_load_code_cannot_tell() {
    let rows = [
        same(
            "import subprocess; print(subprocess.run(['binaries/version/bin/script', 'a'], capture_output=True, text=True))",
        ),
        same(
            "import subprocess; print(subprocess.check_output(['./tool', 'a'], cwd='binaries/version/bin', env={}, text=True))",
        ),
        same(
            "import subprocess; print(subprocess.check_output('cat which; ls ..', shell=True, cwd='{root}/binaries/version', text=True))",
        ),
        same(
            "import subprocess; print(subprocess.check_output(['script', 'a'], env={'PATH': '{root}/binaries/version/bin:/bin'}, text=True))",
        ),
        same(
            "import subprocess\ntry:\n    subprocess.run(['binaries/version/bin/none'])\nexcept OSError as error:\n    print(error)",
        ),
        same(
            "import subprocess; print(subprocess.check_output(['cat'], stdin=open('binaries/version/which'), close_fds=True, start_new_session=True))",
        ),
        same("import os; os.execv('binaries/version/bin/script', ['name', 'a'])"),
        same(
            "import os; os.chdir('work'); os.execvpe('tool', ['name', 'a'], {'PATH': '../binaries/version/bin:/bin'})",
        ),
        same(
            "import os\nif os.fork() == 0:\n    os.execl('{root}/binaries/version/bin/tool', 'tool', 'a')\nprint(os.wait()[1])",
        ),
        same(
            "import os, sys; sys.stdout.flush(); print(os.spawnl(os.P_WAIT, 'binaries/version/bin/tool', 'tool', 'a'))",
        ),
        same(
            "import sys; sys.path.insert(0, '{root}/binaries/version/lib'); import package; print(package.name, package.__file__)",
        ),
        same(
            "import sys; sys.path.insert(0, 'binaries/version/lib'); from package import inner; print(inner.__cached__)",
        ),
        same(
            "import runpy; print(runpy.run_path('binaries/version/lib/package/inner.py')['name'])",
        ),
        same("import compileall; print(compileall.compile_dir('binaries/version/lib', quiet=1))"),
        same(
            "from multiprocessing import Pool\nprint(Pool(2).map(open, []), [open('binaries/version/which').read() for _ in range(2)])",
        ),
        same(
            "from concurrent.futures import ThreadPoolExecutor as E\nprint(set(E(8).map(lambda _: open('{root}/alias/version/which').read(), range(200))))",
        ),
    ];
    assert_same(PYTHON, &[], &rows);
}

#[test]
fn what_would_change_the_link_is_refused() {
    let script = "import os
for change in (lambda: os.unlink('binaries/version'), lambda: os.rmdir('binaries/version'), lambda: os.rename('binaries/version', 'work/v'), lambda: os.replace('work/file', 'binaries/version')):
    try:
        change()
    except OSError as error:
        print(error)";
    let says = "[Errno 16] Device or resource busy: 'binaries/version'
[Errno 16] Device or resource busy: 'binaries/version'
[Errno 16] Device or resource busy: 'binaries/version' -> 'work/v'
[Errno 16] Device or resource busy: 'work/file' -> 'binaries/version'
exit status: 0";
    assert_same(PYTHON, &[], &[refused(script, says)]);
}
