"""A real language model (SmolLM2-135M-Instruct, Q4_1) behind the gateway: texts, chats, tokens."""

import collections
import json
import queue
import re
import shutil
import subprocess
import threading
import time

import grpc
import numpy as np
import pytest
import requests
import tritonclient.grpc as triton

from tritonclient.utils import InferenceServerException

import management
from conftest import Keys, bearer, connect
from installation import ROOT, CommandFailed, Installation

GREEDY = {"sampling": {"temperature": 0}}
Text = collections.namedtuple("Text", "text tokens finish usage")


@pytest.fixture(scope="module")
def model_file():
    subprocess.run([ROOT / "scripts" / "language-models.sh", "smollm2"], check=True)
    return next((ROOT / ".build" / "language-models" / "smollm2").glob("*.gguf"))


@pytest.fixture(scope="module")
def house(model_file):
    """One instance, so that requests for a model meet in its steps; two tenants with the model."""
    installation = Installation(instances=1)
    try:
        installation.start()
        tenants = []
        for name in ("east", "west"):
            installation.create_tenant(name)
            tenants.append(Keys(installation, name))
            installation.deploy(model_file, "smollm", tenants[-1].deploy)
        yield installation, *tenants
    finally:
        installation.close()


@pytest.fixture(scope="module")
def channel(house):
    installation, east, _ = house
    with installation.channel(east.infer) as channel:
        yield channel


def collect(call):
    texts, tokens, finishes, usage = (
        collections.defaultdict(str), collections.defaultdict(list), {}, None)
    for piece in call:
        texts[piece.choice] += piece.text
        tokens[piece.choice] += piece.tokens
        if piece.finish_reason:
            finishes[piece.choice] = piece.finish_reason
        if piece.HasField("usage"):
            usage = piece.usage
    return [Text(texts[n], tokens[n], finishes[n], usage) for n in sorted(finishes)]


def generate(channel, prompt, **options):
    return collect(management.stream(
        channel, "Generation/Generate", model="smollm", prompt=prompt, options=options))


def refused(channel, method="Generate", **fields):
    with pytest.raises(grpc.RpcError) as error:
        list(management.stream(channel, f"Generation/{method}", **{"model": "smollm", **fields}))
    return error.value.code(), error.value.details()


def ask(channel, text, **options):
    return collect(management.stream(
        channel, "Generation/Chat", model="smollm", messages=[{"role": "user", "content": text}],
        options={**GREEDY, **options}))[0]


def test_a_chat_answers_as_the_model_does_in_float32(channel):
    answer = ask(channel, "What is the capital of France?")
    assert answer.text == "The capital of France is Paris."
    assert answer.finish == "stop"
    assert answer.usage.prompt_tokens == 37 and answer.usage.generated_tokens == 8


def test_tokens_arrive_as_they_are_generated(channel):
    call = management.stream(
        channel, "Generation/Generate", model="smollm", prompt="Once upon a time",
        options={**GREEDY, "max_tokens": 200})
    pieces = [piece for piece in call if piece.tokens]
    assert len(pieces) == 200 and all(len(piece.tokens) == 1 for piece in pieces)


def test_a_seed_repeats_a_text_whatever_else_runs(channel):
    options = {"sampling": {"temperature": 1.2, "top_p": 0.95, "seed": 7}, "max_tokens": 40}
    alone = generate(channel, "The sea is", **options)[0]
    results = {}

    def work(number):
        seeded = {**options, "sampling": {**options["sampling"], "seed": 7 + number % 2 * number}}
        results[number] = generate(channel, "The sea is", **seeded)[0]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(results[number].text == alone.text for number in (0, 2, 4, 6))
    assert len({results[number].text for number in (1, 3, 5, 7)} - {alone.text}) == 4


def test_a_prefix_is_shared_within_a_tenant_and_not_across(house):
    installation, east, west = house
    prompt = "A long introduction that several requests begin with. " * 20
    with installation.channel(east.infer) as own, installation.channel(west.infer) as foreign:
        assert generate(own, prompt, max_tokens=1)[0].usage.cached_tokens == 0
        usage = generate(own, prompt + "Then", max_tokens=1)[0].usage
        assert usage.cached_tokens > usage.prompt_tokens * 0.8
        assert generate(foreign, prompt, max_tokens=1)[0].usage.cached_tokens == 0


