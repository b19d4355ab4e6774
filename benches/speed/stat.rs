//! Medians and ranges, and how busy others keep the machine.

/// A list of measurements, never empty.
#[derive(Clone, Debug)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// None when there is nothing in it.
    pub fn new(mut values: Vec<f64>) -> Option<Sample> {
        values.sort_by(f64::total_cmp);
        if values.is_empty() { None } else { Some(Sample(values)) }
    }

    pub fn min(&self) -> f64 {
        self.0[0]
    }

    pub fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len() % 2 == 1 { self.0[middle] } else { (self.0[middle - 1] + self.0[middle]) / 2.0 }
    }
}

/// Seconds that all processors together have worked since the machine started.
pub fn busy_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = text.lines().next().unwrap_or_default().split_ascii_whitespace().skip(1);
    let ticks: Vec<f64> = fields.filter_map(|f| f.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal: all but the two that are idle.
    let worked: f64 =
        ticks.iter().enumerate().filter(|(i, _)| !matches!(i, 3 | 4) && *i < 8).map(|(_, t)| t).sum();
    worked / 100.0
}

/// How many steps can run side by side.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
