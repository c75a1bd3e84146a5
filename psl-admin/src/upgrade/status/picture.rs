//! A roll as a picture: a lane a member, its states in colour over time, commits marked.
mod spans;

use crate::roll::journal::Line;
use crate::roll::outcome;
use crate::roll::state::State;
use psl_table::visible;
use spans::{Look, Span};
use svg::Document;
use svg::node::element::{Circle, Group, Line as Stroke, Rectangle, Text, Title};

const FONT: &str = "system-ui, sans-serif";
const LANE: f64 = 34.0;
const TOP: f64 = 96.0;
const RIGHT: f64 = 30.0;
const WIDTH: f64 = 900.0;
const BAR: f64 = 18.0;

/// Draws it as SVG.
pub fn drawn(state: &State, lines: &[Line]) -> String {
    let seconds = |line: &Line| line.time.as_millisecond() as f64 / 1000.0;
    let begin = lines.first().map_or(0.0, seconds);
    let length = lines.last().map_or(1.0, seconds) - begin;
    // The last state is to be seen as well.
    let length = length.max(0.001) * 1.04;
    let names = state.plan.members().map(|name| name.chars().count());
    // A character of the font is about this wide.
    let left = 30.0 + 8.5 * names.max().unwrap_or(0).min(40) as f64;
    let scale = Scale {
        left,
        per_second: (WIDTH - left - RIGHT) / length,
    };
    let bottom = TOP + LANE * state.plan.members.len() as f64;
    let height = bottom + 70.0;
    let mut document = Document::new()
        .set("viewBox", (0.0, 0.0, WIDTH, height))
        .set("width", WIDTH)
        .set("height", height)
        .set("font-family", FONT)
        .add(
            Rectangle::new()
                .set("width", WIDTH)
                .set("height", height)
                .set("fill", "#ffffff"),
        )
        .add(label(&heading(state), 20.0, 30.0, 17.0, "#1a1a1a").set("font-weight", "600"))
        .add(label(&links(state), 20.0, 52.0, 12.0, "#1a1a1a"))
        .add(label(&planned(state, lines), 20.0, 71.0, 12.0, "#5a5a5a"));
    document = axis(document, &scale, length, bottom);
    let spans = spans::of(state, lines, begin + length);
    for (index, member) in state.plan.members().enumerate() {
        let y = TOP + LANE * index as f64;
        let own: Vec<_> = spans.iter().filter(|span| span.member == index).collect();
        document = document.add(lane(member, &own, &scale, begin, y));
    }
    document.add(legend(bottom + 48.0)).to_string()
}

/// Where moments are.
struct Scale {
    left: f64,
    per_second: f64,
}

impl Scale {
    fn x(&self, seconds: f64) -> f64 {
        self.left + seconds * self.per_second
    }
}

fn heading(state: &State) -> String {
    format!("roll {}: {}", state.plan.roll, outcome::phase(state))
}

fn links(state: &State) -> String {
    let shown = |path: &str| {
        let letters: Vec<char> = path.chars().collect();
        match letters.len() {
            0..=60 => path.to_owned(),
            long => format!(
                "\u{2026}{}",
                letters[long - 59..].iter().collect::<String>()
            ),
        }
    };
    format!(
        "{} \u{2192} {}",
        shown(&state.plan.from),
        shown(&state.plan.to)
    )
}

fn planned(state: &State, lines: &[Line]) -> String {
    let when = lines.first().map_or_else(String::new, |line| {
        line.time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    });
    let reason = state.plan.reason.as_ref();
    let why = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    format!(
        "begun {when} by {} on {}{why}",
        state.plan.who, state.plan.host
    )
}

fn lane(member: &str, spans: &[&Span], scale: &Scale, begin: f64, y: f64) -> Group {
    let name: String = member.chars().take(40).collect();
    let mut lane = Group::new().add(label(&name, 20.0, y + 15.0, 13.0, "#1a1a1a"));
    for span in spans {
        let (from, to) = (scale.x(span.from - begin), scale.x(span.to - begin));
        let title = format!(
            "{member}: {} for {:.1} s",
            span.look.name(),
            span.to - span.from
        );
        let bar = Rectangle::new()
            .set("x", from)
            .set("y", y)
            // What was too short to be seen is seen.
            .set("width", (to - from).max(1.5))
            .set("height", BAR)
            .set("fill", span.look.colour())
            .add(Title::new(visible::line(&title)));
        lane = lane.add(bar);
    }
    for span in spans {
        if span.look == Look::Failed {
            // The way back may begin at once, and would hide it.
            let mark = Circle::new()
                .set("cx", scale.x(span.from - begin))
                .set("cy", y + BAR / 2.0)
                .set("r", 5)
                .set("fill", span.look.colour())
                .add(Title::new(visible::line(&format!("{member}: failed"))));
            lane = lane.add(mark);
        }
        for (moment, generation) in &span.commits {
            let x = scale.x(moment - begin);
            let mark = Circle::new()
                .set("cx", x)
                .set("cy", y + BAR / 2.0)
                .set("r", 5)
                .set("fill", "#ffffff")
                .set("stroke", "#1a1a1a")
                .set("stroke-width", 1.5)
                .add(Title::new(format!("generation {generation}")));
            lane = lane.add(mark);
        }
    }
    lane
}

fn axis(mut document: Document, scale: &Scale, length: f64, bottom: f64) -> Document {
    const STEPS: [f64; 14] = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
    ];
    let step = STEPS.into_iter().find(|step| length / step <= 10.0);
    let step = step.unwrap_or_else(|| (length / 10.0 / 3600.0).ceil() * 3600.0);
    let mut at = 0.0;
    while at <= length + step / 1000.0 {
        let x = scale.x(at);
        let stroke = Stroke::new()
            .set("x1", x)
            .set("x2", x)
            .set("y1", TOP - 8.0)
            .set("y2", bottom)
            .set("stroke", "#e3e3e3");
        let said = match step {
            step if step < 1.0 => format!("{at:.1} s"),
            step if step < 60.0 => format!("{at:.0} s"),
            _ => format!("{:.0} min", at / 60.0),
        };
        document = document
            .add(stroke)
            .add(label(&said, x, bottom + 16.0, 11.0, "#5a5a5a").set("text-anchor", "middle"));
        at += step;
    }
    document
}

fn legend(y: f64) -> Group {
    let mut legend = Group::new();
    let mut x = 20.0;
    for look in Look::ALL {
        let square = Rectangle::new()
            .set("x", x)
            .set("y", y - 11.0)
            .set("width", 12)
            .set("height", 12)
            .set("fill", look.colour())
            .set("stroke", "#9a9a9a")
            .set("stroke-width", 0.5);
        legend = legend
            .add(square)
            .add(label(look.name(), x + 17.0, y, 12.0, "#1a1a1a"));
        x += 34.0 + 6.6 * look.name().len() as f64;
    }
    let mark = Circle::new()
        .set("cx", x + 6.0)
        .set("cy", y - 5.0)
        .set("r", 5)
        .set("fill", "#ffffff")
        .set("stroke", "#1a1a1a")
        .set("stroke-width", 1.5);
    legend
        .add(mark)
        .add(label("commit", x + 17.0, y, 12.0, "#1a1a1a"))
}

fn label(text: &str, x: f64, y: f64, size: f64, colour: &str) -> Text {
    Text::new(visible::line(text))
        .set("x", x)
        .set("y", y)
        .set("font-size", size)
        .set("fill", colour)
}