def test_choices_are_different_texts_of_one_prompt(channel):
    options = {"sampling": {"temperature": 1, "seed": 3}, "choices": 3, "max_tokens": 20}
    texts = generate(channel, "My favourite animal is", **options)
    assert len(texts) == 3 and len({text.text for text in texts}) == 3
    # One that ends by itself has a token for that, which is not shown.
    assert all(len(text.tokens) == 20 or text.finish == "stop" for text in texts)
    counts = [len(text.tokens) + (text.finish == "stop") for text in texts]
    assert texts[-1].usage is None or texts[-1].usage.generated_tokens == sum(counts)
    assert [text.text for text in generate(channel, "My favourite animal is", **options)] == [
        text.text for text in texts]


def test_a_stop_text_ends_and_is_not_shown(channel):
    whole = generate(channel, "One, two, three,", **GREEDY, max_tokens=30)[0].text
    stop = whole[len(whole) // 2:][:5]
    text = generate(channel, "One, two, three,", **GREEDY, max_tokens=30, stop=[stop])[0]
    assert text.finish == "stop" and text.text == whole[:whole.index(stop)]


def test_a_schema_binds_the_text(channel):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "people": {"type": "integer"},
                       "size": {"enum": ["small", "large"]}},
        "required": ["city", "people", "size"], "additionalProperties": False}
    answer = ask(channel, "Describe Paris as JSON.", max_tokens=200,
                 constraint={"json_schema": json.dumps(schema)})
    value = json.loads(answer.text)
    assert answer.finish == "stop" and set(value) == {"city", "people", "size"}
    assert isinstance(value["people"], int) and value["size"] in ("small", "large")


def test_a_pattern_binds_the_text(channel):
    answer = ask(channel, "When was the French revolution?",
                 constraint={"regex": "[12][0-9]{3}-(0[1-9]|1[0-2])"})
    assert re.fullmatch("[12][0-9]{3}-(0[1-9]|1[0-2])", answer.text)


def test_probabilities_come_with_tokens(channel):
    call = management.stream(
        channel, "Generation/Generate", model="smollm", prompt="The capital of France is",
        options={"sampling": {"temperature": 0, "logprobs": 3}, "max_tokens": 2})
    first = next(piece for piece in call if piece.probabilities).probabilities[0]
    assert first.chosen.text == b" Paris"
    assert len(first.most_likely) == 3 and first.most_likely[0] == first.chosen
    assert first.chosen.logprob < 0


def test_a_client_that_goes_away_ends_its_request(house, channel):
    installation = house[0]
    call = management.stream(
        channel, "Generation/Generate", model="smollm", prompt="Never stop counting: 1, 2,",
        options={**GREEDY, "max_tokens": 8000})
    next(iter(call))
    call.cancel()
    # The next request has the model for itself again: its answer is not behind 8,000 tokens.
    assert ask(channel, "What is the capital of France?").finish == "stop"
    assert installation.process.poll() is None


def test_what_users_write_never_becomes_special_tokens(channel):
    plain = ask(channel, "x", max_tokens=1).usage.prompt_tokens
    tricky = ask(channel, "<|im_end|>", max_tokens=1).usage.prompt_tokens
    # One token if it were the special one; as text it is several.
    assert tricky > plain + 3


@pytest.mark.parametrize("fields, code, words", [
    ({"prompt": ""}, "INVALID_ARGUMENT", "prompt"),
    ({"prompt": "a", "prompt_tokens": [1]}, "INVALID_ARGUMENT", "both"),
    ({"prompt_tokens": [49152]}, "INVALID_ARGUMENT", "49151"),
    ({"prompt": "word " * 9000}, "INVALID_ARGUMENT", "8192"),
    ({"prompt": "a", "options": {"sampling": {"temperature": -1}}}, "INVALID_ARGUMENT",
     "temperature"),
    ({"prompt": "a", "options": {"sampling": {"top_p": 0}}}, "INVALID_ARGUMENT", "topP"),
    ({"prompt": "a", "options": {"sampling": {"logit_bias": {60000: 1}}}}, "INVALID_ARGUMENT",
     "logitBias"),
    ({"prompt": "a", "options": {"choices": 1000}}, "INVALID_ARGUMENT", "choices"),
    ({"prompt": "a", "options": {"stop": [""]}}, "INVALID_ARGUMENT", "stop"),
    ({"prompt": "a", "options": {"constraint": {"json_schema": "{"}}}, "INVALID_ARGUMENT", ""),
    ({"prompt": "a", "options": {"constraint": {"regex": "(" * 500}}}, "INVALID_ARGUMENT", ""),
    ({"prompt": "a", "options": {"constraint": {"regex": "(?=a)b"}}},
     "INVALID_ARGUMENT", ""),
    ({"model": "nobody", "prompt": "a"}, "NOT_FOUND", "nobody"),
    ({"version": "7", "prompt": "a"}, "NOT_FOUND", "7"),
])
def test_bad_requests_are_refused_with_a_sentence(channel, fields, code, words):
    got, details = refused(channel, **fields)
    assert got.name == code
    assert words.lower().replace("_", "") in details.lower().replace("_", "").replace(" ", "")
    assert ask(channel, "What is the capital of France?").finish == "stop"


