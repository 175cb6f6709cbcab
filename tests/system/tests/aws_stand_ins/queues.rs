//! SQS: groups, visibility, receipts, redrive, batches, long polls.

use std::time::{Duration, Instant};

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use local::embedded::queue_url;

use super::{BY_CONTENT, DEAD, DELAYED, LIVE, RECEIVES_MAX, RETENTION_SECS, Services, UPLOADS, VISIBILITY_SECS};
use super::{bodies, receive};

async fn send(services: &Services, queue: &str, group: &str, body: &str) -> String {
    let request = services.sqs().send_message().queue_url(queue_url(queue)).message_body(body);
    let sent = request.message_group_id(group).message_deduplication_id(body).send().await.unwrap();
    sent.message_id().unwrap().to_owned()
}

async fn send_standard(services: &Services, body: &str) {
    services.sqs().send_message().queue_url(queue_url(UPLOADS)).message_body(body).send().await.unwrap();
}

async fn delete(services: &Services, queue: &str, message: &Message) {
    let request = services.sqs().delete_message().queue_url(queue_url(queue));
    request.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
}

async fn change_visibility(services: &Services, queue: &str, message: &Message, secs: i32) -> Result<(), String> {
    let request = services.sqs().change_message_visibility().queue_url(queue_url(queue)).visibility_timeout(secs);
    let changed = request.receipt_handle(message.receipt_handle().unwrap()).send().await;
    changed.map(drop).map_err(|error| error.code().unwrap().to_owned())
}

fn attribute(message: &Message, name: MessageSystemAttributeName) -> &str {
    message.attributes().and_then(|attributes| attributes.get(&name)).unwrap()
}

