//! cli
pub mod prompt;

pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
