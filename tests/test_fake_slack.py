"""The stand-in for Slack is strict, and the real SDK and the real Bolt app run against it in both transports."""

from __future__ import annotations

import json
import logging
import threading
import wsgiref.simple_server
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from fake_slack import FAULTS, FakeSlack, NotAnsweredError, Person, links, mentions, styled
from fake_slack.contract import SPEC, described
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "What happened?"}}
BUTTON = {"type": "button", "action_id": "okr.v1.fine", "text": {"type": "plain_text", "text": "It is fine"}, "value": "7"}
ASKING = [SECTION, {"type": "actions", "block_id": "answers", "elements": [BUTTON]}]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=1)


def bolt(slack: FakeSlack) -> App:
    app = App(
        client=WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[]),
        signing_secret=slack.signing_secret,
        token_verification_enabled=False,
    )
    app.client.token = slack.bot_token

    @app.action("okr.v1.fine")
    def fine(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        client.views_open(
            trigger_id=body["trigger_id"],
            view={
                "type": "modal",
                "callback_id": "why",
                "title": {"type": "plain_text", "text": "Why?"},
                "submit": {"type": "plain_text", "text": "Save"},
                "blocks": [
                    {
                        "type": "input",
                        "block_id": "reason",
                        "label": {"type": "plain_text", "text": "Reason"},
                        "element": {"type": "plain_text_input", "action_id": "text"},
                    },
                    {
                        "type": "input",
                        "block_id": "goal",
                        "optional": True,
                        "label": {"type": "plain_text", "text": "Key result"},
                        "element": {"type": "external_select", "action_id": "kr", "min_query_length": 0},
                    },
                ],
            },
        )

    @app.options("kr")
    def offer(ack: Any, payload: Any) -> None:
        ack(options=[{"text": {"type": "plain_text", "text": f"KR {payload['value']}"}, "value": "kr1"}])

    @app.view("why")
    def save(ack: Any, view: Any, client: WebClient, body: Any) -> None:
        values = view["state"]["values"]
        if len(values["reason"]["text"]["value"]) < 5:
            ack(response_action="errors", errors={"reason": "Say a little more."})
            return
        ack()
        chosen = values["goal"]["kr"]["selected_option"]
        client.chat_postMessage(channel=body["user"]["id"], text=f"Kept: {values['reason']['text']['value']} {chosen and chosen['value']}")

    @app.command("/okrbot")
    def command(ack: Any, command: Any) -> None:
        ack(f"You said {command['text']}")

    @app.event("app_home_opened")
    def home(event: Any, client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [SECTION]})

    return app


