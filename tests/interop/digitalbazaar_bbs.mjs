// Another implementation of bbs-2023 (@digitalbazaar/vc and its suite), its baseline. Reads one JSON document, prints
// one. Nothing is fetched: "documents" (URL → JSON) has every context, DID document and key that is named.
//
// {"documents", "now": ISO time,
//  "issue":  name → {"credential", "key": Multikey with its secret, "mandatory": pointers},
//  "derive": name → {"credential": base or name of one just issued, "pointers", "header": presentation header in hex},
//  "verify": name → credential}
//   → {"issued": name → credential, "derived": name → credential, "verdicts": name → "verified" or what was wrong}

import * as bbs from "@digitalbazaar/bbs-2023-cryptosuite";
import * as Bls12381Multikey from "@digitalbazaar/bls12-381-multikey";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import * as vc from "@digitalbazaar/vc";
import { run } from "./common.mjs";

const reason = (error) => {
  const inner = error?.errors ?? error?.cause?.errors ?? [];
  return [error?.message, error?.cause?.message, ...inner.map(reason)].filter(Boolean).join(" · ") || "refused";
};

const each = async (tasks, work) => {
  const done = {};
  for (const [name, task] of Object.entries(tasks ?? {})) done[name] = await work(task);
  return done;
};

await run(async ({ documents, now, issue, derive, verify }) => {
  const documentLoader = async (url) => {
    if (!(url in documents)) throw new Error(`not at hand: ${url}`);
    return { contextUrl: null, documentUrl: url, document: structuredClone(documents[url]) };
  };
  const issued = await each(issue, async ({ credential, key, mandatory }) => {
    const signer = (await Bls12381Multikey.from(key)).signer();
    const cryptosuite = bbs.createSignCryptosuite({ mandatoryPointers: mandatory });
    const suite = new DataIntegrityProof({ signer, date: now, cryptosuite });
    return vc.issue({ credential, suite, documentLoader, now });
  });
  const derived = await each(derive, async ({ credential, pointers, header }) => {
    const presentationHeader = new Uint8Array(Buffer.from(header, "hex"));
    const cryptosuite = bbs.createDiscloseCryptosuite({ selectivePointers: pointers, presentationHeader });
    const verifiableCredential = typeof credential === "string" ? issued[credential] : credential;
    return vc.derive({ verifiableCredential, suite: new DataIntegrityProof({ cryptosuite }), documentLoader });
  });
  const verdicts = await each(verify, async (credential) => {
    const suite = new DataIntegrityProof({ cryptosuite: bbs.createVerifyCryptosuite() });
    const checkStatus = async () => ({ verified: true }); // the proof alone is judged here
    const result = await vc.verifyCredential({ credential, suite, documentLoader, now, checkStatus });
    return result.verified ? "verified" : reason(result.error);
  });
  return { issued, derived, verdicts };
});
