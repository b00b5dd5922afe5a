"""Tokens of an identity provider: what is taken, and every way in which one is not."""

import asyncio
import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from ioa.adapters.identity.keys import keys_of
from ioa.adapters.identity.oidc import FETCH_AGAIN_S, KEYS_GOOD_FOR_S, MAX_KEYS_BYTES, Oidc
from ioa.hub.oidc_settings import OidcSettings
from ioa.hub.settings import HubSettings
from ioa.protocol.errors import Refused
from ioa.testing.clocks import ManualClock
from tests.hub.network import TestAgent, network
from tests.hub.served import served

ISSUER, AUDIENCE = "https://login.example.org/", "ioa-hub"
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
OTHER = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def jwk(key, kid, **more):
    kind: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**json.loads(kind.to_jwk(key.public_key())), "kid": kid, **more}


def jwks(*keys):
    return json.dumps({"keys": keys}).encode()


KEYS = jwks(jwk(RSA, "one", use="sig", alg="RS256"), jwk(CURVE, "two"))


class Provider:
    """What the provider publishes, and how often it was asked."""

    def __init__(self, keys=KEYS):
        self.keys = keys
        self.asked = 0

    async def __call__(self):
        self.asked += 1
        if self.keys is None:
            raise OSError("the provider is away")
        return self.keys


def settings(**others):
    return OidcSettings(**{"issuer": ISSUER, "audience": AUDIENCE, "keys": "unused.json", **others})


def made(clock, key: Any = RSA, algorithm="RS256", kid: str | None = "one", **claims):
    now = clock.now_s()
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now + 600, "iat": now, **claims}
    told = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(told, key, algorithm, {"kid": kid} if kid else None)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def provider():
    return Provider()


@pytest.fixture
def oidc(clock, provider):
    return Oidc(settings(), provider, clock)


async def refusal(oidc, token):
    with pytest.raises(Refused) as raised:
        await oidc.sign_in(token)
    assert token not in raised.value.rule
    return raised.value


async def test_a_good_token_names_its_user_and_its_end(oidc, clock):
    for token in (made(clock), made(clock, CURVE, "ES256", "two"), made(clock, aud=["other", AUDIENCE])):
        assert oidc.recognises(token)
        found = await oidc.sign_in(token)
        assert (found.user, found.is_user, found.is_operator) == ("alice", True, False)
        assert found.expires_at == clock.now_s() + 600 + 30


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://evil.example.org/"}, "issuer"),
        ({"iss": None}, "iss"),
        ({"aud": "another-service"}, "udience"),
        ({"aud": None}, "aud"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"sub": None}, "names no user"),
        ({"sub": ["alice"]}, "ub"),
        ({"sub": ""}, "names no user"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(oidc, clock, claims, words):
    error = await refusal(oidc, made(clock, **claims))
    assert error.code == "not_authenticated"
    assert words in error.rule


async def test_times_are_those_of_the_hubs_clock_with_some_leeway(oidc, clock):
    now = clock.now_s()
    await oidc.sign_in(made(clock, exp=now - 29))
    await oidc.sign_in(made(clock, nbf=now + 29))
    assert "expired" in (await refusal(oidc, made(clock, exp=now - 30))).rule
    assert "not valid yet" in (await refusal(oidc, made(clock, nbf=now + 31))).rule
    assert "not valid yet" in (await refusal(oidc, made(clock, iat=now + 31))).rule


def forged(header, payload, sign):
    def text(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    head = f"{text(header)}.{text(payload)}"
    return head + "." + base64.urlsafe_b64encode(sign(head.encode())).rstrip(b"=").decode()


async def test_unsigned_tokens_and_those_signed_with_the_public_key_as_a_secret_are_refused(oidc, clock):
    payload = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": clock.now_s() + 600}
    public = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for algorithm, sign in (
        ("none", lambda _: b""),
        ("None", lambda _: b""),
        ("HS256", lambda head: hmac.digest(public, head, "sha256")),
        ("RS512", lambda _: b"x"),
        (None, lambda _: b""),
        (["RS256"], lambda _: b""),
    ):
        error = await refusal(oidc, forged({"alg": algorithm, "typ": "JWT", "kid": "one"}, payload, sign))
        assert "algorithm" in error.rule, algorithm
    with pytest.raises(ValueError, match="only these are possible"):
        settings(algorithms=("RS256", "HS256"))
    with pytest.raises(ValueError, match="only these are possible"):
        settings(algorithms=("none",))


async def test_another_key_signs_for_nobody(oidc, clock):
    assert "ignature" in (await refusal(oidc, made(clock, OTHER))).rule
    assert "not among those" in (await refusal(oidc, made(clock, OTHER, kid="unknown"))).rule
    assert "not among those" in (await refusal(oidc, made(clock, CURVE, "ES256", "one"))).rule, "a key of another kind"
    inside = {**jwk(OTHER, "one")}
    token = jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "sub": "a", "exp": clock.now_s() + 9}, OTHER, "RS256",
                       {"kid": "one", "jwk": inside, "jku": "https://evil.example.org/", "x5c": []})  # fmt: skip
    assert "ignature" in (await refusal(oidc, token)).rule


