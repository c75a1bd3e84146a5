//! What a sequence may begin with, so that random names find something: entries of its own, and open directories.

use std::path::Path;

use proptest::prelude::*;
use psl_tests::script::Call;

use super::once;

const CALLS: &str = "\
open\t\tkeep 100\tfalse\ttext:{}/shared/version/dir\tnumber:65536\tnumber:0
open\t\tkeep 101\tfalse\ttext:{}/alias\tnumber:65536\tnumber:0
mkdir\t\tnumber\ttrue\ttext:n1\tnumber:488
mkdir\t\tnumber\ttrue\ttext:{}/shared/n1\tnumber:488
mkdir\t\tnumber\ttrue\ttext:{}/shared/version/n1\tnumber:488
mkdir\t\tnumber\ttrue\ttext:{}/shared/version/n1/n2\tnumber:488
open\t\tdescriptor\ttrue\ttext:{}/shared/version/n2\tnumber:66\tnumber:416
open\t\tdescriptor\ttrue\ttext:{}/shared/n2\tnumber:66\tnumber:416
symlink\t\tnumber\ttrue\ttext:shared/version/n1\ttext:n3
symlink\t\tnumber\ttrue\ttext:../version/dir\ttext:{}/shared/version/n3
symlink\t\tnumber\ttrue\ttext:version/n1/..\ttext:{}/shared/n3
";

/// Returns some of them, in order.
pub fn any(root: &Path) -> impl Strategy<Value = Vec<Call>> + use<> {
    let calls = once::read(CALLS, root).expect("they are calls");
    let count = calls.len();
    proptest::sample::subsequence(calls, 0..=count)
}
