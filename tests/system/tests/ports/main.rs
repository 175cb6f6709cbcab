//! One suite of behaviours for each port, run on the ports in memory and on the real adapters over real sockets.
//!
//! What holds for both is what capabilities may rely on, and what makes tests in memory worth believing. The adapters
//! are the shipped ones with the real SDK; behind them stand this machine's services.
#![allow(clippy::unwrap_used)]

mod adapters;
mod lost_answers;
mod queue;
mod scans;
mod table;
mod vault;

/// Runs every behaviour named on each of the two implementations; a behaviour is an async function over a scene.
macro_rules! on_both {
    ($($behaviour:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(super::Scene::in_memory()).await;
            })+
        }
        mod on_aws {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                super::$behaviour(super::Scene::on_aws().await).await;
            })+
        }
    };
}
pub(crate) use on_both;