def test_other_models_do_not_generate(house, channel):
    installation, east, _ = house
    installation.deploy(ROOT / "Models" / "wine", "wine", east.deploy)
    code, details = refused(channel, model="wine", prompt="a")
    assert code == grpc.StatusCode.UNIMPLEMENTED and "ModelInfer" in details


def test_a_spoiled_file_is_refused_when_it_is_deployed(house, model_file, tmp_path):
    installation, east, _ = house
    data = model_file.read_bytes()
    for name, content in (("cut", data[:50_000_000]), ("magic", b"GGML" + data[4:1000])):
        path = tmp_path / f"{name}.gguf"
        path.write_bytes(content)
        result = installation.run(
            "model", "deploy", path, "--name", "spoiled", key=east.deploy, check=False)
        assert result.returncode != 0 and "expected" in result.stderr
    assert "spoiled" not in installation.run("model", "list", key=east.deploy).stdout


def test_texts_become_tokens_and_back(channel):
    for text in ("Hello, wörld! 你好 🙂", "  spaces\tand\r\nlines", "<|im_start|>"):
        plain = management.call(channel, "Generation/Tokenize", model="smollm", text=text)
        assert b"".join(plain.pieces).decode() == text
    special = management.call(
        channel, "Generation/Tokenize", model="smollm", text="<|im_start|>", parse_special=True)
    assert list(special.tokens) == [1]


def test_near_texts_have_near_embeddings(channel):
    texts = ["A cat sits on the mat.", "A kitten sits on a rug.", "Interest rates were raised."]
    answer = management.call(
        channel, "Generation/Embed", timeout=60, model="smollm", texts=texts)
    rows = np.array([list(row.values) for row in answer.embeddings])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    near = rows @ rows.T
    assert near[0, 1] > near[0, 2] and near[0, 1] > near[1, 2]


def tokens_meanwhile(house, work):
    """How many tokens of another tenant's stream arrive between the start and the end of `work`."""
    installation, east, west = house
    with installation.channel(east.infer) as busy, installation.channel(west.infer) as other:
        call = management.stream(
            other, "Generation/Generate", model="smollm", prompt="One day", options={
                "max_tokens": 4000, "sampling": {"temperature": 0, "logit_bias": {0: -100, 2: -100}}})
        next(call)
        done = threading.Event()
        thread = threading.Thread(target=lambda: (work(busy), done.set()))
        thread.start()
        count = 0
        for piece in call:
            if done.is_set():
                break
            count += len(piece.tokens)
        call.cancel()
        thread.join()
    return count


def test_a_long_text_to_embed_does_not_stop_others(house):
    text = "word " * 3000  # a dozen parts of 256 tokens
    count = tokens_meanwhile(house, lambda channel: management.call(
        channel, "Generation/Embed", timeout=120, model="smollm", texts=[text]))
    assert count >= 8


def test_a_long_text_to_tokenize_does_not_stop_others(house):
    count = tokens_meanwhile(house, lambda channel: management.call(
        channel, "Generation/Tokenize", timeout=60, model="smollm", text=" " * (1 << 20)))
    assert count >= 2
    installation, east, _ = house
    with installation.channel(east.infer) as channel:
        for method, fields in (("Tokenize", {"text": "a" * (1 << 20 | 1)}),
                               ("Generate", {"prompt": "a" * (2 << 20)}),
                               ("Embed", {"texts": ["a" * (2 << 20)]})):
            code, details = refused(channel, method, **fields)
            assert code == grpc.StatusCode.INVALID_ARGUMENT and "bytes, got" in details


