//! Live events.

use crate::app::App;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use nilas_api::ServerEvent;
use std::convert::Infallible;
use std::time::Duration;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::{Stream, StreamExt};

/// Changes of projects and jobs and new lines of event logs, as server-sent events: each `data:` line is a `ServerEvent`.
#[utoipa::path(get, path = "/events", tag = "live", responses((status = 200, content_type = "text/event-stream", body = ServerEvent)))]
pub async fn live_events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = tokio_stream::once(sse(&ServerEvent::Resync));
    let rest = BroadcastStream::new(app.master.listen()).map(|item| match item {
        Ok(event) => sse(&event),
        Err(_) => sse(&ServerEvent::Resync),
    });
    Sse::new(first.chain(rest).map(Ok)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn sse(event: &ServerEvent) -> Event {
    // Every type here serialises; a failure would be a defect, and the listener then fetches anew.
    Event::default()
        .json_data(event)
        .unwrap_or_else(|_| Event::default().data(r#"{"type":"resync"}"#))
}
