//! The way to a database that publishes no port: the address of its container on its own network, which a Linux
//! host reaches directly. It asks the Docker Engine and changes nothing there.

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::InspectContainerOptions;

use crate::action::{Context, docker};
use crate::event::Failure;
use crate::model::Through;

/// The address of the container, in place of the host in the connection's url.
///
/// # Errors
/// When no such container runs, when it has no address, or when the way is not one of these.
pub(super) async fn container(through: &Through, cx: &Context<'_>) -> Result<String, Failure> {
    let (engine, name) = match (&through.container, &through.compose) {
        (Some(container), _) => {
            let name = key(container, "name", "container")?.to_string();
            (docker::connect(cx).await?.docker, name)
        }
        (None, Some(compose)) => {
            let project = compose.get("project").map(String::as_str);
            docker::container_of(key(compose, "service", "compose")?, project, cx).await?
        }
        (None, None) => {
            return Err(unusable(crate::t!(
                "`through` needs compose: {{service}}, container: {{name}} or host",
                "`through` には compose: {{service}}、container: {{name}}、host のいずれかが必要です"
            )));
        }
    };
    let options = None::<InspectContainerOptions>;
    let found = engine.inspect_container(&name, options).await.map_err(|e| match e {
        bollard::errors::Error::DockerResponseServerError { status_code: 404, .. } => {
            unusable(crate::t!("there is no container `{name}`", "コンテナ `{name}` はありません"))
        }
        other => no_engine(&other),
    })?;
    address(&found, &name)
}

fn unusable(message: String) -> Failure {
    Failure::Unavailable { message }
}

fn no_engine(error: &bollard::errors::Error) -> Failure {
    unusable(crate::t!(
        "the Docker Engine does not answer: {error}; is it running, and may this user use it?",
        "Docker Engine が応答しません: {error}。起動しているか、このユーザーに権限があるか確認してください"
    ))
}

fn key<'a>(map: &'a indexmap::IndexMap<String, String>, key: &str, what: &str) -> Result<&'a str, Failure> {
    map.get(key).map(String::as_str).ok_or_else(|| {
        unusable(crate::t!(
            "`through: {{{what}}}` needs `{key}`",
            "`through: {{{what}}}` には `{key}` が必要です"
        ))
    })
}

fn address(found: &ContainerInspectResponse, name: &str) -> Result<String, Failure> {
    let running = found.state.as_ref().and_then(|s| s.running).unwrap_or(false);
    if !running {
        return Err(unusable(crate::t!(
            "the container `{name}` is not running",
            "コンテナ `{name}` は起動していません"
        )));
    }
    let networks = found.network_settings.as_ref().and_then(|n| n.networks.as_ref());
    if networks.is_some_and(|n| n.contains_key("host")) {
        return Ok("127.0.0.1".to_string());
    }
    let mut addresses: Vec<_> = networks
        .into_iter()
        .flatten()
        .filter_map(|(network, end)| Some((network, end.ip_address.as_ref().filter(|ip| !ip.is_empty())?)))
        .collect();
    addresses.sort();
    addresses.first().map(|(_, ip)| ip.to_string()).ok_or_else(|| {
        unusable(crate::t!(
            "the container `{name}` has no address on any network",
            "コンテナ `{name}` にはどのネットワークのアドレスもありません"
        ))
    })
}