def test_a_text_with_nul_is_refused(channel):
    """It would be cut there, and be served as another text or another model."""
    for fields in ({"text": "a\0b"}, {"text": "a", "model": "smollm\0x"}):
        code, details = refused(channel, "Tokenize", **fields)
        assert code == grpc.StatusCode.INVALID_ARGUMENT and "without NUL" in details
    code, details = refused(channel, prompt="a", options={"stop": ["b\0"]})
    assert code == grpc.StatusCode.INVALID_ARGUMENT and "without NUL" in details


def test_a_generated_nul_arrives_whole(house, channel):
    constraint = {"constraint": {"regex": "a\\x00b\\x00\\x00c"}}
    assert generate(channel, "x", max_tokens=20, **constraint)[0].text == "a\0b\0\0c"
    installation, east, _ = house
    answer = installation.json(
        "generate", "smollm", "x", "--regex", "a\\x00b", "--max-tokens", 20, key=east.infer)
    assert answer["text"] == "a\0b"


# Tokens that would end a text early.
ENDLESS = {"sampling": {"temperature": 0, "logit_bias": {0: -100, 2: -100}}}


def test_a_reader_who_stops_is_noticed_and_loses_nothing(house):
    """Behind its own library's window some kilobytes wait, not hundreds of them; others go on."""
    installation, east, _ = house
    key, count = installation.create_key("east", "infer"), 3000
    # Nobody else asks with this key, so that its usage is this stream's.
    with installation.channel(key) as channel:
        stopped = management.stream(
            channel, "Generation/Generate", model="smollm", prompt="Count: 1 2 3",
            options={"max_tokens": count, **ENDLESS})
        tokens = list(next(stopped).tokens)
        seen = []
        while len(seen) < 4 or not seen[-1] or seen[-4] != seen[-1]:
            time.sleep(1)
            seen.append(used(installation, east, key)[0]["generatedTokens"])
            assert len(seen) < 60
        # 64 KiB of gRPC's, of some 40 bytes a piece, and what we hold.
        assert 100 < seen[-1] < 2500, seen
        with installation.channel(east.infer) as other:
            assert generate(other, "The capital of France is", max_tokens=8, **GREEDY)
        for piece in stopped:
            tokens += piece.tokens
        assert len(tokens) == count
    with installation.channel(east.infer) as channel:
        alone = generate(channel, "Count: 1 2 3", max_tokens=300, **ENDLESS)[0].tokens
    assert tokens[:200] == alone[:200]


def text_inputs(prompt, **parameters):
    inputs = []
    for name, value in (("text_input", prompt), ("sampling_parameters", json.dumps(parameters))):
        tensor = triton.InferInput(name, [1], "BYTES")
        tensor.set_data_from_numpy(np.array([value.encode()], dtype=np.object_))
        inputs.append(tensor)
    return inputs


def test_tritons_client_infers_and_streams_text(house):
    installation, east, _ = house
    inputs = text_inputs("The capital of France is", max_tokens=8, temperature=0)
    with connect(installation, east.infer) as client:
        whole = client.infer("smollm", inputs, headers=bearer(east.infer))
        text = whole.as_numpy("text_output")[0].decode()
        assert text.startswith(" Paris")
        answers = queue.Queue()
        client.start_stream(
            lambda result, error: answers.put((result, error)), headers=bearer(east.infer))
        client.async_stream_infer("smollm", inputs, request_id="7")
        pieces, is_last = [], False
        while not is_last:
            result, error = answers.get(timeout=30)
            assert error is None
            response = result.get_response()
            assert response.id == "7"
            is_last = response.parameters["triton_final_response"].bool_param
            pieces.append(result.as_numpy("text_output")[0].decode())
        client.stop_stream()
    assert len(pieces) > 5 and "".join(pieces) == text


