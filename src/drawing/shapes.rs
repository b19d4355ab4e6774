//! What is laid out, and what comes of it.

/// A box to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The box that holds it, which stands before it in the list.
    pub inside: Option<usize>,
    /// Its width; the least one for a box that holds others.
    pub width: i32,
    /// Its height; that of its head for a box that holds others.
    pub height: i32,
}

/// A line to be drawn. Where it runs against the order of the boxes, it is drawn upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The box it leaves.
    pub from: usize,
    /// The box it reaches; never one that holds `from`, or is held by it.
    pub to: usize,
    /// Lines of one kind that reach the same box may run together.
    pub kind: u8,
}

/// The distances of a layout, in its unit.
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    /// Between two boxes of a layer.
    pub gap: i32,
    /// Between two lines that run side by side.
    pub track: i32,
    /// The least distance between two layers.
    pub channel: i32,
    /// Between a layer and the first line below it that turns.
    pub lead: i32,
    /// Between the last line that turns and the layer below: room for an arrow.
    pub tail: i32,
    /// Between a box and what it holds, left and right.
    pub pad_x: i32,
    /// Between the end of what a box holds and its own end.
    pub pad_y: i32,
}

/// Where a box stands: its left upper corner and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its left end.
    pub x: i32,
    /// Its upper end.
    pub y: i32,
    /// Its width; it ends before `x + width`.
    pub width: i32,
    /// Its height.
    pub height: i32,
}

/// A finished layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    /// The width of all.
    pub width: i32,
    /// The height of all.
    pub height: i32,
    /// Where each box stands, in the order of the shapes.
    pub boxes: Vec<Place>,
    /// The corners of each line from its beginning to its end, in the order of the links. A line runs from the
    /// end of one box (`y + height`) to the beginning of another (`y`).
    pub lines: Vec<Vec<(i32, i32)>>,
}

impl Place {
    /// The first column behind it.
    pub fn right(&self) -> i32 {
        self.x + self.width
    }

    /// The first row below it.
    pub fn bottom(&self) -> i32 {
        self.y + self.height
    }
}
