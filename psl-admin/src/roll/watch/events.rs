//! One JSON object a line and event, for other programs.
use crate::console::plain_json;
use crate::roll::journal::Line;
use crate::roll::state::State;
use crate::roll::watch::Watch;
use serde_json::Value;
use std::io::Write;

/// Writes to standard output.
pub struct Events;

impl Watch for Events {
    fn line(&self, line: &Line, state: &State) {
        print(&object(line, &state.plan.roll));
    }

    fn output(&self, member: &str, text: &str) {
        if !text.is_empty() {
            print(&serde_json::json!({"event": "output", "member": member, "text": text}));
        }
    }

    fn end(&self) {}
}

/// Returns a line as other programs read it: with the roll's name, and with a member even where it is about none.
pub fn object(line: &Line, roll: &str) -> Value {
    let mut object = serde_json::to_value(line).expect("these values have string keys only");
    object["roll"] = roll.into();
    if object.get("member").is_none() {
        object["member"] = Value::Null;
    }
    object
}

/// A reader that is gone does not end the roll.
fn print(object: &Value) {
    let _ = writeln!(
        std::io::stdout().lock(),
        "{}",
        plain_json(&object.to_string())
    );
}