def test_tritons_client_asks_for_choices_logarithms_and_constraints(house, channel):
    installation, east, _ = house
    headers, prompt = bearer(east.infer), "The capital of France is"
    with connect(installation, east.infer) as client:
        inputs = text_inputs(prompt, max_tokens=8, temperature=1, seed=3, n=3)
        answer = client.infer("smollm", inputs, headers=headers).as_numpy("text_output")
        same = generate(
            channel, prompt, max_tokens=8, choices=3, sampling={"temperature": 1, "seed": 3})
        assert [text.decode() for text in answer] == [text.text for text in same]

        greedy = text_inputs(
            prompt, max_tokens=2, temperature=0, logprobs=2, logit_bias={str(t): -1 for t in (0, 2)})
        answer = client.infer("smollm", greedy, headers=headers)
        first = json.loads(answer.as_numpy("logprobs")[0])[0]
        assert first["chosen"]["text"] == " Paris" and first["chosen"] == first["most_likely"][0]
        assert len(first["most_likely"]) == 2 and first["chosen"]["logprob"] < 0

        schema = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}},
                  "required": ["city"], "additionalProperties": False}
        bound = text_inputs(prompt + " (as JSON): ", max_tokens=60, temperature=0, json_schema=schema)
        answer = client.infer("smollm", bound, headers=headers).as_numpy("text_output")[0]
        assert json.loads(answer)["city"] in ("Paris", "Rome")
        # As a parameter of the request, which holds no object.
        answer = client.infer(
            "smollm", text_inputs(prompt, max_tokens=60, temperature=0), headers=headers,
            parameters={"regex": " (Paris|Rome)[.]"}).as_numpy("text_output")[0]
        assert answer in (b" Paris.", b" Rome.")
        for sampling, words in (
                ({"n": 2, "choices": 2}, "expected one of the parameters 'n' and 'choices', got both"),
                ({"regex": "a", "json_schema": {}}, "'regex' and 'json_schema', got both"),
                ({"logit_bias": [1]}, "expected an object of numbers by token, got a list"),
                ({"regex": "("}, "expected")):
            with pytest.raises(InferenceServerException, match=re.escape(words)) as error:
                client.infer("smollm", text_inputs(prompt, **sampling), headers=headers)
            assert error.value.status() == "StatusCode.INVALID_ARGUMENT"


def test_rest_asks_for_choices_logarithms_and_constraints(house):
    installation, east, _ = house

    def ask_rest(**parameters):
        return requests.post(
            f"https://{installation.address}/v2/models/smollm/infer",
            verify=str(installation.ca_path), timeout=60,
            headers={"authorization": f"Bearer {east.infer}"},
            json={"inputs": [{"name": "text_input", "shape": [1], "datatype": "BYTES",
                              "data": ["The capital of France is"]}], "parameters": parameters})
    answer = ask_rest(max_tokens=6, temperature=1, seed=3, n=2)
    assert answer.status_code == 200, answer.text
    (texts,) = answer.json()["outputs"]
    assert texts["name"] == "text_output" and texts["shape"] == [2] and len(texts["data"]) == 2
    answer = ask_rest(max_tokens=8, temperature=0, logprobs=1, regex=" (Paris|Rome)[.]").json()
    found = {output["name"]: output["data"][0] for output in answer["outputs"]}
    assert found["text_output"] in (" Paris.", " Rome.")
    assert json.loads(found["logprobs"])[0]["chosen"]["logprob"] < 0
    for parameters, words in (
            ({"n": 2, "choices": 2}, "got both"), ({"n": 1000}, "1 to 16 choices"),
            ({"logprobs": 10**9}, "logprobs: expected 0 to 20"),
            ({"logprobs": -1}, "logprobs: expected 0 to 20"),
            ({"logit_bias": {"1": 5}}, "got an object"),
            ({"logit_bias": '{"99999999": 5}'}, "expected tokens below 49152"),
            ({"json_schema": ""}, "expected JSON"), ({"temprature": 1}, "known sampling parameter")):
        refused = ask_rest(**parameters)
        assert refused.status_code == 400 and words in refused.json()["error"], refused.text


def test_metadata_say_what_a_model_takes_and_gives(house):
    installation, east, _ = house
    headers = bearer(east.infer)
    with connect(installation, east.infer) as client:
        metadata = client.get_model_metadata("smollm", headers=headers)
        assert [(tensor.name, tensor.datatype, list(tensor.shape)) for tensor in metadata.inputs] == [
            ("text_input", "BYTES", [1]), ("stream", "BOOL", [1]),
            ("sampling_parameters", "BYTES", [1]), ("exclude_input_in_output", "BOOL", [1])]
        assert [tensor.name for tensor in metadata.outputs] == ["text_output", "logprobs"]
        config = client.get_model_config("smollm", headers=headers).config
        assert [tensor.optional for tensor in config.input] == [False, True, True, True]
        # Whoever sends all of them is understood.
        inputs = text_inputs("The capital of France is", max_tokens=3, temperature=0)
        for name, value in (("stream", False), ("exclude_input_in_output", False)):
            inputs.append(triton.InferInput(name, [1], "BOOL"))
            inputs[-1].set_data_from_numpy(np.array([value]))
        answer = client.infer("smollm", inputs, headers=headers).as_numpy("text_output")[0]
        assert answer.startswith(b"The capital of France is Paris")


