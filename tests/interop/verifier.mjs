// A third-party verifier (@openid4vc/openid4vp). Reads one JSON document, prints one.
//
// {"act": "request", "response_uri", "request_uri", "dcql_query", "nonce", "state"?, "response_mode"?, "prefix"?:
//  "decentralized_identifier" (did:jwk) | "redirect_uri", "iat", "exp"}
//   → {"link", "object": JWT or null, "payload", "keys": private JWKs to hand back}
// {"act": "answer", "payload", "keys", "fields": the form that was posted} → {"presentations", "nonce"}

import { Openid4vpVerifier } from "@openid4vc/openid4vp";
import { algOf, callbacksOf, didJwk, newKey, publicOf, run } from "./common.mjs";

const request = async (input) => {
  const signing = newKey("P-256");
  const sealing = { ...newKey("P-256"), kid: "enc-1", use: "enc", alg: "ECDH-ES" };
  const signed = input.prefix !== "redirect_uri";
  const did = didJwk(signing);
  const encrypted = input.response_mode === "direct_post.jwt";
  const payload = {
    response_type: "vp_token",
    client_id: signed ? `decentralized_identifier:${did}` : `redirect_uri:${input.response_uri}`,
    response_mode: input.response_mode ?? "direct_post",
    response_uri: input.response_uri,
    nonce: input.nonce,
    state: input.state,
    dcql_query: input.dcql_query,
    client_metadata: {
      vp_formats_supported: {
        ldp_vc: { proof_type_values: ["DataIntegrityProof"], cryptosuite_values: ["eddsa-rdfc-2022"] },
      },
      ...(encrypted && {
        jwks: { keys: [{ ...publicOf(sealing), kid: sealing.kid, use: "enc", alg: "ECDH-ES" }] },
        encrypted_response_enc_values_supported: ["A128GCM", "A256GCM"],
      }),
    },
  };
  const verifier = new Openid4vpVerifier({ callbacks: callbacksOf({ answers: {}, asked: [], keys: [signing, sealing] }) });
  const made = await verifier.createOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: payload,
    ...(signed && {
      jar: {
        jwtSigner: { method: "did", didUrl: `${did}#0`, alg: algOf(signing) },
        requestUri: input.request_uri,
        expiresInSeconds: 300,
        additionalJwtPayload: { aud: "https://self-issued.me/v2", iat: input.iat, exp: input.exp },
      },
    }),
  });
  return {
    link: made.authorizationRequest,
    object: made.jar?.authorizationRequestJwt ?? null,
    payload: made.authorizationRequestPayload,
    keys: [signing, sealing],
  };
};

const answer = async ({ payload, keys, fields }) => {
  const callbacks = callbacksOf({ answers: {}, asked: [], keys });
  const verifier = new Openid4vpVerifier({ callbacks });
  const found = await verifier.parseOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: payload,
    authorizationResponse: fields,
    callbacks,
  });
  return { presentations: found.dcql.presentations, nonce: found.expectedNonce };
};

await run(async (input) => (input.act === "request" ? request(input) : answer(input)));
