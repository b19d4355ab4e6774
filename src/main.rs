//! The program `toban`: the library does it all.

fn main() -> std::process::ExitCode {
    toban::cli::main()
}