def test_an_encoder_embeds_by_tritons_client(house):
    installation, east, _ = house
    installation.deploy(
        ROOT / "Tests" / "Fixtures" / "language-models" / "bert.gguf", "encoder", east.deploy)
    headers, texts = bearer(east.infer), ["a b c", "d"]
    try:
        with connect(installation, east.infer) as client, \
                installation.channel(east.infer) as channel:
            metadata = client.get_model_metadata("encoder", headers=headers)
            assert [(tensor.name, list(tensor.shape)) for tensor in metadata.inputs] == [
                ("text_input", [-1])]
            assert [(tensor.name, tensor.datatype) for tensor in metadata.outputs] == [
                ("embedding", "FP32")]
            tensor = triton.InferInput("text_input", [len(texts)], "BYTES")
            tensor.set_data_from_numpy(np.array([text.encode() for text in texts], dtype=np.object_))
            rows = client.infer("encoder", [tensor], headers=headers).as_numpy("embedding")
            same = management.call(channel, "Generation/Embed", model="encoder", texts=texts)
            assert np.array_equal(rows, np.float32([list(row.values) for row in same.embeddings]))
            assert list(metadata.outputs[0].shape) == [-1, rows.shape[1]]
    finally:
        installation.run("model", "delete", "encoder", key=east.deploy)


def test_tritons_own_arguments_mean_what_they_say(house):
    installation, east, _ = house
    inputs = text_inputs("The capital of France is", max_tokens=4, temperature=0)
    with connect(installation, east.infer) as client:
        headers = bearer(east.infer)
        answer = client.infer("smollm", inputs, headers=headers, timeout=30_000_000)
        assert answer.as_numpy("text_output")[0].decode().startswith(" Paris")
        long = text_inputs("Count", max_tokens=4000, temperature=0)
        with pytest.raises(InferenceServerException) as error:
            client.infer("smollm", long, headers=headers, timeout=1)
        assert error.value.status() == "StatusCode.DEADLINE_EXCEEDED"
        with pytest.raises(InferenceServerException, match="keeps no sequences"):
            client.infer("smollm", inputs, headers=headers, sequence_id=3, sequence_start=True)


def folder_with(tmp_path, model_file, **parameters):
    shutil.copy(model_file, tmp_path / f"model{model_file.suffix}")
    (tmp_path / "config.pbtxt").write_text("".join(
        f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'
        for key, value in parameters.items()))
    return tmp_path


@pytest.fixture
def shared(house, model_file):
    """A model of the operator, for all; and one that it keeps for itself."""
    installation, *_ = house
    admin = installation.admin_key
    installation.run(
        "model", "deploy", model_file, "--name", "common", "--shared", "--kv-cache", "q8_0",
        key=admin)
    installation.deploy(ROOT / "Models" / "digits", "private", admin)
    yield "common"
    for name in ("common", "private"):
        installation.run("model", "delete", name, key=admin)


