//! The ratios as a picture: a row each, a dot each way, on a logarithmic axis, with a mark where the goal is.

use svg::Document;
use svg::node::element::{Circle, Group, Line, Rectangle, Text, Title};

use crate::report::Report;
use crate::rows::Goal;
use crate::way::Way;

/// Ways that are drawn, with their colours; the one in question last, so that it is on top.
const DRAWN: [(Way, &str); 6] = [
    (Way::Proot, "#b0b0b0"),
    (Way::Fakechroot, "#d9902f"),
    (Way::Bubblewrap, "#7fb069"),
    (Way::Mount, "#3f7d4e"),
    (Way::Inert, "#8fb8de"),
    (Way::Preload, "#1f4e9e"),
];

const LEFT: f64 = 300.0;
const WIDTH: f64 = 960.0;
const TOP: f64 = 70.0;
const LANE: f64 = 24.0;

/// The axis' ends.
const LEAST: f64 = 0.7;
const MOST: f64 = 60.0;

/// Draws them as SVG.
pub fn drawn(report: &Report) -> String {
    let rows: Vec<_> = report
        .rows()
        .iter()
        .filter(|row| {
            matches!(
                row.row.goal,
                Goal::Ratio {
                    base: Way::Bare,
                    ..
                }
            )
        })
        .collect();
    let bottom = TOP + LANE * rows.len() as f64;
    let height = bottom + 45.0;
    let mut document = Document::new()
        .set("viewBox", (0.0, 0.0, WIDTH, height))
        .set("width", WIDTH)
        .set("height", height)
        .set("font-family", "system-ui, sans-serif")
        .add(
            Rectangle::new()
                .set("width", WIDTH)
                .set("height", height)
                .set("fill", "#ffffff"),
        )
        .add(legend())
        .add(axis(bottom));
    for (number, row) in rows.iter().enumerate() {
        let y = TOP + LANE * (number as f64 + 0.5);
        let mut lane = Group::new().add(label(&row.row.what, LEFT - 12.0, y + 4.0, "end"));
        if let Goal::Ratio { limit, .. } = row.row.goal {
            let goal = stroke(x(limit), y - 9.0, x(limit), y + 9.0, "#c0392b");
            lane = lane.add(goal.add(Title::new(format!("goal: {limit}"))));
        }
        for (way, colour) in DRAWN {
            let Some(&ratio) = row.ratios.get(&way) else {
                continue;
            };
            let dot = Circle::new()
                .set("cx", x(ratio))
                .set("cy", y)
                .set("r", 5)
                .set("fill", colour)
                .set("fill-opacity", 0.85);
            let title = format!("{}: {ratio:.2}", way.name());
            lane = lane.add(dot.add(Title::new(title)));
        }
        document = document.add(lane);
    }
    document.to_string() + "\n"
}

fn x(ratio: f64) -> f64 {
    let part = (ratio.clamp(LEAST, MOST) / LEAST).ln() / (MOST / LEAST).ln();
    LEFT + part * (WIDTH - LEFT - 30.0)
}

fn axis(bottom: f64) -> Group {
    let mut axis = Group::new();
    for ratio in [0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0] {
        let colour = if ratio == 1.0 { "#606060" } else { "#e4e4e4" };
        axis = axis
            .add(stroke(x(ratio), TOP, x(ratio), bottom, colour))
            .add(label(
                &format!("{ratio}"),
                x(ratio),
                bottom + 18.0,
                "middle",
            ));
    }
    let unit = "time, as a multiple of a bare process (through a link: of a real symlink)";
    axis.add(label(unit, LEFT, bottom + 38.0, "start"))
}

fn legend() -> Group {
    let mut legend = Group::new();
    let mut left = LEFT;
    for (way, colour) in DRAWN.into_iter().rev() {
        let dot = Circle::new().set("cx", left).set("cy", 30).set("r", 5);
        legend =
            legend
                .add(dot.set("fill", colour))
                .add(label(way.name(), left + 10.0, 34.0, "start"));
        left += 34.0 + 7.0 * way.name().len() as f64;
    }
    let goal = stroke(left, 21.0, left, 39.0, "#c0392b");
    legend
        .add(goal)
        .add(label("goal", left + 8.0, 34.0, "start"))
}

fn stroke(x1: f64, y1: f64, x2: f64, y2: f64, colour: &str) -> Line {
    Line::new()
        .set("x1", x1)
        .set("y1", y1)
        .set("x2", x2)
        .set("y2", y2)
        .set("stroke", colour)
        .set("stroke-width", 2)
}

fn label(text: &str, x: f64, y: f64, anchor: &str) -> Text {
    Text::new(text)
        .set("x", x)
        .set("y", y)
        .set("text-anchor", anchor)
        .set("font-size", 12)
        .set("fill", "#1a1a1a")
}
