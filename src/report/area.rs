//! The live area below the lines that scroll: bars of indicatif, one a row. It does not know what a row says.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Look;
use super::canvas::Canvas;

/// A row of the live area.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whether a spinner turns before it.
    pub spins: bool,
    /// What it says, not wider than the screen less the spinner.
    pub text: String,
}

/// The rows on the screen.
pub struct Area {
    canvas: Canvas,
    bars: Vec<ProgressBar>,
    screen: MultiProgress,
    spinning: ProgressStyle,
    still: ProgressStyle,
}

impl Area {
    /// An empty area on a canvas.
    pub fn new(canvas: Canvas, look: Look) -> Area {
        let frames: &[&str] = if look.unicode {
            &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "]
        } else {
            &["|", "/", "-", "\\", " "]
        };
        // Whole redraws are asked for by `draw`, which keeps the rate; those of single bars are held down.
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(canvas.clone()), 1);
        Area {
            canvas,
            bars: Vec::new(),
            screen: MultiProgress::with_draw_target(target),
            spinning: style("{spinner} {msg}").tick_strings(frames),
            still: style("{msg}"),
        }
    }

    /// Lets lines scroll up and shows these rows below them: the bytes to write.
    pub fn draw(&mut self, lines: &[u8], rows: Vec<Row>) -> Vec<u8> {
        let gone: Vec<ProgressBar> = self.bars.drain(rows.len().min(self.bars.len())..).collect();
        gone.iter().for_each(|bar| self.screen.remove(bar));
        while self.bars.len() < rows.len() {
            self.bars.push(self.screen.add(ProgressBar::new_spinner()));
        }
        for (bar, row) in self.bars.iter().zip(rows) {
            bar.set_style(if row.spins { self.spinning.clone() } else { self.still.clone() });
            bar.set_message(row.text);
            bar.tick();
        }
        self.screen.suspend(|| self.canvas.put(lines));
        self.canvas.take()
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