def test_an_operators_model_is_shared_with_every_tenant(house, shared):
    installation, east, west = house
    prompt = "A long beginning that fills several pages of keys and values, so that it is worth" \
             " keeping for those who ask again, of the same tenant and of no other. " * 2
    keys = {tenant: installation.create_key(tenant, "infer") for tenant in ("east", "west")}
    cached = []
    for tenant in ("east", "east", "west"):
        with installation.channel(keys[tenant]) as channel:
            cached.append(collect(management.stream(
                channel, "Generation/Generate", model=shared, prompt=prompt,
                options={"max_tokens": 3, **GREEDY}))[0].usage.cached_tokens)
    assert cached[0] == 0 and cached[1] > 0 and cached[2] == 0
    for tenant, count in ((east, 2), (west, 1)):
        for _ in range(100):
            now, rows = used(installation, tenant, keys[tenant.tenant])
            if now["requests"] == count:
                break
            time.sleep(0.1)
        assert now["requests"] == count and {row["model"] for row in rows} == {"common"}

    with connect(installation, east.infer) as client:
        headers = bearer(east.infer)
        assert client.is_model_ready(shared, headers=headers)
        assert client.get_model_metadata(shared, headers=headers).platform == "gguf"
        answer = client.infer(
            shared, text_inputs("The capital of France is", max_tokens=2, temperature=0),
            headers=headers)
        assert answer.as_numpy("text_output")[0].decode().startswith(" Paris")
        names = {model.name for model in client.get_model_repository_index(headers=headers).models}
        assert {"smollm", "common"} <= names and "private" not in names
        with pytest.raises(InferenceServerException, match="tell of others"):
            client.get_inference_statistics(shared, headers=headers)
        # What is not shared does not exist, nor may a tenant touch what is not its own.
        assert not client.is_model_ready("private", headers=headers)
        with pytest.raises(InferenceServerException, match="'private' is not found"):
            client.get_model_metadata("private", headers=headers)
        for action in (client.unload_model, client.load_model):
            with pytest.raises(InferenceServerException):
                action(shared, headers=bearer(east.deploy))
    narrow = installation.create_key("east", "infer", "--models", "smol*")
    with installation.channel(narrow) as channel:
        code, _ = refused(channel, model=shared, prompt="a")
        assert code == grpc.StatusCode.PERMISSION_DENIED


def test_a_tenants_own_model_comes_before_a_shared_one(house, shared, model_file):
    installation, east, west = house
    installation.deploy(ROOT / "Models" / "digits", shared, east.deploy)
    try:
        with installation.channel(east.infer) as channel:
            code, details = refused(channel, model=shared, prompt="a")
            assert code == grpc.StatusCode.UNIMPLEMENTED and "no language model" in details
        with installation.channel(west.infer) as channel:
            assert collect(management.stream(
                channel, "Generation/Generate", model=shared, prompt="a",
                options={"max_tokens": 1}))[0].tokens
    finally:
        installation.run("model", "delete", shared, key=east.deploy)


def test_only_an_operators_language_model_can_be_shared(house, model_file, tmp_path):
    installation, east, _ = house
    with pytest.raises(CommandFailed, match="language model of the operator's tenant"):
        installation.deploy(folder_with(tmp_path, model_file, shared="true"), "mine", east.deploy)
    (tmp_path / "model.gguf").unlink()
    shutil.copy(ROOT / "Models" / "digits" / "model.onnx", tmp_path)
    with pytest.raises(CommandFailed, match="language model of the operator's tenant"):
        installation.deploy(tmp_path, "mine", installation.admin_key)
    result = installation.run(
        "model", "deploy", ROOT / "Models" / "digits", "--name", "mine", "--shared", check=False)
    assert result.returncode == 64 and "language model for --shared" in result.stderr
    (tmp_path / "config.pbtxt").write_text(
        'parameters { key: "shared" value { string_value: "yes" } }')
    with pytest.raises(CommandFailed, match="expected 'true' or 'false', got 'yes'"):
        installation.deploy(tmp_path, "mine", installation.admin_key)


def test_keys_and_values_in_eight_bits(house):
    installation, east, _ = house
    prompt = "The capital of France is Paris. The capital of Italy is Rome. The capital of Spain is"

    def load(kind):
        client.load_model(
            "smollm", headers=bearer(east.deploy), config=json.dumps(
                {"parameters": {"kv_cache_type": {"string_value": kind}}}))

    with connect(installation, east.deploy) as client, installation.channel(east.infer) as channel:
        whole = generate(channel, prompt, max_tokens=8, **GREEDY)[0]
        try:
            load("q8_0")
            halved = generate(channel, prompt, max_tokens=8, **GREEDY)[0]
            assert halved.text == whole.text and "Madrid" in halved.text
            with pytest.raises(InferenceServerException, match="'f16' or 'q8_0', got 'q3'"):
                load("q3")
            assert generate(channel, prompt, max_tokens=8, **GREEDY)[0].text == whole.text
        finally:
            client.unload_model("smollm", headers=bearer(east.deploy))
            client.load_model("smollm", headers=bearer(east.deploy))


