// A third-party wallet's presenting side (@openid4vc/openid4vp). Reads one JSON document, prints one.
//
// {"link", "answers"?: URL → {status, headers, body}, "vp_token"?, "submit"?: true}
//   → {"client", "query", "payload", "fields": the form to post, or null, "answer": {"status", "body"} when submitted}
// Without "answers" the network is asked; with "submit" the answer is posted where the request says.

import { Openid4vpClient } from "@openid4vc/openid4vp";
import { callbacksOf, run } from "./common.mjs";

await run(async ({ link, answers, vp_token, submit }) => {
  const asked = [];
  const callbacks = callbacksOf({ answers, asked });
  const client = new Openid4vpClient({ callbacks });
  const parsed = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link });
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: parsed.params });
  const found = {
    client: { prefix: resolved.client.prefix, id: resolved.client.effective },
    query: resolved.dcql?.query,
    payload: resolved.authorizationRequestPayload,
    version: resolved.version,
    asked,
  };
  if (!vp_token) return { ...found, fields: null };
  const encrypted = resolved.authorizationRequestPayload.response_mode === "direct_post.jwt";
  const made = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: resolved.authorizationRequestPayload,
    authorizationResponsePayload: { vp_token },
    ...(encrypted && {
      jarm: {
        encryption: { nonce: "wallet-nonce" },
        serverMetadata: {
          authorization_signing_alg_values_supported: [],
          authorization_encryption_alg_values_supported: ["ECDH-ES"],
          authorization_encryption_enc_values_supported: ["A256GCM", "A128GCM"],
        },
      },
    }),
  });
  const { state } = resolved.authorizationRequestPayload;
  const fields = made.jarm
    ? { response: made.jarm.responseJwt }
    : { vp_token: JSON.stringify(vp_token), ...(state === undefined ? {} : { state }) };
  if (!submit) return { ...found, fields };
  const sent = await client.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: resolved.authorizationRequestPayload,
    authorizationResponsePayload: made.authorizationResponsePayload,
    jarm: made.jarm,
  });
  return { ...found, fields, answer: { status: sent.response.status, body: await sent.response.text() } };
});
