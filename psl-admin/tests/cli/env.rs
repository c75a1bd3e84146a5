//! What `env` prints, as its readers read it.
use crate::bench::Bench;
use std::process::Command;

fn bench_at(store: &str) -> (Bench, String) {
    let bench = Bench::without_store();
    bench.write("shim/libpsl_shim.so", "");
    bench.write(
        "psl.toml",
        bench.filled("shim = '$T/shim/libpsl_shim.so'\n"),
    );
    let store = bench.filled(&format!("$T/{store}"));
    assert_eq!(bench.ran(&mut bench.command_of(&["init", &store])).code, 0);
    (bench, store)
}

#[test]
fn the_variables_are_printed_one_a_line() {
    let (bench, store) = bench_at("store");
    bench.ok("member set erp1 app=erp");
    let mut command = bench.command("env --member erp1");
    assert_eq!(
        bench.ran(command.env("LD_PRELOAD", "")).stdout,
        "LD_PRELOAD=\"$T/shim/libpsl_shim.so\"\nPSL_STORE=\"$T/store\"\nPSL_MEMBER=\"erp1\"\n"
    );
    let json: serde_json::Value =
        serde_json::from_str(&bench.ok("env --json --member erp1")).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "LD_PRELOAD": "$T/shim/libpsl_shim.so", "PSL_STORE": "$T/store", "PSL_MEMBER": "erp1",
        })
    );
    let relative = bench.ok("--store store env --member erp1");
    assert!(
        bench
            .filled(&relative)
            .contains(&format!("PSL_STORE=\"{store}\"\n")),
        "{relative}"
    );
}

#[test]
fn a_shell_reads_back_what_was_quoted() {
    let odd = "a \"b\" `c` $d \\e 'f' \u{e4} #;&*";
    let (bench, store) = bench_at(odd);
    let run = |arguments: &[&str]| {
        bench.ran(&mut bench.command_of(&[&["--store", &store], arguments].concat()))
    };
    let member = "m \"$x\" 'y' \\ `z`";
    assert_eq!(run(&["member", "set", member, "app=x"]).code, 0);
    let printed = run(&["env", "--member", member]);
    assert_eq!(printed.code, 0, "{printed:?}");
    let variables = bench.filled(&printed.stdout).replace("LD_PRELOAD", "SHIM");
    bench.write("variables", &variables);
    let read = Command::new("sh")
        .args([
            "-c",
            "set -a; . \"$0\"; printf '%s\\n' \"$SHIM\" \"$PSL_STORE\" \"$PSL_MEMBER\"",
        ])
        .arg(bench.path("variables"))
        .output()
        .unwrap();
    let read = String::from_utf8(read.stdout).unwrap();
    assert_eq!(
        read,
        format!(
            "{}\n{store}\n{member}\n",
            bench.filled("$T/shim/libpsl_shim.so")
        )
    );
}

#[test]
fn what_a_reader_cannot_carry_is_refused() {
    let (bench, _) = bench_at("store");
    bench.ok("member set m app=x");
    let odd = bench.filled("$T/sto\nre");
    assert_eq!(bench.ran(&mut bench.command_of(&["init", &odd])).code, 0);
    let set = ["--store", &odd, "member", "set", "m", "app=x"];
    assert_eq!(bench.ran(&mut bench.command_of(&set)).code, 0);
    let ran = bench.ran(&mut bench.command_of(&["--store", &odd, "env", "--member", "m"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""));
    assert!(
        ran.stderr
            .contains("expected UTF-8 without control characters"),
        "{}",
        ran.stderr
    );

    for odd in ["a b", "a:b", "a$LIB"] {
        bench.write(&format!("{odd}/libpsl_shim.so"), "");
        bench.write(
            "psl.toml",
            bench.filled(&format!("shim = '$T/{odd}/libpsl_shim.so'\n")),
        );
        for verb in ["env --member m", "run --member m -- true"] {
            let stderr = bench.fails(5, verb);
            assert!(
                stderr.contains("LD_PRELOAD cannot name the shim"),
                "{odd}: {stderr}"
            );
        }
    }
}