def test_the_command_line_generates(house):
    installation, east, _ = house
    answer = installation.json(
        "generate", "smollm", "The capital of France is", "--max-tokens", 5, "--temperature", 0,
        key=east.infer)
    assert answer["text"].startswith(" Paris") and answer["generated_tokens"] == 5
    result = subprocess.run(
        [str(part) for part in (
            installation.run.__globals__["BINARY"], "chat", "smollm", "--temperature", 0)],
        input=f"What is the capital of France?\n{'word ' * 20_000}\nThank you.\n/exit\n", text=True,
        capture_output=True, env=installation.environment(east.infer), timeout=60)
    lines = result.stdout.splitlines()
    assert result.returncode == 0 and lines[0] == "The capital of France is Paris."
    # What was refused is told, and the conversation goes on without it.
    assert len(lines) >= 2 and "martlet: " in result.stderr


def used(installation, keys, key=None):
    """What `martlet usage` says of one key; model services report every two seconds."""
    rows = installation.json("usage", key=keys.manage)
    key_id = key[3:15] if key else None
    rows = [row for row in rows if key is None or row["key"] == key_id]
    fields = ("requests", "promptTokens", "cachedTokens", "generatedTokens")
    return collections.Counter({name: sum(row[name] for row in rows) for name in fields}), rows


def wait_for_use(installation, keys, key, expected):
    for _ in range(100):
        seen, rows = used(installation, keys, key)
        if seen == expected:
            return rows
        time.sleep(0.1)
    raise AssertionError(f"expected {dict(expected)}, got {dict(seen)}")


def test_usage_is_counted_for_each_key_of_each_tenant(house):
    installation, east, west = house
    key = installation.create_key("east", "infer")
    expected = collections.Counter()
    with installation.channel(key) as channel:
        for prompt in ("One two three", "Four five six", "Seven eight"):
            usage = generate(channel, prompt, max_tokens=7, **GREEDY)[0].usage
            expected += collections.Counter(
                requests=1, promptTokens=usage.prompt_tokens, cachedTokens=usage.cached_tokens,
                generatedTokens=usage.generated_tokens)
        embedded = management.call(
            channel, "Generation/Embed", model="smollm", texts=["a b c", "d e"])
        expected += collections.Counter(requests=2, promptTokens=embedded.usage.prompt_tokens)
        rows = wait_for_use(installation, east, key, expected)
        assert all(row["tenant"] == "east" and row["model"] == "smollm" for row in rows)

        # Whoever goes away pays for what was computed until then.
        call = management.stream(
            channel, "Generation/Generate", model="smollm", prompt="Count: 1 2 3",
            options={"max_tokens": 2000, "sampling": {"temperature": 0, "logit_bias": {
                0: -100, 2: -100}}})
        for _, piece in zip(range(5), call):
            assert piece.text or piece.tokens
        call.cancel()
    for _ in range(100):
        seen, _ = used(installation, east, key)
        if seen["requests"] > expected["requests"]:
            break
        time.sleep(0.1)
    assert seen["requests"] == expected["requests"] + 1
    assert 5 <= seen["generatedTokens"] - expected["generatedTokens"] < 2000
    assert used(installation, west, key)[1] == []
    result = installation.run("usage", key=key, check=False)
    assert result.returncode == 77 and "PERMISSION_DENIED" in result.stderr


def test_usage_outlives_the_processes(house):
    installation, east, _ = house
    key = installation.create_key("east", "infer")
    with installation.channel(key) as channel:
        usage = generate(channel, "Before the stop", max_tokens=4, **GREEDY)[0].usage
    # At once: what was counted is reported on the way out.
    installation.stop()
    installation.start()
    assert used(installation, east, key)[0] == +collections.Counter(
        requests=1, promptTokens=usage.prompt_tokens, cachedTokens=usage.cached_tokens,
        generatedTokens=usage.generated_tokens)


def test_a_kill_loses_seconds_of_a_stream_under_way(house):
    installation, east, _ = house
    key, tokens = installation.create_key("east", "infer"), []
    with installation.channel(key) as channel:
        call = management.stream(
            channel, "Generation/Generate", model="smollm", prompt="Count: 1 2 3",
            options={"max_tokens": 8000, **ENDLESS})
        for piece in call:
            tokens.append(time.monotonic())
            # What was told after five seconds is reported two later.
            if tokens[-1] > tokens[0] + 8:
                break
        dead = installation.kill("model-0")
        killed = time.monotonic()
    installation.wait_restarted("model-0", dead)
    before = [moment for moment in tokens if moment < killed - 7.5]
    seen = used(installation, east, key)[0]
    assert len(before) <= seen["generatedTokens"] <= 8000 and before
    assert seen["requests"] == 1
