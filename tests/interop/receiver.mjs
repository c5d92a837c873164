// A third-party wallet's receiving side (@openid4vc/openid4vci). Reads one JSON document, prints one.
//
// {"offer": link, "tx_code"?, "answers"?: URL → {status, headers, body}, "key"?: "Ed25519" | "P-256",
//  "binding"?: "did:key" | "did:jwk" | "jwk", "issued_at"?: seconds, "configuration"?, "wait"?: seconds for deferred}
//   → {"issuer", "version", "configuration", "credentials", "deferred", "notified", "holder": DID, "asked": requests made}
// Without "answers" the network is asked: the whole way from the offer to the notification.

import { Openid4vciClient } from "@openid4vc/openid4vci";
import { algOf, callbacksOf, didJwk, didKey, newKey, publicOf, run } from "./common.mjs";

const signerOf = (jwk, binding) => {
  const alg = algOf(jwk);
  if (binding === "jwk") return { method: "jwk", publicJwk: publicOf(jwk), alg };
  const did = binding === "did:jwk" ? didJwk(jwk) : didKey(jwk);
  const fragment = binding === "did:jwk" ? "0" : did.slice("did:key:".length);
  return { method: "did", didUrl: `${did}#${fragment}`, alg };
};

const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

await run(async (input) => {
  const asked = [];
  const key = newKey(input.key ?? "Ed25519");
  const client = new Openid4vciClient({ callbacks: callbacksOf({ answers: input.answers, asked, keys: [key] }) });
  const credentialOffer = await client.resolveCredentialOffer(input.offer);
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
  const configuration = input.configuration ?? credentialOffer.credential_configuration_ids[0];
  const token = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer,
    issuerMetadata,
    txCode: input.tx_code,
  });
  const accessToken = token.accessTokenResponse.access_token;
  const nonce = await client.requestNonce({ issuerMetadata });
  const proof = await client.createCredentialRequestJwtProof({
    issuerMetadata,
    credentialConfigurationId: configuration,
    signer: signerOf(key, input.binding ?? "did:key"),
    nonce: nonce.c_nonce,
    issuedAt: input.issued_at === undefined ? undefined : new Date(input.issued_at * 1000),
  });
  const answer = await client.retrieveCredentials({
    issuerMetadata,
    credentialConfigurationId: configuration,
    proofs: { jwt: [proof.jwt] },
    accessToken,
  });
  let response = answer.credentialResponse ?? answer.deferredCredentialResponse;
  let deferred = false;
  for (let waited = 0; response.transaction_id && waited <= (input.wait ?? 0); waited += 1) {
    deferred = true;
    await sleep(input.wait ? 1 : 0);
    const later = await client.retrieveDeferredCredentials({
      issuerMetadata,
      transactionId: response.transaction_id,
      accessToken,
    });
    response = later.deferredCredentialResponse ?? later.credentialResponse ?? response;
  }
  let notified = false;
  if (response.notification_id) {
    await client.sendNotification({
      issuerMetadata,
      accessToken,
      notification: { notificationId: response.notification_id, event: "credential_accepted" },
    });
    notified = true;
  }
  return {
    issuer: issuerMetadata.credentialIssuer.credential_issuer,
    version: issuerMetadata.originalDraftVersion,
    configuration,
    credentials: (response.credentials ?? []).map((entry) => entry.credential ?? entry),
    transaction: response.transaction_id ?? null,
    deferred,
    notified,
    holder: input.binding === "did:jwk" ? didJwk(key) : didKey(key),
    asked,
  };
});
