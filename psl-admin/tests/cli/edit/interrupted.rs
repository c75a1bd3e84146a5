//! Edits that do not come to their end.
use super::{bench, edit, editor, kept};
use crate::bench::Bench;
use crate::terminal::{PATIENCE, Terminal};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Types something, tells its pid, and waits to be told to go on.
const WAITING: &str = "echo '# typed' >> \"$1\"; echo $$ > $T/at; read go < $T/go; exit 0";

/// Starts an edit, and returns when the editor has the text; with the editor's pid.
fn begun(bench: &Bench) -> (Child, i32) {
    for fifo in ["at", "go"] {
        let made = Command::new("mkfifo")
            .arg(bench.path(fifo))
            .status()
            .unwrap();
        assert!(made.success());
    }
    let mut command = bench.command("edit");
    command
        .env("EDITOR", bench.filled("sh $T/editor"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let pid = fs::read_to_string(bench.path("at")).unwrap();
    (child, pid.trim().parse().unwrap())
}

fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Waits until a process is gone that was opened while it was there.
fn ended(process: &OwnedFd) -> bool {
    let mut readable = [PollFd::new(process, PollFlags::IN)];
    poll(&mut readable, Some(&PATIENCE)).unwrap() == 1
}

#[test]
fn a_signal_ends_editor_and_edit_and_the_text_is_kept() {
    for signal in [Signal::TERM, Signal::HUP] {
        let bench = bench(WAITING);
        let before = bench.store();
        let (child, editor_pid) = begun(&bench);
        let editor_pid = Pid::from_raw(editor_pid).unwrap();
        let opened = pidfd_open(editor_pid, PidfdFlags::empty()).unwrap();
        send(child.id(), signal);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.signal(), Some(signal.as_raw()), "{stderr}");
        let [text] = &kept(&bench)[..] else {
            panic!("{stderr}");
        };
        assert!(
            stderr.contains(&format!(
                "psl-admin: interrupted; your text is kept in {text:?}"
            )),
            "{stderr}"
        );
        assert!(fs::read_to_string(text).unwrap().ends_with("\n# typed\n"));
        assert!(ended(&opened));
        assert_eq!(bench.store(), before);
        editor(&bench, "");
        assert_eq!(edit(&bench, "--resume").code, 0);
        assert!(bench.table().ends_with("\n# typed\n"));
    }
}

#[test]
fn a_key_that_interrupts_the_editor_does_not_end_the_edit() {
    let bench = bench(WAITING);
    let (child, _) = begun(&bench);
    for signal in [Signal::INT, Signal::QUIT] {
        send(child.id(), signal);
    }
    // Nobody else may take it while it is edited.
    let other = edit(&bench, "--resume");
    assert_eq!(other.code, 1, "{other:?}");
    fs::write(bench.path("go"), "go\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(bench.table().ends_with("\n# typed\n"));
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
}

#[test]
fn the_text_of_an_edit_that_was_killed_is_offered_by_the_next() {
    let bench = bench(WAITING);
    let (mut child, editor_pid) = begun(&bench);
    send(child.id(), Signal::KILL);
    child.wait().unwrap();
    let [_] = &kept(&bench)[..] else {
        panic!("the text is lost");
    };
    kill_process(Pid::from_raw(editor_pid).unwrap(), Signal::KILL).unwrap();
    editor(&bench, "");
    assert_eq!(edit(&bench, "--resume").code, 0);
    assert!(bench.table().ends_with("\n# typed\n"));
}

#[test]
fn an_interrupt_at_a_question_ends_the_edit_and_keeps_the_text() {
    let bench = bench("sed -i 's/^from/form/' \"$1\"; echo $PPID > $T/pid");
    let mut command = bench.command("edit");
    let mut terminal = Terminal::start(command.env("EDITOR", bench.filled("sh $T/editor")));
    terminal.wait_for("[e] edit again");
    let pid = fs::read_to_string(bench.path("pid")).unwrap();
    send(pid.trim().parse().unwrap(), Signal::INT);
    let (status, shown) = terminal.end();
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{shown}");
    assert!(
        shown.contains("interrupted; your text is kept in \""),
        "{shown}"
    );
    assert_eq!(kept(&bench).len(), 1);
}

#[test]
fn an_unchanged_text_that_was_left_is_cleared_away() {
    let bench = bench(&WAITING.replace("echo '# typed' >> \"$1\"; ", ""));
    let (mut child, editor_pid) = begun(&bench);
    send(child.id(), Signal::KILL);
    child.wait().unwrap();
    kill_process(Pid::from_raw(editor_pid).unwrap(), Signal::KILL).unwrap();
    assert_eq!(kept(&bench).len(), 1);
    editor(&bench, "");
    let ran = edit(&bench, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
}
