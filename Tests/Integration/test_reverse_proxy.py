"""What the gateway owes to both sides, with a service that breaks calls in every way."""

import grpc
import pytest

from installation import wait_until
from lab import Lab
from raw_http2 import Upstream

Code = grpc.StatusCode
PATH = "/grpc.testing.TestService/UnaryCall"
HEADERS = [(":status", "200"), ("content-type", "application/grpc"), ("x-from", "service")]
EMPTY = b"\0\0\0\0\0"


def answer(session, stream, trailers=(("grpc-status", "0"), ("x-last", "bing"))):
    session.send_headers(stream, HEADERS)
    session.send_data(stream, EMPTY)
    session.send_headers(stream, list(trailers), end_stream=True)


class Route:
    """A channel through a gateway of its own to a service of its own."""

    def __init__(self, lab, behave):
        self.upstream = Upstream(behave)
        credentials = grpc.composite_channel_credentials(
            grpc.ssl_channel_credentials(lab.installation.ca),
            grpc.access_token_call_credentials(lab.key))
        self.channel = grpc.secure_channel(
            f"127.0.0.1:{lab.gateway(self.upstream.port)}", credentials,
            options=[("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)])

    def call(self, path=PATH):
        """(status, initial metadata, trailing metadata) of a call with an empty message."""
        try:
            _, call = self.channel.unary_unary(path).with_call(b"", timeout=10)
        except grpc.RpcError as error:
            call = error
        metadata = dict(call.initial_metadata() or ()), dict(call.trailing_metadata() or ())
        return call.code(), *metadata


@pytest.fixture(scope="module")
def lab(server):
    with Lab(server, tenant="proxy") as lab:
        yield lab


def test_headers_and_trailers_pass_and_informational_responses_do_not(lab):
    def behave(session, stream, number):
        session.send_headers(stream, [(":status", "103"), ("link", "</style.css>")])
        session.send_headers(stream, [(":status", "100")])
        answer(session, stream)
    code, initial, trailing = Route(lab, behave).call()
    assert code == Code.OK
    assert initial["x-from"] == "service" and "link" not in initial
    assert trailing["x-last"] == "bing"


def test_a_trailers_only_answer_passes(lab):
    def behave(session, stream, number):
        session.send_headers(
            stream, [*HEADERS, ("grpc-status", "5"), ("grpc-message", "no such thing")],
            end_stream=True)
    assert Route(lab, behave).call()[0] == Code.NOT_FOUND


@pytest.mark.parametrize("sent, expected", [
    (0x0, Code.INTERNAL), (0x1, Code.INTERNAL), (0x2, Code.INTERNAL), (0x8, Code.CANCELLED),
    (0xb, Code.RESOURCE_EXHAUSTED)])
@pytest.mark.parametrize("after_headers", [False, True])
def test_a_services_reset_becomes_a_status(lab, sent, expected, after_headers):
    def behave(session, stream, number):
        if after_headers:
            session.send_headers(stream, HEADERS)
            session.send_data(stream, EMPTY[:3])
        session.reset_stream(stream, sent)
    route = Route(lab, behave)
    assert route.call()[0] == expected
    assert route.upstream.requests == 1, "what may have had an effect is not repeated"


def test_a_refused_stream_is_tried_again(lab):
    def behave(session, stream, number):
        if number == 0:
            session.reset_stream(stream, 0x7)
        else:
            answer(session, stream)
    route = Route(lab, behave)
    assert route.call()[0] == Code.OK
    assert route.upstream.requests == 2


def test_a_reset_after_the_whole_answer_does_no_harm(lab):
    def behave(session, stream, number):
        answer(session, stream)
        return b"\0\0\x04\x03\0" + stream.to_bytes(4, "big") + bytes(4)  # RST_STREAM, NO_ERROR
    route = Route(lab, behave)
    assert [route.call()[0] for _ in range(3)] == [Code.OK] * 3
    assert route.upstream.connections == 1


def test_a_clients_cancellation_reaches_the_service_as_cancel(lab):
    route = Route(lab, lambda session, stream, number: None)
    call = route.channel.unary_unary(PATH).future(b"", timeout=30)
    wait_until(lambda: route.upstream.requests == 1, 10, "the request")
    call.cancel()
    assert wait_until(lambda: route.upstream.resets, 10, "the reset")[0][1] == 0x8


def test_a_deadline_ends_the_services_call_too(lab):
    route = Route(lab, lambda session, stream, number: None)
    with pytest.raises(grpc.RpcError) as error:
        route.channel.unary_unary(PATH)(b"", timeout=0.3)
    assert error.value.code() == Code.DEADLINE_EXCEEDED
    assert wait_until(lambda: route.upstream.resets, 10, "the reset")[0][1] == 0x8


def test_after_goaway_calls_go_on_at_once_and_old_ones_end(lab):
    held = []

    def behave(session, stream, number):
        if number == 0:
            held.append(stream)
            return b"\0\0\x08\x07\0\0\0\0\0" + stream.to_bytes(4, "big") + bytes(4)  # GOAWAY
        return answer(session, stream)
    route = Route(lab, behave)
    old = route.channel.unary_unary(PATH).future(b"", timeout=30)
    wait_until(lambda: held, 10, "the first request")
    assert route.call()[0] == Code.OK
    assert route.upstream.connections == 2
    assert not old.done()
    old.cancel()


def test_a_service_that_says_what_it_does_not_speak(lab):
    def behave(session, stream, number):
        session.send_headers(stream, [(":status", "503"), ("content-type", "text/html")])
        session.send_data(stream, b"<p>Out of order</p>", end_stream=True)
    assert Route(lab, behave).call()[0] == Code.UNAVAILABLE
