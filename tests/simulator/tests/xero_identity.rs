//! Consent, tokens and connections, as an integration meets them.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::Method;
use scene::{Scene, all_scopes, body, parameter, text};
use serde_json::Value;
use simulator::xero::{AppSettings, Consent, DemoSettings, Fault};

fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn scene() -> Scene {
    Scene::unconnected(DemoSettings::sized(3, 10))
}

#[tokio::test]
async fn a_consent_gives_signed_tokens_with_xeros_claims() {
    let scene = Scene::with(10).await;
    let access = claims(&scene.tokens["access_token"]);
    assert_eq!(access["xero_userid"], scene.user.to_string());
    assert_eq!(access["aud"], "https://identity.xero.com/resources");
    assert!(access["scope"].is_array() && access["authentication_event_id"].is_string());
    assert!(claims(&scene.tokens["id_token"]).get("authentication_event_id").is_none());
    assert_eq!(scene.tokens["expires_in"], 1800);

    let keys = scene.raw(Method::Get, "https://x/.well-known/openid-configuration/jwks", &[], "").await.unwrap();
    let key = body(&keys)["keys"][0].clone();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let public = ring::rsa::PublicKeyComponents { n: part("n"), e: part("e") };
    let token = scene.access();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    public.verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn a_code_works_once_and_for_five_minutes() {
    let scene = scene();
    let code = parameter(&scene.authorize(&all_scopes(), "").await.unwrap(), "code").unwrap();
    assert_eq!(scene.redeem(&code, "").await.status, 200);
    assert_eq!(body(&scene.redeem(&code, "").await)["error"], "invalid_grant");
    let late = parameter(&scene.authorize(&all_scopes(), "").await.unwrap(), "code").unwrap();
    scene.clock.pass(301);
    assert_eq!(scene.redeem(&late, "").await.status, 400);
}

/// Consents with the challenge of a verifier, and redeems with that text in its place.
async fn proven(scene: &Scene, verifier: &str, sent: Option<&str>) -> ports::HttpResponse {
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    let extra = format!("&nonce=n1&code_challenge={}&code_challenge_method=S256", URL_SAFE_NO_PAD.encode(digest));
    let code = parameter(&scene.authorize(&all_scopes(), &extra).await.unwrap(), "code").unwrap();
    scene.redeem(&code, &sent.map_or(String::new(), |sent| format!("&code_verifier={sent}"))).await
}

#[tokio::test]
async fn a_challenge_must_be_proved_and_a_nonce_comes_back() {
    let scene = scene();
    let verifier = "a-verifier-of-at-least-forty-three-characters-x";
    for wrong in [Some("wrong"), Some(""), None] {
        assert_eq!(body(&proven(&scene, verifier, wrong).await)["error"], "invalid_grant", "{wrong:?}");
    }
    let tokens = proven(&scene, verifier, Some(verifier)).await;
    assert_eq!(claims(&body(&tokens)["id_token"])["nonce"], "n1");
}

#[tokio::test]
async fn a_verifier_has_43_to_128_characters() {
    let scene = scene();
    for (length, status) in [(42, 400), (43, 200), (128, 200), (129, 400)] {
        let verifier = "v".repeat(length);
        assert_eq!(proven(&scene, &verifier, Some(&verifier)).await.status, status, "{length}");
    }
}

#[tokio::test]
async fn a_redirect_address_is_https_or_localhost_and_exactly_the_registered_one() {
    let scene = scene();
    for (registered, returns) in [
        ("https://app.example/xero/callback", true),
        ("http://localhost:3000/oauth/callback", true),
        ("http://127.0.0.1:3000/oauth/callback", false),
        ("http://localhost.example/callback", false),
        ("http://app.example/callback", false),
    ] {
        scene.xero.change_app(scene.app, |app| app.redirect_uris = vec![registered.to_owned()]);
        let client = AppSettings::default().client_id;
        for (asked, back) in [(registered.to_owned(), returns), (format!("{registered}/"), false)] {
            let url = format!(
                "https://login.xero.com/identity/connect/authorize?response_type=code&client_id={client}&scope=openid&redirect_uri={asked}"
            );
            let answer = scene.raw(Method::Get, &url, &[], "").await.unwrap();
            assert_eq!(answer.header("location").is_some(), back, "{asked}");
        }
    }
    scene.xero.change_app(scene.app, |app| app.redirect_uris = AppSettings::default().redirect_uris);
    let code = parameter(&scene.authorize(&all_scopes(), "").await.unwrap(), "code").unwrap();
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Foauth");
    let refused = scene.token(&form).await.unwrap();
    assert_eq!((refused.status, &body(&refused)["error"]), (400, &Value::from("invalid_grant")));
}

#[tokio::test]
async fn scopes_add_up_over_consents_until_they_are_revoked() {
    let scene = scene();
    let consent = async |scope: &str| {
        let code = parameter(&scene.authorize(scope, "").await.unwrap(), "code").unwrap();
        body(&scene.redeem(&code, "").await)
    };
    let first = consent("openid offline_access accounting.contacts").await;
    let second = consent("openid offline_access accounting.settings").await;
    assert_eq!(second["scope"], "openid offline_access accounting.settings accounting.contacts");
    let refreshed = body(&scene.refresh(first["refresh_token"].as_str().unwrap()).await);
    assert_eq!(refreshed["scope"], first["scope"], "a refresh never widens");
    revoke(&scene, second["refresh_token"].as_str().unwrap()).await;
    assert_eq!(consent("openid accounting.settings").await["scope"], "openid accounting.settings");
}

#[tokio::test]
async fn a_practice_is_connected_like_an_organisation_and_has_no_books() {
    let mut scene = scene();
    let practice = scene.xero.register_practice("Ferris & Partners");
    scene.xero.set_role(scene.user, practice, simulator::xero::Role::Adviser);
    let tenants = vec![practice];
    scene.xero.set_consent(Consent::Allow { user: scene.user, tenants, only_scopes: Vec::new() });
    scene.tokens = scene.connect().await;
    let listed = connections(&scene, "").await;
    assert_eq!((&listed[0]["tenantType"], &listed[0]["tenantName"]), (&"PRACTICE".into(), &"Ferris & Partners".into()));
    assert_eq!(listed[0]["tenantId"], practice.to_string());
    scene.tenant = practice;
    assert_eq!(scene.call(Method::Get, "/Organisation", &[], "").await.status, 403);
    assert_eq!(delete(&scene, listed[0]["id"].as_str().unwrap()).await, 204);
}

#[tokio::test]
async fn a_refusal_returns_and_a_wrong_scope_never_does() {
    let scene = scene();
    assert_eq!(scene.authorize("openid accounting.journals.read", "").await, None);
    scene.xero.set_consent(Consent::Deny);
    let back = scene.authorize(&all_scopes(), "").await.unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&back, "state").as_deref(), Some("st%201"));
}

