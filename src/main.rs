fn main() -> std::process::ExitCode {
    toban::cli::main()
}