@pytest.mark.parametrize("text", ["ey.a.b", "eyJ.eyJ.x", "ey" + "A" * 9_000 + ".a.b", "eyJhbGciOiJSUzI1NiJ9.!.x"])
async def test_what_is_no_token_is_refused_in_words(oidc, text):
    assert (await refusal(oidc, text)).code == "not_authenticated"


async def test_a_new_key_is_fetched_when_a_token_names_it_but_not_for_everybody_who_asks(oidc, clock, provider):
    await oidc.sign_in(made(clock))
    for _ in range(20):
        await oidc.sign_in(made(clock))
        await refusal(oidc, made(clock, OTHER, kid="three"))
    assert provider.asked == 1
    provider.keys = jwks(jwk(OTHER, "three"))
    await clock.advance(FETCH_AGAIN_S)
    await asyncio.gather(*[oidc.sign_in(made(clock, OTHER, kid="three")) for _ in range(10)])
    assert provider.asked == 2
    assert "not among those" in (await refusal(oidc, made(clock))).rule, "a key that was taken back signs no more"


async def test_keys_are_asked_for_again_in_time_and_serve_on_while_the_provider_is_away(oidc, clock, provider):
    await oidc.sign_in(made(clock))
    provider.keys = None
    await clock.advance(KEYS_GOOD_FOR_S)
    await oidc.sign_in(made(clock))
    await oidc.sign_in(made(clock))
    assert provider.asked == 2
    fresh = Oidc(settings(), provider, clock)
    for _ in range(3):
        assert (await refusal(fresh, made(clock))).code == "unavailable"
    assert provider.asked == 3


@pytest.mark.parametrize("document", [b"", b"{}", b"[1]", b'{"keys": 1}', b'{"keys": [{"kty": "oct", "k": "AA"}]}'])
async def test_what_is_no_jwks_is_no_key(clock, document):
    assert (await refusal(Oidc(settings(), Provider(document), clock), made(clock))).code == "unavailable"


async def test_claims_say_who_is_an_operator_and_who_may_come_at_all(clock, provider):
    oidc = Oidc(settings(role_claim="groups", operator_value="admins", user_value="staff"), provider, clock)
    both = await oidc.sign_in(made(clock, groups=["admins", "staff"]))
    assert (both.is_user, both.is_operator) == (True, True)
    only = await oidc.sign_in(made(clock, groups="admins"))
    assert (only.is_user, only.is_operator) == (False, True)
    for groups in ([], ["guests"], None, 7, "administrators"):
        assert "do nothing" in (await refusal(oidc, made(clock, groups=groups))).rule


async def test_a_hub_takes_them_beside_its_own_and_nobody_signs_in_as_the_hub(tmp_path, clock, provider):
    async with network(tmp_path, clock=clock, settings=HubSettings(data_dir=tmp_path, oidc=settings())) as net:
        net.hub.sign_in._authenticators = (Oidc(settings(), provider, clock),)
        alice = await net.hub.sign_in.identify(made(clock))
        assert (alice.kind, alice.name, alice.operator) == ("user", "alice", False)
        with net.hub.leases.hold(alice, print):
            pass
        ended = []
        with net.hub.leases.hold(alice, ended.append):
            await clock.advance(629)
            assert not ended
            await clock.advance(2)
            assert len(ended) == 1
        for reserved in ("hub", "@hub", "HUB", " x"):
            with pytest.raises(Refused):
                await net.hub.sign_in.identify(made(clock, sub=reserved))
        agent = TestAgent("alice", net.wire())
        await agent.hello(made(clock))
        assert (await agent.until_closed()).code == 4401


async def test_the_keys_may_lie_in_a_file_and_over_http_are_guarded_and_bounded(tmp_path):
    path = tmp_path / "keys.json"
    path.write_bytes(KEYS)
    assert await keys_of(settings(keys=str(path)))() == KEYS
    path.write_bytes(b"x" * (MAX_KEYS_BYTES + 1))
    with pytest.raises(OSError, match="more than"):
        await keys_of(settings(keys=str(path)))()
    async with served(tmp_path / "hub") as net:
        url = net.server.url + "/openapi.json"
        with pytest.raises(OSError, match="loopback"):
            await keys_of(settings(keys=url))()
        found = await keys_of(settings(keys=url, allowed_private=("127.0.0.1",)))()
        assert found == (await net.http.get(url)).content
        with pytest.raises(OSError, match="401"):
            await keys_of(settings(keys=net.server.url + "/v1/goals", allowed_private=("127.0.0.1",)))()
    with pytest.raises(ValueError, match="https"):
        settings(keys="http://login.example.org/keys")