@pytest.fixture(params=["http", "socket"])
def connected(request: pytest.FixtureRequest, slack: FakeSlack) -> Iterator[FakeSlack]:
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
    app = bolt(slack)
    if request.param == "socket":
        handler = SocketModeHandler(app, slack.app_token)
        handler.connect()
        assert slack.wait_connected()
        yield slack
        slack.hub.kill()  # the builtin client closes at once only when its line is gone
        handler.close()
        return

    class Quiet(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            return

    server = wsgiref.simple_server.make_server("127.0.0.1", 0, SlackRequestHandler(app, path="/slack/events"), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    slack.connect_http(f"http://127.0.0.1:{server.server_port}/slack/events")
    yield slack
    server.shutdown()
    thread.join()
    server.server_close()


def eventually(found: Any) -> Any:
    for _ in range(200):
        if result := found():
            return result
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen")


def test_a_click_a_modal_and_an_answer_run_through_bolt(connected: FakeSlack, client: WebClient) -> None:
    ann = connected.person("ann@acme.example")
    sent = client.chat_postMessage(channel=ann.id, text="What happened?", blocks=ASKING)
    (message,) = ann.messages()
    assert sent["ts"] == message.ts
    ann.click(message, "It is fine")
    eventually(lambda: ann.modals)
    assert ann.submit() == {
        "reason": "required",
    }
    ann.fill("Reason", "no")
    assert ann.submit() == {"reason": "Say a little more."}
    ann.fill("Reason", "a legal deadline")
    ann.choose(ann.modal, "kr", "KR check")
    connected.clock.advance(2)
    assert ann.submit() == {}
    assert eventually(lambda: [m for m in ann.messages() if m.text == "Kept: a legal deadline kr1"])
    assert ann.modals == []
    assert connected.breaches == []


def test_commands_and_home_run_through_bolt(connected: FakeSlack) -> None:
    ann = connected.person("ann@acme.example")
    ann.command("SHOP-1 <now>")
    assert ann.notices()[-1].text == "You said SHOP-1 &lt;now&gt;"
    ann.open_home()
    eventually(lambda: ann.id in connected.space.homes)
    assert "What happened?" in ann.reads(ann.home)
    assert connected.breaches == []


def test_what_nobody_handles_is_an_error_in_the_persons_face(connected: FakeSlack, client: WebClient) -> None:
    ann = connected.person("ann@acme.example")
    old = json.loads(json.dumps(ASKING).replace("okr.v1.fine", "okr.v0.gone"))
    client.chat_postMessage(channel=ann.id, text="Old", blocks=old)
    with pytest.raises(NotAnsweredError):
        ann.click(ann.messages()[-1], "It is fine")


def test_a_refresh_of_socket_mode_loses_no_click(slack: FakeSlack, client: WebClient) -> None:
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
    handler = SocketModeHandler(bolt(slack), slack.app_token)
    handler.connect()
    assert slack.wait_connected()
    first = list(slack.hub.connections)
    slack.hub.refresh()
    eventually(lambda: slack.hub.connections and slack.hub.connections != first and first[0] not in slack.hub.connections)
    ann = slack.person("ann@acme.example")
    assert ann.command("help").ok
    slack.hub.kill()
    handler.close()


def test_only_what_is_on_a_message_can_be_clicked(slack: FakeSlack, client: WebClient) -> None:
    ann = slack.person("ann@acme.example")
    client.chat_postMessage(channel=ann.id, text="What happened?", blocks=ASKING)
    with pytest.raises(AssertionError, match="nothing called 'Undo'"):
        ann.click(ann.messages()[-1], "Undo")


def test_nobody_sees_a_private_channel_they_are_not_in(slack: FakeSlack) -> None:
    ann, bob = slack.person("ann@acme.example"), slack.person("bob@acme.example")
    slack.channel("#board", members=[ann], private=True)
    with pytest.raises(AssertionError, match="cannot see"):
        bob.messages("#board")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c, ch: c.chat_postMessage(channel=ch, text="x", link_names=True), ""),
        (lambda c, ch: c.chat_postMessage(channel=ch, blocks=ASKING), ""),
        (lambda c, ch: c.chat_postMessage(channel=ch, text="x", blocks=[SECTION] * 51), "invalid_blocks"),
        (lambda c, ch: c.chat_postMessage(channel=ch, text="x", client_msg_id="1"), ""),
        (lambda c, ch: c.chat_postMessage(channel=ch, text="x", blocks=[{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]), "invalid_blocks"),
        (lambda c, ch: c.chat_postMessage(channel=ch, text="x", metadata={"event_type": "x"}), "invalid_metadata_format"),
        (lambda c, ch: c.chat_update(channel=ch, ts="1.2", text=""), "no_text"),
        (lambda c, ch: c.views_open(trigger_id="1.2.3", view={"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [SECTION]}), "invalid_trigger_id"),
        (lambda c, ch: c.chat_meMessage(channel=ch, text="x"), "unknown_method"),
        (lambda c, ch: c.users_info(), "invalid_arguments"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:The top-level `text`")
def test_each_breach_is_remembered(slack: FakeSlack, client: WebClient, call: Any, error: str) -> None:
    channel = slack.channel("#shop")
    if error == "no_text":
        slack.clock.advance(1)
        sent = client.chat_postMessage(channel=channel.id, text="x")
        with pytest.raises(SlackApiError, match=error):
            client.chat_update(channel=channel.id, ts=sent["ts"], text="")
    elif error == "invalid_arguments":
        with pytest.raises(SlackApiError, match=error):
            client.api_call("users.info", params={})
    elif error:
        with pytest.raises(SlackApiError, match=error):
            call(client, channel.id)
    else:
        call(client, channel.id)
    assert slack.breaches


def test_a_method_without_its_scope_is_refused_and_remembered(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.channel("#board", private=True)
    slack.scopes.discard("groups:history")
    with pytest.raises(SlackApiError, match="missing_scope"):
        client.conversations_history(channel=channel.id)
    assert slack.breaches == ["conversations.history: called without groups:history"]


def test_a_trigger_works_once_and_for_three_seconds(slack: FakeSlack, client: WebClient) -> None:
    ann = slack.person("ann@acme.example")
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [SECTION]}
    trigger = slack.space.new_trigger(ann.id)
    client.views_open(trigger_id=trigger, view=view)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        client.views_open(trigger_id=trigger, view=view)
    late = slack.space.new_trigger(ann.id)
    slack.clock.advance(3.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        client.views_open(trigger_id=late, view=view)


def _respond(url: str, **body: Any) -> int:
    return requests.post(url, json=body, timeout=5).status_code


def test_a_response_address_works_five_times_and_for_half_an_hour(slack: FakeSlack) -> None:
    ann = slack.person("ann@acme.example")
    channel = slack.space.open_im(ann.id)
    url = slack.response_url(channel.id, ann.id)
    assert [_respond(url, text="hi") for _ in range(6)] == [200] * 5 + [404]
    late = slack.response_url(channel.id, ann.id)
    slack.clock.advance(1801)
    assert _respond(late, text="hi") == 404


def test_one_message_a_second_and_channel(slack: FakeSlack, client: WebClient) -> None:
    one, two = slack.channel("#one"), slack.channel("#two")
    client.chat_postMessage(channel=one.id, text="a")
    client.chat_postMessage(channel=two.id, text="a")
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=one.id, text="b")
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "1")
    slack.clock.advance(1)
    client.chat_postMessage(channel=one.id, text="b")
    assert slack.breaches == []


def test_metadata_is_seen_only_when_asked_for_and_survives_an_update(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.channel("#shop")
    sent = client.chat_postMessage(channel=channel.id, text="a", metadata={"event_type": "okrbot", "event_payload": {"key": "k"}})
    client.chat_update(channel=channel.id, ts=sent["ts"], text="b")
    assert "metadata" not in client.conversations_history(channel=channel.id)["messages"][0]
    found = client.conversations_history(channel=channel.id, include_all_metadata=True)["messages"][0]
    assert (found["metadata"]["event_payload"], found["text"]) == ({"key": "k"}, "b")


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_does_what_it_says(slack: FakeSlack, name: str) -> None:
    channel = slack.channel("#shop")
    logging.getLogger("slack_sdk").setLevel(logging.CRITICAL)
    slack.fault(name)
    short = WebClient(
        slack.bot_token,
        base_url=slack.api_url,
        retry_handlers=[],
        timeout=0.1 if FAULTS[name][1].startswith(("no answer", "answer after")) else 5,
    )
    if name == "huge":
        short.chat_postMessage(channel=channel.id, text="a")  # what the SDK does with it: it reads all of it
    else:
        with pytest.raises((SlackApiError, OSError, ValueError, Exception)):
            short.chat_postMessage(channel=channel.id, text="a")
    slack.clock.advance(1)
    effect = FAULTS[name][0]
    assert len(slack.messages("#shop")) == (effect == "yes")
    slack.clock.advance(600)
    assert len(slack.messages("#shop")) == (effect in ("yes", "late"))


def test_an_event_is_sent_again_until_it_is_taken(slack: FakeSlack) -> None:
    seen: list[str] = []

    def application(environ: Any, start: Any) -> list[bytes]:
        seen.append(environ.get("HTTP_X_SLACK_RETRY_NUM", "0"))
        start("200 OK" if len(seen) > 2 else "500 Down", [])
        return [b""]

    class Quiet(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            return

    server = wsgiref.simple_server.make_server("127.0.0.1", 0, application, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    slack.connect_http(f"http://127.0.0.1:{server.server_port}/")
    assert slack.event({"type": "app_uninstalled"}).ok
    server.shutdown()
    thread.join()
    server.server_close()
    assert seen == ["0", "1", "2"]


def test_a_reader_tells_mentions_links_and_style(slack: FakeSlack) -> None:
    def section(text: str, **more: Any) -> list[dict[str, Any]]:
        return [{"type": "section", "text": {"type": "mrkdwn", "text": text, **more}}]

    assert mentions(section("<!channel> <@U1|ann> <!subteam^S1> <!date^1^{date}|x>"), "<!here>") == {"channel", "U1", "subteam:S1", "here"}
    assert links(section("<https://a.example|b> https://c.example/d")) == {"https://a.example", "https://c.example/d"}
    assert links(section("https://c.example/d", verbatim=True)) == set()
    assert styled("*a* _b_ snake_case_name ~c~ `d` :tada: 2*3*4") == ["*a*", "_b_", "~c~", "`d`", ":tada:"]
    assert isinstance(slack.person("a@b.example"), Person)


@pytest.mark.skipif(not SPEC.exists(), reason="Slack's method descriptions do not lie beside this checkout")
def test_our_own_table_agrees_with_slacks_description() -> None:
    from fake_slack.contract import OWN

    for method, (arguments, required, scopes, takes_json) in OWN.items():
        spec = described()[method]
        assert arguments <= set(spec["args"]), method
        assert set(spec["required"]) <= required, method
        assert set(scopes) <= set(spec["bot_scopes"]), method
        assert takes_json <= spec["json"], method