#[tokio::test]
async fn an_app_at_its_cap_connects_nobody() {
    let scene = scene();
    scene.xero.change_app(scene.app, |app| app.connections_max = 0);
    let back = scene.authorize(&all_scopes(), "").await.unwrap();
    assert!(parameter(&back, "code").is_none() && parameter(&back, "error").is_some());
}

#[tokio::test]
async fn a_partial_grant_shows_in_scope_and_fails_the_endpoint() {
    let mut scene = scene();
    let only = vec!["openid".into(), "offline_access".into(), "accounting.settings".into()];
    scene.xero.set_consent(Consent::Allow { user: scene.user, tenants: vec![scene.tenant], only_scopes: only });
    scene.tokens = scene.connect().await;
    assert_eq!(scene.tokens["scope"], "openid offline_access accounting.settings");
    assert_eq!(scene.call(Method::Get, "/Organisation", &[], "").await.status, 200);
    let refused = scene.call(Method::Get, "/Invoices", &[], "").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("insufficient_scope")));
    assert_eq!(body(&refused)["Detail"], "AuthorizationUnsuccessful");
}

#[tokio::test]
async fn an_old_refresh_token_works_for_thirty_minutes_and_its_second_use_ends_what_its_first_one_gave() {
    let scene = Scene::with(5).await;
    let old = scene.tokens["refresh_token"].as_str().unwrap().to_owned();
    let first = body(&scene.refresh(&old).await);
    assert_ne!(first["refresh_token"], scene.tokens["refresh_token"]);
    scene.clock.pass(29 * 60);
    let second = body(&scene.refresh(&old).await);
    scene.clock.pass(2 * 60);
    assert_eq!(body(&scene.refresh(&old).await)["error"], "invalid_grant", "the half hour is over");
    let token = |tokens: &Value| tokens["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(body(&scene.refresh(&token(&first)).await)["error"], "invalid_grant", "the racing twin has lost");
    assert_eq!(scene.refresh(&token(&second)).await.status, 200);
}

#[tokio::test]
async fn a_race_ends_the_whole_line_of_the_loser() {
    let scene = Scene::with(5).await;
    let token = |tokens: &Value| tokens["refresh_token"].as_str().unwrap().to_owned();
    let old = token(&scene.tokens);
    let child = token(&body(&scene.refresh(&old).await));
    let grandchild = token(&body(&scene.refresh(&child).await));
    let other = token(&body(&scene.refresh(&old).await));
    for dead in [&child, &grandchild] {
        assert_eq!(body(&scene.refresh(dead).await)["error"], "invalid_grant");
    }
    assert_eq!(scene.refresh(&other).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_unused_for_sixty_days_is_dead() {
    let scene = Scene::with(5).await;
    scene.clock.pass(60 * 86_400);
    assert_eq!(scene.refresh(scene.tokens["refresh_token"].as_str().unwrap()).await.status, 400);
}

#[tokio::test]
async fn a_lost_token_answer_leaves_the_old_token_usable() {
    let scene = Scene::with(5).await;
    let old = scene.tokens["refresh_token"].as_str().unwrap().to_owned();
    scene.xero.order_fault(Fault::LostTokenAnswer);
    assert!(scene.token(&format!("grant_type=refresh_token&refresh_token={old}")).await.is_err());
    let again = scene.refresh(&old).await;
    assert_eq!(again.status, 200);
    assert_eq!(scene.refresh(body(&again)["refresh_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn the_discovery_document_is_refused_after_a_few_hits_and_the_keys_never_are() {
    let scene = scene();
    let document = "https://identity.xero.com/.well-known/openid-configuration";
    for _ in 0..5 {
        assert_eq!(scene.raw(Method::Get, document, &[], "").await.unwrap().status, 200);
    }
    scene.clock.pass(59);
    let refused = scene.raw(Method::Get, document, &[], "").await.unwrap();
    assert!(refused.status == 403 && refused.header("content-type").unwrap().starts_with("text/html"));
    for _ in 0..20 {
        assert_eq!(scene.raw(Method::Get, &format!("{document}/jwks"), &[], "").await.unwrap().status, 200);
    }
    scene.clock.pass(60);
    assert_eq!(scene.raw(Method::Get, document, &[], "").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_wrong_secret_is_an_invalid_client() {
    let scene = Scene::with(5).await;
    scene.xero.change_app(scene.app, |app| app.client_secret = "changed".into());
    assert_eq!(body(&scene.refresh("x").await)["error"], "invalid_client");
}

#[tokio::test]
async fn an_access_token_lasts_thirty_minutes() {
    let scene = Scene::with(5).await;
    scene.clock.pass(1800);
    let refused = scene.call(Method::Get, "/Organisation", &[], "").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer error=invalid_token")));
    assert_eq!(body(&refused)["Detail"], "TokenExpired: token expired at 10/05/2026 09:30:00");
}

async fn connections(scene: &Scene, query: &str) -> Value {
    let bearer = format!("Bearer {}", scene.access());
    let url = format!("https://api.xero.com/connections{query}");
    let answer = scene.raw(Method::Get, &url, &[("Authorization", &bearer)], "").await.unwrap();
    assert!(answer.header("x-appminlimit-remaining").is_some() && answer.header("x-minlimit-remaining").is_none());
    body(&answer)
}

async fn delete(scene: &Scene, id: &str) -> u16 {
    let bearer = format!("Bearer {}", scene.access());
    let url = format!("https://api.xero.com/connections/{id}");
    scene.raw(Method::Delete, &url, &[("Authorization", &bearer)], "").await.unwrap().status
}

#[tokio::test]
async fn connections_are_listed_by_consent_and_deleted_by_their_own_id() {
    let scene = Scene::with(5).await;
    let event = claims(&scene.tokens["access_token"])["authentication_event_id"].as_str().unwrap().to_owned();
    let listed = connections(&scene, &format!("?authEventId={event}")).await;
    assert_eq!(listed[0]["tenantId"], scene.tenant.to_string());
    assert_eq!(listed[0]["createdDateUtc"], "2026-10-05T09:00:00.0000000");
    assert_eq!(connections(&scene, "?authEventId=6f0f0c4e-0000-4000-8000-000000000001").await, serde_json::json!([]));
    assert_eq!(delete(&scene, &scene.tenant.to_string()).await, 403);
    assert_eq!(delete(&scene, "6f0f0c4e-0000-4000-8000-000000000001").await, 404);
    assert_eq!(delete(&scene, listed[0]["id"].as_str().unwrap()).await, 204);
    let refused = scene.call(Method::Get, "/Organisation", &[], "").await;
    assert_eq!((refused.status, &body(&refused)["Detail"]), (403, &Value::from("AuthenticationUnsuccessful")));
    assert_eq!(scene.refresh(scene.tokens["refresh_token"].as_str().unwrap()).await.status, 200);
}

async fn revoke(scene: &Scene, refresh: &str) {
    let settings = AppSettings::default();
    let pair = format!("{}:{}", settings.client_id, settings.client_secret);
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let url = "https://identity.xero.com/connect/revocation";
    let answer = scene.raw(Method::Post, url, &[("Authorization", &basic)], &format!("token={refresh}")).await.unwrap();
    assert_eq!((answer.status, text(&answer).as_str()), (200, ""));
}

#[tokio::test]
async fn revocation_ends_everything_the_user_gave() {
    let scene = Scene::with(5).await;
    let refresh = scene.tokens["refresh_token"].as_str().unwrap();
    revoke(&scene, refresh).await;
    assert_eq!(connections(&scene, "").await, serde_json::json!([]));
    assert_eq!(scene.refresh(refresh).await.status, 400);
}

#[tokio::test]
async fn an_organisation_takes_two_uncertified_apps_and_no_third() {
    let mut scene = scene();
    for at in 0..3 {
        let settings = AppSettings { client_id: format!("APP{at}"), certified: false, ..AppSettings::default() };
        scene.app = scene.xero.register_app(settings);
        let url = format!(
            "https://login.xero.com/identity/connect/authorize?response_type=code&client_id=APP{at}&scope=openid&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Foauth%2Fcallback"
        );
        let back = scene.raw(Method::Get, &url, &[], "").await.unwrap().header("location").unwrap().to_owned();
        assert_eq!(parameter(&back, "code").is_some(), at < 2, "{back}");
    }
}

#[tokio::test]
async fn a_reconnection_keeps_its_creation_date() {
    let mut scene = Scene::with(5).await;
    let before = connections(&scene, "").await[0].clone();
    assert_eq!(delete(&scene, before["id"].as_str().unwrap()).await, 204);
    scene.clock.pass(60);
    scene.tokens = scene.connect().await;
    let after = connections(&scene, "").await[0].clone();
    assert_eq!(after["createdDateUtc"], before["createdDateUtc"]);
    assert_eq!(after["updatedDateUtc"], "2026-10-05T09:01:00.0000000");
    assert_ne!(after["id"], before["id"]);
}

#[tokio::test]
async fn one_consent_takes_several_organisations_only_with_bulk_connection() {
    let mut scene = scene();
    let second = scene.xero.register_organisation(&DemoSettings::sized(8, 5));
    scene.xero.set_role(scene.user, second, simulator::xero::Role::Adviser);
    let tenants = vec![scene.tenant, second];
    scene.xero.set_consent(Consent::Allow { user: scene.user, tenants, only_scopes: Vec::new() });
    scene.tokens = scene.connect().await;
    assert_eq!(connections(&scene, "").await.as_array().unwrap().len(), 1);
    scene.xero.change_app(scene.app, |app| app.bulk_connect = true);
    scene.tokens = scene.connect().await;
    assert_eq!(connections(&scene, "").await.as_array().unwrap().len(), 2);
}
