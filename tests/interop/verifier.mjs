// A third-party verifier (@openid4vc/openid4vp). Reads one JSON document, prints one.
//
// {"act": "request", "response_uri", "request_uri", "dcql_query", "nonce", "state"?, "response_mode"?, "prefix"?:
//  "decentralized_identifier" (did:jwk) | "redirect_uri", "iat", "exp"}
//   → {"link", "object": JWT or null, "payload", "keys": private JWKs to hand back}
// {"act": "live", …as "request" without the two addresses, "seconds"?: how long it waits} → at once {"link"}; when the
//   answer was posted to its own small server on 127.0.0.1: {"presentations", "nonce", "fields", "fetched": how often};
//   for a refusal {"ok": false, "fields", "fetched"}: the package reads none
// {"act": "answer", "payload", "keys", "fields": the form that was posted} → {"presentations", "nonce"}

import { Openid4vpVerifier } from "@openid4vc/openid4vp";
import http from "node:http";
import { algOf, callbacksOf, didJwk, newKey, publicOf, run, say } from "./common.mjs";

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
        "dc+sd-jwt": { "sd-jwt_alg_values": ["EdDSA", "ES256"], "kb-jwt_alg_values": ["EdDSA", "ES256"] },
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

const bodyOf = async (incoming) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
};

const live = async (input) => {
  const server = http.createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const base = `http://localhost:${server.address().port}`;
  const made = await request({ ...input, request_uri: `${base}/request`, response_uri: `${base}/response` });
  let fetched = 0;
  const posted = new Promise((came, gaveUp) => {
    setTimeout(() => gaveUp(new Error("nobody answered")), (input.seconds ?? 60) * 1000).unref();
    server.on("request", async (incoming, outgoing) => {
      const body = await bodyOf(incoming);
      if (incoming.url === "/request") {
        fetched += 1;
        outgoing.writeHead(200, { "content-type": "application/oauth-authz-req+jwt", connection: "close" });
        outgoing.end(made.object);
      } else {
        outgoing.writeHead(200, { "content-type": "application/json", connection: "close" });
        outgoing.end("{}");
        came(Object.fromEntries(new URLSearchParams(body)));
      }
    });
  });
  say({ ok: true, link: made.link });
  try {
    const fields = await posted;
    if (fields.error) return { ok: false, fields, fetched };
    return { ...(await answer({ payload: made.payload, keys: made.keys, fields })), fields, fetched };
  } finally {
    server.close();
    server.closeAllConnections();
  }
};

const acts = { request, answer, live };
await run(async (input) => acts[input.act](input));
