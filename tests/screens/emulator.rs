//! The little of a terminal that is needed to know what a person sees: text, line breaks, the cursor up and
//! down, erasing. Anything else in the bytes is kept as a complaint.

use unicode_width::UnicodeWidthChar;

/// A screen with everything that has scrolled off it.
pub struct Emulator {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    width: usize,
    /// Escape sequences that a screen of ours must not send.
    pub strange: Vec<String>,
    /// Whether a text ran over the right edge.
    pub overran: bool,
}

/// Stands behind a wide character.
const SHADOW: char = '\0';

impl Emulator {
    /// What a terminal of that width shows after these bytes.
    pub fn showing(bytes: &str, width: usize) -> Emulator {
        let lines = vec![Vec::new()];
        let mut screen = Emulator { lines, row: 0, column: 0, width, strange: Vec::new(), overran: false };
        let mut rest = bytes.chars();
        while let Some(c) = rest.next() {
            match c {
                '\r' => screen.column = 0,
                '\n' => screen.down(1),
                '\u{1b}' => screen.escape(&mut rest),
                c if c.is_control() => screen.strange.push(format!("{c:?}")),
                c => screen.put(c),
            }
        }
        screen
    }

    /// The lines as text, without what is empty at the end.
    pub fn text(&self) -> String {
        let line = |cells: &Vec<char>| {
            cells.iter().filter(|c| **c != SHADOW).collect::<String>().trim_end().to_string()
        };
        let lines: Vec<String> = self.lines.iter().map(line).collect();
        lines.join("\n").trim_end().to_string()
    }

    fn down(&mut self, n: usize) {
        self.row += n;
        while self.lines.len() <= self.row {
            self.lines.push(Vec::new());
        }
    }

    fn put(&mut self, c: char) {
        let wide = c.width().unwrap_or(0);
        self.overran |= self.column + wide > self.width;
        let line = &mut self.lines[self.row];
        line.resize(line.len().max(self.column + wide), ' ');
        line[self.column] = c;
        (1..wide).for_each(|n| line[self.column + n] = SHADOW);
        self.column += wide;
    }

    fn escape(&mut self, rest: &mut std::str::Chars) {
        let mut code = String::new();
        for c in rest.by_ref() {
            code.push(c);
            if code.len() > 1 && c.is_ascii_alphabetic() || (code.len() == 1 && c != '[') {
                break;
            }
        }
        let number = code.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(1);
        match code.chars().last() {
            Some('m') => {}
            Some('A') => self.row = self.row.saturating_sub(number),
            Some('B') => self.down(number),
            Some('K') if code == "[2K" => self.lines[self.row].clear(),
            Some('K') => self.lines[self.row].truncate(self.column),
            _ => self.strange.push(code),
        }
    }
}