fn receives(message: &Message) -> u32 {
    attribute(message, MessageSystemAttributeName::ApproximateReceiveCount).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_waits_while_one_of_its_messages_is_in_flight_and_others_go_on() {
    let services = Services::start().await;
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2")] {
        send(&services, LIVE, group, body).await;
    }
    let one = services.sqs().receive_message().queue_url(queue_url(LIVE)).max_number_of_messages(1).send().await;
    let first = one.unwrap().messages.unwrap().remove(0);
    assert_eq!(first.body(), Some("a1"));
    let second = receive(&services, LIVE).await;
    assert_eq!(bodies(&second), ["b1"]);
    send(&services, LIVE, "b", "b2").await;
    assert!(receive(&services, LIVE).await.is_empty(), "both groups are in flight");
    delete(&services, LIVE, &first).await;
    assert_eq!(bodies(&receive(&services, LIVE).await), ["a2"]);
    // Hidden no longer: the group goes on with the same message, in its old place.
    services.pass(VISIBILITY_SECS);
    let again = receive(&services, LIVE).await;
    assert_eq!(bodies(&again), ["b1", "a2", "b2"]);
    assert_eq!(again.iter().map(receives).collect::<Vec<_>>(), [2, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_in_flight_an_earlier_message_waits_for_the_later_one() {
    let services = Services::start().await;
    for body in ["1", "2", "3"] {
        send(&services, LIVE, "a", body).await;
    }
    let batch = receive(&services, LIVE).await;
    assert_eq!(bodies(&batch), ["1", "2", "3"]);
    change_visibility(&services, LIVE, &batch[0], 0).await.unwrap();
    assert!(receive(&services, LIVE).await.is_empty(), "two of the group are still in flight");
    delete(&services, LIVE, &batch[1]).await;
    change_visibility(&services, LIVE, &batch[2], 0).await.unwrap();
    assert_eq!(bodies(&receive(&services, LIVE).await), ["1", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_within_five_minutes_answers_as_the_first_and_is_not_stored() {
    let services = Services::start().await;
    let first = send(&services, LIVE, "a", "same").await;
    let received = receive(&services, LIVE).await;
    delete(&services, LIVE, &received[0]).await;
    services.pass(299);
    assert_eq!(send(&services, LIVE, "another-group", "same").await, first);
    assert!(receive(&services, LIVE).await.is_empty());
    services.pass(1);
    assert_ne!(send(&services, LIVE, "a", "same").await, first);
    assert_eq!(bodies(&receive(&services, LIVE).await), ["same"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_content_the_body_is_the_key_and_without_it_a_key_is_asked_for() {
    let services = Services::start().await;
    let keyless = async |queue: &str, body: &str| {
        let request = services.sqs().send_message().queue_url(queue_url(queue)).message_body(body);
        request.message_group_id("a").send().await
    };
    for body in ["one", "two", "one"] {
        keyless(BY_CONTENT, body).await.unwrap();
    }
    send(&services, BY_CONTENT, "a", "own-key").await;
    assert_eq!(bodies(&receive(&services, BY_CONTENT).await), ["one", "two", "own-key"]);
    let refused = keyless(LIVE, "one").await.unwrap_err();
    assert!(refused.message().unwrap().contains("MessageDeduplicationId"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_due_is_not_held_up_by_a_later_one_of_its_group() {
    let services = Services::start().await;
    send(&services, DELAYED, "a", "first").await;
    services.pass(40);
    send(&services, DELAYED, "a", "second").await;
    assert!(receive(&services, DELAYED).await.is_empty());
    services.pass(20);
    let first = receive(&services, DELAYED).await;
    assert_eq!(bodies(&first), ["first"]);
    services.pass(10);
    delete(&services, DELAYED, &first[0]).await;
    assert!(receive(&services, DELAYED).await.is_empty());
    services.pass(30);
    assert_eq!(bodies(&receive(&services, DELAYED).await), ["second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_wakes_for_a_message_and_otherwise_ends_with_nothing() {
    let services = Services::start().await;
    let poll = |secs: i32| {
        let request = services.sqs().receive_message().queue_url(queue_url(UPLOADS)).wait_time_seconds(secs);
        async move { request.send().await.unwrap().messages.unwrap_or_default() }
    };
    let began = Instant::now();
    assert!(poll(1).await.is_empty());
    assert!(began.elapsed() >= Duration::from_secs(1), "it waits as long as it was told");
    // Longer than a single try of our own clients may take, and so bounded by the message alone.
    let began = Instant::now();
    let late = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        send_standard(&services, "late").await;
    };
    let (messages, ()) = tokio::join!(poll(3), late);
    assert_eq!(bodies(&messages), ["late"]);
    assert!(began.elapsed() < Duration::from_secs(3), "it came when the message came");
    let request = services.sqs().receive_message().queue_url(queue_url(UPLOADS)).wait_time_seconds(21);
    assert_eq!(request.send().await.unwrap_err().code(), Some("InvalidParameterValue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_too_many_receives_a_message_lies_in_the_dead_letter_queue_and_its_group_goes_on() {
    let services = Services::start().await;
    let id = send(&services, LIVE, "a", "poison").await;
    send(&services, LIVE, "a", "behind-it").await;
    for round in 1..=RECEIVES_MAX {
        let batch = receive(&services, LIVE).await;
        assert_eq!((bodies(&batch)[0], receives(&batch[0])), ("poison", round));
        if let Some(behind) = batch.get(1) {
            change_visibility(&services, LIVE, behind, 0).await.unwrap();
        }
        services.pass(VISIBILITY_SECS);
        if round < RECEIVES_MAX {
            assert!(receive(&services, DEAD).await.is_empty(), "round {round}");
        }
    }
    let left = receive(&services, LIVE).await;
    assert!(!bodies(&left).contains(&"poison"));
    let dead = receive(&services, DEAD).await;
    assert_eq!(bodies(&dead)[0], "poison");
    assert_eq!(dead[0].message_id(), Some(id.as_str()), "it is still the same message");
    assert_eq!(attribute(&dead[0], MessageSystemAttributeName::MessageGroupId), "a");
    let source = attribute(&dead[0], MessageSystemAttributeName::DeadLetterQueueSourceArn);
    assert_eq!(source, format!("arn:aws:sqs:eu-west-1:000000000000:{LIVE}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn visibility_can_be_lengthened_ended_and_not_changed_any_more_when_it_is_over() {
    let services = Services::start().await;
    send_standard(&services, "work").await;
    let held = receive(&services, UPLOADS).await.remove(0);
    services.pass(20);
    change_visibility(&services, UPLOADS, &held, 100).await.unwrap();
    services.pass(99);
    assert!(receive(&services, UPLOADS).await.is_empty());
    services.pass(1);
    let held = receive(&services, UPLOADS).await.remove(0);
    assert_eq!(receives(&held), 2);
    change_visibility(&services, UPLOADS, &held, 0).await.unwrap();
    let held = receive(&services, UPLOADS).await.remove(0);
    assert_eq!(receives(&held), 3, "it came back at once");
    assert_eq!(change_visibility(&services, UPLOADS, &held, 43_201).await, Err("InvalidParameterValue".into()));
    services.pass(VISIBILITY_SECS);
    assert!(change_visibility(&services, UPLOADS, &held, 60).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_receipt_deletes_on_a_standard_queue_and_not_on_a_fifo_queue() {
    let services = Services::start().await;
    send(&services, LIVE, "a", "ordered").await;
    send_standard(&services, "loose").await;
    let ordered = receive(&services, LIVE).await.remove(0);
    let loose = receive(&services, UPLOADS).await.remove(0);
    services.pass(VISIBILITY_SECS);
    let request = services.sqs().delete_message().queue_url(queue_url(LIVE));
    let refused = request.receipt_handle(ordered.receipt_handle().unwrap()).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    assert!(refused.message().unwrap().contains("receipt handle has expired"), "{refused:?}");
    delete(&services, UPLOADS, &loose).await;
    assert_eq!(bodies(&receive(&services, LIVE).await), ["ordered"]);
    assert!(receive(&services, UPLOADS).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_of_an_earlier_receive_does_not_delete_what_another_holds() {
    let services = Services::start().await;
    send_standard(&services, "work").await;
    let earlier = receive(&services, UPLOADS).await.remove(0);
    services.pass(VISIBILITY_SECS);
    let later = receive(&services, UPLOADS).await.remove(0);
    delete(&services, UPLOADS, &earlier).await;
    services.pass(VISIBILITY_SECS);
    assert_eq!(bodies(&receive(&services, UPLOADS).await), ["work"]);
    assert_ne!(earlier.receipt_handle(), later.receipt_handle());
    let request = services.sqs().delete_message().queue_url(queue_url(UPLOADS)).receipt_handle("nonsense");
    assert!(request.send().await.unwrap_err().as_service_error().unwrap().is_receipt_handle_is_invalid());
}

fn entry(id: &str, body: &str, key: Option<&str>) -> SendMessageBatchRequestEntry {
    let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(body).message_group_id("a");
    entry.set_message_deduplication_id(key.map(str::to_owned)).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_with_one_bad_entry_the_others_are_done() {
    let services = Services::start().await;
    let entries = vec![entry("x", "1", Some("k1")), entry("y", "2", None), entry("z", "3", Some("k3"))];
    let request = services.sqs().send_message_batch().queue_url(queue_url(LIVE)).set_entries(Some(entries));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.successful().iter().map(|done| done.id()).collect::<Vec<_>>(), ["x", "z"]);
    let failed = &answer.failed()[0];
    assert_eq!((answer.failed().len(), failed.id(), failed.sender_fault()), (1, "y", true));
    let held = receive(&services, LIVE).await;
    assert_eq!(bodies(&held), ["1", "3"]);

    let receipts = [("good", held[0].receipt_handle().unwrap()), ("bad", "nonsense")];
    let change = |(id, receipt): (&str, &str)| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(receipt);
        entry.visibility_timeout(60).build().unwrap()
    };
    let request = services.sqs().change_message_visibility_batch().queue_url(queue_url(LIVE));
    let changed = request.set_entries(Some(receipts.map(change).to_vec())).send().await.unwrap();
    assert_eq!((changed.successful()[0].id(), changed.failed()[0].id()), ("good", "bad"));
    let remove = |(id, receipt): (&str, &str)| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(receipt).build().unwrap()
    };
    let request = services.sqs().delete_message_batch().queue_url(queue_url(LIVE));
    let deleted = request.set_entries(Some(receipts.map(remove).to_vec())).send().await.unwrap();
    assert_eq!((deleted.successful()[0].id(), deleted.failed()[0].id()), ("good", "bad"));
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");
    services.pass(VISIBILITY_SECS);
    assert_eq!(bodies(&receive(&services, LIVE).await), ["3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_none_is_refused_whole() {
    let services = Services::start().await;
    let send_all = async |entries: Vec<SendMessageBatchRequestEntry>| {
        let request = services.sqs().send_message_batch().queue_url(queue_url(LIVE));
        request.set_entries(Some(entries)).send().await.unwrap_err().into_service_error()
    };
    let numbered = |count: usize, body: &str| -> Vec<SendMessageBatchRequestEntry> {
        (0..count).map(|at| entry(&at.to_string(), body, Some(&format!("k{at}")))).collect()
    };
    assert!(send_all(Vec::new()).await.is_empty_batch_request());
    assert!(send_all(numbered(11, "x")).await.is_too_many_entries_in_batch_request());
    assert!(send_all(numbered(3, &"x".repeat(400 * 1024))).await.is_batch_request_too_long());
    let alike = vec![entry("x", "1", Some("k1")), entry("x", "2", Some("k2"))];
    assert!(send_all(alike).await.is_batch_entry_ids_not_distinct());
    assert!(receive(&services, LIVE).await.is_empty());
    let nowhere = services.sqs().send_message().queue_url(queue_url("nobodys")).message_body("x").send().await;
    assert!(nowhere.unwrap_err().as_service_error().unwrap().is_queue_does_not_exist());
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_told_to_whoever_asks_and_counts_follow_the_states() {
    let services = Services::start().await;
    send(&services, LIVE, "a", "1").await;
    send(&services, LIVE, "b", "2").await;
    send(&services, DELAYED, "a", "3").await;
    let request = services.sqs().receive_message().queue_url(queue_url(LIVE)).max_number_of_messages(1);
    let unasked = request.send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(unasked.attributes(), None);
    assert_eq!(unasked.md5_of_body(), Some("c4ca4238a0b923820dcc509a6f75849b"));
    let counts = async |queue: &str| {
        let request = services.sqs().get_queue_attributes().queue_url(queue_url(queue));
        let answer = request.attribute_names(QueueAttributeName::All).send().await.unwrap();
        let count = |name: QueueAttributeName| answer.attributes().unwrap()[&name].parse::<u32>().unwrap();
        (
            count(QueueAttributeName::ApproximateNumberOfMessages),
            count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
            count(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
        )
    };
    assert_eq!((counts(LIVE).await, counts(DELAYED).await), ((1, 1, 0), (0, 0, 1)));
    services.pass(60);
    assert_eq!((counts(LIVE).await, counts(DELAYED).await), ((2, 0, 0), (1, 0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_is_dropped_when_its_retention_ends() {
    let services = Services::start().await;
    send_standard(&services, "old").await;
    services.pass(RETENTION_SECS - 1);
    send_standard(&services, "young").await;
    services.pass(1);
    assert_eq!(bodies(&receive(&services, UPLOADS).await), ["young"]);
}
