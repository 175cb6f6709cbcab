//! A run's changes for a spreadsheet.

use std::collections::BTreeSet;

use system::town::{Town, WORKSPACE};

use crate::{kind, text};

#[tokio::test(flavor = "multi_thread")]
async fn o18_the_items_of_a_run_are_exported_as_rows_page_by_page() {
    let mut town = Town::start(30).await;
    let caller = town.connect().await;
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    let items = town.path(&format!("/syncs/{}/items", text(&runs["syncs"][0]["run"])));
    let token = town.stack.issuer.token(WORKSPACE, "sam", std::time::Duration::from_secs(60)).unwrap();
    let client = local::caller::plain_client().unwrap();
    let (mut ids, mut cursor, mut pages) = (BTreeSet::new(), String::new(), 0);
    loop {
        let url = format!("{}{items}?format=csv&limit=100{cursor}", town.stack.url);
        let answer = client.get(url).bearer_auth(&token).send().await.unwrap();
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
        let next = answer.headers().get("x-next-cursor").map(|next| next.to_str().unwrap().to_owned());
        let body = answer.text().await.unwrap();
        let columns = "position,at,run_id,entity,id,change,result,reason,bytes";
        let call = "call_records,call_calls,call_bytes,call_millis";
        assert!(body.starts_with(&format!("{columns},{call},field,from,to\r\n")), "{body}");
        ids.extend(body.lines().skip(1).map(|line| line.split(',').nth(4).unwrap().to_owned()));
        pages += 1;
        match next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let whole = town.changes(&caller, "").await.0;
    let expected: BTreeSet<String> = whole.iter().map(|change| text(&change["id"])).collect();
    assert_eq!(ids, expected);
    assert!(pages > 1, "{pages} page");
    let (code, problem) = caller.call("GET", &format!("{items}?format=xml"), None).await.unwrap();
    assert_eq!((code, kind(&problem)), (400, "bad-format"));
}
