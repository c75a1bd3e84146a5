//! Calls whose name libc keeps, or makes up of what it is given, and opens by itself.

use libc::{O_CREAT, O_EXCL, O_RDWR};

use super::row::Given::{Int, Path, Stream, Text};
use super::row::{Row, int, rows};

/// The rows. Names of shared memory are no paths: those rows show that the others are not in their way.
pub fn rows() -> Vec<Row> {
    let (shared, missing) = (Text("/psl-probe"), Text("/psl-probe-missing"));
    let creates = int(O_RDWR | O_CREAT | O_EXCL);
    let mode = Int(0o600);
    rows! {
        bindtextdomain (Text("probe"), Path) "kept";
        utmpname | utmpxname (Path) "users";
        system (Text("cat shared/version/which shared/dangling; readlink shared/version; exit 3")) "program";
        system (Text("kill -TERM $$")) "program";
        system (Int(0)) "program";
        popen (Text("cat shared/version/which; echo \"$0 it's\" shared/*; exit 3"), Text("r")) "piped";
        _IO_popen (Text("cat shared/version/which; echo \"$0 it's\"; exit 3"), Text("r")) "piped";
        popen (Text("exit"), Text("what")) "piped";
        // It wants a stream that is not open yet.
        _IO_proc_open (Stream, Text("exit 1"), Text("r")) "refused";
        shm_open (missing, int(O_RDWR), mode) "number";
        shm_open (shared, creates, mode) "shared" .also(&["shm_unlink"]);
        shm_unlink (missing) "number";
        sem_open (missing, Int(0), mode, Int(1)) "long";
        sem_unlink (missing) "number";
        sem_close (Int(0)) "number";
    }
}
