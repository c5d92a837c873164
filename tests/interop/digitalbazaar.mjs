// Another implementation of the ECDSA cryptosuites (@digitalbazaar/vc and its suites). Reads one JSON document, prints
// one. Nothing is fetched: "documents" (URL → JSON) has every context, DID document and key that is named.
//
// {"documents", "now": ISO time,
//  "issue":  name → {"suite", "credential", "key": Multikey with its secret, "mandatory"?: pointers},
//  "derive": name → {"credential": base or name of one just issued, "pointers"},
//  "verify": name → {"suite", "credential"}}
//   → {"issued": name → credential, "derived": name → credential, "verdicts": name → "verified" or what was wrong}

import * as EcdsaMultikey from "@digitalbazaar/ecdsa-multikey";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { cryptosuite as rdfc } from "@digitalbazaar/ecdsa-rdfc-2019-cryptosuite";
import * as sd from "@digitalbazaar/ecdsa-sd-2023-cryptosuite";
import * as vc from "@digitalbazaar/vc";
import { run } from "./common.mjs";

const verifying = { "ecdsa-rdfc-2019": () => rdfc, "ecdsa-sd-2023": () => sd.createVerifyCryptosuite() };
const signing = {
  "ecdsa-rdfc-2019": () => rdfc,
  "ecdsa-sd-2023": (mandatoryPointers) => sd.createSignCryptosuite({ mandatoryPointers }),
};

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
  const issued = await each(issue, async ({ suite, credential, key, mandatory }) => {
    const signer = (await EcdsaMultikey.from(key)).signer();
    const proof = new DataIntegrityProof({ signer, date: now, cryptosuite: signing[suite](mandatory) });
    return vc.issue({ credential, suite: proof, documentLoader, now });
  });
  const derived = await each(derive, async ({ credential, pointers }) => {
    const cryptosuite = sd.createDiscloseCryptosuite({ selectivePointers: pointers });
    const suite = new DataIntegrityProof({ cryptosuite });
    const verifiableCredential = typeof credential === "string" ? issued[credential] : credential;
    return vc.derive({ verifiableCredential, suite, documentLoader });
  });
  const verdicts = await each(verify, async ({ suite, credential }) => {
    const proof = new DataIntegrityProof({ cryptosuite: verifying[suite]() });
    const checkStatus = async () => ({ verified: true }); // the proof alone is judged here
    const result = await vc.verifyCredential({ credential, suite: proof, documentLoader, now, checkStatus });
    return result.verified ? "verified" : reason(result.error);
  });
  return { issued, derived, verdicts };
});
