//! `cargo run`: starts the whole system on this machine and shows a newcomer around.

mod bank_walk;
mod document_walk;
mod journal_walk;
mod options;
mod relay;
mod screen;
mod tour;
mod world;

use std::process::ExitCode;

use options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Options::read() {
        Ok(Some(options)) => tour::run(options).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen::failure(&error);
            ExitCode::FAILURE
        }
    }
}
